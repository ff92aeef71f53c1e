/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_members.c: see guest_suspend_members.h.
 */

#include "guest_suspend_members.h"

#include <string.h>

/* UINT32_MAX stands for "none" in each of the fields. */
static uint64_t u32_or_null(uint32_t value)
{
    return value == UINT32_MAX ? LIBXL_GUEST_SUSPEND_UNKNOWN : value;
}

void gsuspend_info_members(const libxl_guest_suspend_info *info,
                           struct gsuspend_member out[GSUSPEND_INFO_MEMBERS])
{
    /* The order of the structure; only the state, which people look for, is second. */
    const struct gsuspend_member members[] = {
        { "domid", NULL, info->domid },
        { "state", libxl_guest_suspend_state_to_string(info->state), 0 },
        { "seq", NULL, info->seq },
        { "instance", NULL, info->instance },
        { "now_ns", NULL, info->now_ns },
        { "since_ns", NULL, info->since_ns },
        { "asleep_ns", NULL, info->asleep_ns },
        { "suspends", NULL, info->suspends },
        { "denied", NULL, info->denied },
        { "kind", libxl_guest_suspend_kind_to_string(info->kind), 0 },
        { "wake_reason",
          libxl_guest_suspend_wake_to_string(info->wake_reason), 0 },
        { "wake_virq", NULL, u32_or_null(info->wake_virq) },
        { "wake_vcpu", NULL, u32_or_null(info->wake_vcpu) },
        { "denied_reason",
          libxl_guest_suspend_denied_to_string(info->denied_reason), 0 },
        { "wake_due", libxl_guest_suspend_wake_to_string(info->wake_due), 0 },
    };

    _Static_assert(sizeof(members) / sizeof(members[0]) ==
                   GSUSPEND_INFO_MEMBERS, "GSUSPEND_INFO_MEMBERS");
    memcpy(out, members, sizeof(members));
}
