/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that goes to sleep again the moment it is woken, for many sleeps, and
 * then says what it counted.  One needs 4 MiB, so that many fit on a host.
 *
 * Boot arguments:
 *   sleeps=N   power off after N sleeps; 0 (the default): never
 *   self       wake by an interrupt of its own that is pending at entry
 *   timer=US   wake by its own timer after so many microseconds
 *   virq=N     an SPI that wakers may inject, enabled, and counted apart
 *   route=V    that SPI goes to vCPU V, which stays offline
 *   shutdown   sleep as Xen 4.22 has a guest sleep by PSCI: SHUTDOWN_suspend
 *   awake=MS   stay awake for so long before each sleep
 *   watchdog=S have Xen's watchdog set to S seconds before the first sleep, and
 *              hang after the last, for it to bite
 * Without self or timer=, the toolstack is what wakes it.
 *
 * Any byte on its console makes it print its counts at the next wake; q makes
 * it power off as well.  The counts:
 *   storm: sleeps=N resumes=N refused=N irqs=N early=N
 * irqs: interrupts taken, its own and those of virq=.  early: wakes before the
 * timer=, or under self without its interrupt, which are spurious.
 */
#include "guest.h"
#include <xen/sched.h>

#define SGI     IRQ_SGI(3)

static struct sleep_call call;
static uint64_t sleeps, resumes, refused, irqs, early;

static void counts(void)
{
    print("storm: sleeps=%lu resumes=%lu refused=%lu irqs=%lu early=%lu\n",
          sleeps, resumes, refused, irqs, early);
}

void program(void)
{
    const uint64_t last = bootarg_number("sleeps", 0);
    const uint64_t timer_us = bootarg_number("timer", 0);
    const unsigned int virq = bootarg_number("virq", 0);
    const unsigned int vcpu = bootarg_number("route", 0);
    const unsigned int watchdog_s = bootarg_number("watchdog", 0);
    const uint64_t awake = ms_to_ticks(bootarg_number("awake", 0));
    const bool self = bootarg_flag("self");
    const bool shutdown = bootarg_flag("shutdown");
    bool stop = false;

    call.arg[0] = PSCI_SYSTEM_SUSPEND_64;
    call.arg[1] = (uint64_t)resume_entry;
    if (self)
        gic_enable(SGI);
    if (timer_us)
        gic_enable(IRQ_VTIMER);
    if (virq)
        gic_enable(virq);
    if (virq && vcpu)
        gic_route(virq, vcpu);
    if (watchdog_s && xen_watchdog(0, watchdog_s) <= 0)
        print("storm: no watchdog\n");
    print("storm: begins\n");

    while (!stop && (!last || sleeps < last)) {
        const uint32_t sgis = irq_count[SGI];
        const uint32_t virqs = virq ? irq_count[virq] : 0;
        uint64_t at = 0;
        bool asked = false;
        int c;

        at = vcount() + awake;
        while (vcount() < at)
            ;
        if (self)
            gic_send_self(SGI);
        if (timer_us) {
            at = vcount() + timer_us * ms_to_ticks(1) / 1000;
            vtimer_set(at, TIMER_ENABLE);
        }
        sleeps++;
        if (shutdown) {
            xen_shutdown(SHUTDOWN_suspend);
            call.resumed = true;
        } else {
            sleep_call(&call);
        }
        if (call.resumed)
            resumes++;
        else
            refused++;
        if (timer_us) {
            early += call.resumed && call.entry.cntvct < at;
            irqs += irq_window(IRQ_VTIMER, 1000);
        } else {
            irq_window_now();
        }
        irqs += irq_count[SGI] - sgis;
        early += self && irq_count[SGI] == sgis;
        if (virq)
            irqs += irq_count[virq] - virqs;
        while ((c = console_getchar()) >= 0) {
            asked = true;
            stop |= c == 'q';
        }
        if (asked && !stop)
            counts();
        /* Refused for good: do not spin, and do not hide it. */
        if (refused && refused == sleeps)
            stop = true;
    }
    counts();
    while (watchdog_s)
        asm volatile ("");
}
