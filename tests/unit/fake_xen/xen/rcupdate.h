/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: within a read lock no domain goes; the fake checks its use. */

#ifndef FAKE_XEN_RCUPDATE_H
#define FAKE_XEN_RCUPDATE_H

#include <xen/config.h>

typedef struct { char unused; } rcu_read_lock_t;

void rcu_read_lock(rcu_read_lock_t *lock);
void rcu_read_unlock(rcu_read_lock_t *lock);

#endif
