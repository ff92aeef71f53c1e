/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client of xenstore, against a server on a socket: answers, errors, long
 * lists, and a server that is stopped, late, gone or talks nonsense.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "guest_suspend_poll.h"
#include "guest_suspend_xenstore.h"
#include "tap.h"

#define LONG_MS 20000
#define NR_NAMES 3000               /* in the long list */

static char socket_path[40];
static pid_t server;
static int listening = -1;

/* The server */

static void answer(int fd, uint32_t type, uint32_t id, const void *body,
                   size_t len)
{
    struct xsd_sockmsg header = { .type = type, .req_id = id,
                                  .len = (uint32_t)len };

    if (write(fd, &header, sizeof(header)) != sizeof(header) ||
        write(fd, body, len) != (ssize_t)len)
        _exit(1);
}

static void fail(int fd, uint32_t id, const char *why)
{
    answer(fd, XS_ERROR, id, why, strlen(why) + 1);
}

/* A part of the long list, from an offset on. */
static void answer_part(int fd, uint32_t id, size_t offset)
{
    static char names[NR_NAMES * 5 + 1];
    static unsigned int nr_parts;
    char body[XENSTORE_PAYLOAD_MAX], *end = names;
    size_t skip, len;

    for (unsigned int i = 0; i < NR_NAMES; i++)
        end += snprintf(end, 6, "%u", 1000 + i) + 1;
    *end++ = 0;
    /* The list changes once, when it is half read. */
    skip = (size_t)snprintf(body, 24, "%d", nr_parts++ < 2 ? 1 : 2) + 1;
    len = (size_t)(end - names) - offset;
    if (len > sizeof(body) - skip)
        len = (sizeof(body) - skip) / 5 * 5;
    memcpy(body + skip, names + offset, len);
    answer(fd, XS_DIRECTORY_PART, id, body, skip + len);
}

static void serve_read(int fd, uint32_t id, const char *path)
{
    static uint32_t late_id, reversed_id;

    if (reversed_id) {
        answer(fd, XS_READ, id, "second", 6);
        answer(fd, XS_READ, id, "again", 5);
        answer(fd, XS_WATCH_EVENT, 0, "/fired\0", 8);
        answer(fd, XS_READ, reversed_id, "first", 5);
        reversed_id = 0;
    } else if (!strcmp(path, "/value")) {
        answer(fd, XS_READ, id, "text", 4);
    } else if (!strcmp(path, "/steady")) {
        usleep(2000);
        answer(fd, XS_READ, id, "text", 4);
    } else if (!strcmp(path, "/empty")) {
        answer(fd, XS_READ, id, "", 0);
    } else if (!strcmp(path, "/4k")) {
        char body[XENSTORE_PAYLOAD_MAX];

        memset(body, 'x', sizeof(body));
        answer(fd, XS_READ, id, body, sizeof(body));
    } else if (!strcmp(path, "/reversed")) {
        reversed_id = id;
    } else if (!strcmp(path, "/late")) {
        late_id = id;
    } else if (!strcmp(path, "/after-late")) {
        answer(fd, XS_READ, late_id, "late", 4);
        answer(fd, XS_WATCH_EVENT, 0, "/fired\0", 8);
        answer(fd, XS_READ, id, "right", 5);
    } else if (!strcmp(path, "/slow")) {
        struct xsd_sockmsg header = { XS_READ, id, 0, 4 };

        for (size_t i = 0; i < sizeof(header); i++) {
            if (write(fd, (char *)&header + i, 1) != 1)
                _exit(1);
            usleep(1000);
        }
        if (write(fd, "slow", 4) != 4)
            _exit(1);
    } else if (!strcmp(path, "/denied")) {
        fail(fd, id, "EACCES");
    } else if (!strcmp(path, "/odd")) {
        fail(fd, id, "ENOTHING");
    } else if (!strcmp(path, "/huge")) {
        struct xsd_sockmsg header = { XS_READ, id, 0, XENSTORE_PAYLOAD_MAX + 1 };

        if (write(fd, &header, sizeof(header)) != sizeof(header))
            _exit(1);
    } else if (!strcmp(path, "/end")) {
        _exit(0);
    } else {
        fail(fd, id, "ENOENT");
    }
}

