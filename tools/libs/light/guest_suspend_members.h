/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_members.h: what a record is in JSON: its members, in their
 * order.  For the library, which writes them with yajl as libxl does, and for xl,
 * which does without: merely to load yajl was 7 % of "xl suspend-status DOMID".
 */

#ifndef GUEST_SUSPEND_MEMBERS_H
#define GUEST_SUSPEND_MEMBERS_H

#include "libxl_guest_suspend.h"

struct gsuspend_member {
    const char *key;
    const char *text;               /* a string; or NULL, and then */
    uint64_t number;                /* LIBXL_GUEST_SUSPEND_UNKNOWN is null */
};

#define GSUSPEND_INFO_MEMBERS 15

void gsuspend_info_members(const libxl_guest_suspend_info *info,
                           struct gsuspend_member out[GSUSPEND_INFO_MEMBERS]);

#endif
