/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_kernel.h: the system calls of a program without a libc (xl_front.h).
 */

#ifndef XL_KERNEL_H
#define XL_KERNEL_H

#include <stddef.h>

/* Returns only on failure. */
void xl_kernel_execve(const char *path, char **argv, char **env);
int xl_kernel_getpid(void);
void xl_kernel_write(int fd, const char *text, size_t len);

#endif
