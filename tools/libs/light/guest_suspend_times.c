/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_times.c: see guest_suspend_times.h.
 */

#include "guest_suspend_times.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define TIMES_FILE "/run/xensuspendd.times"

/* Another one for each layout of struct entry. */
#define FORMAT 0x6773757370656e32U

/* In the check of the counters. */
#define NO_DOMID UINT32_MAX

/* The file is an array of these: first the counters, then by domid. */
struct entry {
    uint64_t seq, instance, since_ns;
    int64_t since_time_ns;
    uint64_t check;
};

/*
 * Nothing keeps a reader from seeing an entry of which only a part is written.
 * Its check is wrong then.
 */
static uint64_t check_of(uint32_t domid, const struct entry *entry)
{
    const uint64_t words[] = {
        domid, entry->seq, entry->instance, entry->since_ns,
        (uint64_t)entry->since_time_ns,
    };
    uint64_t check = FORMAT;
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        check = (check ^ words[i]) * 0x9e3779b97f4a7c15U;
        check ^= check >> 32;
    }
    return check;
}

static const char *file_name(void)
{
    const char *name = getenv("XENSUSPENDD_TIMES");

    return name ? name : TIMES_FILE;
}

int gsuspend_times_open_to_read(void)
{
    return open(file_name(), O_RDONLY | O_CLOEXEC);
}

int gsuspend_times_open_to_write(void)
{
    return open(file_name(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static off_t place_of(uint32_t domid)
{
    return ((off_t)domid + 1) * (off_t)sizeof(struct entry);
}

/* -1: errno. */
static int write_entry(int fd, const struct entry *entry, off_t place)
{
    ssize_t done = pwrite(fd, entry, sizeof(*entry), place);

    if (done < 0)
        return -1;
    if (done != sizeof(*entry)) {
        errno = ENOSPC;
        return -1;
    }
    return 0;
}

static bool read_entry(int fd, struct entry *entry, uint32_t domid, off_t place)
{
    return pread(fd, entry, sizeof(*entry), place) == sizeof(*entry) &&
           entry->check == check_of(domid, entry);
}

int gsuspend_times_write(int fd, const struct gsuspend_change *change,
                         int64_t since_time_ns)
{
    struct entry entry = {
        .seq = change->seq, .instance = change->instance,
        .since_ns = change->since_ns, .since_time_ns = since_time_ns,
    };

    entry.check = check_of(change->domid, &entry);
    return write_entry(fd, &entry, place_of(change->domid));
}

bool gsuspend_times_read(int fd, const struct gsuspend_change *change,
                         int64_t *since_time_ns)
{
    struct entry entry;

    if (!read_entry(fd, &entry, change->domid, place_of(change->domid)) ||
        entry.seq != change->seq || entry.instance != change->instance ||
        entry.since_ns != change->since_ns)
        return false;

    *since_time_ns = entry.since_time_ns;
    return true;
}

int gsuspend_counters_write(int fd, const struct gsuspend_counters *counters)
{
    struct entry entry = {
        .seq = counters->coalesced, .instance = counters->failures,
        .since_ns = counters->losses,
    };

    entry.check = check_of(NO_DOMID, &entry);
    return write_entry(fd, &entry, 0);
}

bool gsuspend_counters_read(int fd, struct gsuspend_counters *counters)
{
    struct entry entry;

    if (!read_entry(fd, &entry, NO_DOMID, 0))
        return false;

    *counters = (struct gsuspend_counters){
        .coalesced = entry.seq, .failures = entry.instance,
        .losses = entry.since_ns,
    };
    return true;
}
