/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest suspend on Arm: a guest enters it through PSCI 1.0 SYSTEM_SUSPEND (Arm
 * DEN0022) and leaves it on an interrupt that it left enabled, or on the
 * toolstack's word.
 */

#include <xen/guest-suspend.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/current.h>
#include <asm/gic.h>
#include <asm/guest-suspend.h>
#include <asm/p2m.h>
#include <asm/processor.h>
#include <asm/psci.h>
#include <asm/regs.h>
#include <asm/time.h>
#include <asm/vgic.h>

/* Bits 11, 20, 22, 23, 28 and 29, which SCTLR_GUEST_INIT has but in part. */
#define SCTLR_A64_EL1_RES1 0x30d00800UL

#ifdef CONFIG_SBSA_VUART_CONSOLE
static unsigned int vuart_irq(const struct domain *d)
{
    return d->arch.vpl011.virq;
}

/*
 * The UART's lock is taken outside the vGIC's, so this takes none.  A line
 * that rises meanwhile is injected by the UART, after it has set these
 * registers.
 */
static bool vuart_line_is_high(const struct domain *d)
{
    return ACCESS_ONCE(d->arch.vpl011.uartris) &
           ACCESS_ONCE(d->arch.vpl011.uartimsc);
}
#else
static unsigned int vuart_irq(const struct domain *d)
{
    return 0;
}

static bool vuart_line_is_high(const struct domain *d)
{
    return false;
}
#endif

/*
 * The level interrupts whose line Xen can look at whenever it likes.  The
 * virtual timer is not among them: see virt_timer_has_expired().
 */
static bool has_line(const struct vcpu *v, unsigned int irq)
{
    return irq && (irq == v->arch.phys_timer.irq ||
                   irq == v->domain->arch.evtchn_irq ||
                   irq == vuart_irq(v->domain));
}

static bool line_is_high(const struct vcpu *v, unsigned int irq)
{
    if ( irq == v->arch.phys_timer.irq )
        return (v->arch.phys_timer.ctl &
                (CNTx_CTL_ENABLE | CNTx_CTL_PENDING | CNTx_CTL_MASK)) ==
               (CNTx_CTL_ENABLE | CNTx_CTL_PENDING);

    if ( irq == v->domain->arch.evtchn_irq )
        return vcpu_info(v, evtchn_upcall_pending);

    return vuart_line_is_high(v->domain);
}

bool vcpu_line_is_high(const struct vcpu *v, unsigned int irq)
{
    return !is_hardware_domain(v->domain) && has_line(v, irq) &&
           line_is_high(v, irq);
}

/*
 * The vGIC raises a level interrupt when its line rises.  It misses one whose
 * line rose while v was offline.  Raise what v, the current vCPU, has enabled.
 */
static void raise_high_lines(struct vcpu *v)
{
    const unsigned int irqs[] = {
        v->arch.phys_timer.irq,
        v->domain->arch.evtchn_irq,
        vuart_irq(v->domain),
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(irqs); i++ )
    {
        const struct pending_irq *p;
        unsigned long flags;
        bool raise;

        if ( !vcpu_line_is_high(v, irqs[i]) ||
             vgic_get_target_vcpu(v, irqs[i]) != v )
            continue;

        spin_lock_irqsave(&v->arch.vgic.lock, flags);
        p = irq_to_pending(v, irqs[i]);
        raise = test_bit(GIC_IRQ_GUEST_ENABLED, &p->status) &&
                list_empty(&p->inflight);
        spin_unlock_irqrestore(&v->arch.vgic.lock, flags);

        if ( raise )
            vgic_inject_irq(v->domain, v, irqs[i], true);
    }
}

/*
 * The current vCPU has yet to take an interrupt of its virtual timer.  Is its
 * cause still there?  Xen masked the timer when it injected the interrupt, so
 * the mask says nothing.  Where the guest has stopped the timer since, this
 * must not end its suspend.  Where the guest has set the timer to a later time
 * since, the mask goes, or the timer would not end it then either.
 */
