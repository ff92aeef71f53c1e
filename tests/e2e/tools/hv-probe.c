/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hv-probe: what tests in dom0 ask of the hypervisor that no command of the
 * toolstack does: calls with arguments that the library would never make, and
 * wakes as fast as a program can make them.
 *
 *   hv-probe call KEY=VALUE...
 *       XEN_DOMCTL_guest_suspend, zero but for the fields that are named
 *       (fields[] below); prints the errno, or OK and what came back
 *   hv-probe wake SLEEPS DOMID...
 *       wake the domains whenever they sleep, until each has slept SLEEPS
 *       times and runs, or is gone; several may run side by side.  Prints
 *       "woke DOMID N": how many of its sleeps this process ended
 *   hv-probe pause DOMID...
 *       pause and unpause the domains in turn, until SIGTERM.  Prints how many
 *       pauses that were
 *   hv-probe vcpu-online DOMID VCPU
 *       have a vCPU online, as it is (Arm only); prints the errno, or OK
 *   hv-probe s-state DOMID [STATE]
 *       of an x86 HVM or PVH domain: set HVM_PARAM_ACPI_S_STATE, or print it;
 *       prints the errno in place of it, or OK
 *   hv-probe s-cycle DOMID CYCLES [count]
 *       3 and 0 by turns, each CYCLES times, as fast as can be; prints how many
 *       of each were done, fewer if the domain is gone.  count: the domain is
 *       tests/guest/s3count.S, and its own count of wake-ups is waited for
 *       before it sleeps again; one too many, or none in ten seconds, is an
 *       exit status of 1
 *   hv-probe s-count DOMID
 *       print that count
 *   hv-probe s-times DOMID
 *       print for how many ns that domain's vCPU was blocked, and for how many
 *       offline, by what Xen told it in its last wake-up
 *   hv-probe go-on DOMID
 *       have a domain go on after it was shut down; prints the errno, or OK
 *   hv-probe shutdown DOMID REASON, hv-probe soft-reset DOMID
 *       likewise
 *   hv-probe shutdown-code DOMID
 *       prints the reason of a domain that is shut down, or "none"
 *
 * Exit status: 0 it said what came of it, 1 it could not try, 2 usage.
 */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <xencall.h>
#include <xenctrl.h>
#ifdef __x86_64__
#include <xen/hvm/params.h>
#include <xen/vcpu.h>
#include <xenforeignmemory.h>
#endif

#include "public/guest_suspend.h"

/* The frame that every Xen has had, as the installed header lacks our member. */
struct frame {
    uint32_t cmd;
    uint32_t interface_version;
    domid_t domain;
    uint16_t pad[3];
    union {
        struct xen_domctl_guest_suspend op;
        uint8_t size[128];
    } u;
};

static xencall_handle *xcall;
static xc_interface *xch;

static void broken(const char *what)
{
    fprintf(stderr, "hv-probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = strtoull(text, &end, 0);
    if (errno || end == text || *end) {
        fprintf(stderr, "hv-probe: '%s' is not a number\n", text);
        exit(2);
    }
    return value;
}

static void *buffer(size_t size)
{
    void *p = xencall_alloc_buffer(xcall, size);

    if (!p)
        broken("no memory for hypercalls");
    memset(p, 0, size);
    return p;
}

static int domctl(struct frame *f)
{
    return xencall1(xcall, __HYPERVISOR_domctl, (uintptr_t)f) < 0 ? errno : 0;
}

/* One word that does not depend on the C library. */
static const char *errno_name(int e)
{
    static const struct { int value; const char *name; } names[] = {
        { 0, "OK" }, { EPERM, "EPERM" }, { ESRCH, "ESRCH" },
        { EACCES, "EACCES" }, { EFAULT, "EFAULT" }, { EBUSY, "EBUSY" },
        { EINVAL, "EINVAL" }, { ENXIO, "ENXIO" }, { ENOSYS, "ENOSYS" },
        { ENODATA, "ENODATA" }, { ESTALE, "ESTALE" },
        { EOPNOTSUPP, "EOPNOTSUPP" }, { EEXIST, "EEXIST" },
    };
    static char other[32];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].value == e)
            return names[i].name;
    snprintf(other, sizeof(other), "errno-%d", e);
    return other;
}

static int said(int e)
{
    puts(errno_name(e));
    return 0;
}

static int said_xc(int r)
{
    return said(r ? errno : 0);
}

