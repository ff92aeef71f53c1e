/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fake Xen on Arm: the vGIC, as much of it as guest suspend sees.  What a vCPU
 * has in flight is guarded by its vGIC lock.
 */

#ifndef FAKE_ASM_VGIC_H
#define FAKE_ASM_VGIC_H

#include <xen/sched.h>

#define NR_LOCAL_IRQS 32
#define is_lpi(virq) ((virq) >= 8192)

#define GIC_IRQ_GUEST_QUEUED   0
#define GIC_IRQ_GUEST_ACTIVE   1
#define GIC_IRQ_GUEST_VISIBLE  2
#define GIC_IRQ_GUEST_ENABLED  3

#define vgic_num_irqs(d) (NR_LOCAL_IRQS + FAKE_NR_SPIS + 0U * (d)->domain_id)

struct pending_irq *irq_to_pending(struct vcpu *v, unsigned int irq);
struct pending_irq *spi_to_pending(struct domain *d, unsigned int irq);
struct vcpu *vgic_get_target_vcpu(struct vcpu *v, unsigned int virq);
void vgic_inject_irq(struct domain *d, struct vcpu *v, unsigned int virq,
                     bool level);

#endif
