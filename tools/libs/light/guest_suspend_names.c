/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_names.c: see guest_suspend_names.h.
 */

#include "guest_suspend_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include "public/guest_suspend.h"

const char *const gsuspend_state_names[] = {
    [XEN_GUEST_SUSPEND_STATE_RUNNING] = "running",
    [XEN_GUEST_SUSPEND_STATE_SUSPENDED] = "suspended",
    NULL
};

const char *const gsuspend_kind_names[] = {
    [XEN_GUEST_SUSPEND_KIND_NONE] = "none",
    [XEN_GUEST_SUSPEND_KIND_PSCI] = "psci",
    [XEN_GUEST_SUSPEND_KIND_ACPI_S3] = "acpi-s3",
    NULL
};

const char *const gsuspend_wake_names[] = {
    [XEN_GUEST_SUSPEND_WAKE_NONE] = "none",
    [XEN_GUEST_SUSPEND_WAKE_INTERRUPT] = "interrupt",
    [XEN_GUEST_SUSPEND_WAKE_TOOLSTACK] = "toolstack",
    [XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL] = "device-model",
    [XEN_GUEST_SUSPEND_WAKE_SHUTDOWN] = "shutdown",
    [XEN_GUEST_SUSPEND_WAKE_DESTROY] = "destroy",
    [XEN_GUEST_SUSPEND_WAKE_ALARM] = "alarm",
    NULL
};

const char *const gsuspend_denied_names[] = {
    [XEN_GUEST_SUSPEND_DENIED_NONE] = "none",
    [XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE] = "vcpu-online",
    [XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY] = "bad-entry",
    [XEN_GUEST_SUSPEND_DENIED_UNSUPPORTED] = "unsupported",
    [XEN_GUEST_SUSPEND_DENIED_SHUTDOWN] = "shutdown",
    NULL
};

const char *gsuspend_name(const char *const *names, unsigned int value)
{
    unsigned int i;

    /* The end comes first: value may be anything. */
    for (i = 0; names[i]; i++)
        if (i == value)
            return names[i];

    return "unknown";
}

/* Not tolower(): to a Turkish program, "I" is no capital "i". */
static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool same_word(const char *word, const char *name)
{
    while (*word && *word == lower(*name)) {
        word++;
        name++;
    }

    return !*word && !*name;
}

int gsuspend_value(const char *const *names, const char *name)
{
    int i;

    for (i = 0; name && names[i]; i++)
        if (same_word(names[i], name))
            return i;

    return -1;
}
