/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen on Arm: PSCI's answers. */

#ifndef FAKE_ASM_PSCI_H
#define FAKE_ASM_PSCI_H

#define PSCI_SUCCESS           0
#define PSCI_NOT_SUPPORTED    -1
#define PSCI_DENIED           -3
#define PSCI_INVALID_ADDRESS  -9

#endif
