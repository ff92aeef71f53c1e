/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's guest suspend state machine and its domctl, one operation
 * after the other: transitions, errors and their order, accounting, lists.
 * What happens when they meet is test-guest-suspend-model.c's.
 */

#include "fake_xen/fake.h"
#include "fake_xen/fake_arch.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NO_VIRQ XEN_GUEST_SUSPEND_VIRQ_NONE

/* The operations, in short. */

typedef struct xen_guest_suspend_record record_t;
typedef struct xen_domctl_guest_suspend op_t;

static record_t get(struct domain *d)
{
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_GET };

    if (guest_suspend_domctl(d, &op))
        fake_fault("GET of a domain failed");
    return op.u.get.record;
}

static unsigned int continuations;

/* One call of a listing, by that op; *until_seq is 0 to begin with. */
static int list_op(uint32_t nr_op, uint64_t after_seq, uint64_t *until_seq,
                   uint32_t room, record_t *records, uint32_t *nr)
{
    op_t op = { .op = nr_op };
    int rc;

    op.u.list.after_seq = after_seq;
    op.u.list.until_seq = *until_seq;
    op.u.list.nr = room;
    op.u.list.records.p = records;
    continuations = 0;
    /* As Xen does: the guest's vCPU makes the call again with what is in op. */
    while ((rc = guest_suspend_domctl(NULL, &op)) == -ERESTART &&
           continuations < 1000)
        continuations++;
    *nr = op.u.list.nr;
    *until_seq = op.u.list.until_seq;
    return rc;
}

static int list_until(uint64_t after_seq, uint64_t *until_seq, uint32_t room,
                      record_t *records, uint32_t *nr)
{
    return list_op(XEN_GUEST_SUSPEND_OP_LIST, after_seq, until_seq, room,
                   records, nr);
}

static int list_due(uint64_t after_seq, uint32_t room, record_t *records,
                    uint32_t *nr)
{
    uint64_t until_seq = 0;

    return list_op(XEN_GUEST_SUSPEND_OP_LIST_DUE, after_seq, &until_seq, room,
                   records, nr);
}

static int list(uint64_t after_seq, uint32_t room, record_t *records,
                uint32_t *nr)
{
    uint64_t until_seq = 0;

    return list_until(after_seq, &until_seq, room, records, nr);
}

static bool begin(struct domain *d)
{
    return guest_suspend_begin(d, &d->vcpu[0], XEN_GUEST_SUSPEND_KIND_PSCI);
}

static bool begin_s3(struct domain *d)
{
    return guest_suspend_begin(d, &d->vcpu[0], XEN_GUEST_SUSPEND_KIND_ACPI_S3);
}

static int resume(struct domain *d, uint32_t flags, uint32_t virq,
                  uint64_t seq, uint64_t instance)
{
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_RESUME };

    op.u.resume.flags = flags;
    op.u.resume.virq = virq;
    op.u.resume.seq = seq;
    op.u.resume.instance = instance;
    return guest_suspend_domctl(d, &op);
}

static bool end_by_interrupt(struct domain *d)
{
    bool ended = guest_suspend_end(d, XEN_GUEST_SUSPEND_WAKE_INTERRUPT, 27,
                                   &d->vcpu[0]);

    if (ended)
        guest_suspend_release(d);
    return ended;
}

static bool same_record(const record_t *a, const record_t *b)
{
    return !memcmp(a, b, sizeof(*a));
}

static void start(void)
{
    fake_reset();
    memset(&fake_arch, 0, sizeof(fake_arch));
}

/* What the fake found since start(). */
static void finish(const char *what)
{
    TAP_EQ_INT(fake.faults, 0, what);
}

static void test_new_domain(void)
{
    struct domain d, e;
    record_t rec, zero = { 0 };

    start();
    fake.now = 1000;
    fake_domain_create(&d, 7);
    fake.now = 1500;
    rec = get(&d);
    TAP_OK(rec.seq && rec.seq == rec.instance, "new: creation is a change");
    zero.seq = zero.instance = rec.seq;
    zero.now_ns = 1500;
    zero.since_ns = 1000;
    zero.domid = 7;
    zero.wake_virq = NO_VIRQ;
    TAP_OK(same_record(&rec, &zero), "new: all else is zero or none");
    TAP_OK(!domain_is_suspended(&d), "new: not suspended");
    fake_domain_create(&e, 8);
    TAP_OK(get(&e).seq > rec.seq, "new: the next one comes later");
    TAP_OK(!fake.watchdog_calls, "new: watchdogs left alone");
    fake_domain_kill(&d);
    fake_domain_kill(&e);
    finish("new: no fault");
}

/* What a domain is in, what happens to it, and what comes of it. */

enum from { RUNNING, ASLEEP, ASLEEP_S3, SHUTTING_DOWN, DYING, NR_FROM };
enum event { BEGIN, BEGIN_S3, DENIED, INTERRUPT, LATE_INTERRUPT, MODEL,
             SHUTDOWN, DESTROY, WAKE, WAKE_VIRQ };

static const char *const from_names[] = {
    "running", "asleep", "in S3", "shutting down", "dying",
};

#define ENTERS   (1U << 0)
#define LEAVES   (1U << 1)
#define REFUSED  (1U << 2)   /* And counted. */
#define NOTHING  (1U << 3)   /* Refused, and not counted. */

static const struct transition {
    enum event event;
    const char *name;
    unsigned int reason;        /* Of waking or refusing, where it does. */
    uint32_t virq;
    unsigned int outcome[NR_FROM];
} transitions[] = {
    { BEGIN, "PSCI suspend", XEN_GUEST_SUSPEND_DENIED_SHUTDOWN, NO_VIRQ,
      { ENTERS, 0, 0, REFUSED, REFUSED } },
    /* The domain is in S3 already, so that no attempt is refused. */
    { BEGIN_S3, "ACPI S3", XEN_GUEST_SUSPEND_DENIED_NONE, NO_VIRQ,
      { ENTERS, 0, 0, NOTHING, NOTHING } },
    { DENIED, "denied attempt", XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY, NO_VIRQ,
      { REFUSED, REFUSED, REFUSED, REFUSED, REFUSED } },
    { INTERRUPT, "interrupt", XEN_GUEST_SUSPEND_WAKE_INTERRUPT, 27,
      { 0, LEAVES, LEAVES, 0, 0 } },
    { LATE_INTERRUPT, "interrupt of an offline vCPU",
      XEN_GUEST_SUSPEND_WAKE_NONE, NO_VIRQ, { 0, 0, 0, 0, 0 } },
    { MODEL, "device model's wake", XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL,
      NO_VIRQ, { 0, LEAVES, LEAVES, 0, 0 } },
    { SHUTDOWN, "shutdown", XEN_GUEST_SUSPEND_WAKE_SHUTDOWN, NO_VIRQ,
      { 0, LEAVES, LEAVES, 0, 0 } },
    { DESTROY, "destruction", XEN_GUEST_SUSPEND_WAKE_DESTROY, NO_VIRQ,
      { 0, LEAVES, LEAVES, 0, 0 } },
    { WAKE, "toolstack's wake", XEN_GUEST_SUSPEND_WAKE_TOOLSTACK, NO_VIRQ,
      { 0, LEAVES, LEAVES, 0, 0 } },
    { WAKE_VIRQ, "toolstack's vIRQ", XEN_GUEST_SUSPEND_WAKE_TOOLSTACK, 40,
      { 0, LEAVES, LEAVES, 0, 0 } },
};

