/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's Arm part of guest suspend, one call after the other: which
 * calls of SYSTEM_SUSPEND are refused, what wakes at entry, which vIRQs the
 * toolstack may inject, and the registers that the guest finds.
 */

#include "fake_xen/fake.h"
#include "fake_xen/fake_arm.h"
#include "tap.h"

#include <asm/gic.h>
#include <asm/psci.h>
#include <asm/time.h>
#include <asm/vgic.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define RAM_END (1ULL << 30)

static struct domain d;
static struct vcpu *const v = &d.vcpu[0];

static void start(void)
{
    fake_reset();
    fake_domain_create(&d, 1);
    fake_arm_domain_init(&d);
}

static void finish(const char *what)
{
    fake.caller = NULL;
    fake_domain_kill(&d);
    TAP_OK(!fake.faults, "%s: no fault", what);
}

static int32_t call(register_t entry, register_t context)
{
    struct vcpu *caller = fake.caller;
    int32_t rc;

    fake.caller = v;
    rc = vpsci_system_suspend(entry, context);
    fake.caller = caller;
    return rc;
}

static void hardware_domain(void) { d.is_hardware = true; }
static void vcpu_online(void) { d.vcpu[1].pause_flags = 0; }
static void aarch32(void) { d.is_32bit = true; }
static void shutting_down(void) { d.is_shutting_down = true; }
static void dying(void) { d.is_dying = true; }

static const struct {
    const char *name;
    void (*arrange)(void);
    uint64_t entry;
    int32_t rc;
    unsigned int denied;        /* XEN_GUEST_SUSPEND_DENIED_* */
} calls[] = {
    { "64-bit", NULL, 0x1000, PSCI_SUCCESS, 0 },
    { "32-bit", aarch32, 0x1000, PSCI_SUCCESS, 0 },
    { "32-bit, Thumb", aarch32, 0x1001, PSCI_SUCCESS, 0 },
    { "32-bit, Thumb at a halfword", aarch32, 0x1003, PSCI_SUCCESS, 0 },
    { "32-bit, halfword", aarch32, 0x1002, PSCI_INVALID_ADDRESS,
      XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY },
    { "64-bit, Thumb", NULL, 0x1001, PSCI_INVALID_ADDRESS,
      XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY },
    { "64-bit, halfword", NULL, 0x1002, PSCI_INVALID_ADDRESS,
      XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY },
    { "last word of RAM", NULL, RAM_END - 4, PSCI_SUCCESS, 0 },
    { "beyond RAM", NULL, RAM_END, PSCI_INVALID_ADDRESS,
      XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY },
    { "far beyond RAM", NULL, ~3ULL, PSCI_INVALID_ADDRESS,
      XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY },
    { "hardware domain", hardware_domain, 0x1000, PSCI_NOT_SUPPORTED,
      XEN_GUEST_SUSPEND_DENIED_UNSUPPORTED },
    { "another vCPU online", vcpu_online, 0x1000, PSCI_DENIED,
      XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE },
    { "another vCPU online, bad entry", vcpu_online, 0x1002, PSCI_DENIED,
      XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE },
    { "shutting down", shutting_down, 0x1000, PSCI_DENIED,
      XEN_GUEST_SUSPEND_DENIED_SHUTDOWN },
    { "dying", dying, 0x1000, PSCI_DENIED, XEN_GUEST_SUSPEND_DENIED_SHUTDOWN },
};

static void test_calls(void)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(calls); i++) {
        bool good = calls[i].rc == PSCI_SUCCESS;

        start();
        if (calls[i].arrange)
            calls[i].arrange();
        TAP_OK(call(calls[i].entry, 5) == calls[i].rc, "call, %s: the answer",
               calls[i].name);
        TAP_OK(d.guest_suspend.nr_denied == !good &&
               d.guest_suspend.denied_reason == calls[i].denied,
               "call, %s: the reason", calls[i].name);
        TAP_OK(domain_is_suspended(&d) == good && v->is_asleep == good &&
               v->arch.psci_resume.pending == good,
               "call, %s: asleep iff it is a success", calls[i].name);
        finish(calls[i].name);
    }
}

/* What is in flight at entry. */

