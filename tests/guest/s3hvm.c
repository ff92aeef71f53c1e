/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small x86 HVM guest that sleeps by itself, in ACPI S3, and does what dom0 asks for in
 * xenstore.  It is small, so that many of them fit on a host.
 *
 * control/shutdown      poweroff, halt, reboot, suspend (for xl save) and s3, which it
 *                       says that it takes
 *
 * A line on its console:
 *
 * arm SECONDS           sets the alarm of its RTC
 * alarm SECONDS         the same, and it goes to sleep
 * flap COUNT            sleeps so often, for an alarm that has always come already
 * alarms                sets its alarm again and again, until the next line
 * busy                  computes, until the next line
 * stop                  ends these two, and does nothing else
 * any other             it goes to sleep
 *
 * Its lines are those of the rig's Linux guest: "guest: up", "guest: awake N".
 * The machine is QEMU's PC as Xen's toolstack sets it up, with SVM.  Interrupts stay
 * masked: SCHEDOP_poll waits for events.
 */
#include "guest.h"
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/io/xs_wire.h>
#include <xen/memory.h>
#include <xen/sched.h>

#include "x86-rtc.h"

/* Of s3hvm.S, where QEMU puts it: a real mode address, segment 0x1028. */
#define WAKING_VECTOR               0x10280U

void program_start(unsigned int woken) __attribute__((noreturn));

static unsigned int awake_count, flaps_left;

/* The machine. */

