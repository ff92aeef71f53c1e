/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_mark.h: how a hand-over that leads back to us is noticed.
 */

#ifndef XL_MARK_H
#define XL_MARK_H

/*
 * This environment variable holds the pid of the process that last handed
 * over.  exec keeps the pid: a process that finds its own pid there has handed
 * over to itself, directly or through a wrapper, and would do so without end.
 */
#define XL_MARK "XEN_GUEST_SUSPEND_XL_PID"

#endif
