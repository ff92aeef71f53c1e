/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenbus.c: see xenbus.h.
 */

#include "xenbus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#ifndef XENBUS_REPLY_MS
/* xenstored may be busy, or be replaced by its successor. */
#define XENBUS_REPLY_MS 60000
#endif

#define REQUEST_SIZE 256

/*
 * What the protocol's header of Xen (xen/io/xs_wire.h) calls XS_READ and so on.  A guest
 * builds this without Xen's headers: Debian has none for armhf.
 */
enum {
    TYPE_READ = 2,
    TYPE_WATCH = 4,
    TYPE_TRANSACTION_START = 6,
    TYPE_TRANSACTION_END = 7,
    TYPE_WRITE = 11,
    TYPE_WATCH_EVENT = 15,
    TYPE_ERROR = 16,
};

/* Its struct xsd_sockmsg. */
struct head {
    uint32_t type;
    uint32_t request;               /* its id: one is under way at a time */
    uint32_t transaction;
    uint32_t len;                   /* of the payload that follows */
};

struct message {
    struct head head;
    char body[XENBUS_VALUE_SIZE];   /* with a NUL behind it */
};

int xenbus_open(struct xenbus *bus, const char *path)
{
    int rc;

    bus->changed = false;
    bus->fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (bus->fd < 0)
        return -errno;
    if (flock(bus->fd, LOCK_EX | LOCK_NB)) {
        rc = errno == EWOULDBLOCK ? -EBUSY : -errno;
        xenbus_close(bus);
        return rc;
    }
    return 0;
}

void xenbus_close(struct xenbus *bus)
{
    if (bus->fd >= 0)
        close(bus->fd);
    bus->fd = -1;
}

bool xenbus_is_lost(int rc)
{
    return rc == -EPROTO || rc == -ETIMEDOUT || rc == -EPIPE || rc == -EIO;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int read_all(struct xenbus *bus, void *buffer, size_t size,
                    int64_t deadline_ms)
{
    struct pollfd pollfd = { .fd = bus->fd, .events = POLLIN };
    size_t done = 0;
    int64_t left_ms;
    ssize_t got;
    int r;

    while (done < size) {
        left_ms = deadline_ms - now_ms();
        r = poll(&pollfd, 1, left_ms > 0 ? (int)left_ms : 0);
        if (!r)
            return -ETIMEDOUT;
        got = r < 0 ? -1 : read(bus->fd, (char *)buffer + done, size - done);
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            return -EIO;
        if (!got)
            return -EPIPE;
        if (got > 0)
            done += (size_t)got;
    }

    return 0;
}

/* The next message, whatever it is. */
static int receive(struct xenbus *bus, struct message *message,
                   int64_t deadline_ms)
{
    int rc;

    rc = read_all(bus, &message->head, sizeof(message->head), deadline_ms);
    if (rc)
        return rc;
    if (message->head.len >= XENBUS_VALUE_SIZE)
        return -EPROTO;
    rc = read_all(bus, message->body, message->head.len, deadline_ms);
    if (rc)
        return rc;

    message->body[message->head.len] = '\0';
    return 0;
}

int xenbus_take(struct xenbus *bus)
{
    struct message message;
    int rc;

    rc = receive(bus, &message, now_ms() + XENBUS_REPLY_MS);
    if (rc)
        return rc;
    if (message.head.type != TYPE_WATCH_EVENT)
        return -EPROTO;

    /* Which node does not matter: both are looked at. */
    bus->changed = true;
    return 0;
}

/* xenstored's word for an error. */
static int errno_of(const char *name)
{
    static const struct { const char *name; int errnum; } errors[] = {
        { "EAGAIN", EAGAIN }, { "ENOENT", ENOENT }, { "EACCES", EACCES },
        { "EPERM", EPERM }, { "ENOSPC", ENOSPC }, { "EBUSY", EBUSY },
        { "ENOMEM", ENOMEM }, { "EROFS", EROFS }, { "EIO", EIO },
        { "E2BIG", E2BIG },
    };
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (!strcmp(errors[i].name, name))
            return errors[i].errnum;

    return EINVAL;
}

/* The reply to a request of this type.  Events may come before it. */
static int receive_reply(struct xenbus *bus, uint32_t type,
                         struct message *reply)
{
    int64_t deadline_ms = now_ms() + XENBUS_REPLY_MS;
    int rc;

    for (;;) {
        rc = receive(bus, reply, deadline_ms);
        if (rc)
            return rc;
        if (reply->head.type != TYPE_WATCH_EVENT)
            break;
        bus->changed = true;
    }

    if (reply->head.type == TYPE_ERROR)
        return -errno_of(reply->body);
    /* Its id is not compared: the kernel answers some requests itself, without it. */
    return reply->head.type == type ? 0 : -EPROTO;
}

/* Strings, each with its NUL but the last; NULL: none. */
static int request(struct xenbus *bus, uint32_t type, uint32_t transaction,
                   const char *first, const char *second, bool last_nul,
                   struct message *reply)
{
    char buffer[sizeof(struct head) + REQUEST_SIZE];
    struct head head = { .type = type, .transaction = transaction };
    size_t first_len = strlen(first) + (second || last_nul);
    size_t second_len = second ? strlen(second) + last_nul : 0;
    ssize_t done;

    if (first_len + second_len > REQUEST_SIZE)
        return -E2BIG;
    head.len = (uint32_t)(first_len + second_len);
    memcpy(buffer, &head, sizeof(head));
    memcpy(buffer + sizeof(head), first, first_len);
    if (second)
        memcpy(buffer + sizeof(head) + first_len, second, second_len);

    /* The kernel takes a message in one piece. */
    do {
        done = write(bus->fd, buffer, sizeof(head) + head.len);
    } while (done < 0 && errno == EINTR);
    if (done < 0)
        return -errno;
    if ((size_t)done != sizeof(head) + head.len)
        return -EIO;

    return receive_reply(bus, type, reply);
}

int xenbus_watch(struct xenbus *bus, const char *path)
{
    struct message reply;

    return request(bus, TYPE_WATCH, 0, path, path, true, &reply);
}

int xenbus_read(struct xenbus *bus, uint32_t transaction, const char *path,
                char value[XENBUS_VALUE_SIZE])
{
    struct message reply;
    int rc;

    rc = request(bus, TYPE_READ, transaction, path, NULL, true, &reply);
    if (rc)
        return rc;

    memcpy(value, reply.body, reply.head.len + 1);
    return (int)reply.head.len;
}

int xenbus_write(struct xenbus *bus, uint32_t transaction, const char *path,
                 const char *value)
{
    struct message reply;

    return request(bus, TYPE_WRITE, transaction, path, value, false, &reply);
}

int xenbus_transaction_start(struct xenbus *bus, uint32_t *transaction)
{
    struct message reply;
    unsigned long id;
    char *end;
    int rc;

    rc = request(bus, TYPE_TRANSACTION_START, 0, "", NULL, true, &reply);
    if (rc)
        return rc;

    errno = 0;
    id = strtoul(reply.body, &end, 10);
    if (errno || end == reply.body || *end || !id || id > UINT32_MAX)
        return -EPROTO;
    *transaction = (uint32_t)id;
    return 0;
}

int xenbus_transaction_end(struct xenbus *bus, uint32_t transaction,
                           bool commit)
{
    struct message reply;

    return request(bus, TYPE_TRANSACTION_END, transaction, commit ? "T" : "F",
                   NULL, true, &reply);
}
