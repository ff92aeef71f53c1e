/* SPDX-License-Identifier: GPL-2.0-only */
/* See fleet.h. */

#include "fleet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenstore.h>
#include <xen/grant_table.h>
#include <xen/memory.h>

#define PAGE_SIZE   4096
/* Where guests' memory is in Xen's layout (GUEST_RAM0_BASE). */
#define CODE_GFN    0x40000U
#define RING_GFN    0x40001U
#define PAGES       2
/* The tables that map it, and those of its interrupt controller. */
#define TABLES_SIZE (128 * 1024)

struct fleet {
    xc_interface *xch;
    xencall_handle *call;
    xenforeignmemory_handle *memory;
    struct xs_handle *xs;
    const char *step;
};

/*
 * What a guest runs, with its MMU off: SYSTEM_SUSPEND, with itself as the entry
 * point.  It does not depend on its address.  Hidden: in the GOT, local symbols of
 * one section would be one.
 */
extern const char fleet_guest[] __attribute__((visibility("hidden")));
extern const char fleet_guest_end[] __attribute__((visibility("hidden")));
__asm__ ("    .pushsection .rodata\n"
         "    .balign 8\n"
         "fleet_guest:\n"
         "    mov     w0, #0x000e\n"
         "    movk    w0, #0xc400, lsl #16\n"
         "    adr     x1, fleet_guest\n"
         "    mov     x2, #0\n"
         "    hvc     #0\n"
         "    b       fleet_guest\n"
         "fleet_guest_end:\n"
         "    .popsection\n");

struct fleet *fleet_open(void)
{
    struct fleet *fleet = calloc(1, sizeof(*fleet));

    if (!fleet)
        return NULL;
    fleet->xch = xc_interface_open(NULL, NULL, 0);
    fleet->call = xencall_open(NULL, 0);
    fleet->memory = xenforeignmemory_open(NULL, 0);
    fleet->xs = xs_open(0);
    if (!fleet->xch || !fleet->call || !fleet->memory || !fleet->xs) {
        fleet_close(fleet);
        return NULL;
    }
    return fleet;
}

void fleet_close(struct fleet *fleet)
{
    int saved_errno = errno;

    if (fleet->xs)
        xs_close(fleet->xs);
    if (fleet->memory)
        xenforeignmemory_close(fleet->memory);
    if (fleet->call)
        xencall_close(fleet->call);
    if (fleet->xch)
        xc_interface_close(fleet->xch);
    free(fleet);
    errno = saved_errno;
}

const char *fleet_step(const struct fleet *fleet)
{
    return fleet->step ? fleet->step : "opening";
}

/* Each step has a name; it says what failed. */
static bool step(struct fleet *fleet, const char *name)
{
    fleet->step = name;
    return true;
}

/* A 64-bit guest.  libxenctrl has no call for it. */
static int set_64_bit(struct fleet *fleet, uint32_t domid)
{
    struct xen_domctl *domctl = xencall_alloc_buffer(fleet->call,
                                                     sizeof(*domctl));
    int r;

    if (!domctl)
        return -1;
    memset(domctl, 0, sizeof(*domctl));
    domctl->cmd = XEN_DOMCTL_set_address_size;
    domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl->domain = (domid_t)domid;
    domctl->u.address_size.size = 64;
    r = xencall1(fleet->call, __HYPERVISOR_domctl, (uintptr_t)domctl);
    xencall_free_buffer(fleet->call, domctl);
    return r;
}

/* Its code, and an empty ring. */
static int fill_memory(struct fleet *fleet, uint32_t domid)
{
    const xen_pfn_t gfns[PAGES] = { CODE_GFN, RING_GFN };
    char *pages = xenforeignmemory_map(fleet->memory, domid,
                                       PROT_READ | PROT_WRITE, PAGES, gfns,
                                       NULL);

    if (!pages)
        return -1;
    memset(pages, 0, PAGES * PAGE_SIZE);
    memcpy(pages, fleet_guest, (size_t)(fleet_guest_end - fleet_guest));
    if (xenforeignmemory_unmap(fleet->memory, pages, PAGES))
        return -1;
    return xc_domain_cacheflush(fleet->xch, domid, CODE_GFN, PAGES);
}