static const struct {
    const char *name;
    unsigned int irq;
    unsigned long status;       /* Besides enabled; 0: not in flight. */
    bool disabled;
    uint32_t ris, imsc;         /* Of the UART. */
    bool elsewhere;             /* SPIs are routed to another vCPU. */
    bool lr_pending;
    unsigned int timer;         /* Of either, CNTx_CTL_* */
    bool upcall;
    bool wakes;
    bool unmasks;               /* The virtual timer. */
} at_entry[] = {
    { .name = "SPI, queued", .irq = FAKE_SPI,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .wakes = true },
    { .name = "SPI, queued, disabled", .irq = FAKE_SPI,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .disabled = true },
    { .name = "SPI, in a list register", .irq = FAKE_SPI,
      .status = 1 << GIC_IRQ_GUEST_VISIBLE,
      .lr_pending = true, .wakes = true },
    { .name = "SPI, active", .irq = FAKE_SPI,
      .status = 1 << GIC_IRQ_GUEST_VISIBLE },
    { .name = "SPI, active and queued again", .irq = FAKE_SPI,
      .status = 1 << GIC_IRQ_GUEST_VISIBLE | 1 << GIC_IRQ_GUEST_QUEUED,
      .wakes = true },
    { .name = "SPI, in flight but neither", .irq = FAKE_SPI,
      .status = 1 << GIC_IRQ_GUEST_ACTIVE,
      .lr_pending = true },
    { .name = "virtual timer, stopped since", .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED },
    { .name = "virtual timer, expired", .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING, .wakes = true },
    { .name = "virtual timer, expired, masked by Xen", .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING | CNTx_CTL_MASK,
      .wakes = true },
    { .name = "virtual timer, set anew", .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .timer = CNTx_CTL_ENABLE },
    { .name = "virtual timer, set anew, masked by Xen",
      .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_MASK, .unmasks = true },
    { .name = "virtual timer, set anew, masked by Xen, in a list register",
      .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_VISIBLE, .lr_pending = true,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_MASK, .unmasks = true },
    { .name = "virtual timer, set anew, masked by the guest in its handler",
      .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_VISIBLE,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_MASK },
    { .name = "virtual timer, set anew, masked by the guest",
      .irq = FAKE_VIRT_TIMER,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_MASK },
    { .name = "virtual timer, stopped and masked", .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED, .timer = CNTx_CTL_MASK },
    { .name = "virtual timer, expired, masked by the guest",
      .irq = FAKE_VIRT_TIMER,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING | CNTx_CTL_MASK },
    { .name = "virtual timer, expired, disabled in it", .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED, .timer = CNTx_CTL_PENDING },
    { .name = "virtual timer, stopped, in a list register",
      .irq = FAKE_VIRT_TIMER,
      .status = 1 << GIC_IRQ_GUEST_VISIBLE, .lr_pending = true },
    { .name = "physical timer, stopped since", .irq = FAKE_PHYS_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED },
    { .name = "physical timer, expired", .irq = FAKE_PHYS_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING, .wakes = true },
    { .name = "physical timer, expired, masked by the guest",
      .irq = FAKE_PHYS_TIMER,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING | CNTx_CTL_MASK },
    { .name = "physical timer, expired, ended by the guest",
      .irq = FAKE_PHYS_TIMER,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING, .wakes = true },
    { .name = "physical timer, expired, ended and masked by the guest",
      .irq = FAKE_PHYS_TIMER,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING | CNTx_CTL_MASK },
    { .name = "physical timer, expired, disabled", .irq = FAKE_PHYS_TIMER,
      .disabled = true,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING },
    { .name = "event, taken since", .irq = FAKE_EVTCHN,
      .status = 1 << GIC_IRQ_GUEST_QUEUED },
    { .name = "event, to be taken", .irq = FAKE_EVTCHN,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .upcall = true, .wakes = true },
    { .name = "event, come while the vCPU was offline", .irq = FAKE_EVTCHN,
      .upcall = true, .wakes = true },
    { .name = "event, come while the vCPU was offline, disabled",
      .irq = FAKE_EVTCHN, .upcall = true, .disabled = true },
    { .name = "UART, to be read", .irq = FAKE_VUART,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .ris = 0x40, .imsc = 0x50, .wakes = true },
    { .name = "UART, read since", .irq = FAKE_VUART,
      .status = 1 << GIC_IRQ_GUEST_QUEUED,
      .ris = 0x20, .imsc = 0x50 },
    { .name = "UART, ready to send, masked since", .irq = FAKE_VUART,
      .status = 1 << GIC_IRQ_GUEST_VISIBLE, .lr_pending = true,
      .ris = 0x20, .imsc = 0x40 },
    { .name = "UART, to be read, ended by the guest", .irq = FAKE_VUART,
      .ris = 0x40, .imsc = 0x50, .wakes = true },
    { .name = "UART, to be read, ended by the guest, disabled",
      .irq = FAKE_VUART, .ris = 0x40, .imsc = 0x50, .disabled = true },
    { .name = "UART, to be read, of another vCPU", .irq = FAKE_VUART,
      .ris = 0x40, .imsc = 0x50, .elsewhere = true },
};

