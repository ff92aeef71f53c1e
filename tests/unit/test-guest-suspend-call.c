/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypercall core against a fake libxencall: each byte of the domctl that
 * reaches the hypervisor, what comes back, and every error.
 *
 * The layout is written here as numbers on purpose: it is an ABI, and a change
 * of the header must not change the test along with it.
 */

#include <errno.h>
#include <stdlib.h>

#include "fake_xencall.h"
#include "guest_suspend_call.h"
#include "tap.h"

#define DOMCTL_SIZE 144

static unsigned char seen[DOMCTL_SIZE];
static unsigned int seen_op;
static size_t seen_size, seen_records_size;
static int answer_errno;
/* The list has so many records, and each answer at most so many of them. */
static uint32_t list_nr, answer_max;
static bool answer_lie;
static uint64_t answer_until;           /* 0: until_seq is left alone */

static uint64_t field(const unsigned char *bytes, size_t offset, size_t size)
{
    uint64_t value = 0;

    /* Both architectures are little-endian. */
    while (size--)
        value = value << 8 | bytes[offset + size];
    return value;
}

static void put(unsigned char *bytes, size_t offset, size_t size,
                uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        bytes[offset + i] = (unsigned char)(value >> (8 * i));
}

/* A record with another value in each field, at its place in memory. */
static void put_record(unsigned char *at, unsigned int nr)
{
    memset(at, 0, 80);
    put(at, 0, 8, 1000 + nr);         /* seq */
    put(at, 8, 8, 2000 + nr);         /* instance */
    put(at, 16, 8, 3000 + nr);        /* now_ns */
    put(at, 24, 8, 4000 + nr);        /* since_ns */
    put(at, 32, 8, 5000 + nr);        /* asleep_ns */
    put(at, 40, 8, 6000 + nr);        /* nr_suspends */
    put(at, 48, 8, 7000 + nr);        /* nr_denied */
    put(at, 56, 2, 10 + nr);          /* domid */
    put(at, 58, 1, 1);                /* state */
    put(at, 59, 1, 2);                /* kind */
    put(at, 60, 1, 3);                /* wake_reason */
    put(at, 61, 1, 4);                /* denied_reason */
    put(at, 64, 4, 0xfffffff0u + nr); /* wake_virq */
    put(at, 68, 4, 8000 + nr);        /* wake_vcpu */
}

static void record_is(const struct xen_guest_suspend_record *record,
                      unsigned int nr, const char *of)
{
    TAP_OK(record->seq == 1000 + nr && record->instance == 2000 + nr &&
           record->now_ns == 3000 + nr && record->since_ns == 4000 + nr &&
           record->asleep_ns == 5000 + nr && record->nr_suspends == 6000 + nr &&
           record->nr_denied == 7000 + nr && record->domid == 10 + nr &&
           record->state == 1 && record->kind == 2 &&
           record->wake_reason == 3 && record->denied_reason == 4 &&
           record->wake_virq == 0xfffffff0u + nr &&
           record->wake_vcpu == 8000 + nr,
           "%s: each field of record %u comes from its place", of, nr);
}

static int hypervisor(unsigned int op, void *arg)
{
    unsigned char *domctl = arg;

    seen_op = op;
    seen_size = fake_xencall_buffer_size(arg);
    memcpy(seen, domctl, DOMCTL_SIZE);

    if (answer_errno) {
        errno = answer_errno;
        return -1;
    }

    switch (field(domctl, 16, 4)) {
    case 0: /* get */
        put_record(domctl + 24, 1);
        return 0;
    case 1: /* list */
    case 3: { /* list of what is due */
        unsigned char *records = (void *)(uintptr_t)field(domctl, 40, 8);
        uint64_t after_seq = field(domctl, 24, 8), room = field(domctl, 32, 4);
        uint32_t nr = 0;

        if (fake_xencall_buffer_size(records))
            seen_records_size = fake_xencall_buffer_size(records);
        for (uint32_t i = 0; i < list_nr && nr < room && nr < answer_max; i++)
            if (1000 + i > after_seq)
                put_record(records + 80 * nr++, i);
        put(domctl, 32, 4, answer_lie ? room + 1 : nr);
        if (answer_until)
            put(domctl, 48, 8, answer_until);
        return 0;
    }
    case 2: /* resume */
        put_record(domctl + 48, 2);
        return 0;
    }
    errno = EOPNOTSUPP;
    return -1;
}

static void reset(void)
{
    fake_xencall_reset();
    fake_xencall_handler_fn = hypervisor;
    answer_errno = 0;
    list_nr = 0;
    answer_max = UINT32_MAX;
    answer_lie = false;
    answer_until = 0;
    memset(seen, 0, sizeof(seen));
}

