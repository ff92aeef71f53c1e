/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend.c: the calls of libxl_guest_suspend.h.  Between the hypervisor's
 * records and errno on one side and libxl's types and rc on the other.
 */

#include "libxl_guest_suspend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest_suspend_call.h"
#include "guest_suspend_infos.h"
#include "guest_suspend_list.h"
#include "guest_suspend_names.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_request.h"
#include "guest_suspend_stock.h"
#include "guest_suspend_trigger.h"
#include "guest_suspend_xenstore.h"

/* Vectors from here on are LPIs, in every GIC that has them. */
#define FIRST_LPI 8192

/*
 * A handle is opened for each call.  It costs a few system calls, and in
 * return nothing is shared between threads, nothing leaks into a child, and
 * there is nothing to attach to a ctx that libxl frees without our knowing.
 */
static int call_open(struct gsuspend_call **call_r)
{
    *call_r = gsuspend_call_open(NULL);
    if (*call_r)
        return 0;

    switch (errno) {
    case ENOMEM:
        return ERROR_NOMEM;
    case EMFILE:
    case ENFILE:
        return ERROR_FAIL;
    default:
        return ERROR_GUEST_SUSPEND_NO_HYPERVISOR;
    }
}

static int rc_of_errno(int errnoval)
{
    switch (errnoval) {
    case ESRCH:
        return ERROR_DOMAIN_NOTFOUND;
    case ENOSYS:
        return ERROR_GUEST_SUSPEND_UNSUPPORTED;
    case ENODATA:
        return ERROR_GUEST_SUSPEND_NOT_SUSPENDED;
    case ESTALE:
        return ERROR_GUEST_SUSPEND_STALE;
    case EBUSY:
        return ERROR_GUEST_SUSPEND_VIRQ_BUSY;
    case ENXIO:
        return ERROR_GUEST_SUSPEND_VCPU_OFFLINE;
    case EPERM:
        return ERROR_GUEST_SUSPEND_DENIED;
    case ENOTCONN:
        return ERROR_GUEST_SUSPEND_NO_XENSTORE;
    case ENOMEM:
        return ERROR_NOMEM;
    default:
        return ERROR_FAIL;
    }
}

/* A value of the hypervisor's that has a word, or -1, each type's UNKNOWN. */
static int known(const char *const *names, unsigned int value)
{
    unsigned int i;

    for (i = 0; names[i]; i++)
        if (i == value)
            return (int)value;

    return -1;
}

static void info_from_record(libxl_guest_suspend_info *info,
                             const struct xen_guest_suspend_record *record)
{
    int state = known(gsuspend_state_names, record->state);
    int kind = known(gsuspend_kind_names, record->kind);
    int wake = known(gsuspend_wake_names, record->wake_reason);
    int denied = known(gsuspend_denied_names, record->denied_reason);
    int due = known(gsuspend_wake_names, record->wake_due);

    libxl_guest_suspend_info_init(info);
    info->domid = record->domid;
    info->state = (libxl_guest_suspend_state)state;
    info->seq = record->seq;
    info->instance = record->instance;
    info->now_ns = record->now_ns;
    info->since_ns = record->since_ns;
    info->asleep_ns = record->asleep_ns;
    info->suspends = record->nr_suspends;
    info->denied = record->nr_denied;
    info->kind = (libxl_guest_suspend_kind)kind;
    info->wake_reason = (libxl_guest_suspend_wake)wake;
    info->denied_reason = (libxl_guest_suspend_denied)denied;
    info->wake_due = (libxl_guest_suspend_wake)due;
    if (wake != LIBXL_GUEST_SUSPEND_WAKE_NONE) {
        if (record->wake_virq != XEN_GUEST_SUSPEND_VIRQ_NONE)
            info->wake_virq = record->wake_virq;
        info->wake_vcpu = record->wake_vcpu;
    }
}

static int get_info(struct gsuspend_call *call, libxl_domid domid,
                    libxl_guest_suspend_info *info)
{
    struct xen_guest_suspend_record record;

    if (!gsuspend_call_get(call, domid, &record)) {
        info_from_record(info, &record);
        return 0;
    }
    if (errno == ENOSYS && !gsuspend_stock_state(call, domid, info))
        return 0;

    return rc_of_errno(errno);
}

