/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: see fake.h. */

#include <xen/event.h>
#include <xen/guest_access.h>
#include <xen/rbtree.h>
#include <xen/rcupdate.h>
#include <xen/tasklet.h>
#include <xsm/xsm.h>

#include "fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake fake;
rcu_read_lock_t domlist_read_lock;
bool fake_is_arm;

static struct fake_cpu boot_cpu;
static struct domain dom0;
static struct tasklet *tasklets;

void fake_reset(void)
{
    memset(&boot_cpu, 0, sizeof(boot_cpu));
    dom0.vcpu[0].domain = &dom0;
    fake = (struct fake){
        .cpu = &boot_cpu,
        .caller = &dom0.vcpu[0],
        .now = 1,
        .nr_vcpus = 2,
        .copies_left = UINT32_MAX,
    };
    fake_is_arm = true;
    fake_drop_tasklets();
}

void fake_fault(const char *format, ...)
{
    va_list al;

    fake.faults++;
    printf("# fake Xen: ");
    va_start(al, format);
    vprintf(format, al);
    va_end(al);
    printf("\n");
    fflush(stdout);
    if (fake.abort_on_fault)
        abort();
}

void fake_point(unsigned int touches, spinlock_t *lock)
{
    if (fake.point)
        fake.point(touches, lock);
}

void fake_expect_no_lock(const char *what)
{
    if (fake.cpu->nr_locks || fake.cpu->irqs_off)
        fake_fault("%s with a lock held or interrupts off", what);
}

void fake_expect_leaf_lock(const char *what)
{
    if (!fake.cpu->nr_locks ||
        !fake.cpu->locks[fake.cpu->nr_locks - 1]->is_leaf)
        fake_fault("%s without the leaf lock", what);
}

bool fake_is_enabled(const char *option)
{
    if (strcmp(option, "CONFIG_ARM"))
        fake_fault("IS_ENABLED(%s), which the fake does not know", option);
    return fake_is_arm;
}

unsigned int fake_lock_guards(const spinlock_t *lock)
{
    if (lock->is_domain)
        return FAKE_DOMAIN;
    return lock->is_leaf ? FAKE_LEAF : FAKE_VGIC;
}

static void take(spinlock_t *lock)
{
    struct fake_cpu *cpu = fake.cpu;

    fake_point(fake_lock_guards(lock), lock);
    if (cpu->nr_locks && cpu->locks[cpu->nr_locks - 1]->is_leaf)
        fake_fault("a lock taken under a leaf lock");
    if (lock->holder) {
        fake_fault("deadlock: the lock is held by %s CPU",
                   lock->holder == cpu ? "the same" : "a stopped");
        abort();
    }
    if (cpu->nr_locks == FAKE_MAX_LOCKS) {
        fake_fault("more than %d locks", FAKE_MAX_LOCKS);
        abort();
    }
    lock->holder = cpu;
    cpu->locks[cpu->nr_locks++] = lock;
}

static void give_back(spinlock_t *lock)
{
    struct fake_cpu *cpu = fake.cpu;

    if (!cpu->nr_locks || cpu->locks[cpu->nr_locks - 1] != lock ||
        lock->holder != cpu) {
        fake_fault("a lock given back that is not the last one taken");
        abort();
    }
    cpu->nr_locks--;
    lock->holder = NULL;
}

void fake_domain_lock(spinlock_t *lock)
{
    if (fake.cpu->nr_locks || fake.cpu->irqs_off)
        fake_fault("the domain lock taken under another, or with interrupts "
                   "off");
    take(lock);
}

void fake_domain_unlock(spinlock_t *lock)
{
    give_back(lock);
    fake_point(FAKE_DOMAIN, NULL);
}

unsigned long fake_spin_lock_irqsave(spinlock_t *lock)
{
    unsigned long flags = fake.cpu->irqs_off;

    take(lock);
    fake.cpu->irqs_off = true;
    return flags;
}

