/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest suspend: the state machine, its records, and the domctl that reads
 * them and ends a suspend.
 */

#include <xen/errno.h>
#include <xen/event.h>
#include <xen/guest_access.h>
#include <xen/guest-suspend.h>
#include <xen/rbtree.h>
#include <xen/rcupdate.h>
#include <xen/sched.h>
#include <xen/spinlock.h>
#include <xen/tasklet.h>
#include <xen/time.h>

#include <xsm/xsm.h>

/* Records that the list operation copies per acquisition of the lock. */
#define LIST_BATCH 8

/* Guards everything below and the struct guest_suspend of every domain. */
static DEFINE_SPINLOCK(guest_suspend_lock);

/* The last change of state on this host, and all domains in that order. */
static uint64_t last_seq;
static struct rb_root by_seq = RB_ROOT;

/* Domains that have a wake_due. */
static unsigned int nr_due;

/*
 * The VIRQ is raised from a tasklet: a suspend ends deep inside interrupt
 * injection, under locks of event channels that the VIRQ would take again, and
 * changes in quick succession need one event only.
 */
static void cf_check raise_virq(void *unused)
{
    send_global_virq(VIRQ_GUEST_SUSPEND);
}
static DECLARE_SOFTIRQ_TASKLET(virq_tasklet, raise_virq, NULL);

/* Give the domain the next seq, which places it last in the tree. */
static void enqueue(struct guest_suspend *gs)
{
    struct rb_node **link = &by_seq.rb_node, *parent = NULL;

    while ( *link )
    {
        parent = *link;
        link = &parent->rb_right;
    }

    gs->seq = ++last_seq;
    rb_link_node(&gs->node, parent, link);
    rb_insert_color(&gs->node, &by_seq);
}

/*
 * The time, for a domain's record.  The clocks of two CPUs may differ a bit:
 * the time must not be earlier than what another CPU has put in the record.
 */
static s_time_t time_of_record(const struct guest_suspend *gs)
{
    s_time_t now = NOW();

    return max(now, gs->since);
}

static void change_state(struct guest_suspend *gs, unsigned int state)
{
    s_time_t now = time_of_record(gs);

    gs->state = state;
    gs->since = now;
    /* Each sleep adds its end and takes away its beginning. */
    write_atomic(&gs->asleep, gs->asleep +
                 (state == XEN_GUEST_SUSPEND_STATE_SUSPENDED ? -now : now));
    rb_erase(&gs->node, &by_seq);
    enqueue(gs);
    tasklet_schedule(&virq_tasklet);
}

void guest_suspend_domain_init(struct domain *d)
{
    struct guest_suspend *gs = &d->guest_suspend;
    unsigned long flags;

    spin_lock_irqsave(&guest_suspend_lock, flags);
    gs->since = NOW();
    gs->wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE;
    enqueue(gs);
    gs->instance = gs->seq;
    spin_unlock_irqrestore(&guest_suspend_lock, flags);
}

void guest_suspend_domain_destroy(struct domain *d)
{
    unsigned long flags;

    spin_lock_irqsave(&guest_suspend_lock, flags);
    rb_erase(&d->guest_suspend.node, &by_seq);
    spin_unlock_irqrestore(&guest_suspend_lock, flags);
}

static void count_denied(struct guest_suspend *gs, unsigned int reason)
{
    gs->nr_denied++;
    gs->denied_reason = reason;
}

void guest_suspend_denied(struct domain *d, unsigned int reason)
{
    unsigned long flags;

    spin_lock_irqsave(&guest_suspend_lock, flags);
    count_denied(&d->guest_suspend, reason);
    spin_unlock_irqrestore(&guest_suspend_lock, flags);
}

