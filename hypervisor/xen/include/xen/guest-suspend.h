/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest suspend: the state of a domain that put itself to sleep.
 *
 * Common code owns the state, its accounting, the records and the domctl.
 * An architecture says when a domain enters the state, which event of its own
 * ends it, and how the toolstack's interrupt gets to it.
 *
 * Locking: one host-wide leaf lock, taken with interrupts off, guards all that
 * is in struct guest_suspend.  An architecture may hold its interrupt
 * controller's lock around guest_suspend_end(); nothing but timer, tasklet and
 * tree operations happens inside.
 */

#ifndef XEN_GUEST_SUSPEND_H
#define XEN_GUEST_SUSPEND_H

#include <xen/types.h>
#include <xen/rbtree.h>
#include <xen/time.h>

#include <public/domctl.h>

struct domain;
struct vcpu;

/* Per domain.  The public record says what the fields mean. */
struct guest_suspend {
    struct rb_node node;        /* In the tree of all domains, by seq. */
    uint64_t seq;
    uint64_t instance;
    s_time_t since;
    /*
     * The time of all suspends: each adds its end and takes away its begin.
     * So it is below zero while the domain is suspended: then add the present
     * time.  One word, as the scheduler reads it without the lock.
     */
    s_time_t asleep;
    uint64_t nr_suspends;
    uint64_t nr_denied;
    uint32_t wake_virq;
    uint32_t wake_vcpu;
    uint8_t state;
    uint8_t kind;
    uint8_t wake_reason;
    uint8_t denied_reason;
    uint8_t wake_due;
    /* The vCPU that is to run again when the suspend ends. */
    struct vcpu *sleeper;
};

#ifdef CONFIG_GUEST_SUSPEND

/* A domain enters and leaves the host's list of domains. */
void guest_suspend_domain_init(struct domain *d);
void guest_suspend_domain_destroy(struct domain *d);

/*
 * The domain suspends.  The sleeper is its one vCPU that is online: from here
 * on and until the suspend ends, it is not runnable.  The others are offline,
 * and remain so: the caller sees to that.  The caller then looks for a wake-up
 * event that came before, and calls guest_suspend_sleep() if there is none.
 * Returns false for a domain that is shutting down or dying, and counts a
 * denied attempt if the guest can learn of it (PSCI).
 */
bool guest_suspend_begin(struct domain *d, struct vcpu *sleeper,
                         unsigned int kind);
void guest_suspend_sleep(struct domain *d);

/* The domain's attempt to suspend was refused. */
void guest_suspend_denied(struct domain *d, unsigned int reason);

/*
 * The domain's suspend ends, if it is in one.  What comes for one vCPU, the
 * wake_vcpu, ends it if that is the sleeper: a vCPU that the guest took
 * offline is beyond interrupts.  Returns whether it ended: the caller then
 * lets the sleeper run, by guest_suspend_release(), once it has dropped its
 * locks and made pending what the sleeper shall find.  Until then the domain
 * cannot suspend again.
 */
bool guest_suspend_end(struct domain *d, unsigned int reason, uint32_t virq,
                       const struct vcpu *wake_vcpu);
void guest_suspend_release(struct domain *d);

/* The same for a domain that is shutting down, or dying. */
void guest_suspend_cancel(struct domain *d, unsigned int reason);

/*
 * An event of the domain's own is to end its suspend, which only its device
 * model can do.  If the domain is suspended, the toolstack is told, and the
 * suspend will have ended for this reason.  Takes no lock but the leaf lock.
 */
void guest_suspend_wake_due(struct domain *d, unsigned int reason);

/* Is the domain suspended?  A snapshot, unless the domain is paused. */
bool domain_is_suspended(const struct domain *d);

/*
 * For how long has the domain been suspended, in all, at that time?  Takes no
 * lock.
 */
s_time_t guest_suspend_asleep(const struct domain *d, s_time_t at);

/*
 * XEN_DOMCTL_guest_suspend; d is NULL for DOMID_INVALID.  -ERESTART: op has
 * where to go on, in a continuation.
 */
int guest_suspend_domctl(struct domain *d,
                         struct xen_domctl_guest_suspend *op);

/*
 * The architecture's part in a wake by the toolstack.  check: may virq be
 * injected?  Returns 0 and the vCPU that gets it, or an errno of the domctl's
 * table.  inject: make it pending.
 */
int arch_guest_suspend_check_virq(struct domain *d, uint32_t virq,
                                  struct vcpu **target);
void arch_guest_suspend_inject_virq(struct vcpu *target, uint32_t virq);

/*
 * The domain goes on after a shutdown, which ended its suspend.  It suspends
 * anew if what it slept in has outlasted that: x86's ACPI S3.
 */
#if defined(CONFIG_X86) && defined(CONFIG_HVM)
void arch_guest_suspend_domain_resumed(struct domain *d);
#else
static inline void arch_guest_suspend_domain_resumed(struct domain *d) {}
#endif

#else /* !CONFIG_GUEST_SUSPEND */

static inline void guest_suspend_domain_init(struct domain *d) {}
static inline void guest_suspend_domain_destroy(struct domain *d) {}
static inline void guest_suspend_release(struct domain *d) {}
static inline void arch_guest_suspend_domain_resumed(struct domain *d) {}
static inline void guest_suspend_cancel(struct domain *d, unsigned int reason)
{}
static inline bool domain_is_suspended(const struct domain *d)
{
    return false;
}

#endif /* CONFIG_GUEST_SUSPEND */

#endif /* XEN_GUEST_SUSPEND_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
