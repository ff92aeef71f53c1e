/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes in the log; see changes.h. */

#include <inttypes.h>
#include <stdio.h>

#include "guest_suspend_names.h"

#include "changes.h"
#include "fields.h"
#include "log.h"

void changes_log_record(const struct domain *domain,
                        const struct xen_guest_suspend_record *rec,
                        const char *more)
{
    char name[LOG_NAME_MAX + 4];

    log_msg(LOG_INFO, "domain=\"%s\" domid=%"PRIu32" state=%s seq=%"PRIu64
            " suspends=%"PRIu64" reason=%s%s", log_name(name, domain->name),
            domain->domid, gsuspend_name(gsuspend_state_names, rec->state),
            rec->seq, rec->nr_suspends, fields_reason_name(rec), more);
}

void changes_log(struct domain *domain, uint64_t now_ms)
{
    char unlogged[40] = "";

    domain->logged_seq = domain->rec.seq;
    if (!bucket_ready(&domain->log_rate, now_ms)) {
        domain->unlogged++;
        return;
    }
    bucket_take(&domain->log_rate, now_ms);
    if (domain->unlogged)
        snprintf(unlogged, sizeof(unlogged), " unlogged=%"PRIu32,
                 domain->unlogged);
    domain->unlogged = 0;
    changes_log_record(domain, &domain->rec, unlogged);
}
