/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Conformance of PSCI SYSTEM_SUSPEND for a 32-bit guest: what conformance.c
 * does for a 64-bit one, as far as it differs there.  That is the entry, in ARM
 * and in Thumb state, and which functions such a guest can call; what wakes it
 * is the same code in Xen.
 *
 * The wake is the virtual timer, expired before the call, and so needs no more
 * of the interrupt controller than one register; no interrupt is ever taken.
 */
#include "report.h"

struct sleep_call32 {
    uint32_t arg[4];                /* r0 to r3 of the call */
    uint32_t smc;
    uint32_t resumed;
    uint32_t result;                /* of a call that returns */
    uint32_t saved[10];             /* for start32.S alone */
    struct {                        /* at the entry point, before all else */
        uint32_t r0, cpsr, sctlr, thumb, mark_at_entry, mark_before;
    } entry;
    uint32_t kept[8];               /* r4 to r11 before, and after a return */
};
_Static_assert(offsetof(struct sleep_call32, smc) == SLEEP32_SMC, "");
_Static_assert(offsetof(struct sleep_call32, resumed) == SLEEP32_RESUMED, "");
_Static_assert(offsetof(struct sleep_call32, result) == SLEEP32_RESULT, "");
_Static_assert(offsetof(struct sleep_call32, saved) == SLEEP32_SAVED, "");
_Static_assert(offsetof(struct sleep_call32, entry) == SLEEP32_ENTRY, "");
_Static_assert(offsetof(struct sleep_call32, kept) == SLEEP32_KEPT, "");

/* start32.S; the Thumb one has bit 0 set, as the addresses of such code do. */
void sleep_call32(struct sleep_call32 *s);
int32_t smccc_call32(uint32_t r0, uint32_t r1, uint32_t r2, bool smc);
void resume_entry_arm(void);
void resume_entry_thumb(void);

void guest_exception(uint32_t lr, uint32_t spsr) __attribute__((noreturn));

#define CPSR_MODE           0x1f
#define CPSR_SVC            0x13
#define CPSR_AIF            (7 << 6)
#define CPSR_BIG_ENDIAN     (1 << 9)

static struct sleep_call32 call;
#define NR_KEPT             (sizeof(call.kept) / sizeof(call.kept[0]))

void power_off(void)
{
    smccc_call32(PSCI_SYSTEM_OFF, 0, 0, false);
    for (;;)
        asm volatile ("wfi");
}

void guest_exception(uint32_t lr, uint32_t spsr)
{
    print("Bail out! exception: lr %x, spsr %x\n", lr, spsr);
    power_off();
}

static void vtimer_ctl_write(uint32_t ctl)
{
    asm volatile ("mcr p15, 0, %0, c14, c3, 1\n\tisb" :: "r" (ctl) : "memory");
}

static void vtimer_expire(void)
{
    const uint32_t set_enable = gic_place.version == 3
                                ? gic_place.cpus + 0x10100
                                : gic_place.distributor + 0x100;

    *(volatile uint32_t *)(uintptr_t)set_enable = 1U << IRQ_VTIMER;
    asm volatile ("mcrr p15, 3, %0, %0, c14" :: "r" (0));   /* CNTV_CVAL */
    vtimer_ctl_write(TIMER_ENABLE);
}

static void sleep_at(uint32_t fn, bool smc, uint32_t entry, uint32_t context)
{
    call = (struct sleep_call32){ .arg = { fn, entry, context }, .smc = smc };
    for (uint32_t i = 0; i < NR_KEPT; i++)
        call.kept[i] = 0x5afe0000 | i;
    vtimer_expire();
    sleep_call32(&call);
    vtimer_ctl_write(0);
}

/* The call failed as it had to, and otherwise left the caller as it was. */
static void report_refused(const char *prefix, const char *name,
                           int32_t expected)
{
    bool kept = true;

    if (call.resumed) {
        report_true(prefix, name, false,
                    "expected an error, got suspended and resumed");
        return;
    }
    for (uint32_t i = 0; i < NR_KEPT; i++)
        kept &= call.kept[i] == (0x5afe0000 | i);
    if (kept)
        report_equal(prefix, name, expected, (int32_t)call.result);
    else
        report_true(prefix, name, false,
                    "expected r4 to r11 as before, got others");
}

