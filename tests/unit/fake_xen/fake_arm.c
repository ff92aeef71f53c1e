/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen on Arm: see fake_arm.h. */

#include "fake.h"
#include "fake_arm.h"

#include <asm/gic.h>
#include <asm/p2m.h>
#include <asm/vgic.h>

struct fake_arm fake_arm;
struct fake_sysregs fake_sysregs;

static void read_lr(int lr, struct gic_lr *lr_reg)
{
    (void)lr;
    lr_reg->pending = fake_arm.lr_pending;
}

static const struct gic_hw_operations hw_ops = { .read_lr = read_lr };
const struct gic_hw_operations *gic_hw_ops = &hw_ops;

uint64_t p2m_lookup(struct domain *d, uint64_t gfn, p2m_type_t *type)
{
    (void)d;
    *type = gfn < fake_arm.ram_end >> 12 ? p2m_ram_rw : p2m_invalid;
    return gfn;
}

void vcpu_regs_user_to_hyp(struct vcpu *v,
                           const struct vcpu_guest_core_regs *regs)
{
    (void)v;
    fake_arm.regs = *regs;
}

struct pending_irq *spi_to_pending(struct domain *d, unsigned int irq)
{
    return &d->arch.vgic.pending_irqs[irq - NR_LOCAL_IRQS];
}

struct vcpu *vgic_get_target_vcpu(struct vcpu *v, unsigned int virq)
{
    return virq < NR_LOCAL_IRQS ? v : &v->domain->vcpu[fake_arm.spi_target];
}

struct pending_irq *irq_to_pending(struct vcpu *v, unsigned int irq)
{
    return fake_irq(v, irq);
}

struct pending_irq *fake_irq(struct vcpu *v, unsigned int irq)
{
    return irq < NR_LOCAL_IRQS ? &v->arch.vgic.pending_irqs[irq]
                               : spi_to_pending(v->domain, irq);
}

/* The patched function in arch/arm/vgic.c, but for priorities. */
void vgic_inject_irq(struct domain *d, struct vcpu *v, unsigned int virq,
                     bool level)
{
    struct pending_irq *n = fake_irq(v, virq);
    unsigned long flags;
    bool woken;

    (void)level;
    fake_expect_no_lock("vgic_inject_irq");
    spin_lock_irqsave(&v->arch.vgic.lock, flags);
    fake_flags_point(v);
    if (v->pause_flags & VPF_down) {
        spin_unlock_irqrestore(&v->arch.vgic.lock, flags);
        return;
    }
    n->status |= 1UL << GIC_IRQ_GUEST_QUEUED;
    if (list_empty(&n->inflight))
        list_add_tail(&n->inflight, &v->arch.vgic.inflight_irqs);
    fake_flags_point(v);
    woken = vgic_queued_wakeup(v, n);
    spin_unlock_irqrestore(&v->arch.vgic.lock, flags);
    if (woken)
        guest_suspend_release(d);
}

void fake_vuart(struct domain *d, uint32_t ris, uint32_t imsc)
{
    d->arch.vpl011.virq = FAKE_VUART;
    d->arch.vpl011.uartris = ris;
    d->arch.vpl011.uartimsc = imsc;
}

void fake_event(struct vcpu *v)
{
    bool was_pending;

    fake_point(FAKE_FLAGS, NULL);
    was_pending = v->evtchn_upcall_pending;
    v->evtchn_upcall_pending = true;
    if (!was_pending)
        vgic_inject_irq(v->domain, v, FAKE_EVTCHN, true);
}

void fake_cpu_on(struct vcpu *v)
{
    if (is_vcpu_online(v))
        return;
    domain_lock(v->domain);
    clear_bit(_VPF_down, &v->pause_flags);
    domain_unlock(v->domain);
    vcpu_wake(v);
}

void fake_cpu_off(struct vcpu *v)
{
    set_bit(_VPF_down, &v->pause_flags);
    vcpu_sleep_nosync(v);
}

static void init_irq(struct pending_irq *p, unsigned int irq)
{
    p->irq = irq;
    p->status = 1UL << GIC_IRQ_GUEST_ENABLED;
    INIT_LIST_HEAD(&p->inflight);
}

void fake_arm_domain_init(struct domain *d)
{
    unsigned int i;
    struct vcpu *v;

    fake_arm = (struct fake_arm){ .ram_end = 1ULL << 30 };
    fake_sysregs = (struct fake_sysregs){ 0 };
    d->arch.evtchn_irq = FAKE_EVTCHN;
    d->arch.vgic.intid_bits = 16;
    for (i = 0; i < FAKE_NR_SPIS; i++)
        init_irq(&d->arch.vgic.pending_irqs[i], NR_LOCAL_IRQS + i);
    for_each_vcpu (d, v) {
        v->arch.virt_timer.irq = FAKE_VIRT_TIMER;
        v->arch.phys_timer.irq = FAKE_PHYS_TIMER;
        INIT_LIST_HEAD(&v->arch.vgic.inflight_irqs);
        for (i = 0; i < NR_LOCAL_IRQS; i++)
            init_irq(&v->arch.vgic.pending_irqs[i], i);
    }
}

void fake_irq_in_flight(struct vcpu *v, unsigned int irq, unsigned int bit)
{
    struct pending_irq *p = fake_irq(v, irq);

    p->status |= 1UL << bit;
    if (list_empty(&p->inflight))
        list_add_tail(&p->inflight, &v->arch.vgic.inflight_irqs);
}

unsigned int fake_take_irqs(struct vcpu *v)
{
    struct list_head *list = &v->arch.vgic.inflight_irqs;
    unsigned long flags;
    unsigned int nr = 0;

    spin_lock_irqsave(&v->arch.vgic.lock, flags);
    for (; !list_empty(list); nr++) {
        struct pending_irq *p = container_of(list->next, struct pending_irq,
                                             inflight);

        p->status &= 1UL << GIC_IRQ_GUEST_ENABLED;
        list_del_init(&p->inflight);
    }
    spin_unlock_irqrestore(&v->arch.vgic.lock, flags);
    return nr;
}

bool fake_has_irq(const struct vcpu *v)
{
    const struct pending_irq *p;

    list_for_each_entry (p, &v->arch.vgic.inflight_irqs, inflight)
        if (test_bit(GIC_IRQ_GUEST_QUEUED, &p->status) &&
            test_bit(GIC_IRQ_GUEST_ENABLED, &p->status) &&
            (p->irq != FAKE_EVTCHN || v->evtchn_upcall_pending))
            return true;
    return false;
}
