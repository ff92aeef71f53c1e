/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_stock.h: what a hypervisor without guest suspend tells of it.
 *
 * On x86 that is whether a domain is in ACPI S3.  On Arm it is whether a domain has
 * shut down with SHUTDOWN_suspend, which is what PSCI SYSTEM_SUSPEND does in Xen
 * 4.22.  There is no seq, no time and no history.  What is not known is marked so, as
 * the public header says.
 */

#ifndef GUEST_SUSPEND_STOCK_H
#define GUEST_SUSPEND_STOCK_H

#include <stdbool.h>

#include "guest_suspend_call.h"
#include "libxl_guest_suspend.h"

/*
 * This is an x86 host: domains sleep in ACPI S3, and wake through their device
 * models.  A variable only for tests of the other architecture's ways.
 */
extern bool gsuspend_x86;

/*
 * errno as gsuspend_call_in_s3() has it, but for EINVAL; on Arm as
 * gsuspend_call_in_shutdown_suspend() has it.
 */
int gsuspend_stock_state(struct gsuspend_call *call, uint32_t domid,
                         libxl_guest_suspend_info *info);

/*
 * All domains that xenstore has, in the order of their domids; *list_r is to be
 * released with free(), and not NULL.  ENOTCONN: xenstore has not answered by the
 * deadline, a time of gsuspend_now_ms().
 */
int gsuspend_stock_list(struct gsuspend_call *call, int64_t deadline_ms,
                        libxl_guest_suspend_info **list_r, uint32_t *nr_r);

/*
 * Arm: wake a domain that has just been seen asleep.  ENOTCONN: xenstored has not
 * answered by the deadline, a time of gsuspend_now_ms().  The domain may run then,
 * and xenstored may not know it.
 */
int gsuspend_stock_wake(struct gsuspend_call *call, uint32_t domid,
                        int64_t deadline_ms);

/* For qsort(): of libxl_guest_suspend_info, or of what begins with one. */
int gsuspend_by_domid(const void *a, const void *b);

#endif