static void outb(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void outw(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static void outl(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* The firmware's timer would end each poll. */
static void pit_stop(void)
{
    outb(0x43, 0x30);
    outb(0x40, 1);
    outb(0x40, 0);
}

/* What the firmware does not do after S3: see tests/e2e/guest/after-s3. */
static void power_management_start(void)
{
    const uint32_t piix4 = 0x80000000U | 1U << 11 | 3U << 8;

    outl(0xcf8, piix4 | 0x40);
    outl(0xcfc, 0xb001);
    outl(0xcf8, piix4 | 0x80);
    outb(0xcfc, 1);
}

static uint32_t read32(uint32_t at)
{
    return *(const volatile uint32_t *)(uintptr_t)at;
}

static uint32_t find_fadt(void)
{
    uint32_t rsdp, rsdt, at;

    for (rsdp = 0xe0000; rsdp < 0x100000; rsdp += 16)
        if (read32(rsdp) == 0x20445352 && read32(rsdp + 4) == 0x20525450)
            break;                      /* "RSD PTR " */
    rsdt = read32(rsdp + 16);
    for (at = rsdt + 36; at < rsdt + read32(rsdt + 4); at += 4)
        if (read32(read32(at)) == 0x50434146)
            return read32(at);          /* "FACP" */
    return 0;
}

/* Hypercalls. */

static long call(unsigned long nr, unsigned long a0, const void *a1)
{
    long r;

    asm volatile("vmmcall" : "=a"(r), "+b"(a0), "+c"(a1) : "0"(nr) : "memory");
    return r;
}

/* A page of the image's own gives way to the one that Xen shares. */
static uint8_t shared_page[4096] __attribute__((aligned(4096)));
#define shared_info ((struct shared_info *)shared_page)

int xen_param(unsigned int index, uint64_t *value)
{
    struct xen_hvm_param param = { .domid = DOMID_SELF, .index = index };
    long r = call(__HYPERVISOR_hvm_op, HVMOP_get_param, &param);

    *value = param.value;
    return r;
}

void xen_evtchn_send(unsigned int port)
{
    struct evtchn_send arg = { .port = port };

    call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &arg);
}

void xen_evtchn_clear(unsigned int port)
{
    __atomic_fetch_and(&shared_info->evtchn_pending[port / 32],
                       ~(1UL << port % 32), __ATOMIC_SEQ_CST);
}

static void poll_two(unsigned int port, unsigned int other)
{
    evtchn_port_t ports[2] = { port, other };
    struct sched_poll poll = { .nr_ports = 2 };

    set_xen_guest_handle(poll.ports, ports);
    call(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
}

void xen_poll(unsigned int port)
{
    poll_two(port, port);
}

static long end(unsigned int reason)
{
    struct sched_shutdown arg = { .reason = reason };

    return call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &arg);
}

/* Xenstore. */

static struct xenstore_domain_interface *store;
static unsigned int store_port;
static bool watch_fired;

static void store_put(const void *from, size_t size)
{
    const char *bytes = from;

    while (size--) {
        while (store->req_prod - __atomic_load_n(&store->req_cons,
                                                 __ATOMIC_ACQUIRE) ==
               XENSTORE_RING_SIZE) {
            xen_evtchn_send(store_port);
            xen_poll(store_port);
            xen_evtchn_clear(store_port);
        }
        store->req[MASK_XENSTORE_IDX(store->req_prod)] = *bytes++;
        __atomic_store_n(&store->req_prod, store->req_prod + 1,
                         __ATOMIC_RELEASE);
    }
}

static bool store_has_input(void)
{
    return __atomic_load_n(&store->rsp_prod, __ATOMIC_ACQUIRE) !=
           store->rsp_cons;
}

static char store_get_char(void)
{
    char c;

    while (!store_has_input()) {
        xen_poll(store_port);
        xen_evtchn_clear(store_port);
    }
    c = store->rsp[MASK_XENSTORE_IDX(store->rsp_cons)];
    __atomic_store_n(&store->rsp_cons, store->rsp_cons + 1, __ATOMIC_RELEASE);
    return c;
}

/* Take one message.  False: that one was a watch's. */
static bool store_take(char *text, size_t size)
{
    struct xsd_sockmsg message;
    size_t i;

    for (i = 0; i < sizeof(message); i++)
        ((char *)&message)[i] = store_get_char();
    memset(text, 0, size);
    for (i = 0; i < message.len; i++) {
        char c = store_get_char();

        if (i < size - 1)
            text[i] = c;
    }
    if (message.type == XS_ERROR)
        print("guest: xenstore says %s\n", text);
    if (message.type != XS_WATCH_EVENT)
        return true;
    watch_fired = true;
    return false;
}

/* payload: its zero bytes included. */
static void store_call(uint32_t type, const char *payload, size_t length,
                       char *answer, size_t size)
{
    struct xsd_sockmsg message = { .type = type, .len = length };

    store_put(&message, sizeof(message));
    store_put(payload, length);
    xen_evtchn_send(store_port);
    while (!store_take(answer, size))
        ;
}

#define STORE_CALL(type, payload, answer) \
    store_call(type, payload, sizeof(payload), answer, sizeof(answer))
/* Of a value the last zero byte is no part. */
#define STORE_WRITE(path_and_value, answer) \
    store_call(XS_WRITE, path_and_value, sizeof(path_and_value) - 1, answer, \
               sizeof(answer))

/* In a domain that is new: as it boots, and after a restore. */
static void domain_start(void)
{
    struct xen_add_to_physmap map = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
        .gpfn = (uintptr_t)shared_page >> 12,
    };
    /* Without it the toolstack takes the guest for one without PV drivers. */
    struct xen_hvm_param callback = {
        .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ,
        .value = UINT64_C(2) << 56 | 0x30,
    };
    uint64_t pfn, port;
    char answer[16];

    call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &map);
    memset(shared_info->evtchn_mask, 0xff, sizeof(shared_info->evtchn_mask));
    call(__HYPERVISOR_hvm_op, HVMOP_set_param, &callback);
    console_init();
    xen_param(HVM_PARAM_STORE_PFN, &pfn);
    xen_param(HVM_PARAM_STORE_EVTCHN, &port);
    store = (struct xenstore_domain_interface *)(uintptr_t)(pfn << 12);
    store_port = port;
    STORE_WRITE("control/feature-s3\0" "1", answer);
    STORE_CALL(XS_WATCH, "control/shutdown\0" "token", answer);
}

