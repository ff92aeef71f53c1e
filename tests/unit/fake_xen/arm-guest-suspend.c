/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's arch/arm/guest-suspend.c as it is, built for user space
 * against the fake headers beside this file.
 */

/* Xen builds without this warning. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Found from the directory of Xen's headers, which the build names. */
#include "../arch/arm/guest-suspend.c"
