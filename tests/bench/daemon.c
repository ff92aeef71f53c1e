/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon: how fast it publishes, its CPU time, and whether anything is lost.
 */
#include "bench.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/*
 * In a burst a guest stays awake for this long, plus so much for each guest: longer
 * than the daemon takes to publish the wakes.
 */
#define AWAKE_MS        1500
#define AWAKE_EACH_MS   500
/* A burst of many takes long. */
#define BURSTS          3
/* How long a storm lasts. */
#define STORM_S         5
#define STORMS          3
/*
 * A change that is not published after this long, plus so much for each guest, is
 * lost.  After a silence of this length no more events are expected.
 */
#define SETTLE_S        30
#define SETTLE_EACH_S   2

static struct usage before, after;

static void state_path(const struct guest *g, char path[96])
{
    snprintf(path, 96, "/tool/guest-suspend/%u/state", g->domid);
}

static struct xs_handle *watch_all(const struct guest *all, unsigned int nr)
{
    struct xs_handle *xs = xs_open(0);
    char path[96];

    if (!xs)
        broken("xs_open");
    for (unsigned int i = 0; i < nr; i++) {
        state_path(&all[i], path);
        if (!xs_watch(xs, path, path))
            broken("xs_watch");
    }
    return xs;
}

/* Count the events; wait up to timeout_ms for the first. */
static unsigned int events(struct xs_handle *xs, int timeout_ms)
{
    struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
    unsigned int nr = 0;
    char **event;

    poll(&fd, 1, timeout_ms);
    while ((event = xs_check_watch(xs))) {
        free(event);
        nr++;
    }
    return nr;
}

static void expect_events(struct xs_handle *xs, unsigned int nr)
{
    unsigned int seen = 0, got;

    while (seen < nr) {
        got = events(xs, LIMIT_MS);
        if (!got)
            broken("%u of %u events", seen, nr);
        seen += got;
    }
    if (seen != nr || events(xs, 100))
        broken("more events than %u", nr);
}

static void cost_each(const char *which, unsigned int domains,
                      double transitions)
{
    for (int i = 0; i < NR_PROGRAMS; i++) {
        char metric[64];

        snprintf(metric, sizeof(metric), "%s-cpu", program_names[i]);
        sample("daemon", which, metric, "us", domains,
               usage_between(&before, &after, i).us / transitions);
    }
}

static void share(const char *which, unsigned int domains, double seconds)
{
    for (int i = 0; i < NR_PROGRAMS; i++) {
        char metric[64];

        snprintf(metric, sizeof(metric), "%s-share", program_names[i]);
        sample("daemon", which, metric, "%", domains,
               usage_between(&before, &after, i).us / seconds / 1e4);
    }
}

static unsigned int settle_s(unsigned int nr)
{
    return SETTLE_S + nr * SETTLE_EACH_S;
}

/* Is the guest's last change in the tree? */
static bool is_published(const struct guest *g,
                         struct xen_guest_suspend_record *r)
{
    char path[96], seq[32], suspends[32], *text;
    bool both;

    guest_record(g, r);
    snprintf(seq, sizeof(seq), " seq=%"PRIu64" ", r->seq);
    snprintf(suspends, sizeof(suspends), " suspends=%"PRIu64" ",
             r->nr_suspends);
    state_path(g, path);
    text = xs_read(bench_xs, XBT_NULL, path, NULL);
    both = text && strstr(text, seq) && strstr(text, suspends);
    free(text);
    return both;
}

/* It may be coalesced with others, or delayed, but not lost. */
static bool wait_published(const struct guest *g, uint64_t limit,
                           struct xen_guest_suspend_record *r)
{
    while (!is_published(g, r)) {
        if (ticks() > limit)
            return false;
        sleep_ms(10);
    }
    return true;
}

/*
 * All guests are woken one after another, and sleep again later.  That is within the
 * daemon's limits, so it need not coalesce.  "published" is the share of changes
 * that had an event of their own.
 */
