/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen on Arm: bits of a timer's control register. */

#ifndef FAKE_ASM_TIME_H
#define FAKE_ASM_TIME_H

#define CNTx_CTL_ENABLE   (1U << 0)
#define CNTx_CTL_MASK     (1U << 1)
#define CNTx_CTL_PENDING  (1U << 2)

#endif
