/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_stock.c: see guest_suspend_stock.h.
 */

#include "guest_suspend_stock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest_suspend_number.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_xenstore.h"

#if defined(__i386__) || defined(__x86_64__)
bool gsuspend_x86 = true;
#else
bool gsuspend_x86 = false;
#endif

static void info_of_nothing(libxl_guest_suspend_info *info, uint32_t domid)
{
    libxl_guest_suspend_info_init(info);
    info->domid = domid;
    info->seq = info->instance = LIBXL_GUEST_SUSPEND_UNKNOWN;
    info->now_ns = info->since_ns = LIBXL_GUEST_SUSPEND_UNKNOWN;
    info->asleep_ns = LIBXL_GUEST_SUSPEND_UNKNOWN;
    info->suspends = info->denied = LIBXL_GUEST_SUSPEND_UNKNOWN;
    info->kind = LIBXL_GUEST_SUSPEND_KIND_UNKNOWN;
    info->wake_reason = LIBXL_GUEST_SUSPEND_WAKE_UNKNOWN;
    info->denied_reason = LIBXL_GUEST_SUSPEND_DENIED_UNKNOWN;
    info->wake_due = LIBXL_GUEST_SUSPEND_WAKE_UNKNOWN;
}

int gsuspend_stock_state(struct gsuspend_call *call, uint32_t domid,
                         libxl_guest_suspend_info *info)
{
    bool asleep = false;
    int r;

    r = gsuspend_x86 ? gsuspend_call_in_s3(call, domid, &asleep)
                     : gsuspend_call_in_shutdown_suspend(call, domid, &asleep);
    if (!r) {
        info_of_nothing(info, domid);
        /* That it is not asleep now does not tell whether it ever was. */
        info->state = asleep ? LIBXL_GUEST_SUSPEND_STATE_SUSPENDED
                             : LIBXL_GUEST_SUSPEND_STATE_RUNNING;
        if (asleep)
            info->kind = gsuspend_x86 ? LIBXL_GUEST_SUSPEND_KIND_ACPI_S3
                                      : LIBXL_GUEST_SUSPEND_KIND_PSCI;
        return 0;
    }
    if (!gsuspend_x86 || errno != EINVAL)
        return -1;

    /* A PV domain has no such state: it runs, and never slept. */
    info_of_nothing(info, domid);
    info->state = LIBXL_GUEST_SUSPEND_STATE_RUNNING;
    info->asleep_ns = info->suspends = info->denied = 0;
    info->kind = LIBXL_GUEST_SUSPEND_KIND_NONE;
    info->wake_reason = LIBXL_GUEST_SUSPEND_WAKE_NONE;
    info->denied_reason = LIBXL_GUEST_SUSPEND_DENIED_NONE;
    info->wake_due = LIBXL_GUEST_SUSPEND_WAKE_NONE;
    return 0;
}

int gsuspend_by_domid(const void *a, const void *b)
{
    const libxl_guest_suspend_info *info_a = a, *info_b = b;

    return (info_a->domid > info_b->domid) - (info_a->domid < info_b->domid);
}

/* The names of xenstore's /local/domain; NULL: errno. */
static char *read_ids(int64_t deadline_ms, size_t *len_r)
{
    struct gsuspend_xenstore *xs = gsuspend_xenstore_open(deadline_ms);
    char *ids = NULL;

    if (xs)
        ids = gsuspend_xenstore_directory(xs, "/local/domain", deadline_ms,
                                          len_r);
    if (!ids)
        errno = errno == ENOMEM ? ENOMEM : ENOTCONN;
    gsuspend_xenstore_close(xs);
    return ids;
}

/* 0: *nr is one more, or the domain has gone; -1: errno. */
static int add_domain(struct gsuspend_call *call, uint32_t domid,
                      libxl_guest_suspend_info *list, uint32_t *nr)
{
    if (!gsuspend_stock_state(call, domid, &list[*nr])) {
        ++*nr;
        return 0;
    }
    if (errno == EPERM) {
        /* It is there: the caller's own, or one that XSM hides. */
        info_of_nothing(&list[*nr], domid);
        ++*nr;
        return 0;
    }

    return errno == ESRCH ? 0 : -1;
}

int gsuspend_stock_list(struct gsuspend_call *call, int64_t deadline_ms,
                        libxl_guest_suspend_info **list_r, uint32_t *nr_r)
{
    libxl_guest_suspend_info *list = NULL;
    char *ids, *id;
    size_t len = 0, nr_ids = 0;
    uint64_t domid;
    uint32_t nr = 0;
    int r = -1, saved_errno;

    ids = read_ids(deadline_ms, &len);
    if (!ids)
        goto out;

    for (id = ids; id < ids + len; id += strlen(id) + 1)
        nr_ids++;
    list = malloc((nr_ids + 1) * sizeof(*list));
    if (!list)
        goto out;
    for (id = ids; id < ids + len; id += strlen(id) + 1)
        if (gsuspend_parse_number(id, DOMID_FIRST_RESERVED - 1, &domid) &&
            add_domain(call, (uint32_t)domid, list, &nr))
            goto out;
    qsort(list, nr, sizeof(*list), gsuspend_by_domid);

    *list_r = list;
    list = NULL;
    *nr_r = nr;
    r = 0;

 out:
    saved_errno = errno;
    free(list);
    free(ids);
    errno = saved_errno;
    return r;
}

int gsuspend_stock_wake(struct gsuspend_call *call, uint32_t domid,
                        int64_t deadline_ms)
{
    struct gsuspend_xenstore *xs = gsuspend_xenstore_open(deadline_ms);
    int r = -1;

    if (!xs) {
        errno = errno == ENOMEM ? ENOMEM : ENOTCONN;
        return -1;
    }

    if (gsuspend_call_end_shutdown(call, domid))
        goto out;
    /* A domain that has ended meanwhile is unknown to xenstored (ENOENT, EINVAL). */
    if (gsuspend_xenstore_resume(xs, domid, deadline_ms) &&
        errno != ENOENT && errno != EINVAL) {
        errno = ENOTCONN;
        goto out;
    }
    r = 0;

 out:
    gsuspend_xenstore_close(xs);
    return r;
}
