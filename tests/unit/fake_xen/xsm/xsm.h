/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: XSM's hook, asked for each record of a list. */

#ifndef FAKE_XEN_XSM_H
#define FAKE_XEN_XSM_H

#include <xen/sched.h>

#define xsm_domctl_guest_suspend(action, d, op) fake_xsm(d, op)
int fake_xsm(struct domain *d, uint32_t op);

#endif
