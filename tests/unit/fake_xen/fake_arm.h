/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fake Xen on Arm: the environment of the hypervisor's arch/arm/guest-suspend.c
 * and the vGIC's side of the agreement about who wakes whom.
 */

#ifndef FAKE_XEN_FAKE_ARM_H
#define FAKE_XEN_FAKE_ARM_H

#include <asm/guest-suspend.h>
#include <asm/processor.h>
#include <asm/regs.h>

#define FAKE_VIRT_TIMER 27
#define FAKE_PHYS_TIMER 30
#define FAKE_EVTCHN     31
#define FAKE_SPI        40

struct fake_arm {
    uint64_t ram_end;
    bool lr_pending;            /* In every list register. */
    unsigned int spi_target;    /* The vCPU that SPIs are routed to. */
    struct vcpu_guest_core_regs regs;
};

extern struct fake_arm fake_arm;

/* After fake_domain_create(): one vCPU online, every interrupt enabled. */
void fake_arm_domain_init(struct domain *d);
struct pending_irq *fake_irq(struct vcpu *v, unsigned int irq);
/* Put it in flight, without any waking. */
void fake_irq_in_flight(struct vcpu *v, unsigned int irq, unsigned int bit);
/* The guest runs and takes all that is pending.  Returns how many. */
unsigned int fake_take_irqs(struct vcpu *v);
/* Is one pending that the guest would take? */
bool fake_has_irq(const struct vcpu *v);

#endif