/* The program goes on at WAKING_VECTOR. */
static void sleep_now(void)
{
    uint32_t fadt = find_fadt(), facs = read32(fadt + 36);
    uint16_t pm1a_control = read32(fadt + 64);

    *(volatile uint32_t *)(uintptr_t)(facs + 12) = WAKING_VECTOR;
    /* SLP_TYP of S3 as in Xen's DSDT, and SLP_EN. */
    outw(pm1a_control, 1 << 10 | 1 << 13);
    for (;;)
        call(__HYPERVISOR_sched_op, SCHEDOP_block, NULL);
}

static bool same(const char *s, const char *t)
{
    while (*s && *s == *t) {
        s++;
        t++;
    }
    return *s == *t;
}

static void follow_request(void)
{
    char request[16], answer[16];

    STORE_CALL(XS_READ, "control/shutdown", request);
    if (!*request)
        return;
    STORE_WRITE("control/shutdown\0", answer);
    if (same(request, "poweroff") || same(request, "halt"))
        end(SHUTDOWN_poweroff);
    else if (same(request, "reboot"))
        end(SHUTDOWN_reboot);
    else if (same(request, "s3"))
        sleep_now();
    else if (same(request, "suspend") && !end(SHUTDOWN_suspend)) {
        domain_start();
        print("guest: restored\n");
    } else
        print("guest: request '%s'\n", request);
}

/* The number behind this word; false: the line has another word. */
static bool is_command(const char *line, const char *word, unsigned int *number)
{
    while (*word)
        if (*line++ != *word++)
            return false;
    if (*line && *line != ' ')
        return false;
    for (*number = 0; *line; line++)
        if (*line >= '0' && *line <= '9')
            *number = *number * 10 + (unsigned int)(*line - '0');
    return true;
}

/* Until there is more on the console: how often it has set its alarm, or computed. */
static void work(bool sets_alarms)
{
    unsigned int done = 0;
    volatile unsigned int i;

    rtc_arm(3600);
    print("guest: busy\n");
    while (!console_has_input()) {
        if (sets_alarms)
            rtc_arm_again();
        else
            for (i = 0; i < 1000; i++)
                ;
        done++;
    }
    print("guest: done %u\n", done);
}

static void follow_line(const char *line)
{
    unsigned int number;

    if (is_command(line, "arm", &number)) {
        rtc_arm(number);
        print("guest: armed\n");
    } else if (is_command(line, "alarm", &number)) {
        rtc_arm(number);
        sleep_now();
    } else if (is_command(line, "flap", &number)) {
        flaps_left = number;
        rtc_arm(1);
        sleep_now();
    } else if (is_command(line, "alarms", &number))
        work(true);
    else if (is_command(line, "busy", &number))
        work(false);
    else if (!is_command(line, "stop", &number))
        sleep_now();
}

static void follow_console(void)
{
    static char line[32];
    static size_t length;
    int c;

    while ((c = console_getchar()) >= 0) {
        if (c != '\n') {
            if (length < sizeof(line) - 1)
                line[length++] = (char)c;
            continue;
        }
        line[length] = '\0';
        length = 0;
        follow_line(line);
    }
}

static void wake_up(void)
{
    power_management_start();
    awake_count++;
    /* The alarm's flag stays: it has come for the next sleep, too. */
    if (flaps_left && --flaps_left)
        sleep_now();
    if (rtc_alarm_came())
        print("guest: alarm\n");
    print("guest: awake %u\n", awake_count);
}

void program_start(unsigned int woken)
{
    char event[16];

    pit_stop();
    if (woken)
        wake_up();
    else {
        domain_start();
        print("guest: up, 1 vcpu\n");
    }

    for (;;) {
        while (store_has_input())
            store_take(event, sizeof(event));
        follow_console();
        if (watch_fired) {
            watch_fired = false;
            follow_request();
            continue;
        }
        poll_two(store_port, console_port);
        xen_evtchn_clear(store_port);
        xen_evtchn_clear(console_port);
    }
}

void *memset(void *to, int byte, size_t size)
{
    char *bytes = to;

    while (size--)
        *bytes++ = byte;
    return to;
}
