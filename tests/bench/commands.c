/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands: their time, CPU time, page faults, and the counts that are the same
 * each time: system calls, hypercalls, xenstore requests.  And the memory of the
 * daemons.
 */
#include "bench.h"

#include <stdio.h>

struct command {
    const char *which;
    const char *argv[5];
};

static void traced(const char *figure, const struct command *c,
                   unsigned int domains)
{
    struct command_calls calls;

    command_trace(c->argv, &calls);
    sample(figure, c->which, "system-calls", "calls", domains,
           (double)calls.system_calls);
    sample(figure, c->which, "hypercalls", "calls", domains,
           (double)calls.hypercalls);
    sample(figure, c->which, "xenstore", "requests", domains,
           (double)calls.xenstore_requests);
}

static void timed(const char *figure, const struct command *c,
                  unsigned int domains)
{
    struct command_cost cost;

    command_run(c->argv, &cost);
    sample(figure, c->which, "wall", "us", domains, cost.wall_us);
    sample(figure, c->which, "cpu", "us", domains, cost.cpu_us);
    sample(figure, c->which, "faults", "pages", domains, (double)cost.faults);
}

static void compare(const char *figure, const struct command *all, size_t nr,
                    unsigned int domains)
{
    static struct usage rest;
    struct command_cost cost;

    usage_quiet(&rest);
    for (size_t i = 0; i < nr; i++)
        command_run(all[i].argv, &cost);    /* Files come into memory. */
    for (unsigned int n = 0; n < bench_samples; n++)
        for (size_t i = 0; i < nr; i++)
            timed(figure, &all[i], domains);
    for (unsigned int n = 0; n < 3; n++)
        for (size_t i = 0; i < nr; i++)
            traced(figure, &all[i], domains);
}

void bench_commands(struct guest *g, unsigned int domains)
{
    char domid[16], node[64];
    const struct command one[] = {
        { "suspend-status", { bench_xl, "suspend-status", g->name, NULL } },
        { "suspend-status-id", { bench_xl, "suspend-status", domid, NULL } },
        { "list", { bench_stock_xl, "list", g->name, NULL } },
        { "domid", { bench_stock_xl, "domid", g->name, NULL } },
        { "xenstore-read", { "/usr/bin/xenstore-read", node, NULL } },
        { "true", { "/bin/true", NULL } },
    };
    const struct command all[] = {
        { "suspend-status", { bench_xl, "suspend-status", NULL } },
        { "list", { bench_stock_xl, "list", NULL } },
    };

    snprintf(domid, sizeof(domid), "%u", g->domid);
    snprintf(node, sizeof(node), "/local/domain/%u/name", g->domid);
    compare("status-one", one, sizeof(one) / sizeof(one[0]), domains);
    compare("status-all", all, sizeof(all) / sizeof(all[0]), domains);
}

void bench_handover(struct guest *g, unsigned int domains)
{
    const struct command list[] = {
        { "ours", { bench_xl, "list", g->name, NULL } },
        { "stock", { bench_stock_xl, "list", g->name, NULL } },
    };

    compare("handover", list, sizeof(list) / sizeof(list[0]), domains);
}

void bench_memory(struct guest *g, unsigned int domains)
{
    static struct usage now;

    (void)g;
    usage_memory(&now);
    for (unsigned int i = 0; i < now.nr; i++) {
        const struct process *p = &now.processes[i];

        if (p->program == XL)
            continue;
        sample("memory", program_names[p->program], "rss", "KiB", domains,
               (double)p->rss_kb);
        sample("memory", program_names[p->program], "pss", "KiB", domains,
               (double)p->pss_kb);
    }
}
