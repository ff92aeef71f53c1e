/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The time from the toolstack's call, or command, to the guest's first instruction:
 * the wake of a sleeping guest, the resume of one that sleeps in upstream's way, and
 * the unpause of a paused one.
 */
#include "bench.h"

#include <stdio.h>


static struct usage rest;

typedef void wake_fn(const struct guest *g);

static void by_library(const struct guest *g)
{
    if (libxl_domain_resume_virq(bench_ctx, g->domid, LIBXL_RESUME_VIRQ_NONE,
                                 NULL))
        broken("libxl_domain_resume_virq");
}

static void unpause_by_library(const struct guest *g)
{
    if (libxl_domain_unpause(bench_ctx, g->domid, NULL))
        broken("libxl_domain_unpause");
}

static void resume_by_library(const struct guest *g)
{
    if (libxl_domain_resume(bench_ctx, g->domid, 1, NULL))
        broken("libxl_domain_resume");
}

static void run(const char *xl, const struct guest *g, const char *command,
                const char *trigger)
{
    struct command_cost cost;
    char domid[16];

    snprintf(domid, sizeof(domid), "%u", g->domid);
    command_run((const char *const[]) { xl, command, domid, trigger, NULL },
                &cost);
}

static void by_xl(const struct guest *g)
{
    run(bench_xl, g, "trigger", "wake");
}

/* Xen's xl has "resume" only on x86: this program does the same. */
static void resume_by_command(const struct guest *g)
{
    run("/proc/self/exe", g, "-r", NULL);
}

static void unpause_by_xl(const struct guest *g)
{
    run(bench_stock_xl, g, "unpause", NULL);
}

/* The guest sleeps before, in either way, and answers after. */
static void one_wake(struct guest *g, const char *which, const char *metric,
                     wake_fn *wake, unsigned int domains)
{
    uint64_t begin, sleeps = g->page->sleeps;

    guest_todo(g, BENCH_SERVE, 0);
    usage_quiet(&rest);
    begin = ticks();
    wake(g);
    guest_wait_serving(g);
    if (g->page->sleeps != sleeps + 1)
        broken("%s did not wake", g->name);
    sample("wake", which, metric, "us", domains,
           ticks_us(guest_ticks(g, g->page->first) - begin));
}

/* The guest answers before and after: a request made while it was paused. */
static void one_unpause(struct guest *g, const char *metric, wake_fn *unpause,
                        unsigned int domains)
{
    uint32_t nr;
    uint64_t begin;

    guest_wait_serving(g);
    if (libxl_domain_pause(bench_ctx, g->domid, NULL))
        broken("libxl_domain_pause");
    nr = ++g->page->ask;
    usage_quiet(&rest);
    if (g->page->answer == nr)
        broken("%s is not paused", g->name);
    begin = ticks();
    unpause(g);
    for (unsigned int i = 0; __atomic_load_n(&g->page->answer,
                                             __ATOMIC_ACQUIRE) != nr; i++) {
        if (i == LIMIT_MS)
            broken("%s is still paused", g->name);
        sleep_ms(1);
    }
    sample("wake", "unpause", metric, "us", domains,
           ticks_us(guest_ticks(g, g->page->answered_at) - begin));
}

static void shut_down(struct guest *g)
{
    const libxl_shutdown_reason why = LIBXL_SHUTDOWN_REASON_SUSPEND;

    guest_todo(g, BENCH_SHUTDOWN, 0);
    for (unsigned int i = 0; !guest_is_shutdown(g, why); i++) {
        if (i == LIMIT_MS)
            broken("%s does not shut down", g->name);
        sleep_ms(1);
    }
}

void bench_wake(struct guest *g, unsigned int domains)
{
    for (unsigned int i = 0; i < bench_samples; i++) {
        one_wake(g, "wake", "library", by_library, domains);
        guest_sleep(g);
        one_wake(g, "wake", "command", by_xl, domains);
        one_unpause(g, "library", unpause_by_library, domains);
        one_unpause(g, "command", unpause_by_xl, domains);
        shut_down(g);
        one_wake(g, "resume", "library", resume_by_library, domains);
        shut_down(g);
        one_wake(g, "resume", "command", resume_by_command, domains);
        guest_sleep(g);
    }
}
