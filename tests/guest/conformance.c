/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Conformance of PSCI SYSTEM_SUSPEND to Arm DEN0022, as one guest sees it, and
 * of what wakes it to this project's rules (docs/).
 *
 * Boot arguments: only=GROUP runs one group of cases (see groups[] below);
 * toolstack runs also those for which somebody in dom0 answers REQ lines.
 *
 * No case hangs for want of a wake: one timer is what a case is about, the
 * other is its end, and which of them ended the sleep is part of the verdict.
 */
#include "report.h"
#include <xen/xen.h>
#include "guest_suspend.h"

/* An end for sleeps that should have ended before. */
#define FALLBACK_MS     5000
/* The sleep of cases where nothing should wake the guest before its end. */
#define QUIET_MS        300
/* For the toolstack, an emulated host's dom0 included. */
#define TOOLSTACK_MS    60000

#define SGI             IRQ_SGI(3)
#define GARBAGE         0xdeadbeefUL

struct variant {
    const char *prefix;
    uint32_t fn;
    bool smc;
};

static const struct variant variants[] = {
    { "fn64-hvc-", PSCI_SYSTEM_SUSPEND_64, false },
    { "fn64-smc-", PSCI_SYSTEM_SUSPEND_64, true },
    { "fn32-hvc-", PSCI_SYSTEM_SUSPEND_32, false },
    { "fn32-smc-", PSCI_SYSTEM_SUSPEND_32, true },
};
#define ARRAY_SIZE(a)   (sizeof(a) / sizeof((a)[0]))
#define FOR_EACH(v, table) \
    for (v = (table); v < (table) + ARRAY_SIZE(table); v++)

static struct sleep_call call;

/* A call with recognisable values in all the registers that it has to keep. */
static void sleep_with(uint64_t fn, bool smc, uint64_t entry, uint64_t context)
{
    call.arg[0] = fn;
    call.arg[1] = entry;
    call.arg[2] = context;
    call.arg[3] = 0;
    call.smc = smc;
    for (unsigned int i = 0; i < 31; i++)
        call.x[i] = 0x5afe000000000000UL | i;
    for (unsigned int i = 0; i < ARRAY_SIZE(call.q); i++)
        call.q[i] = 0xf10a700000000000UL | i;
    sleep_call(&call);
}

static void sleep_simply(void)
{
    sleep_with(PSCI_SYSTEM_SUSPEND_64, false, (uint64_t)resume_entry, 0);
}

static uint64_t fallback_at;

/* Sleep, but not for ever: the physical timer ends it. */
static void ptimer_arm(uint64_t ms)
{
    fallback_at = pcount() + ms_to_ticks(ms);
    ptimer_set(fallback_at, TIMER_ENABLE);
    gic_enable(IRQ_PTIMER);
}

static bool ptimer_expired(void)
{
    return pcount() >= fallback_at;
}

static void ptimer_disarm(void)
{
    gic_disable(IRQ_PTIMER);
    ptimer_set(0, 0);
}

/*
 * Everything off, and taken what was on its way: disabling an interrupt does
 * not take it back from the CPU interface.
 */
static void quiet(void)
{
    ptimer_disarm();
    vtimer_set(0, 0);
    gic_disable(IRQ_VTIMER);
    gic_disable(IRQ_EVTCHN);
    gic_disable(SGI);
    xen_upcall_clear();
    for (unsigned int n = 0; n < 100 && gic_highest_pending() != IRQ_NONE; n++)
        irq_window_now();
}

/* Whether the sleep ended, by resuming, and before the fallback. */
static bool woken(const char *name)
{
    if (!call.resumed) {
        report_equal("", name, PSCI_SUCCESS, (int64_t)call.x[0]);
        return false;
    }
    if (ptimer_expired()) {
        report_true("", name, false, "expected a wake, got none");
        return false;
    }
    return true;
}

/* The interrupt that woke the guest is there, and comes just once. */
static void report_taken_once(const char *name, unsigned int irq,
                              uint32_t before)
{
    irq_window(irq, 2000);
    if (gic_highest_pending() == irq)
        irq_window(irq, 2000);
    report_equal("", name, 1, irq_count[irq] - before);
}

/* A sleep in which nothing but its end may wake the guest. */
static void report_quiet_sleep(const char *name)
{
    ptimer_arm(QUIET_MS);
    sleep_simply();
    if (!call.resumed)
        report_equal("", name, PSCI_SUCCESS, (int64_t)call.x[0]);
    else
        report_true("", name, ptimer_expired(),
                    "expected sleep, got a wake at once");
    ptimer_disarm();
}

/* Discovery */

