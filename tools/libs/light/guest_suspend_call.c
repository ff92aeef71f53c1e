/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_call.c: see guest_suspend_call.h.
 */

#include "guest_suspend_call.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <xen/domctl.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>
#include <xencall.h>
#include <xentoollog.h>

/*
 * The installed domctl.h does not know our member of its union, and belongs to
 * one Xen version.  The frame of a domctl is the same in every Xen version.
 */
struct gsuspend_domctl {
    uint32_t cmd;
    uint32_t interface_version;
    domid_t domain;
    uint16_t pad[3];
    union {
        struct xen_domctl_guest_suspend guest_suspend;
        struct xen_domctl_getdomaininfo getdomaininfo;
        uint8_t size[128]; /* Xen copies this much in and out. */
    } u;
};

/*
 * XEN_DOMCTL_INTERFACE_VERSION of Xen 4.17 and of Xen 4.22.  Between them,
 * XEN_DOMCTL_resumedomain and the first fields of XEN_DOMCTL_getdomaininfo stay
 * the same.
 */
#define FIRST_INTERFACE_VERSION 0x15
#define LAST_INTERFACE_VERSION 0x18

_Static_assert(offsetof(struct gsuspend_domctl, u) == 16, "frame of a domctl");
_Static_assert(sizeof(struct gsuspend_domctl) == 144, "size of a domctl");
_Static_assert(sizeof(struct xen_guest_suspend_record) == 80, "record");
_Static_assert(offsetof(struct xen_domctl_getdomaininfo, flags) == 4, "flags");

struct gsuspend_call {
    xencall_handle *xcall;
    /* This hypervisor's, for domctls that are not stable; 0: not known yet. */
    _Atomic uint32_t interface_version;
    xentoollog_logger quiet;
};

static void quiet_vmessage(xentoollog_logger *logger, xentoollog_level level,
                           int errnoval, const char *context,
                           const char *format, va_list al)
{
    (void)logger;
    (void)level;
    (void)errnoval;
    (void)context;
    (void)format;
    (void)al;
}

static void quiet_progress(xentoollog_logger *logger, const char *context,
                           const char *doing_what, int percent,
                           unsigned long done, unsigned long total)
{
    (void)logger;
    (void)context;
    (void)doing_what;
    (void)percent;
    (void)done;
    (void)total;
}

/* Part of struct gsuspend_call, which outlives it. */
static void quiet_destroy(xentoollog_logger *logger)
{
    (void)logger;
}

struct gsuspend_call *gsuspend_call_open(struct xentoollog_logger *logger)
{
    struct gsuspend_call *call = calloc(1, sizeof(*call));
    int saved_errno;

    if (!call)
        return NULL;

    /* Left to itself, libxencall would print to stderr. */
    call->quiet.vmessage = quiet_vmessage;
    call->quiet.progress = quiet_progress;
    call->quiet.destroy = quiet_destroy;

    call->xcall = xencall_open(logger ? logger : &call->quiet, 0);
    if (!call->xcall) {
        saved_errno = errno;
        free(call);
        errno = saved_errno;
        return NULL;
    }

    return call;
}

void gsuspend_call_close(struct gsuspend_call *call)
{
    int saved_errno = errno;

    if (!call)
        return;

    xencall_close(call->xcall);
    free(call);
    errno = saved_errno;
}

static struct gsuspend_domctl *domctl_alloc(struct gsuspend_call *call,
                                            domid_t domid, uint32_t op)
{
    struct gsuspend_domctl *domctl;

    domctl = xencall_alloc_buffer(call->xcall, sizeof(*domctl));
    if (!domctl)
        return NULL;

    memset(domctl, 0, sizeof(*domctl));
    domctl->cmd = XEN_DOMCTL_guest_suspend;
    domctl->interface_version = 0; /* stable: the same in every Xen */
    domctl->domain = domid;
    domctl->u.guest_suspend.op = op;

    return domctl;
}

/* Frees what xencall_alloc_buffer gave, and keeps errno. */
static void buffer_free(struct gsuspend_call *call, void *buffer)
{
    int saved_errno = errno;

    if (buffer)
        xencall_free_buffer(call->xcall, buffer);
    errno = saved_errno;
}

