/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soak_ctx.c: test-library-soak.c on a real host.
 */

#include "../../unit/soak.h"

#include <stdio.h>
#include <stdlib.h>

#include <xentoollog.h>

static libxl_ctx *ctxs[SOAK_NR_CTX];
static xentoollog_logger_stdiostream *logger;

libxl_ctx *soak_ctx(unsigned int which)
{
    if (!logger)
        logger = xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
    if (!ctxs[which] &&
        libxl_ctx_alloc(&ctxs[which], LIBXL_VERSION, 0,
                        (xentoollog_logger *)logger)) {
        printf("Bail out! no ctx\n");
        exit(1);
    }
    return ctxs[which];
}

/* The kernel counts files alone, which has been done. */
bool soak_nothing_left(void)
{
    for (unsigned int i = 0; i < SOAK_NR_CTX; i++)
        libxl_ctx_free(ctxs[i]);
    xtl_logger_destroy((xentoollog_logger *)logger);
    return true;
}