static void discovery(void)
{
    static const struct {
        const char *name;
        uint32_t fn;
        int64_t expected;
    } features[] = {
        { "features-fn32", PSCI_SYSTEM_SUSPEND_32, 0 },
        { "features-fn64", PSCI_SYSTEM_SUSPEND_64, 0 },
        { "features-nonsense-fn32", 0x8400001fU, PSCI_NOT_SUPPORTED },
        { "features-nonsense-fn64", 0xc400001fU, PSCI_NOT_SUPPORTED },
        { "features-not-psci", 0x8600000eU, PSCI_NOT_SUPPORTED },
    }, *f;

    for (int smc = 0; smc < 2; smc++) {
        const char *prefix = smc ? "smc-" : "hvc-";

        report_true(prefix, "version-1.0-or-later",
                    smccc_call(PSCI_VERSION, 0, 0, 0, smc) >= 0x10000,
                    "expected PSCI_VERSION 0x10000 or more, got less");
        FOR_EACH(f, features)
            report_equal(prefix, f->name, f->expected,
                         (int32_t)smccc_call(PSCI_FEATURES, f->fn, 0, 0, smc));
        report_equal(prefix, "features-upper-half-ignored", 0,
                     (int32_t)smccc_call(PSCI_FEATURES, GARBAGE << 32 |
                                         PSCI_SYSTEM_SUSPEND_64, 0, 0, smc));
    }
}

/* Calls that have to fail */

static void report_refused(const char *prefix, const char *name,
                           int32_t expected)
{
    static const char kept[] = " keeps x4 to x30";
    char long_name[80];
    size_t n = string_length(name);

    if (call.resumed) {
        report_true(prefix, name, false,
                    "expected an error, got suspended and resumed");
        return;
    }
    report_equal(prefix, name, expected, (int32_t)call.x[0]);

    memcpy(long_name, name, n);
    memcpy(long_name + n, kept, sizeof(kept));
    for (unsigned int i = 4; i < 31; i++)
        if (call.x[i] != (0x5afe000000000000UL | i)) {
            report_equal(prefix, long_name,
                         (int64_t)(0x5afe000000000000UL | i),
                         (int64_t)call.x[i]);
            return;
        }
    report_true(prefix, long_name, true, "");
}

static void errors(void)
{
    const uint64_t entry = (uint64_t)resume_entry;
    const struct {
        const char *name;
        uint64_t entry;
        bool fn64_only;
    } bad[] = {
        { "entry-mmio", GUEST_GICD_BASE, false },
        { "entry-hole", 0x2f000000, false },
        { "entry-zero", 0, false },
        { "entry-beyond-ram", ram_base + ram_size, false },
        { "entry-far-beyond-ram", ram_base + ram_size + (1UL << 30), false },
        { "entry-misaligned", entry + 2, false },
        { "entry-thumb-bit", entry + 1, false },
        { "entry-thumb-bit-misaligned", entry + 3, false },
        { "entry-above-4g", entry + (1UL << 32), true },
        { "entry-upper-garbage", GARBAGE << 32 | entry, true },
        { "entry-beyond-physical", entry + (1UL << 50), true },
        { "entry-top-bit", entry + (1UL << 63), true },
        { "entry-all-ones", ~3UL, true },
    }, *b;
    const struct variant *v;

    FOR_EACH(v, variants)
        FOR_EACH(b, bad) {
            if (b->fn64_only && v->fn == PSCI_SYSTEM_SUSPEND_32)
                continue;
            /* Should the call succeed by mistake, it ends at once. */
            gic_enable(SGI);
            gic_send_self(SGI);
            sleep_with(v->fn, v->smc, b->entry, 0);
            irq_window_now();
            report_refused(v->prefix, b->name, PSCI_INVALID_ADDRESS);
        }
}

/* The state in which the guest resumes */

static void report_resume_state(const char *prefix, uint64_t context)
{
    report_equal(prefix, "context-id", (int64_t)context,
                 (int64_t)call.entry.x0);
    report_equal(prefix, "entered-at-entry-point", MARK_AT_ENTRY,
                 (int64_t)call.entry.mark_at_entry);
    report_true(prefix, "not-entered-before-entry-point",
                call.entry.mark_before != MARK_BEFORE,
                "expected the entry point, got the instruction before it");
    report_equal(prefix, "current-el", 1 << 2, (int64_t)call.entry.current_el);
    report_equal(prefix, "spsel", 1, (int64_t)call.entry.spsel);
    report_equal(prefix, "daif-all-masked", 0xf << 6, (int64_t)call.entry.daif);
    report_equal(prefix, "mmu-off", 0, call.entry.sctlr & 1 << 0);
    report_equal(prefix, "data-cache-off", 0, call.entry.sctlr & 1 << 2);
    report_equal(prefix, "instruction-cache-off", 0,
                 call.entry.sctlr & 1 << 12);
    report_equal(prefix, "little-endian-as-caller", 0,
                 call.entry.sctlr & (1 << 24 | 1 << 25));
    report_equal(prefix, "sctlr-res1", 0x30d00800,
                 call.entry.sctlr & 0x30d00800);
}

