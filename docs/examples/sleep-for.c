/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sleep-for.c: put a guest to sleep for so many seconds.
 *
 *   cc -o sleep-for sleep-for.c \
 *       $(pkg-config --cflags --libs xlguestsuspend xenlight xentoollog)
 *   ./sleep-for DOMID SECONDS
 *
 * An example of asking a guest to sleep, and of ending that sleep and no other.
 */

#include <stdio.h>
#include <stdlib.h>

#include <libxl_guest_suspend.h>
#include <xentoollog.h>

/* The guest sleeps: end its sleep after so long, unless it ends by itself. */
static int wake_later(libxl_ctx *ctx, uint32_t domid, int seconds)
{
    libxl_domain_resume_virq_opts opts;
    libxl_guest_suspend_info info;
    uint64_t seq = 0;
    int rc;

    rc = libxl_domain_suspend_state(ctx, domid, &info);
    if (rc)
        return rc;
    if (info.state == LIBXL_GUEST_SUSPEND_STATE_RUNNING) {
        printf("it has woken up at once\n");
        return 0;
    }

    /* Without the patch on the host, sleeps have no numbers. */
    libxl_domain_resume_virq_opts_init(&opts);
    if (info.seq != LIBXL_GUEST_SUSPEND_UNKNOWN) {
        opts.seq = seq = info.seq;
        opts.instance = info.instance;
    }
    rc = libxl_domain_suspend_wait(ctx, domid,
                                   LIBXL_GUEST_SUSPEND_STATE_RUNNING, seq,
                                   seconds * 1000, NULL);
    if (rc == ERROR_TIMEDOUT)
        rc = libxl_domain_resume_virq(ctx, domid, LIBXL_RESUME_VIRQ_NONE,
                                      &opts);
    /* Somebody was quicker. */
    if (rc == ERROR_GUEST_SUSPEND_STALE ||
        rc == ERROR_GUEST_SUSPEND_NOT_SUSPENDED)
        rc = 0;
    libxl_domain_resume_virq_opts_dispose(&opts);
    return rc;
}

int main(int argc, char **argv)
{
    xentoollog_logger_stdiostream *logger;
    libxl_ctx *ctx = NULL;
    int rc = ERROR_FAIL, domid, seconds;

    domid = argc == 3 ? atoi(argv[1]) : 0;
    seconds = argc == 3 ? atoi(argv[2]) : 0;
    if (domid < 1 || seconds < 1 || seconds > 86400) {
        fprintf(stderr, "usage: sleep-for DOMID SECONDS\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);

    /* Only x86 needs a ctx, for the guest's button and its device model. */
    logger = xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
    if (!logger || libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0,
                                   (xentoollog_logger *)logger))
        goto out;

    /* It has 30 s, the default. */
    rc = libxl_domain_suspend_request(ctx, (uint32_t)domid, NULL);
    if (!rc) {
        printf("it sleeps\n");
        rc = wake_later(ctx, (uint32_t)domid, seconds);
    }

out:
    if (rc)
        fprintf(stderr, "sleep-for: domain %d: %s\n", domid,
                libxl_guest_suspend_strerror(rc));
    if (ctx)
        libxl_ctx_free(ctx);
    if (logger)
        xtl_logger_destroy((xentoollog_logger *)logger);
    return rc ? 1 : 0;
}
