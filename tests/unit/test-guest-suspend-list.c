/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A listing ends, and is whole, however fast guests change: on a hypervisor that
 * bounds a listing, and on one that does not know until_seq.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "fake_xencall.h"
#include "guest_suspend_list.h"
#include "tap.h"

#define MOST_DOMAINS 2000

/* The hypervisor */

static struct {
    uint64_t seq, instance;
} host[MOST_DOMAINS];

static unsigned int nr_domains, nr_flapping;
static uint64_t last_seq;
static bool bounds;                 /* it knows until_seq */
static uint32_t answer_max;         /* it stops early */
static unsigned int fail_at;        /* this call fails; 0: none */
static domid_t reused;              /* at the second call; 0: none */

static uint32_t next_after(uint64_t seq)
{
    uint32_t found = nr_domains;

    for (uint32_t domid = 0; domid < nr_domains; domid++)
        if (host[domid].seq > seq &&
            (found == nr_domains || host[domid].seq < host[found].seq))
            found = domid;
    return found;
}

static int hypervisor(unsigned int nr, void *arg)
{
    struct xen_domctl_guest_suspend *op = (void *)((char *)arg + 16);
    uint64_t seq = op->u.list.after_seq, until_seq = UINT64_MAX;
    uint32_t done = 0, domid;

    (void)nr;
    if (fail_at && fake_xencall_nr_calls == fail_at) {
        errno = EPERM;
        return -1;
    }
    if (bounds) {
        if (!op->u.list.until_seq)
            op->u.list.until_seq = last_seq;
        until_seq = op->u.list.until_seq;
    }

    while (done < op->u.list.nr && done < answer_max) {
        domid = next_after(seq);
        if (domid == nr_domains || host[domid].seq > until_seq)
            break;
        seq = host[domid].seq;
        op->u.list.records.p[done] = (struct xen_guest_suspend_record) {
            .domid = (domid_t)domid, .seq = seq,
            .instance = host[domid].instance,
        };
        done++;
    }
    op->u.list.nr = done;

    /* Right behind the call. */
    for (domid = 0; domid < nr_flapping; domid++)
        host[domid].seq = ++last_seq;
    if (reused && fake_xencall_nr_calls == 2)
        host[reused].seq = host[reused].instance = ++last_seq;
    return 0;
}

static void reset(unsigned int domains, unsigned int flapping, bool with_bound)
{
    fake_xencall_reset();
    fake_xencall_handler_fn = hypervisor;
    nr_domains = domains;
    nr_flapping = flapping;
    bounds = with_bound;
    answer_max = UINT32_MAX;
    fail_at = 0;
    reused = 0;
    for (unsigned int i = 0; i < domains; i++)
        host[i].seq = host[i].instance = i + 1;
    last_seq = domains;
}

/* How many domains it has; -1: one of them twice, or out of order. */
static int listed(struct gsuspend_call *call, uint64_t after_seq,
                  uint64_t *last)
{
    struct xen_guest_suspend_record *records = NULL;
    bool seen[MOST_DOMAINS] = { false };
    uint32_t nr = 0;
    int result = 0;

    if (gsuspend_list(call, after_seq, &records, &nr))
        return -2;
    for (uint32_t i = 0; i < nr && result >= 0; i++) {
        if (seen[records[i].domid] || (i && records[i].seq <= records[i - 1].seq))
            result = -1;
        else
            result++;
        seen[records[i].domid] = true;
        *last = records[i].seq;
    }
    free(records);
    return result;
}