static void resume_state(void)
{
    const struct variant *v;

    FOR_EACH(v, variants) {
        const bool fn32 = v->fn == PSCI_SYSTEM_SUSPEND_32;
        const uint64_t context = 0x0123456789abcdefUL;
        const uint32_t before = irq_count[SGI];
        const uint64_t entry = (uint64_t)resume_entry |
                               (fn32 ? GARBAGE << 32 : 0);
        bool fp_kept = true;

        gic_enable(SGI);
        gic_send_self(SGI);
        ptimer_arm(FALLBACK_MS);
        /* The caller's own mask bits do not survive: no interrupt is lost. */
        sleep_with(v->fn, v->smc, entry, context);
        ptimer_disarm();
        if (!call.resumed) {
            report_equal(v->prefix, "resumes", PSCI_SUCCESS,
                         (int32_t)call.x[0]);
            quiet();
            continue;
        }
        report_true(v->prefix, "resumes", !ptimer_expired(),
                    "expected a wake at once, got none");
        report_resume_state(v->prefix, fn32 ? (uint32_t)context : context);
        irq_window(SGI, 2000);
        report_equal(v->prefix, "sgi-delivered-once", 1,
                     irq_count[SGI] - before);
        for (unsigned int i = 0; i < ARRAY_SIZE(call.q); i++)
            fp_kept &= call.q[i] == (0xf10a700000000000UL | i);
        report_true(v->prefix, "fp-registers-kept", fp_kept,
                    "expected q0 to q31 as before, got others");
        quiet();
    }

    /* Asked with upper bits in x0, of which only w0 names the function. */
    gic_enable(SGI);
    gic_send_self(SGI);
    ptimer_arm(FALLBACK_MS);
    sleep_with(GARBAGE << 32 | PSCI_SYSTEM_SUSPEND_64, false,
               (uint64_t)resume_entry, 0);
    if (woken("function-id-upper-half-ignored"))
        report_true("", "function-id-upper-half-ignored", true, "");
    quiet();

    /* With interrupts unmasked in the call, they are masked at the entry. */
    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount() + ms_to_ticks(100), TIMER_ENABLE);
    ptimer_arm(FALLBACK_MS);
    asm volatile ("msr daifclr, #0xf" ::: "memory");
    sleep_simply();
    asm volatile ("msr daifset, #0xf" ::: "memory");
    if (woken("daif-masked-though-caller-unmasked"))
        report_equal("", "daif-masked-though-caller-unmasked", 0xf << 6,
                     (int64_t)call.entry.daif);
    quiet();

    /* A big-endian caller finds itself big-endian, and all else the same. */
    gic_enable(SGI);
    gic_send_self(SGI);
    ptimer_arm(FALLBACK_MS);
    call.arg[0] = PSCI_SYSTEM_SUSPEND_64;
    call.arg[1] = (uint64_t)resume_entry;
    call.arg[2] = GARBAGE;
    sleep_call_big_endian(&call);
    if (woken("big-endian-resumes")) {
        report_equal("big-endian-", "as-caller", 1 << 25,
                     call.entry.sctlr & 1 << 25);
        report_equal("big-endian-", "context-id", GARBAGE,
                     (int64_t)call.entry.x0);
        report_equal("big-endian-", "mmu-off", 0, call.entry.sctlr & 1 << 0);
    }
    quiet();
}

/* Interrupts that are to wake the guest, and those that are not */