bool guest_suspend_begin(struct domain *d, struct vcpu *sleeper,
                         unsigned int kind)
{
    struct guest_suspend *gs = &d->guest_suspend;
    unsigned long flags;
    bool ok;

    spin_lock_irqsave(&guest_suspend_lock, flags);

    /*
     * Shutdown and destruction set these before they call
     * guest_suspend_cancel(): either we see them, or they see us.
     */
    ok = !d->is_dying && !d->is_shutting_down;

    if ( !ok )
    {
        /* A domain in ACPI S3 is asleep already: no attempt was refused. */
        if ( kind == XEN_GUEST_SUSPEND_KIND_PSCI )
            count_denied(gs, XEN_GUEST_SUSPEND_DENIED_SHUTDOWN);
    }
    else if ( gs->state != XEN_GUEST_SUSPEND_STATE_SUSPENDED )
    {
        gs->kind = kind;
        gs->nr_suspends++;
        gs->sleeper = sleeper;
        set_bit(_VPF_suspended, &sleeper->pause_flags);
        watchdog_domain_suspend(d);
        change_state(gs, XEN_GUEST_SUSPEND_STATE_SUSPENDED);
    }

    spin_unlock_irqrestore(&guest_suspend_lock, flags);

    return ok;
}

void guest_suspend_sleep(struct domain *d)
{
    vcpu_sleep_nosync(d->guest_suspend.sleeper);
}

void guest_suspend_wake_due(struct domain *d, unsigned int reason)
{
    struct guest_suspend *gs = &d->guest_suspend;
    unsigned long flags;

    spin_lock_irqsave(&guest_suspend_lock, flags);

    if ( gs->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED && !gs->wake_due )
    {
        gs->wake_due = reason;
        nr_due++;
        tasklet_schedule(&virq_tasklet);
    }

    spin_unlock_irqrestore(&guest_suspend_lock, flags);
}

static void end_locked(struct domain *d, unsigned int reason, uint32_t virq,
                       const struct vcpu *wake_vcpu)
{
    struct guest_suspend *gs = &d->guest_suspend;

    if ( gs->wake_due )
    {
        /* The device model does not know why it was asked. */
        if ( reason == XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL )
            reason = gs->wake_due;
        gs->wake_due = XEN_GUEST_SUSPEND_WAKE_NONE;
        nr_due--;
    }

    gs->wake_reason = reason;
    gs->wake_virq = virq;
    gs->wake_vcpu = wake_vcpu ? wake_vcpu->vcpu_id : 0;
    watchdog_domain_resume(d);
    change_state(gs, XEN_GUEST_SUSPEND_STATE_RUNNING);
}

bool guest_suspend_end(struct domain *d, unsigned int reason, uint32_t virq,
                       const struct vcpu *wake_vcpu)
{
    const struct guest_suspend *gs = &d->guest_suspend;
    unsigned long flags;
    bool ended;

    spin_lock_irqsave(&guest_suspend_lock, flags);

    ended = gs->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED &&
            (!wake_vcpu || wake_vcpu == gs->sleeper);
    if ( ended )
        end_locked(d, reason, virq, wake_vcpu);

    spin_unlock_irqrestore(&guest_suspend_lock, flags);

    return ended;
}

void guest_suspend_release(struct domain *d)
{
    /* Stable: until it is released, the domain cannot suspend again. */
    struct vcpu *sleeper = d->guest_suspend.sleeper;

    clear_bit(_VPF_suspended, &sleeper->pause_flags);
    vcpu_wake(sleeper);
}

void guest_suspend_cancel(struct domain *d, unsigned int reason)
{
    if ( guest_suspend_end(d, reason, XEN_GUEST_SUSPEND_VIRQ_NONE, NULL) )
        guest_suspend_release(d);
}

bool domain_is_suspended(const struct domain *d)
{
    return ACCESS_ONCE(d->guest_suspend.state) ==
           XEN_GUEST_SUSPEND_STATE_SUSPENDED;
}

s_time_t guest_suspend_asleep(const struct domain *d, s_time_t at)
{
    s_time_t asleep = read_atomic(&d->guest_suspend.asleep);

    return asleep < 0 ? asleep + at : asleep;
}