/* The frame, and that all behind the first `used` bytes is zero. */
static void frame_is(unsigned int domid, unsigned int op, size_t used,
                     const char *what)
{
    bool zero = true;

    for (size_t i = used; i < DOMCTL_SIZE; i++)
        zero = zero && !seen[i];

    TAP_OK(seen_op == 36 && seen_size == DOMCTL_SIZE,
           "%s: hypercall 36 with a domctl of 144 bytes", what);
    TAP_OK(field(seen, 0, 4) == 190 && field(seen, 4, 4) == 0 &&
           field(seen, 8, 2) == domid && !field(seen, 10, 2) &&
           !field(seen, 12, 4),
           "%s: domctl 190, interface version 0, the domain, no padding", what);
    TAP_OK(field(seen, 16, 4) == op && !field(seen, 20, 4),
           "%s: op %u", what, op);
    TAP_OK(zero, "%s: the rest is zero", what);
}

static void test_get(struct gsuspend_call *call)
{
    struct xen_guest_suspend_record record;

    reset();
    TAP_EQ_INT(gsuspend_call_get(call, 7, &record), 0, "get");
    frame_is(7, 0, 24, "get");
    record_is(&record, 1, "get");
}

static void test_list(struct gsuspend_call *call)
{
    struct xen_guest_suspend_record records[3];
    uint64_t until_seq = 0x777788889999aaaaULL;
    uint32_t nr = 99;

    reset();
    TAP_EQ_INT(gsuspend_call_list(call, 0x123456789abcULL, &until_seq, records,
                                  3, &nr), 0, "empty list");
    /* 40..48: the address of the records */
    frame_is(0x7ff4, 1, 56, "list");
    TAP_OK(field(seen, 24, 8) == 0x123456789abcULL && field(seen, 32, 4) == 3 &&
           !field(seen, 36, 4) && field(seen, 48, 8) == 0x777788889999aaaaULL,
           "list: after_seq, room, until_seq");
    TAP_EQ_INT(seen_records_size, 240, "list: a buffer of 3 records");
    TAP_EQ_INT(nr, 0, "empty list: none came");
    TAP_EQ_INT(until_seq, 0x777788889999aaaaULL,
               "a hypervisor that does not know until_seq leaves it");

    for (uint32_t max = 1; max <= 4; max++) {
        reset();
        list_nr = 9;
        answer_max = max;
        answer_until = 1008;
        until_seq = 0;
        TAP_EQ_INT(gsuspend_call_list(call, 1004, &until_seq, records, 3, &nr),
                   0, "list");
        TAP_EQ_INT(nr, max < 3 ? max : 3, "list: how many came");
        TAP_EQ_INT(fake_xencall_nr_calls, 1, "list: by one hypercall");
        TAP_EQ_INT(until_seq, 1008, "list: the bound comes back");
        record_is(&records[0], 5, "list");
        record_is(&records[nr - 1], 4 + nr, "list");
    }

    reset();
    list_nr = 9;
    answer_max = 2;
    answer_until = 1008;
    until_seq = 0;
    TAP_EQ_INT(gsuspend_call_list_due(call, 1004, &until_seq, records, 3, &nr),
               0, "list of what is due");
    frame_is(0x7ff4, 3, 56, "list of what is due");
    TAP_OK(nr == 2 && until_seq == 1008 && field(seen, 24, 8) == 1004 &&
           field(seen, 32, 4) == 3, "list of what is due: as a list");

    reset();
    answer_lie = true;
    errno = 0;
    until_seq = 0;
    TAP_EQ_INT(gsuspend_call_list(call, 0, &until_seq, records, 3, &nr), -1,
               "list: more records than room");
    TAP_EQ_INT(errno, EPROTO, "list: more records than room is EPROTO");

    reset();
    errno = 0;
    TAP_EQ_INT(gsuspend_call_list(call, 0, &until_seq, records, 0, &nr), -1,
               "list: no room");
    TAP_EQ_INT(errno, EINVAL, "list: no room is EINVAL");
    TAP_EQ_INT(fake_xencall_nr_calls, 0, "list: no room, no hypercall");

    reset();
    TAP_EQ_INT(gsuspend_call_list(call, 0, &until_seq, records, UINT32_MAX,
                                  &nr), 0, "list: endless room");
    TAP_EQ_INT(seen_records_size, 0x7ff0 * 80, "list: room is bounded");
}

