/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xensuspendd's listings, with a guest that changes its state at each hypercall,
 * on a hypervisor that bounds a listing (until_seq) and on one that does not.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <xenevtchn.h>

#include "../../tools/xenstore-hooks/source.h"

#include "fake_xencall.h"
#include "tap.h"

#define NR_DOMAINS 200

/* A listing that goes on is ended here, so that the test fails and does not hang. */
#define MAX_CALLS 5000

struct xenevtchn_handle {
    int unused;
};

static struct xen_guest_suspend_record records[NR_DOMAINS];
static uint64_t last_seq;
static unsigned int nr_flapping;    /* The last so many change at each call. */
static bool knows_until_seq;
static bool knows_due;
static int due_errno;               /* What it answers if it does not. */

static struct {
    unsigned int times;
    uint64_t seq;
} listed[NR_DOMAINS];

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
                                 unsigned int open_flags)
{
    static struct xenevtchn_handle handle;

    (void)logger;
    (void)open_flags;
    return &handle;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    (void)xce;
    return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    (void)xce;
    return -1;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
                                              unsigned int virq)
{
    (void)xce;
    (void)virq;
    return 1;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    (void)xce;
    return 1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce;
    (void)port;
    return 0;
}

static void change(unsigned int domid)
{
    records[domid].state = !records[domid].state;
    records[domid].seq = ++last_seq;
}

static void list(struct xen_domctl_guest_suspend *op)
{
    uint64_t after_seq = op->u.list.after_seq;
    uint64_t until_seq = UINT64_MAX;
    uint32_t nr = 0, i;

    if (knows_until_seq) {
        if (!op->u.list.until_seq)
            op->u.list.until_seq = last_seq;
        until_seq = op->u.list.until_seq;
    }
    while (nr < op->u.list.nr) {
        const struct xen_guest_suspend_record *next = NULL;

        for (i = 0; i < NR_DOMAINS; i++) {
            if (op->op == XEN_GUEST_SUSPEND_OP_LIST_DUE && !records[i].wake_due)
                continue;
            if (records[i].seq > after_seq && records[i].seq <= until_seq &&
                (!next || records[i].seq < next->seq))
                next = &records[i];
        }
        if (!next)
            break;
        op->u.list.records.p[nr++] = *next;
        after_seq = next->seq;
    }
    op->u.list.nr = nr;
}

static int hypercall(unsigned int number, void *arg)
{
    struct {
        uint32_t cmd, version;
        domid_t domid;
        uint16_t pad[3];
        struct xen_domctl_guest_suspend op;
    } *domctl = arg;
    unsigned int i;

    (void)number;
    for (i = NR_DOMAINS - nr_flapping; i < NR_DOMAINS; i++)
        change(i);
    if (domctl->op.op == XEN_GUEST_SUSPEND_OP_LIST_DUE && !knows_due) {
        errno = due_errno;
        return -1;
    }
    if ((domctl->op.op == XEN_GUEST_SUSPEND_OP_LIST ||
         domctl->op.op == XEN_GUEST_SUSPEND_OP_LIST_DUE) &&
        fake_xencall_nr_calls < MAX_CALLS) {
        list(&domctl->op);
        return 0;
    }
    if (domctl->op.op == XEN_GUEST_SUSPEND_OP_GET &&
        domctl->domid < NR_DOMAINS) {
        domctl->op.u.get.record = records[domctl->domid];
        return 0;
    }
    errno = ESRCH;
    return -1;
}

static int take(void *arg, const struct xen_guest_suspend_record *rec)
{
    uint64_t *cursor = arg;

    if (rec->domid >= NR_DOMAINS || rec->seq <= *cursor)
        return -1;
    *cursor = rec->seq;
    listed[rec->domid].times++;
    listed[rec->domid].seq = rec->seq;
    return 0;
}

static struct source *begin(unsigned int flapping, bool until_seq)
{
    struct source *source;
    unsigned int i;

