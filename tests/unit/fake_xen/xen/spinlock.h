/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fake Xen: locks that check their use.  A lock taken twice, given back by
 * another CPU, out of order or with the wrong flags, and a lock taken under a
 * leaf lock are faults.
 */

#ifndef FAKE_XEN_SPINLOCK_H
#define FAKE_XEN_SPINLOCK_H

#include <xen/config.h>

struct fake_cpu;

typedef struct spinlock {
    bool is_leaf;
    bool is_domain;             /* Taken first, and leaves interrupts on. */
    const struct fake_cpu *holder;
} spinlock_t;

/* The file under test has one lock, and its header says that it is a leaf. */
#define DEFINE_SPINLOCK(name) spinlock_t name = { .is_leaf = true }

#define spin_lock_irqsave(lock, flags) \
    ((flags) = fake_spin_lock_irqsave(lock))
#define spin_unlock_irqrestore(lock, flags) \
    fake_spin_unlock_irqrestore(lock, flags)

#define spin_is_locked(lock) ((lock)->holder != NULL)

unsigned long fake_spin_lock_irqsave(spinlock_t *lock);
void fake_spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags);
void fake_domain_lock(spinlock_t *lock);
void fake_domain_unlock(spinlock_t *lock);

#endif
