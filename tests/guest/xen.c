/* SPDX-License-Identifier: GPL-2.0-only */
/* Hypercalls, and what the guest shares with Xen. */
#include "guest.h"
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include "guest_suspend.h"

/* A page of the image's own gives way to the one that Xen shares. */
static uint8_t shared_page[4096] __attribute__((aligned(4096)));
struct shared_info *const shared = (struct shared_info *)shared_page;

/* Not to cross a page, which Xen refuses. */
static struct vcpu_runstate_info runstates[2] __attribute__((aligned(128)));

/* Likewise. */
static struct vcpu_info second_vcpu_info __attribute__((aligned(64)));

static long call2(unsigned long op, const void *arg, unsigned long nr)
{
    return xen_call(op, (uintptr_t)arg, 0, nr);
}

void xen_init(void)
{
    struct xen_add_to_physmap map = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
        .gpfn = (uintptr_t)shared_page >> 12,
    };

    call2(XENMEM_add_to_physmap, &map, __HYPERVISOR_memory_op);
    memset(shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
}

int xen_param(unsigned int index, uint64_t *value)
{
    struct xen_hvm_param param = { .domid = DOMID_SELF, .index = index };
    long r = call2(HVMOP_get_param, &param, __HYPERVISOR_hvm_op);

    *value = param.value;
    return r;
}

int xen_evtchn_to_self(void)
{
    struct evtchn_bind_ipi bind = { .vcpu = 0 };
    long r = call2(EVTCHNOP_bind_ipi, &bind, __HYPERVISOR_event_channel_op);

    return r ? r : (int)bind.port;
}

int xen_evtchn_virq(unsigned int virq)
{
    struct evtchn_bind_virq bind = { .virq = virq, .vcpu = 0 };
    long r = call2(EVTCHNOP_bind_virq, &bind, __HYPERVISOR_event_channel_op);

    return r ? r : (int)bind.port;
}

void xen_evtchn_close(unsigned int port)
{
    struct evtchn_close arg = { .port = port };

    call2(EVTCHNOP_close, &arg, __HYPERVISOR_event_channel_op);
}

void xen_evtchn_send(unsigned int port)
{
    struct evtchn_send arg = { .port = port };

    call2(EVTCHNOP_send, &arg, __HYPERVISOR_event_channel_op);
}

void xen_evtchn_unmask(unsigned int port)
{
    struct evtchn_unmask arg = { .port = port };

    call2(EVTCHNOP_unmask, &arg, __HYPERVISOR_event_channel_op);
}

void xen_evtchn_mask(unsigned int port)
{
    __atomic_fetch_or(&shared->evtchn_mask[port / 64], UINT64_C(1) << port % 64,
                      __ATOMIC_SEQ_CST);
}

void xen_evtchn_clear(unsigned int port)
{
    __atomic_fetch_and(&shared->evtchn_pending[port / 64],
                       ~(UINT64_C(1) << port % 64), __ATOMIC_SEQ_CST);
}

bool xen_evtchn_pending(unsigned int port)
{
    return __atomic_load_n(&shared->evtchn_pending[port / 64],
                           __ATOMIC_SEQ_CST) >> port % 64 & 1;
}

bool xen_upcall_pending(void)
{
    return __atomic_load_n(&shared->vcpu_info[0].evtchn_upcall_pending,
                           __ATOMIC_SEQ_CST);
}

void xen_upcall_set(void)
{
    __atomic_store_n(&shared->vcpu_info[0].evtchn_upcall_pending, 1,
                     __ATOMIC_SEQ_CST);
}

int xen_upcall_second_vcpu(void)
{
    struct vcpu_register_vcpu_info arg = {
        .mfn = (uintptr_t)&second_vcpu_info >> 12,
        .offset = (uintptr_t)&second_vcpu_info & 0xfff,
    };

    return xen_call(VCPUOP_register_vcpu_info, 1, (uintptr_t)&arg,
                    __HYPERVISOR_vcpu_op);
}

void xen_upcall_clear_second_vcpu(void)
{
    __atomic_store_n(&second_vcpu_info.evtchn_upcall_pending, 0,
                     __ATOMIC_SEQ_CST);
}

void xen_upcall_clear(void)
{
    __atomic_store_n(&shared->vcpu_info[0].evtchn_upcall_pending, 0,
                     __ATOMIC_SEQ_CST);
    __atomic_store_n(&shared->vcpu_info[0].evtchn_pending_sel, 0,
                     __ATOMIC_SEQ_CST);
}

void xen_poll(unsigned int port)
{
    evtchn_port_t ports[1] = { port };
    struct sched_poll poll = { .nr_ports = 1 };

    set_xen_guest_handle(poll.ports, ports);
    call2(SCHEDOP_poll, &poll, __HYPERVISOR_sched_op);
}

void xen_shutdown(unsigned int reason)
{
    struct sched_shutdown arg = { .reason = reason };

    call2(SCHEDOP_shutdown, &arg, __HYPERVISOR_sched_op);
}

int xen_watchdog(unsigned int id, unsigned int seconds)
{
    struct sched_watchdog arg = { .id = id, .timeout = seconds };

    return call2(SCHEDOP_watchdog, &arg, __HYPERVISOR_sched_op);
}

long xen_guest_suspend_op(unsigned int op)
{
    /* The installed headers' struct xen_domctl does not have our member. */
    struct {
        uint32_t cmd, interface_version;
        uint16_t domain, pad[3];
        union {
            struct xen_domctl_guest_suspend guest_suspend;
            uint8_t size[128];
        } u;
    } domctl = {
        .cmd = XEN_DOMCTL_guest_suspend,
        .domain = op == XEN_GUEST_SUSPEND_OP_LIST ? DOMID_INVALID : 0,
        .u.guest_suspend.op = op,
    };

    return call2((uintptr_t)&domctl, NULL, __HYPERVISOR_domctl);
}

int xen_times_start(unsigned int vcpu)
{
    struct vcpu_register_runstate_memory_area area = {
        .addr.p = (uintptr_t)&runstates[vcpu],
    };

    return xen_call(VCPUOP_register_runstate_memory_area, vcpu, (uintptr_t)&area,
                    __HYPERVISOR_vcpu_op);
}

struct times xen_times(unsigned int vcpu)
{
    /*
     * Xen writes it when the vCPU is scheduled in, or asked for it, so it cannot
     * tear here.
     */
    const volatile uint64_t *t = runstates[vcpu].time;

    return (struct times) {
        .running = t[RUNSTATE_running], .runnable = t[RUNSTATE_runnable],
        .blocked = t[RUNSTATE_blocked], .offline = t[RUNSTATE_offline],
    };
}