int libxl_domain_suspend_state(libxl_ctx *ctx, libxl_domid domid,
                               libxl_guest_suspend_info *info_r)
{
    struct gsuspend_call *call = NULL;
    int rc;

    (void)ctx;

    rc = call_open(&call);
    if (rc)
        goto out;

    rc = get_info(call, domid, info_r);

 out:
    gsuspend_call_close(call);
    return rc;
}

/* The records as libxl's; *list_r is not NULL. */
static int infos_from_records(const struct xen_guest_suspend_record *records,
                              uint32_t nr, libxl_guest_suspend_info **list_r)
{
    libxl_guest_suspend_info *list;
    uint32_t i;

    /* One to spare: an empty list is not NULL. */
    list = calloc((size_t)nr + 1, sizeof(*list));
    if (!list)
        return ERROR_NOMEM;
    for (i = 0; i < nr; i++)
        info_from_record(&list[i], &records[i]);

    *list_r = list;
    return 0;
}

/* Without the patch. */
static int list_stock(struct gsuspend_call *call, uint64_t after_seq,
                      int64_t deadline_ms, libxl_guest_suspend_info **list_r,
                      uint32_t *nr_r)
{
    if (after_seq)
        return ERROR_GUEST_SUSPEND_NO_SEQ;
    if (gsuspend_stock_list(call, deadline_ms, list_r, nr_r))
        return rc_of_errno(errno);

    return 0;
}

libxl_guest_suspend_info *gsuspend_list_infos(uint64_t after_seq,
                                              int64_t deadline_ms, int *nb_r)
{
    struct gsuspend_call *call = NULL;
    struct xen_guest_suspend_record *records = NULL;
    libxl_guest_suspend_info *list = NULL;
    uint32_t nr = 0;
    int rc, saved_errno;

    rc = call_open(&call);
    if (rc)
        goto out;

    rc = gsuspend_list(call, after_seq, &records, &nr) ? rc_of_errno(errno) : 0;
    if (!rc)
        rc = infos_from_records(records, nr, &list);
    else if (rc == ERROR_GUEST_SUSPEND_UNSUPPORTED)
        rc = list_stock(call, after_seq, deadline_ms, &list, &nr);

 out:
    saved_errno = errno;
    free(records);
    gsuspend_call_close(call);
    *nb_r = list ? (int)nr : rc;
    errno = saved_errno;
    return list;
}

libxl_guest_suspend_info *
libxl_list_domain_suspend_state(libxl_ctx *ctx, uint64_t after_seq, int *nb_r)
{
    (void)ctx;
    return gsuspend_list_infos(after_seq,
                               gsuspend_now_ms() + GSUSPEND_XENSTORE_MS, nb_r);
}

void libxl_guest_suspend_info_list_free(libxl_guest_suspend_info *list, int nb)
{
    int i;

    if (!list)
        return;

    for (i = 0; i < nb; i++)
        libxl_guest_suspend_info_dispose(&list[i]);
    free(list);
}

/*
 * EINVAL has several reasons.  The hypervisor looks at the domain first, then at
 * the seq, and at the vIRQ last; and no sleep has this seq.
 */
static int rc_of_einval(struct gsuspend_call *call, libxl_domid domid)
{
    struct xen_guest_suspend_record record;

    if (gsuspend_call_resume(call, domid, 0, 0, UINT64_MAX, 0, NULL) &&
        errno == ESTALE)
        return ERROR_GUEST_SUSPEND_BAD_VIRQ;
    /* One that dies has no record. */
    if (gsuspend_call_get(call, domid, &record) && errno == ESRCH)
        return ERROR_DOMAIN_NOTFOUND;

    return ERROR_GUEST_SUSPEND_SHUT_DOWN;
}

