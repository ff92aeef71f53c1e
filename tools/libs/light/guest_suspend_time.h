/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_time.h: times of day.
 *
 * The hypervisor's times count from the host's boot.  xensuspendd computes the
 * time of day of each change once, and publishes it; xl shows what is published.
 * Both use these functions.  They are linked into each, and are not exported.
 *
 * A time of day is a number of ns since 1970-01-01T00:00:00Z, and signed: a
 * board without a battery-backed clock may be before 1970.
 */

#ifndef GUEST_SUSPEND_TIME_H
#define GUEST_SUSPEND_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define GSUSPEND_NS_PER_S 1000000000

/* The time of day now. */
int64_t gsuspend_time_now(void);

/*
 * The time of day at which a state began.  time_now is the time of day at which
 * the record was read; now_ns and since_ns are the record's.
 */
int64_t gsuspend_time_since(int64_t time_now, uint64_t now_ns,
                            uint64_t since_ns);

/*
 * Seconds, rounded down, and the rest, 0 to 999999999: -5.25 s is -6 s and
 * 750000000 ns.
 */
time_t gsuspend_time_split(int64_t time_ns, uint32_t *rest_ns);

/*
 * "SECONDS.NANOSECONDS", the form in xenstore and in hooks' environment.  It is
 * a decimal number of seconds: "-5.250000000" is 5.25 s before 1970.
 */
#define GSUSPEND_TIME_SIZE 24
void gsuspend_time_format(int64_t time_ns, char text[GSUSPEND_TIME_SIZE]);

/*
 * Read what gsuspend_time_format() writes; the text may go on after a blank.
 * False: text is nothing of that kind.
 */
bool gsuspend_time_parse(const char *text, int64_t *time_ns);

#endif
