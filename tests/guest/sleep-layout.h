/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offsets in struct sleep_call (guest.h), for start.S, and in struct
 * sleep_call32 (aarch32.c), for start32.S; the C code checks them.
 */
#ifndef SLEEP_LAYOUT_H
#define SLEEP_LAYOUT_H

#define SLEEP_ARG        0
#define SLEEP_SMC        32
#define SLEEP_RESUMED    40
#define SLEEP_SAVED      48
#define SLEEP_X          160
#define SLEEP_ENTRY      416
#define SLEEP_Q          480

#define SLEEP32_SMC      16
#define SLEEP32_RESUMED  20
#define SLEEP32_RESULT   24
#define SLEEP32_SAVED    28
#define SLEEP32_ENTRY    68
#define SLEEP32_KEPT     92

/* What resume_entry and the instruction before it leave behind. */
#define MARK_AT_ENTRY    0x600d
#define MARK_BEFORE      0x0bad

#endif
