/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_xenstore.c: see guest_suspend_xenstore.h.
 */

#include "guest_suspend_xenstore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "guest_suspend_number.h"
#include "guest_suspend_poll.h"

/* While xenstored's queue of connections is full. */
#define RETRY_MS 10

/* Requests that are sent at once.  Their answers fit in a socket's buffer. */
#define WINDOW 32

/* Fewer answers than these are not worth a sleep; and the longest one. */
#define GATHER_LEAST 4
#define GATHER_MAX_NS 10000000

/* A request. */
struct out {
    struct xsd_sockmsg header;
    char body[256];
};

struct gsuspend_xenstore {
    int fd;
    bool is_device;
    uint32_t last_id;               /* of requests */
    uint32_t transaction;           /* 0: none */
    uint32_t watch_id, asked_id;    /* the last of its kind */
    /* What has come in and is not a message yet, or not looked at. */
    char raw[2 * (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)];
    size_t raw_at, raw_end;
    /* The last message. */
    struct {
        struct xsd_sockmsg header;
        char body[XENSTORE_PAYLOAD_MAX + 1];
    } in;
};

/* 0: the fd is ready; -1: errno. */
static int wait_ready(int fd, short events, int64_t deadline_ms)
{
    int r = gsuspend_poll(fd, events, deadline_ms);

    if (!r)
        errno = ETIMEDOUT;
    return r > 0 ? 0 : -1;
}

static int open_socket(const char *path, int64_t deadline_ms)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd, saved_errno;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    while (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        /* poll() does not tell when the queue has room. */
        if (errno != EAGAIN ||
            (deadline_ms >= 0 && gsuspend_now_ms() >= deadline_ms)) {
            saved_errno = errno == EAGAIN ? ETIMEDOUT : errno;
            close(fd);
            errno = saved_errno;
            return -1;
        }
        poll(NULL, 0, RETRY_MS);
    }

    return fd;
}

/*
 * As libxenstore's xs_daemon_socket() has it.  To load that library for a path
 * would make a seventh of the time that a command takes.
 */
static int find_socket(int64_t deadline_ms)
{
    const char *path = getenv("XENSTORED_PATH");
    const char *directory = getenv("XENSTORED_RUNDIR");
    char buf[PATH_MAX];

    if (!path) {
        snprintf(buf, sizeof(buf), "%s/socket",
                 directory ? directory : "/var/run/xenstored");
        path = buf;
    }

    return open_socket(path, deadline_ms);
}

static int open_device(void)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NONBLOCK;
    int fd = open("/dev/xen/xenbus", flags);

    if (fd < 0 && errno == ENOENT)
        fd = open("/proc/xen/xenbus", flags);
    return fd;
}

struct gsuspend_xenstore *gsuspend_xenstore_open(int64_t deadline_ms)
{
    struct gsuspend_xenstore *xs = calloc(1, sizeof(*xs));

    if (!xs)
        return NULL;

    xs->fd = find_socket(deadline_ms);
    /* A path from the environment is the only one. */
    if (xs->fd < 0 && errno == ENOENT && !getenv("XENSTORED_PATH")) {
        xs->fd = open_device();
        xs->is_device = true;
    }
    if (xs->fd < 0) {
        gsuspend_xenstore_close(xs);
        return NULL;
    }

    return xs;
}

void gsuspend_xenstore_close(struct gsuspend_xenstore *xs)
{
    int saved_errno = errno;

    if (!xs)
        return;

    if (xs->fd >= 0)
        close(xs->fd);
    free(xs);
    errno = saved_errno;
}

/*
 * Make a request: path, and more if it is not NULL, each with its 0; a value
 * has none.  Gives its size; 0: errno.
 */