static void discovery(const char *prefix, bool smc)
{
    report_true(prefix, "version-1.0-or-later",
                smccc_call32(PSCI_VERSION, 0, 0, smc) >= 0x10000,
                "expected PSCI_VERSION 0x10000 or more, got less");
    report_equal(prefix, "features-fn32", 0,
                 smccc_call32(PSCI_FEATURES, PSCI_SYSTEM_SUSPEND_32, 0, smc));
    /* SMCCC: a 32-bit caller has no 64-bit functions. */
    sleep_at(PSCI_SYSTEM_SUSPEND_64, smc, (uintptr_t)resume_entry_arm, 0);
    report_refused(prefix, "fn64-not-supported", PSCI_NOT_SUPPORTED);
}

static void errors(const char *prefix, bool smc)
{
    const uint32_t arm = (uintptr_t)resume_entry_arm;
    const struct {
        const char *name;
        uint32_t entry;
    } bad[] = {
        { "entry-mmio", GUEST_GICD_BASE },
        { "entry-mmio-thumb", GUEST_GICD_BASE + 1 },
        { "entry-hole", 0x2f000000 },
        { "entry-zero", 0 },
        { "entry-zero-thumb", 1 },
        { "entry-beyond-ram", ram_base + ram_size },
        { "entry-beyond-ram-thumb", ram_base + ram_size + 1 },
        { "entry-misaligned-arm", arm + 2 },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sleep_at(PSCI_SYSTEM_SUSPEND_32, smc, bad[i].entry, 0);
        report_refused(prefix, bad[i].name, PSCI_INVALID_ADDRESS);
    }
}

static void resume_state(const char *prefix, bool smc, bool thumb)
{
    const uint32_t context = 0x89abcdef;

    sleep_at(PSCI_SYSTEM_SUSPEND_32, smc,
             thumb ? (uintptr_t)resume_entry_thumb
                   : (uintptr_t)resume_entry_arm, context);
    if (!call.resumed) {
        report_equal(prefix, "resumes", PSCI_SUCCESS, (int32_t)call.result);
        return;
    }
    report_true(prefix, "resumes", true, "");
    report_equal(prefix, "context-id", context, call.entry.r0);
    report_equal(prefix, "entered-at-entry-point", MARK_AT_ENTRY,
                 call.entry.mark_at_entry);
    report_true(prefix, "not-entered-before-entry-point",
                call.entry.mark_before != MARK_BEFORE,
                "expected the entry point, got the instruction before it");
    report_equal(prefix, "instruction-set", thumb, call.entry.thumb);
    report_equal(prefix, "mode-svc", CPSR_SVC, call.entry.cpsr & CPSR_MODE);
    report_equal(prefix, "aif-all-masked", CPSR_AIF,
                 call.entry.cpsr & CPSR_AIF);
    report_equal(prefix, "little-endian-as-caller", 0,
                 call.entry.cpsr & CPSR_BIG_ENDIAN);
    report_equal(prefix, "mmu-off", 0, call.entry.sctlr & 1 << 0);
    report_equal(prefix, "data-cache-off", 0, call.entry.sctlr & 1 << 2);
    report_equal(prefix, "instruction-cache-off", 0,
                 call.entry.sctlr & 1 << 12);
    report_equal(prefix, "exceptions-in-arm-state", 0,
                 call.entry.sctlr & 1 << 30);
    /* Of Armv7 and of the 32-bit state of Armv8 alike. */
    report_equal(prefix, "sctlr-res1", 0x00c00018,
                 call.entry.sctlr & 0x00c00018);
}

void guest_main(const void *dtb)
{
    device_tree_read(dtb);
    xen_init();
    console_init();
    print("# guest suspend conformance, 32-bit guest\n");
    discovery("hvc-", false);
    discovery("smc-", true);
    errors("hvc-", false);
    errors("smc-", true);
    resume_state("arm-hvc-", false, false);
    resume_state("arm-smc-", true, false);
    resume_state("thumb-hvc-", false, true);
    resume_state("thumb-smc-", true, true);
    report_done();
    power_off();
}