/* Transaction 7 is the only one: its value is what was written in it. */
static void serve_transaction(int fd, const struct xsd_sockmsg *header,
                              const char *body)
{
    static char value[16];
    size_t len = strlen(body) + 1;

    if (header->type == XS_TRANSACTION_START) {
        *value = 0;
        answer(fd, header->type, header->req_id, "7", 2);
    } else if (header->tx_id != 7) {
        fail(fd, header->req_id, "ENOENT");
    } else if (header->type == XS_WRITE && header->len - len < sizeof(value)) {
        memcpy(value, body + len, header->len - len);
        value[header->len - len] = 0;
        answer(fd, header->type, header->req_id, "OK", 3);
    } else if (header->type == XS_READ) {
        answer(fd, header->type, header->req_id, value, strlen(value));
    } else if (!strcmp(value, "conflict") && !strcmp(body, "T")) {
        fail(fd, header->req_id, "EAGAIN");
    } else {
        answer(fd, header->type, header->req_id, "OK", 3);
    }
}

static void serve(int fd)
{
    struct xsd_sockmsg header;
    char body[XENSTORE_PAYLOAD_MAX];

    while (read(fd, &header, sizeof(header)) == sizeof(header)) {
        if (read(fd, body, header.len) != (ssize_t)header.len)
            _exit(1);
        if (header.tx_id || header.type == XS_WRITE ||
            header.type == XS_TRANSACTION_START)
            serve_transaction(fd, &header, body);
        else if (header.type == XS_READ)
            serve_read(fd, header.req_id, body);
        else if (header.type == XS_WATCH && !strcmp(body, "/full"))
            fail(fd, header.req_id, "ENOSPC");
        else if (header.type == XS_WATCH) {
            answer(fd, XS_WATCH, header.req_id, "OK", 3);
            answer(fd, XS_WATCH_EVENT, 0, body, header.len);
        } else if (header.type == XS_DIRECTORY && !strcmp(body, "/short"))
            answer(fd, XS_DIRECTORY, header.req_id, "a\0bc", 5);
        else if (header.type == XS_DIRECTORY && !strcmp(body, "/childless"))
            answer(fd, XS_DIRECTORY, header.req_id, "", 0);
        else if (header.type == XS_DIRECTORY)
            fail(fd, header.req_id, "E2BIG");
        else if (header.type == XS_DIRECTORY_PART)
            answer_part(fd, header.req_id,
                        (size_t)atol(body + strlen(body) + 1));
    }
}

static void listen_here(int backlog)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    strcpy(address.sun_path, socket_path);
    unlink(socket_path);
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening < 0 ||
        bind(listening, (struct sockaddr *)&address, sizeof(address)) ||
        listen(listening, backlog))
        abort();
}

static void start(void)
{
    listen_here(5);
    server = fork();
    if (!server) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            serve(accept(listening, NULL, NULL));
    }
    close(listening);
}

