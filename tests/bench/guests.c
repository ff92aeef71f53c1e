/* SPDX-License-Identifier: GPL-2.0-only */
/* Guests to measure with, and how their clock stands to dom0's. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenforeignmemory.h>

#define NAME_PREFIX "gs-bench-"
#define PINGS       2000

static xenforeignmemory_handle *memory;

#define read_once(x)        __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define write_once(x, v)    __atomic_store_n(&(x), v, __ATOMIC_RELEASE)

static void map(struct guest *g)
{
    const xen_pfn_t gfn = BENCH_PAGE_GFN;

    if (!memory)
        memory = xenforeignmemory_open(NULL, 0);
    if (!memory)
        broken("xenforeignmemory_open");
    g->page = xenforeignmemory_map(memory, g->domid, PROT_READ | PROT_WRITE,
                                   1, &gfn, NULL);
    if (!g->page)
        broken("the memory of %s", g->name);
    for (unsigned int i = 0; read_once(g->page->magic) != BENCH_PAGE_MAGIC;
         i++) {
        if (i == LIMIT_MS)
            broken("%s does not begin", g->name);
        sleep_ms(1);
    }
}

static uint64_t ask(struct guest *g)
{
    const uint32_t nr = g->page->ask + 1;
    const uint64_t until = ticks() + LIMIT_MS / 1000 * ticks_hz();

    write_once(g->page->ask, nr);
    while (read_once(g->page->answer) != nr)
        if (ticks() > until)
            broken("%s does not answer", g->name);
    return g->page->answered_at;
}

/*
 * A guest's counter is the host's, less a constant.  It lies between what dom0
 * read before it asked and after it was answered; the quickest of many answers
 * gives the constant to within half of the time that it took.
 */
static void compare_counters(struct guest *g)
{
    uint64_t best = UINT64_MAX;

    for (unsigned int i = 0; i < PINGS; i++) {
        const uint64_t begin = ticks();
        const uint64_t its = ask(g);
        const uint64_t end = ticks();

        if (end - begin < best) {
            best = end - begin;
            g->to_dom0 = (int64_t)(begin + best / 2 - its);
        }
    }
    sample("clock", "error", "most", "us", 0, ticks_us(best) / 2);
}

void guest_new(struct guest *g, const char *name, bool serving)
{
    const char *const argv[] = { bench_stock_xl, "create", "-q",
                                 "bench-guest.cfg", NULL };
    struct command_cost cost;
    uint32_t domid;
    FILE *f = fopen("bench-guest.cfg", "w");

    memset(g, 0, sizeof(*g));
    snprintf(g->name, sizeof(g->name), NAME_PREFIX "%s", name);
    if (!f)
        broken("bench-guest.cfg");
    fprintf(f, "name=\"%s\"\nkernel=\"%s\"\ncmdline=\"%s\"\nmemory=4\n"
            "vcpus=1\non_poweroff=\"preserve\"\n", g->name, bench_image,
            serving ? "" : "asleep");
    if (fclose(f))
        broken("bench-guest.cfg");
    command_run(argv, &cost);
    if (libxl_name_to_domid(bench_ctx, g->name, &domid))
        broken("%s is not there", g->name);
    g->domid = domid;
    map(g);
    if (serving)
        compare_counters(g);
    else
        guest_wait_asleep(g, 1);
}

void guest_end(struct guest *g)
{
    /* Or what dom0 has mapped would outlive it. */
    if (g->page)
        xenforeignmemory_unmap(memory, g->page, 1);
    g->page = NULL;
    if (libxl_domain_destroy(bench_ctx, g->domid, NULL))
        broken("destroying %s", g->name);
}

void guests_end_all(void)
{
    libxl_dominfo *list;
    int nr;

    list = libxl_list_domain(bench_ctx, &nr);
    if (!list)
        return;
    for (int i = 0; i < nr; i++) {
        char *name = libxl_domid_to_name(bench_ctx, list[i].domid);

        if (name && !strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)))
            libxl_domain_destroy(bench_ctx, list[i].domid, NULL);
        free(name);
    }
    libxl_dominfo_list_free(list, nr);
}

uint64_t guest_ticks(const struct guest *g, uint64_t its)
{
    return its + (uint64_t)g->to_dom0;
}

void guest_todo(struct guest *g, enum bench_todo todo, unsigned int delay_ms)
{
    g->page->delay = delay_ms * ticks_hz() / 1000;
    write_once(g->page->todo, todo);
}

void guest_record(const struct guest *g, struct xen_guest_suspend_record *r)
{
    if (gsuspend_call_get(bench_call, g->domid, r))
        broken("the record of %s", g->name);
}

void guest_wait_asleep(const struct guest *g, uint64_t suspends)
{
    struct xen_guest_suspend_record r;

    for (unsigned int i = 0; i < LIMIT_MS; i++) {
        guest_record(g, &r);
        if (r.state == XEN_GUEST_SUSPEND_STATE_SUSPENDED &&
            r.nr_suspends >= suspends)
            return;
        sleep_ms(1);
    }
    broken("%s does not sleep", g->name);
}

bool guest_is_shutdown(const struct guest *g, libxl_shutdown_reason why)
{
    libxl_dominfo info;
    bool shutdown;

    libxl_dominfo_init(&info);
    if (libxl_domain_info(bench_ctx, &info, g->domid))
        broken("libxl_domain_info of %s", g->name);
    shutdown = info.shutdown && info.shutdown_reason == why;
    libxl_dominfo_dispose(&info);
    return shutdown;
}

void guest_wait_serving(struct guest *g)
{
    ask(g);
}
