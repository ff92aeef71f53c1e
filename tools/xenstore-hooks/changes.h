/* SPDX-License-Identifier: GPL-2.0-only */
/* The log's line for each change of a domain's state. */

#ifndef GS_CHANGES_H
#define GS_CHANGES_H

#include "model.h"

/* Log domain->rec, or count it as unlogged if the domain is over its limit. */
void changes_log(struct domain *domain, uint64_t now_ms);

/* Log this record of the domain.  more ends the line. */
void changes_log_record(const struct domain *domain,
                        const struct xen_guest_suspend_record *rec,
                        const char *more);

#endif
