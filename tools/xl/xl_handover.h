/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_handover.h: the xl that comes with Xen, for all that is not ours.
 */

#ifndef XL_HANDOVER_H
#define XL_HANDOVER_H

#include <sys/types.h>

/*
 * Become the stock xl, with argv as it is.  Returns only on failure, which has
 * been said then: the exit status.
 */
int xl_handover(char **argv);

/*
 * Let the stock xl run as a child, and give its exit status.  Where a signal
 * ended it, the same signal ends us.
 */
int xl_run_stock(char **argv);

/*
 * Let the stock xl run as a child, to be waited for: its pid.  -1: there is none,
 * and why has been said.
 */
pid_t xl_start_stock(char **argv);

#endif
