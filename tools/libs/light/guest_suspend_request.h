/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_request.h: what the wake has to do with requests to sleep.
 */

#ifndef GUEST_SUSPEND_REQUEST_H
#define GUEST_SUSPEND_REQUEST_H

#include <stdint.h>

/*
 * Withdraw a request that the domain has not taken, whoever made it: a guest that
 * wakes would take it at once.  It waits for xenstored for a second at most, and
 * does nothing then.
 */
void gsuspend_request_clear(uint32_t domid);

/*
 * The file whose byte DOMID is locked by whoever asks that domain.  A variable only
 * for tests.
 */
extern const char *gsuspend_request_lock;

#endif
