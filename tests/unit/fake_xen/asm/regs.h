/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen on Arm: a vCPU's own registers, written to fake_arm.regs. */

#ifndef FAKE_ASM_REGS_H
#define FAKE_ASM_REGS_H

#include <xen/sched.h>

struct vcpu_guest_core_regs {
    uint64_t pc64, x0;
    uint32_t r0_usr, cpsr;
};

void vcpu_regs_user_to_hyp(struct vcpu *v,
                           const struct vcpu_guest_core_regs *regs);

#endif
