/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer of XEN_DOMCTL_guest_suspend: the hypervisor's common and Arm files
 * in user space, a handful of domains, and requests made of the input's bytes.
 *
 * A model beside it, written from the contract in public/guest_suspend.h, says
 * for each request what has to come of it; every domain's record is compared
 * after each step, and every list with the records.  One listing goes on between
 * the other steps: it has an end, and each domain once at most.
 *
 * "make check" runs it for a moment.  For long, from the top of the sources:
 *
 *   tests/fuzz/test-fuzz-domctl.sh CORPUS-DIR -max_total_time=3600
 *
 * with options of libFuzzer's.  A file that it leaves behind is run again by
 * giving that in place of the directory.
 */

#include "fake_xen/fake.h"
#include "fake_xen/fake_arm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/lib.h>
#include <asm/psci.h>
#include <asm/time.h>
#include <asm/vgic.h>

#define NR_SLOTS 5
#define FIRST_LPI 8192U

#define CHECK(cond) \
    do { \
        if (!(cond)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
            abort(); \
        } \
    } while (0)

typedef struct xen_guest_suspend_record record_t;
typedef struct xen_domctl_guest_suspend op_t;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, then zeros. */

static const uint8_t *input;
static size_t input_left;

static void take(void *to, size_t size)
{
    size_t nr = size < input_left ? size : input_left;

    memset(to, 0, size);
    if (!nr)
        return;
    memcpy(to, input, nr);
    input += nr;
    input_left -= nr;
}

static uint8_t take_byte(void)
{
    uint8_t byte;

    take(&byte, 1);
    return byte;
}

/* The model: asleep_ns without the sleep under way. */

static struct domain domains[NR_SLOTS];
static record_t model[NR_SLOTS];
static bool exists[NR_SLOTS];
static uint64_t last_seq;       /* Of all runs: the code's own goes on, too. */
static bool virq_due;

static bool is_suspended(unsigned int i)
{
    return model[i].state == XEN_GUEST_SUSPEND_STATE_SUSPENDED;
}

static void model_change(unsigned int i, unsigned int state)
{
    model[i].state = state;
    model[i].since_ns = (uint64_t)fake.now;
    model[i].seq = ++last_seq;
    virq_due = true;
}

static void model_suspend(unsigned int i, unsigned int kind)
{
    model[i].kind = kind;
    model[i].nr_suspends++;
    model_change(i, XEN_GUEST_SUSPEND_STATE_SUSPENDED);
}

static void model_wake(unsigned int i, unsigned int reason, uint32_t virq,
                       uint32_t vcpu)
{
    if (model[i].wake_due && reason == XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL)
        reason = model[i].wake_due;
    model[i].wake_due = XEN_GUEST_SUSPEND_WAKE_NONE;
    model[i].asleep_ns += (uint64_t)fake.now - model[i].since_ns;
    model[i].wake_reason = (uint8_t)reason;
    model[i].wake_virq = virq;
    model[i].wake_vcpu = vcpu;
    model_change(i, XEN_GUEST_SUSPEND_STATE_RUNNING);
}

static void model_deny(unsigned int i, unsigned int reason)
{
    model[i].nr_denied++;
    model[i].denied_reason = reason;
}

static record_t expected(unsigned int i)
{
    record_t rec = model[i];

    rec.now_ns = (uint64_t)fake.now;
    if (is_suspended(i))
        rec.asleep_ns += (uint64_t)fake.now - rec.since_ns;
    return rec;
}

static void check_all(void)
{
    unsigned int i;

    for (i = 0; i < NR_SLOTS; i++) {
        op_t op = { .op = XEN_GUEST_SUSPEND_OP_GET };
        const struct vcpu *v = &domains[i].vcpu[0];
        record_t want = expected(i);

        if (!exists[i])
            continue;
        CHECK(!guest_suspend_domctl(&domains[i], &op));
        CHECK(!memcmp(&op.u.get.record, &want, sizeof(want)));
        CHECK(domain_is_suspended(&domains[i]) == is_suspended(i));
        CHECK(!(v->pause_flags & VPF_suspended) == !is_suspended(i));
        CHECK(v->is_asleep == is_suspended(i));
        CHECK(domains[i].watchdogs_stopped == is_suspended(i));
    }
    CHECK(!fake.faults);
}

/* What a host does. */