void fake_spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)
{
    struct fake_cpu *cpu = fake.cpu;
    unsigned int left;

    give_back(lock);
    left = cpu->nr_locks;
    /* Interrupts were off before exactly where such a lock was held. */
    if (flags != (left && !cpu->locks[left - 1]->is_domain))
        fake_fault("a lock given back with the flags of another");
    cpu->irqs_off = flags;
    /* What the caller now looks at without the lock may have changed. */
    if (lock->is_leaf)
        fake_point(FAKE_LEAF, NULL);
}

s_time_t fake_now(void)
{
    return fake.now += fake.tick;
}

struct vcpu *fake_current(void)
{
    return fake.caller;
}

void fake_flags_point(const struct vcpu *v)
{
    fake_point(v->vcpu_id ? FAKE_OTHERS : FAKE_FLAGS, NULL);
}

bool is_vcpu_online(const struct vcpu *v)
{
    fake_flags_point(v);
    return !(v->pause_flags & VPF_down);
}

/* The only bits that the code changes are those of vCPUs. */
void set_bit(unsigned int nr, unsigned long *word)
{
    fake_flags_point(container_of(word, struct vcpu, pause_flags));
    *word |= 1UL << nr;
}

void clear_bit(unsigned int nr, unsigned long *word)
{
    fake_flags_point(container_of(word, struct vcpu, pause_flags));
    *word &= ~(1UL << nr);
}

void vcpu_wake(struct vcpu *v)
{
    fake_expect_no_lock("vcpu_wake");
    fake_flags_point(v);
    if (!v->pause_flags)
        v->is_asleep = false;
}

void vcpu_sleep_nosync(struct vcpu *v)
{
    fake_expect_no_lock("vcpu_sleep_nosync");
    fake_flags_point(v);
    if (v->pause_flags)
        v->is_asleep = true;
}

/* Their own timers are beyond the fake; the calls have to be in pairs. */
void watchdog_domain_suspend(struct domain *d)
{
    fake_expect_leaf_lock("watchdog_domain_suspend");
    fake.watchdog_calls++;
    if (d->watchdogs_stopped++)
        fake_fault("watchdogs stopped twice");
}

void watchdog_domain_resume(struct domain *d)
{
    fake_expect_leaf_lock("watchdog_domain_resume");
    fake.watchdog_calls++;
    if (!d->watchdogs_stopped--)
        fake_fault("watchdogs started that were not stopped");
}

void send_global_virq(uint32_t virq)
{
    fake_expect_no_lock("send_global_virq");
    if (virq != VIRQ_GUEST_SUSPEND)
        fake_fault("VIRQ %u raised", virq);
    fake.global_virqs++;
}

void tasklet_schedule(struct tasklet *t)
{
    if (t->is_scheduled)
        return;
    t->is_scheduled = true;
    t->next = tasklets;
    tasklets = t;
}

static struct tasklet *next_tasklet(void)
{
    struct tasklet *t = tasklets;

    if (t) {
        tasklets = t->next;
        t->is_scheduled = false;
    }
    return t;
}

unsigned int fake_run_tasklets(void)
{
    struct tasklet *t;
    unsigned int nr;

    for (nr = 0; (t = next_tasklet()); nr++)
        t->func(t->data);
    return nr;
}

void fake_drop_tasklets(void)
{
    while (next_tasklet())
        ;
}

void rcu_read_lock(rcu_read_lock_t *lock)
{
    fake_expect_no_lock("rcu_read_lock");
    fake.cpu->in_rcu = true;
}

void rcu_read_unlock(rcu_read_lock_t *lock)
{
    if (!fake.cpu->in_rcu)
        fake_fault("an RCU read lock given back that was not taken");
    fake.cpu->in_rcu = false;
}