static void test_at_entry(void)
{
    unsigned int i, behind;

    for (i = 0; i < ARRAY_SIZE(at_entry); i++) {
        /* Alone, and behind another that wakes nobody. */
        for (behind = 0; behind < 2; behind++) {
            const char *more = behind ? ", behind another" : "";

            start();
            fake_arm.lr_pending = at_entry[i].lr_pending;
            fake_sysregs.CNTV_CTL_EL0 = at_entry[i].timer;
            v->arch.phys_timer.ctl = at_entry[i].timer;
            v->evtchn_upcall_pending = at_entry[i].upcall;
            if (behind) {
                fake_irq_in_flight(v, 41, GIC_IRQ_GUEST_QUEUED);
                fake_irq(v, 41)->status &= ~(1UL << GIC_IRQ_GUEST_ENABLED);
            }
            fake_vuart(&d, at_entry[i].ris, at_entry[i].imsc);
            fake_arm.spi_target = at_entry[i].elsewhere;
            if (at_entry[i].status)
                fake_irq_in_flight(v, at_entry[i].irq, GIC_IRQ_GUEST_ENABLED);
            fake_irq(v, at_entry[i].irq)->status |= at_entry[i].status;
            if (at_entry[i].disabled)
                fake_irq(v, at_entry[i].irq)->status &=
                    ~(1UL << GIC_IRQ_GUEST_ENABLED);

            TAP_OK(call(0x1000, 0) == PSCI_SUCCESS &&
                   d.guest_suspend.nr_suspends == 1,
                   "at entry, %s%s: it suspends", at_entry[i].name, more);
            TAP_OK(domain_is_suspended(&d) == !at_entry[i].wakes &&
                   v->is_asleep == !at_entry[i].wakes &&
                   !v->pause_flags == at_entry[i].wakes,
                   "at entry, %s%s: %s", at_entry[i].name, more,
                   at_entry[i].wakes ? "wakes" : "sleeps on");
            if (at_entry[i].wakes)
                TAP_EQ_INT(d.guest_suspend.wake_virq, at_entry[i].irq,
                           "and is what woke");
            TAP_OK(!list_empty(&fake_irq(v, at_entry[i].irq)->inflight) ==
                   (at_entry[i].status || at_entry[i].wakes),
                   "at entry, %s%s: what woke is there to be taken",
                   at_entry[i].name, more);
            TAP_EQ_INT(fake_sysregs.CNTV_CTL_EL0,
                       at_entry[i].timer &
                       (at_entry[i].unmasks ? ~CNTx_CTL_MASK : ~0U),
                       "the virtual timer's control");
            finish(at_entry[i].name);
        }
    }
}

/* What comes during the sleep. */
static void test_later(void)
{
    start();
    call(0x1000, 0);
    fake_irq(v, FAKE_SPI)->status = 0;
    vgic_inject_irq(&d, v, FAKE_SPI, true);
    TAP_OK(domain_is_suspended(&d) && v->is_asleep,
           "asleep: a disabled interrupt wakes nobody");
    /* One that found vCPU 1 online, just before it went off. */
    d.vcpu[1].pause_flags &= ~VPF_down;
    vgic_inject_irq(&d, &d.vcpu[1], FAKE_SPI + 1, true);
    TAP_OK(domain_is_suspended(&d) && v->is_asleep,
           "asleep: an interrupt of another vCPU wakes nobody");
    d.vcpu[1].pause_flags |= VPF_down;
    fake_take_irqs(&d.vcpu[1]);
    vgic_inject_irq(&d, v, FAKE_SPI + 1, true);
    TAP_OK(!domain_is_suspended(&d) && !v->is_asleep && !v->pause_flags &&
           d.guest_suspend.wake_virq == FAKE_SPI + 1 &&
           d.guest_suspend.wake_reason == XEN_GUEST_SUSPEND_WAKE_INTERRUPT,
           "asleep: an enabled one wakes");
    finish("asleep");

    /* One that was told of before the sleep, and is late. */
    start();
    call(0x1000, 0);
    vgic_inject_irq(&d, v, FAKE_EVTCHN, true);
    TAP_OK(domain_is_suspended(&d) && v->is_asleep,
           "asleep: an interrupt whose line is low wakes nobody");
    fake_event(v);
    TAP_OK(!domain_is_suspended(&d) && !v->is_asleep &&
           d.guest_suspend.wake_virq == FAKE_EVTCHN,
           "asleep: an event wakes after it");
    finish("asleep, low line");
}

