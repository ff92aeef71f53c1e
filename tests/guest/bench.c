/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest of the benchmarks: does what dom0 asks for (bench-page.h) and
 * stamps when.  It prints nothing, so that no console daemon has a part in it.
 *
 * Boot arguments:
 *   asleep     begin with a sleep, not with answers
 */
#include "guest.h"
#include "bench-page.h"
#include <xen/xen.h>
#include <xen/sched.h>

static struct bench_page *const page =
    (struct bench_page *)(BENCH_PAGE_GFN << 12);
static struct sleep_call call;

#define read_once(x)        __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define write_once(x, v)    __atomic_store_n(&(x), v, __ATOMIC_RELEASE)

static void serve(void)
{
    uint32_t answered = page->answer;

    while (read_once(page->todo) == BENCH_SERVE) {
        const uint32_t ask = read_once(page->ask);

        if (ask == answered)
            continue;
        page->answered_at = vcount();
        write_once(page->answer, ask);
        answered = ask;
    }
}

/* Blocked, as a guest with nothing to do is. */
static void wait(uint64_t ticks)
{
    const uint64_t until = vcount() + ticks;

    if (!ticks)
        return;
    vtimer_set(until, TIMER_ENABLE);
    while (vcount() < until)
        asm volatile ("wfi");
    irq_window(IRQ_VTIMER, 1000);
}

void program(void)
{
    gic_enable(IRQ_VTIMER);
    call.arg[0] = PSCI_SYSTEM_SUSPEND_64;
    call.arg[1] = (uint64_t)resume_entry;
    memset(page, 0, sizeof(*page));
    if (bootarg_flag("asleep"))
        page->todo = BENCH_SLEEP;
    write_once(page->magic, BENCH_PAGE_MAGIC);

    for (;;) {
        const uint32_t todo = read_once(page->todo);

        switch (todo) {
        case BENCH_SLEEP:
            wait(page->delay);
            page->before = vcount();
            sleep_call(&call);
            if (call.resumed) {
                page->first = call.entry.cntvct;
                write_once(page->sleeps, page->sleeps + 1);
            } else {
                write_once(page->refused, page->refused + 1);
                wait(ms_to_ticks(10));
            }
            break;
        case BENCH_OFF:
            wait(page->delay);
            page->before = vcount();
            power_off();
        case BENCH_SHUTDOWN:
            wait(page->delay);
            page->before = vcount();
            xen_shutdown(SHUTDOWN_suspend);
            page->first = vcount();
            write_once(page->sleeps, page->sleeps + 1);
            break;
        default:
            serve();
        }
    }
}