static void enter_from(struct domain *d, enum from from)
{
    if (from == ASLEEP)
        begin(d);
    else if (from == ASLEEP_S3)
        begin_s3(d);
    if (domain_is_suspended(d))
        guest_suspend_sleep(d);
    d->is_shutting_down = from == SHUTTING_DOWN;
    d->is_dying = from == DYING;
}

/* Returns whether it said that it did. */
static bool happen(struct domain *d, const struct transition *t)
{
    bool did = false;

    switch (t->event) {
    case BEGIN:
        return begin(d);
    case BEGIN_S3:
        return begin_s3(d);
    case DENIED:
        guest_suspend_denied(d, t->reason);
        return false;
    case INTERRUPT:
    case LATE_INTERRUPT:
    case MODEL:
        did = guest_suspend_end(d, t->reason, t->virq,
                                t->event == MODEL ? NULL
                                : &d->vcpu[t->event == LATE_INTERRUPT]);
        if (did)
            guest_suspend_release(d);
        return did;
    case SHUTDOWN:
        d->is_shutting_down = true;
        guest_suspend_cancel(d, t->reason);
        return false;
    case DESTROY:
        d->is_dying = true;
        guest_suspend_cancel(d, t->reason);
        return false;
    case WAKE:
        return !resume(d, 0, 0, 0, 0);
    case WAKE_VIRQ:
        fake_arch.target = 1;
        return !resume(d, XEN_GUEST_SUSPEND_RESUME_VIRQ, t->virq, 0, 0);
    }
    return did;
}

/* The record that Xen keeps of a domain, of one that dies too. */
static record_t kept(struct domain *d)
{
    const bool dying = d->is_dying;
    record_t rec;

    d->is_dying = false;
    rec = get(d);
    d->is_dying = dying;

    return rec;
}

static void test_transition(enum from from, const struct transition *t)
{
    const unsigned int outcome = t->outcome[from];
    struct domain d, other;
    record_t before, after, wanted;
    unsigned long flag;
    bool did, sleeps_on;

    start();
    fake.now = 100;
    fake_domain_create(&d, 1);
    fake_domain_create(&other, 2);
    enter_from(&d, from);
    fake_run_tasklets();
    fake.watchdog_calls = fake.global_virqs = 0;
    fake.now = 300;
    before = kept(&d);

    did = happen(&d, t);
    fake.now = 1000;
    after = kept(&d);

    wanted = before;
    wanted.now_ns = 1000;
    if (outcome & (ENTERS | LEAVES)) {
        /* Nothing else changed, so it is the next one. */
        wanted.seq = (before.seq > get(&other).seq ? before.seq
                                                   : get(&other).seq) + 1;
        wanted.since_ns = 300;
    }
    if (outcome & ENTERS) {
        wanted.state = XEN_GUEST_SUSPEND_STATE_SUSPENDED;
        wanted.kind = t->event == BEGIN ? XEN_GUEST_SUSPEND_KIND_PSCI
                                        : XEN_GUEST_SUSPEND_KIND_ACPI_S3;
        wanted.nr_suspends++;
        wanted.asleep_ns = 700;
    }
    if (outcome & LEAVES) {
        wanted.state = XEN_GUEST_SUSPEND_STATE_RUNNING;
        wanted.wake_reason = t->reason;
        wanted.wake_virq = t->virq;
        wanted.wake_vcpu = t->event == WAKE_VIRQ;
        wanted.asleep_ns = 200;
    }
    if (outcome & REFUSED) {
        wanted.nr_denied++;
        wanted.denied_reason = t->reason;
    }
    if (!(outcome & (ENTERS | LEAVES)) &&
        before.state == XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        wanted.asleep_ns = 900;

    TAP_OK(same_record(&after, &wanted), "%s, %s: the record", from_names[from],
           t->name);
    TAP_OK(domain_is_suspended(&d) ==
           (wanted.state == XEN_GUEST_SUSPEND_STATE_SUSPENDED),
           "%s, %s: domain_is_suspended", from_names[from], t->name);
    flag = domain_is_suspended(&d) ? VPF_suspended : 0;
    TAP_OK(d.vcpu[0].pause_flags == flag &&
           d.vcpu[1].pause_flags == VPF_down,
           "%s, %s: the sleeper is kept iff it sleeps", from_names[from],
           t->name);
    sleeps_on = (from == ASLEEP || from == ASLEEP_S3) && !(outcome & LEAVES);
    TAP_OK(d.vcpu[0].is_asleep == sleeps_on && d.vcpu[1].is_asleep,
           "%s, %s: and woken iff it wakes", from_names[from], t->name);
    TAP_OK(d.watchdogs_stopped == domain_is_suspended(&d),
           "%s, %s: watchdogs", from_names[from], t->name);
    fake_run_tasklets();
    TAP_OK(fake.global_virqs == !!(outcome & (ENTERS | LEAVES)),
           "%s, %s: the VIRQ", from_names[from], t->name);
    switch (t->event) {
    case BEGIN:
    case BEGIN_S3:
        TAP_OK(did == !(outcome & (REFUSED | NOTHING)), "%s, %s: the answer",
               from_names[from], t->name);
        break;
    case INTERRUPT:
    case LATE_INTERRUPT:
    case MODEL:
    case WAKE:
    case WAKE_VIRQ:
        TAP_OK(did == !!(outcome & LEAVES), "%s, %s: the answer",
               from_names[from], t->name);
        break;
    default:
        break;
    }

    fake_domain_kill(&d);
    fake_domain_kill(&other);
    TAP_OK(!fake.faults, "%s, %s: no fault", from_names[from], t->name);
}

static void test_transitions(void)
{
    unsigned int i;
    enum from from;

    for (from = RUNNING; from < NR_FROM; from++) {
        for (i = 0; i < ARRAY_SIZE(transitions); i++) {
            /* Arm only; that of an S3 guest is tested with the errors. */
            if (from == ASLEEP_S3 && transitions[i].event >= WAKE)
                continue;
            test_transition(from, &transitions[i]);
        }
    }
}

static void test_accounting(void)
{
    struct domain d;
    record_t rec, out;
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_RESUME };
    unsigned int i;

    start();
    fake.now = 10;
    fake_domain_create(&d, 1);
    for (i = 1; i <= 5; i++) {
        fake.now += 1000;           /* Awake. */
        begin(&d);
        fake.now += i * 10;         /* Asleep. */
        end_by_interrupt(&d);
    }
    fake.now += 7;
    rec = get(&d);
    TAP_EQ_INT(rec.asleep_ns, 10 + 20 + 30 + 40 + 50, "asleep_ns adds up");
    TAP_EQ_INT(rec.nr_suspends, 5, "nr_suspends");
    TAP_EQ_INT(rec.now_ns - rec.since_ns, 7, "since_ns is the last change");
    fake.now += 5000;
    TAP_EQ_INT(get(&d).asleep_ns, 150, "asleep_ns stands while awake");
    begin(&d);
    fake.now += 3;
    TAP_EQ_INT(get(&d).asleep_ns, 153, "asleep_ns counts the sleep under way");
    rec = get(&d);
    TAP_OK(begin_s3(&d), "a second entry is no failure");
    out = get(&d);
    TAP_OK(same_record(&out, &rec), "and changes nothing");

    fake.now += 4;
    TAP_EQ_INT(guest_suspend_domctl(&d, &op), 0, "resume");
    rec = get(&d);
    TAP_OK(same_record(&op.u.resume.record, &rec),
           "its record is the one after it");
    TAP_EQ_INT(rec.asleep_ns, 157, "and its time is counted");

    guest_suspend_denied(&d, XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE);
    guest_suspend_denied(&d, XEN_GUEST_SUSPEND_DENIED_UNSUPPORTED);
    out = get(&d);
    TAP_EQ_INT(out.nr_denied, 2, "nr_denied");
    TAP_EQ_INT(out.denied_reason, XEN_GUEST_SUSPEND_DENIED_UNSUPPORTED,
               "the last reason is kept");
    TAP_OK(out.seq == rec.seq, "a denied attempt is no change of state");
    fake_domain_kill(&d);
    finish("accounting: no fault");
}

