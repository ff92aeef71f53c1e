/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a guest's call to a watcher that has the event: a guest suspend by way
 * of xensuspendd, and by way of @releaseDomain the end of a guest, and what
 * upstream Xen makes of a guest suspend.  And who else had to run for it.  The
 * floor is a program that writes a node as long as xensuspendd's, with no guest
 * and no hypervisor in it.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the guest lets pass before it calls, for the wake's traces to go; and the
 * writer, as a host that has just been busy is slower, an emulated one at least.
 */
#define DELAY_MS 300

/* On x86 it tells nobody that a guest is in S3. */
#ifdef __aarch64__
static const bool upstream_tells = true;
#else
static const bool upstream_tells;
#endif

static struct usage before, after;

/* Wait for an event and take it; the time when it was there. */
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
    take_event(xs);     /* The one that a new watch gets. */
    return xs;
}

/* A connection of its own for the questions: its thread has no part. */
static bool tree_says_suspended(const char *path)
{
    char *state = xs_read(bench_xs, XBT_NULL, path, NULL);
    bool suspended = state && !strncmp(state, "suspended ", 10);

    free(state);
    return suspended;
}

/* What each program had to do between the two looks. */
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

/* Awake, and at rest: it is the sleep that is measured. */
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

static void one_write(unsigned int domains)
{
    struct xs_handle *xs = watcher(BENCH_NODES "/state");
    uint64_t at;

    usage_quiet(&before);
    floor_write(DELAY_MS);
    at = take_event(xs);
    sample("events", "write", "recorded", "us", domains,
           ticks_us(at - actor_began()));
    usage_quiet(&after);
    others("write", domains);
    xs_close(xs);
}

/*
 * Returns what lay between the guest's stamp and the hypervisor's record, us:
 * next to nothing, and what is wrong with the guest's clock.
 */
static double one_suspend(struct guest *g, unsigned int domains)
{
    struct xen_guest_suspend_record r;
    struct xs_handle *xs;
    uint64_t at, asked, recorded, known, began;
    double recorded_us;
    char path[96];

    snprintf(path, sizeof(path), "/tool/guest-suspend/%u/state", g->domid);
    xs = watcher(path);
    rouse(g, xs);
    guest_todo(g, BENCH_SLEEP, DELAY_MS);
    do {
        at = take_event(xs);
        asked = ticks();
        guest_record(g, &r);
        /* When it was made, as near as can be. */
        recorded = asked + (ticks() - asked) / 2;
    } while (!tree_says_suspended(path));
    known = ticks();
    began = guest_began(g);
    sample("events", "suspend", "event", "us", domains, ticks_us(at - began));
    sample("events", "suspend", "known", "us", domains,
           ticks_us(known - began));
    /* No guest's clock has a part in this one. */
    recorded_us = (double)(r.now_ns - r.since_ns) / 1000 -
                  ticks_us(recorded - at);
    sample("events", "suspend", "recorded", "us", domains, recorded_us);
    usage_quiet(&after);
    others("suspend", domains);
    xs_close(xs);
    return ticks_us(at - began) - recorded_us;
}

/*
 * What @releaseDomain tells of a guest that has just been told to shut down.
 * Returns how long that took, us.
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
    usage_quiet(&before);
    guest_todo(&g, BENCH_OFF, DELAY_MS);
    one_shutdown(&g, LIBXL_SHUTDOWN_REASON_POWEROFF, "shutdown", xs, domains);
    xs_close(xs);
    guest_end(&g);
}

/*
 * Upstream Xen makes a shutdown of a guest's SYSTEM_SUSPEND: here the guest
 * asks for that shutdown itself, and all that follows is the same.
 * unrecorded_us is what its suspend returned: without it, the time is to be
 * held against the one from the record.
 */
static void one_upstream(struct guest *g, double unrecorded_us,
                         unsigned int domains)
{
    struct xs_handle *xs;
    double event_us;

    wake(g);
    xs = watcher("@releaseDomain");
    usage_quiet(&before);
    guest_todo(g, BENCH_SHUTDOWN, DELAY_MS);
    event_us = one_shutdown(g, LIBXL_SHUTDOWN_REASON_SUSPEND, "upstream", xs,
                            domains);
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
