/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests that take orders through a page of theirs, which dom0 maps
 * (tests/guest/bench.c), and the offset of their clock to dom0's.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenforeignmemory.h>

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
 * A guest's counter is the host's, less a constant.  The guest reads it between
 * dom0's reads before the question and after the answer.  The quickest of many
 * answers gives the constant to within half of its time.
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

void guest_ready(struct guest *g, bool serving)
{
    map(g);
    if (serving)
        compare_counters(g);
    else
        guest_wait_asleep(g, 1);
}

/* Otherwise the page that dom0 has mapped would outlive the guest. */
void guest_gone(struct guest *g)
{
    if (g->page)
        xenforeignmemory_unmap(memory, g->page, 1);
    g->page = NULL;
}

bool guest_wake(struct guest *g)
{
    if (!gsuspend_call_resume(bench_call, g->domid, 0, 0, 0, 0, NULL))
        return true;
    if (errno != ENODATA)
        broken("the wake of %s", g->name);
    return false;
}

uint64_t guest_ticks(const struct guest *g, uint64_t its)
{
    return its + (uint64_t)g->to_dom0;
}

uint64_t guest_began(const struct guest *g)
{
    return guest_ticks(g, g->page->before);
}

void guest_todo(struct guest *g, enum bench_todo todo, unsigned int delay_ms)
{
    g->page->delay = delay_ms * ticks_hz() / 1000;
    write_once(g->page->todo, todo);
}

void guest_wait_serving(struct guest *g)
{
    ask(g);
}