/* What the scheduler asks to account for a vCPU's time offline. */
static void test_asleep_at(void)
{
    struct domain d;

    start();
    fake.now = 100;
    fake_domain_create(&d, 1);
    TAP_EQ_INT(guest_suspend_asleep(&d, 500), 0, "asleep: never");
    fake.now = 1000;
    begin(&d);
    TAP_EQ_INT(guest_suspend_asleep(&d, 1000), 0, "asleep: just now");
    TAP_EQ_INT(guest_suspend_asleep(&d, 1700), 700, "asleep: for a while");
    fake.now = 2000;
    end_by_interrupt(&d);
    TAP_EQ_INT(guest_suspend_asleep(&d, 2000), 1000, "asleep: the whole sleep");
    TAP_EQ_INT(guest_suspend_asleep(&d, 9000), 1000, "asleep: no more awake");
    fake.now = 10000;
    begin(&d);
    TAP_EQ_INT(guest_suspend_asleep(&d, 10000), 1000, "asleep: the sleep before");
    TAP_EQ_INT(guest_suspend_asleep(&d, 10001), 1001, "asleep: both sleeps");
    fake_domain_kill(&d);
    TAP_EQ_INT(guest_suspend_asleep(&d, 20000), 1000,
               "asleep: not once it is destroyed");
    finish("asleep: no fault");
}

/* The clock of one CPU is behind that of another. */
static void test_clock_steps_back(void)
{
    struct domain d;
    record_t rec, after;

    start();
    fake.now = 1000;
    fake_domain_create(&d, 1);
    fake.now = 900;
    rec = get(&d);
    TAP_OK(rec.now_ns >= rec.since_ns, "back: a new domain's record");
    begin(&d);
    rec = get(&d);
    TAP_EQ_INT(rec.since_ns, 1000, "back: a sleep begins when the last ended");
    fake.now = 2000;
    end_by_interrupt(&d);
    begin(&d);
    fake.now = 1900;
    rec = get(&d);
    TAP_OK(rec.now_ns >= rec.since_ns && rec.asleep_ns == 1000,
           "back: asleep, no time has passed");
    end_by_interrupt(&d);
    rec = get(&d);
    TAP_EQ_INT(rec.asleep_ns, 1000, "back: a sleep takes no less than nothing");
    TAP_OK(rec.since_ns == 2000 && rec.now_ns >= rec.since_ns,
           "back: awake, no time has passed");
    fake.now = 3000;
    begin(&d);
    fake.now = 3500;
    end_by_interrupt(&d);
    after = get(&d);
    TAP_EQ_INT(after.asleep_ns, 1500, "back: the next sleep counts in full");
    fake_domain_kill(&d);
    finish("back: no fault");
}

/*
 * Errors of resume.  Each condition alone gives its error; of any two the one
 * that is earlier in the header's order does.
 */

struct request {
    struct domain *d;
    op_t op;
};

static void ask_virq(struct request *r, int rc)
{
    r->op.u.resume.flags |= XEN_GUEST_SUSPEND_RESUME_VIRQ;
    r->op.u.resume.virq = 40;
    fake_arch.rc = rc;
}

static void bad_pad(struct request *r) { r->op.pad = 1; }
static void bad_pad_high(struct request *r) { r->op.pad = 1U << 31; }
static void own_domain(struct request *r) { fake.caller = &r->d->vcpu[0]; }
static void bad_flag(struct request *r) { r->op.u.resume.flags |= 2; }
static void bad_flag_high(struct request *r)
{
    r->op.u.resume.flags |= 1U << 31;
}
static void virq_no_flag(struct request *r)
{
    r->op.u.resume.virq = 40;
    r->op.u.resume.flags &= ~XEN_GUEST_SUSPEND_RESUME_VIRQ;
}
static void on_x86(struct request *r) { (void)r; fake_is_arm = false; }
static void shutting_down(struct request *r) { r->d->is_shutting_down = true; }
static void dying(struct request *r) { r->d->is_dying = true; }
static void old_instance(struct request *r)
{
    r->op.u.resume.instance = r->d->guest_suspend.instance - 1;
}
static void new_instance(struct request *r)
{
    r->op.u.resume.instance = r->d->guest_suspend.instance + 1;
}
static void old_seq(struct request *r)
{
    r->op.u.resume.seq = r->d->guest_suspend.seq - 1;
}
static void new_seq(struct request *r)
{
    r->op.u.resume.seq = r->d->guest_suspend.seq + 1;
}
static void high_seq(struct request *r)
{
    r->op.u.resume.seq = r->d->guest_suspend.seq | (1ULL << 32);
}
static void awake(struct request *r) { end_by_interrupt(r->d); }
static void virq_lpi(struct request *r) { ask_virq(r, -EOPNOTSUPP); }
static void virq_invalid(struct request *r) { ask_virq(r, -EINVAL); }
static void virq_hardware(struct request *r) { ask_virq(r, -EBUSY); }
static void virq_offline(struct request *r) { ask_virq(r, -ENXIO); }