static void print_record(const struct xen_guest_suspend_record *r)
{
    printf("OK domid=%u seq=%llu instance=%llu state=%u suspends=%llu "
           "denied=%llu wake_reason=%u wake_virq=%u wake_vcpu=%u\n",
           r->domid, (unsigned long long)r->seq,
           (unsigned long long)r->instance, r->state,
           (unsigned long long)r->nr_suspends,
           (unsigned long long)r->nr_denied, r->wake_reason, r->wake_virq,
           r->wake_vcpu);
}

static int do_call(int argc, char **argv)
{
    enum { ROOM = 1024 };
    struct frame *f = buffer(sizeof(*f));
    struct xen_guest_suspend_record *records = buffer(ROOM * sizeof(*records));
    struct xen_domctl_guest_suspend *op = &f->u.op;
    uint64_t version = 0, domid = DOMID_INVALID, what = 0, pad = 0;
    uint64_t after = 0, until = 0, nr = ROOM, list_pad = 0, bad_buffer = 0;
    uint64_t seq = 0, instance = 0, flags = 0, virq = 0;
    const struct { const char *key; uint64_t *value; } fields[] = {
        { "version", &version }, { "domid", &domid }, { "op", &what },
        { "pad", &pad }, { "after", &after }, { "until", &until }, { "nr", &nr },
        { "list-pad", &list_pad }, { "bad-buffer", &bad_buffer },
        { "seq", &seq }, { "instance", &instance }, { "flags", &flags },
        { "virq", &virq },
    };
    int e;

    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        size_t n;

        if (!value)
            return 2;
        *value++ = '\0';
        for (n = 0; n < sizeof(fields) / sizeof(fields[0]); n++)
            if (!strcmp(fields[n].key, argv[i]))
                break;
        if (n == sizeof(fields) / sizeof(fields[0]))
            return 2;
        *fields[n].value = number(value);
    }

    f->cmd = XEN_DOMCTL_guest_suspend;
    f->interface_version = (uint32_t)version;
    f->domain = (domid_t)domid;
    op->op = (uint32_t)what;
    op->pad = (uint32_t)pad;
    if (what == XEN_GUEST_SUSPEND_OP_LIST) {
        op->u.list.after_seq = after;
        op->u.list.until_seq = until;
        op->u.list.nr = (uint32_t)nr;
        op->u.list.pad = (uint32_t)list_pad;
        if (bad_buffer)
            set_xen_guest_handle_raw(op->u.list.records, (void *)1);
        else
            set_xen_guest_handle_raw(op->u.list.records, records);
    } else if (what == XEN_GUEST_SUSPEND_OP_RESUME) {
        op->u.resume.seq = seq;
        op->u.resume.instance = instance;
        op->u.resume.flags = (uint32_t)flags;
        op->u.resume.virq = (uint32_t)virq;
    }

    e = domctl(f);
    if (e)
        return said(e);
    if (what == XEN_GUEST_SUSPEND_OP_GET)
        print_record(&op->u.get.record);
    else if (what == XEN_GUEST_SUSPEND_OP_RESUME)
        print_record(&op->u.resume.record);
    else
        for (uint32_t i = 0; i < op->u.list.nr; i++)
            print_record(&records[i]);
    return 0;
}

struct sleeper {
    domid_t domid;
    bool done;
    uint64_t woken;
};

/* Wake it if it sleeps, and see whether it is done; false: it runs. */
static bool wake_one(struct frame *f, struct sleeper *s, uint64_t sleeps)
{
    const struct xen_guest_suspend_record *r = &f->u.op.u.get.record;
    int e;

    memset(f, 0, sizeof(*f));
    f->cmd = XEN_DOMCTL_guest_suspend;
    f->domain = s->domid;
    f->u.op.op = XEN_GUEST_SUSPEND_OP_RESUME;
    e = domctl(f);
    if (!e) {
        s->woken++;
        return true;
    }
    if (e == ESRCH || e == EINVAL) {
        s->done = true;
        return true;
    }
    if (e != ENODATA) {
        errno = e;
        broken("a wake");
    }

    memset(&f->u, 0, sizeof(f->u));
    f->u.op.op = XEN_GUEST_SUSPEND_OP_GET;
    e = domctl(f);
    s->done = e == ESRCH || (!e && r->nr_suspends >= sleeps &&
                             r->state == XEN_GUEST_SUSPEND_STATE_RUNNING);
    return false;
}

