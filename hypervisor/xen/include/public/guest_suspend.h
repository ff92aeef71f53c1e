/* SPDX-License-Identifier: MIT */
/******************************************************************************
 * guest_suspend.h
 *
 * Guest suspend: the state of a domain that put itself to sleep, and the
 * toolstack's means to see and to end that sleep.
 *
 * A domain enters the suspended state by its own doing: on Arm through PSCI
 * SYSTEM_SUSPEND (Arm DEN0022, section "SYSTEM_SUSPEND"), on x86 HVM through
 * ACPI S3.  It leaves it on an interrupt of its own that it left enabled
 * (Arm), through its device model (x86), or on the toolstack's word.  On x86
 * an alarm of the domain's own makes a wake due, for the toolstack to have the
 * device model do it: see wake_due below.  The state is no shutdown: none of
 * XEN_DOMINF_shutdown, SHUTDOWN_suspend and @releaseDomain takes part in it.
 * Such a domain shows as blocked.
 *
 * This is the sub-structure of XEN_DOMCTL_guest_suspend, which is a stable
 * interface: callers set xen_domctl.interface_version to 0, whatever Xen
 * version they talk to.  A hypervisor without it answers EACCES or ENOSYS.
 *
 * Whenever a domain's suspend begins or ends, or a wake becomes due,
 * VIRQ_GUEST_SUSPEND is raised.  The event is a hint, and several changes may
 * share one; the records are the truth.  A domain that is being destroyed has
 * no record any more.
 */

#ifndef __XEN_PUBLIC_GUEST_SUSPEND_H__
#define __XEN_PUBLIC_GUEST_SUSPEND_H__

#include "xen.h"

#if defined(__XEN__) || defined(__XEN_TOOLS__)

/*
 * The number of the domctl.  It stands apart from the sequence in domctl.h, so
 * that no release of Xen gives it another meaning while this is out of tree.
 */
#define XEN_DOMCTL_guest_suspend               190

/*
 * The (global) VIRQ that is raised when a domain's suspend begins or ends, and
 * when a wake becomes due.
 */
#define VIRQ_GUEST_SUSPEND                     14

/* xen_guest_suspend_record.state */
#define XEN_GUEST_SUSPEND_STATE_RUNNING        0 /* Anything but suspended. */
#define XEN_GUEST_SUSPEND_STATE_SUSPENDED      1

/* xen_guest_suspend_record.kind: how the domain last entered its suspend. */
#define XEN_GUEST_SUSPEND_KIND_NONE            0 /* It never did. */
#define XEN_GUEST_SUSPEND_KIND_PSCI            1 /* PSCI SYSTEM_SUSPEND */
#define XEN_GUEST_SUSPEND_KIND_ACPI_S3         2 /* ACPI S3 */

/* xen_guest_suspend_record.wake_reason: what ended the last suspend. */
#define XEN_GUEST_SUSPEND_WAKE_NONE            0 /* None has ended yet. */
#define XEN_GUEST_SUSPEND_WAKE_INTERRUPT       1 /* wake_virq, wake_vcpu */
#define XEN_GUEST_SUSPEND_WAKE_TOOLSTACK       2 /* resume, wake_virq if any */
#define XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL    3 /* x86: the device model */
#define XEN_GUEST_SUSPEND_WAKE_SHUTDOWN        4 /* Shut down, or crashed. */
#define XEN_GUEST_SUSPEND_WAKE_DESTROY         5 /* Destroyed. */
#define XEN_GUEST_SUSPEND_WAKE_ALARM           6 /* x86: the RTC's alarm */

/* xen_guest_suspend_record.denied_reason: why the last attempt was refused. */
#define XEN_GUEST_SUSPEND_DENIED_NONE          0 /* None was. */
#define XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE   1 /* Another vCPU is online. */
#define XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY     2 /* Entry point unusable. */
#define XEN_GUEST_SUSPEND_DENIED_UNSUPPORTED   3 /* The hardware domain. */
#define XEN_GUEST_SUSPEND_DENIED_SHUTDOWN      4 /* Shutting down or dying. */

/* xen_guest_suspend_record.wake_virq, where no interrupt took part. */
#define XEN_GUEST_SUSPEND_VIRQ_NONE            0xffffffffU

/*
 * One domain's record.  Times are in ns of Xen's system time, which counts
 * from the host's boot, without the time that the host itself slept.
 */
