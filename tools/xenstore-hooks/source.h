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
void source_close(struct source *source);

/* Readable when the event was raised. */
int source_fd(const struct source *source);

/* Take what is readable.  The event stays masked until source_unmask(). */
int source_take(struct source *source);
int source_unmask(struct source *source);

/*
 * Call fn for each record later than after_seq, in the order of seq.  after_seq
 * 0 lists every domain.  -1: the listing failed, or fn did (nonzero).
 *
 * The listing ends however fast guests change.  Nothing up to the last record's
 * seq is left out.  A domain that changes meanwhile may be missing, also from a
 * listing of every domain; its change raises the event.
 */
int source_list(struct source *source, uint64_t after_seq,
                int (*fn)(void *arg,
                          const struct xen_guest_suspend_record *rec),
                void *arg);

/* The same, for each record that has a wake_due; for none where there are no such. */
int source_list_due(struct source *source,
                    int (*fn)(void *arg,
                              const struct xen_guest_suspend_record *rec),
                    void *arg);

/* The record of one domain.  -1 with errno; ESRCH: there is no such domain. */
int source_get(struct source *source, uint32_t domid,
               struct xen_guest_suspend_record *rec);

#endif