static const struct refusal {
    const char *name;
    void (*arrange)(struct request *r);
    int rc;
    unsigned int order;     /* Those of one order leave each other alone. */
} refusals[] = {
    { "pad", bad_pad, -EINVAL, 0 },
    { "pad, high bit", bad_pad_high, -EINVAL, 0 },
    { "own domain", own_domain, -EINVAL, 1 },
    { "unknown flag", bad_flag, -EINVAL, 2 },
    { "unknown flag, high bit", bad_flag_high, -EINVAL, 2 },
    { "x86", on_x86, -EOPNOTSUPP, 4 },
    { "shutting down", shutting_down, -EINVAL, 5 },
    { "dying", dying, -EINVAL, 5 },
    { "past instance", old_instance, -ESTALE, 6 },
    { "future instance", new_instance, -ESTALE, 6 },
    /* The seq is taken after the change that "not suspended" makes. */
    { "not suspended", awake, -ENODATA, 8 },
    { "past seq", old_seq, -ESTALE, 7 },
    { "future seq", new_seq, -ESTALE, 7 },
    { "seq, high half", high_seq, -ESTALE, 7 },
    { "LPI", virq_lpi, -EOPNOTSUPP, 9 },
    { "vIRQ out of range", virq_invalid, -EINVAL, 9 },
    { "vIRQ of hardware", virq_hardware, -EBUSY, 9 },
    { "vIRQ to an offline vCPU", virq_offline, -ENXIO, 9 },
    { "virq without its flag", virq_no_flag, -EINVAL, 3 },
};

static bool refused(const struct refusal *a, const struct refusal *b, int rc)
{
    struct domain d;
    struct request r = { .d = &d, .op.op = XEN_GUEST_SUSPEND_OP_RESUME };
    struct domain before;
    unsigned int injects, watchdogs;
    bool good;
    int got;

    start();
    fake_domain_create(&d, 3);
    begin(&d);
    vcpu_sleep_nosync(&d.vcpu[0]);
    a->arrange(&r);
    if (b)
        b->arrange(&r);
    fake_run_tasklets();
    memcpy(&before, &d, sizeof(d));
    injects = fake_arch.injects;
    watchdogs = fake.watchdog_calls;

    got = guest_suspend_domctl(&d, &r.op);
    if (got != rc)
        printf("# got %d, wanted %d\n", got, rc);
    good = got == rc && !memcmp(&before, &d, sizeof(d)) &&
           fake_arch.injects == injects && fake.watchdog_calls == watchdogs &&
           !fake_run_tasklets();

    fake_is_arm = true;
    fake_domain_kill(&d);
    return good && !fake.faults;
}

static void test_resume_errors(void)
{
    unsigned int i, j;

    for (i = 0; i < ARRAY_SIZE(refusals); i++) {
        const struct refusal *a = &refusals[i];

        TAP_OK(refused(a, NULL, a->rc), "resume: %s", a->name);
        for (j = i + 1; j < ARRAY_SIZE(refusals); j++) {
            const struct refusal *b = &refusals[j];

            if (a->order != b->order)
                TAP_OK(refused(a, b, a->order < b->order ? a->rc : b->rc),
                       "resume: %s and %s", a->name, b->name);
        }
    }
}

static void test_resume_expectations(void)
{
    struct domain d, *again = &d;
    record_t first, rec;

    start();
    fake_domain_create(&d, 3);
    begin(&d);
    first = get(&d);
    TAP_EQ_INT(resume(&d, 0, 0, first.seq, first.instance), 0,
               "resume: the expected seq and instance");
    TAP_EQ_INT(resume(&d, 0, 0, first.seq, 0), -ESTALE,
               "resume: the sleep that was meant is over");
    begin(&d);
    rec = get(&d);
    TAP_EQ_INT(resume(&d, 0, 0, first.seq, 0), -ESTALE,
               "resume: and the next one is another");
    TAP_OK(domain_is_suspended(&d), "resume: which goes on");
    TAP_EQ_INT(resume(&d, 0, 0, rec.seq, 0), 0, "resume: by seq alone");
    begin(&d);
    TAP_EQ_INT(resume(&d, 0, 0, 0, rec.instance), 0,
               "resume: by instance alone");
    TAP_EQ_INT(resume(&d, 0, 0, get(&d).seq, rec.instance), -ENODATA,
               "resume: the seq of running is no sleep");

    fake_domain_kill(&d);
    fake_domain_create(again, 3);
    TAP_OK(get(again).instance > rec.seq, "domid again: another instance");
    begin(again);
    TAP_EQ_INT(resume(again, 0, 0, 0, first.instance), -ESTALE,
               "domid again: the old instance");
    TAP_OK(domain_is_suspended(again), "domid again: which sleeps on");
    fake_domain_kill(again);
    finish("expectations: no fault");
}

