/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fake Xen: an architecture's part in a wake by the toolstack, which the test
 * sets and which checks the order of things.
 */

#ifndef FAKE_XEN_FAKE_ARCH_H
#define FAKE_XEN_FAKE_ARCH_H

#include <xen/sched.h>

struct fake_arch {
    int rc;                     /* What the check of a vIRQ gives... */
    unsigned int target;        /* ... and this vCPU, where that is 0. */
    unsigned int checks, injects;
    uint32_t virq;              /* Of the last of either. */
    const struct vcpu *injected;
};

extern struct fake_arch fake_arch;

#endif
