/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests of x86 (tests/guest/s3count.S): PVH ones, which do nothing at all, and
 * which dom0 puts into S3 as a device model would.
 */
#include "bench.h"

#include <xencall.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

void guest_ready(struct guest *g, bool serving)
{
    if (!serving)
        guest_sleep(g);
}

void guest_gone(struct guest *g)
{
    (void)g;
}

void guest_sleep(struct guest *g)
{
    struct xen_guest_suspend_record r;
    xencall_handle *xcall = xencall_open(NULL, 0);
    struct xen_hvm_param *param = NULL;

    guest_record(g, &r);
    if (xcall)
        param = xencall_alloc_buffer(xcall, sizeof(*param));
    if (!param)
        broken("xencall");
    *param = (struct xen_hvm_param) {
        .domid = (domid_t)g->domid, .index = HVM_PARAM_ACPI_S_STATE, .value = 3,
    };
    if (xencall2(xcall, __HYPERVISOR_hvm_op, HVMOP_set_param,
                 (uintptr_t)param))
        broken("HVM_PARAM_ACPI_S_STATE of %s", g->name);
    xencall_free_buffer(xcall, param);
    xencall_close(xcall);
    guest_wait_asleep(g, r.nr_suspends + 1);
}
