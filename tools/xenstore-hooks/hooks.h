/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running hooks: per event all of them one after the other; per domain the
 * events one after the other; across domains up to HOOKS_PARALLEL side by side.
 * While a domain's event waits, later ones of the same domain replace it: hooks
 * see the last state always, and by seq that they missed some.  Nothing here
 * blocks.
 */

#ifndef GS_HOOKS_H
#define GS_HOOKS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "fields.h"
#include "model.h"

#define HOOKS_PARALLEL     8
#define HOOKS_OUTPUT_MAX   16384    /* What one hook may print: bytes, and
                                       64 more per line. */
#define HOOKS_LINE_MAX     400      /* Bytes of a line that are logged. */
#define HOOKS_KILL_MS      5000     /* From SIGTERM to SIGKILL. */

struct hook_event {
    uint32_t domid;
    uint64_t instance;
    uint64_t seq;
    uint64_t previous_seq;  /* The one that hooks had before. */
    uint64_t not_before_ms;
    const char *domain;     /* Its name; NULL: none. */
    struct field fields[FIELDS_MAX];
    unsigned int nr_fields;
};

struct hooks;

/* dir NULL: there are none.  done is told when the hooks of an event have run. */
struct hooks *hooks_new(const char *dir, uint32_t timeout_ms,
                        void (*done)(void *arg, uint32_t domid,
                                     uint64_t instance, uint64_t seq),
                        void *arg);

/* Kills what runs, and waits for its end a moment. */
void hooks_free(struct hooks *hooks);

/* Read the directory again.  What goes wrong is logged. */
void hooks_reload(struct hooks *hooks);

/* Whether there is any hook to run. */
bool hooks_active(const struct hooks *hooks);

/*
 * Queue a copy of the event.  1: it took the place of one that waited, from which
 * it has previous_seq and not_before_ms.  -1 with errno: no memory.
 */
int hooks_queue(struct hooks *hooks, const struct hook_event *event);

/* Fill in up to HOOKS_PARALLEL descriptors to poll; how many. */
unsigned int hooks_pollfds(const struct hooks *hooks, struct pollfd *fds);

/*
 * Go on: read output, take the exit of children (child_ended: a SIGCHLD came),
 * enforce time limits, start what is next.
 */
void hooks_run(struct hooks *hooks, bool child_ended, uint64_t now_ms);

/* When hooks_run() is needed by the clock; UINT64_MAX: it is not. */
uint64_t hooks_deadline_ms(const struct hooks *hooks);

#endif