static void wake_sources(void)
{
    uint32_t before;
    uint64_t at;

    /* Pending at entry: the sleep ends at once. */
    before = irq_count[SGI];
    gic_enable(SGI);
    gic_send_self(SGI);
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    if (woken("sgi-pending-at-entry-wakes"))
        report_taken_once("sgi-pending-at-entry-wakes", SGI, before);
    quiet();

    before = irq_count[IRQ_VTIMER];
    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount(), TIMER_ENABLE);
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    if (woken("vtimer-expired-at-entry-wakes"))
        report_taken_once("vtimer-expired-at-entry-wakes", IRQ_VTIMER, before);
    quiet();

    before = irq_count[IRQ_PTIMER];
    ptimer_arm(0);
    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount() + ms_to_ticks(FALLBACK_MS), TIMER_ENABLE);
    sleep_simply();
    at = call.entry.cntvct;
    if (!call.resumed)
        report_equal("", "ptimer-expired-at-entry-wakes", PSCI_SUCCESS,
                     (int64_t)call.x[0]);
    else if (vtimer_ctl() & TIMER_ISTATUS)
        report_true("", "ptimer-expired-at-entry-wakes", false,
                    "expected a wake, got none");
    else
        report_taken_once("ptimer-expired-at-entry-wakes", IRQ_PTIMER, before);
    quiet();

    /* Expires during the sleep: not before its time, and before the end. */
    before = irq_count[IRQ_VTIMER];
    gic_enable(IRQ_VTIMER);
    at = vcount() + ms_to_ticks(QUIET_MS);
    vtimer_set(at, TIMER_ENABLE);
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    if (woken("vtimer-expires-asleep-wakes")) {
        report_true("", "vtimer-not-before-its-time", call.entry.cntvct >= at,
                    "expected a wake after the compare value, got it before");
        report_taken_once("vtimer-expires-asleep-wakes", IRQ_VTIMER, before);
    }
    quiet();

    before = irq_count[IRQ_PTIMER];
    ptimer_arm(QUIET_MS);
    sleep_simply();
    if (!call.resumed) {
        report_equal("", "ptimer-expires-asleep-wakes", PSCI_SUCCESS,
                     (int64_t)call.x[0]);
    } else {
        report_true("", "ptimer-not-before-its-time", ptimer_expired(),
                    "expected a wake after the compare value, got it before");
        report_taken_once("ptimer-expires-asleep-wakes", IRQ_PTIMER, before);
    }
    quiet();

    /* Pending, but disabled: no wake; delivered once it is enabled. */
    before = irq_count[SGI];
    gic_send_self(SGI);
    report_quiet_sleep("sgi-disabled-no-wake");
    gic_enable(SGI);
    report_taken_once("sgi-disabled-delivered-when-enabled", SGI, before);
    quiet();

    before = irq_count[IRQ_VTIMER];
    vtimer_set(vcount(), TIMER_ENABLE);
    report_quiet_sleep("vtimer-disabled-no-wake");
    gic_enable(IRQ_VTIMER);
    report_taken_once("vtimer-disabled-delivered-when-enabled", IRQ_VTIMER,
                      before);
    quiet();

    /* Enabled, but masked at the timer. */
    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount(), TIMER_ENABLE | TIMER_IMASK);
    report_quiet_sleep("vtimer-imask-no-wake");
    quiet();

    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount() + ms_to_ticks(QUIET_MS / 3),
               TIMER_ENABLE | TIMER_IMASK);
    report_quiet_sleep("vtimer-imask-expires-asleep-no-wake");
    quiet();

    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount(), 0);
    report_quiet_sleep("vtimer-off-no-wake");
    quiet();

    /* Stopped while its interrupt, masked in PSTATE, is on its way. */
    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount(), TIMER_ENABLE);
    if (!WAIT_UNTIL(gic_highest_pending() == IRQ_VTIMER)) {
        report_error("", "vtimer-stale-no-wake", "the timer does not fire");
    } else {
        vtimer_set(0, 0);
        report_quiet_sleep("vtimer-stale-no-wake");
    }
    quiet();

    /* Stopped and set again, to a time during the sleep. */
    before = irq_count[IRQ_VTIMER];
    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount(), TIMER_ENABLE);
    WAIT_UNTIL(gic_highest_pending() == IRQ_VTIMER);
    at = vcount() + ms_to_ticks(QUIET_MS);
    vtimer_set(at, TIMER_ENABLE);
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    if (woken("vtimer-stale-then-set-again-wakes")) {
        report_true("", "vtimer-stale-then-set-again-not-before-its-time",
                    call.entry.cntvct >= at,
                    "expected a wake after the compare value, got it before");
        report_taken_once("vtimer-stale-then-set-again-wakes", IRQ_VTIMER,
                          before);
    }
    quiet();

    /* Only moved: Xen masked it when it raised the interrupt. */
    before = irq_count[IRQ_VTIMER];
    gic_enable(IRQ_VTIMER);
    vtimer_set(vcount(), TIMER_ENABLE);
    WAIT_UNTIL(gic_highest_pending() == IRQ_VTIMER);
    at = vcount() + ms_to_ticks(QUIET_MS);
    vtimer_move(at);
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    if (woken("vtimer-pending-then-moved-wakes")) {
        report_true("", "vtimer-pending-then-moved-not-before-its-time",
                    call.entry.cntvct >= at,
                    "expected a wake after the compare value, got it before");
        report_taken_once("vtimer-pending-then-moved-wakes", IRQ_VTIMER,
                          before);
    }
    quiet();

    /* The same of the physical timer, which Xen emulates. */
    ptimer_arm(0);
    if (!WAIT_UNTIL(gic_highest_pending() == IRQ_PTIMER)) {
        report_error("", "ptimer-stale-no-wake", "the timer does not fire");
    } else {
        ptimer_set(0, 0);
        gic_enable(IRQ_VTIMER);
        at = vcount() + ms_to_ticks(QUIET_MS);
        vtimer_set(at, TIMER_ENABLE);
        sleep_simply();
        if (!call.resumed)
            report_equal("", "ptimer-stale-no-wake", PSCI_SUCCESS,
                         (int64_t)call.x[0]);
        else
            report_true("", "ptimer-stale-no-wake", call.entry.cntvct >= at,
                        "expected sleep, got a wake at once");
    }
    quiet();
}

/* Event channels */

