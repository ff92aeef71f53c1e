/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soak.h: what test-library-soak.c stands on.
 */

#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>

#include <libxl.h>

#define SOAK_NR_CTX 4

/* One of several, made when it is first asked for. */
libxl_ctx *soak_ctx(unsigned int which);

/* To be called last: whether what can be counted is all released. */
bool soak_nothing_left(void);

#endif
