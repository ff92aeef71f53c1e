/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A record as text: the fields of a domain's node, and of the environment of hooks.
 * docs/xenstore-paths.md says what each field means.
 */

#ifndef GS_FIELDS_H
#define GS_FIELDS_H

#include <stdint.h>

#include <xen/xen.h>
#include "public/guest_suspend.h"

#define FIELDS_MAX 16

struct field {
    const char *name;
    char value[40];     /* Without a blank in it. */
};

/*
 * Fill in fields and return how many.  since_time_ns: rec->since_ns as a time
 * of day (guest_suspend_time.h).  The first field is "state".  Apart from "denied"
 * and "denied-reason", the values depend on the change at rec->seq alone, not on when
 * the record was read.
 */
unsigned int fields_of_record(const struct xen_guest_suspend_record *rec,
                              int64_t since_time_ns,
                              struct field fields[FIELDS_MAX]);

/* The cause of the domain's last change: the kind of its suspend, or its wake. */
const char *fields_reason_name(const struct xen_guest_suspend_record *rec);

#endif
