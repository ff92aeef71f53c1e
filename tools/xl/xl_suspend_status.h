/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_suspend_status.h: what suspend-status was asked for.
 */

#ifndef XL_SUSPEND_STATUS_H
#define XL_SUSPEND_STATUS_H

#include "xl.h"
#include "xl_domains.h"

struct xl_status_request {
    bool all, json, metrics, quiet, watch;
    bool wait;
    libxl_guest_suspend_state wait_state;
    uint64_t after;                 /* a seq; 0: none */
    bool has_timeout;
    int timeout_ms;
    const char **names;
    int nr_names;
};

/*
 * Said of a record that tells that this hypervisor reports no changes, before
 * waiting for one.
 */
void xl_say_polling(const libxl_guest_suspend_info *info);

/* suspend-status --watch */
int xl_suspend_watch(const struct xl_status_request *request,
                     struct xl_domains *domains);

#endif
