/* SPDX-License-Identifier: GPL-2.0-only */
/* A record in words; see fields.h. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "guest_suspend_names.h"
#include "guest_suspend_time.h"

#include "fields.h"

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

/* The hypervisor counts a sleep up to now; what is written cannot tick. */
static uint64_t past_sleeps_ns(const struct xen_guest_suspend_record *rec)
{
    uint64_t sleep_ns = 0;

    /* The clocks of two CPUs may differ a little. */
    if (rec->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED &&
        rec->now_ns > rec->since_ns)
        sleep_ns = rec->now_ns - rec->since_ns;
    return rec->asleep_ns > sleep_ns ? rec->asleep_ns - sleep_ns : 0;
}

unsigned int fields_of_record(const struct xen_guest_suspend_record *rec,
                              int64_t since_time_ns,
                              struct field fields[FIELDS_MAX])
{
    struct field *next = fields;
    char since[GSUSPEND_TIME_SIZE];

    put(&next, "state", "%s", gsuspend_name(gsuspend_state_names, rec->state));
    put(&next, "seq", "%"PRIu64, rec->seq);
    put(&next, "instance", "%"PRIu64, rec->instance);
    put(&next, "kind", "%s", gsuspend_name(gsuspend_kind_names, rec->kind));
    gsuspend_time_format(since_time_ns, since);
    put(&next, "since", "%s", since);
    put(&next, "since-ns", "%"PRIu64, rec->since_ns);
    put(&next, "asleep-ns", "%"PRIu64, past_sleeps_ns(rec));
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