static size_t make_request(struct gsuspend_xenstore *xs, struct out *out,
                           uint32_t type, const char *path, const char *more)
{
    size_t len = strlen(path) + 1;
    size_t more_len = more ? strlen(more) + (type != XS_WRITE) : 0;

    if (len + more_len > sizeof(out->body)) {
        errno = ENAMETOOLONG;
        return 0;
    }
    out->header = (struct xsd_sockmsg) {
        .type = type, .req_id = ++xs->last_id, .tx_id = xs->transaction,
        .len = (uint32_t)(len + more_len)
    };
    memcpy(out->body, path, len);
    if (more)
        memcpy(out->body + len, more, more_len);
    return sizeof(out->header) + len + more_len;
}

static int transmit(struct gsuspend_xenstore *xs, const void *data, size_t size,
                    int64_t deadline_ms)
{
    size_t sent = 0;
    ssize_t done;

    while (sent < size) {
        if (xs->is_device)
            done = write(xs->fd, (const char *)data + sent, size - sent);
        else
            done = send(xs->fd, (const char *)data + sent, size - sent,
                        MSG_NOSIGNAL);
        if (done >= 0) {
            sent += (size_t)done;
            continue;
        }
        if (errno == EAGAIN && wait_ready(xs->fd, POLLOUT, deadline_ms))
            return -1;
        if (errno != EAGAIN && errno != EINTR)
            return -1;
    }

    return 0;
}

static int send_request(struct gsuspend_xenstore *xs, uint32_t type,
                        const char *path, const char *more,
                        int64_t deadline_ms)
{
    struct out out;
    size_t size = make_request(xs, &out, type, path, more);

    return size ? transmit(xs, &out, size, deadline_ms) : -1;
}

/*
 * 1: xs->in is a whole message; 0: not yet; -1: errno.  ahead: more than that
 * message may be read.  Otherwise the fd stays readable while there is one more.
 */
static int receive(struct gsuspend_xenstore *xs, bool ahead)
{
    size_t have, size;
    bool drained = false;
    ssize_t done;

    for (;;) {
        have = xs->raw_end - xs->raw_at;
        size = sizeof(xs->in.header);
        if (have >= size) {
            memcpy(&xs->in.header, xs->raw + xs->raw_at, size);
            if (xs->in.header.len > XENSTORE_PAYLOAD_MAX) {
                errno = EPROTO;
                return -1;
            }
            size += xs->in.header.len;
            if (have >= size) {
                memcpy(&xs->in, xs->raw + xs->raw_at, size);
                xs->in.body[xs->in.header.len] = 0;
                xs->raw_at += size;
                return 1;
            }
        }

        if (drained)
            return 0;
        memmove(xs->raw, xs->raw + xs->raw_at, have);
        xs->raw_at = 0;
        xs->raw_end = have;
        done = read(xs->fd, xs->raw + have,
                    (ahead ? sizeof(xs->raw) : size) - have);
        if (done > 0) {
            xs->raw_end += (size_t)done;
            /* All that there is, if no message is whole: poll() tells of more. */
            drained = ahead;
        } else if (!done) {
            errno = EPIPE;
            return -1;
        } else if (errno != EINTR) {
            return errno == EAGAIN ? 0 : -1;
        }
    }
}

/* The errno of an answer that is an error. */
static int errno_of(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (!strcmp(xsd_errors[i].errstring, text))
            return xsd_errors[i].errnum;

    return EIO;
}

/* Ask and wait.  The answer is in xs->in. */
static int talk(struct gsuspend_xenstore *xs, uint32_t type, const char *path,
                const char *more, int64_t deadline_ms)
{
    int r;

    if (send_request(xs, type, path, more, deadline_ms))
        return -1;

    for (;;) {
        r = receive(xs, false);
        if (r < 0 || (!r && wait_ready(xs->fd, POLLIN, deadline_ms)))
            return -1;
        /* The answer to one that was given up may come first. */
        if (r && xs->in.header.req_id == xs->last_id &&
            xs->in.header.type != XS_WATCH_EVENT)
            break;
    }

    if (xs->in.header.type == XS_ERROR) {
        errno = errno_of(xs->in.body);
        return -1;
    }
    return 0;
}

