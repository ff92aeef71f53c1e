/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_front.h: the program that is installed as xl.
 *
 * It only decides whose the command is, and becomes the stock xl, or our
 * program.  Nearly every xl command on a host is stock's.  What all of them go
 * through must cost next to nothing: so this program loads no library, and is
 * linked without the libc, whose start is most of what a small program costs.
 */

#ifndef XL_FRONT_H
#define XL_FRONT_H

/* Returns only on failure, which has been said then: the exit status. */
int xl_front(int argc, char **argv, char **env);

#endif