static void stop(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

/* The client */

static void read_is(struct gsuspend_xenstore *xs, const char *path,
                    int64_t within_ms, const char *wanted, int errnoval)
{
    char *value;

    errno = 0;
    value = gsuspend_xenstore_read(xs, path, gsuspend_now_ms() + within_ms);
    TAP_EQ_STR(value, wanted, path);
    if (!wanted)
        TAP_EQ_INT(errno, errnoval, "... and why");
    free(value);
}

static void test_read(void)
{
    struct gsuspend_xenstore *xs;
    char path[300];

    start();
    xs = gsuspend_xenstore_open(-1);
    if (!TAP_OK(xs != NULL, "open"))
        return;
    read_is(xs, "/value", LONG_MS, "text", 0);
    read_is(xs, "/empty", LONG_MS, "", 0);
    read_is(xs, "/slow", LONG_MS, "slow", 0);
    read_is(xs, "/none", LONG_MS, NULL, ENOENT);
    read_is(xs, "/denied", LONG_MS, NULL, EACCES);
    read_is(xs, "/odd", LONG_MS, NULL, EIO);
    read_is(xs, "/late", 50, NULL, ETIMEDOUT);
    read_is(xs, "/after-late", LONG_MS, "right", 0);
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = 0;
    TAP_OK(!gsuspend_xenstore_read(xs, path, -1) && errno == ENAMETOOLONG,
           "a path that is too long");

    kill(server, SIGSTOP);
    read_is(xs, "/value", 100, NULL, ETIMEDOUT);
    kill(server, SIGCONT);
    read_is(xs, "/value", LONG_MS, "text", 0);
    read_is(xs, "/end", LONG_MS, NULL, EPIPE);
    gsuspend_xenstore_close(xs);
    stop();

    start();
    xs = gsuspend_xenstore_open(-1);
    read_is(xs, "/huge", LONG_MS, NULL, EPROTO);
    gsuspend_xenstore_close(xs);
    stop();
}

#define NR_MANY 200

/* Path i of many is one of these, in turn. */
static const char *const some_paths[] = { "/value", "/none", "/empty", "/4k" };

static bool many_are(char **values, size_t nr)
{
    bool good = true;

    for (size_t i = 0; i < nr; i++) {
        const char *path = some_paths[i % 4], *value = values[i];

        if (!strcmp(path, "/value"))
            good = good && value && !strcmp(value, "text");
        else if (!strcmp(path, "/none"))
            good = good && !value;
        else if (!strcmp(path, "/empty"))
            good = good && value && !*value;
        else
            good = good && value && strlen(value) == XENSTORE_PAYLOAD_MAX;
        free(values[i]);
    }

    return good;
}

static long waits(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
}

/* Answers are let gather: it is not worth a wake-up for each. */
static void test_gather(void)
{
    const char *paths[32];
    char *values[32];
    struct gsuspend_xenstore *xs;
    unsigned int wrong = 0;
    int64_t begin_ms, most;
    long before;
    size_t i;

    for (i = 0; i < 32; i++)
        paths[i] = "/steady";
    start();
    xs = gsuspend_xenstore_open(-1);
    begin_ms = gsuspend_now_ms();
    before = waits();
    TAP_OK(!gsuspend_xenstore_read_many(xs, paths, values, 32,
                                        gsuspend_now_ms() + LONG_MS),
           "answers at a steady rate");
    /*
     * One answer in 2 ms, and a sleep of 10 ms at most.  On a slow machine, on which the
     * answers take longer, there are more sleeps.
     */
    most = 12 + 2 * (gsuspend_now_ms() - begin_ms) / 10;
    TAP_OK(waits() - before <= most,
           "%ld waits for 32 answers, of at most %" PRId64, waits() - before,
           most);
    for (i = 0; i < 32; i++) {
        wrong += !values[i] || strcmp(values[i], "text");
        free(values[i]);
    }
    TAP_EQ_INT(wrong, 0, "wrong ones");

    /* One that never comes: the deadline holds. */
    paths[1] = "/late";
    TAP_OK(gsuspend_xenstore_read_many(xs, paths, values, 32,
                                       gsuspend_now_ms() + 200) &&
           errno == ETIMEDOUT, "one of them does not come");
    for (i = 0; i < 32; i++)
        free(values[i]);
    gsuspend_xenstore_close(xs);
    stop();
}

static void test_many(void)
{
    static const size_t sizes[] = { 0, 1, 31, 32, 33, 64, NR_MANY };
    const char *paths[NR_MANY];
    char *values[NR_MANY];
    struct gsuspend_xenstore *xs;
    size_t i;

    for (i = 0; i < NR_MANY; i++)
        paths[i] = some_paths[i % 4];
    start();
    xs = gsuspend_xenstore_open(-1);
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        TAP_OK(!gsuspend_xenstore_read_many(xs, paths, values, sizes[i],
                                            gsuspend_now_ms() + LONG_MS) &&
               many_are(values, sizes[i]), "%zu nodes at once", sizes[i]);
    read_is(xs, "/value", LONG_MS, "text", 0);

    paths[40] = "/denied";
    TAP_OK(gsuspend_xenstore_read_many(xs, paths, values, NR_MANY, -1) &&
           errno == EACCES && !values[40], "one of them is refused");
    values[40] = strdup("text");
    TAP_OK(many_are(values, NR_MANY), "... and the others are read");

    paths[40] = "/reversed";
    paths[41] = "/value";
    TAP_OK(!gsuspend_xenstore_read_many(xs, paths + 40, values, 2, -1) &&
           !strcmp(values[0], "first") && !strcmp(values[1], "second"),
           "answers in another order, a stray one, and an event");
    free(values[0]);
    free(values[1]);

    paths[40] = "/late";
    TAP_OK(gsuspend_xenstore_read_many(xs, paths, values, NR_MANY,
                                       gsuspend_now_ms() + 50) &&
           errno == ETIMEDOUT && !values[40] && !values[NR_MANY - 1],
           "one is not answered by the deadline");
    for (i = 0; i < NR_MANY; i++)
        free(values[i]);
    read_is(xs, "/value", LONG_MS, "text", 0);

    paths[40] = "/end";
    TAP_OK(gsuspend_xenstore_read_many(xs, paths, values, NR_MANY, -1) &&
           (errno == EPIPE || errno == ECONNRESET), "the server ends");
    for (i = 0; i < NR_MANY; i++)
        free(values[i]);
    gsuspend_xenstore_close(xs);
    stop();
}

static void test_directory(void)
{
    struct gsuspend_xenstore *xs;
    char *names;
    bool good = true;
    size_t len = 0;

    start();
    xs = gsuspend_xenstore_open(-1);
    names = gsuspend_xenstore_directory(xs, "/short", -1, &len);
    TAP_OK(names && len == 5 && !memcmp(names, "a\0bc", 5), "a short list");
    free(names);
    names = gsuspend_xenstore_directory(xs, "/childless", -1, &len);
    TAP_OK(names && !len, "an empty list");
    free(names);
    names = gsuspend_xenstore_directory(xs, "/long", -1, &len);
    TAP_OK(names && len == NR_NAMES * 5, "a list in parts, %zu bytes", len);
    for (unsigned int i = 0; names && i < NR_NAMES; i++)
        good = good && atoi(names + 5 * i) == (int)(1000 + i);
    TAP_OK(good, "... of its names");
    free(names);
    gsuspend_xenstore_close(xs);
    stop();
}

static enum gsuspend_xenstore_event next_event(struct gsuspend_xenstore *xs,
                                               const char **text)
{
    enum gsuspend_xenstore_event event;

    while ((event = gsuspend_xenstore_next(xs, text)) ==
           GSUSPEND_XENSTORE_NONE)
        gsuspend_poll(gsuspend_xenstore_fd(xs), POLLIN, -1);
    return event;
}

static void test_events(void)
{
    struct gsuspend_xenstore *xs;
    const char *text;

    start();
    kill(server, SIGSTOP);
    xs = gsuspend_xenstore_open(0);
    TAP_OK(xs && !gsuspend_xenstore_watch(xs, "/watched") &&
           !gsuspend_xenstore_ask(xs, "/late") &&
           !gsuspend_xenstore_ask(xs, "/value"),
           "a stopped server is not waited for");
    TAP_EQ_INT(gsuspend_xenstore_next(xs, &text), GSUSPEND_XENSTORE_NONE,
               "... and there are no events");
    kill(server, SIGCONT);
    TAP_OK(next_event(xs, &text) == GSUSPEND_XENSTORE_FIRED &&
           !strcmp(text, "/watched"), "... until it goes on");
    TAP_OK(next_event(xs, &text) == GSUSPEND_XENSTORE_VALUE &&
           !strcmp(text, "text"), "the value that was asked for last");
    gsuspend_xenstore_ask(xs, "/none");
    TAP_OK(next_event(xs, &text) == GSUSPEND_XENSTORE_VALUE && !text,
           "there is no node");
    gsuspend_xenstore_ask(xs, "/none");
    gsuspend_xenstore_ask(xs, "/value");
    TAP_OK(next_event(xs, &text) == GSUSPEND_XENSTORE_VALUE && text &&
           !strcmp(text, "text"), "an older question's error is none");
    gsuspend_xenstore_watch(xs, "/full");
    TAP_EQ_INT(next_event(xs, &text), GSUSPEND_XENSTORE_LOST,
               "a watch is refused");
    stop();
    TAP_EQ_INT(next_event(xs, &text), GSUSPEND_XENSTORE_LOST, "it is killed");
    gsuspend_xenstore_close(xs);
}

static void test_transaction(void)
{
    struct gsuspend_xenstore *xs;
    int64_t deadline_ms = gsuspend_now_ms() + LONG_MS;

    start();
    xs = gsuspend_xenstore_open(-1);
    TAP_OK(gsuspend_xenstore_write(xs, "/node", "x", deadline_ms) &&
           errno == ENOENT, "a write, outside of transactions");
    TAP_OK(!gsuspend_xenstore_transaction_start(xs, deadline_ms) &&
           !gsuspend_xenstore_write(xs, "/node", "s3", deadline_ms),
           "a write in a transaction");
    read_is(xs, "/node", LONG_MS, "s3", 0);
    TAP_OK(!gsuspend_xenstore_write(xs, "/node", "", deadline_ms),
           "an empty value");
    read_is(xs, "/node", LONG_MS, "", 0);
    TAP_EQ_INT(gsuspend_xenstore_transaction_end(xs, true, deadline_ms), 0,
               "its end");
    read_is(xs, "/value", LONG_MS, "text", 0);

    gsuspend_xenstore_transaction_start(xs, deadline_ms);
    gsuspend_xenstore_write(xs, "/node", "conflict", deadline_ms);
    TAP_OK(gsuspend_xenstore_transaction_end(xs, true, deadline_ms) &&
           errno == EAGAIN, "a conflict");
    gsuspend_xenstore_transaction_start(xs, deadline_ms);
    gsuspend_xenstore_write(xs, "/node", "conflict", deadline_ms);
    TAP_EQ_INT(gsuspend_xenstore_transaction_end(xs, false, deadline_ms), 0,
               "given up");

    kill(server, SIGSTOP);
    deadline_ms = gsuspend_now_ms() + 100;
    TAP_OK(gsuspend_xenstore_transaction_start(xs, deadline_ms) &&
           errno == ETIMEDOUT, "a stopped server: start");
    TAP_OK(gsuspend_xenstore_write(xs, "/node", "x", deadline_ms) &&
           errno == ETIMEDOUT, "... write");
    TAP_OK(gsuspend_xenstore_transaction_end(xs, true, deadline_ms) &&
           errno == ETIMEDOUT, "... end");
    gsuspend_xenstore_close(xs);
    stop();
}

static void test_open(void)
{
    struct gsuspend_xenstore *xs[4];
    unsigned int nr = 0;
    char path[200];

    listen_here(5);
    close(listening);
    TAP_OK(!gsuspend_xenstore_open(-1) && errno == ECONNREFUSED,
           "a socket that nobody serves");

    /* A server that takes nobody in: the queue has room for one or two. */
    listen_here(0);
    do {
        xs[nr] = gsuspend_xenstore_open(gsuspend_now_ms() + 50);
    } while (xs[nr] && ++nr < 4);
    TAP_OK(nr < 4 && errno == ETIMEDOUT, "a full queue, at the deadline");
    while (nr--)
        gsuspend_xenstore_close(xs[nr]);
    close(listening);

    unlink(socket_path);
    TAP_OK(!gsuspend_xenstore_open(-1) && errno == ENOENT, "no socket");
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = 0;
    setenv("XENSTORED_PATH", path, 1);
    TAP_OK(!gsuspend_xenstore_open(-1) && errno == ENAMETOOLONG,
           "a path that is too long for a socket");
}

int main(void)
{
    unsigned int fds = tap_nr_fds();
    int fd;

    strcpy(socket_path, "/tmp/test-xenstore.XXXXXX");
    fd = mkstemp(socket_path);
    if (fd < 0)
        abort();
    close(fd);
    setenv("XENSTORED_PATH", socket_path, 1);
    signal(SIGPIPE, SIG_DFL);

    gsuspend_xenstore_close(NULL);
    test_read();
    test_many();
    test_gather();
    test_directory();
    test_events();
    test_transaction();
    test_open();
    TAP_EQ_INT(tap_nr_fds(), fds, "no file is left open");
    return tap_done();
}