static void test_resume_virq(void)
{
    struct domain d;
    record_t rec;

    start();
    fake_domain_create(&d, 3);
    begin(&d);
    fake_arch.target = 1;
    TAP_EQ_INT(resume(&d, XEN_GUEST_SUSPEND_RESUME_VIRQ, 77, 0, 0), 0,
               "resume with a vIRQ");
    TAP_EQ_INT(fake_arch.checks, 1, "which is checked once");
    TAP_EQ_INT(fake_arch.injects, 1, "and injected once");
    TAP_OK(fake_arch.injected == &d.vcpu[1] && fake_arch.virq == 77,
           "into the vCPU that it is routed to");
    rec = get(&d);
    TAP_OK(rec.wake_vcpu == 1 && rec.wake_virq == 77, "and recorded");

    begin(&d);
    TAP_EQ_INT(resume(&d, XEN_GUEST_SUSPEND_RESUME_VIRQ, 0, 0, 0), 0,
               "vIRQ 0 is the architecture's to refuse");
    begin(&d);
    fake_arch.injects = fake_arch.checks = 0;
    TAP_EQ_INT(resume(&d, 0, 0, 0, 0), 0, "resume without a vIRQ");
    rec = get(&d);
    TAP_OK(!fake_arch.injects && !fake_arch.checks &&
           rec.wake_virq == NO_VIRQ, "injects none");

    /* The vCPU that woke is the sleeper, whichever it is. */
    d.vcpu[0].pause_flags = VPF_down;
    d.vcpu[1].pause_flags = 0;
    guest_suspend_begin(&d, &d.vcpu[1], XEN_GUEST_SUSPEND_KIND_PSCI);
    TAP_OK(d.vcpu[1].pause_flags == VPF_suspended,
           "the sleeper may be vCPU 1");
    TAP_OK(!guest_suspend_end(&d, XEN_GUEST_SUSPEND_WAKE_INTERRUPT, 27,
                              &d.vcpu[0]),
           "which no interrupt of vCPU 0 wakes");
    TAP_EQ_INT(resume(&d, 0, 0, 0, 0), 0, "and is woken");
    TAP_OK(get(&d).wake_vcpu == 1 && !d.vcpu[1].pause_flags, "and recorded");
    TAP_OK(d.vcpu[0].pause_flags == VPF_down, "while vCPU 0 stays offline");
    guest_suspend_begin(&d, &d.vcpu[1], XEN_GUEST_SUSPEND_KIND_PSCI);
    TAP_OK(guest_suspend_end(&d, XEN_GUEST_SUSPEND_WAKE_INTERRUPT, 27,
                             &d.vcpu[1]) && get(&d).wake_vcpu == 1,
           "an interrupt of vCPU 1 wakes it, too");
    guest_suspend_release(&d);
    fake_domain_kill(&d);
    finish("resume with a vIRQ: no fault");
}

static void test_arguments(void)
{
    static const uint32_t unknown[] = { 3, 4, 255, 256, 1U << 31, UINT32_MAX };
    struct domain d;
    record_t rec;
    uint32_t nr;
    unsigned int i;
    op_t op;

    start();
    fake_domain_create(&d, 3);

    for (i = 0; i < ARRAY_SIZE(unknown); i++) {
        op = (op_t){ .op = unknown[i] };
        TAP_EQ_INT(guest_suspend_domctl(&d, &op), -EOPNOTSUPP, "unknown op");
        TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -EOPNOTSUPP,
                   "unknown op without a domain");
        op.pad = 1;
        TAP_EQ_INT(guest_suspend_domctl(&d, &op), -EINVAL,
                   "unknown op with a pad");
    }

    op = (op_t){ .op = XEN_GUEST_SUSPEND_OP_GET };
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -ESRCH,
               "GET without a domain");
    op.pad = 1U << 31;
    TAP_EQ_INT(guest_suspend_domctl(&d, &op), -EINVAL, "GET with a pad");
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -EINVAL,
               "GET with a pad, without a domain");
    memset(&op, 0xff, sizeof(op));
    op.op = XEN_GUEST_SUSPEND_OP_GET;
    op.pad = 0;
    TAP_EQ_INT(guest_suspend_domctl(&d, &op), 0, "GET looks at no IN field");
    rec = get(&d);
    TAP_OK(same_record(&op.u.get.record, &rec),
           "GET leaves nothing of what was in the record, pads are zero");

    op = (op_t){ .op = XEN_GUEST_SUSPEND_OP_RESUME };
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -ESRCH,
               "RESUME without a domain");

    op = (op_t){ .op = XEN_GUEST_SUSPEND_OP_LIST };
    op.u.list.nr = 1;
    op.u.list.records.p = &rec;
    TAP_EQ_INT(guest_suspend_domctl(&d, &op), -EINVAL, "LIST with a domain");
    op.u.list.pad = 1;
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -EINVAL, "LIST with a pad");
    op.u.list.pad = 1U << 31;
    op.u.list.nr = 0;
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -EINVAL,
               "LIST with a pad and no room");
    op.u.list.pad = 0;
    op.pad = 1;
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -EINVAL,
               "LIST with the outer pad");
    TAP_EQ_INT(fake.copies, 0, "and nothing is copied");
    TAP_EQ_INT(list(0, 1, &rec, &nr), 0, "LIST");
    fake_is_arm = false;
    TAP_EQ_INT(list(0, 1, &rec, &nr), 0, "LIST on x86");
    TAP_EQ_INT(get(&d).domid, 3, "GET on x86");

    d.is_dying = true;
    op = (op_t){ .op = XEN_GUEST_SUSPEND_OP_GET };
    TAP_EQ_INT(guest_suspend_domctl(&d, &op), -ESRCH, "GET of a dying domain");
    TAP_OK(!list(0, 1, &rec, &nr) && !nr, "LIST leaves it out");
    fake_domain_kill(&d);
    finish("arguments: no fault");
}

/* Lists: more domains than two batches, their order well shuffled. */

#define NR_DOMAINS 20

static struct domain domains[NR_DOMAINS];

static void make_domains(void)
{
    unsigned int i;

    for (i = 0; i < NR_DOMAINS; i++)
        fake_domain_create(&domains[i], i + 1);
    for (i = 0; i < NR_DOMAINS; i += 3) {
        fake.now++;
        begin(&domains[(i * 7) % NR_DOMAINS]);
    }
    end_by_interrupt(&domains[7]);
}

static void kill_domains(void)
{
    unsigned int i;

    for (i = 0; i < NR_DOMAINS; i++)
        if (domains[i].domain_id)
            fake_domain_kill(&domains[i]);
    memset(domains, 0, sizeof(domains));
}

static int by_seq(const void *a, const void *b)
{
    const record_t *one = a, *two = b;

    return one->seq < two->seq ? -1 : one->seq > two->seq;
}

/* All records by GET, in the order of seq: what LIST has to say. */
static unsigned int expected_list(record_t *all)
{
    unsigned int i, nr = 0;

    for (i = 0; i < NR_DOMAINS; i++)
        if (domains[i].domain_id)
            all[nr++] = get(&domains[i]);
    qsort(all, nr, sizeof(*all), by_seq);
    return nr;
}

static bool list_is(uint64_t after_seq, uint32_t room, const record_t *all,
                    unsigned int nr_all)
{
    record_t got[NR_DOMAINS + 2];
    uint32_t nr, wanted;
    unsigned int first;

    for (first = 0; first < nr_all && all[first].seq <= after_seq; first++)
        ;
    wanted = nr_all - first < room ? nr_all - first : room;
    /* What lies behind the last record is not ours. */
    memset(got, 0xa5, sizeof(got));
    if (list(after_seq, room, got, &nr) || nr != wanted ||
        memcmp(got, all + first, nr * sizeof(*got)))
        return false;
    return got[nr].seq == 0xa5a5a5a5a5a5a5a5ULL;
}

