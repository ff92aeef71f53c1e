/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wakes that are due: an x86 guest's alarm has come in ACPI S3, which only its device
 * model can end.  xl asks the device model, as a child: "xl trigger DOMID wake
 * --seq=SEQ", which ends that sleep and no other.  A wake that fails is tried again,
 * with pauses that grow, until it is no longer due.  Nothing here blocks.
 *
 * Up to WAKES_PARALLEL domains at the same time; those whose wakes have failed the
 * least go first, so that dead device models do not hold up the others.
 */

#ifndef GS_WAKES_H
#define GS_WAKES_H

#include <stdbool.h>
#include <stdint.h>

#define WAKES_PARALLEL      4
#define WAKES_LIMIT_MS      30000   /* What one xl may take. */
#define WAKES_RETRY_MIN_MS  1000
#define WAKES_RETRY_MAX_MS  300000

struct wakes;

/* xl: the path of our own.  NULL with errno: no memory. */
struct wakes *wakes_new(const char *xl);

/* Kill the children that run, which leaves their wakes due. */
void wakes_free(struct wakes *wakes);

/*
 * A listing of all that is due: call wakes_due() for each in between.  What is not in
 * it is over.
 */
void wakes_list_begin(struct wakes *wakes);
void wakes_list_end(struct wakes *wakes);

/*
 * A wake from the domain's sleep with this seq is due.  1: it is new, and begins at
 * not_before_ms; 0: it is known; -1 with errno: no memory.
 */
int wakes_due(struct wakes *wakes, uint32_t domid, uint64_t seq,
              uint64_t not_before_ms);

/* Go on.  child_ended: a SIGCHLD came. */
void wakes_run(struct wakes *wakes, bool child_ended, uint64_t now_ms);

/* When to call wakes_run() at the latest; UINT64_MAX: nothing is to be done. */
uint64_t wakes_deadline_ms(const struct wakes *wakes);

#endif
