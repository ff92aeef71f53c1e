/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest suspend under concurrency: the hypervisor's common and Arm code, with
 * two or three CPUs in it at once, in every order that can make a difference.
 *
 * Each CPU is a coroutine, which gives way before every lock and after every
 * unlock, and before each access to a vCPU's pause flags.  A scenario is run
 * again and again, each time with another choice of who goes on, until no
 * choice is left.  Orders that differ only in steps that touch different things
 * are the same; "sleep sets" (Godefroid) leave them out.  The scenarios of two
 * are run without that, too, in literally every order, which must come to the
 * same set of outcomes.
 *
 * After each step seq has to have grown with the state, and only with it.  In
 * the end a domain that is suspended is kept from running, asleep, and has
 * nothing pending that should have woken it; one that is not is runnable.
 */

#include "fake_xen/fake.h"
#include "fake_xen/fake_arm.h"
#include "tap.h"

#include <stdlib.h>
#include <ucontext.h>

#include <asm/psci.h>
#include <asm/time.h>
#include <xen/list.h>

/* It has to be told of stacks.  The header comes with the program. */
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_STACK_REGISTER(from, to) ((void)(from), (void)(to))
#endif

#define MAX_ACTORS 3
#define MAX_STEPS 400
#define NR_DOMAINS 2
#define STACK_SIZE (64 * 1024)

typedef struct xen_guest_suspend_record record_t;
typedef struct xen_domctl_guest_suspend op_t;

struct actor {
    void (*run)(void);          /* NULL: there is none. */
    struct vcpu *caller;
    struct fake_cpu cpu;
    ucontext_t context;
    bool finished;
    /* The step to come: what it touches, takes, and waits for. */
    unsigned int touches;
    spinlock_t *lock;
    bool (*ready)(void);
    /* What it found out. */
    int rc;
    record_t record;
};

struct scenario {
    const char *name;
    bool asleep;                /* Domain 0 begins so. */
    void (*actors[MAX_ACTORS])(void);
    /* More to be true in the end, or NULL.  Says what is not. */
    const char *(*check)(void);
};

static struct domain domains[NR_DOMAINS];
static struct domain *const dom = &domains[0];
static struct vcpu *const guest_vcpu = &domains[0].vcpu[0];

static struct actor actors[MAX_ACTORS], *running;
static ucontext_t scheduler;
static char stacks[MAX_ACTORS][STACK_SIZE] __attribute__((aligned(64)));
static struct domain dom0;

/* The steps. */

static void give_way(unsigned int touches, spinlock_t *lock)
{
    struct actor *self = running;
    unsigned int i;

    if (!self)
        return;
    self->touches = touches;
    /* What a lock guards may be touched while it is held. */
    for (i = 0; i < self->cpu.nr_locks; i++)
        self->touches |= fake_lock_guards(self->cpu.locks[i]);
    self->lock = lock;
    swapcontext(&self->context, &scheduler);
}

static void wait_until(bool (*ready)(void), unsigned int touches)
{
    running->ready = ready;
    give_way(touches, NULL);
    running->ready = NULL;
}

static void actor_main(void)
{
    running->run();
    running->finished = true;
    swapcontext(&running->context, &scheduler);
}

static void step(struct actor *a)
{
    running = a;
    fake.cpu = &a->cpu;
    fake.caller = a->caller;
    swapcontext(&scheduler, &a->context);
    running = NULL;
}

static bool is_enabled(const struct actor *a)
{
    return a->run && !a->finished && (!a->lock || !a->lock->holder) &&
           (!a->ready || a->ready());
}

/* What the actors do. */

static unsigned int irqs_taken;
static unsigned int sleeps_ended_by[7]; /* XEN_GUEST_SUSPEND_WAKE_* */
static bool taken_by_surprise;
static bool told_of_due;        /* There was a VIRQ. */

static bool vcpu_runs(void)
{
    return (!guest_vcpu->pause_flags && !guest_vcpu->is_asleep) ||
           dom->is_dying || dom->is_shutting_down;
}

