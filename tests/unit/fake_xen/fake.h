/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fake Xen: the test's side of the environment in which the hypervisor's
 * common/guest-suspend.c runs in user space.
 *
 * It does little and checks much: a rule of Xen's that the code breaks (about
 * locks, what may be called under them, balanced calls) is a fault, which is
 * printed as a TAP comment and counted in fake.faults; every test ends by
 * finding that 0.  The first fault calls abort() where fake.abort_on_fault.
 */

#ifndef FAKE_XEN_FAKE_H
#define FAKE_XEN_FAKE_H

#include <xen/sched.h>
#include <xen/spinlock.h>

/* What a step that begins at a fake_point() touches. */
#define FAKE_LEAF     (1U << 0)  /* The leaf lock and what it guards. */
#define FAKE_VGIC     (1U << 1)  /* Other locks. */
#define FAKE_FLAGS    (1U << 2)  /* pause_flags and is_asleep... */
#define FAKE_OTHERS   (1U << 3)  /* ... of another vCPU than the first. */
#define FAKE_DOMAIN   (1U << 4)  /* The domain lock. */

#define FAKE_MAX_LOCKS 4

/* A physical CPU: who holds locks. */
struct fake_cpu {
    bool irqs_off;
    unsigned int nr_locks;
    spinlock_t *locks[FAKE_MAX_LOCKS];
    bool in_rcu;                /* In an RCU read section. */
};

struct fake {
    unsigned int faults;
    bool abort_on_fault;

    struct fake_cpu *cpu;       /* The one that runs now. */
    struct vcpu *caller;        /* Who makes the hypercall. */

    s_time_t now;
    s_time_t tick;              /* Added by each look at the clock. */
    unsigned int nr_vcpus;      /* Of the domains that are made. */
    unsigned int global_virqs;
    unsigned int watchdog_calls;
    unsigned int xsm_calls;
    unsigned int copies;        /* Calls of copy_to_guest_offset() so far. */
    unsigned int copies_left;   /* Until they fail. */
    unsigned int preempt_after; /* Looks at hypercall_preempt_check() until it
                                   is true; 0: never. */

    /*
     * Called where another CPU could come between, before the step that
     * touches those things; lock: what the step is to take, or NULL.
     */
    void (*point)(unsigned int touches, spinlock_t *lock);
    /* Called at each look at hypercall_preempt_check(), without locks. */
    void (*between_batches)(void);
};

extern struct fake fake;

/* All as new: no fault, time 1, an Arm host, two vCPUs, dom0 calling. */
void fake_reset(void);

void fake_point(unsigned int touches, spinlock_t *lock);
/* What may be touched while the lock is held. */
unsigned int fake_lock_guards(const spinlock_t *lock);
/* The same, before a look at v's pause flags or a change of them. */
void fake_flags_point(const struct vcpu *v);
void fake_expect_no_lock(const char *what);
void fake_expect_leaf_lock(const char *what);

/* How many waited. */
unsigned int fake_run_tasklets(void);
void fake_drop_tasklets(void);

/*
 * A domain, as domain_create() makes it: all zero, but for all vCPUs after the
 * first being offline, and entered into the list.
 * kill does what domain_kill() and domain_destroy() do, shutdown what
 * domain_shutdown() does, as far as guest suspend sees it.
 */
void fake_domain_create(struct domain *d, domid_t domid);
void fake_domain_kill(struct domain *d);
void fake_domain_shutdown(struct domain *d);

#endif
