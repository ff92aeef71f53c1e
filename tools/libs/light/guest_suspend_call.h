/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_call.h: XEN_DOMCTL_guest_suspend, one C function per operation.
 *
 * The small core that the library and the daemon share; it is linked into each
 * and not exported.  It stands on libxencall alone, whose interface is the same
 * in every Xen version, and so is the domctl's: one binary serves them all.
 *
 * Errors: NULL or -1 with errno set, and nothing is printed.  errno is what
 * the hypercall's contract in public/guest_suspend.h says, or:
 *   ENOSYS   this hypervisor has no guest suspend (however it says so)
 *   ESRCH    also for a domid that no domain can have
 *   EPROTO   the hypervisor answered what it never may
 *   ENOMEM, and what the privcmd driver gives
 * An XSM policy's refusal is EPERM throughout.
 *
 * Threads: a handle may be used by several at once.
 * Fork: the child must not use an inherited handle, but may close it.
 */

#ifndef GUEST_SUSPEND_CALL_H
#define GUEST_SUSPEND_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include "public/guest_suspend.h"

struct xentoollog_logger;
struct gsuspend_call;

/*
 * logger gets what libxencall logs while opening; NULL: no logger.  It must
 * outlive the handle.
 */
struct gsuspend_call *gsuspend_call_open(struct xentoollog_logger *logger);

/* Keeps errno.  NULL is harmless. */
void gsuspend_call_close(struct gsuspend_call *call);

/* The record of one domain. */
int gsuspend_call_get(struct gsuspend_call *call, uint32_t domid,
                      struct xen_guest_suspend_record *out);

/* What fits in a page of libxencall's: it maps and unmaps larger buffers. */
#define GSUSPEND_LIST_ROOM \
    ((uint32_t)(4096 / sizeof(struct xen_guest_suspend_record)))

/*
 * One call of a listing: records whose seq is after after_seq, in the order of
 * seq, up to room of them.  *nr_out is their number; 0: the listing has ended.
 * after_seq 0 begins with every domain.  room 0 is EINVAL: it would look like
 * the end.
 *
 * *until_seq bounds the listing.  Begin with 0, and pass what comes back to the
 * next call, together with the seq of the last record.  No record is later than
 * the bound, so that each domain comes once at the most, and the listing ends.
 * An older hypervisor leaves *until_seq at 0: there a domain that changes
 * meanwhile comes again, and a guest that changes all the time comes without end.
 */
int gsuspend_call_list(struct gsuspend_call *call, uint64_t after_seq,
                       uint64_t *until_seq,
                       struct xen_guest_suspend_record *records, uint32_t room,
                       uint32_t *nr_out);

/*
 * The same, of the records that have a wake_due.  EOPNOTSUPP: this hypervisor has no
 * such wakes.
 */
int gsuspend_call_list_due(struct gsuspend_call *call, uint64_t after_seq,
                           uint64_t *until_seq,
                           struct xen_guest_suspend_record *records,
                           uint32_t room, uint32_t *nr_out);

/*
 * Wake.  flags: XEN_GUEST_SUSPEND_RESUME_*; virq: 0 without ..._RESUME_VIRQ;
 * seq, instance: those expected, or 0; out: the record after it, or NULL.
 */
int gsuspend_call_resume(struct gsuspend_call *call, uint32_t domid,
                         uint32_t flags, uint32_t virq,
                         uint64_t seq, uint64_t instance,
                         struct xen_guest_suspend_record *out);

/*
 * x86, on any hypervisor: whether an HVM or PVH domain is in ACPI S3.  EINVAL:
 * a PV domain, which has no such state.  EPERM: also for the caller's own.
 */
int gsuspend_call_in_s3(struct gsuspend_call *call, uint32_t domid,
                        bool *in_s3);

/*
 * Whether a domain has shut down with SHUTDOWN_suspend; and let a domain that has
 * shut down, for whatever reason, go on.  These calls are not stable.  ENOSYS: the
 * hypervisor is none of Xen 4.17 to 4.22.
 */
int gsuspend_call_in_shutdown_suspend(struct gsuspend_call *call,
                                      uint32_t domid, bool *in_suspend);
int gsuspend_call_end_shutdown(struct gsuspend_call *call, uint32_t domid);

#endif