struct xen_guest_suspend_record {
    /*
     * Value of a host-wide counter at the domain's last change of state; its
     * creation counts as one.  No two changes on a host share a value, and a
     * later change has a larger one.
     */
    uint64_aligned_t seq;
    /*
     * Value of the same counter at the domain's creation: tells apart two
     * domains that had the same domid one after the other.
     */
    uint64_aligned_t instance;
    uint64_aligned_t now_ns;       /* When this record was read. */
    uint64_aligned_t since_ns;     /* When the domain entered its state. */
    uint64_aligned_t asleep_ns;    /* Time suspended, up to now_ns. */
    uint64_aligned_t nr_suspends;  /* Suspends entered. */
    uint64_aligned_t nr_denied;    /* Attempts refused. */
    domid_t domid;
    uint8_t state;                 /* XEN_GUEST_SUSPEND_STATE_* */
    uint8_t kind;                  /* XEN_GUEST_SUSPEND_KIND_* */
    uint8_t wake_reason;           /* XEN_GUEST_SUSPEND_WAKE_* */
    uint8_t denied_reason;         /* XEN_GUEST_SUSPEND_DENIED_* */
    /*
     * XEN_GUEST_SUSPEND_WAKE_ALARM: the domain is suspended, and its alarm has
     * come.  Only the device model can end ACPI S3, so the toolstack has to
     * ask it.  The wake is due until the suspend ends.  If the device model
     * ends it, this is the wake_reason then.  That a wake becomes due is no
     * change of state: seq stays.
     * XEN_GUEST_SUSPEND_WAKE_NONE: no wake is due.
     */
    uint8_t wake_due;
    uint8_t pad0;                  /* Zero. */
    uint32_t wake_virq;            /* vIRQ, or XEN_GUEST_SUSPEND_VIRQ_NONE. */
    uint32_t wake_vcpu;            /* The vCPU that woke. */
    uint64_aligned_t pad1;         /* Zero. */
};
typedef struct xen_guest_suspend_record xen_guest_suspend_record_t;
DEFINE_XEN_GUEST_HANDLE(xen_guest_suspend_record_t);

/*
 * XEN_DOMCTL_guest_suspend
 *
 * Errors of all operations: EPERM (XSM), ESRCH (no such domain), EOPNOTSUPP
 * (unknown op), EINVAL (a pad or flags field that must be zero is not).
 */

/* The record of xen_domctl.domain: u.get. */
#define XEN_GUEST_SUSPEND_OP_GET               0
/*
 * The records whose seq is greater than u.list.after_seq, in the order of seq,
 * as many as there is room for: u.list.  xen_domctl.domain: DOMID_INVALID.
 * after_seq 0 begins with every domain.  Reading clears nothing.  Domains that
 * XSM hides from the caller are left out, and take no room.
 *
 * A listing may take several calls: each continues with the seq of the last
 * record of the one before, until there is none.  until_seq bounds the
 * listing.  The first call passes 0, and gets the seq of the host's last
 * change.  Each later call passes that value back.  No record of a listing is
 * later than until_seq, so that each domain comes once at the most, and the
 * listing ends however often domains change.  A domain that changes before the
 * listing gets to it is not in it: the next one, after until_seq, has it.  A
 * hypervisor that does not know until_seq leaves it at 0, and may give a
 * domain several times.
 */
#define XEN_GUEST_SUSPEND_OP_LIST              1
/*
 * End the suspend of xen_domctl.domain: u.resume.  Errors, in this order:
 * EINVAL      the caller's own domain, an unknown flag, a virq without
 *             XEN_GUEST_SUSPEND_RESUME_VIRQ other than 0
 * EOPNOTSUPP  x86: the domain is woken through its device model
 * EINVAL      the domain is shut down, shutting down or dying
 * ESTALE      instance, or seq, is not 0 and not the domain's
 * ENODATA     the domain is not suspended
 * EOPNOTSUPP  virq is an LPI, and the domain has LPIs
 * EINVAL      virq is out of the domain's range, an SGI, or a PPI other than
 *             the one of the domain's event channels
 * EBUSY       virq is mapped to a physical interrupt
 * ENXIO       virq is routed to a vCPU that is offline
 * On an error nothing has changed.
 */
#define XEN_GUEST_SUSPEND_OP_RESUME            2

/* xen_domctl_guest_suspend.u.resume.flags */
/* Make virq pending, as an edge of its line would, before the domain runs. */
#define XEN_GUEST_SUSPEND_RESUME_VIRQ          (1U << 0)

/*
 * As XEN_GUEST_SUSPEND_OP_LIST, u.list included, but with those records only
 * that have a wake_due.  A hypervisor that has no such wakes answers
 * EOPNOTSUPP: on Arm a domain's own alarm is an interrupt like any other.
 */
#define XEN_GUEST_SUSPEND_OP_LIST_DUE          3

struct xen_domctl_guest_suspend {
    uint32_t op;                   /* IN: XEN_GUEST_SUSPEND_OP_* */
    uint32_t pad;                  /* IN: must be zero. */
    union {
        struct {
            struct xen_guest_suspend_record record; /* OUT */
        } get;
        struct {
            uint64_aligned_t after_seq; /* IN; the call may change it. */
            uint32_t nr;           /* IN: room in records; OUT: how many */
            uint32_t pad;                           /* IN: must be zero. */
            XEN_GUEST_HANDLE_64(xen_guest_suspend_record_t) records; /* OUT */
            /* IN: 0 to begin a listing, or its bound; OUT: its bound. */
            uint64_aligned_t until_seq;
        } list;
        struct {
            uint64_aligned_t seq;       /* IN: expected, or 0: any */
            uint64_aligned_t instance;  /* IN: expected, or 0: any */
            uint32_t flags;        /* IN: XEN_GUEST_SUSPEND_RESUME_* */
            uint32_t virq;         /* IN: with XEN_GUEST_SUSPEND_RESUME_VIRQ */
            struct xen_guest_suspend_record record; /* OUT: after it */
        } resume;
    } u;
};
typedef struct xen_domctl_guest_suspend xen_domctl_guest_suspend_t;

#endif /* __XEN__ || __XEN_TOOLS__ */

#endif /* __XEN_PUBLIC_GUEST_SUSPEND_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