/* What the vGIC asks when the guest enables or ends an interrupt. */

static const struct {
    const char *name;
    unsigned int irq;
    unsigned int timer;         /* The physical one's, CNTx_CTL_* */
    bool upcall;
    uint32_t ris, imsc;
    bool high;
} lines[] = {
    { "SGI 0", .irq = 0 },
    { "an SPI", .irq = FAKE_SPI },
    { "virtual timer", .irq = FAKE_VIRT_TIMER,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING },
    { "physical timer", .irq = FAKE_PHYS_TIMER,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING, .high = true },
    { "physical timer, off", .irq = FAKE_PHYS_TIMER,
      .timer = CNTx_CTL_PENDING },
    { "physical timer, masked", .irq = FAKE_PHYS_TIMER,
      .timer = CNTx_CTL_ENABLE | CNTx_CTL_PENDING | CNTx_CTL_MASK },
    { "event", .irq = FAKE_EVTCHN, .upcall = true, .high = true },
    { "no event", .irq = FAKE_EVTCHN },
    { "UART", .irq = FAKE_VUART, .ris = 0x60, .imsc = 0x40, .high = true },
    { "UART, masked", .irq = FAKE_VUART, .ris = 0x20, .imsc = 0x40 },
};

static void test_lines(void)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(lines); i++) {
        start();
        v->arch.phys_timer.ctl = lines[i].timer;
        fake_sysregs.CNTV_CTL_EL0 = lines[i].timer;
        v->evtchn_upcall_pending = lines[i].upcall;
        fake_vuart(&d, lines[i].ris, lines[i].imsc);
        TAP_OK(vgic_line_is_high(v, lines[i].irq) == lines[i].high,
               "line, %s: %s", lines[i].name, lines[i].high ? "high" : "low");
        d.is_hardware = true;
        TAP_OK(!vgic_line_is_high(v, lines[i].irq),
               "line, %s: not looked at in the hardware domain",
               lines[i].name);
        finish(lines[i].name);
    }
    start();
    TAP_OK(!vgic_line_is_high(v, 0), "line, SGI 0 without a UART: low");
    finish("no UART");
}

/* Which vIRQs the toolstack may inject. */

static void irq_of_hardware(void) { fake_irq(v, FAKE_SPI)->desc = &d; }
static void target_offline(void) { fake_arm.spi_target = 1; }
static void few_ids(void) { d.arch.vgic.intid_bits = 10; }

static const struct {
    const char *name;
    uint32_t virq;
    void (*arrange)(void);
    int rc;
} virqs[] = {
    { "SPI", FAKE_SPI, NULL, 0 },
    { "first SPI", 32, NULL, 0 },
    { "last SPI", 31 + FAKE_NR_SPIS, NULL, 0 },
    { "beyond the last SPI", 32 + FAKE_NR_SPIS, NULL, -EINVAL },
    { "event channel PPI", FAKE_EVTCHN, NULL, 0 },
    { "another PPI", FAKE_EVTCHN - 1, NULL, -EINVAL },
    { "virtual timer", FAKE_VIRT_TIMER, NULL, -EINVAL },
    { "SGI 0", 0, NULL, -EINVAL },
    { "SGI 15", 15, NULL, -EINVAL },
    { "special number", 1023, NULL, -EINVAL },
    { "below the LPIs", 8191, NULL, -EINVAL },
    { "first LPI", 8192, NULL, -EOPNOTSUPP },
    { "last LPI", 65535, NULL, -EOPNOTSUPP },
    { "beyond the LPIs", 65536, NULL, -EINVAL },
    { "LPI where there are none", 8192, few_ids, -EINVAL },
    { "greatest number", UINT32_MAX, NULL, -EINVAL },
    { "hardware's", FAKE_SPI, irq_of_hardware, -EBUSY },
    { "to an offline vCPU", FAKE_SPI, target_offline, -ENXIO },
    { "hardware's, to an offline vCPU", FAKE_SPI, NULL, -EBUSY },
};