static void create(unsigned int i)
{
    fake_domain_create(&domains[i], i + 1);
    fake_arm_domain_init(&domains[i]);
    exists[i] = true;
    last_seq++;
    model[i] = (record_t){
        .seq = last_seq,
        .instance = last_seq,
        .since_ns = (uint64_t)fake.now,
        .domid = i + 1,
        .wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE,
    };
}

static void kill(unsigned int i)
{
    if (is_suspended(i))
        model_wake(i, XEN_GUEST_SUSPEND_WAKE_DESTROY,
                   XEN_GUEST_SUSPEND_VIRQ_NONE, 0);
    fake_domain_kill(&domains[i]);
    exists[i] = false;
}

static void shut_down(unsigned int i)
{
    if (is_suspended(i))
        model_wake(i, XEN_GUEST_SUSPEND_WAKE_SHUTDOWN,
                   XEN_GUEST_SUSPEND_VIRQ_NONE, 0);
    fake_domain_shutdown(&domains[i]);
}

/* Is the line of a level interrupt high?  Others have none to look at. */
static bool line_is_high(const struct vcpu *v, unsigned int irq)
{
    const uint32_t fired = CNTx_CTL_ENABLE | CNTx_CTL_PENDING;

    if (irq == FAKE_PHYS_TIMER)
        return (v->arch.phys_timer.ctl & (fired | CNTx_CTL_MASK)) == fired;
    if (irq == FAKE_EVTCHN)
        return v->evtchn_upcall_pending;
    return true;
}

/* The first interrupt that is pending and ends a suspend at entry, or NULL. */
static const struct pending_irq *pending(struct vcpu *v)
{
    static const unsigned int lines[] = { FAKE_PHYS_TIMER, FAKE_EVTCHN };
    const uint32_t fired = CNTx_CTL_ENABLE | CNTx_CTL_PENDING;
    const struct pending_irq *p;
    unsigned int i;

    list_for_each_entry (p, &v->arch.vgic.inflight_irqs, inflight) {
        bool high = p->irq == FAKE_VIRT_TIMER ?
                    (fake_sysregs.CNTV_CTL_EL0 & fired) == fired :
                    line_is_high(v, p->irq);

        if (high && test_bit(GIC_IRQ_GUEST_ENABLED, &p->status) &&
            (test_bit(GIC_IRQ_GUEST_QUEUED, &p->status) ||
             (test_bit(GIC_IRQ_GUEST_VISIBLE, &p->status) &&
              fake_arm.lr_pending)))
            return p;
    }
    for (i = 0; i < ARRAY_SIZE(lines); i++) {
        p = fake_irq(v, lines[i]);
        if (list_empty(&p->inflight) && line_is_high(v, p->irq) &&
            test_bit(GIC_IRQ_GUEST_ENABLED, &p->status))
            return p;
    }
    return NULL;
}

static void guest_suspends(unsigned int i)
{
    struct domain *d = &domains[i];
    struct vcpu *v = &d->vcpu[0], *caller = fake.caller;
    const struct pending_irq *p = pending(v);
    uint32_t entry = take_byte();
    int32_t rc = PSCI_SUCCESS;

    /* Most are good; some are odd, or beyond the guest's RAM. */
    entry = entry & 0x80 ? 0x1000 : entry << 28 | (entry & 3);
    if (is_suspended(i))
        return; /* It cannot call. */

    fake.caller = v;
    if (!(d->vcpu[1].pause_flags & VPF_down)) {
        rc = PSCI_DENIED;
        model_deny(i, XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE);
    } else if (entry >= fake_arm.ram_end || (entry & 2) ||
               ((entry & 1) && !d->is_32bit)) {
        /* Thumb may begin at any halfword. */
        if (entry < fake_arm.ram_end && (entry & 3) == 3 && d->is_32bit)
            goto good_entry;
        rc = PSCI_INVALID_ADDRESS;
        model_deny(i, XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY);
    } else {
good_entry:
        if (d->is_shutting_down) {
            rc = PSCI_DENIED;
            model_deny(i, XEN_GUEST_SUSPEND_DENIED_SHUTDOWN);
        } else {
            model_suspend(i, XEN_GUEST_SUSPEND_KIND_PSCI);
            if (p)
                model_wake(i, XEN_GUEST_SUSPEND_WAKE_INTERRUPT, p->irq, 0);
        }
    }
    CHECK(vpsci_system_suspend(entry, 0) == rc);
    fake.caller = caller;
}