static int domctl_call(struct gsuspend_call *call,
                       struct gsuspend_domctl *domctl)
{
    int r = xencall1(call->xcall, __HYPERVISOR_domctl,
                     (uint64_t)(uintptr_t)domctl);

    /*
     * A hypervisor without it refuses the interface version (EACCES), or,
     * where it knows of stable domctls, the command.
     */
    if (r < 0 && errno == EACCES)
        errno = ENOSYS;

    return r < 0 ? -1 : 0;
}

/* Domids are 16 bits wide and the last ones have meanings of their own. */
static int domid_check(uint32_t domid)
{
    if (domid < DOMID_FIRST_RESERVED)
        return 0;

    errno = ESRCH;
    return -1;
}

int gsuspend_call_get(struct gsuspend_call *call, uint32_t domid,
                      struct xen_guest_suspend_record *out)
{
    struct gsuspend_domctl *domctl;
    int r;

    if (domid_check(domid))
        return -1;

    domctl = domctl_alloc(call, domid, XEN_GUEST_SUSPEND_OP_GET);
    if (!domctl)
        return -1;

    r = domctl_call(call, domctl);
    if (!r)
        *out = domctl->u.guest_suspend.u.get.record;

    buffer_free(call, domctl);
    return r;
}

static int call_list(struct gsuspend_call *call, uint32_t op,
                     uint64_t after_seq, uint64_t *until_seq,
                     struct xen_guest_suspend_record *records, uint32_t room,
                     uint32_t *nr_out)
{
    struct gsuspend_domctl *domctl = NULL;
    struct xen_guest_suspend_record *buffer = NULL;
    size_t size;
    uint32_t nr;
    int r = -1;

    if (!room) {
        errno = EINVAL;
        return -1;
    }
    /* There are fewer domains than this; it keeps the product in bounds. */
    if (room > DOMID_FIRST_RESERVED)
        room = DOMID_FIRST_RESERVED;
    size = room * sizeof(*buffer);

    domctl = domctl_alloc(call, DOMID_INVALID, op);
    if (!domctl)
        goto out;

    buffer = xencall_alloc_buffer(call->xcall, size);
    if (!buffer)
        goto out;
    memset(buffer, 0, size);

    domctl->u.guest_suspend.u.list.after_seq = after_seq;
    domctl->u.guest_suspend.u.list.until_seq = *until_seq;
    domctl->u.guest_suspend.u.list.nr = room;
    set_xen_guest_handle_raw(domctl->u.guest_suspend.u.list.records, buffer);

    r = domctl_call(call, domctl);
    if (r)
        goto out;

    nr = domctl->u.guest_suspend.u.list.nr;
    if (nr > room) {
        errno = EPROTO;
        r = -1;
        goto out;
    }
    memcpy(records, buffer, nr * sizeof(*records));
    *nr_out = nr;
    *until_seq = domctl->u.guest_suspend.u.list.until_seq;

 out:
    buffer_free(call, buffer);
    buffer_free(call, domctl);
    return r;
}

int gsuspend_call_list(struct gsuspend_call *call, uint64_t after_seq,
                       uint64_t *until_seq,
                       struct xen_guest_suspend_record *records, uint32_t room,
                       uint32_t *nr_out)
{
    return call_list(call, XEN_GUEST_SUSPEND_OP_LIST, after_seq, until_seq,
                     records, room, nr_out);
}

int gsuspend_call_list_due(struct gsuspend_call *call, uint64_t after_seq,
                           uint64_t *until_seq,
                           struct xen_guest_suspend_record *records,
                           uint32_t room, uint32_t *nr_out)
{
    return call_list(call, XEN_GUEST_SUSPEND_OP_LIST_DUE, after_seq, until_seq,
                     records, room, nr_out);
}

int gsuspend_call_resume(struct gsuspend_call *call, uint32_t domid,
                         uint32_t flags, uint32_t virq,
                         uint64_t seq, uint64_t instance,
                         struct xen_guest_suspend_record *out)
{
    struct gsuspend_domctl *domctl;
    int r;

    if (domid_check(domid))
        return -1;

    domctl = domctl_alloc(call, domid, XEN_GUEST_SUSPEND_OP_RESUME);
    if (!domctl)
        return -1;

