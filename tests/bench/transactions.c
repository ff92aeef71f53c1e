/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bare transactions: the least that a change of several nodes in xenstore can
 * cost.  And what makes that more: connections to xenstored, or watches.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* As many of either as 100 guests have, each with its "xl create". */
#define MORE        200
/* Requests in a sample: one by itself is soon over. */
#define REQUESTS    10
/* What xensuspendd writes. */
#define NODES       6

static struct usage rest;
struct order {
    unsigned int nr, delay_ms;
};
static pid_t writer;
static int writer_pipe[2];
static uint64_t *writer_page;

static bool attempt(struct xs_handle *xs, unsigned int nr, const char *value)
{
    xs_transaction_t ta = xs_transaction_start(xs);
    char path[96];

    if (ta == XBT_NULL)
        broken("xs_transaction_start");
    for (unsigned int i = 1; i <= nr; i++) {
        if (i < nr)
            snprintf(path, sizeof(path), BENCH_NODES "/%u", i);
        else
            strcpy(path, BENCH_NODES "/state");
        if (!xs_write(xs, ta, path, value, (unsigned int)strlen(value)))
            broken("writing %s", path);
    }
    return xs_transaction_end(xs, ta, false);
}

void transact(struct xs_handle *xs, unsigned int nr)
{
    static unsigned int count;
    char value[24];

    snprintf(value, sizeof(value), "%016u", ++count);
    while (!attempt(xs, nr, value))
        if (errno != EAGAIN)
            broken("xs_transaction_end");
}

__attribute__((noreturn))
static void write_when_told(int from)
{
    struct xs_handle *xs = xs_open(0);
    struct order order;

    /* Guests are the other's to end, should this break. */
    bench_ctx = NULL;
    if (!xs)
        broken("xs_open");
    while (read(from, &order, sizeof(order)) == sizeof(order)) {
        sleep_ms(order.delay_ms);
        *writer_page = ticks();
        transact(xs, order.nr);
    }
    _exit(0);
}

void writer_begin(void)
{
    /* So that each sample changes nodes, and makes none. */
    transact(bench_xs, NODES);
    writer_page = mmap(NULL, sizeof(*writer_page), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (writer_page == MAP_FAILED || pipe(writer_pipe))
        broken("a pipe to the writer");
    fflush(stdout);
    writer = fork();
    if (writer < 0)
        broken("fork");
    if (!writer) {
        close(writer_pipe[1]);
        write_when_told(writer_pipe[0]);
    }
    close(writer_pipe[0]);
}

void writer_go(unsigned int nr, unsigned int delay_ms)
{
    const struct order order = { .nr = nr, .delay_ms = delay_ms };

    if (write(writer_pipe[1], &order, sizeof(order)) != sizeof(order))
        broken("the writer");
}

uint64_t writer_began(void)
{
    return *writer_page;
}

void writer_end(void)
{
    int status;

    close(writer_pipe[1]);
    if (waitpid(writer, &status, 0) != writer || status)
        broken("the writer");
    munmap(writer_page, sizeof(*writer_page));
    xs_rm(bench_xs, XBT_NULL, BENCH_NODES);
}

/* What a program pays for a request, and for transactions of few and more. */
static void timed(const char *which, unsigned int domains)
{
    uint64_t begin;

    usage_quiet(&rest);
    begin = ticks();
    for (unsigned int i = 0; i < REQUESTS; i++)
        free(xs_read(bench_xs, XBT_NULL, BENCH_NODES "/state", NULL));
    sample("xenstore", which, "request", "us", domains,
           ticks_us(ticks() - begin) / REQUESTS);

    begin = ticks();
    transact(bench_xs, 1);
    sample("xenstore", which, "transaction-1", "us", domains,
           ticks_us(ticks() - begin));

    begin = ticks();
    transact(bench_xs, NODES);
    sample("xenstore", which, "transaction-6", "us", domains,
           ticks_us(ticks() - begin));
}

static void with_connections(unsigned int domains)
{
    struct xs_handle *more[MORE];

    for (unsigned int i = 0; i < MORE; i++) {
        more[i] = xs_open(0);
        if (!more[i])
            broken("xs_open");
    }
    timed("connections", domains);
    for (unsigned int i = 0; i < MORE; i++)
        xs_close(more[i]);
}

/* All of one connection, of nodes that nobody writes. */
static void with_watches(unsigned int domains)
{
    struct xs_handle *xs = xs_open(0);
    unsigned int len;
    char path[96];

    if (!xs)
        broken("xs_open");
    for (unsigned int i = 0; i < MORE; i++) {
        snprintf(path, sizeof(path), BENCH_NODES "-not/%u", i);
        if (!xs_watch(xs, path, path))
            broken("xs_watch");
        free(xs_read_watch(xs, &len));  /* A new watch's first. */
    }
    timed("watches", domains);
    xs_close(xs);
}

void bench_xenstore(unsigned int domains)
{
    transact(bench_xs, NODES);
    for (unsigned int i = 0; i < bench_samples; i++) {
        timed("alone", domains);
        with_connections(domains);
        with_watches(domains);
    }
    xs_rm(bench_xs, XBT_NULL, BENCH_NODES);
}