static bool virt_timer_has_expired(void)
{
    const register_t ctl = READ_SYSREG(CNTV_CTL_EL0);

    if ( !(ctl & CNTx_CTL_ENABLE) )
        return false;

    if ( ctl & CNTx_CTL_PENDING )
        return true;

    WRITE_SYSREG(ctl & ~CNTx_CTL_MASK, CNTV_CTL_EL0);

    return false;
}

/* Is an interrupt that v, the current vCPU, has in flight yet to be taken? */
static bool irq_is_pending(struct vcpu *v, const struct pending_irq *p)
{
    struct gic_lr lr;

    if ( test_bit(GIC_IRQ_GUEST_QUEUED, &p->status) )
        return true;

    if ( !test_bit(GIC_IRQ_GUEST_VISIBLE, &p->status) )
        return false;

    /* The vCPU did not leave this pCPU since its trap: the LR is live. */
    gic_hw_ops->read_lr(p->lr, &lr);

    return lr.pending;
}

/*
 * End the suspend that v, the current vCPU, has just begun, if an interrupt
 * came first.  Its PSTATE does not matter, nor do priorities: DEN0022 wakes on
 * pending and enabled.
 *
 * An interrupt that is queued after this looked finds VPF_suspended set, for
 * both hold the vGIC lock.
 */
static bool wake_if_irq_pending(struct vcpu *v)
{
    const struct pending_irq *p;
    unsigned long flags;
    bool woken = false;

    spin_lock_irqsave(&v->arch.vgic.lock, flags);

    /* All of them, for the sake of virt_timer_has_expired(). */
    list_for_each_entry ( p, &v->arch.vgic.inflight_irqs, inflight )
        if ( irq_is_pending(v, p) &&
             (p->irq != v->arch.virt_timer.irq || virt_timer_has_expired()) &&
             vcpu_irq_ends_suspend(v, p) )
            woken = true;

    spin_unlock_irqrestore(&v->arch.vgic.lock, flags);

    return woken;
}

/*
 * The vGIC never lowers a level interrupt: one whose line is low again remains
 * in flight until the guest takes it.  That must not end a suspend which
 * begins meanwhile.
 */
bool vcpu_irq_ends_suspend(struct vcpu *v, const struct pending_irq *p)
{
    ASSERT(spin_is_locked(&v->arch.vgic.lock));

    return test_bit(GIC_IRQ_GUEST_ENABLED, &p->status) &&
           (!has_line(v, p->irq) || line_is_high(v, p->irq)) &&
           guest_suspend_end(v->domain, XEN_GUEST_SUSPEND_WAKE_INTERRUPT,
                             p->irq, v);
}

static bool entry_point_is_valid(struct domain *d, register_t entry_point)
{
    p2m_type_t t;

    /* Only a 32-bit guest can be in Thumb state, for which bit 0 asks. */
    if ( is_64bit_domain(d) || !(entry_point & 1) )
        if ( entry_point & 3 )
            return false;

    p2m_lookup(d, gaddr_to_gfn(entry_point), &t);

    return p2m_is_ram(t);
}

/*
 * Under the domain lock no vCPU comes online.  One that goes offline is done
 * with its CPU_ON calls.  So when this finds all others offline, they are, and
 * nobody but the toolstack can bring one online.  That pauses the domain
 * first, and so comes after the suspend has begun.
 */
static bool other_vcpu_is_online(const struct vcpu *v)
{
    const struct vcpu *other;

    for_each_vcpu ( v->domain, other )
        if ( other != v && is_vcpu_online(other) )
            return true;

    return false;
}