static void fill_record(const struct domain *d,
                        struct xen_guest_suspend_record *rec)
{
    const struct guest_suspend *gs = &d->guest_suspend;
    s_time_t now = time_of_record(gs);

    *rec = (struct xen_guest_suspend_record){
        .seq = gs->seq,
        .instance = gs->instance,
        .now_ns = now,
        .since_ns = gs->since,
        .asleep_ns = guest_suspend_asleep(d, now),
        .nr_suspends = gs->nr_suspends,
        .nr_denied = gs->nr_denied,
        .domid = d->domain_id,
        .state = gs->state,
        .kind = gs->kind,
        .wake_reason = gs->wake_reason,
        .denied_reason = gs->denied_reason,
        .wake_due = gs->wake_due,
        .wake_virq = gs->wake_virq,
        .wake_vcpu = gs->wake_vcpu,
    };
}

static void get_record(const struct domain *d,
                       struct xen_guest_suspend_record *rec)
{
    unsigned long flags;

    spin_lock_irqsave(&guest_suspend_lock, flags);
    fill_record(d, rec);
    spin_unlock_irqrestore(&guest_suspend_lock, flags);
}

/* The first domain in the order of seq that is past after_seq, or NULL. */
static struct rb_node *first_after(uint64_t after_seq)
{
    struct rb_node *n = by_seq.rb_node, *found = NULL;

    while ( n )
    {
        if ( rb_entry(n, struct guest_suspend, node)->seq > after_seq )
        {
            found = n;
            n = n->rb_left;
        }
        else
            n = n->rb_right;
    }

    return found;
}

/* The part of a listing that one acquisition of the lock gives. */
struct batch {
    unsigned int nr;
    struct domain *domains[LIST_BATCH];
    struct xen_guest_suspend_record recs[LIST_BATCH];
};

/*
 * *until_seq bounds the listing; 0 begins one, and is set to its bound.  due:
 * the listing ends if no wake is due.  The caller holds domlist_read_lock,
 * which keeps the batch's domains.
 */
static void get_batch(struct batch *batch, uint64_t after_seq,
                      uint64_t *until_seq, unsigned int room, bool due)
{
    struct rb_node *n;
    unsigned long flags;

    batch->nr = 0;

    spin_lock_irqsave(&guest_suspend_lock, flags);

    if ( !*until_seq )
        *until_seq = last_seq;

    n = due && !nr_due ? NULL : first_after(after_seq);
    for ( ; n && batch->nr < room; n = rb_next(n) )
    {
        struct domain *d = rb_entry(n, struct domain, guest_suspend.node);

        if ( d->guest_suspend.seq > *until_seq )
            break;

        batch->domains[batch->nr] = d;
        fill_record(d, &batch->recs[batch->nr]);
        batch->nr++;
    }

    spin_unlock_irqrestore(&guest_suspend_lock, flags);
}

/*
 * Keep the records of domains that live and that the caller may see; with due,
 * those only that have a wake_due.
 */
static void filter_batch(struct batch *batch, bool due)
{
    unsigned int i, kept = 0;

    for ( i = 0; i < batch->nr; i++ )
    {
        struct domain *d = batch->domains[i];

        if ( (!due || batch->recs[i].wake_due) && !d->is_dying &&
             !xsm_domctl_guest_suspend(XSM_PRIV, d,
                                       XEN_GUEST_SUSPEND_OP_LIST) )
            batch->recs[kept++] = batch->recs[i];
    }

    batch->nr = kept;
}

/*
 * Read the next part of a listing.  Returns false at its end; otherwise
 * *after_seq has moved, even if the filter has kept no record.
 */
static bool read_batch(struct batch *batch, uint64_t *after_seq,
                       uint64_t *until_seq, unsigned int room, bool due)
{
    bool found;

    rcu_read_lock(&domlist_read_lock);

    get_batch(batch, *after_seq, until_seq, min_t(uint32_t, room, LIST_BATCH),
              due);
    found = batch->nr;
    if ( found )
        *after_seq = batch->recs[batch->nr - 1].seq;
    filter_batch(batch, due);

    rcu_read_unlock(&domlist_read_lock);

    return found;
}

