/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest whose first vCPU asks to sleep, again and again, while two other
 * vCPUs chase each other: the one that is on switches the other on, and then
 * itself off.  One of them is always on, so every sleep is refused until the
 * chase is over.  Who looks at one vCPU after the other can find both off.
 *
 * Boot arguments:
 *   last=N     the chase is between the vCPUs 1 and N (the default is 2)
 *   chases=N   so many chases (1)
 *   hops=N     so many changes of vCPU in each (1000)
 *
 * An interrupt that is pending ends each sleep as it begins.  Then no other
 * vCPU may be on.  In the end it prints
 *   chase: sleeps=N refused=N online=N
 * online: sleeps after which another vCPU was on.
 */
#include "guest.h"

#define SGI     IRQ_SGI(3)

static struct sleep_call call;
static volatile uint64_t refused;
static uint64_t hops_left;
static unsigned int last;
static volatile bool over;

static void near_runs(void);

/* On vCPU 1 and on the last one. */
static void hop(unsigned int other, void (*fn)(void))
{
    const uint64_t before = refused;

    /* Until vCPU 0 has begun another call, and was refused. */
    while (refused < before + 2 && !over)
        ;
    if (hops_left && !over) {
        hops_left--;
        /* It may not be quite off yet. */
        while (vcpu_start(other, fn) != PSCI_SUCCESS)
            ;
    }
    psci(PSCI_CPU_OFF, 0, 0, 0);
}

static void far_runs(void)
{
    hop(1, near_runs);
}

static void near_runs(void)
{
    hop(last, far_runs);
}

static bool others_are_off(void)
{
    return vcpu_is_off(1) && vcpu_is_off(last);
}

static bool chase(uint64_t hops)
{
    bool off;

    over = false;
    hops_left = hops;
    while (vcpu_start(last, far_runs) != PSCI_SUCCESS)
        ;
    do {
        sleep_call(&call);
        if (!call.resumed)
            refused++;
    } while (!call.resumed);
    off = others_are_off();
    over = true;
    while (!others_are_off())
        ;
    return off;
}

void program(void)
{
    const uint64_t chases = bootarg_number("chases", 1);
    const uint64_t hops = bootarg_number("hops", 1000);
    uint64_t online = 0;

    last = bootarg_number("last", 2);
    call.arg[0] = PSCI_SYSTEM_SUSPEND_64;
    call.arg[1] = (uint64_t)resume_entry;
    gic_enable(SGI);
    gic_send_self(SGI);
    print("chase: begins\n");
    for (uint64_t n = 0; n < chases; n++)
        online += !chase(hops);
    print("chase: sleeps=%lu refused=%lu online=%lu\n", chases, refused,
          online);
}
