/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The time from a guest's call until a watcher has the event: of a guest suspend,
 * through xensuspendd; of a shutdown, and of a guest suspend as upstream Xen has
 * it, through @releaseDomain.  And which other processes ran for it.  The floor is
 * a program that writes a node as long as xensuspendd's, without guest and
 * hypervisor.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The guest's delay before its call, so that the wake has no effect on the figure.
 * The writer has the same delay: an emulated host that was just busy is slower.
 */
#define DELAY_MS 300

/* On x86 it tells nobody that a guest is in S3. */
#ifdef __aarch64__
static const bool upstream_tells = true;
#else
static const bool upstream_tells;
#endif

static struct usage before, after;

/* Wait for an event and take it; returns the time when it came. */
static uint64_t take_event(struct xs_handle *xs)
{
    struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
    uint64_t at;
    char **event;

    while (!(event = xs_check_watch(xs))) {
        if (errno != EAGAIN)
            broken("xs_check_watch");
        if (poll(&fd, 1, LIMIT_MS) <= 0)
            broken("no event");
    }
    at = ticks();
    free(event);
    return at;
}

static void drop_events(struct xs_handle *xs)
{
    char **event;

    while ((event = xs_check_watch(xs)))
        free(event);
}

static struct xs_handle *watcher(const char *path)
{
    struct xs_handle *xs = xs_open(0);

    if (!xs || !xs_watch(xs, path, path))
        broken("watching %s", path);
    take_event(xs);     /* A new watch fires once. */
    return xs;
}

/* A connection of its own for the requests, so that its thread does not matter. */
static bool tree_says_suspended(const char *path)
{
    char *state = xs_read(bench_xs, XBT_NULL, path, NULL);
    bool suspended = state && !strncmp(state, "suspended ", 10);

    free(state);
    return suspended;
}

/* What each program did between the two readings. */
static void others(const char *which, unsigned int domains)
{
    for (int i = 0; i < NR_PROGRAMS; i++) {
        const struct used used = usage_between(&before, &after, i);
        char metric[64];

        snprintf(metric, sizeof(metric), "%s-runs", program_names[i]);
        sample("events", which, metric, "times", domains, used.runs);
        snprintf(metric, sizeof(metric), "%s-cpu", program_names[i]);
        sample("events", which, metric, "us", domains, used.us);
    }
}

static void wake(struct guest *g)
{
    guest_todo(g, BENCH_SERVE, 0);
    if (!guest_wake(g))
        broken("%s does not sleep", g->name);
    guest_wait_serving(g);
}

/* Awake, and idle: the sleep is what is measured. */
static void rouse(struct guest *g, struct xs_handle *xs)
{
    wake(g);
    take_event(xs);
    usage_quiet(&before);
}

/* How many nodes xensuspendd writes for a sleep: each is an event. */
static void nodes_of_a_sleep(struct guest *g, unsigned int domains)
{
    struct xs_handle *xs;
    unsigned int nr = 0;
    char path[96], **event;

    snprintf(path, sizeof(path), "/tool/guest-suspend/%u", g->domid);
    xs = watcher(path);
    rouse(g, xs);
    drop_events(xs);
    guest_sleep(g);
    usage_quiet(&after);
    while ((event = xs_check_watch(xs))) {
        free(event);
        nr++;
    }
    xs_close(xs);
    if (!nr)
        broken("a sleep that wrote nothing");
    sample("events", "suspend", "nodes", "nodes", domains, nr);
}

/*
 * An event's time without xenstored's part in it, whose CPU time that was so far.
 * The event has just come.
 */
static void beyond_xenstored(const char *which, unsigned int domains,
                             double recorded_us, uint64_t xenstored_ns)
{
    sample("events", which, "beyond-xenstored", "us", domains,
           recorded_us - (double)xenstored_ns / 1000);
}

static void one_write(unsigned int domains)
{
    struct xs_handle *xs = watcher(BENCH_NODES "/state");
    const pid_t xenstored = program_pid(XENSTORED);
    uint64_t at, xenstored_ns;
    double recorded_us;

    usage_quiet(&before);
    xenstored_ns = process_ns(xenstored);
    floor_write(DELAY_MS);
    at = take_event(xs);
    xenstored_ns = process_ns(xenstored) - xenstored_ns;
    recorded_us = ticks_us(at - actor_began());
    sample("events", "write", "recorded", "us", domains, recorded_us);
    beyond_xenstored("write", domains, recorded_us, xenstored_ns);
    usage_quiet(&after);
    others("write", domains);
    xs_close(xs);
}

/*
 * Returns the time from the guest's stamp to the hypervisor's record, in us: nearly
 * nothing, plus the error of the guest's clock.
 */
