/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_time.c: see guest_suspend_time.h.
 */

#include "guest_suspend_time.h"

#include <inttypes.h>
#include <stdio.h>

#define NR_NANO_DIGITS 9

int64_t gsuspend_time_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * GSUSPEND_NS_PER_S + now.tv_nsec;
}

int64_t gsuspend_time_since(int64_t time_now, uint64_t now_ns,
                            uint64_t since_ns)
{
    /* The clocks of two CPUs may differ a little. */
    uint64_t age_ns = now_ns > since_ns ? now_ns - since_ns : 0;
    int64_t result;

    if (age_ns > INT64_MAX ||
        __builtin_sub_overflow(time_now, (int64_t)age_ns, &result))
        return INT64_MIN;

    return result;
}

time_t gsuspend_time_split(int64_t time_ns, uint32_t *rest_ns)
{
    int64_t seconds = time_ns / GSUSPEND_NS_PER_S;
    int64_t rest = time_ns % GSUSPEND_NS_PER_S;

    /* C rounds towards 0. */
    if (rest < 0) {
        seconds--;
        rest += GSUSPEND_NS_PER_S;
    }

    *rest_ns = (uint32_t)rest;
    return (time_t)seconds;
}

void gsuspend_time_format(int64_t time_ns, char text[GSUSPEND_TIME_SIZE])
{
    /* Unsigned: -INT64_MIN is no int64_t. */
    uint64_t size = time_ns < 0 ? -(uint64_t)time_ns : (uint64_t)time_ns;

    snprintf(text, GSUSPEND_TIME_SIZE, "%s%" PRIu64 ".%09" PRIu64,
             time_ns < 0 ? "-" : "", size / GSUSPEND_NS_PER_S,
             size % GSUSPEND_NS_PER_S);
}

bool gsuspend_time_parse(const char *text, int64_t *time_ns)
{
    bool negative = *text == '-';
    const char *at = text + negative, *point = NULL;
    uint64_t size = 0, limit = (uint64_t)INT64_MAX + negative;

    for (; *at && *at != ' '; at++) {
        unsigned int digit = (unsigned int)(*at - '0');

        if (*at == '.' && !point) {
            point = at;
            continue;
        }
        if (digit > 9 || size > (limit - digit) / 10)
            return false;
        size = size * 10 + digit;
    }
    if (!point || point == text + negative ||
        at - point - 1 != NR_NANO_DIGITS)
        return false;

    *time_ns = negative ? (int64_t)-size : (int64_t)size;
    return true;
}
