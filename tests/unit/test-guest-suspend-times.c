/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file of times of day: a time is found for the change that it was written
 * for, and for nothing else.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest_suspend_times.h"
#include "tap.h"

static const struct gsuspend_change change = {
    .domid = 7, .seq = 42, .instance = 40, .since_ns = 1000
};

static char directory[] = "/tmp/times-XXXXXX", path[64];

static bool is_found(int fd, const struct gsuspend_change *wanted,
                     int64_t time_ns)
{
    int64_t found = 0;

    return gsuspend_times_read(fd, wanted, &found) && found == time_ns;
}

static void test_counters(int to_write, int to_read)
{
    struct gsuspend_counters counters = { 1, 2, 3 }, found = { 0 };
    int64_t time_ns;

    TAP_OK(!gsuspend_counters_read(to_read, &found), "an empty file");
    TAP_EQ_INT(gsuspend_times_write(to_write, &change, -3), 0, "a time");
    TAP_OK(!gsuspend_counters_read(to_read, &found), "is no counters");
    TAP_EQ_INT(gsuspend_counters_write(to_write, &counters), 0, "write");
    TAP_OK(gsuspend_counters_read(to_read, &found) && found.coalesced == 1 &&
           found.failures == 2 && found.losses == 3, "they are read");
    TAP_OK(is_found(to_read, &change, -3), "beside the times");

    /* The place of the counters is no domain's. */
    counters = (struct gsuspend_counters){ change.seq, change.instance,
                                           change.since_ns };
    TAP_EQ_INT(gsuspend_counters_write(to_write, &counters), 0, "others");
    for (uint32_t domid = 0; domid < 9; domid++) {
        struct gsuspend_change other = change;

        other.domid = domid;
        TAP_OK(gsuspend_times_read(to_read, &other, &time_ns) == (domid == 7),
               "domain %u", (unsigned int)domid);
    }
    TAP_OK(!ftruncate(to_write, 0), "the file is emptied");
}

static void test_changes(int to_write, int to_read)
{
    static const struct {
        struct gsuspend_change change;
        const char *what;
    } others[] = {
        { { 7, 43, 40, 1000 }, "a later change" },
        { { 7, 42, 41, 1000 }, "another domain of that id" },
        { { 7, 42, 40, 1001 }, "a change after another boot" },
        { { 6, 42, 40, 1000 }, "another id" },
        { { 8, 42, 40, 1000 }, "an id after the file's end" },
        { { 32751, 42, 40, 1000 }, "the last id" },
    };
    struct gsuspend_change next = change;
    int64_t found = 5;

    TAP_OK(!gsuspend_times_read(to_read, &change, &found), "an empty file");
    TAP_EQ_INT(gsuspend_times_write(to_write, &change, -3), 0, "write");
    TAP_OK(is_found(to_read, &change, -3), "what was written is read");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        TAP_OK(!gsuspend_times_read(to_read, &others[i].change, &found),
               "not for %s", others[i].what);
    TAP_EQ_INT(found, 5, "what is not found is not written to");

    next.seq++;
    TAP_EQ_INT(gsuspend_times_write(to_write, &next, INT64_MAX), 0,
               "the next change");
    TAP_OK(is_found(to_read, &next, INT64_MAX), "is read");
    TAP_OK(!gsuspend_times_read(to_read, &change, &found),
           "the one before is gone");
}

/* Each byte of the entry in turn is still that of the entry before. */
static void test_halves(int to_write, int to_read)
{
    struct gsuspend_change next = change;
    unsigned char old[40], new[40];
    unsigned int wrong = 0;
    /* The counters are the first. */
    const off_t at = (7 + 1) * 40;
    int64_t found;

    next.seq = 0x0101010101010101;
    next.since_ns = 0x0202020202020202;
    gsuspend_times_write(to_write, &change, 1);
    TAP_EQ_INT(pread(to_read, old, sizeof(old), at), sizeof(old), "the old");
    gsuspend_times_write(to_write, &next, 0x0303030303030303);
    TAP_EQ_INT(pread(to_read, new, sizeof(new), at), sizeof(new), "the new");
    for (size_t i = 1; i < sizeof(new); i++) {
        /* The beginning, or the end, was written. */
        for (unsigned int end = 0; end < 2; end++) {
            unsigned char torn[40];

            memcpy(torn, end ? old : new, i);
            memcpy(torn + i, end ? new + i : old + i, sizeof(torn) - i);
            if (!memcmp(torn, new, sizeof(new)) ||
                !memcmp(torn, old, sizeof(old)))
                continue;
            if (pwrite(to_write, torn, sizeof(torn), at) != sizeof(torn))
                wrong++;
            wrong += gsuspend_times_read(to_read, &next, &found);
            wrong += gsuspend_times_read(to_read, &change, &found);
        }
    }
    TAP_EQ_INT(wrong, 0, "no half of an entry is taken for one");
}

static void test_errors(void)
{
    int64_t found;
    int fd;

    setenv("XENSUSPENDD_TIMES", "/nowhere/times", 1);
    TAP_OK(gsuspend_times_open_to_read() < 0 && errno == ENOENT,
           "no file to read");
    TAP_OK(gsuspend_times_open_to_write() < 0 && errno == ENOENT,
           "no directory to write to");
    fd = open("/dev/full", O_RDWR | O_CLOEXEC);
    TAP_OK(gsuspend_times_write(fd, &change, 1) && errno == ENOSPC,
           "no room");
    close(fd);
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    TAP_OK(!gsuspend_times_read(fd, &change, &found), "no seekable file");
    close(fd);
}

int main(void)
{
    struct stat st;
    int to_write, to_read;

    if (!mkdtemp(directory)) {
        printf("Bail out! %s: %s\n", directory, strerror(errno));
        return 2;
    }
    snprintf(path, sizeof(path), "%s/times", directory);
    setenv("XENSUSPENDD_TIMES", path, 1);
    TAP_OK(gsuspend_times_open_to_read() < 0, "nobody who reads makes it");
    umask(0);
    to_write = gsuspend_times_open_to_write();
    to_read = gsuspend_times_open_to_read();
    TAP_OK(to_write >= 0 && to_read >= 0, "both are open");
    TAP_OK(!fstat(to_read, &st) && (st.st_mode & 07777) == 0600,
           "nobody else may read it");

    test_counters(to_write, to_read);
    test_changes(to_write, to_read);
    test_halves(to_write, to_read);
    close(to_write);
    close(to_read);
    to_write = gsuspend_times_open_to_write();
    to_read = gsuspend_times_open_to_read();
    TAP_EQ_INT(gsuspend_times_write(to_write, &change, 9), 0,
               "another daemon writes");
    TAP_OK(is_found(to_read, &change, 9), "into the same file");
    close(to_write);
    close(to_read);

    test_errors();
    unlink(path);
    rmdir(directory);
    return tap_done();
}