static void event_channels(void)
{
    const int port = xen_evtchn_to_self();
    uint32_t before;

    if (port < 0) {
        report_error("", "evtchn", "cannot bind an event channel");
        return;
    }

    xen_evtchn_send(port);
    gic_enable(IRQ_EVTCHN);
    report_quiet_sleep("evtchn-masked-no-wake");
    quiet();
    xen_evtchn_clear(port);

    before = irq_count[IRQ_EVTCHN];
    xen_evtchn_unmask(port);
    gic_enable(IRQ_EVTCHN);
    xen_evtchn_send(port);
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    if (woken("evtchn-pending-at-entry-wakes"))
        report_taken_once("evtchn-pending-at-entry-wakes", IRQ_EVTCHN, before);
    quiet();
    xen_evtchn_clear(port);

    /* The interrupt is on its way, but the guest has dealt with its cause. */
    gic_enable(IRQ_EVTCHN);
    xen_evtchn_send(port);
    if (!WAIT_UNTIL(gic_highest_pending() == IRQ_EVTCHN)) {
        report_error("", "evtchn-stale-no-wake", "the event does not come");
    } else {
        xen_evtchn_clear(port);
        xen_upcall_clear();
        report_quiet_sleep("evtchn-stale-no-wake");
    }
    quiet();

    before = irq_count[IRQ_EVTCHN];
    xen_evtchn_send(port);
    report_quiet_sleep("evtchn-interrupt-disabled-no-wake");
    gic_enable(IRQ_EVTCHN);
    report_taken_once("evtchn-delivered-when-enabled", IRQ_EVTCHN, before);
    xen_evtchn_close(port);
    quiet();

    /*
     * Somebody else's event: the console daemon's, when it has read.  Printing
     * is what makes it read, be that before or after the guest is asleep.
     */
    xen_evtchn_clear(console_port);
    xen_evtchn_unmask(console_port);
    gic_enable(IRQ_EVTCHN);
    before = irq_count[IRQ_EVTCHN];
    ptimer_arm(FALLBACK_MS);
    print("# waiting for the console daemon's event\n");
    sleep_simply();
    if (woken("evtchn-from-console-daemon-wakes"))
        report_taken_once("evtchn-from-console-daemon-wakes", IRQ_EVTCHN,
                          before);
    xen_evtchn_mask(console_port);
    quiet();
}

/* The lines of level interrupts: pending for as long as they are high */

static int level_port;

static void evtchn_raise(void)
{
    xen_evtchn_clear(level_port);
    xen_evtchn_send(level_port);
}

static void ptimer_raise(void)
{
    ptimer_set(pcount(), TIMER_ENABLE);
}

/* There is room for more as soon as one is sent. */
static void uart_raise(void)
{
    uart_enable(UART_CAN_SEND);
    uart_send('.');
}

static const struct level {
    const char *prefix;
    unsigned int irq;
    void (*raise)(void);
} levels[] = {
    { "ptimer-", IRQ_PTIMER, ptimer_raise },
    { "evtchn-", IRQ_EVTCHN, evtchn_raise },
    { "uart-", IRQ_VUART, uart_raise },
};

/* Raise the line and take its interrupt, once, in that way. */
static bool level_taken(const struct level *l, const char *name,
                        enum irq_answer how)
{
    gic_enable(l->irq);
    l->raise();
    irq_answer = how;
    if (irq_window(l->irq, 2000))
        return true;
    irq_answer = IRQ_QUIETEN;
    report_error(l->prefix, name, "the interrupt does not come");
    return false;
}

static void level_line(const struct level *l)
{
    uint32_t before = irq_count[l->irq];

    /* Ended, its cause left alone. */
    if (level_taken(l, "ended-while-high-comes-again", IRQ_LEAVE)) {
        report_equal(l->prefix, "ended-while-high-comes-again", l->irq,
                     gic_highest_pending());
        irq_window(l->irq, 2000);
        report_equal(l->prefix, "ended-while-low-comes-no-more", IRQ_NONE,
                     gic_highest_pending());
        report_equal(l->prefix, "taken-each-time", 2,
                     irq_count[l->irq] - before);
    }

    /*
     * Disabled and ended, its cause left alone, as by an operating system that
     * is to take it later.
     */
    if (level_taken(l, "enabled-while-high-comes-again", IRQ_DISABLE)) {
        report_equal(l->prefix, "disabled-while-high-comes-not", IRQ_NONE,
                     gic_highest_pending());
        gic_enable(l->irq);
        report_equal(l->prefix, "enabled-while-high-comes-again", l->irq,
                     gic_highest_pending());
        irq_window(l->irq, 2000);
    }

    /* Disabled, lowered, enabled. */
    if (level_taken(l, "enabled-while-low-comes-not", IRQ_DISABLE)) {
        gic_quieten(l->irq);
        gic_enable(l->irq);
        report_equal(l->prefix, "enabled-while-low-comes-not", IRQ_NONE,
                     gic_highest_pending());
    }
    gic_disable(l->irq);
}

/* Sleeps that a line is there to end, or that it must not end. */
static void level_sleep(const struct level *l)
{
    const uint32_t before = irq_count[l->irq];

    /* The other timer is the end of this one's sleeps. */
    if (l->irq == IRQ_PTIMER)
        return;

    gic_enable(l->irq);
    l->raise();
    if (!WAIT_UNTIL(gic_highest_pending() == l->irq)) {
        report_error(l->prefix, "sleep", "the interrupt does not come");
        return;
    }
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    if (woken("level-pending-at-entry-wakes"))
        report_true(l->prefix, "pending-at-entry-wakes", true, "");
    irq_window(l->irq, 2000);
    report_equal(l->prefix, "pending-at-entry-taken-once", 1,
                 irq_count[l->irq] - before);

    /* It is on its way when its line falls. */
    l->raise();
    if (!WAIT_UNTIL(gic_highest_pending() == l->irq)) {
        report_error(l->prefix, "sleep", "the interrupt does not come again");
        return;
    }
    gic_quieten(l->irq);
    print("# %slevel-low-at-entry\n", l->prefix);
    report_quiet_sleep("level-low-at-entry-no-wake");
    quiet();
    gic_disable(l->irq);
}