/* What was asked for, where the hypervisor itself does not check it. */
static int check_sleep(const libxl_guest_suspend_info *info, uint32_t virq,
                       const libxl_domain_resume_virq_opts *opts)
{
    uint64_t seq = opts ? opts->seq : 0;
    uint64_t instance = opts ? opts->instance : 0;

    if (info->seq == LIBXL_GUEST_SUSPEND_UNKNOWN && (seq || instance))
        return ERROR_GUEST_SUSPEND_NO_SEQ;
    if ((seq && seq != info->seq) || (instance && instance != info->instance))
        return ERROR_GUEST_SUSPEND_STALE;
    if (info->state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
        return ERROR_GUEST_SUSPEND_NOT_SUSPENDED;
    if (virq != LIBXL_RESUME_VIRQ_NONE)
        return ERROR_GUEST_SUSPEND_NO_VIRQ;

    return 0;
}

/* Arm, without the patch */
static int resume_stock(struct gsuspend_call *call, libxl_domid domid,
                        uint32_t virq,
                        const libxl_domain_resume_virq_opts *opts)
{
    libxl_guest_suspend_info info;
    int rc;

    rc = get_info(call, domid, &info);
    if (!rc)
        rc = check_sleep(&info, virq, opts);
    if (rc)
        return rc;

    if (gsuspend_stock_wake(call, domid,
                            gsuspend_now_ms() + GSUSPEND_XENSTORE_MS))
        return rc_of_errno(errno);

    return 0;
}

/* x86 */
static int resume_by_device_model(libxl_ctx *ctx, struct gsuspend_call *call,
                                  libxl_domid domid, uint32_t virq,
                                  const libxl_domain_resume_virq_opts *opts)
{
    int64_t deadline_ms = gsuspend_now_ms() +
                          LIBXL_GUEST_SUSPEND_DEVICE_MODEL_MS, left_ms;
    libxl_guest_suspend_info info;
    bool has_seq;
    int rc;

    rc = get_info(call, domid, &info);
    if (!rc)
        rc = check_sleep(&info, virq, opts);
    if (rc)
        return rc;
    if (!ctx || !gsuspend_has_trigger())
        return ERROR_GUEST_SUSPEND_DEVICE_MODEL;

    has_seq = info.seq != LIBXL_GUEST_SUSPEND_UNKNOWN;
    rc = gsuspend_trigger_s3resume(ctx, domid, deadline_ms);
    if (rc)
        return rc;

    /* The device model has taken the order, and may yet fail to follow it. */
    left_ms = deadline_ms - gsuspend_now_ms();
    rc = libxl_domain_suspend_wait(NULL, domid,
                                   LIBXL_GUEST_SUSPEND_STATE_RUNNING,
                                   has_seq ? info.seq : 0,
                                   left_ms > 0 ? (int)left_ms : 0, NULL);
    return rc == ERROR_DOMAIN_NOTFOUND ? ERROR_DOMAIN_DESTROYED : rc;
}

int libxl_domain_resume_virq(libxl_ctx *ctx, libxl_domid domid, uint32_t virq,
                             const libxl_domain_resume_virq_opts *opts)
{
    struct gsuspend_call *call = NULL;
    bool inject = virq != LIBXL_RESUME_VIRQ_NONE;
    libxl_guest_suspend_info info;
    size_t i;
    int rc;

    for (i = 0; opts && i < sizeof(opts->reserved) / sizeof(uint64_t); i++) {
        if (opts->reserved[i]) {
            rc = ERROR_INVAL;
            goto out;
        }
    }

    rc = call_open(&call);
    if (rc)
        goto out;

    if (!get_info(call, domid, &info) &&
        info.state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
        gsuspend_request_clear(domid);

    if (!gsuspend_call_resume(call, domid,
                              inject ? XEN_GUEST_SUSPEND_RESUME_VIRQ : 0,
                              inject ? virq : 0, opts ? opts->seq : 0,
                              opts ? opts->instance : 0, NULL))
        rc = 0;
    else if (gsuspend_x86 && (errno == EOPNOTSUPP || errno == ENOSYS))
        rc = resume_by_device_model(ctx, call, domid, virq, opts);
    else if (errno == ENOSYS)
        rc = resume_stock(call, domid, virq, opts);
    else if (errno == EOPNOTSUPP && inject && virq >= FIRST_LPI)
        rc = ERROR_GUEST_SUSPEND_VIRQ_LPI;
    else if (errno == EINVAL)
        rc = rc_of_einval(call, domid);
    else
        rc = rc_of_errno(errno);

 out:
    gsuspend_call_close(call);
    return rc;
}
