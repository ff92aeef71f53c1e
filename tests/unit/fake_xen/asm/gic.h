/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen on Arm: the list registers are the test's. */

#ifndef FAKE_ASM_GIC_H
#define FAKE_ASM_GIC_H

#include <xen/config.h>

#define NR_GIC_SGI 16

struct gic_lr {
    bool pending;
};

struct gic_hw_operations {
    void (*read_lr)(int lr, struct gic_lr *lr_reg);
};

extern const struct gic_hw_operations *gic_hw_ops;

#endif
