/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_times.h: times of day, from xensuspendd to xl, in a file.
 *
 * xensuspendd publishes the time of day of each change in xenstore.  To ask
 * xenstore for it costs a request for each domain, and the more there are, the
 * more each request costs.  So xensuspendd writes these times into a file, too:
 * /run/xensuspendd.times, or what $XENSUSPENDD_TIMES names.  To read one is a
 * system call.
 *
 * It counts there, too, what metrics tell of it.
 *
 * The file is a help, and never the truth.  A time is of one change, which its
 * seq, instance and since_ns tell from every other, of whichever domain, boot or
 * daemon.  Whoever finds no file, no such time, or half of one, asks xenstore.
 *
 * It is linked into xensuspendd and xl, and not exported.
 */

#ifndef GUEST_SUSPEND_TIMES_H
#define GUEST_SUSPEND_TIMES_H

#include <stdbool.h>
#include <stdint.h>

/* A change of a domain's state, as its record has it. */
struct gsuspend_change {
    uint32_t domid;
    uint64_t seq, instance, since_ns;
};

/* What xensuspendd has counted since it began. */
struct gsuspend_counters {
    uint64_t coalesced;     /* changes that were published with a later one */
    uint64_t failures;      /* publications that failed, and were tried again */
    uint64_t losses;        /* ends of xenstored, and of all nodes with it */
};

/* An fd, to be closed; -1: errno. */
int gsuspend_times_open_to_read(void);
/* It is made where there is none. */
int gsuspend_times_open_to_write(void);

/* In the place of the domain's last change.  -1: errno. */
int gsuspend_times_write(int fd, const struct gsuspend_change *change,
                         int64_t since_time_ns);

/* False: the file does not have the time of this change. */
bool gsuspend_times_read(int fd, const struct gsuspend_change *change,
                         int64_t *since_time_ns);

/* -1: errno. */
int gsuspend_counters_write(int fd, const struct gsuspend_counters *counters);

/* False: the file has none. */
bool gsuspend_counters_read(int fd, struct gsuspend_counters *counters);

#endif
