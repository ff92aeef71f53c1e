/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guests on x86 (tests/guest/s3count.S): idle PVH guests.  dom0 does what a
 * device model does when its guest enters ACPI S3 or S5; the actor does it later.
 */
#include "bench.h"

#include <unistd.h>

#include <xencall.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>

#define S3 3

/* For this process only: a child does not inherit what is shared with Xen. */
static struct {
    pid_t owner;
    xencall_handle *xcall;
    struct xen_hvm_param *param;
    struct sched_remote_shutdown *shutdown;
} calls;

static void prepare(void)
{
    if (calls.owner == getpid())
        return;
    calls.owner = getpid();
    calls.xcall = xencall_open(NULL, 0);
    if (calls.xcall) {
        calls.param = xencall_alloc_buffer(calls.xcall, sizeof(*calls.param));
        calls.shutdown = xencall_alloc_buffer(calls.xcall,
                                              sizeof(*calls.shutdown));
    }
    if (!calls.param || !calls.shutdown)
        broken("xencall");
}

static void set_s_state(uint32_t domid, uint64_t state)
{
    prepare();
    *calls.param = (struct xen_hvm_param) {
        .domid = (domid_t)domid, .index = HVM_PARAM_ACPI_S_STATE,
        .value = state,
    };
    if (state)
        actor_begins();
    if (xencall2(calls.xcall, __HYPERVISOR_hvm_op, HVMOP_set_param,
                 (uintptr_t)calls.param))
        broken("HVM_PARAM_ACPI_S_STATE of domain %u", domid);
}

static void enter_s3(uint32_t domid)
{
    set_s_state(domid, S3);
}

static void power_off(uint32_t domid)
{
    prepare();
    *calls.shutdown = (struct sched_remote_shutdown) {
        .domain_id = (domid_t)domid, .reason = SHUTDOWN_poweroff,
    };
    actor_begins();
    if (xencall2(calls.xcall, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown,
                 (uintptr_t)calls.shutdown))
        broken("the shutdown of domain %u", domid);
}

static void do_todo(struct guest *g)
{
    act_fn *act = g->todo == BENCH_SLEEP ? enter_s3 :
                  g->todo == BENCH_OFF ? power_off : NULL;

    g->awake = !act;
    if (act && g->delay_ms)
        actor_do(act, g->domid, g->delay_ms);
    else if (act)
        act(g->domid);
}

void guest_ready(struct guest *g, bool serving)
{
    g->awake = true;
    guest_todo(g, serving ? BENCH_SERVE : BENCH_SLEEP, 0);
}

void guest_gone(struct guest *g)
{
    (void)g;
}

void guest_todo(struct guest *g, enum bench_todo todo, unsigned int delay_ms)
{
    g->todo = todo;
    g->delay_ms = delay_ms;
    if (g->awake)
        do_todo(g);
}

uint64_t guest_began(const struct guest *g)
{
    (void)g;
    return actor_began();
}

bool guest_wake(struct guest *g)
{
    struct xen_guest_suspend_record r;

    guest_record(g, &r);
    if (r.state != XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        return false;
    set_s_state(g->domid, 0);
    do_todo(g);
    return true;
}

void guest_wait_serving(struct guest *g)
{
    (void)g;
}
