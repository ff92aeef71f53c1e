/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long Xen's paths are that every guest takes, whether or not it ever
 * sleeps, and those of a sleep.  Meant for a machine whose counter counts instructions (QEMU's
 * -icount): then what it prints is exact, but for what the host does besides,
 * of which the least of many batches is free.
 *
 * Needs two vCPUs on one CPU.  Prints, in ticks of the counter for BATCH times:
 *   paths: batch=BATCH empty=N hypercall=N inject=N suspend=N wake=N switch=N
 * empty: the measuring itself.  hypercall: one that does nothing much.  inject:
 * an interrupt to itself, taken.  suspend: a sleep that its pending interrupt
 * ends at entry, to its first instruction.  wake: from its timer's expiry to its
 * first instruction.  Both are 0 without guest suspend.  switch: there and back between two vCPUs, each
 * of which waits in WFI and wakes the other by an interrupt.
 */
#include "guest.h"
#include <xen/xen.h>
#include <xen/version.h>

#define SGI_SELF    IRQ_SGI(3)
#define SGI_THERE   IRQ_SGI(4)
#define SGI_BACK    IRQ_SGI(5)
#define BATCH       64
#define BATCHES     200

static volatile bool partner_ready;
static struct sleep_call call;

static void empty(void)
{
    asm volatile ("");
}

static void hypercall(void)
{
    xen_call(XENVER_version, 0, 0, __HYPERVISOR_xen_version);
}

static void inject(void)
{
    const uint32_t before = irq_count[SGI_SELF];

    gic_send_self(SGI_SELF);
    while (irq_count[SGI_SELF] == before)
        irq_window_now();
}

static void end_at_entry(void)
{
    gic_send_self(SGI_SELF);
    sleep_call(&call);
    irq_window_now();
}

/* The least of what BATCH wake-ups by the timer take; 0: no guest suspend. */
static uint64_t wake_by_timer(void)
{
    uint64_t best = UINT64_MAX;

    for (unsigned int i = 0; i < BATCH; i++) {
        const uint64_t at = vcount() + ms_to_ticks(1);

        vtimer_set(at, TIMER_ENABLE);
        sleep_call(&call);
        if (!call.resumed || call.entry.cntvct < at)
            return 0;
        if (call.entry.cntvct - at < best)
            best = call.entry.cntvct - at;
        irq_window(IRQ_VTIMER, 1000);
    }
    return best * BATCH;
}

/* WFI ends for an interrupt that is pending already, masked as it is. */
static void wait_for_sgi(unsigned int sgi, uint32_t before)
{
    while (irq_count[sgi] == before) {
        asm volatile ("wfi");
        irq_window_now();
    }
}

static void there_and_back(void)
{
    const uint32_t before = irq_count[SGI_BACK];

    gic_send(SGI_THERE, 1);
    wait_for_sgi(SGI_BACK, before);
}

static void partner(void)
{
    uint32_t before = irq_count[SGI_THERE];

    gic_init_vcpu();
    gic_enable(SGI_THERE);
    partner_ready = true;
    for (;;) {
        wait_for_sgi(SGI_THERE, before);
        before++;
        gic_send(SGI_BACK, 0);
    }
}

static uint64_t least(void (*fn)(void))
{
    uint64_t best = UINT64_MAX;

    for (unsigned int i = 0; i < BATCHES; i++) {
        const uint64_t begin = vcount();
        uint64_t took;

        for (unsigned int j = 0; j < BATCH; j++)
            fn();
        took = vcount() - begin;
        if (took < best)
            best = took;
    }
    return best;
}

void program(void)
{
    uint64_t nothing, hyper, taken, suspend = 0, woken, both;

    gic_enable(SGI_SELF);
    gic_enable(SGI_BACK);
    nothing = least(empty);
    hyper = least(hypercall);
    taken = least(inject);
    gic_enable(IRQ_VTIMER);
    call.arg[0] = PSCI_SYSTEM_SUSPEND_64;
    call.arg[1] = (uint64_t)resume_entry;
    woken = wake_by_timer();
    if (woken)
        suspend = least(end_at_entry);
    /* Only now: until then there is nobody else to run. */
    vcpu_start(1, partner);
    if (!WAIT_UNTIL(partner_ready)) {
        print("Bail out! no second vCPU\n");
        return;
    }
    both = least(there_and_back);
    print("paths: batch=%u empty=%lu hypercall=%lu inject=%lu suspend=%lu "
          "wake=%lu switch=%lu\n",
          BATCH, nothing, hyper, taken, suspend, woken, both);
}
