/* SPDX-License-Identifier: GPL-2.0-only */
/* Guests to measure with. */
#include "bench.h"

#ifdef __aarch64__
#include "fleet.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_PREFIX "gs-bench-"

void guest_new(struct guest *g, const char *name, bool serving)
{
    const char *const argv[] = { bench_stock_xl, "create", "-q",
                                 "bench-guest.cfg", NULL };
    struct command_cost cost;
    uint32_t domid;
    FILE *f = fopen("bench-guest.cfg", "w");

    memset(g, 0, sizeof(*g));
    snprintf(g->name, sizeof(g->name), NAME_PREFIX "%s", name);
    if (!f)
        broken("bench-guest.cfg");
    fprintf(f, "type=\"pvh\"\nname=\"%s\"\nkernel=\"%s\"\ncmdline=\"%s\"\n"
            "memory=4\nvcpus=1\non_poweroff=\"preserve\"\n", g->name,
            bench_image, serving ? "" : "asleep");
    if (fclose(f))
        broken("bench-guest.cfg");
    command_run(argv, &cost);
    if (libxl_name_to_domid(bench_ctx, g->name, &domid))
        broken("%s is not there", g->name);
    g->domid = domid;
    guest_ready(g, serving);
}

#ifdef __aarch64__
static struct fleet *fleet;

void guest_new_of_fleet(struct guest *g, const char *name)
{
    memset(g, 0, sizeof(*g));
    g->of_fleet = true;
    snprintf(g->name, sizeof(g->name), NAME_PREFIX "%s", name);
    if (!fleet)
        fleet = fleet_open();
    if (!fleet)
        broken("fleet_open");
    if (fleet_create(fleet, g->name, &g->domid))
        broken("%s: %s", g->name, fleet_step(fleet));
    guest_wait_asleep(g, 1);
}

static void end_of_fleet(struct guest *g)
{
    if (fleet_destroy(fleet, g->domid))
        broken("destroying %s", g->name);
}
#else
void guest_new_of_fleet(struct guest *g, const char *name)
{
    (void)g;
    broken("%s of a fleet: this is not arm64", name);
}

static void end_of_fleet(struct guest *g)
{
    (void)g;
}
#endif

void guest_end(struct guest *g)
{
    if (g->of_fleet) {
        end_of_fleet(g);
        return;
    }
    guest_gone(g);
    if (libxl_domain_destroy(bench_ctx, g->domid, NULL))
        broken("destroying %s", g->name);
}

void guests_end_all(void)
{
    libxl_dominfo *list;
    int nr;

    list = libxl_list_domain(bench_ctx, &nr);
    if (!list)
        return;
    for (int i = 0; i < nr; i++) {
        char *name = libxl_domid_to_name(bench_ctx, list[i].domid);

        if (name && !strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)))
            libxl_domain_destroy(bench_ctx, list[i].domid, NULL);
        free(name);
    }
    libxl_dominfo_list_free(list, nr);
}

void guest_record(const struct guest *g, struct xen_guest_suspend_record *r)
{
    if (gsuspend_call_get(bench_call, g->domid, r))
        broken("the record of %s", g->name);
}

void guest_wait_asleep(const struct guest *g, uint64_t suspends)
{
    struct xen_guest_suspend_record r;

    for (unsigned int i = 0; i < LIMIT_MS; i++) {
        guest_record(g, &r);
        if (r.state == XEN_GUEST_SUSPEND_STATE_SUSPENDED &&
            r.nr_suspends >= suspends)
            return;
        sleep_ms(1);
    }
    broken("%s does not sleep", g->name);
}

void guest_sleep(struct guest *g)
{
    struct xen_guest_suspend_record r;

    guest_record(g, &r);
    guest_todo(g, BENCH_SLEEP, 0);
    guest_wait_asleep(g, r.nr_suspends + 1);
}

bool guest_is_shutdown(const struct guest *g, libxl_shutdown_reason why)
{
    libxl_dominfo info;
    bool shutdown;

    libxl_dominfo_init(&info);
    if (libxl_domain_info(bench_ctx, &info, g->domid))
        broken("libxl_domain_info of %s", g->name);
    shutdown = info.shutdown && info.shutdown_reason == why;
    libxl_dominfo_dispose(&info);
    return shutdown;
}
