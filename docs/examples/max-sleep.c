/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * max-sleep.c: let a guest sleep, but not for longer than so many seconds.
 *
 *   cc -o max-sleep max-sleep.c \
 *       $(pkg-config --cflags --libs xlguestsuspend xenlight xentoollog)
 *   ./max-sleep DOMID SECONDS
 *
 * An example of following guests without polling, and of ending exactly the
 * sleep that was seen.  It ends with the guest.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libxl_guest_suspend.h>
#include <xentoollog.h>

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t deadline_of(const libxl_guest_suspend_info *info, int max_s)
{
    int64_t slept_ms = 0;

    /* Without the patch it is not known when it fell asleep. */
    if (info->since_ns != LIBXL_GUEST_SUSPEND_UNKNOWN)
        slept_ms = (int64_t)(info->now_ns - info->since_ns) / 1000000;
    /* Not a part of a millisecond early: the clock's reading is rounded down. */
    return monotonic_ms() + 1 + (int64_t)max_s * 1000 - slept_ms;
}

static int end_sleep(libxl_ctx *ctx, const libxl_guest_suspend_info *info)
{
    libxl_domain_resume_virq_opts opts;
    uint64_t seq = 0;
    int rc;

    libxl_domain_resume_virq_opts_init(&opts);
    if (info->seq != LIBXL_GUEST_SUSPEND_UNKNOWN) {
        opts.seq = seq = info->seq;
        opts.instance = info->instance;
    }

    rc = libxl_domain_resume_virq(ctx, info->domid, LIBXL_RESUME_VIRQ_NONE,
                                  &opts);
    if (!rc)
        rc = libxl_domain_suspend_wait(ctx, info->domid,
                                       LIBXL_GUEST_SUSPEND_STATE_RUNNING, seq,
                                       LIBXL_GUEST_SUSPEND_FOREVER, NULL);
    if (!rc)
        printf("domain %" PRIu32 ": woken\n", info->domid);

    /* It was quicker: the watch is about to tell. */
    if (rc == ERROR_GUEST_SUSPEND_STALE ||
        rc == ERROR_GUEST_SUSPEND_NOT_SUSPENDED ||
        rc == ERROR_DOMAIN_NOTFOUND || rc == ERROR_DOMAIN_DESTROYED)
        rc = 0;
    return rc;
}

static int follow(libxl_ctx *ctx, libxl_suspend_watch *watch, uint32_t domid,
                  int max_s)
{
    libxl_guest_suspend_info info, sleep;
    int64_t deadline_ms = 0, left_ms;
    int rc, timeout_ms;

    libxl_guest_suspend_info_init(&sleep);
    for (;;) {
        timeout_ms = LIBXL_GUEST_SUSPEND_FOREVER;
        if (sleep.state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED) {
            left_ms = deadline_ms - monotonic_ms();
            timeout_ms = left_ms > 0 ? (int)left_ms : 0;
        }

        /* In an event loop: poll libxl_suspend_watch_fd(), and 0 here. */
        rc = libxl_suspend_watch_next(watch, timeout_ms, &info);
        if (rc == ERROR_TIMEDOUT) {
            rc = end_sleep(ctx, &sleep);
            if (rc)
                return rc;
            libxl_guest_suspend_info_init(&sleep);
            continue;
        }
        if (rc && rc != ERROR_DOMAIN_DESTROYED)
            return rc;
        if (info.domid != domid)
            continue;

        printf("domain %" PRIu32 ": %s\n", domid,
               rc ? "gone" : libxl_guest_suspend_state_to_string(info.state));
        if (rc)
            return 0;
        sleep = info;
        deadline_ms = deadline_of(&sleep, max_s);
    }
}

int main(int argc, char **argv)
{
    libxl_guest_suspend_info info;
    libxl_suspend_watch *watch = NULL;
    xentoollog_logger_stdiostream *logger;
    libxl_ctx *ctx = NULL;
    int rc = ERROR_FAIL, domid, max_s;

    domid = argc == 3 ? atoi(argv[1]) : 0;
    max_s = argc == 3 ? atoi(argv[2]) : 0;
    if (domid < 1 || max_s < 1 || max_s > 86400) {
        fprintf(stderr, "usage: max-sleep DOMID SECONDS\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);

    /* Only x86 needs a ctx, to ask the guest's device model. */
    logger = xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
    if (!logger || libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0,
                                   (xentoollog_logger *)logger))
        goto out;

    rc = libxl_domain_suspend_state(ctx, (uint32_t)domid, &info);
    if (!rc)
        rc = libxl_suspend_watch_open(ctx, 0, &watch);
    if (!rc)
        rc = follow(ctx, watch, (uint32_t)domid, max_s);

out:
    if (rc)
        fprintf(stderr, "max-sleep: domain %d: %s\n", domid,
                libxl_guest_suspend_strerror(rc));
    libxl_suspend_watch_close(watch);
    if (ctx)
        libxl_ctx_free(ctx);
    if (logger)
        xtl_logger_destroy((xentoollog_logger *)logger);
    return rc ? 1 : 0;
}
