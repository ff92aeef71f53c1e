/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A record in words: the nodes below /tool/guest-suspend/$DOMID and, from the
 * same list, the environment of hooks.  docs/xenstore-paths.md says what each
 * one means.
 */

#ifndef GS_NODES_H
#define GS_NODES_H

#include <stdint.h>

#include <xen/xen.h>
#include "public/guest_suspend.h"

#define NODES_MAX 16

struct node {
    const char *name;
    char value[40];
};

/*
 * Fill in nodes and return how many.  since_wall_ns: rec->since_ns in ns since
 * the epoch.  The last node is "state".  Apart from "denied" and
 * "denied-reason", the values follow from what happened at rec->seq alone and
 * not from when the record was read.
 */
unsigned int nodes_of_record(const struct xen_guest_suspend_record *rec,
                             uint64_t since_wall_ns,
                             struct node nodes[NODES_MAX]);

/* What the domain's last change came from: its kind of suspend, or of wake. */
const char *nodes_reason_name(const struct xen_guest_suspend_record *rec);

#endif