static double one_suspend(struct guest *g, unsigned int domains)
{
    const pid_t xenstored = program_pid(XENSTORED);
    struct xen_guest_suspend_record r;
    struct xs_handle *xs;
    uint64_t at, asked, recorded, known, began, xenstored_ns = 0, before_ns;
    double recorded_us;
    char path[96];

    snprintf(path, sizeof(path), "/tool/guest-suspend/%u/state", g->domid);
    xs = watcher(path);
    rouse(g, xs);
    before_ns = process_ns(xenstored);
    guest_todo(g, BENCH_SLEEP, DELAY_MS);
    do {
        at = take_event(xs);
        xenstored_ns = process_ns(xenstored) - before_ns;
        asked = ticks();
        guest_record(g, &r);
        /* When it was made, as precisely as possible. */
        recorded = asked + (ticks() - asked) / 2;
    } while (!tree_says_suspended(path));
    /* To look at xenstored is no part of it. */
    known = ticks() - (asked - at);
    began = guest_began(g);
    sample("events", "suspend", "event", "us", domains, ticks_us(at - began));
    sample("events", "suspend", "known", "us", domains,
           ticks_us(known - began));
    /* No guest's clock is used for this one. */
    recorded_us = (double)(r.now_ns - r.since_ns) / 1000 -
                  ticks_us(recorded - at);
    sample("events", "suspend", "recorded", "us", domains, recorded_us);
    beyond_xenstored("suspend", domains, recorded_us, xenstored_ns);
    usage_quiet(&after);
    others("suspend", domains);
    xs_close(xs);
    return ticks_us(at - began) - recorded_us;
}

/*
 * The time until @releaseDomain reports a guest that was told to shut down.
 * Returns it, in us.
 */
static double one_shutdown(const struct guest *g, libxl_shutdown_reason why,
                           const char *which, struct xs_handle *xs,
                           unsigned int domains)
{
    uint64_t at, known, began;
    bool shutdown;

    at = take_event(xs);
    shutdown = guest_is_shutdown(g, why);
    known = ticks();
    if (!shutdown)
        broken("@releaseDomain of something else");
    began = guest_began(g);
    sample("events", which, "event", "us", domains, ticks_us(at - began));
    sample("events", which, "known", "us", domains, ticks_us(known - began));
    usage_quiet(&after);
    others(which, domains);
    return ticks_us(at - began);
}

static void one_end(unsigned int domains)
{
    struct xs_handle *xs;
    struct guest g;

    guest_new(&g, "ends", true);
    xs = watcher("@releaseDomain");
    usage_quiet(&after);
    drop_events(xs);
    xensuspendd_stop();
    usage_quiet(&before);
    guest_todo(&g, BENCH_OFF, DELAY_MS);
    one_shutdown(&g, LIBXL_SHUTDOWN_REASON_POWEROFF, "shutdown", xs, domains);
    xensuspendd_continue();
    xs_close(xs);
    guest_end(&g);
}

/*
 * Upstream Xen turns a guest's SYSTEM_SUSPEND into a shutdown.  Here the guest
 * requests that shutdown itself; all that follows is the same.  unrecorded_us is
 * what its suspend returned: less this, the time can be compared with the time
 * from the record.
 */
static void one_upstream(struct guest *g, double unrecorded_us,
                         unsigned int domains)
{
    struct xs_handle *xs;
    double event_us;

    wake(g);
    xs = watcher("@releaseDomain");
    usage_quiet(&before);
    xensuspendd_stop();
    usage_quiet(&before);
    guest_todo(g, BENCH_SHUTDOWN, DELAY_MS);
    event_us = one_shutdown(g, LIBXL_SHUTDOWN_REASON_SUSPEND, "upstream", xs,
                            domains);
    xensuspendd_continue();
    sample("events", "upstream", "recorded", "us", domains,
           event_us - unrecorded_us);
    xs_close(xs);
    guest_todo(g, BENCH_SERVE, 0);
    if (libxl_domain_resume(bench_ctx, g->domid, 1, NULL))
        broken("libxl_domain_resume");
    guest_wait_serving(g);
    guest_sleep(g);
}

void bench_events(struct guest *g, unsigned int domains)
{
    nodes_of_a_sleep(g, domains);
    floor_begin();
    for (unsigned int i = 0; i < bench_samples; i++) {
        double unrecorded_us;

        one_end(domains);
        usage_quiet(&after);
        unrecorded_us = one_suspend(g, domains);
        one_write(domains);
        if (upstream_tells)
            one_upstream(g, unrecorded_us, domains);
    }
    floor_end();
}
