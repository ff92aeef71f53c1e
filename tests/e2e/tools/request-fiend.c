/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * request-fiend: a guest's program that does what it likes with the two nodes by which
 * the guest is asked to sleep.  It runs in the guest, and never sleeps.
 *
 *   request-fiend take     take each request at once
 *   request-fiend flip     the feature by turns, without end
 *   request-fiend ask      write the request itself, without end
 *   request-fiend spoil    write other words in its place, without end
 *   request-fiend empty    empty the node without end, asked or not
 *   request-fiend set NODE SIZE
 *                          a value of SIZE letters, once
 *
 * It says "fiend: MODE begun" after its first write, and how many writes it made when
 * it gets SIGTERM.  Exit status: 0 done, 1 xenstore refused, 2 usage.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../guest/agent/xenbus.h"

#define FEATURE "control/feature-s3"
#define REQUEST "control/shutdown"

static struct xenbus bus;
static const char *mode = "";
static volatile sig_atomic_t ended;
static unsigned long writes;

static void end(int sig)
{
    (void)sig;
    ended = 1;
}

__attribute__((noreturn))
static void broken(const char *what, int rc)
{
    printf("fiend: %s: %s\n", what, strerror(-rc));
    exit(1);
}

static void put(const char *path, const char *value)
{
    int rc = xenbus_write(&bus, 0, path, value);

    if (rc)
        broken(path, rc);
    if (!writes++) {
        printf("fiend: %s begun\n", mode);
        fflush(stdout);
    }
}

static void take_all(void)
{
    struct pollfd pollfd = { .fd = bus.fd, .events = POLLIN };
    char value[XENBUS_VALUE_SIZE];
    int rc;

    put(FEATURE, "1");
    rc = xenbus_watch(&bus, REQUEST);
    if (rc)
        broken("the watch", rc);
    while (!ended) {
        if (bus.changed) {
            bus.changed = false;
            rc = xenbus_read(&bus, 0, REQUEST, value);
            if (rc < 0)
                broken(REQUEST, rc);
            if (rc)
                put(REQUEST, "");
            continue;
        }
        if (poll(&pollfd, 1, -1) > 0 && (rc = xenbus_take(&bus)))
            broken("the event", rc);
    }
}

static void write_all(const char *path, const char *const values[])
{
    put(FEATURE, "1");
    while (!ended)
        for (size_t i = 0; values[i]; i++)
            put(path, values[i]);
}

/* xenbus.h has no room for long ones. */
static void set(const char *path, size_t size)
{
    struct {
        uint32_t type, request, transaction, len;
        char body[4096];
    } message = { .type = 11 /* XS_WRITE */ };
    const size_t head = 16, first = strlen(path) + 1;
    char reply[64];

    if (first + size > sizeof(message.body))
        broken(path, -E2BIG);
    message.len = (uint32_t)(first + size);
    memcpy(message.body, path, first);
    memset(message.body + first, 'x', size);
    if (write(bus.fd, &message, head + message.len) !=
        (ssize_t)(head + message.len) ||
        read(bus.fd, reply, head) != (ssize_t)head ||
        read(bus.fd, reply + head, sizeof(reply) - head) <= 0)
        broken(path, -errno);
    printf("fiend: %s\n", reply + head);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *path;
        const char *values[8];
    } all[] = {
        { "flip", FEATURE, { "0", "1", NULL } },
        { "ask", REQUEST, { "s3", NULL } },
        { "spoil", REQUEST, { "s3", "", "S3", "s4", "s3s3", "mem", NULL } },
        { "empty", REQUEST, { "", NULL } },
    };
    struct sigaction action = { .sa_handler = end };
    bool known = false;
    int rc;

    if (argc > 1)
        mode = argv[1];
    sigaction(SIGTERM, &action, NULL);
    rc = xenbus_open(&bus, "/dev/xen/xenbus");
    if (rc)
        broken("/dev/xen/xenbus", rc);
    if (!strcmp(mode, "take")) {
        known = true;
        take_all();
    } else if (!strcmp(mode, "set") && argc == 4) {
        set(argv[2], strtoul(argv[3], NULL, 10));
        return 0;
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (!strcmp(mode, all[i].name)) {
            known = true;
            write_all(all[i].path, all[i].values);
        }
    if (!known) {
        fprintf(stderr, "usage: the top of request-fiend.c has it\n");
        return 2;
    }
    printf("fiend: %s: %lu writes\n", mode, writes);
    return 0;
}
