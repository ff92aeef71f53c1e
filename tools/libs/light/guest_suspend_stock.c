/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_stock.c: see guest_suspend_stock.h.
 */

#include "guest_suspend_stock.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <xenstore.h>

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
}

int gsuspend_stock_state(struct gsuspend_call *call, uint32_t domid,
                         libxl_guest_suspend_info *info)
{
    bool in_s3 = false;

    if (!gsuspend_call_in_s3(call, domid, &in_s3)) {
        info_of_nothing(info, domid);
        /* That it is not asleep now does not tell whether it ever was. */
        info->state = in_s3 ? LIBXL_GUEST_SUSPEND_STATE_SUSPENDED
                            : LIBXL_GUEST_SUSPEND_STATE_RUNNING;
        if (in_s3)
            info->kind = LIBXL_GUEST_SUSPEND_KIND_ACPI_S3;
        return 0;
    }
    if (errno != EINVAL)
        return -1;

    /* A PV domain has no such state: it runs, and never slept. */
    info_of_nothing(info, domid);
    info->state = LIBXL_GUEST_SUSPEND_STATE_RUNNING;
    info->asleep_ns = info->suspends = info->denied = 0;
    info->kind = LIBXL_GUEST_SUSPEND_KIND_NONE;
    info->wake_reason = LIBXL_GUEST_SUSPEND_WAKE_NONE;
    info->denied_reason = LIBXL_GUEST_SUSPEND_DENIED_NONE;
    return 0;
}

static int by_domid(const void *a, const void *b)
{
    const libxl_guest_suspend_info *x = a, *y = b;

    return (x->domid > y->domid) - (x->domid < y->domid);
}

/* False: no domid. */
static bool parse_domid(const char *text, uint32_t *domid)
{
    unsigned long value;
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno || *end || value >= DOMID_FIRST_RESERVED)
        return false;

    *domid = (uint32_t)value;
    return true;
}

int gsuspend_stock_list(struct gsuspend_call *call,
                        libxl_guest_suspend_info **list_r, uint32_t *nr_r)
{
    struct xs_handle *xs;
    libxl_guest_suspend_info *list = NULL;
    char **ids = NULL;
    unsigned int nr_ids = 0, i;
    uint32_t domid, nr = 0;
    int r = -1, end_fd = -1, saved_errno;

    xs = gsuspend_xenstore_open(&end_fd);
    if (xs)
        ids = xs_directory(xs, XBT_NULL, "/local/domain", &nr_ids);
    if (!ids) {
        errno = errno == ENOMEM ? ENOMEM : ENOTCONN;
        goto out;
    }

    list = malloc(((size_t)nr_ids + 1) * sizeof(*list));
    if (!list)
        goto out;
    for (i = 0; i < nr_ids; i++) {
        if (!parse_domid(ids[i], &domid))
            continue;
        if (!gsuspend_stock_state(call, domid, &list[nr])) {
            nr++;
        } else if (errno == EPERM) {
            /* It is there: the caller's own, or one that XSM hides. */
            info_of_nothing(&list[nr++], domid);
        } else if (errno != ESRCH) {
            goto out;
        }
    }
    qsort(list, nr, sizeof(*list), by_domid);

    *list_r = list;
    list = NULL;
    *nr_r = nr;
    r = 0;

out:
    saved_errno = errno;
    free(list);
    free(ids);
    if (xs)
        xs_close(xs);
    if (end_fd >= 0)
        close(end_fd);
    errno = saved_errno;
    return r;
}
