/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What xenstored takes: a write, which is the least that a change can cost; a
 * question; transactions of one node and of several.  And what makes that more:
 * connections to it, or watches.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many of either as 100 guests have, each with its "xl create". */
#define MORE        200
/* Requests in a sample: one by itself is soon over. */
#define REQUESTS    10
/* What a domain takes whose every field is a node, and some change. */
#define NODES       6
#define NODE        BENCH_NODES "/state"
/* About as much as xensuspendd writes. */
#define VALUE_BYTES 256

static struct usage rest;

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
            strcpy(path, NODE);
        if (!xs_write(xs, ta, path, value, (unsigned int)strlen(value)))
            broken("writing %s", path);
    }
    return xs_transaction_end(xs, ta, false);
}

static void write_one(void)
{
    static unsigned int count;
    char value[VALUE_BYTES + 1];

    snprintf(value, sizeof(value), "%0*u", VALUE_BYTES, ++count);
    if (!xs_write(bench_xs, XBT_NULL, NODE, value, VALUE_BYTES))
        broken("writing " NODE);
}

static void transact(struct xs_handle *xs, unsigned int nr)
{
    static unsigned int count;
    char value[24];

    snprintf(value, sizeof(value), "%016u", ++count);
    while (!attempt(xs, nr, value))
        if (errno != EAGAIN)
            broken("xs_transaction_end");
}

static void write_then(uint32_t unused)
{
    (void)unused;
    if (!bench_xs)
        bench_xs = xs_open(0);
    if (!bench_xs)
        broken("xs_open");
    actor_begins();
    write_one();
}

void floor_begin(void)
{
    /* So that each sample changes the node, and makes none. */
    write_one();
}

void floor_write(unsigned int delay_ms)
{
    actor_do(write_then, 0, delay_ms);
}

void floor_end(void)
{
    xs_rm(bench_xs, XBT_NULL, BENCH_NODES);
}

/* What a program pays for a request, a write, and transactions. */
static void timed(const char *which, unsigned int domains)
{
    uint64_t begin;

    usage_quiet(&rest);
    begin = ticks();
    for (unsigned int i = 0; i < REQUESTS; i++)
        free(xs_read(bench_xs, XBT_NULL, NODE, NULL));
    sample("xenstore", which, "request", "us", domains,
           ticks_us(ticks() - begin) / REQUESTS);

    begin = ticks();
    write_one();
    sample("xenstore", which, "write", "us", domains,
           ticks_us(ticks() - begin));

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

void bench_xenstore(struct guest *g, unsigned int domains)
{
    (void)g;
    transact(bench_xs, NODES);
    for (unsigned int i = 0; i < bench_samples; i++) {
        timed("alone", domains);
        with_connections(domains);
        with_watches(domains);
    }
    xs_rm(bench_xs, XBT_NULL, BENCH_NODES);
}