static int do_wake(int argc, char **argv)
{
    struct frame *f = buffer(sizeof(*f));
    struct sleeper *all;
    uint64_t sleeps;
    int left = argc - 1;

    if (argc < 2)
        return 2;
    sleeps = number(argv[0]);
    all = calloc((size_t)left, sizeof(*all));
    if (!all)
        broken("no memory");
    for (int i = 0; i < argc - 1; i++)
        all[i].domid = (domid_t)number(argv[i + 1]);

    while (left) {
        bool any = false;

        left = 0;
        for (int i = 0; i < argc - 1; i++) {
            if (all[i].done)
                continue;
            any |= wake_one(f, &all[i], sleeps);
            left += !all[i].done;
        }
        /* Others in dom0 want to get on, other wakers among them. */
        if (!any)
            sched_yield();
    }
    for (int i = 0; i < argc - 1; i++)
        printf("woke %u %llu\n", all[i].domid,
               (unsigned long long)all[i].woken);
    free(all);
    return 0;
}

static volatile sig_atomic_t stop;

static void on_sigterm(int sig)
{
    (void)sig;
    stop = 1;
}

static int do_pause(int argc, char **argv)
{
    unsigned long pauses = 0;

    if (argc < 1)
        return 2;
    if (signal(SIGTERM, on_sigterm) == SIG_ERR)
        broken("SIGTERM");
    while (!stop) {
        for (int i = 0; i < argc; i++) {
            uint32_t domid = (uint32_t)number(argv[i]);

            if (xc_domain_pause(xch, domid) || xc_domain_unpause(xch, domid))
                broken("a pause");
            pauses++;
        }
        sched_yield();
    }
    printf("%lu\n", pauses);
    return 0;
}

#ifdef __aarch64__
static int do_vcpu_online(int argc, char **argv)
{
    vcpu_guest_context_any_t context;
    uint32_t domid, vcpu;

    if (argc != 2)
        return 2;
    domid = (uint32_t)number(argv[0]);
    vcpu = (uint32_t)number(argv[1]);
    /* Zero is a state that a vCPU may begin in, but for its PSTATE: EL1h. */
    memset(&context, 0, sizeof(context));
    context.c.user_regs.cpsr = 0x3c5;
    context.c.user_regs.pc64 = 0x40080000;
    context.c.sctlr = 0x00c50078;
    context.c.flags = VGCF_online;
    return said_xc(xc_vcpu_setcontext(xch, domid, vcpu, &context));
}
#endif

#ifdef __x86_64__
static int do_s_state(int argc, char **argv)
{
    uint32_t domid;
    uint64_t state;

    if (argc != 1 && argc != 2)
        return 2;
    domid = (uint32_t)number(argv[0]);
    if (argc == 2)
        return said_xc(xc_hvm_param_set(xch, domid, HVM_PARAM_ACPI_S_STATE,
                                        number(argv[1])));
    if (xc_hvm_param_get(xch, domid, HVM_PARAM_ACPI_S_STATE, &state))
        return said(errno);
    printf("%llu\n", (unsigned long long)state);
    return 0;
}

/* The words that tests/guest/s3count.S counts in, and Xen tells it times in. */
static const volatile uint32_t *s3count(uint32_t domid)
{
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    const xen_pfn_t frame = 0xff;
    const char *page;

    /* Mapped for as long as this program runs. */
    page = memory ? xenforeignmemory_map(memory, domid, PROT_READ, 1, &frame,
                                         NULL)
                  : NULL;
    if (!page)
        broken("the guest's memory");
    return (const volatile uint32_t *)(page + 0x800);
}

/* The guest's CPU may be this one, so this one is given up meanwhile. */
static void wait_s3count(const volatile uint32_t *count, uint64_t expected)
{
    const struct timespec pause = { .tv_nsec = 20000 };
    time_t limit = time(NULL) + 10;

    while (*count != expected) {
        if (*count > expected || time(NULL) > limit) {
            fprintf(stderr, "hv-probe: %llu wake-ups, the guest counted %u\n",
                    (unsigned long long)expected, *count);
            exit(1);
        }
        nanosleep(&pause, NULL);
    }
}

