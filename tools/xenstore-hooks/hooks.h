/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running hooks.  An event runs all hooks, one after the other.  The events of one
 * domain run one after the other; those of up to HOOKS_PARALLEL domains run at the
 * same time.  A later event replaces one of the same domain that still waits: hooks
 * always see the last state, and previous_seq tells that they missed some.  Nothing
 * here blocks.
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
    uint64_t previous_seq;  /* Of the event that hooks had before. */
    uint64_t not_before_ms;
    const char *domain;     /* Its name; NULL: none. */
    struct field fields[FIELDS_MAX];
    unsigned int nr_fields;
};

struct hooks;

/* dir NULL: no hooks.  done is called when all hooks of an event have run. */
struct hooks *hooks_new(const char *dir, uint32_t timeout_ms,
                        void (*done)(void *arg, uint32_t domid,
                                     uint64_t instance, uint64_t seq),
                        void *arg);

/* Kill the hooks that run, and wait for them, for a second at most. */
void hooks_free(struct hooks *hooks);

/* Read the directory again.  What goes wrong is logged. */
void hooks_reload(struct hooks *hooks);

/* Whether there is any hook to run. */
bool hooks_active(const struct hooks *hooks);

/*
 * Queue a copy of the event.  1: it replaced one that waited, and keeps the
 * previous_seq and not_before_ms of that one.  -1 with errno: no memory.
 */
int hooks_queue(struct hooks *hooks, const struct hook_event *event);

/* Fill in up to HOOKS_PARALLEL descriptors to poll; how many. */
unsigned int hooks_pollfds(const struct hooks *hooks, struct pollfd *fds);

/*
 * Go on: read output, take the exit of children (child_ended: a SIGCHLD came),
 * enforce time limits, start what is next.
 */
void hooks_run(struct hooks *hooks, bool child_ended, uint64_t now_ms);

/* When to call hooks_run() at the latest; UINT64_MAX: no time limit is due. */
uint64_t hooks_deadline_ms(const struct hooks *hooks);

#endif