static void burst(struct guest *all, unsigned int nr)
{
    const unsigned int awake_ms = AWAKE_MS + nr * AWAKE_EACH_MS;
    struct xen_guest_suspend_record r;
    struct xs_handle *xs = watch_all(all, nr);
    uint64_t begin, first = UINT64_MAX, now = 0, lost = 0;
    uint64_t *suspends = calloc(nr, sizeof(*suspends));
    unsigned int seen = 0, got;

    if (!suspends)
        broken("no memory");
    expect_events(xs, nr);      /* A new watch fires once. */
    for (unsigned int i = 0; i < nr; i++) {
        guest_record(&all[i], &r);
        suspends[i] = r.nr_suspends;
        guest_todo(&all[i], BENCH_SLEEP, awake_ms);
    }
    usage_quiet(&before);

    begin = ticks();
    for (unsigned int i = 0; i < nr; i++)
        if (!guest_wake(&all[i]))
            broken("%s does not sleep", all[i].name);
    while (seen < nr && (got = events(xs, awake_ms)))
        seen += got;
    if (seen >= nr)
        sample("daemon", "burst", "wakes-published", "us", nr,
               ticks_us(ticks() - begin));

    while (seen < 2 * nr && (got = events(xs, awake_ms + SETTLE_S * 1000)))
        seen += got;
    for (unsigned int i = 0; i < nr; i++) {
        guest_record(&all[i], &r);
        if (r.since_ns < first)
            first = r.since_ns;
        /* As soon as the events were there, which is before this loop. */
        if (!now)
            now = r.now_ns;
    }
    if (seen == 2 * nr)
        sample("daemon", "burst", "sleeps-published", "us", nr,
               (double)(now - first) / 1000);
    for (unsigned int i = 0; i < nr; i++) {
        guest_wait_asleep(&all[i], suspends[i] + 1);
        lost += !wait_published(&all[i], ticks() + settle_s(nr) * ticks_hz(),
                                &r);
    }
    usage_quiet(&after);
    seen += events(xs, 0);
    sample("daemon", "burst", "published", "of-changes", nr,
           seen / (2.0 * nr));
    sample("daemon", "burst", "lost", "final-states", nr, (double)lost);
    cost_each("burst", nr, 2.0 * nr);
    for (unsigned int i = 0; i < nr; i++)
        guest_todo(&all[i], BENCH_SLEEP, 0);
    free(suspends);
    xs_close(xs);
}

/* All guests sleep as soon as they are woken, and are woken at once. */
static void storm(struct guest *all, unsigned int nr)
{
    const uint64_t until = ticks() + STORM_S * ticks_hz();
    uint64_t begin = ticks(), changes = 0, published = 0, end;
    struct xen_guest_suspend_record r;
    struct xs_handle *xs = watch_all(all, nr);
    uint64_t *suspends = calloc(nr, sizeof(*suspends));
    double seconds, lost = 0;

    if (!suspends)
        broken("no memory");
    expect_events(xs, nr);
    for (unsigned int i = 0; i < nr; i++) {
        guest_record(&all[i], &r);
        suspends[i] = r.nr_suspends;
    }
    usage_now(&before);
    begin = ticks();
    while (ticks() < until) {
        for (unsigned int i = 0; i < nr; i++)
            guest_wake(&all[i]);
        published += events(xs, 0);
    }
    end = ticks();
    usage_now(&after);
    seconds = ticks_us(end - begin) / 1e6;
    for (unsigned int i = 0; i < nr; i++) {
        guest_wait_asleep(&all[i], suspends[i]);
        guest_record(&all[i], &r);
        changes += 2 * (r.nr_suspends - suspends[i]);
    }
    sample("daemon", "storm", "changes", "per-s", nr,
           (double)changes / seconds);
    sample("daemon", "storm", "published", "per-s", nr,
           (double)published / seconds);
    share("storm", nr, seconds);

    for (unsigned int i = 0; i < nr; i++)
        lost += !wait_published(&all[i], end + settle_s(nr) * ticks_hz(), &r);
    sample("daemon", "storm", "settled", "us", nr, ticks_us(ticks() - end));
    sample("daemon", "storm", "lost", "final-states", nr, lost);
    free(suspends);
    xs_close(xs);
}

static void calls_of(const char *which, unsigned int domains,
                     const struct command_calls *calls)
{
    sample("daemon", which, "system-calls", "calls", domains,
           (double)calls->system_calls);
    sample("daemon", which, "hypercalls", "calls", domains,
           (double)calls->hypercalls);
    sample("daemon", which, "xenstore", "requests", domains,
           (double)calls->xenstore_requests);
}

/* What the daemon does for one wake, and for one sleep. */
static void traced(struct guest *g, unsigned int domains)
{
    struct xen_guest_suspend_record r;
    struct command_calls calls;

    guest_record(g, &r);
    guest_todo(g, BENCH_SERVE, 0);
    usage_quiet(&after);
    process_trace_begin(program_pid(XENSUSPENDD));
    if (!guest_wake(g))
        broken("%s does not sleep", g->name);
    guest_wait_serving(g);
    usage_quiet(&after);
    process_trace_end(&calls);
    calls_of("one-wake", domains, &calls);

    process_trace_begin(program_pid(XENSUSPENDD));
    guest_todo(g, BENCH_SLEEP, 0);
    guest_wait_asleep(g, r.nr_suspends + 1);
    usage_quiet(&after);
    process_trace_end(&calls);
    calls_of("one-sleep", domains, &calls);
}

void bench_daemon(struct guest *all, unsigned int domains)
{
    for (unsigned int i = 0; i < domains; i++)
        guest_todo(&all[i], BENCH_SLEEP, 0);
    for (unsigned int i = 0; i < 3; i++)
        traced(&all[0], domains);
    for (unsigned int i = 0; i < bench_samples && i < BURSTS; i++)
        burst(all, domains);
    for (unsigned int i = 0; i < STORMS; i++)
        storm(all, domains);
}
