/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_types.c: the types of libxl_guest_suspend.h: making them, and
 * their words.
 */

#include "libxl_guest_suspend.h"

#include <string.h>

#include "guest_suspend_names.h"

#include <xen/xen.h>
#include "public/guest_suspend.h"

/* The tables of words are the hypervisor's values', and serve ours as well. */
_Static_assert((int)LIBXL_GUEST_SUSPEND_STATE_SUSPENDED ==
               XEN_GUEST_SUSPEND_STATE_SUSPENDED, "states");
_Static_assert((int)LIBXL_GUEST_SUSPEND_KIND_ACPI_S3 ==
               XEN_GUEST_SUSPEND_KIND_ACPI_S3, "kinds");
_Static_assert((int)LIBXL_GUEST_SUSPEND_WAKE_DESTROY ==
               XEN_GUEST_SUSPEND_WAKE_DESTROY, "wake reasons");
_Static_assert((int)LIBXL_GUEST_SUSPEND_DENIED_SHUTDOWN ==
               XEN_GUEST_SUSPEND_DENIED_SHUTDOWN, "reasons of refusal");

#define ENUM_WORDS(type, names)                                            \
    const char *libxl_guest_suspend_##type##_to_string(                    \
        libxl_guest_suspend_##type p)                                      \
    {                                                                      \
        return gsuspend_name(names, (unsigned int)p);                      \
    }                                                                      \
                                                                           \
    int libxl_guest_suspend_##type##_from_string(                          \
        const char *s, libxl_guest_suspend_##type *e)                      \
    {                                                                      \
        int value = gsuspend_value(names, s);                              \
                                                                           \
        if (value < 0)                                                     \
            return ERROR_FAIL;                                             \
        *e = (libxl_guest_suspend_##type)value;                            \
        return 0;                                                          \
    }

ENUM_WORDS(state, gsuspend_state_names)
ENUM_WORDS(kind, gsuspend_kind_names)
ENUM_WORDS(wake, gsuspend_wake_names)
ENUM_WORDS(denied, gsuspend_denied_names)

static const struct {
    int rc;
    const char *words;
} errors[] = {
    { 0, "success" },
    { ERROR_FAIL, "failed" },
    { ERROR_NOMEM, "out of memory" },
    { ERROR_INVAL, "invalid argument" },
    { ERROR_DOMAIN_NOTFOUND, "no such domain" },
    { ERROR_DOMAIN_DESTROYED, "the domain has ceased to exist" },
    { ERROR_TIMEDOUT, "timed out" },
    { ERROR_GUEST_SUSPEND_UNSUPPORTED,
      "this hypervisor has no guest suspend: it lacks the guest suspend patch"
      " (XEN_DOMCTL_guest_suspend)" },
    { ERROR_GUEST_SUSPEND_NOT_SUSPENDED, "not suspended" },
    { ERROR_GUEST_SUSPEND_STALE, "the sleep that was meant is over" },
    { ERROR_GUEST_SUSPEND_VIRQ_BUSY, "the vIRQ belongs to hardware" },
    { ERROR_GUEST_SUSPEND_VCPU_OFFLINE,
      "the vIRQ is routed to a vCPU that is offline" },
    { ERROR_GUEST_SUSPEND_VIRQ_LPI,
      "the vIRQ is an LPI, which cannot be injected" },
    { ERROR_GUEST_SUSPEND_DEVICE_MODEL,
      "the domain wakes through its device model, which libxenlight has to ask"
      " (\"xl trigger DOMAIN wake\" does)" },
    { ERROR_GUEST_SUSPEND_DENIED, "denied by the hypervisor's XSM policy" },
    { ERROR_GUEST_SUSPEND_NO_HYPERVISOR,
      "cannot reach the hypervisor: this needs root in Xen's control domain" },
    { ERROR_GUEST_SUSPEND_BAD_VIRQ,
      "the vIRQ is no shared interrupt of the domain's own" },
    { ERROR_GUEST_SUSPEND_SHUT_DOWN,
      "the domain is shut down, or it is the caller's own" },
    { ERROR_GUEST_SUSPEND_NO_VIRQ,
      "on x86 the device model wakes a domain, and without a vIRQ" },
    { ERROR_GUEST_SUSPEND_NO_SEQ,
      "this hypervisor keeps no seq: it lacks the guest suspend patch" },
    { ERROR_GUEST_SUSPEND_NO_XENSTORE,
      "cannot reach xenstore, which knows the domains: is xenstored running?" },
};

const char *libxl_guest_suspend_strerror(int rc)
{
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].rc == rc)
            return errors[i].words;

    return "unknown error";
}

void libxl_guest_suspend_info_init(libxl_guest_suspend_info *p)
{
    memset(p, 0, sizeof(*p));
    p->domid = (libxl_domid)INVALID_DOMID;
    p->state = LIBXL_GUEST_SUSPEND_STATE_UNKNOWN;
    p->kind = LIBXL_GUEST_SUSPEND_KIND_NONE;
    p->wake_reason = LIBXL_GUEST_SUSPEND_WAKE_NONE;
    p->wake_virq = LIBXL_GUEST_SUSPEND_VIRQ_NONE;
    p->wake_vcpu = LIBXL_GUEST_SUSPEND_VCPU_NONE;
    p->denied_reason = LIBXL_GUEST_SUSPEND_DENIED_NONE;
}

void libxl_guest_suspend_info_dispose(libxl_guest_suspend_info *p)
{
    if (p)
        libxl_guest_suspend_info_init(p);
}

void libxl_domain_resume_virq_opts_init(libxl_domain_resume_virq_opts *p)
{
    memset(p, 0, sizeof(*p));
}

void libxl_domain_resume_virq_opts_dispose(libxl_domain_resume_virq_opts *p)
{
    if (p)
        libxl_domain_resume_virq_opts_init(p);
}