static void test_list(void)
{
    static const uint32_t rooms[] = {
        0, 1, 2, 7, 8, 9, 15, 16, 17, NR_DOMAINS - 1, NR_DOMAINS,
        NR_DOMAINS + 1, 1000, UINT32_MAX,
    };
    record_t all[NR_DOMAINS];
    unsigned int i, j, nr;
    bool good;

    start();
    make_domains();
    nr = expected_list(all);
    TAP_EQ_INT(nr, NR_DOMAINS, "list: all domains are there");
    for (i = 0; i < ARRAY_SIZE(rooms); i++) {
        good = list_is(0, rooms[i], all, nr) &&
               list_is(UINT64_MAX, rooms[i], all, nr) &&
               list_is(1ULL << 63, rooms[i], all, nr);
        for (j = 0; j < nr; j++)
            good = list_is(all[j].seq - 1, rooms[i], all, nr) &&
                   list_is(all[j].seq, rooms[i], all, nr) &&
                   list_is(all[j].seq + 1, rooms[i], all, nr) && good;
        TAP_OK(good, "list: room for %u, after every seq", rooms[i]);
    }

    /* Leaves, inner nodes and the root of the tree go. */
    good = true;
    for (i = 0; i < NR_DOMAINS; i++) {
        j = (i * 11 + 5) % NR_DOMAINS;
        fake_domain_kill(&domains[j]);
        domains[j].domain_id = 0;
        nr = expected_list(all);
        good = list_is(0, NR_DOMAINS, all, nr) && good;
    }
    TAP_OK(good, "list: right after the end of each domain");
    TAP_OK(list_is(0, 5, all, 0), "list: empty");
    kill_domains();
    finish("list: no fault");
}

static void test_list_cursor(void)
{
    record_t all[NR_DOMAINS], got[NR_DOMAINS];
    uint32_t nr, room;
    unsigned int total;
    uint64_t cursor;
    bool good;

    start();
    make_domains();
    expected_list(all);
    for (room = 1; room <= NR_DOMAINS; room++) {
        cursor = 0;
        total = 0;
        good = true;
        do {
            good = !list(cursor, room, got, &nr) &&
                   !memcmp(got, all + total, nr * sizeof(*got)) && good;
            total += nr;
            if (nr)
                cursor = got[nr - 1].seq;
        } while (good && nr);
        TAP_OK(good && total == NR_DOMAINS, "cursor: room for %u", room);
    }
    begin(&domains[7]);
    TAP_OK(!list(cursor, NR_DOMAINS, got, &nr) && nr == 1 &&
           got[0].domid == 8, "cursor: what changed, and no more");
    kill_domains();
    finish("cursor: no fault");
}

static void test_list_limits(void)
{
    record_t all[NR_DOMAINS], got[NR_DOMAINS];
    uint64_t until_seq = 0;
    uint32_t nr;

    start();
    make_domains();
    expected_list(all);

    fake.preempt_after = 1;
    TAP_EQ_INT(list(0, NR_DOMAINS, got, &nr), 0, "preempted: no error");
    TAP_OK(nr && nr < NR_DOMAINS && !memcmp(got, all, nr * sizeof(*got)),
           "preempted: the first %u are there", nr);
    fake.preempt_after = 2;
    TAP_OK(!list(all[1].seq, NR_DOMAINS, got, &nr) && nr && nr < 18 &&
           !memcmp(got, all + 2, nr * sizeof(*got)),
           "preempted later: %u are there", nr);
    fake.preempt_after = 0;

    fake.copies_left = 0;
    TAP_EQ_INT(list(0, NR_DOMAINS, got, &nr), -EFAULT,
               "a bad buffer: the first batch");
    fake.copies_left = 1;
    TAP_EQ_INT(list(0, NR_DOMAINS, got, &nr), -EFAULT,
               "a bad buffer: the second batch");
    fake.copies_left = 0;
    TAP_EQ_INT(list(0, 0, got, &nr), 0, "a bad buffer: no room, no copy");
    TAP_OK(!list_until(0, &until_seq, 0, got, &nr) && !nr &&
           until_seq == all[NR_DOMAINS - 1].seq,
           "no room: the bound of a listing all the same");
    TAP_EQ_INT(list(UINT64_MAX, 9, got, &nr), 0, "a bad buffer: no record");
    fake.copies_left = UINT32_MAX;
    fake.copies = 0;
    TAP_EQ_INT(list(0, 1, got, &nr), 0, "room for 1 again");
    TAP_EQ_INT(fake.copies, 1, "is one copy");
    kill_domains();
    finish("limits: no fault");
}

/* Domains that XSM hides from the caller. */

static unsigned int hide_all_but(unsigned int domid, record_t *all)
{
    unsigned int i;

    for (i = 0; i < NR_DOMAINS; i++)
        domains[i].is_hidden = domains[i].domain_id != domid;
    all[0] = get(&domains[domid - 1]);
    return 1;
}

static void preempt_always(void)
{
    fake.preempt_after = 1;
}

static void test_list_hidden(void)
{
    record_t all[NR_DOMAINS], got[NR_DOMAINS];
    uint64_t until_seq = 0;
    unsigned int i, nr_all = 0, nr_seen = 0;
    uint64_t cursor = 0;
    uint32_t nr, room;

    start();
    make_domains();
    nr_all = expected_list(all);
    for (i = 0; i < nr_all; i++) {
        struct domain *d = &domains[all[i].domid - 1];

        /* More than a batch in a row, and single ones. */
        d->is_hidden = i < 10 || i % 3 == 0;
        if (!d->is_hidden)
            all[nr_seen++] = all[i];
    }
    for (room = 0; room <= NR_DOMAINS; room++)
        TAP_OK(list_is(0, room, all, nr_seen) &&
               list_is(all[1].seq, room, all, nr_seen),
               "hidden: they take none of the room for %u", room);
    for (i = 0, nr = 1; nr && i <= nr_seen; i++) {
        if (list_until(cursor, &until_seq, 1, got, &nr))
            break;
        if (nr)
            cursor = got[0].seq;
    }
    TAP_OK(!nr && i == nr_seen + 1, "hidden: a cursor finds the %u others",
           nr_seen);

    fake.between_batches = preempt_always;
    /* One that changed late, and so comes in the last batch. */
    nr_all = hide_all_but(4, all);
    TAP_OK(list_is(0, NR_DOMAINS, all, nr_all),
           "hidden: preempted, it goes on until there is one to see");
    TAP_OK(continuations >= 1, "hidden: after %u continuations",
           continuations);
    hide_all_but(1, all);
    domains[0].is_hidden = true;
    fake.xsm_calls = 0;
    until_seq = 0;
    TAP_OK(!list_until(0, &until_seq, NR_DOMAINS, got, &nr) && !nr,
           "hidden: preempted, and there is none to see");
    TAP_EQ_INT(fake.xsm_calls, NR_DOMAINS, "hidden: each was looked at once");
    fake.between_batches = NULL;
    fake.preempt_after = 0;
    kill_domains();
    finish("hidden: no fault");
}

