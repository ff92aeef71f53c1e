/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that asks on two vCPUs, as fast as it can, for what it is refused: to
 * sleep with another vCPU online, then with a bad entry point; the toolstack's
 * operations; and the VIRQ, which it may bind for what that is worth.
 *
 * Boot argument: rounds=N, of each vCPU.  In the end it prints
 *   hammer: denied=N accepted=N
 * denied: sleeps that were refused.  accepted: anything that should have been.
 */
#include "guest.h"
#include <xen/xen.h>
#include "guest_suspend.h"

static struct counts {
    uint64_t denied, accepted;
} counted[2];
static uint64_t rounds;
static volatile bool other_done, leave;

static void hammer(struct counts *c)
{
    for (uint64_t n = 0; n < rounds; n++) {
        int port;

        /* Nowhere to go, should it be accepted: the guest is gone then. */
        if ((int32_t)psci(PSCI_SYSTEM_SUSPEND_64, GUEST_GICD_BASE, 0, 0) < 0)
            c->denied++;
        else
            c->accepted++;
        c->accepted += xen_guest_suspend_op(XEN_GUEST_SUSPEND_OP_GET) >= 0;
        c->accepted += xen_guest_suspend_op(XEN_GUEST_SUSPEND_OP_LIST) >= 0;
        c->accepted += xen_guest_suspend_op(XEN_GUEST_SUSPEND_OP_RESUME) >= 0;
        port = xen_evtchn_virq(VIRQ_GUEST_SUSPEND);
        if (port >= 0)
            xen_evtchn_close(port);
    }
}

static void other(void)
{
    hammer(&counted[1]);
    other_done = true;
    while (!leave)
        ;
    psci(PSCI_CPU_OFF, 0, 0, 0);
}

void program(void)
{
    rounds = bootarg_number("rounds", 1000);
    print("hammer: begins\n");
    if (vcpu_start(1, other) != PSCI_SUCCESS)
        print("hammer: no second vCPU\n");
    hammer(&counted[0]);
    while (!other_done)
        ;
    leave = true;
    while (!vcpu_is_off(1))
        ;
    hammer(&counted[0]);
    print("hammer: denied=%lu accepted=%lu\n",
          counted[0].denied + counted[1].denied,
          counted[0].accepted + counted[1].accepted);
}
