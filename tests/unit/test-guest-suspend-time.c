/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Times of day: computed, split, written and read, before 1970 as well.
 */

#include <stdint.h>

#include "guest_suspend_time.h"
#include "tap.h"

#define S GSUSPEND_NS_PER_S

static void test_since(void)
{
    static const struct {
        int64_t time_now;
        uint64_t now_ns, since_ns;
        int64_t wanted;
        const char *what;
    } table[] = {
        { 100LL * S, 30LL * S, 20LL * S, 90LL * S, "ten seconds ago" },
        { 100LL * S, 30LL * S, 30LL * S, 100LL * S, "just now" },
        { 5LL * S, 100LL * S, 0, -95LL * S, "the clock is younger than that" },
        { -5LL * S, 10LL * S, 9LL * S, -6LL * S, "the clock is before 1970" },
        { 100LL * S, 20LL * S, 21LL * S, 100LL * S, "CPUs' clocks differ" },
        { 0, UINT64_MAX, 0, INT64_MIN, "no such time" },
        { INT64_MIN + 1, 2, 0, INT64_MIN, "before all times" },
        { -1, INT64_MAX, 0, INT64_MIN, "the first of all times" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        TAP_EQ_INT(gsuspend_time_since(table[i].time_now, table[i].now_ns,
                                       table[i].since_ns),
                   table[i].wanted, table[i].what);
}

static void test_text(void)
{
    static const struct {
        int64_t time_ns;
        const char *text;
        int64_t seconds;
        uint32_t rest_ns;
    } table[] = {
        { 0, "0.000000000", 0, 0 },
        { 1, "0.000000001", 0, 1 },
        { -1, "-0.000000001", -1, 999999999 },
        { -250000000, "-0.250000000", -1, 750000000 },
        { -5250000000, "-5.250000000", -6, 750000000 },
        { -5000000000, "-5.000000000", -5, 0 },
        { 1500000000123456789, "1500000000.123456789", 1500000000, 123456789 },
        { INT64_MAX, "9223372036.854775807", 9223372036, 854775807 },
        { INT64_MIN, "-9223372036.854775808", -9223372037, 145224192 },
    };
    char text[GSUSPEND_TIME_SIZE];
    uint32_t rest_ns;
    int64_t time_ns;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        gsuspend_time_format(table[i].time_ns, text);
        TAP_EQ_STR(text, table[i].text, "as text");
        time_ns = 42;
        TAP_OK(gsuspend_time_parse(text, &time_ns) &&
               time_ns == table[i].time_ns, "%s is read", text);
        TAP_EQ_INT(gsuspend_time_split(table[i].time_ns, &rest_ns),
                   table[i].seconds, "seconds are rounded down");
        TAP_EQ_INT(rest_ns, table[i].rest_ns, "... and the rest");
    }
}

static void test_nonsense(void)
{
    static const char *const table[] = {
        "", "-", ".", "1", "1.", ".000000001", "-.000000001", "1.00000000",
        "1.0000000000", "1.00000000x", "x.000000000", "--1.000000000",
        "1.000.000000", "+1.000000000", " 1.000000000", "0x1.000000000",
        "9223372036.854775808", "-9223372036.854775809",
        "18446744073.709551616", "99999999999999999999999.000000000",
    };
    int64_t time_ns = 42;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        TAP_OK(!gsuspend_time_parse(table[i], &time_ns) && time_ns == 42,
               "'%s' is no time", table[i]);
    TAP_OK(gsuspend_time_parse("1.000000002 since-ns=3", &time_ns) &&
           time_ns == S + 2, "a time among other fields");
}

int main(void)
{
    struct timespec before, after;
    int64_t now;

    test_since();
    test_text();
    test_nonsense();

    clock_gettime(CLOCK_REALTIME, &before);
    now = gsuspend_time_now();
    clock_gettime(CLOCK_REALTIME, &after);
    TAP_OK(now >= (int64_t)before.tv_sec * S + before.tv_nsec &&
           now <= (int64_t)after.tv_sec * S + after.tv_nsec, "now");
    return tap_done();
}