int32_t vpsci_system_suspend(register_t entry_point, register_t context_id)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    bool entry_is_valid;
    int32_t rc = PSCI_DENIED;

    if ( is_hardware_domain(d) )
    {
        guest_suspend_denied(d, XEN_GUEST_SUSPEND_DENIED_UNSUPPORTED);
        return PSCI_NOT_SUPPORTED;
    }

    entry_is_valid = entry_point_is_valid(d, entry_point);
    raise_high_lines(v);

    /* The lock that CPU_ON takes to bring a vCPU online. */
    domain_lock(d);

    if ( other_vcpu_is_online(v) )
        guest_suspend_denied(d, XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE);
    else if ( !entry_is_valid )
    {
        guest_suspend_denied(d, XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY);
        rc = PSCI_INVALID_ADDRESS;
    }
    else if ( guest_suspend_begin(d, v, XEN_GUEST_SUSPEND_KIND_PSCI) )
        rc = PSCI_SUCCESS;

    domain_unlock(d);

    if ( rc != PSCI_SUCCESS )
        return rc;

    /*
     * Not here: the caller has yet to set the call's result and, for an SMC,
     * to step over the instruction.
     */
    v->arch.psci_resume.entry_point = entry_point;
    v->arch.psci_resume.context_id = context_id;
    v->arch.psci_resume.pending = true;

    if ( wake_if_irq_pending(v) )
        guest_suspend_release(d);
    else
        guest_suspend_sleep(d);

    return PSCI_SUCCESS;
}

void vcpu_enter_psci_resume(struct vcpu *v)
{
    struct vcpu_guest_core_regs regs = {
        .pc64 = v->arch.psci_resume.entry_point,
    };
    /* DEN0022: the endianness at the entry point is the caller's. */
    const register_t ee = READ_SYSREG(SCTLR_EL1) & SCTLR_Axx_ELx_EE;
    register_t sctlr = SCTLR_GUEST_INIT | ee;

    ASSERT(v == current);

    if ( is_32bit_domain(v->domain) )
    {
        regs.cpsr = PSR_GUEST32_INIT | (ee ? PSR_BIG_ENDIAN : 0);
        if ( regs.pc64 & 1 )
        {
            regs.cpsr |= PSR_THUMB;
            regs.pc64 &= ~1ULL;
        }
        regs.r0_usr = v->arch.psci_resume.context_id;
    }
#ifdef CONFIG_ARM_64
    else
    {
        regs.cpsr = PSR_GUEST64_INIT | PSR_DBG_MASK;
        regs.x0 = v->arch.psci_resume.context_id;
        sctlr |= SCTLR_A64_EL1_RES1;
    }
#endif

    vcpu_regs_user_to_hyp(v, &regs);

    /*
     * These are live in hardware until the vCPU is switched out, and saved
     * from there.  The MMU goes off first, so that no walk sees a mixture.
     */
    WRITE_SYSREG(sctlr, SCTLR_EL1);
    isb();
    WRITE_SYSREG(0, TCR_EL1);
    WRITE_SYSREG64(0, TTBR0_EL1);
    WRITE_SYSREG64(0, TTBR1_EL1);
    isb();

    v->arch.psci_resume.pending = false;
}

static bool virq_is_lpi(const struct domain *d, uint32_t virq)
{
#ifdef CONFIG_GICV3
    return is_lpi(virq) && virq < (1ULL << d->arch.vgic.intid_bits);
#else
    return false;
#endif
}

int arch_guest_suspend_check_virq(struct domain *d, uint32_t virq,
                                  struct vcpu **target)
{
    struct vcpu *sleeper = d->guest_suspend.sleeper;

    /* No LPI can be enabled or mapped from here. */
    if ( virq_is_lpi(d, virq) )
        return -EOPNOTSUPP;

    if ( virq == d->arch.evtchn_irq )
    {
        *target = sleeper;
        return 0;
    }

    if ( virq < NR_LOCAL_IRQS || virq >= vgic_num_irqs(d) )
        return -EINVAL;

    if ( spi_to_pending(d, virq)->desc )
        return -EBUSY;

    /* The vGIC would drop it. */
    *target = vgic_get_target_vcpu(sleeper, virq);
    if ( !is_vcpu_online(*target) )
        return -ENXIO;

    return 0;
}

void arch_guest_suspend_inject_virq(struct vcpu *target, uint32_t virq)
{
    vgic_inject_irq(target->domain, target, virq, true);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
