/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_poll.c: see guest_suspend_poll.h.
 */

#include "guest_suspend_poll.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

int64_t gsuspend_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int gsuspend_poll(int fd, short events, int64_t deadline_ms)
{
    struct pollfd pollfd = { .fd = fd, .events = events };
    int64_t left_ms;
    int r;

    do {
        left_ms = -1;
        if (deadline_ms >= 0) {
            left_ms = deadline_ms - gsuspend_now_ms();
            /* Up to the end of the last millisecond, and not in a busy loop. */
            left_ms = left_ms < 0 ? 0 : left_ms + 1;
            if (left_ms > INT_MAX)
                left_ms = INT_MAX;
        }
        r = poll(&pollfd, 1, (int)left_ms);
    } while ((r < 0 && errno == EINTR) ||
             (!r && deadline_ms >= 0 && gsuspend_now_ms() < deadline_ms));

    return r;
}