static void test_quiet(struct gsuspend_call *call, bool with_bound)
{
    static const struct {
        unsigned int domains, calls, calls_after;
    } table[] = {
        { 0, 1, 1 }, { 1, 2, 1 }, { 50, 2, 1 }, { 51, 2, 1 }, { 52, 3, 2 },
        { 153, 3, 2 }, { 154, 4, 3 }, { 1999, 7, 6 },
    };
    uint64_t last;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        reset(table[i].domains, 0, with_bound);
        TAP_EQ_INT(listed(call, 0, &last), table[i].domains,
                   "quiet guests, all of them");
        TAP_OK(fake_xencall_nr_calls == table[i].calls,
               "... of %u by %u calls", table[i].domains,
               fake_xencall_nr_calls);
        if (!table[i].domains)
            continue;
        reset(table[i].domains + 1, 0, with_bound);
        TAP_EQ_INT(listed(call, 1, &last), table[i].domains,
                   "... and those that changed");
        TAP_OK(fake_xencall_nr_calls == table[i].calls_after + !with_bound,
               "... by %u calls", fake_xencall_nr_calls);
    }
}

/* Each guest of some changes at each call. */
static void test_flapping(struct gsuspend_call *call, bool with_bound)
{
    static const struct {
        unsigned int domains, flapping;
        uint32_t answer_max;
    } table[] = {
        { 1, 1, UINT32_MAX }, { 2, 1, UINT32_MAX }, { 51, 1, UINT32_MAX },
        { 100, 1, UINT32_MAX }, { 1000, 1, UINT32_MAX },
        { 1000, 100, UINT32_MAX }, { 1000, 1000, UINT32_MAX },
        { 100, 1, 1 }, { 100, 6, 7 },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        unsigned int most = table[i].domains + 2;
        uint64_t last = 0;

        reset(table[i].domains, table[i].flapping, with_bound);
        answer_max = table[i].answer_max;
        TAP_OK(listed(call, 0, &last) == (int)table[i].domains,
               "%u guests, %u of which flap: each comes once",
               table[i].domains, table[i].flapping);
        TAP_OK(fake_xencall_nr_calls <= most, "... by %u calls",
               fake_xencall_nr_calls);
        /* What came after it changed is before what a caller continues from. */
        nr_flapping = 0;
        TAP_EQ_INT(listed(call, last, &last) >= 0 &&
                   next_after(last) == nr_domains, true,
                   "... and a listing from there on ends with the last change");
    }
}

/* A caller that continues has the last state of each, whatever happened. */
static void test_continued(struct gsuspend_call *call, bool with_bound)
{
    static uint64_t known[MOST_DOMAINS];
    bool whole = true;
    uint64_t after = 0;

    reset(200, 20, with_bound);
    memset(known, 0, sizeof(known));
    for (int round = 0; round < 10; round++) {
        struct xen_guest_suspend_record *records = NULL;
        uint32_t nr = 0;

        if (round == 9)
            nr_flapping = 0;
        if (gsuspend_list(call, after, &records, &nr))
            abort();
        for (uint32_t i = 0; i < nr; i++) {
            known[records[i].domid] = records[i].seq;
            after = records[i].seq;
        }
        free(records);
        host[round * 7].seq = ++last_seq;
    }
    host[63].seq = known[63];
    for (unsigned int domid = 0; domid < nr_domains; domid++)
        whole = whole && known[domid] == host[domid].seq;
    TAP_OK(whole, "a caller that continues has each guest's last change");
}

int main(void)
{
    struct gsuspend_call *call;
    struct xen_guest_suspend_record *records;
    uint32_t nr;

    reset(0, 0, true);
    call = gsuspend_call_open(NULL);
    for (int with_bound = 0; with_bound < 2; with_bound++) {
        printf("# %s\n", with_bound ? "until_seq" : "no until_seq");
        test_quiet(call, with_bound);
        test_flapping(call, with_bound);
        test_continued(call, with_bound);

        reset(100, 0, with_bound);
        reused = 20;
        TAP_OK(!gsuspend_list(call, 0, &records, &nr) && nr == 100 &&
               records[99].domid == 20 && records[99].instance == 101,
               "a domid that is reused: the later domain");
        free(records);

        reset(100, 0, with_bound);
        fail_at = 2;
        errno = 0;
        TAP_OK(gsuspend_list(call, 0, &records, &nr) == -1 && errno == EPERM,
               "the second call fails");
    }
    gsuspend_call_close(call);
    TAP_OK(!fake_xencall_nr_open && !fake_xencall_nr_buffers,
           "nothing is left over");
    return tap_done();
}