    printf("# %u guests change at each hypercall, %s until_seq\n", flapping,
           until_seq ? "with" : "without");
    fake_xencall_reset();
    fake_xencall_handler_fn = hypercall;
    nr_flapping = 0;
    knows_until_seq = until_seq;
    last_seq = 0;
    for (i = 0; i < NR_DOMAINS; i++) {
        records[i] = (struct xen_guest_suspend_record){
            .domid = (domid_t)i, .seq = ++last_seq, .instance = last_seq,
        };
    }
    source = source_open();
    TAP_OK(source, "open");
    nr_flapping = flapping;
    return source;
}

static unsigned int nr_listed(void)
{
    unsigned int i, nr = 0;

    for (i = 0; i < NR_DOMAINS; i++)
        nr += listed[i].times > 0;
    return nr;
}

static void test_flapping(unsigned int flapping, bool until_seq)
{
    struct source *source = begin(flapping, until_seq);
    uint64_t cursor = 0, changed_seq;
    unsigned int i, lost = 0;

    memset(listed, 0, sizeof(listed));
    fake_xencall_nr_calls = 0;
    TAP_OK(!source_list(source, 0, take, &cursor), "every domain is listed");
    TAP_EQ_INT(nr_listed(), NR_DOMAINS, "none is missing");
    TAP_OK(fake_xencall_nr_calls < 500, "by %u hypercalls",
           fake_xencall_nr_calls);

    /* Each listing has what changed before it, and the cursor loses nothing. */
    for (i = 0; i < 20; i++) {
        change(i);
        changed_seq = last_seq;
        memset(listed, 0, sizeof(listed));
        fake_xencall_nr_calls = 0;
        if (source_list(source, cursor, take, &cursor) ||
            listed[i].seq != changed_seq || fake_xencall_nr_calls > 150)
            lost++;
    }
    TAP_EQ_INT(lost, 0, "a listing of changes is short, and has each");
    source_close(source);
}

static void test_get(void)
{
    struct source *source = begin(0, true);
    struct xen_guest_suspend_record rec;

    TAP_OK(!source_get(source, 5, &rec) && rec.domid == 5, "a domain's record");
    TAP_OK(source_get(source, NR_DOMAINS, &rec) && errno == ESRCH,
           "no such domain");
    source_close(source);
}

/* Of a hypervisor that has such wakes, and of one that has none. */
static void test_due(void)
{
    struct source *source = begin(0, true);
    uint64_t cursor = 0;

    memset(listed, 0, sizeof(listed));
    records[7].wake_due = records[180].wake_due = XEN_GUEST_SUSPEND_WAKE_ALARM;
    knows_due = true;
    TAP_OK(!source_list_due(source, take, &cursor) && nr_listed() == 2 &&
           listed[7].times == 1 && listed[180].times == 1,
           "those whose wake is due are listed");
    TAP_EQ_INT(source_list_due(source, take, &cursor), -1,
               "what is done with a record may fail");
    fake_xencall_nr_calls = 0;
    records[7].wake_due = records[180].wake_due = 0;
    TAP_OK(!source_list_due(source, take, &cursor) &&
           fake_xencall_nr_calls == 1, "none is: one hypercall");
    source_close(source);

    source = begin(0, true);
    knows_due = false;
    due_errno = EPERM;
    TAP_OK(source_list_due(source, take, &cursor) && errno == EPERM,
           "a failure");
    due_errno = EOPNOTSUPP;
    TAP_OK(!source_list_due(source, take, &cursor), "there are no such wakes");
    fake_xencall_nr_calls = 0;
    TAP_OK(!source_list_due(source, take, &cursor) && !fake_xencall_nr_calls,
           "and that is not asked again");
    source_close(source);
}

int main(void)
{
    unsigned int until_seq;

    for (until_seq = 0; until_seq < 2; until_seq++) {
        test_flapping(0, until_seq);
        test_flapping(1, until_seq);
        test_flapping(3, until_seq);
    }
    test_get();
    test_due();
    return tap_done();
}