/* Other CPUs get in between the batches of one list operation. */

static unsigned int batch;

static void change_something(void)
{
    switch (batch++) {
    case 0:     /* Already read, and later again; yet to come, and later. */
        begin(&domains[0]);
        begin(&domains[19]);
        break;
    case 1:
        fake_domain_kill(&domains[2]);
        domains[2].domain_id = 0;
        fake_domain_kill(&domains[18]);
        domains[18].domain_id = 0;
        fake_domain_create(&domains[2], 100);
        break;
    default:
        break;
    }
}

static void test_list_meanwhile(void)
{
    record_t got[2 * NR_DOMAINS];
    uint64_t seen[101] = { 0 }, until_seq = 0, last_seq;
    unsigned int i, missing = 0;
    bool ordered = true;
    uint32_t nr, more;

    start();
    for (i = 0; i < NR_DOMAINS; i++)
        fake_domain_create(&domains[i], i + 1);
    last_seq = get(&domains[NR_DOMAINS - 1]).seq;
    batch = 0;
    fake.between_batches = change_something;
    TAP_EQ_INT(list_until(0, &until_seq, ARRAY_SIZE(got), got, &nr), 0,
               "meanwhile: no error");
    TAP_OK(batch >= 3, "meanwhile: changed between %u batches", batch);
    TAP_EQ_INT(until_seq, last_seq, "meanwhile: bounded by what was there");
    TAP_OK(got[nr - 1].seq <= until_seq, "meanwhile: nothing beyond it");

    fake.between_batches = NULL;
    TAP_EQ_INT(list(until_seq, ARRAY_SIZE(got) - nr, got + nr, &more), 0,
               "meanwhile: the next listing");
    nr += more;
    for (i = 0; i < nr; i++) {
        ordered = (!i || got[i].seq > got[i - 1].seq) && ordered;
        seen[got[i].domid] = got[i].seq;
    }
    TAP_OK(ordered, "meanwhile: in the order of seq");
    for (i = 0; i < NR_DOMAINS; i++)
        if (domains[i].domain_id)
            missing += seen[domains[i].domain_id] != get(&domains[i]).seq;
    TAP_EQ_INT(missing, 0, "meanwhile: the last state of each is there");
    TAP_OK(got[nr - 1].domid == 100, "meanwhile: the newest comes last");
    kill_domains();
    finish("meanwhile: no fault");
}

/* A domain that changes its state between any two batches. */
static void flap(void)
{
    if (!begin(&domains[0]))
        fake_fault("begin failed");
    end_by_interrupt(&domains[0]);
}

static void test_list_flapping(void)
{
    record_t got[2 * NR_DOMAINS];
    uint64_t cursor = 0, until_seq = 0;
    unsigned int calls = 0, total = 0, of_flapping = 0, i;
    uint32_t nr;

    start();
    for (i = 0; i < NR_DOMAINS; i++)
        fake_domain_create(&domains[i], i + 1);
    fake.between_batches = flap;

    TAP_EQ_INT(list(0, ARRAY_SIZE(got), got, &nr), 0, "flapping: no error");
    TAP_OK(nr <= NR_DOMAINS, "flapping: one call gives %u records", nr);

    do {
        if (list_until(cursor, &until_seq, 3, got, &nr))
            break;
        for (i = 0; i < nr; i++)
            of_flapping += got[i].domid == 1;
        total += nr;
        if (nr)
            cursor = got[nr - 1].seq;
        flap();
        calls++;
    } while (nr && calls < 100);
    TAP_OK(!nr && calls < 100, "flapping: a listing ends after %u calls", calls);
    TAP_OK(total >= NR_DOMAINS - 1 && of_flapping <= 1,
           "flapping: each other domain once, and it at most once");

    fake.between_batches = NULL;
    TAP_OK(!list(until_seq, ARRAY_SIZE(got), got, &nr) && nr == 1 &&
           got[0].seq == get(&domains[0]).seq,
           "flapping: the next listing has its last change");
    kill_domains();
    finish("flapping: no fault");
}

/* A wake that is due. */

static void alarm_comes(struct domain *d)
{
    guest_suspend_wake_due(d, XEN_GUEST_SUSPEND_WAKE_ALARM);
}

static void end_by_model(struct domain *d)
{
    guest_suspend_cancel(d, XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL);
}

/* How often a list has looked at domains. */
static unsigned int nr_batches;

static void count_batch(void)
{
    nr_batches++;
}

static void test_due(void)
{
    struct domain d;
    record_t before, after, got;
    uint32_t nr;

    start();
    fake_is_arm = false;
    fake_domain_create(&d, 5);
    alarm_comes(&d);
    TAP_EQ_INT(get(&d).wake_due, XEN_GUEST_SUSPEND_WAKE_NONE,
               "due: none for a domain that runs");
    TAP_EQ_INT(fake_run_tasklets(), 0, "due: nor does the VIRQ tell of it");

    begin_s3(&d);
    guest_suspend_sleep(&d);
    fake_run_tasklets();
    before = get(&d);
    alarm_comes(&d);
    after = get(&d);
    TAP_EQ_INT(fake_run_tasklets(), 1, "due: the VIRQ tells");
    before.wake_due = XEN_GUEST_SUSPEND_WAKE_ALARM;
    TAP_OK(same_record(&before, &after),
           "due: the record says so, and nothing else has changed");
    TAP_OK(d.vcpu[0].is_asleep && domain_is_suspended(&d),
           "due: it sleeps on");
    alarm_comes(&d);
    TAP_EQ_INT(fake_run_tasklets(), 0, "due again: no news");
    TAP_OK(!list_due(0, 1, &got, &nr) && nr == 1 && same_record(&got, &after),
           "due: it is listed");
    TAP_OK(!list(after.seq, 1, &got, &nr) && !nr,
           "due: for other lists it has not changed");

    fake.between_batches = count_batch;
    nr_batches = 0;
    end_by_model(&d);
    after = get(&d);
    TAP_EQ_INT(after.wake_reason, XEN_GUEST_SUSPEND_WAKE_ALARM,
               "due: then the device model wakes it for its alarm");
    TAP_OK(!after.wake_due && after.wake_virq == NO_VIRQ &&
           after.seq > before.seq && !d.vcpu[0].is_asleep,
           "due: and it is due no more");
    TAP_OK(!list_due(0, 1, &got, &nr) && !nr && !nr_batches,
           "due: no more listed, and nobody is looked at");

    begin_s3(&d);
    end_by_model(&d);
    TAP_EQ_INT(get(&d).wake_reason, XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL,
               "due: the next sleep has nothing of it");

    begin_s3(&d);
    alarm_comes(&d);
    fake_is_arm = true;
    TAP_EQ_INT(resume(&d, 0, 0, get(&d).seq, get(&d).instance), 0,
               "due: a wake by the seq of the sleep");
    fake_is_arm = false;
    TAP_OK(get(&d).wake_reason == XEN_GUEST_SUSPEND_WAKE_TOOLSTACK &&
           !get(&d).wake_due, "due: the toolstack's own wake");

    begin_s3(&d);
    alarm_comes(&d);
    fake_domain_shutdown(&d);
    TAP_OK(get(&d).wake_reason == XEN_GUEST_SUSPEND_WAKE_SHUTDOWN &&
           !get(&d).wake_due, "due: a shutdown ends it");
    fake_domain_kill(&d);

    fake_domain_create(&d, 6);
    begin_s3(&d);
    alarm_comes(&d);
    fake_domain_kill(&d);
    TAP_EQ_INT(d.guest_suspend.wake_reason, XEN_GUEST_SUSPEND_WAKE_DESTROY,
               "due: so does destruction");
    fake_domain_create(&d, 7);
    TAP_OK(!list_due(0, 1, &got, &nr) && !nr && !nr_batches,
           "due: nobody is, after all of that");
    fake_domain_kill(&d);
    finish("due: no fault");
}

