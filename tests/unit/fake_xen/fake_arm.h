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
#define FAKE_VUART      32      /* Its bit: see fake_vuart(). */

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
/* The UART's raw status and its mask of interrupts. */
void fake_vuart(struct domain *d, uint32_t ris, uint32_t imsc);
/* An event for v, as vcpu_mark_events_pending() tells of it. */
void fake_event(struct vcpu *v);
/*
 * PSCI CPU_ON of v and CPU_OFF of the vCPU that calls, as far as guest suspend
 * sees them.
 */
void fake_cpu_on(struct vcpu *v);
void fake_cpu_off(struct vcpu *v);
/* Put it in flight, without any waking. */
void fake_irq_in_flight(struct vcpu *v, unsigned int irq, unsigned int bit);
/* The guest runs and takes all that is pending.  Returns how many. */
unsigned int fake_take_irqs(struct vcpu *v);
/* Is one pending that the guest would take, and whose cause is still there? */
bool fake_has_irq(const struct vcpu *v);

#endif