static int list_records(struct xen_domctl_guest_suspend *op, bool due)
{
    const uint32_t room = op->u.list.nr;
    struct batch batch;
    uint32_t done = 0;

    if ( op->u.list.pad )
        return -EINVAL;

    while ( read_batch(&batch, &op->u.list.after_seq, &op->u.list.until_seq,
                       room - done, due) )
    {
        if ( batch.nr && copy_to_guest_offset(op->u.list.records, done,
                                              batch.recs, batch.nr) )
            return -EFAULT;
        done += batch.nr;

        if ( hypercall_preempt_check() )
        {
            /* Callers take no record for the end, so go on from here. */
            if ( !done )
                return -ERESTART;
            /* A short list is no error: they ask for the rest. */
            break;
        }
    }

    op->u.list.nr = done;

    return 0;
}

static int resume(struct domain *d, struct xen_domctl_guest_suspend *op)
{
    struct guest_suspend *gs = &d->guest_suspend;
    const uint32_t virq = op->u.resume.virq;
    const bool inject = op->u.resume.flags & XEN_GUEST_SUSPEND_RESUME_VIRQ;
    struct vcpu *target = NULL;
    unsigned long flags;
    int rc = 0;

    if ( d == current->domain ||
         (op->u.resume.flags & ~XEN_GUEST_SUSPEND_RESUME_VIRQ) ||
         (!inject && virq) )
        return -EINVAL;

    /* An x86 guest's device model has to know, so it does the waking. */
    if ( !IS_ENABLED(CONFIG_ARM) )
        return -EOPNOTSUPP;

    spin_lock_irqsave(&guest_suspend_lock, flags);

    if ( d->is_dying || d->is_shutting_down )
        rc = -EINVAL;
    else if ( (op->u.resume.instance &&
               op->u.resume.instance != gs->instance) ||
              (op->u.resume.seq && op->u.resume.seq != gs->seq) )
        rc = -ESTALE;
    else if ( gs->state != XEN_GUEST_SUSPEND_STATE_SUSPENDED )
        rc = -ENODATA;
    else if ( inject )
        rc = arch_guest_suspend_check_virq(d, virq, &target);

    if ( !rc )
        end_locked(d, XEN_GUEST_SUSPEND_WAKE_TOOLSTACK,
                   inject ? virq : XEN_GUEST_SUSPEND_VIRQ_NONE,
                   target ?: gs->sleeper);

    fill_record(d, &op->u.resume.record);

    spin_unlock_irqrestore(&guest_suspend_lock, flags);

    if ( rc )
        return rc;

    /*
     * Inject before the guest may run: one that is quick to suspend again
     * would take a later injection for a second wake-up.
     */
    if ( inject )
        arch_guest_suspend_inject_virq(target, virq);
    guest_suspend_release(d);

    return 0;
}

int guest_suspend_domctl(struct domain *d, struct xen_domctl_guest_suspend *op)
{
    if ( op->pad )
        return -EINVAL;

    switch ( op->op )
    {
    case XEN_GUEST_SUSPEND_OP_GET:
        if ( !d || d->is_dying )
            return -ESRCH;
        get_record(d, &op->u.get.record);
        return 0;

    case XEN_GUEST_SUSPEND_OP_LIST:
        return d ? -EINVAL : list_records(op, false);

    case XEN_GUEST_SUSPEND_OP_RESUME:
        return d ? resume(d, op) : -ESRCH;

    case XEN_GUEST_SUSPEND_OP_LIST_DUE:
        /* Wakes are due only where the device model does the waking. */
        if ( IS_ENABLED(CONFIG_ARM) )
            return -EOPNOTSUPP;
        return d ? -EINVAL : list_records(op, true);

    default:
        return -EOPNOTSUPP;
    }
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
