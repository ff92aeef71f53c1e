/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_front_fake.c: xl's front, compiled with paths at which a test can put what
 * it likes.
 */

#include "../../tools/xl/xl_front.c"
