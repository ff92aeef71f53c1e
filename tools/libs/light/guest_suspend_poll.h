/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_poll.h: waiting for a file descriptor until a deadline.
 */

#ifndef GUEST_SUSPEND_POLL_H
#define GUEST_SUSPEND_POLL_H

#include <stdint.h>

/* CLOCK_MONOTONIC in ms. */
int64_t gsuspend_now_ms(void);

/*
 * Until fd has one of events (POLLIN...), or until the deadline, which is a time
 * of gsuspend_now_ms(); -1: none.  Signals do not end it.  1: events; 0: the
 * deadline; -1: errno.
 */
int gsuspend_poll(int fd, short events, int64_t deadline_ms);

#endif