static void test_resume(struct gsuspend_call *call)
{
    struct xen_guest_suspend_record record;

    reset();
    TAP_EQ_INT(gsuspend_call_resume(call, 9, XEN_GUEST_SUSPEND_RESUME_VIRQ, 33,
                                    0x1111222233334444ULL,
                                    0x5555666677778888ULL, &record), 0,
               "resume");
    frame_is(9, 2, 48, "resume");
    TAP_OK(field(seen, 24, 8) == 0x1111222233334444ULL &&
           field(seen, 32, 8) == 0x5555666677778888ULL &&
           field(seen, 40, 4) == 1 && field(seen, 44, 4) == 33,
           "resume: seq, instance, flags, virq");
    record_is(&record, 2, "resume");

    reset();
    TAP_EQ_INT(gsuspend_call_resume(call, 9, 0, 0, 0, 0, NULL), 0,
               "resume: nobody wants the record");
    frame_is(9, 2, 24, "plain resume");
}

static void test_errors(struct gsuspend_call *call)
{
    static const struct {
        int from, to;
        const char *what;
    } table[] = {
        { EACCES, ENOSYS, "a hypervisor that refuses the version" },
        { ENOSYS, ENOSYS, "a hypervisor that refuses the command" },
        { EPERM, EPERM, "XSM" },
        { ESRCH, ESRCH, "no such domain" },
        { ENODATA, ENODATA, "not suspended" },
        { ESTALE, ESTALE, "another sleep" },
        { EINVAL, EINVAL, "bad vIRQ" },
        { EBUSY, EBUSY, "hardware vIRQ" },
        { ENXIO, ENXIO, "offline vCPU" },
        { EOPNOTSUPP, EOPNOTSUPP, "LPI" },
    };
    static const uint32_t bad_domids[] = {
        0x7ff0, 0x7ff4, 0xffff, 0x10000, 0x10001, UINT32_MAX,
    };
    struct xen_guest_suspend_record record = { .seq = 42 };
    uint64_t until_seq = 0;
    uint32_t nr = 42;
    char what[80];

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        reset();
        answer_errno = table[i].from;
        snprintf(what, sizeof(what), "errno after %s", table[i].what);
        TAP_OK(gsuspend_call_get(call, 1, &record) == -1 &&
               errno == table[i].to, "get: %s", what);
        TAP_OK(gsuspend_call_list(call, 0, &until_seq, &record, 1, &nr) == -1 &&
               errno == table[i].to, "list: %s", what);
        TAP_OK(gsuspend_call_resume(call, 1, 0, 0, 0, 0, &record) == -1 &&
               errno == table[i].to, "resume: %s", what);
    }
    TAP_OK(record.seq == 42 && nr == 42, "an error leaves the results alone");

    for (size_t i = 0; i < sizeof(bad_domids) / sizeof(bad_domids[0]); i++) {
        reset();
        errno = 0;
        TAP_OK(gsuspend_call_get(call, bad_domids[i], &record) == -1 &&
               errno == ESRCH &&
               gsuspend_call_resume(call, bad_domids[i], 0, 0, 0, 0,
                                    NULL) == -1 &&
               errno == ESRCH && !fake_xencall_nr_calls,
               "domid %#x is nobody's, and is not cut to 16 bits",
               bad_domids[i]);
    }

    for (int budget = 0; budget < 2; budget++) {
        reset();
        fake_xencall_alloc_budget = budget;
        errno = 0;
        TAP_OK(gsuspend_call_list(call, 0, &until_seq, &record, 1, &nr) == -1 &&
               errno == ENOMEM, "list: no memory for buffer %d", budget + 1);
    }
    reset();
    fake_xencall_alloc_budget = 0;
    TAP_OK(gsuspend_call_get(call, 1, &record) == -1 && errno == ENOMEM,
           "get: no memory");
    TAP_OK(gsuspend_call_resume(call, 1, 0, 0, 0, 0, NULL) == -1 &&
           errno == ENOMEM, "resume: no memory");
    TAP_EQ_INT(fake_xencall_nr_buffers, 0, "no hypercall buffer is left over");
}

int main(void)
{
    struct gsuspend_call *call;

    reset();
    gsuspend_call_close(NULL);

    call = gsuspend_call_open(NULL);
    if (!TAP_OK(call != NULL, "open"))
        return tap_done();
    TAP_OK(fake_xencall_logger != NULL,
           "libxencall is given a logger, or it would print to stderr");

    test_get(call);
    test_list(call);
    test_resume(call);
    test_errors(call);

    errno = EXDEV;
    gsuspend_call_close(call);
    TAP_EQ_INT(errno, EXDEV, "close keeps errno");
    TAP_EQ_INT(fake_xencall_nr_open, 0, "no handle is left over");

    reset();
    fake_xencall_open_errno = ENOENT;
    errno = 0;
    TAP_OK(!gsuspend_call_open(NULL), "open where there is no Xen");
    TAP_EQ_INT(errno, ENOENT, "... keeps the driver's errno");

    return tap_done();
}