char *gsuspend_xenstore_read(struct gsuspend_xenstore *xs, const char *path,
                             int64_t deadline_ms)
{
    if (talk(xs, XS_READ, path, NULL, deadline_ms))
        return NULL;

    return strdup(xs->in.body);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * Sleep for as long as the answers that are left take, at the rate of those that came.
 * Each comes in two pieces, and to wake for each piece is most of what a list of many
 * domains costs.
 */
static void let_gather(int64_t begin_ns, unsigned int got, unsigned int left)
{
    int64_t ns = (now_ns() - begin_ns) / got * left;
    struct timespec rest = {
        .tv_nsec = ns < GATHER_MAX_NS ? (long)ns : GATHER_MAX_NS
    };

    nanosleep(&rest, NULL);
}

/* The answers to nr requests, of which the last has the last id.  -1: errno. */
static int collect_values(struct gsuspend_xenstore *xs, char **values,
                          unsigned int nr, int *refused, int64_t deadline_ms)
{
    const uint32_t first_id = xs->last_id - nr + 1;
    const int64_t begin_ns = now_ns();
    uint32_t due = (uint32_t)(UINT64_MAX >> (64 - nr)), at;
    unsigned int got = 0, got_before = 0;
    int r;

    while (due) {
        r = receive(xs, true);
        if (!r && got > got_before && nr - got >= GATHER_LEAST) {
            /* Once for what came: if nothing more does, poll() has the deadline. */
            let_gather(begin_ns, got, nr - got);
            got_before = got;
            continue;
        }
        if (r < 0 || (!r && wait_ready(xs->fd, POLLIN, deadline_ms)))
            return -1;
        at = xs->in.header.req_id - first_id;
        if (!r || xs->in.header.type == XS_WATCH_EVENT || at >= nr ||
            !(due & (1U << at)))
            continue;

        due &= ~(1U << at);
        got++;
        if (xs->in.header.type != XS_ERROR)
            values[at] = strdup(xs->in.body);
        r = xs->in.header.type == XS_ERROR ? errno_of(xs->in.body) : 0;
        if (r && r != ENOENT)
            *refused = r;
    }

    return 0;
}

int gsuspend_xenstore_read_many(struct gsuspend_xenstore *xs,
                                const char *const *paths, char **values,
                                size_t nr, int64_t deadline_ms)
{
    char window[WINDOW * sizeof(struct out)];
    size_t at, size, used;
    unsigned int due;
    int refused = 0;
    struct out out;

    for (at = 0; at < nr; at++)
        values[at] = NULL;

    for (at = 0; at < nr; at += due) {
        used = 0;
        for (due = 0; due < WINDOW && at + due < nr; due++) {
            size = make_request(xs, &out, XS_READ, paths[at + due], NULL);
            if (!size)
                return -1;
            memcpy(window + used, &out, size);
            used += size;
            /* The device takes one request at a time. */
            if (xs->is_device && transmit(xs, &out, size, deadline_ms))
                return -1;
        }
        if (!xs->is_device && transmit(xs, window, used, deadline_ms))
            return -1;
        if (collect_values(xs, values + at, due, &refused, deadline_ms))
            return -1;
    }

    errno = refused;
    return refused ? -1 : 0;
}

int gsuspend_xenstore_write(struct gsuspend_xenstore *xs, const char *path,
                            const char *value, int64_t deadline_ms)
{
    return talk(xs, XS_WRITE, path, value, deadline_ms);
}

int gsuspend_xenstore_transaction_start(struct gsuspend_xenstore *xs,
                                        int64_t deadline_ms)
{
    uint64_t transaction;

    if (talk(xs, XS_TRANSACTION_START, "", NULL, deadline_ms))
        return -1;
    if (!gsuspend_parse_number(xs->in.body, UINT32_MAX, &transaction) ||
        !transaction) {
        errno = EPROTO;
        return -1;
    }

    xs->transaction = (uint32_t)transaction;
    return 0;
}

int gsuspend_xenstore_transaction_end(struct gsuspend_xenstore *xs, bool commit,
                                      int64_t deadline_ms)
{
    int r = talk(xs, XS_TRANSACTION_END, commit ? "T" : "F", NULL, deadline_ms);

    xs->transaction = 0;
    return r;
}

/* A part more of the list.  1: it was the last one; 0; -1: errno. */
static int add_part(struct gsuspend_xenstore *xs, char **names, size_t *len,
                    char generation[24])
{
    size_t skip = strlen(xs->in.body) + 1, more;
    char *longer;

    if (skip > 24 || skip > xs->in.header.len) {
        errno = EPROTO;
        return -1;
    }
    more = xs->in.header.len - skip;
    if (*len && strcmp(generation, xs->in.body)) {
        /* The list has changed: from the beginning. */
        *len = 0;
        return 0;
    }
    strcpy(generation, xs->in.body);

    longer = realloc(*names, *len + more + 1);
    if (!longer)
        return -1;
    *names = longer;
    memcpy(longer + *len, xs->in.body + skip, more);
    *len += more;
    /* An empty name is the end. */
    if (more && !longer[*len - 1] && (*len == 1 || !longer[*len - 2])) {
        (*len)--;
        return 1;
    }
    return more ? 0 : 1;
}

/* A list that is too long for one message. */
static char *directory_by_parts(struct gsuspend_xenstore *xs, const char *path,
                                int64_t deadline_ms, size_t *len_r)
{
    char generation[24] = "", offset[24], *names = NULL;
    int r;

    *len_r = 0;
    do {
        snprintf(offset, sizeof(offset), "%zu", *len_r);
        r = talk(xs, XS_DIRECTORY_PART, path, offset, deadline_ms);
        if (!r)
            r = add_part(xs, &names, len_r, generation);
    } while (!r);

    if (r < 0) {
        r = errno;
        free(names);
        errno = r;
        return NULL;
    }
    return names;
}

char *gsuspend_xenstore_directory(struct gsuspend_xenstore *xs,
                                  const char *path, int64_t deadline_ms,
                                  size_t *len_r)
{
    char *names;

    if (talk(xs, XS_DIRECTORY, path, NULL, deadline_ms))
        return errno == E2BIG ? directory_by_parts(xs, path, deadline_ms,
                                                   len_r) : NULL;

    *len_r = xs->in.header.len;
    /* With the 0 behind it: not empty. */
    names = malloc(*len_r + 1);
    if (names)
        memcpy(names, xs->in.body, *len_r + 1);
    return names;
}

int gsuspend_xenstore_resume(struct gsuspend_xenstore *xs, uint32_t domid,
                             int64_t deadline_ms)
{
    char text[12];

    snprintf(text, sizeof(text), "%" PRIu32, domid);
    return talk(xs, XS_RESUME, text, NULL, deadline_ms);
}

int gsuspend_xenstore_watch(struct gsuspend_xenstore *xs, const char *path)
{
    if (send_request(xs, XS_WATCH, path, "", 0))
        return -1;

    xs->watch_id = xs->last_id;
    return 0;
}

int gsuspend_xenstore_ask(struct gsuspend_xenstore *xs, const char *path)
{
    if (send_request(xs, XS_READ, path, NULL, 0))
        return -1;

    xs->asked_id = xs->last_id;
    return 0;
}

int gsuspend_xenstore_fd(const struct gsuspend_xenstore *xs)
{
    return xs->fd;
}

enum gsuspend_xenstore_event
gsuspend_xenstore_next(struct gsuspend_xenstore *xs, const char **text_r)
{
    int r;

    while ((r = receive(xs, false)) > 0) {
        *text_r = xs->in.body;
        if (xs->in.header.type == XS_WATCH_EVENT)
            return GSUSPEND_XENSTORE_FIRED;
        if (xs->in.header.req_id == xs->asked_id) {
            if (xs->in.header.type != XS_READ)
                *text_r = NULL;
            return GSUSPEND_XENSTORE_VALUE;
        }
        if (xs->in.header.type == XS_ERROR &&
            xs->in.header.req_id <= xs->watch_id)
            return GSUSPEND_XENSTORE_LOST;
    }

    return r ? GSUSPEND_XENSTORE_LOST : GSUSPEND_XENSTORE_NONE;
}