static void test_due_arguments(void)
{
    struct domain d;
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_LIST_DUE };
    record_t rec;

    start();
    fake_domain_create(&d, 3);
    op.u.list.nr = 1;
    op.u.list.records.p = &rec;
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -EOPNOTSUPP,
               "LIST_DUE on Arm");
    TAP_EQ_INT(guest_suspend_domctl(&d, &op), -EOPNOTSUPP,
               "LIST_DUE on Arm, with a domain");
    fake_is_arm = false;
    TAP_EQ_INT(guest_suspend_domctl(&d, &op), -EINVAL,
               "LIST_DUE with a domain");
    op.u.list.pad = 1;
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -EINVAL, "LIST_DUE with a pad");
    op.u.list.pad = 0;
    op.pad = 1;
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), -EINVAL,
               "LIST_DUE with the outer pad");
    op.pad = 0;
    TAP_EQ_INT(guest_suspend_domctl(NULL, &op), 0, "LIST_DUE");
    TAP_OK(!op.u.list.nr && op.u.list.until_seq == get(&d).seq,
           "LIST_DUE of nothing has a bound as well");
    fake_domain_kill(&d);
    finish("due, arguments: no fault");
}

/* Many domains, of which few have a wake that is due, far apart. */
static void test_due_list(void)
{
    static const unsigned int due[] = { 0, 9, 12, 19 };
    record_t got[NR_DOMAINS], all[ARRAY_SIZE(due)];
    unsigned int i, nr_due = 0;
    uint64_t cursor = 0, until_seq = 0;
    uint32_t nr;

    start();
    fake_is_arm = false;
    for (i = 0; i < NR_DOMAINS; i++) {
        fake_domain_create(&domains[i], i + 1);
        begin_s3(&domains[i]);
    }
    /* Not in the order of seq. */
    for (i = ARRAY_SIZE(due); i--;)
        alarm_comes(&domains[due[i]]);
    for (i = 0; i < ARRAY_SIZE(due); i++)
        all[nr_due++] = get(&domains[due[i]]);

    TAP_OK(!list_due(0, NR_DOMAINS, got, &nr) && nr == nr_due &&
           !memcmp(got, all, sizeof(all)), "due list: those, in order of seq");
    TAP_OK(!list_due(all[1].seq, NR_DOMAINS, got, &nr) && nr == 2 &&
           !memcmp(got, all + 2, 2 * sizeof(*got)), "due list: after a seq");
    for (i = 0, nr = 1; nr && i <= nr_due; i++) {
        if (list_op(XEN_GUEST_SUSPEND_OP_LIST_DUE, cursor, &until_seq, 1, got,
                    &nr))
            break;
        if (nr)
            cursor = got[0].seq;
    }
    TAP_OK(!nr && i == nr_due + 1, "due list: one at a time, and an end");

    domains[due[1]].is_hidden = true;
    domains[due[2]].is_dying = true;
    TAP_OK(!list_due(0, NR_DOMAINS, got, &nr) && nr == 2 &&
           same_record(&got[0], &all[0]) && same_record(&got[1], &all[3]),
           "due list: without those hidden, and those that die");
    fake.between_batches = preempt_always;
    TAP_OK(!list_due(all[0].seq, NR_DOMAINS, got, &nr) && nr == 1 &&
           same_record(&got[0], &all[3]) && continuations >= 1,
           "due list: preempted, it goes on until there is one");
    fake.between_batches = count_batch;
    fake.preempt_after = 0;
    nr_batches = 0;
    domains[due[2]].is_dying = false;
    for (i = 0; i < NR_DOMAINS; i++)
        end_by_model(&domains[i]);
    TAP_OK(!list_due(0, NR_DOMAINS, got, &nr) && !nr && !nr_batches,
           "due list: all awake, and nobody is looked at");
    kill_domains();
    finish("due list: no fault");
}

static void test_virq(void)
{
    struct domain d;

    start();
    fake_domain_create(&d, 1);
    fake_run_tasklets();
    begin(&d);
    end_by_interrupt(&d);
    begin(&d);
    TAP_EQ_INT(fake_run_tasklets(), 1, "VIRQ: one tasklet for many changes");
    TAP_EQ_INT(fake.global_virqs, 1, "VIRQ: raised once");
    end_by_interrupt(&d);
    TAP_EQ_INT(fake_run_tasklets(), 1, "VIRQ: the next change has its own");
    guest_suspend_denied(&d, XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY);
    get(&d);
    TAP_EQ_INT(fake_run_tasklets(), 0, "VIRQ: reading raises none");
    fake_domain_kill(&d);
    finish("VIRQ: no fault");
}

int main(void)
{
    test_new_domain();
    test_transitions();
    test_accounting();
    test_asleep_at();
    test_clock_steps_back();
    test_resume_errors();
    test_resume_expectations();
    test_resume_virq();
    test_arguments();
    test_list();
    test_list_cursor();
    test_list_limits();
    test_list_hidden();
    test_list_meanwhile();
    test_list_flapping();
    test_due();
    test_due_arguments();
    test_due_list();
    test_virq();
    return tap_done();
}
