/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_trigger.h: libxl_send_trigger(), with a time limit where it asks
 * the device model.
 */

#ifndef GUEST_SUSPEND_TRIGGER_H
#define GUEST_SUSPEND_TRIGGER_H

#include <stdbool.h>

#include "libxl_guest_suspend.h"

/* Whether the program has libxenlight. */
bool gsuspend_has_trigger(void);

/*
 * Until the deadline, a time of gsuspend_now_ms().  ERROR_TIMEDOUT: the device
 * model had not answered by then, and libxl's connection to it was hung up.  Any
 * other rc is libxl's.  Logs as libxl does.
 */
int gsuspend_trigger_s3resume(libxl_ctx *ctx, libxl_domid domid,
                              int64_t deadline_ms);

/* LIBXL_TRIGGER_SLEEP, the ACPI sleep button: a hypercall, which does not wait. */
int gsuspend_trigger_sleep(libxl_ctx *ctx, libxl_domid domid);

#endif
