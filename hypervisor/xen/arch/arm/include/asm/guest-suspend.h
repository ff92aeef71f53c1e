/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest suspend on Arm: PSCI SYSTEM_SUSPEND and the interrupts that end it. */

#ifndef ARM_GUEST_SUSPEND_H
#define ARM_GUEST_SUSPEND_H

#include <xen/sched.h>

#include <asm/gic.h>
#include <asm/vgic.h>

/* The other vGIC, CONFIG_NEW_VGIC, has none. */
struct pending_irq;

#ifdef CONFIG_GUEST_SUSPEND

/* PSCI 1.0 SYSTEM_SUSPEND for the current vCPU. */
int32_t vpsci_system_suspend(register_t entry_point, register_t context_id);

/*
 * Bring the current vCPU into the state that PSCI promises at the entry point
 * of its last SYSTEM_SUSPEND.
 */
void vcpu_enter_psci_resume(struct vcpu *v);

bool vcpu_irq_ends_suspend(struct vcpu *v, const struct pending_irq *p);

/*
 * An interrupt was queued for v, under its vGIC lock, which is held.  Returns
 * whether it ended a suspend, so that the domain is to be released without the
 * lock.
 */
static inline bool vgic_queued_wakeup(struct vcpu *v,
                                      const struct pending_irq *p)
{
    return unlikely(v->pause_flags & VPF_suspended) &&
           vcpu_irq_ends_suspend(v, p);
}

bool vcpu_line_is_high(const struct vcpu *v, unsigned int irq);

/*
 * A guest has enabled or ended the interrupt irq of v, under v's vGIC lock.
 * Is it a level interrupt whose line is high, so that it is pending again?
 * The hardware domain, which never suspends, is left to Xen's ways: no.
 */
static inline bool vgic_line_is_high(const struct vcpu *v, unsigned int irq)
{
    return irq >= NR_GIC_SGI && vcpu_line_is_high(v, irq);
}

#else /* !CONFIG_GUEST_SUSPEND */

static inline bool vgic_line_is_high(const struct vcpu *v, unsigned int irq)
{
    return false;
}

static inline bool vgic_queued_wakeup(struct vcpu *v,
                                      const struct pending_irq *p)
{
    return false;
}

#endif /* CONFIG_GUEST_SUSPEND */

#endif /* ARM_GUEST_SUSPEND_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
