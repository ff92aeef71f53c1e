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
_Static_assert((int)LIBXL_GUEST_SUSPEND_WAKE_ALARM ==
               XEN_GUEST_SUSPEND_WAKE_ALARM, "wake reasons");
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
    /* libxl's, in the order of their numbers. */
    { ERROR_NONSPECIFIC, "failed, for a reason that is not told" },
    { ERROR_VERSION, "wrong version" },
    { ERROR_FAIL, "failed" },
    { ERROR_NI, "not implemented" },
    { ERROR_NOMEM, "out of memory" },
    { ERROR_INVAL, "invalid argument" },
    { ERROR_BADFAIL, "failed, and left something half done" },
    { ERROR_GUEST_TIMEDOUT, "the guest did not answer in time" },
    { ERROR_TIMEDOUT, "timed out" },
    { ERROR_NOPARAVIRT, "the guest has no paravirtual drivers for it" },
    { ERROR_NOT_READY, "not ready" },
    { ERROR_OSEVENT_REG_FAIL, "the program's event loop refused an event" },
    { ERROR_BUFFERFULL, "the buffer is too small" },
    { ERROR_UNKNOWN_CHILD, "the process is no child of libxl's" },
    { ERROR_LOCK_FAIL, "cannot take the lock" },
    { ERROR_JSON_CONFIG_EMPTY, "the domain's stored configuration is empty" },
    { ERROR_DEVICE_EXISTS, "the device exists already" },
    { ERROR_CHECKPOINT_DEVOPS_DOES_NOT_MATCH,
      "the checkpoint's way does not suit the device" },
    { ERROR_CHECKPOINT_DEVICE_NOT_SUPPORTED,
      "the device cannot be checkpointed" },
    { ERROR_VNUMA_CONFIG_INVALID, "invalid vNUMA configuration" },
    { ERROR_DOMAIN_NOTFOUND, "no such domain" },
    { ERROR_ABORTED, "aborted" },
    { ERROR_NOTFOUND, "not found" },
    { ERROR_DOMAIN_DESTROYED, "the domain has ceased to exist" },
    { ERROR_FEATURE_REMOVED, "the feature was removed" },
    { ERROR_PROTOCOL_ERROR_QMP, "the device model broke the QMP protocol" },
    { ERROR_UNKNOWN_QMP_ERROR, "unknown QMP error of the device model" },
    { ERROR_QMP_GENERIC_ERROR, "the device model failed (GenericError)" },
    { ERROR_QMP_COMMAND_NOT_FOUND, "the device model has no such command" },
    { ERROR_QMP_DEVICE_NOT_ACTIVE, "the device is not active" },
    { ERROR_QMP_DEVICE_NOT_FOUND, "the device model has no such device" },
    { ERROR_QEMU_API, "the device model's interface is another one" },
    /* Ours */
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
      "a vIRQ wakes a domain only on Arm, and with the guest suspend patch" },
    { ERROR_GUEST_SUSPEND_NO_SEQ,
      "this hypervisor keeps no seq: it lacks the guest suspend patch" },
    { ERROR_GUEST_SUSPEND_NO_XENSTORE,
      "cannot reach xenstore, which knows the domains: is xenstored running?" },
    { ERROR_ABORTED, "interrupted" },
    { ERROR_GUEST_SUSPEND_CANNOT_ASK,
      "the guest cannot be asked: no xen-guest-suspend-agent runs in it" },
    { ERROR_GUEST_SUSPEND_NO_ANSWER,
      "the guest did not answer; its request is withdrawn, unless its button was"
      " pressed" },
    { ERROR_GUEST_SUSPEND_DECLINED,
      "the guest took the request and did not sleep" },
    { ERROR_GUEST_SUSPEND_REQUEST_PENDING,
      "the guest was asked for something else: to power off, to reboot" },
    { ERROR_GUEST_SUSPEND_CONTESTED,
      "the guest writes control/shutdown without end: nobody can ask it" },
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
    p->wake_due = LIBXL_GUEST_SUSPEND_WAKE_NONE;
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

void libxl_domain_suspend_request_opts_init(
    libxl_domain_suspend_request_opts *p)
{
    memset(p, 0, sizeof(*p));
    p->timeout_ms = LIBXL_GUEST_SUSPEND_REQUEST_MS;
    p->cancel_fd = -1;
}

void libxl_domain_suspend_request_opts_dispose(
    libxl_domain_suspend_request_opts *p)
{
    if (p)
        libxl_domain_suspend_request_opts_init(p);
}

void libxl_domain_resume_virq_opts_dispose(libxl_domain_resume_virq_opts *p)
{
    if (p)
        libxl_domain_resume_virq_opts_init(p);
}