static void interrupt_comes(unsigned int i)
{
    struct vcpu *v = &domains[i].vcpu[0];
    unsigned int irq = take_byte() % (NR_LOCAL_IRQS + FAKE_NR_SPIS);
    bool enabled = test_bit(GIC_IRQ_GUEST_ENABLED, &fake_irq(v, irq)->status);

    if (is_suspended(i) && enabled && line_is_high(v, irq))
        model_wake(i, XEN_GUEST_SUSPEND_WAKE_INTERRUPT, irq, 0);
    vgic_inject_irq(&domains[i], v, irq, true);
}

static void alarm_comes(unsigned int i)
{
    if (is_suspended(i) && !model[i].wake_due) {
        model[i].wake_due = XEN_GUEST_SUSPEND_WAKE_ALARM;
        virq_due = true;
    }
    guest_suspend_wake_due(&domains[i], XEN_GUEST_SUSPEND_WAKE_ALARM);
}

static void device_model_wakes(unsigned int i)
{
    if (is_suspended(i))
        model_wake(i, XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL,
                   XEN_GUEST_SUSPEND_VIRQ_NONE, 0);
    guest_suspend_cancel(&domains[i], XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL);
}

/* The requests. */

static int expected_resume(unsigned int i, const op_t *op)
{
    const uint32_t virq = op->u.resume.virq;

    if (fake.caller->domain == &domains[i] ||
        (op->u.resume.flags & ~XEN_GUEST_SUSPEND_RESUME_VIRQ) ||
        (!op->u.resume.flags && virq))
        return -EINVAL;
    if (!fake_is_arm)
        return -EOPNOTSUPP;
    if (domains[i].is_shutting_down)
        return -EINVAL;
    if (op->u.resume.instance && op->u.resume.instance != model[i].instance)
        return -ESTALE;
    if (op->u.resume.seq && op->u.resume.seq != model[i].seq)
        return -ESTALE;
    if (!is_suspended(i))
        return -ENODATA;
    if (!op->u.resume.flags)
        return 0;
    if (virq >= FIRST_LPI && virq < 1U << domains[i].arch.vgic.intid_bits)
        return -EOPNOTSUPP;
    if (virq == FAKE_EVTCHN)
        return 0;
    if (virq < NR_LOCAL_IRQS || virq >= NR_LOCAL_IRQS + FAKE_NR_SPIS)
        return -EINVAL;
    if (fake_irq(&domains[i].vcpu[0], virq)->desc)
        return -EBUSY;
    return fake_arm.spi_target ? -ENXIO : 0;
}

static void ask_resume(unsigned int i, op_t *op)
{
    const uint32_t flags = op->u.resume.flags, virq = op->u.resume.virq;
    int want = op->pad ? -EINVAL : expected_resume(i, op);
    record_t rec;

    CHECK(guest_suspend_domctl(&domains[i], op) == want);
    if (want)
        return;
    model_wake(i, XEN_GUEST_SUSPEND_WAKE_TOOLSTACK,
               flags ? virq : XEN_GUEST_SUSPEND_VIRQ_NONE, 0);
    rec = expected(i);
    CHECK(!memcmp(&op->u.resume.record, &rec, sizeof(rec)));
    if (flags)
        CHECK(test_bit(GIC_IRQ_GUEST_QUEUED,
                       &fake_irq(&domains[i].vcpu[0], virq)->status));
}

static int by_seq(const void *a, const void *b)
{
    const record_t *one = a, *two = b;

    return one->seq < two->seq ? -1 : one->seq > two->seq;
}

/* A listing of several calls, between which anything may happen. */
static struct {
    uint64_t cursor, until_seq;
    bool seen[NR_SLOTS];
} listing;

static void begin_listing(void)
{
    memset(&listing, 0, sizeof(listing));
}

/* What a listing has from here on, in its order; returns how many. */
static unsigned int expected_list(bool due, uint64_t after_seq,
                                  uint64_t until_seq, record_t *want)
{
    unsigned int i, nr = 0;

    for (i = 0; i < NR_SLOTS; i++)
        if (exists[i] && !domains[i].is_hidden &&
            (!due || model[i].wake_due) &&
            model[i].seq > after_seq && model[i].seq <= until_seq)
            want[nr++] = expected(i);
    qsort(want, nr, sizeof(*want), by_seq);
    return nr;
}