/* xenstored maps the ring by this grant. */
static int grant_ring(struct fleet *fleet, uint32_t domid)
{
    xenforeignmemory_resource_handle *mapped;
    grant_entry_v1_t *table = NULL;

    mapped = xenforeignmemory_map_resource(
        fleet->memory, (domid_t)domid, XENMEM_resource_grant_table,
        XENMEM_resource_grant_table_id_shared, 0, 1, (void **)&table,
        PROT_READ | PROT_WRITE, 0);
    if (!mapped)
        return -1;
    table[GNTTAB_RESERVED_XENSTORE].frame = RING_GFN;
    table[GNTTAB_RESERVED_XENSTORE].domid = 0;
    __sync_synchronize();
    table[GNTTAB_RESERVED_XENSTORE].flags = GTF_permit_access;
    return xenforeignmemory_unmap_resource(fleet->memory, mapped);
}

static int set_context(struct fleet *fleet, uint32_t domid)
{
    static vcpu_guest_context_any_t context;

    memset(&context, 0, sizeof(context));
    context.c.user_regs.pc64 = (uint64_t)CODE_GFN * PAGE_SIZE;
    context.c.user_regs.cpsr = PSR_GUEST64_INIT;
    context.c.sctlr = SCTLR_GUEST_INIT;
    context.c.flags = VGCF_online;
    return xc_vcpu_setcontext(fleet->xch, domid, 0, &context);
}

/* So that it has a name, and is known as a domain. */
static int introduce(struct fleet *fleet, uint32_t domid, const char *name)
{
    struct xs_permissions perms[] = {
        { .id = 0, .perms = XS_PERM_NONE },
        { .id = domid, .perms = XS_PERM_READ },
    };
    char home[40], path[64];
    int port;

    snprintf(home, sizeof(home), "/local/domain/%"PRIu32, domid);
    snprintf(path, sizeof(path), "%s/name", home);
    port = xc_evtchn_alloc_unbound(fleet->xch, domid, 0);
    if (port < 0)
        return -1;
    if (!xs_mkdir(fleet->xs, XBT_NULL, home) ||
        !xs_set_permissions(fleet->xs, XBT_NULL, home, perms, 2) ||
        !xs_write(fleet->xs, XBT_NULL, path, name,
                  (unsigned int)strlen(name)) ||
        !xs_introduce_domain(fleet->xs, domid, RING_GFN, (unsigned int)port))
        return -1;
    return 0;
}

static int build(struct fleet *fleet, uint32_t domid, const char *name)
{
    xen_pfn_t gfns[PAGES] = { CODE_GFN, RING_GFN };

    if ((step(fleet, "max_vcpus") && xc_domain_max_vcpus(fleet->xch, domid, 1)) ||
        (step(fleet, "64 bits") && set_64_bit(fleet, domid)) ||
        (step(fleet, "tables") &&
         xc_set_paging_mempool_size(fleet->xch, domid, TABLES_SIZE)) ||
        (step(fleet, "maxmem") &&
         xc_domain_setmaxmem(fleet->xch, domid, 1024)) ||
        (step(fleet, "memory") &&
         xc_domain_populate_physmap_exact(fleet->xch, domid, PAGES, 0, 0,
                                          gfns)) ||
        (step(fleet, "its contents") && fill_memory(fleet, domid)) ||
        (step(fleet, "the grant") && grant_ring(fleet, domid)) ||
        (step(fleet, "the vCPU") && set_context(fleet, domid)) ||
        (step(fleet, "xenstore") && introduce(fleet, domid, name)) ||
        (step(fleet, "unpause") && xc_domain_unpause(fleet->xch, domid)))
        return -1;
    return 0;
}

int fleet_create(struct fleet *fleet, const char *name, uint32_t *domid)
{
    struct xen_domctl_createdomain config = {
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = 1,
        .max_maptrack_frames = 0,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
        .arch = { .gic_version = XEN_DOMCTL_CONFIG_GIC_NATIVE },
    };
    int saved_errno;

    *domid = 0;
    step(fleet, "create");
    if (xc_domain_create(fleet->xch, domid, &config))
        return -1;
    if (!build(fleet, *domid, name))
        return 0;

    saved_errno = errno;
    fleet_destroy(fleet, *domid);
    errno = saved_errno;
    return -1;
}

int fleet_destroy(struct fleet *fleet, uint32_t domid)
{
    char home[40];

    snprintf(home, sizeof(home), "/local/domain/%"PRIu32, domid);
    xs_release_domain(fleet->xs, domid);
    xs_rm(fleet->xs, XBT_NULL, home);
    return xc_domain_destroy(fleet->xch, domid);
}