static int do_s_cycle(int argc, char **argv)
{
    uint64_t cycles, done[2] = { 0, 0 };
    const volatile uint32_t *count = NULL;
    uint64_t counted = 0;
    uint32_t domid;

    if (argc != 2 && (argc != 3 || strcmp(argv[2], "count")))
        return 2;
    domid = (uint32_t)number(argv[0]);
    cycles = number(argv[1]);
    if (argc == 3) {
        count = s3count(domid);
        counted = *count;
    }
    for (uint64_t i = 0; i < 2 * cycles; i++) {
        if (xc_hvm_param_set(xch, domid, HVM_PARAM_ACPI_S_STATE,
                             i % 2 ? 0 : 3)) {
            if (errno != ESRCH)
                broken("HVM_PARAM_ACPI_S_STATE");
            break;
        }
        done[i % 2]++;
        if (count)
            wait_s3count(count, counted + done[1]);
    }
    printf("%llu %llu\n", (unsigned long long)done[0],
           (unsigned long long)done[1]);
    return 0;
}

static int do_s_times(int argc, char **argv)
{
    /* As a 32-bit guest has it: four bytes, and then packed. */
    enum { TIMES = (0x900 - 0x800 + 12) / 4 };
    const volatile uint32_t *times;

    if (argc != 1)
        return 2;
    times = s3count((uint32_t)number(argv[0])) + TIMES;
    printf("%llu %llu\n",
           (unsigned long long)times[2 * RUNSTATE_blocked + 1] << 32 |
               times[2 * RUNSTATE_blocked],
           (unsigned long long)times[2 * RUNSTATE_offline + 1] << 32 |
               times[2 * RUNSTATE_offline]);
    return 0;
}

static int do_s_count(int argc, char **argv)
{
    if (argc != 1)
        return 2;
    printf("%u\n", *s3count((uint32_t)number(argv[0])));
    return 0;
}
#endif

static int do_go_on(int argc, char **argv)
{
    struct frame *f;

    if (argc != 1)
        return 2;
    f = buffer(sizeof(*f));
    f->cmd = XEN_DOMCTL_resumedomain;
    f->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    f->domain = (domid_t)number(argv[0]);
    return said(domctl(f));
}

static int do_shutdown(int argc, char **argv)
{
    return argc == 2 ? said_xc(xc_domain_shutdown(xch, (uint32_t)number(argv[0]),
                                                  (int)number(argv[1]))) : 2;
}

static int do_soft_reset(int argc, char **argv)
{
    return argc == 1 ? said_xc(xc_domain_soft_reset(xch,
                                                    (uint32_t)number(argv[0])))
                     : 2;
}

static int do_shutdown_code(int argc, char **argv)
{
    xc_domaininfo_t info;
    uint32_t domid;
    int r;

    if (argc != 1)
        return 2;
    domid = (uint32_t)number(argv[0]);
    r = xc_domain_getinfolist(xch, domid, 1, &info);
    if (r < 0)
        broken("getdomaininfo");
    if (!r || info.domain != domid)
        return said(ESRCH);
    if (info.flags & XEN_DOMINF_shutdown)
        printf("%u\n", info.flags >> XEN_DOMINF_shutdownshift &
                       XEN_DOMINF_shutdownmask);
    else
        puts("none");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct { const char *name; int (*fn)(int, char **); } all[] = {
        { "call", do_call },
        { "wake", do_wake },
        { "pause", do_pause },
#ifdef __aarch64__
        { "vcpu-online", do_vcpu_online },
#endif
#ifdef __x86_64__
        { "s-state", do_s_state },
        { "s-cycle", do_s_cycle },
        { "s-count", do_s_count },
        { "s-times", do_s_times },
#endif
        { "shutdown", do_shutdown },
        { "soft-reset", do_soft_reset },
        { "go-on", do_go_on },
        { "shutdown-code", do_shutdown_code },
    };
    int status = 2;

    xcall = xencall_open(NULL, 0);
    if (!xcall)
        broken("xencall_open");
    xch = xc_interface_open(NULL, NULL, 0);
    if (!xch)
        broken("xc_interface_open");
    for (size_t i = 0; argc > 1 && i < sizeof(all) / sizeof(all[0]); i++)
        if (!strcmp(all[i].name, argv[1]))
            status = all[i].fn(argc - 2, argv + 2);
    if (status == 2)
        fprintf(stderr, "usage: the top of hv-probe.c has it\n");
    if (fflush(stdout))
        broken("standard output");
    xc_interface_close(xch);
    xencall_close(xcall);
    return status;
}