static void test_virqs(void)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(virqs); i++) {
        struct xen_domctl_guest_suspend op = {
            .op = XEN_GUEST_SUSPEND_OP_RESUME,
        };
        bool good = !virqs[i].rc;

        start();
        call(0x1000, 0);
        if (virqs[i].arrange)
            virqs[i].arrange();
        if (i == ARRAY_SIZE(virqs) - 1) {
            irq_of_hardware();
            target_offline();
        }
        op.u.resume.flags = XEN_GUEST_SUSPEND_RESUME_VIRQ;
        op.u.resume.virq = virqs[i].virq;
        TAP_OK(guest_suspend_domctl(&d, &op) == virqs[i].rc,
               "vIRQ, %s: the answer", virqs[i].name);
        TAP_OK(v->is_asleep == !good && domain_is_suspended(&d) == !good,
               "vIRQ, %s: woken iff it is a success", virqs[i].name);
        TAP_OK(fake_take_irqs(v) == good, "vIRQ, %s: and pending",
               virqs[i].name);
        finish(virqs[i].name);
    }
}

static const struct {
    const char *name;
    bool is_32bit, big_endian;
    uint64_t entry, pc;
    uint32_t cpsr;
} resets[] = {
    { "64-bit", false, false, 0x1000, 0x1000,
      PSR_GUEST64_INIT | PSR_DBG_MASK },
    { "64-bit, big-endian", false, true, 0x1000, 0x1000,
      PSR_GUEST64_INIT | PSR_DBG_MASK },
    { "32-bit", true, false, 0x1000, 0x1000, PSR_GUEST32_INIT },
    { "32-bit, big-endian", true, true, 0x1000, 0x1000,
      PSR_GUEST32_INIT | PSR_BIG_ENDIAN },
    { "32-bit, Thumb", true, false, 0x1003, 0x1002,
      PSR_GUEST32_INIT | PSR_THUMB },
};

static void test_resets(void)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(resets); i++) {
        const uint64_t ee = resets[i].big_endian ? SCTLR_Axx_ELx_EE : 0;
        /* The bits that are RES1 in AArch64's SCTLR_EL1. */
        const uint64_t res1 = resets[i].is_32bit ? 0 : 0x30d00800;

        start();
        d.is_32bit = resets[i].is_32bit;
        call(resets[i].entry, 0x12345678);
        fake_sysregs = (struct fake_sysregs){
            .SCTLR_EL1 = ee | 5, .TCR_EL1 = 1, .TTBR0_EL1 = 2, .TTBR1_EL1 = 3,
        };
        fake.caller = v;
        vcpu_enter_psci_resume(v);
        TAP_OK(fake_arm.regs.pc64 == resets[i].pc &&
               fake_arm.regs.cpsr == resets[i].cpsr, "reset, %s: PC and CPSR",
               resets[i].name);
        TAP_OK(fake_arm.regs.x0 == (resets[i].is_32bit ? 0 : 0x12345678) &&
               fake_arm.regs.r0_usr == (resets[i].is_32bit ? 0x12345678 : 0),
               "reset, %s: the context id", resets[i].name);
        TAP_OK(fake_sysregs.SCTLR_EL1 == (SCTLR_GUEST_INIT | ee | res1) &&
               !fake_sysregs.TCR_EL1 && !fake_sysregs.TTBR0_EL1 &&
               !fake_sysregs.TTBR1_EL1, "reset, %s: the MMU is off",
               resets[i].name);
        TAP_OK(!v->arch.psci_resume.pending, "reset, %s: once",
               resets[i].name);
        finish(resets[i].name);
    }
}

int main(void)
{
    test_calls();
    test_at_entry();
    test_later();
    test_lines();
    test_virqs();
    test_resets();
    return tap_done();
}
