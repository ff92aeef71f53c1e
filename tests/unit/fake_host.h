/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_host.h: a hypervisor and a xenstore that are read from a text file, for
 * programs of ours that are linked with them instead of the real libraries.
 * Its grammar is in fake_host.c.
 */

#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include "fake_xencall.h"

/* The hypervisor; to be fake_xencall_handler_fn. */
fake_xencall_handler fake_host_hypercall;

#endif