static void level_lines(void)
{
    const struct level *l;

    level_port = xen_evtchn_to_self();
    if (level_port < 0) {
        report_error("", "levels", "cannot bind an event channel");
        return;
    }
    xen_evtchn_unmask(level_port);
    FOR_EACH(l, levels) {
        if (l->irq >= gic_nr_irqs()) {
            report_skip(l->prefix, "levels",
                        "the guest has no UART; give it vuart=\"sbsa_uart\"");
            continue;
        }
        level_line(l);
        level_sleep(l);
        quiet();
    }
    xen_evtchn_close(level_port);

    /* High without an interrupt: Xen's mark, set by the guest itself. */
    gic_enable(IRQ_EVTCHN);
    xen_upcall_set();
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    if (woken("upcall-pending-at-entry-wakes"))
        report_equal("", "upcall-pending-at-entry-wakes", IRQ_EVTCHN,
                     gic_highest_pending());
    quiet();

    xen_upcall_set();
    report_quiet_sleep("upcall-pending-disabled-no-wake");
    quiet();
}

/* Again and again */

static void reentry(void)
{
    const unsigned int times = 1000;
    uint32_t before = irq_count[SGI];
    unsigned int n;

    gic_enable(SGI);
    ptimer_arm(60000);
    for (n = 0; n < times; n++) {
        gic_send_self(SGI);
        sleep_simply();
        if (!call.resumed || ptimer_expired())
            break;
        irq_window(SGI, 2000);
    }
    report_equal("", "sleeps-again-at-once-1000-times", times, n);
    report_equal("", "sleeps-again-each-interrupt-once", times,
                 irq_count[SGI] - before);
    quiet();

    /* The interrupt is left pending: each sleep is over as it begins. */
    before = irq_count[SGI];
    gic_enable(SGI);
    gic_send_self(SGI);
    ptimer_arm(60000);
    for (n = 0; n < times; n++) {
        sleep_simply();
        if (!call.resumed || ptimer_expired())
            break;
    }
    report_equal("", "left-pending-wakes-1000-times", times, n);
    report_taken_once("left-pending-delivered-once", SGI, before);
    quiet();

    before = irq_count[IRQ_VTIMER];
    gic_enable(IRQ_VTIMER);
    ptimer_arm(60000);
    for (n = 0; n < times; n++) {
        /* From long before the call to well inside the sleep. */
        const uint64_t at = vcount() + ms_to_ticks(1) * n / times;

        vtimer_set(at, TIMER_ENABLE);
        sleep_simply();
        if (!call.resumed || ptimer_expired() || call.entry.cntvct < at)
            break;
        irq_window(IRQ_VTIMER, 2000);
    }
    report_equal("", "timer-racing-with-entry-1000-times", times, n);
    report_equal("", "timer-racing-each-interrupt-once", times,
                 irq_count[IRQ_VTIMER] - before);
    quiet();
}

/* Time and the guest's other dealings with Xen */

static void accounting(void)
{
    struct times before, after;
    uint64_t began;
    int id;

    if (xen_times_start(0)) {
        report_error("", "no-steal-time", "cannot register the runstate area");
    } else {
        began = vcount();
        ptimer_arm(1000);
        before = xen_times(0);
        sleep_simply();
        after = xen_times(0);
        if (!call.resumed) {
            report_equal("", "no-steal-time", PSCI_SUCCESS,
                         (int64_t)call.x[0]);
        } else {
            report_true("", "sleep-is-not-offline-time",
                        after.offline - before.offline < 100000000,
                        "expected less than 100 ms offline, got more");
            report_true("", "sleep-is-blocked-time",
                        after.blocked - before.blocked > 800000000,
                        "expected more than 800 ms blocked, got less");
            report_true("", "counter-goes-on-asleep",
                        call.entry.cntvct - began >= ms_to_ticks(1000),
                        "expected a second to have passed, got less");
        }
        quiet();
    }

    /* A watchdog shorter than the sleep; if it fires, the guest is gone. */
    id = xen_watchdog(0, 1);
    if (id <= 0) {
        report_error("", "watchdog-stops-asleep", "cannot set a watchdog");
        return;
    }
    ptimer_arm(3000);
    sleep_simply();
    xen_watchdog(id, 0);
    if (call.resumed)
        report_true("", "watchdog-stops-asleep", ptimer_expired(),
                    "expected a sleep of 3 s, got less");
    else
        report_equal("", "watchdog-stops-asleep", PSCI_SUCCESS,
                     (int64_t)call.x[0]);
    quiet();
}

/* What is the toolstack's, and no guest's */

