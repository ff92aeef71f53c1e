/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_handover_fake.c: xl's hand-over, compiled with a path to the stock xl at
 * which a test can put what it likes.
 */

#include "../../tools/xl/xl_handover.c"
