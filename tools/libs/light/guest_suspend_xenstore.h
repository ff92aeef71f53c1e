/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_xenstore.h: connecting to xenstore without waiting for it.
 */

#ifndef GUEST_SUSPEND_XENSTORE_H
#define GUEST_SUSPEND_XENSTORE_H

struct xs_handle;

/*
 * xs_open(), which where nobody serves xenstored's socket turns to the kernel's
 * device: a request there waits for the next xenstored.  This gives NULL then.
 * (Should xenstored end right in between, a request does wait.)
 *
 * *end_fd: an idle connection, which tells when xenstored ends, as libxenstore
 * does not; the caller's to close.  -1 where xenstored is in another domain:
 * there is no socket then, and it does not end before its host.
 */
struct xs_handle *gsuspend_xenstore_open(int *end_fd);

#endif