    domctl->u.guest_suspend.u.resume.seq = seq;
    domctl->u.guest_suspend.u.resume.instance = instance;
    domctl->u.guest_suspend.u.resume.flags = flags;
    domctl->u.guest_suspend.u.resume.virq = virq;

    r = domctl_call(call, domctl);
    if (!r && out)
        *out = domctl->u.guest_suspend.u.resume.record;

    buffer_free(call, domctl);
    return r;
}

int gsuspend_call_in_s3(struct gsuspend_call *call, uint32_t domid,
                        bool *in_s3)
{
    struct xen_hvm_param *param;
    int r;

    if (domid_check(domid))
        return -1;

    param = xencall_alloc_buffer(call->xcall, sizeof(*param));
    if (!param)
        return -1;

    memset(param, 0, sizeof(*param));
    param->domid = (domid_t)domid;
    param->index = HVM_PARAM_ACPI_S_STATE;
    r = xencall2(call->xcall, __HYPERVISOR_hvm_op, HVMOP_get_param,
                 (uint64_t)(uintptr_t)param);
    if (r < 0) {
        r = -1;
        /* Flask's word for it; EACCES means something else in a domctl. */
        if (errno == EACCES)
            errno = EPERM;
    } else {
        r = 0;
        *in_s3 = param->value == 3;
    }

    buffer_free(call, param);
    return r;
}

/* A domctl that is not stable, and of which *domctl has the rest. */
static int versioned_call(struct gsuspend_call *call,
                          struct gsuspend_domctl *domctl, uint32_t cmd,
                          uint32_t interface_version)
{
    domctl->cmd = cmd;
    domctl->interface_version = interface_version;
    return xencall1(call->xcall, __HYPERVISOR_domctl,
                    (uint64_t)(uintptr_t)domctl) < 0 ? -1 : 0;
}

/*
 * Find the version that the hypervisor takes.  No domain has the domid
 * DOMID_INVALID: EACCES is then the version's, and not Flask's.
 */
static int find_version(struct gsuspend_call *call)
{
    uint32_t version;
    struct gsuspend_domctl *domctl;
    bool found = false;

    if (call->interface_version)
        return 0;

    domctl = domctl_alloc(call, DOMID_INVALID, 0);
    if (!domctl)
        return -1;

    for (version = FIRST_INTERFACE_VERSION;
         !found && version <= LAST_INTERFACE_VERSION; version++) {
        found = !versioned_call(call, domctl, XEN_DOMCTL_getdomaininfo,
                                version) || errno != EACCES;
        if (found)
            call->interface_version = version;
    }

    buffer_free(call, domctl);
    if (found)
        return 0;
    errno = ENOSYS;
    return -1;
}

/* info_r: what XEN_DOMCTL_getdomaininfo gives, or NULL. */
static int call_by_version(struct gsuspend_call *call, uint32_t domid,
                           uint32_t cmd,
                           struct xen_domctl_getdomaininfo *info_r)
{
    struct gsuspend_domctl *domctl;
    int r;

    if (domid_check(domid) || find_version(call))
        return -1;

    domctl = domctl_alloc(call, (domid_t)domid, 0);
    if (!domctl)
        return -1;

    r = versioned_call(call, domctl, cmd, call->interface_version);
    if (r && errno == EACCES)
        errno = EPERM;
    if (!r && info_r)
        *info_r = domctl->u.getdomaininfo;

    buffer_free(call, domctl);
    return r;
}

int gsuspend_call_in_shutdown_suspend(struct gsuspend_call *call,
                                      uint32_t domid, bool *in_suspend)
{
    struct xen_domctl_getdomaininfo info;
    uint32_t code;

    if (call_by_version(call, domid, XEN_DOMCTL_getdomaininfo, &info))
        return -1;

    /* Xen 4.17 gives the next domain where there is none with this domid. */
    if (info.domain != domid || (info.flags & XEN_DOMINF_dying)) {
        errno = ESRCH;
        return -1;
    }
    code = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
    *in_suspend = (info.flags & XEN_DOMINF_shutdown) &&
                  code == SHUTDOWN_suspend;
    return 0;
}

int gsuspend_call_end_shutdown(struct gsuspend_call *call, uint32_t domid)
{
    return call_by_version(call, domid, XEN_DOMCTL_resumedomain, NULL);
}
