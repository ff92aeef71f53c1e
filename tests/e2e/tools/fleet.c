/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fleet: many small guests (tests/bench/fleet.h), all asleep.
 *
 *   fleet create COUNT [PREFIX]    make COUNT guests, PREFIX1 and so on (f);
 *                                  prints their domids, one a line
 *   fleet destroy DOMID...
 *   fleet storm SECONDS DOMID...   wake all of them as fast as can be, for so
 *                                  long; prints how many wakes that were
 *
 * Exit status: 0 done, 1 it failed, 2 usage.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest_suspend_call.h"
#include "../../bench/fleet.h"

static unsigned long number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end || value > 32751) {
        fprintf(stderr, "fleet: '%s' is no number of the kind\n", text);
        exit(2);
    }
    return value;
}

static int create(struct fleet *fleet, unsigned long nr, const char *prefix)
{
    char name[64];
    uint32_t domid;

    for (unsigned long i = 1; i <= nr; i++) {
        snprintf(name, sizeof(name), "%s%lu", prefix, i);
        if (fleet_create(fleet, name, &domid)) {
            fprintf(stderr, "fleet: %s: %s: %s\n", name, fleet_step(fleet),
                    strerror(errno));
            return 1;
        }
        printf("%"PRIu32"\n", domid);
    }
    return 0;
}

static int destroy(struct fleet *fleet, int nr, char **domids)
{
    int status = 0;

    for (int i = 0; i < nr; i++) {
        if (fleet_destroy(fleet, (uint32_t)number(domids[i]))) {
            fprintf(stderr, "fleet: destroying %s: %s\n", domids[i],
                    strerror(errno));
            status = 1;
        }
    }
    return status;
}

static int storm(unsigned long seconds, int nr, char **domids)
{
    struct gsuspend_call *call = gsuspend_call_open(NULL);
    const time_t end = time(NULL) + (time_t)seconds;
    unsigned long wakes = 0;

    if (!call) {
        fprintf(stderr, "fleet: hypercalls: %s\n", strerror(errno));
        return 1;
    }
    while (time(NULL) < end) {
        for (int i = 0; i < nr; i++) {
            const uint32_t domid = (uint32_t)number(domids[i]);

            wakes += !gsuspend_call_resume(call, domid, 0, 0, 0, 0, NULL);
        }
    }
    gsuspend_call_close(call);
    printf("%lu\n", wakes);
    return 0;
}

int main(int argc, char **argv)
{
    struct fleet *fleet;
    int status;

    if (argc > 3 && !strcmp(argv[1], "storm"))
        return storm(number(argv[2]), argc - 3, argv + 3);
    if (argc < 3 || (strcmp(argv[1], "create") && strcmp(argv[1], "destroy"))) {
        fprintf(stderr, "usage: the top of fleet.c has it\n");
        return 2;
    }
    fleet = fleet_open();
    if (!fleet) {
        fprintf(stderr, "fleet: %s\n", strerror(errno));
        return 1;
    }
    if (!strcmp(argv[1], "create"))
        status = create(fleet, number(argv[2]), argc > 3 ? argv[3] : "f");
    else
        status = destroy(fleet, argc - 2, argv + 2);
    fleet_close(fleet);
    return status;
}
