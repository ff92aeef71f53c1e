/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_xencall.h: a libxencall made of variables, linked instead of the real
 * one, to see what a caller passes to the hypervisor byte by byte and to answer
 * as it pleases the test.  Buffers and handles are counted.
 */

#ifndef FAKE_XENCALL_H
#define FAKE_XENCALL_H

#include <stddef.h>
#include <stdint.h>

struct xentoollog_logger;

/* Called with what a hypercall got; its value and errno go to the caller. */
typedef int fake_xencall_handler(unsigned int op, void *arg);

extern fake_xencall_handler *fake_xencall_handler_fn;
/* Those with a command of their own; NULL: ENOSYS. */
typedef int fake_xencall_handler2(unsigned int op, unsigned int cmd, void *arg);
extern fake_xencall_handler2 *fake_xencall_handler2_fn;
extern int fake_xencall_open_errno;     /* not 0: xencall_open fails so */
extern int fake_xencall_alloc_budget;   /* buffers until ENOMEM; -1: no end */

extern unsigned int fake_xencall_nr_open, fake_xencall_nr_buffers;
extern unsigned int fake_xencall_nr_calls;
extern struct xentoollog_logger *fake_xencall_logger; /* of the last open */

/* The size that the buffer at this address was asked for, or 0. */
size_t fake_xencall_buffer_size(const void *buffer);

void fake_xencall_reset(void);

#endif