static record_t get(struct domain *d)
{
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_GET };

    if (guest_suspend_domctl(d, &op))
        fake_fault("GET failed");
    return op.u.get.record;
}

/* One sleep; false: the guest runs no more. */
static bool guest_sleep_once(void)
{
    running->rc = vpsci_system_suspend(0x1000, 0);
    wait_until(vcpu_runs, FAKE_FLAGS | FAKE_LEAF);
    return !dom->is_dying && !dom->is_shutting_down;
}

static void guest_sleeps(void)
{
    guest_sleep_once();
}

static void guest_sleeps_twice(void)
{
    if (!guest_sleep_once())
        return;
    irqs_taken += fake_take_irqs(guest_vcpu);
    guest_vcpu->evtchn_upcall_pending = false;
    guest_sleep_once();
}

/* vCPU 1 goes off, and then vCPU 0 sleeps. */

static struct vcpu *const other_vcpu = &domains[0].vcpu[1];

static bool other_is_off(void)
{
    return other_vcpu->pause_flags & VPF_down;
}

static void other_goes_off(void)
{
    fake_cpu_off(other_vcpu);
}

static void guest_sleeps_once_other_is_off(void)
{
    wait_until(other_is_off, FAKE_OTHERS);
    guest_sleep_once();
}

/* The last vCPU switches vCPU 1 on, and itself off. */

static struct vcpu *const last_vcpu = &domains[0].vcpu[2];

static void last_switches_other_on(void)
{
    fake_cpu_on(other_vcpu);
    fake_cpu_off(last_vcpu);
}

/* The others have two vCPUs. */
static bool has_last_vcpu(const struct scenario *s)
{
    return s->actors[1] == last_switches_other_on;
}

static bool other_runs(void)
{
    return !other_vcpu->pause_flags && !other_vcpu->is_asleep;
}

static void other_goes_off_again(void)
{
    wait_until(other_runs, FAKE_OTHERS);
    fake_cpu_off(other_vcpu);
}

static void spi_comes_for_other(void)
{
    vgic_inject_irq(dom, other_vcpu, FAKE_SPI + 1, true);
}

static void spi_comes(void)
{
    vgic_inject_irq(dom, guest_vcpu, FAKE_SPI, true);
}

static void event_comes(void)
{
    fake_event(guest_vcpu);
}

static void timer_expires(void)
{
    fake_sysregs.CNTV_CTL_EL0 = CNTx_CTL_ENABLE | CNTx_CTL_PENDING;
    vgic_inject_irq(dom, guest_vcpu, FAKE_VIRT_TIMER, true);
}

static void resume(struct domain *d, uint32_t flags, uint32_t virq,
                   const record_t *expected)
{
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_RESUME };

    op.u.resume.flags = flags;
    op.u.resume.virq = virq;
    if (expected) {
        op.u.resume.seq = expected->seq;
        op.u.resume.instance = expected->instance;
    }
    running->rc = guest_suspend_domctl(d, &op);
    running->record = op.u.resume.record;
    if (!running->rc &&
        (running->record.state != XEN_GUEST_SUSPEND_STATE_RUNNING ||
         running->record.wake_reason != XEN_GUEST_SUSPEND_WAKE_TOOLSTACK))
        fake_fault("resume's record is not the one after it");
}

static void toolstack_wakes(void)
{
    resume(dom, 0, 0, NULL);
}

static void toolstack_wakes_other(void)
{
    resume(&domains[1], 0, 0, NULL);
}

static void toolstack_injects(void)
{
    resume(dom, XEN_GUEST_SUSPEND_RESUME_VIRQ, FAKE_SPI, NULL);
}

static void toolstack_looks_and_wakes(void)
{
    record_t before = get(dom);

    resume(dom, 0, 0, &before);
    if (!running->rc &&
        (before.state != XEN_GUEST_SUSPEND_STATE_SUSPENDED ||
         before.nr_suspends != running->record.nr_suspends))
        taken_by_surprise = true;
}

