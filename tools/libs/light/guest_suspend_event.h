/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_event.h: when to look at the hypervisor's records again.
 *
 * While xensuspendd runs, its nodes in xenstore are watched, and nothing is
 * done in between.  There is a tick every LIBXL_GUEST_SUSPEND_POLL_MS otherwise:
 * until xenstored has answered, without xensuspendd, and from when either of them
 * ends, even by SIGKILL.  An event is a hint: read the records after the events
 * were drained.
 */

#ifndef GUEST_SUSPEND_EVENT_H
#define GUEST_SUSPEND_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define GSUSPEND_ALL_DOMAINS UINT32_MAX

struct gsuspend_events;

/*
 * Events of one domain, or of all.  What happens after this returns leads to
 * an event.  It does not wait for xenstored.  NULL: errno.
 */
struct gsuspend_events *gsuspend_events_open(uint32_t domid);

/* Keeps errno.  NULL is harmless. */
void gsuspend_events_close(struct gsuspend_events *events);

/* Readable when there are events, or while gsuspend_events_mark() is on. */
int gsuspend_events_fd(const struct gsuspend_events *events);
void gsuspend_events_mark(struct gsuspend_events *events, bool on);

/*
 * Wait until there are events, or until the deadline of CLOCK_MONOTONIC in ms
 * (-1: none).  1: events; 0: the deadline; -1: errno.
 */
int gsuspend_events_wait(struct gsuspend_events *events, int64_t deadline_ms);

/* An event of its own at a time of gsuspend_now_ms(); -1: none (any more). */
void gsuspend_events_alarm(struct gsuspend_events *events, int64_t at_ms);

/*
 * Take the events away.  gone() is called with each domid whose domain may
 * have ceased to exist, or with GSUSPEND_ALL_DOMAINS for any of them.
 */
typedef void gsuspend_gone(void *opaque, uint32_t domid);
void gsuspend_events_drain(struct gsuspend_events *events, gsuspend_gone *gone,
                           void *opaque);

#endif
