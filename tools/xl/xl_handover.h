/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_handover.h: the xl that comes with Xen, for all that is not ours.
 */

#ifndef XL_HANDOVER_H
#define XL_HANDOVER_H

#include <stdint.h>

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
 * The same, until a deadline, a time of gsuspend_now_ms().  Then the child is
 * killed: XL_STOCK_TIMED_OUT.
 */
#define XL_STOCK_TIMED_OUT (-1)
int xl_run_stock_until(char **argv, int64_t deadline_ms);

#endif