static void privilege(void)
{
    static const struct {
        const char *name;
        unsigned int op;
    } ops[] = {
        { "domctl-get-refused", XEN_GUEST_SUSPEND_OP_GET },
        { "domctl-list-refused", XEN_GUEST_SUSPEND_OP_LIST },
        { "domctl-resume-refused", XEN_GUEST_SUSPEND_OP_RESUME },
    }, *o;
    int port;

    FOR_EACH(o, ops)
        report_equal("", o->name, -1 /* EPERM */, xen_guest_suspend_op(o->op));

    /* A guest that could bind the VIRQ must not get anything from it. */
    port = xen_evtchn_virq(VIRQ_GUEST_SUSPEND);
    if (port < 0) {
        report_true("", "virq-tells-guests-nothing", true, "");
        return;
    }
    gic_enable(SGI);
    gic_send_self(SGI);
    ptimer_arm(FALLBACK_MS);
    sleep_simply();
    report_true("", "virq-tells-guests-nothing",
                call.resumed && !xen_evtchn_pending(port),
                call.resumed ? "expected no event, got one"
                             : "expected a sleep, got an error");
    xen_evtchn_close(port);
    quiet();
}

/* The toolstack's part: a REQ line asks for it */

static void toolstack(void)
{
    static const struct {
        const char *name, *request;
        unsigned int irq;
        bool enabled;
    } wakes[] = {
        { "toolstack-wake", "wake", IRQ_NONE, false },
        { "toolstack-wake-virq-spi", "wake virq=40", IRQ_SPI(8), true },
        { "toolstack-wake-virq-spi-disabled", "wake virq=40", IRQ_SPI(8), false },
        { "toolstack-wake-virq-evtchn", "wake virq=31", IRQ_EVTCHN, true },
        { "toolstack-wake-after-pause-and-unpause", "pause-unpause-wake", IRQ_NONE,
          false },
        { "toolstack-wake-while-paused", "pause-wake-unpause", IRQ_NONE, false },
    }, *w;

    FOR_EACH(w, wakes) {
        uint32_t before;

        if (w->irq != IRQ_NONE && w->irq >= gic_nr_irqs()) {
            report_skip("", w->name,
                        "the guest has no SPI; give it vuart=\"sbsa_uart\"");
            continue;
        }
        before = w->irq == IRQ_NONE ? 0 : irq_count[w->irq];
        if (w->enabled)
            gic_enable(w->irq);
        ptimer_arm(TOOLSTACK_MS);
        print("REQ %s\n", w->request);
        sleep_simply();
        if (!call.resumed) {
            report_equal("", w->name, PSCI_SUCCESS,
                         (int64_t)call.x[0]);
        } else if (ptimer_expired()) {
            report_true("", w->name, false,
                        "expected a wake, got none in a minute");
        } else if (w->irq == IRQ_NONE) {
            ptimer_disarm();
            report_equal("", w->name, IRQ_NONE,
                         gic_highest_pending());
        } else {
            gic_enable(w->irq);
            report_taken_once(w->name, w->irq, before);
        }
        if (w->irq != IRQ_NONE)
            gic_disable(w->irq);
        quiet();
    }
}

/* More than one vCPU */

static volatile enum { OTHER_IDLE, OTHER_ON, OTHER_LEAVE } other;
static struct sleep_call other_call;

static void other_waits(void)
{
    other = OTHER_ON;
    while (other != OTHER_LEAVE)
        ;
    psci(PSCI_CPU_OFF, 0, 0, 0);
}

static void other_sleeps(void)
{
    other_call.arg[0] = PSCI_SYSTEM_SUSPEND_64;
    other_call.arg[1] = (uint64_t)resume_entry;
    sleep_call(&other_call);
}

static void other_tries(void)
{
    other_sleeps();
    other_waits();
}

static void finish(void);

/* What its interrupt controller keeps while it is off. */
static void other_enables(void)
{
    gic_init_vcpu();
    gic_enable(IRQ_VTIMER);
    gic_enable(IRQ_EVTCHN);
    psci(PSCI_CPU_OFF, 0, 0, 0);
}

static bool dropped_event_woke;

/* vCPU 1 sleeps alone and brings vCPU 0 back, to report it. */
static void other_sleeps_alone(void)
{
    other = OTHER_ON;
    if (WAIT_UNTIL(vcpu_is_off(0))) {
        /* An event came while this vCPU was off; or else the timer ends it. */
        vtimer_set(vcount() + ms_to_ticks(FALLBACK_MS), TIMER_ENABLE);
        other_sleeps();
        dropped_event_woke = other_call.resumed &&
                             !(vtimer_ctl() & TIMER_ISTATUS);
        xen_upcall_clear_second_vcpu();
        gic_init_vcpu();
        gic_enable(IRQ_VTIMER);
        vtimer_set(vcount() + ms_to_ticks(100), TIMER_ENABLE);
        other_sleeps();
    }
    vtimer_set(0, 0);
    gic_disable(IRQ_VTIMER);
    vcpu_start(0, finish);
    psci(PSCI_CPU_OFF, 0, 0, 0);
}

static bool other_on(void (*fn)(void))
{
    other = OTHER_IDLE;
    return vcpu_start(1, fn) == PSCI_SUCCESS && WAIT_UNTIL(other == OTHER_ON);
}

static bool other_off(void)
{
    other = OTHER_LEAVE;
    return WAIT_UNTIL(vcpu_is_off(1));
}