static void host_shuts_down(void)
{
    fake_domain_shutdown(dom);
}

static void host_destroys(void)
{
    fake_domain_kill(dom);
    dom->domain_id = DOMID_INVALID; /* Off the list. */
}

/* On x86: the guest's alarm comes, and the device model wakes the guest. */

static void alarm_comes(void)
{
    guest_suspend_wake_due(dom, XEN_GUEST_SUSPEND_WAKE_ALARM);
}

static void device_model_wakes(void)
{
    guest_suspend_cancel(dom, XEN_GUEST_SUSPEND_WAKE_DEVICE_MODEL);
}

static unsigned int nr_listed_due(void)
{
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_LIST_DUE };
    record_t recs[NR_DOMAINS];
    int rc;

    op.u.list.nr = NR_DOMAINS;
    op.u.list.records.p = recs;
    fake_is_arm = false;
    rc = guest_suspend_domctl(NULL, &op);
    fake_is_arm = true;
    if (rc)
        fake_fault("LIST_DUE failed");
    return op.u.list.nr;
}

/* xensuspendd's way: when the VIRQ comes, it looks, and asks the device model. */
static bool was_told;

static void daemon_serves(void)
{
    give_way(FAKE_LEAF, NULL);
    if (fake_run_tasklets() && nr_listed_due()) {
        was_told = true;
        device_model_wakes();
    }
}

/* A reader with a cursor, who has little room. */

static uint64_t cursor, seen[NR_DOMAINS];
static bool out_of_order;

static bool read_one(void)
{
    op_t op = { .op = XEN_GUEST_SUSPEND_OP_LIST };
    record_t rec;

    op.u.list.after_seq = cursor;
    op.u.list.nr = 1;
    op.u.list.records.p = &rec;
    if (guest_suspend_domctl(NULL, &op))
        fake_fault("LIST failed");
    if (!op.u.list.nr)
        return false;
    if (rec.seq <= cursor)
        out_of_order = true;
    cursor = rec.seq;
    seen[rec.domid - 1] = rec.seq;
    return true;
}

static void reader_reads(void)
{
    while (read_one())
        ;
}

/* The daemon's way: it reads when the VIRQ comes. */
static void reader_gets_virq(void)
{
    give_way(FAKE_LEAF, NULL);
    if (fake_run_tasklets())
        reader_reads();
}

/* What has to be true after each step. */

static uint64_t first_seq, last_seq;
static struct {
    uint64_t seq;
    unsigned int state;
} known[NR_DOMAINS];
static const char *wrong;

static void say_wrong(const char *what)
{
    if (!wrong)
        wrong = what;
}

