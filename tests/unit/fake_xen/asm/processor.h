/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen on Arm: system registers are variables of the test. */

#ifndef FAKE_ASM_PROCESSOR_H
#define FAKE_ASM_PROCESSOR_H

#include <xen/config.h>

#define PSR_THUMB           (1U << 5)
#define PSR_BIG_ENDIAN      (1U << 9)
#define PSR_DBG_MASK        (1U << 9)
#define PSR_GUEST32_INIT    0x1d3U
#define PSR_GUEST64_INIT    0x1c5U
#define SCTLR_Axx_ELx_EE    (1U << 25)
#define SCTLR_GUEST_INIT    0x30c50838U

struct fake_sysregs {
    register_t CNTV_CTL_EL0, SCTLR_EL1, TCR_EL1, TTBR0_EL1, TTBR1_EL1;
};

extern struct fake_sysregs fake_sysregs;

#define READ_SYSREG(name) (fake_sysregs.name)
#define WRITE_SYSREG(value, name) ((void)(fake_sysregs.name = (value)))
#define WRITE_SYSREG64(value, name) WRITE_SYSREG(value, name)
#define isb() ((void)0)

#endif
