/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_wake_first.h: commands of the stock xl that need their guest awake.
 */

#ifndef XL_WAKE_FIRST_H
#define XL_WAKE_FIRST_H

#include <stdbool.h>

/*
 * Before a hand-over to the stock xl: if argv, from the command on, is one that
 * needs its guest awake, and the guest sleeps, wake it and say so on stderr.
 * False: the command must not be handed over, which has been said.
 */
bool xl_wake_first(int argc, char **argv);

#endif
