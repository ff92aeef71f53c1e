/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen on Arm: current is in xen/sched.h. */

#ifndef FAKE_ASM_CURRENT_H
#define FAKE_ASM_CURRENT_H

#include <xen/sched.h>

#endif