/* What vCPU 1 is told of a sleep, and of a while awake, that it was off in. */
static void offline_vcpu_accounting(void)
{
    const uint64_t ms = 1000000;
    struct times before, asleep, awake;

    if (xen_times_start(1)) {
        report_error("", "offline-vcpu-accounting",
                     "cannot register the runstate area");
        return;
    }
    before = xen_times(1);
    ptimer_arm(1000);
    sleep_simply();
    xen_times_start(1);
    asleep = xen_times(1);
    (void)WAIT_UNTIL(false);
    xen_times_start(1);
    awake = xen_times(1);
    quiet();
    if (!call.resumed) {
        report_equal("", "offline-vcpu-accounting", PSCI_SUCCESS,
                     (int64_t)call.x[0]);
        return;
    }
    report_true("", "offline-vcpu-sleep-is-not-offline-time",
                asleep.offline - before.offline < 500 * ms,
                "expected less than 500 ms offline, got more");
    report_true("", "offline-vcpu-sleep-is-blocked-time",
                asleep.blocked - before.blocked > 800 * ms,
                "expected more than 800 ms blocked, got less");
    report_true("", "offline-vcpu-is-offline-when-awake",
                awake.offline - asleep.offline > 1800 * ms &&
                awake.blocked == asleep.blocked,
                "expected 2 s offline and none blocked, got something else");
}

static void smp(void)
{
    const struct variant *v;

    if (vcpu_start(1, other_waits) == PSCI_INVALID_PARAMETERS) {
        report_skip("", "smp", "the guest has one vCPU; give it two");
        return;
    }
    if (!WAIT_UNTIL(other == OTHER_ON)) {
        report_error("", "smp", "vCPU 1 does not start");
        return;
    }

    FOR_EACH(v, variants) {
        gic_enable(SGI);
        gic_send_self(SGI);
        sleep_with(v->fn, v->smc, (uint64_t)resume_entry, 0);
        report_refused(v->prefix, "other-vcpu-online-denied", PSCI_DENIED);
        sleep_with(v->fn, v->smc, GUEST_GICD_BASE, 0);
        report_refused(v->prefix, "denied-before-bad-entry", PSCI_DENIED);
        irq_window_now();
    }

    for (unsigned int n = 0; n < 3; n++) {
        if (!other_off()) {
            report_error("", "smp", "vCPU 1 does not go off");
            return;
        }
        gic_enable(IRQ_VTIMER);
        vtimer_set(vcount() + ms_to_ticks(100), TIMER_ENABLE);
        ptimer_arm(FALLBACK_MS);
        sleep_simply();
        if (woken("sleeps-once-other-vcpu-is-off"))
            report_true("", "sleeps-once-other-vcpu-is-off", true, "");
        report_true("", "other-vcpu-still-off", vcpu_is_off(1),
                    "expected vCPU 1 off, got it on");
        quiet();
        report_true("", "cpu-on-after-resume", other_on(other_waits),
                    "expected vCPU 1 to start, got nothing");
    }

    if (!other_off()) {
        report_error("", "smp", "vCPU 1 does not go off");
        return;
    }
    offline_vcpu_accounting();

    if (!other_on(other_tries)) {
        report_error("", "denied-to-vcpu-1-too", "vCPU 1 does not restart");
        return;
    }
    report_true("", "denied-to-vcpu-1-too", !other_call.resumed &&
                (int32_t)other_call.x[0] == PSCI_DENIED,
                "expected DENIED while vCPU 0 is online, got something else");

    if (!other_off() || vcpu_start(1, other_enables) != PSCI_SUCCESS ||
        !WAIT_UNTIL(vcpu_is_off(1)) || xen_upcall_second_vcpu() ||
        !other_on(other_sleeps_alone)) {
        report_error("", "sleeps-on-vcpu-1-alone", "vCPU 1 does not restart");
        return;
    }
    /* Comes back in finish(). */
    psci(PSCI_CPU_OFF, 0, 0, 0);
    report_error("", "sleeps-on-vcpu-1-alone", "vCPU 0 does not go off");
}

static void finish(void)
{
    report_true("", "event-dropped-while-offline-wakes", dropped_event_woke,
                "expected a wake at once, got none");
    report_equal("", "sleeps-on-vcpu-1-alone", 1, (int64_t)other_call.resumed);
    report_true("", "cpu-on-of-vcpu-0-by-vcpu-1", vcpu_id() == 0,
                "expected vCPU 0 back, got another");
    report_done();
    power_off();
}

/* smp does not return when all goes well, and so comes last. */
static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    { "discovery", discovery },
    { "errors", errors },
    { "resume-state", resume_state },
    { "wake-sources", wake_sources },
    { "event-channels", event_channels },
    { "levels", level_lines },
    { "reentry", reentry },
    { "accounting", accounting },
    { "privilege", privilege },
    { "toolstack", toolstack },
    { "smp", smp },
};

void program(void)
{
    const typeof(groups[0]) *g;
    bool any = false;

    print("# guest suspend conformance; arguments: %s\n", bootargs);
    FOR_EACH(g, groups) {
        if (bootarg_is("only", NULL) ? !bootarg_is("only", g->name)
                                : g->run == toolstack &&
                                  !bootarg_flag("toolstack"))
            continue;
        any = true;
        print("# %s\n", g->name);
        g->run();
    }
    if (!any)
        report_error("", "only", "no such group of cases");
    report_done();
}