int fake_xsm(struct domain *d, uint32_t op)
{
    /* It may take locks of its own, and d must not go meanwhile. */
    fake_expect_no_lock("xsm_domctl_guest_suspend");
    if (!fake.cpu->in_rcu)
        fake_fault("XSM asked about a domain that may be gone");
    if (op != XEN_GUEST_SUSPEND_OP_LIST)
        fake_fault("XSM asked about operation %u", op);
    fake.xsm_calls++;
    return d->is_hidden ? -EPERM : 0;
}

size_t fake_copy_to_guest(void *to, const void *from, size_t size)
{
    fake_expect_no_lock("copy_to_guest_offset");
    if (fake.cpu->in_rcu)
        fake_fault("guest memory written under an RCU read lock");
    fake.copies++;
    if (!fake.copies_left)
        return size;
    fake.copies_left--;
    memcpy(to, from, size);
    return 0;
}

bool hypercall_preempt_check(void)
{
    fake_expect_no_lock("hypercall_preempt_check");
    if (fake.between_batches)
        fake.between_batches();
    return fake.preempt_after && !--fake.preempt_after;
}

/* The tree */

void rb_link_node(struct rb_node *node, struct rb_node *parent,
                  struct rb_node **link)
{
    fake_expect_leaf_lock("rb_link_node");
    *node = (struct rb_node){ .rb_parent = parent };
    *link = node;
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
    const struct rb_node *top = node;

    fake_expect_leaf_lock("rb_insert_color");
    while (top->rb_parent)
        top = top->rb_parent;
    if (top != root->rb_node)
        fake_fault("rb_insert_color of a node that is not in the tree");
}

/* Put node, or nothing, where old hangs. */
static void replace(struct rb_node *old, struct rb_node *node,
                    struct rb_root *root)
{
    if (!old->rb_parent)
        root->rb_node = node;
    else if (old->rb_parent->rb_left == old)
        old->rb_parent->rb_left = node;
    else
        old->rb_parent->rb_right = node;
    if (node)
        node->rb_parent = old->rb_parent;
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
    struct rb_node *heir;

    rb_insert_color(node, root); /* For its check. */
    if (!node->rb_left) {
        replace(node, node->rb_right, root);
    } else if (!node->rb_right) {
        replace(node, node->rb_left, root);
    } else {
        heir = rb_next(node);
        /* It has no left child, being the next one. */
        replace(heir, heir->rb_right, root);
        replace(node, heir, root);
        heir->rb_left = node->rb_left;
        heir->rb_right = node->rb_right;
        heir->rb_left->rb_parent = heir;
        if (heir->rb_right)
            heir->rb_right->rb_parent = heir;
    }
}

struct rb_node *rb_next(const struct rb_node *node)
{
    struct rb_node *n = node->rb_right;

    fake_expect_leaf_lock("rb_next");
    if (n) {
        while (n->rb_left)
            n = n->rb_left;
        return n;
    }
    while (node->rb_parent && node == node->rb_parent->rb_right)
        node = node->rb_parent;
    return node->rb_parent;
}

/* Domains */

void fake_domain_create(struct domain *d, domid_t domid)
{
    unsigned int i;

    *d = (struct domain){
        .domain_id = domid,
        .domain_lock.is_domain = true,
        .nr_vcpus = fake.nr_vcpus,
    };
    for (i = 0; i < d->nr_vcpus; i++) {
        d->vcpu[i].domain = d;
        d->vcpu[i].vcpu_id = i;
        if (i) {
            d->vcpu[i].pause_flags = VPF_down;
            d->vcpu[i].is_asleep = true;
        }
    }
    guest_suspend_domain_init(d);
}

void fake_domain_kill(struct domain *d)
{
    fake_point(FAKE_LEAF, NULL);
    d->is_dying = true;
    guest_suspend_cancel(d, XEN_GUEST_SUSPEND_WAKE_DESTROY);
    guest_suspend_domain_destroy(d);
}

void fake_domain_shutdown(struct domain *d)
{
    fake_point(FAKE_LEAF, NULL);
    d->is_shutting_down = true;
    guest_suspend_cancel(d, XEN_GUEST_SUSPEND_WAKE_SHUTDOWN);
}