static void check_step(void)
{
    unsigned int i;
    uint64_t newest = last_seq;
    const struct vcpu *v;

    if (dom->guest_suspend.state == XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        for_each_vcpu (dom, v)
            if (v != guest_vcpu && !(v->pause_flags & VPF_down))
                say_wrong("asleep with another vCPU online");
    for (i = 0; i < NR_DOMAINS; i++) {
        const struct guest_suspend *gs = &domains[i].guest_suspend;

        if (gs->state == known[i].state && gs->seq == known[i].seq)
            continue;
        if (gs->state == known[i].state)
            say_wrong("a seq without a change of state");
        if (gs->seq <= last_seq)
            say_wrong("a change of state without a seq later than all");
        if (gs->state == XEN_GUEST_SUSPEND_STATE_RUNNING)
            sleeps_ended_by[gs->wake_reason]++;
        known[i].seq = gs->seq;
        known[i].state = gs->state;
        if (gs->seq > newest)
            newest = gs->seq;
    }
    last_seq = newest;
}

static void check_end(const struct scenario *s)
{
    const struct guest_suspend *gs = &dom->guest_suspend;
    bool suspended = gs->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED;
    const struct vcpu *v;
    unsigned int i, ended = 0, wakes = 0;
    const char *more;

    for (i = 0; i < MAX_ACTORS; i++) {
        const struct actor *a = &actors[i];

        if (!a->run)
            continue;
        if (!a->finished && !(a->ready == vcpu_runs && suspended))
            say_wrong("a CPU is stuck");
        if (a->cpu.nr_locks)
            say_wrong("a lock is left");
        wakes += a->finished && a->record.wake_reason && !a->rc &&
                 a->record.domid == 1;
    }
    for_each_vcpu (dom, v) {
        if (!(v->pause_flags & VPF_suspended) == (suspended && v == gs->sleeper))
            say_wrong(suspended ? "suspended, but not kept from running"
                                : "running, but kept from it");
    }
    for_each_vcpu (dom, v) {
        bool off = v->pause_flags & VPF_down;

        if (v != guest_vcpu && !off && !has_last_vcpu(s))
            say_wrong("another vCPU came online");
        if (v != guest_vcpu && v->is_asleep != off)
            say_wrong(off ? "off, but on a CPU"
                          : "online, but not let onto a CPU");
    }
    if (suspended && !guest_vcpu->is_asleep)
        say_wrong("suspended, but on its CPU");
    if (!suspended && guest_vcpu->is_asleep)
        say_wrong("running, but not let onto a CPU");
    if (suspended && fake_has_irq(guest_vcpu))
        say_wrong("a wake is lost: an interrupt is pending");
    if (suspended && (dom->is_dying || dom->is_shutting_down))
        say_wrong("suspended beyond its end");
    if (dom->watchdogs_stopped != suspended)
        say_wrong("the watchdogs");
    if (gs->wake_due && !suspended)
        say_wrong("a wake is due of a domain that runs");
    if (dom->domain_id != DOMID_INVALID &&
        nr_listed_due() != (gs->wake_due ? 1U : 0U))
        say_wrong("what is due is not what is listed as due");
    for (i = 0; i < sizeof(sleeps_ended_by) / sizeof(sleeps_ended_by[0]); i++)
        ended += sleeps_ended_by[i];
    if (!domains[1].guest_suspend.wake_reason) {
        if (ended + suspended != gs->nr_suspends)
            say_wrong("suspends and their ends differ in number");
        if (wakes != sleeps_ended_by[XEN_GUEST_SUSPEND_WAKE_TOOLSTACK])
            say_wrong("a wake that succeeded ended no sleep, or none did");
    }

    /* The reader catches up. */
    while (read_one())
        ;
    for (i = 0; i < NR_DOMAINS; i++)
        if (domains[i].domain_id != DOMID_INVALID &&
            seen[i] != domains[i].guest_suspend.seq)
            say_wrong("a reader with a cursor missed a change");
    if (out_of_order)
        say_wrong("a reader with a cursor went back");

    more = s->check ? s->check() : NULL;
    if (more)
        say_wrong(more);
}

/* The scenarios. */

static int rc_of(void (*run)(void))
{
    unsigned int i;

    for (i = 0; i < MAX_ACTORS; i++)
        if (actors[i].run == run)
            return actors[i].rc;
    return 0;
}

static bool is_asleep(void)
{
    return dom->guest_suspend.state == XEN_GUEST_SUSPEND_STATE_SUSPENDED;
}

static const char *must_sleep(void)
{
    return is_asleep() ? NULL : "an interrupt of an offline vCPU ended it";
}

/* One of the others is online at any time. */
static const char *must_be_refused(void)
{
    return rc_of(guest_sleeps) != PSCI_DENIED ||
           dom->guest_suspend.nr_suspends
           ? "a sleep with another vCPU online" : NULL;
}

static const char *due_is_told(void)
{
    return dom->guest_suspend.wake_due && !told_of_due
           ? "a wake is due, and nobody was told" : NULL;
}

/* A daemon that is told serves it; if it was too early, another VIRQ is on its way. */
static const char *served_or_told(void)
{
    if (was_told && is_asleep())
        return "the daemon was told, and the guest sleeps on";
    return due_is_told();
}

static const char *must_run(void)
{
    return is_asleep() ? "the guest sleeps on" : NULL;
}

/*
 * The guest sleeps twice, and one who succeeded or not at the first sleep was
 * the only one who could end it: the second goes on.
 */
static const char *second_sleep_goes_on(void)
{
    int rc = rc_of(toolstack_injects);

    if (!is_asleep())
        return "what ended the first sleep ended the second";
    if (rc && rc != -ENODATA)
        return "the toolstack's wake failed strangely";
    if (!rc && (dom->guest_suspend.nr_suspends != 2 || irqs_taken != 1))
        return "the injected vIRQ was not taken once, between the sleeps";
    return NULL;
}

/* Two events, at most two sleeps: each wakes one at most, none is lost. */
static const char *not_taken_twice(void)
{
    uint64_t ends = dom->guest_suspend.nr_suspends - is_asleep();

    return irqs_taken + fake_has_irq(guest_vcpu) > 2 || ends > 2
           ? "more ends than events" : NULL;
}

static const char *ended_at_most_once(void)
{
    return dom->guest_suspend.nr_suspends - is_asleep() > 1
           ? "one event ended two sleeps" : NULL;
}

static const char *woke_what_was_meant(void)
{
    return taken_by_surprise ? "a wake ended another sleep than was meant"
                             : NULL;
}

static const char *one_of_two(void)
{
    unsigned int i, done = 0;

    for (i = 0; i < MAX_ACTORS; i++)
        done += actors[i].run == toolstack_wakes && !actors[i].rc;
    return done == 1 && !is_asleep() ? NULL
                                     : "not one wake of two that succeeded";
}

static const struct scenario pairs[] = {
    { "entry, interrupt", false, { guest_sleeps, spi_comes }, must_run },
    { "entry, timer", false, { guest_sleeps, timer_expires }, must_run },
    { "entry, a vCPU that switches another on", false,
      { guest_sleeps, last_switches_other_on }, must_be_refused },
    { "entry, toolstack", false, { guest_sleeps, toolstack_wakes }, NULL },
    { "entry, toolstack with a vIRQ", false,
      { guest_sleeps, toolstack_injects }, NULL },
    { "entry, shutdown", false, { guest_sleeps, host_shuts_down }, must_run },
    { "entry, destruction", false, { guest_sleeps, host_destroys }, must_run },
    { "interrupt, toolstack", true, { spi_comes, toolstack_wakes }, must_run },
    { "interrupt, toolstack with a vIRQ", true,
      { spi_comes, toolstack_injects }, must_run },
    { "interrupt, timer", true, { spi_comes, timer_expires }, must_run },
    { "interrupt, shutdown", true, { spi_comes, host_shuts_down }, must_run },
    { "interrupt, destruction", true, { spi_comes, host_destroys }, must_run },
    { "toolstack, shutdown", true, { toolstack_wakes, host_shuts_down },
      must_run },
    { "toolstack with a vIRQ, destruction", true,
      { toolstack_injects, host_destroys }, must_run },
    { "toolstack, toolstack", true, { toolstack_wakes, toolstack_wakes },
      one_of_two },
    { "shutdown, destruction", true, { host_shuts_down, host_destroys },
      must_run },
    { "two sleeps, toolstack with a vIRQ", false,
      { guest_sleeps_twice, toolstack_injects }, second_sleep_goes_on },
    { "two sleeps, interrupt", false, { guest_sleeps_twice, spi_comes }, NULL },
    { "entry, reader", false, { guest_sleeps, reader_reads }, NULL },
    { "alarm, device model", true, { alarm_comes, device_model_wakes },
      must_run },
    { "alarm, shutdown", true, { alarm_comes, host_shuts_down }, must_run },
    { "alarm, destruction", true, { alarm_comes, host_destroys }, must_run },
    { "alarm, alarm", true, { alarm_comes, alarm_comes }, due_is_told },
    { "entry, alarm", false, { guest_sleeps, alarm_comes }, due_is_told },
    { "alarm, daemon", true, { alarm_comes, daemon_serves }, served_or_told },
};

static const struct scenario crowds[] = {
    { "entry, interrupt, toolstack", false,
      { guest_sleeps, spi_comes, toolstack_wakes }, must_run },
    { "entry, interrupt, toolstack with a vIRQ", false,
      { guest_sleeps, spi_comes, toolstack_injects }, must_run },
    { "entry, interrupt, timer", false,
      { guest_sleeps, spi_comes, timer_expires }, must_run },
    { "entry, interrupt, shutdown", false,
      { guest_sleeps, spi_comes, host_shuts_down }, must_run },
    { "entry, toolstack with a vIRQ, shutdown", false,
      { guest_sleeps, toolstack_injects, host_shuts_down }, must_run },
    { "entry, toolstack, destruction", false,
      { guest_sleeps, toolstack_wakes, host_destroys }, must_run },
    { "interrupt, toolstack, shutdown", true,
      { spi_comes, toolstack_wakes, host_shuts_down }, must_run },
    { "toolstack, toolstack, interrupt", true,
      { toolstack_injects, toolstack_wakes, spi_comes }, must_run },
    { "two sleeps, interrupt, toolstack with a vIRQ", false,
      { guest_sleeps_twice, timer_expires, toolstack_injects },
      not_taken_twice },
    { "two sleeps, interrupt, interrupt", false,
      { guest_sleeps_twice, spi_comes, timer_expires }, not_taken_twice },
    { "two sleeps, interrupt, toolstack that looked", false,
      { guest_sleeps_twice, spi_comes, toolstack_looks_and_wakes },
      woke_what_was_meant },
    { "two sleeps, toolstack, toolstack that looked", false,
      { guest_sleeps_twice, toolstack_wakes, toolstack_looks_and_wakes },
      woke_what_was_meant },
    { "two sleeps, toolstack with a vIRQ, shutdown", false,
      { guest_sleeps_twice, toolstack_injects, host_shuts_down }, must_run },
    { "entry, other domain's wake, reader", false,
      { guest_sleeps, toolstack_wakes_other, reader_reads }, NULL },
    { "interrupt, destruction, reader", true,
      { spi_comes, host_destroys, reader_reads }, must_run },
    { "entry, another vCPU that went off, its interrupt", false,
      { other_goes_off, guest_sleeps_once_other_is_off, spi_comes_for_other },
      must_sleep },
    { "entry, a vCPU that switches another on, and that goes off", false,
      { guest_sleeps, last_switches_other_on, other_goes_off_again }, NULL },
    { "entry, a vCPU that switches another on, interrupt", false,
      { guest_sleeps, last_switches_other_on, spi_comes }, must_be_refused },
    { "entry, event", false, { guest_sleeps, event_comes }, must_run },
    { "two sleeps, event", false, { guest_sleeps_twice, event_comes },
      ended_at_most_once },
    { "alarm, device model, shutdown", true,
      { alarm_comes, device_model_wakes, host_shuts_down }, must_run },
    { "alarm, daemon, toolstack", true,
      { alarm_comes, daemon_serves, toolstack_wakes }, must_run },
    { "entry, alarm, device model", false,
      { guest_sleeps, alarm_comes, device_model_wakes }, due_is_told },
    { "alarm, daemon, destruction", true,
      { alarm_comes, daemon_serves, host_destroys }, must_run },
    { "entry, interrupt, reader of VIRQs", false,
      { guest_sleeps, spi_comes, reader_gets_virq }, must_run },
};

/* The search. */

struct node {
    unsigned int enabled, asleep, done, chosen; /* Masks, but for chosen. */
    unsigned int touches[MAX_ACTORS];
};

static struct node nodes[MAX_STEPS];
static unsigned int nr_nodes;

static void set_up(const struct scenario *s)
{
    unsigned int i;

    fake_reset();
    fake.point = give_way;
    fake.tick = 1;
    dom0.vcpu[0].domain = &dom0;
    running = NULL;
    if (has_last_vcpu(s))
        fake.nr_vcpus = 3;
    for (i = 0; i < NR_DOMAINS; i++) {
        fake_domain_create(&domains[i], i + 1);
        fake_arm_domain_init(&domains[i]);
    }
    /* The other one sleeps, so that there is something to read and wake. */
    for (i = s->asleep ? 0 : 1; i < NR_DOMAINS; i++) {
        fake.caller = &domains[i].vcpu[0];
        vpsci_system_suspend(0x1000, 0);
    }
    fake_drop_tasklets();
    if (s->actors[0] == other_goes_off) {
        other_vcpu->pause_flags = 0;
        other_vcpu->is_asleep = false;
    }
    if (has_last_vcpu(s)) {
        last_vcpu->pause_flags = 0;
        last_vcpu->is_asleep = false;
    }

    wrong = NULL;
    irqs_taken = 0;
    memset(sleeps_ended_by, 0, sizeof(sleeps_ended_by));
    taken_by_surprise = out_of_order = was_told = false;
    cursor = 0;
    last_seq = 0;
    for (i = 0; i < NR_DOMAINS; i++) {
        known[i].seq = domains[i].guest_suspend.seq;
        known[i].state = domains[i].guest_suspend.state;
        if (known[i].seq > last_seq)
            last_seq = known[i].seq;
        seen[i] = 0;
    }
    first_seq = last_seq;

    memset(actors, 0, sizeof(actors));
    for (i = 0; i < MAX_ACTORS && s->actors[i]; i++) {
        struct actor *a = &actors[i];

        a->run = s->actors[i];
        a->caller = a->run == guest_sleeps || a->run == guest_sleeps_twice ||
                    a->run == guest_sleeps_once_other_is_off
                     ? guest_vcpu : &dom0.vcpu[0];
        getcontext(&a->context);
        a->context.uc_stack.ss_sp = stacks[i];
        a->context.uc_stack.ss_size = STACK_SIZE;
        makecontext(&a->context, actor_main, 0);
        /* To the first step that others could notice. */
        step(a);
    }
}

static void tear_down(void)
{
    unsigned int i;

    for (i = 0; i < NR_DOMAINS; i++)
        if (domains[i].domain_id != DOMID_INVALID)
            fake_domain_kill(&domains[i]);
}

static void new_node(unsigned int enabled, bool reduced)
{
    struct node *n = &nodes[nr_nodes];
    unsigned int i;

    *n = (struct node){ .enabled = enabled };
    for (i = 0; i < MAX_ACTORS; i++)
        n->touches[i] = actors[i].touches;
    if (nr_nodes && reduced) {
        const struct node *up = n - 1;

        /* Who went first before, and would do the same after this step. */
        for (i = 0; i < MAX_ACTORS; i++)
            if (((up->asleep | up->done) & (1U << i)) &&
                !(up->touches[i] & up->touches[up->chosen]))
                n->asleep |= 1U << i;
    }
}

static bool choose(struct node *n)
{
    unsigned int left = n->enabled & ~n->asleep & ~n->done;

    if (!left)
        return false;
    n->chosen = __builtin_ctz(left);
    return true;
}

/*
 * One run: the choices in nodes, then the first that is left each time.  False
 * if an earlier run was the same but for steps that do not matter.
 */
static bool run_once(const struct scenario *s, bool reduced)
{
    unsigned int depth, enabled, i;
    bool is_new = true;

    set_up(s);
    for (depth = 0; ; depth++) {
        enabled = 0;
        for (i = 0; i < MAX_ACTORS; i++)
            if (is_enabled(&actors[i]))
                enabled |= 1U << i;
        if (!enabled)
            break;
        i = __builtin_ctz(enabled);
        if (is_new) {
            if (depth == MAX_STEPS) {
                say_wrong("the search is too deep");
                break;
            }
            if (depth == nr_nodes) {
                new_node(enabled, reduced);
                is_new = choose(&nodes[depth]);
                if (is_new)
                    nr_nodes++;
            } else if (nodes[depth].enabled != enabled) {
                say_wrong("two runs with the same choices differ");
                break;
            }
            if (is_new)
                i = nodes[depth].chosen;
        }
        step(&actors[i]);
        check_step();
    }
    if (fake.faults)
        say_wrong("the fake found a fault");
    fake_run_tasklets();
    told_of_due = fake.global_virqs;
    if (last_seq != first_seq && !fake.global_virqs)
        say_wrong("changes, but no VIRQ");
    /* What follows is no CPU's doing. */
    fake_reset();
    if (!wrong)
        check_end(s);
    return is_new;
}

/* The next choice that was not tried; false: none is left. */
static bool backtrack(void)
{
    while (nr_nodes) {
        struct node *n = &nodes[nr_nodes - 1];

        n->done |= 1U << n->chosen;
        if (choose(n))
            return true;
        nr_nodes--;
    }
    return false;
}

/* How a run ended, in a few bits, to compare the sets of outcomes. */
static unsigned int outcome(void)
{
    unsigned int i, sum = is_asleep() +
                          2 * (unsigned int)dom->guest_suspend.nr_suspends;

    sum = sum * 7 + dom->guest_suspend.wake_reason;
    sum = sum * 3 + irqs_taken + fake_has_irq(guest_vcpu);
    for (i = 0; i < MAX_ACTORS; i++)
        sum = sum * 131 + (unsigned int)-actors[i].rc;
    return sum % 4096;
}

static unsigned long nr_runs, nr_skipped;

static bool explore(const struct scenario *s, bool reduced,
                    unsigned char *outcomes)
{
    unsigned long runs = 0, skipped = 0;
    unsigned int i;

    nr_nodes = 0;
    do {
        if (run_once(s, reduced))
            runs++;
        else
            skipped++;
        if (wrong) {
            printf("# %s; the CPUs' order:", wrong);
            for (i = 0; i < nr_nodes; i++)
                printf(" %u", nodes[i].chosen);
            printf("\n");
            break;
        }
        outcomes[outcome()] = 1;
        tear_down();
        /* Under valgrind, its slowness lets us have but a taste. */
    } while (backtrack() && !(RUNNING_ON_VALGRIND && runs == 1000));

    printf("# %s%s: %lu orders\n", s->name, reduced ? "" : " (every order)",
           runs);
    nr_runs += runs;
    nr_skipped += skipped;
    return !wrong;
}

static unsigned int nr_outcomes(const unsigned char *outcomes)
{
    unsigned int i, nr = 0;

    for (i = 0; i < 4096; i++)
        nr += outcomes[i];
    return nr;
}

int main(void)
{
    static unsigned char all[4096], few[4096];
    unsigned int i;

    for (i = 0; i < MAX_ACTORS; i++)
        VALGRIND_STACK_REGISTER(stacks[i], stacks[i] + STACK_SIZE);

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        memset(all, 0, sizeof(all));
        memset(few, 0, sizeof(few));
        /* What is left behind after a fault is of no use to the rest. */
        if (!TAP_OK(explore(&pairs[i], false, all), "%s: every order",
                    pairs[i].name) ||
            !TAP_OK(explore(&pairs[i], true, few), "%s: orders that differ",
                    pairs[i].name))
            return tap_done();
        if (RUNNING_ON_VALGRIND)
            tap_skip("outcomes: not all orders are run under valgrind");
        else
            TAP_OK(!memcmp(all, few, sizeof(all)), "%s: the same %u outcomes",
                   pairs[i].name, nr_outcomes(all));
    }
    for (i = 0; i < sizeof(crowds) / sizeof(crowds[0]); i++) {
        memset(few, 0, sizeof(few));
        if (!TAP_OK(explore(&crowds[i], true, few), "%s", crowds[i].name))
            return tap_done();
        printf("# %u outcomes\n", nr_outcomes(few));
    }
    printf("# %lu orders in all, and %lu begun that were seen before\n",
           nr_runs, nr_skipped);
    return tap_done();
}
