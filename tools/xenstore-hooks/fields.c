/* SPDX-License-Identifier: GPL-2.0-only */
/* A record in words; see fields.h. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "guest_suspend_names.h"

#include "fields.h"

#define NS_PER_S 1000000000U

const char *fields_reason_name(const struct xen_guest_suspend_record *rec)
{
    if (rec->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        return gsuspend_name(gsuspend_kind_names, rec->kind);
    return gsuspend_name(gsuspend_wake_names, rec->wake_reason);
}

__attribute__((format(printf, 3, 4)))
static void put(struct field **next, const char *name, const char *fmt, ...)
{
    struct field *field = (*next)++;
    va_list ap;

    field->name = name;
    va_start(ap, fmt);
    vsnprintf(field->value, sizeof(field->value), fmt, ap);
    va_end(ap);
}

unsigned int fields_of_record(const struct xen_guest_suspend_record *rec,
                              uint64_t since_wall_ns,
                              struct field fields[FIELDS_MAX])
{
    struct field *next = fields;
    uint64_t asleep_ns = rec->asleep_ns;

    /* The hypervisor counts a sleep up to now; what is written cannot tick. */
    if (rec->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        asleep_ns -= rec->now_ns - rec->since_ns;

    put(&next, "state", "%s", gsuspend_name(gsuspend_state_names, rec->state));
    put(&next, "seq", "%"PRIu64, rec->seq);
    put(&next, "instance", "%"PRIu64, rec->instance);
    put(&next, "kind", "%s", gsuspend_name(gsuspend_kind_names, rec->kind));
    put(&next, "since", "%"PRIu64".%09"PRIu64,
        since_wall_ns / NS_PER_S, since_wall_ns % NS_PER_S);
    put(&next, "since-ns", "%"PRIu64, rec->since_ns);
    put(&next, "asleep-ns", "%"PRIu64, asleep_ns);
    put(&next, "suspends", "%"PRIu64, rec->nr_suspends);
    put(&next, "denied", "%"PRIu64, rec->nr_denied);
    put(&next, "denied-reason", "%s",
        gsuspend_name(gsuspend_denied_names, rec->denied_reason));
    put(&next, "wake-reason", "%s",
        gsuspend_name(gsuspend_wake_names, rec->wake_reason));
    if (rec->wake_virq == XEN_GUEST_SUSPEND_VIRQ_NONE)
        put(&next, "wake-virq", "none");
    else
        put(&next, "wake-virq", "%"PRIu32, rec->wake_virq);
    put(&next, "wake-vcpu", "%"PRIu32, rec->wake_vcpu);

    return (unsigned int)(next - fields);
}
