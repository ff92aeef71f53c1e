/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where news comes from: the hypervisor's event, and its list of records.
 * Functions that can fail return -1 with errno; opening logs why.
 */

#ifndef GS_SOURCE_H
#define GS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include "public/guest_suspend.h"

struct source;

/* Takes the event, which one process on a host can have. */
struct source *source_open(void);
void source_close(struct source *s);

/* Readable when the event was raised. */
int source_fd(const struct source *s);

/* Take what is readable.  The event stays masked until source_unmask(). */
int source_take(struct source *s);
int source_unmask(struct source *s);

/*
 * Call fn for each record later than after_seq, oldest change first.  -1: the
 * listing failed, or fn did (nonzero).
 */
int source_list(struct source *s, uint64_t after_seq,
                int (*fn)(void *arg,
                          const struct xen_guest_suspend_record *rec),
                void *arg);

#endif