/* The call with its continuations, as Xen makes them; each gets further. */
static int call_list(op_t *op, uint64_t until_seq)
{
    const uint32_t nr = op->u.list.nr;
    uint64_t after_seq = op->u.list.after_seq;
    int rc;

    while ((rc = guest_suspend_domctl(NULL, op)) == -ERESTART) {
        CHECK(op->u.list.after_seq > after_seq);
        CHECK(op->u.list.until_seq == until_seq && op->u.list.nr == nr);
        after_seq = op->u.list.after_seq;
    }
    return rc;
}

static void ask_list(op_t *op)
{
    record_t want[NR_SLOTS], *room;
    const bool due = op->op == XEN_GUEST_SUSPEND_OP_LIST_DUE;
    const bool bad = op->pad || op->u.list.pad;
    const bool preempted = fake.preempt_after;
    uint64_t until_seq = op->u.list.until_seq ?: last_seq;
    uint32_t nr = op->u.list.nr;
    unsigned int all = expected_list(due, op->u.list.after_seq, until_seq, want);
    int rc;

    if (nr > all)
        nr = all;

    /* No byte more than may be written. */
    room = malloc(nr * sizeof(*room));
    op->u.list.records.p = room;
    rc = call_list(op, until_seq);
    if (due && fake_is_arm && !op->pad) {
        CHECK(rc == -EOPNOTSUPP);
    } else if (bad) {
        CHECK(rc == -EINVAL);
    } else if (nr && !fake.copies_left) {
        CHECK(rc == -EFAULT);
    } else {
        CHECK(!rc && op->u.list.until_seq == until_seq);
        /* Short, but for an end never empty. */
        CHECK(op->u.list.nr == nr ||
              (preempted && op->u.list.nr && op->u.list.nr < nr));
        nr = op->u.list.nr;
        CHECK(!nr || !memcmp(room, want, nr * sizeof(*room)));
    }
    free(room);
}

/* The next call of the listing. */
static void continue_listing(void)
{
    record_t want[NR_SLOTS];
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_LIST };
    unsigned int all, i;

    op.u.list.after_seq = listing.cursor;
    op.u.list.until_seq = listing.until_seq;
    op.u.list.nr = 1 + take_byte() % NR_SLOTS;
    all = expected_list(false, listing.cursor, listing.until_seq ?: last_seq,
                        want);
    ask_list(&op);
    if (!fake.copies_left && all)
        return;
    listing.until_seq = op.u.list.until_seq;
    for (i = 0; i < op.u.list.nr; i++) {
        CHECK(!listing.seen[want[i].domid - 1]);
        listing.seen[want[i].domid - 1] = true;
        listing.cursor = want[i].seq;
    }
    if (!op.u.list.nr)
        begin_listing();
}

/* Near the bounds of what a guest has, and of what there is. */
static uint32_t some_virq(void)
{
    static const uint32_t bases[] = {
        0, FAKE_EVTCHN - 3, NR_LOCAL_IRQS, NR_LOCAL_IRQS + FAKE_NR_SPIS - 4,
        1016, FIRST_LPI - 4, (1U << 16) - 4, UINT32_MAX - 3,
    };
    uint8_t byte = take_byte();

    return bases[byte >> 5] + (byte & 7);
}

/* Have XSM hide some domains from here on. */
static void hide(unsigned int mask)
{
    for (unsigned int i = 0; i < NR_SLOTS; i++)
        domains[i].is_hidden = mask >> i & 1;
}

static bool is_list(uint32_t op)
{
    return op == XEN_GUEST_SUSPEND_OP_LIST ||
           op == XEN_GUEST_SUSPEND_OP_LIST_DUE;
}

static void request(void)
{
    unsigned int i = take_byte() % (NR_SLOTS + 1), shape = take_byte();
    op_t op;

    if (shape & 1) {
        /* Anything. */
        take(&op, sizeof(op));
    } else {
        /* Near to what makes sense, so that it gets deep. */
        memset(&op, 0, sizeof(op));
        op.op = take_byte() % 5;
        if (is_list(op.op)) {
            i = NR_SLOTS;
            op.u.list.after_seq = last_seq - take_byte() % 16;
            op.u.list.nr = take_byte() % (NR_SLOTS + 2);
            if (shape & 2)
                op.u.list.until_seq = last_seq + 2 - take_byte() % 16;
        } else if (op.op == XEN_GUEST_SUSPEND_OP_RESUME && i < NR_SLOTS) {
            op.u.resume.flags = shape >> 1 & 1;
            if (op.u.resume.flags || shape & 8)
                op.u.resume.virq = some_virq();
            if (shape & 4)
                op.u.resume.seq = model[i].seq - (shape >> 3 & 1) +
                                  ((uint64_t)(take_byte() & 1) << 32);
            if (shape & 16)
                op.u.resume.instance = model[i].instance + (shape >> 5 & 1);
        }
        op.pad = shape >> 7;
    }

    /* Xen finds the domain; there is none for DOMID_INVALID. */
    if (i < NR_SLOTS && !exists[i])
        return;

    fake.copies_left = shape >> 6 & 1 ? 0 : UINT32_MAX;
    if (op.op == XEN_GUEST_SUSPEND_OP_RESUME && i < NR_SLOTS) {
        ask_resume(i, &op);
    } else if (is_list(op.op) && i == NR_SLOTS) {
        fake.preempt_after = shape >> 2 & 3;
        if (shape & 32)
            hide(take_byte());
        if (shape & 16)
            continue_listing();
        else
            ask_list(&op);
        fake.preempt_after = 0;
    } else {
        int want = op.pad ? -EINVAL
                   : op.op > XEN_GUEST_SUSPEND_OP_LIST_DUE ? -EOPNOTSUPP
                   : op.op == XEN_GUEST_SUSPEND_OP_LIST_DUE && fake_is_arm
                     ? -EOPNOTSUPP
                   : is_list(op.op) ? -EINVAL
                   : i == NR_SLOTS ? -ESRCH : 0;

        CHECK(guest_suspend_domctl(i < NR_SLOTS ? &domains[i] : NULL,
                                   &op) == want);
    }
}

static void something(void)
{
    static struct domain dom0;
    unsigned int what = take_byte(), i = what >> 4 & 7;
    unsigned int irq;

    if (i >= NR_SLOTS || what & 8) {
        request();
        return;
    }
    if (!exists[i]) {
        create(i);
        return;
    }
    switch (what & 7) {
    case 0:
    case 1:
        guest_suspends(i);
        break;
    case 2:
        interrupt_comes(i);
        break;
    case 3:
        fake.now += take_byte();
        break;
    case 4:
        irq = take_byte();
        if (irq & 1)
            fake_take_irqs(&domains[i].vcpu[0]);
        else if (irq & 2)
            alarm_comes(i);
        else
            device_model_wakes(i);
        break;
    case 5:
        CHECK(fake_run_tasklets() == virq_due);
        virq_due = false;
        break;
    case 6:
        if (take_byte() & 3)
            shut_down(i);
        else
            kill(i);
        break;
    case 7:
        /* Turn a screw. */
        irq = take_byte() % (NR_LOCAL_IRQS + FAKE_NR_SPIS);
        switch (take_byte() % 12) {
        case 0:
            fake_irq(&domains[i].vcpu[0], irq)->status ^=
                1UL << GIC_IRQ_GUEST_ENABLED;
            break;
        case 1:
            fake_irq(&domains[i].vcpu[0], irq)->desc =
                fake_irq(&domains[i].vcpu[0], irq)->desc ? NULL : &domains;
            break;
        case 2:
            fake_arm.spi_target ^= 1;
            break;
        case 3:
            /* No vCPU comes online during the sleep. */
            if (!is_suspended(i))
                domains[i].vcpu[1].pause_flags ^= VPF_down;
            break;
        case 4:
            fake_sysregs.CNTV_CTL_EL0 = irq & 7;
            break;
        case 5:
            domains[i].vcpu[0].arch.phys_timer.ctl = irq & 7;
            break;
        case 6:
            domains[i].vcpu[0].evtchn_upcall_pending ^= true;
            break;
        case 7:
            domains[i].is_32bit ^= true;
            break;
        case 8:
            dom0.vcpu[0].domain = &dom0;
            fake.caller = irq & 1 ? &domains[i].vcpu[0] : &dom0.vcpu[0];
            break;
        case 9:
            fake_is_arm ^= true;
            break;
        case 10:
            /* The guest has seen it, and perhaps has yet to take it. */
            if (!is_suspended(i))
                fake_irq_in_flight(&domains[i].vcpu[0], irq,
                                   GIC_IRQ_GUEST_VISIBLE);
            break;
        case 11:
            fake_arm.lr_pending ^= true;
            break;
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int i;

    input = data;
    input_left = size;
    fake_reset();
    fake.abort_on_fault = true;
    virq_due = false;
    begin_listing();
    fake_is_arm = take_byte() & 1;
    while (input_left) {
        something();
        check_all();
    }
    for (i = 0; i < NR_SLOTS; i++)
        if (exists[i])
            kill(i);
    return 0;
}
