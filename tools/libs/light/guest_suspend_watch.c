/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_watch.c: libxl_domain_suspend_wait and libxl_suspend_watch_*,
 * out of records and of hints when to read them.
 */

#include "libxl_guest_suspend.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "guest_suspend_event.h"

static int64_t deadline_of(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : gsuspend_now_ms() + timeout_ms;
}

/* Wait */

static void ignore_gone(void *opaque, uint32_t domid)
{
    (void)opaque;
    (void)domid;
}

struct wait {
    libxl_domid domid;
    libxl_guest_suspend_state state;
    uint64_t base;                  /* a later change ends the wait */
    uint64_t instance;              /* 0: it has not been looked at yet */
    bool leave_first;               /* it is in the state, and must change twice */
};

/* 0: the wait is over; ERROR_NOT_READY: it goes on. */
static int look(struct wait *wait, libxl_guest_suspend_info *info)
{
    bool in_state;
    int rc;

    rc = libxl_domain_suspend_state(NULL, wait->domid, info);
    if (wait->instance && (rc == ERROR_DOMAIN_NOTFOUND ||
                           (!rc && info->instance != wait->instance)))
        return ERROR_DOMAIN_DESTROYED;
    if (rc)
        return rc;

    in_state = info->state == wait->state;
    if (info->seq == LIBXL_GUEST_SUSPEND_UNKNOWN) {
        if (wait->base)
            return ERROR_GUEST_SUSPEND_NO_SEQ;
        wait->instance = info->instance;
        return in_state ? 0 : ERROR_NOT_READY;
    }
    if (!wait->instance) {
        if (wait->base && info->instance > wait->base)
            return ERROR_GUEST_SUSPEND_STALE;
        if (!wait->base && in_state)
            return 0;
        wait->instance = info->instance;
        wait->leave_first = in_state && info->seq == wait->base;
        if (!wait->base)
            wait->base = info->seq;
    }

    if (info->seq <= wait->base)
        return ERROR_NOT_READY;
    /*
     * There are two states.  After a change it either is in the one that is
     * waited for, or has just left it.
     */
    if (!wait->leave_first || in_state)
        return 0;
    wait->leave_first = false;
    wait->base = info->seq;
    return ERROR_NOT_READY;
}

int libxl_domain_suspend_wait(libxl_ctx *ctx, libxl_domid domid,
                              libxl_guest_suspend_state state,
                              uint64_t after_seq, int timeout_ms,
                              libxl_guest_suspend_info *info_r)
{
    struct wait wait = { .domid = domid, .state = state, .base = after_seq };
    struct gsuspend_events *events = NULL;
    libxl_guest_suspend_info info;
    int64_t deadline_ms;
    int rc, r;

    (void)ctx;

    if ((state != LIBXL_GUEST_SUSPEND_STATE_RUNNING &&
         state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED) ||
        timeout_ms < LIBXL_GUEST_SUSPEND_FOREVER) {
        rc = ERROR_INVAL;
        goto out;
    }
    deadline_ms = deadline_of(timeout_ms);

    /* A first look, which is often enough, costs no xenstore. */
    rc = look(&wait, &info);
    if (rc != ERROR_NOT_READY)
        goto out;
    if (!timeout_ms) {
        rc = ERROR_TIMEDOUT;
        goto out;
    }

    events = gsuspend_events_open(domid);
    if (!events) {
        rc = ERROR_FAIL;
        goto out;
    }
    for (;;) {
        rc = look(&wait, &info);
        if (rc != ERROR_NOT_READY)
            goto out;
        r = gsuspend_events_wait(events, deadline_ms);
        if (r < 0) {
            rc = ERROR_FAIL;
            goto out;
        }
        if (!r) {
            /* Who is to tell may be late, or away. */
            rc = look(&wait, &info);
            if (rc == ERROR_NOT_READY)
                rc = ERROR_TIMEDOUT;
            goto out;
        }
        gsuspend_events_drain(events, ignore_gone, NULL);
    }

out:
    if (!rc && info_r)
        *info_r = info;
    gsuspend_events_close(events);
    return rc;
}

/* Watch */

struct known {
    libxl_guest_suspend_info info;
    bool suspect;                   /* it may have ceased to exist */
};

struct libxl_suspend_watch {
    struct gsuspend_events *events;
    uint64_t seq;                   /* the largest that was read */
    bool no_seq;                    /* the hypervisor does not tell it */
    /* Records that were read and not given yet: from next on. */
    libxl_guest_suspend_info *fresh;
    int nr_fresh, next_fresh;
    /* The last record given of each domain that is there, by domid. */
    struct known *known;
    size_t nr_known, room_known;
    size_t nr_suspect;
    bool unsure;                    /* whether those are gone */
};

static struct known *find_known(libxl_suspend_watch *watch, libxl_domid domid)
{
    size_t low = 0, high = watch->nr_known, middle;

    while (low < high) {
        middle = low + (high - low) / 2;
        if (watch->known[middle].info.domid < domid)
            low = middle + 1;
        else
            high = middle;
    }

    /* Where it is, or belongs. */
    return watch->known + low;
}

static bool is_known(const libxl_suspend_watch *watch,
                     const struct known *known, libxl_domid domid)
{
    return known < watch->known + watch->nr_known &&
           known->info.domid == domid;
}

static int reserve_known(libxl_suspend_watch *watch)
{
    size_t room = watch->room_known ? watch->room_known * 2 : 64;
    struct known *more;

    if (watch->nr_known < watch->room_known)
        return 0;

    more = realloc(watch->known, room * sizeof(*more));
    if (!more)
        return ERROR_NOMEM;
    watch->known = more;
    watch->room_known = room;
    return 0;
}

static void remember(libxl_suspend_watch *watch,
                     const libxl_guest_suspend_info *info)
{
    struct known *known = find_known(watch, info->domid);

    if (!is_known(watch, known, info->domid)) {
        memmove(known + 1, known,
                (size_t)(watch->known + watch->nr_known - known) *
                sizeof(*known));
        watch->nr_known++;
        known->suspect = false;
    }
    known->info = *info;
}

static void set_suspect(libxl_suspend_watch *watch, struct known *known,
                        bool suspect)
{
    if (known->suspect != suspect)
        watch->nr_suspect += suspect ? 1 : (size_t)-1;
    known->suspect = suspect;
}

static void forget(libxl_suspend_watch *watch, struct known *known,
                   libxl_guest_suspend_info *info_r)
{
    *info_r = known->info;
    set_suspect(watch, known, false);
    watch->nr_known--;
    memmove(known, known + 1,
            (size_t)(watch->known + watch->nr_known - known) * sizeof(*known));
}

/* gsuspend_gone */
static void suspect(void *opaque, uint32_t domid)
{
    libxl_suspend_watch *watch = opaque;
    struct known *known;
    size_t i;

    if (domid == GSUSPEND_ALL_DOMAINS) {
        for (i = 0; i < watch->nr_known; i++)
            set_suspect(watch, &watch->known[i], true);
        return;
    }
    known = find_known(watch, domid);
    if (is_known(watch, known, domid))
        set_suspect(watch, known, true);
}

/* Clear those that are there, in one call.  Those left are gone. */
static int census(libxl_suspend_watch *watch)
{
    libxl_guest_suspend_info *all;
    struct known *known;
    int nb, i;

    all = libxl_list_domain_suspend_state(NULL, 0, &nb);
    if (!all)
        return nb;

    for (i = 0; i < nb; i++) {
        known = find_known(watch, all[i].domid);
        if (is_known(watch, known, all[i].domid) &&
            known->info.instance == all[i].instance)
            set_suspect(watch, known, false);
    }
    libxl_guest_suspend_info_list_free(all, nb);
    return 0;
}

static bool lacks_seq(const libxl_guest_suspend_info *all, int nb)
{
    return nb && all[0].seq == LIBXL_GUEST_SUSPEND_UNKNOWN;
}

/*
 * Without a seq: what has changed is what differs from what was given, and all
 * of that is here.  Gives how many records are left.
 */
static int drop_known(libxl_suspend_watch *watch,
                      libxl_guest_suspend_info *all, int nb)
{
    struct known *known;
    int i, left = 0;

    suspect(watch, GSUSPEND_ALL_DOMAINS);
    for (i = 0; i < nb; i++) {
        known = find_known(watch, all[i].domid);
        if (is_known(watch, known, all[i].domid)) {
            set_suspect(watch, known, false);
            if (known->info.state == all[i].state)
                continue;
        }
        all[left++] = all[i];
    }

    return left;
}

static int read_fresh(libxl_suspend_watch *watch)
{
    libxl_guest_suspend_info *fresh;
    int nb;

    fresh = libxl_list_domain_suspend_state(NULL, watch->seq, &nb);
    if (!fresh)
        return nb;
    watch->no_seq = watch->no_seq || lacks_seq(fresh, nb);
    if (watch->no_seq)
        nb = drop_known(watch, fresh, nb);

    libxl_guest_suspend_info_list_free(watch->fresh, watch->nr_fresh);
    watch->fresh = fresh;
    watch->nr_fresh = nb;
    watch->next_fresh = 0;
    if (nb && !watch->no_seq)
        watch->seq = fresh[nb - 1].seq;
    return 0;
}

int libxl_suspend_watch_open(libxl_ctx *ctx, uint64_t after_seq,
                             libxl_suspend_watch **watch_r)
{
    libxl_suspend_watch *watch;
    libxl_guest_suspend_info *all;
    int rc = 0, nb, i;

    (void)ctx;

    *watch_r = NULL;
    watch = calloc(1, sizeof(*watch));
    if (!watch)
        return ERROR_NOMEM;

    watch->events = gsuspend_events_open(GSUSPEND_ALL_DOMAINS);
    if (!watch->events) {
        rc = ERROR_FAIL;
        goto out;
    }

    /* The end of those that do not change is told as well. */
    all = libxl_list_domain_suspend_state(NULL, 0, &nb);
    if (!all) {
        rc = nb;
        goto out;
    }
    watch->no_seq = lacks_seq(all, nb);
    if (watch->no_seq && after_seq)
        rc = ERROR_GUEST_SUSPEND_NO_SEQ;
    /* Without a seq, only what was given is known. */
    for (i = 0; !rc && !watch->no_seq && i < nb; i++) {
        rc = reserve_known(watch);
        if (!rc)
            remember(watch, &all[i]);
    }
    libxl_guest_suspend_info_list_free(all, nb);
    if (rc)
        goto out;

    watch->seq = after_seq;
    gsuspend_events_mark(watch->events, true);
    *watch_r = watch;
    watch = NULL;

out:
    libxl_suspend_watch_close(watch);
    return rc;
}

void libxl_suspend_watch_close(libxl_suspend_watch *watch)
{
    if (!watch)
        return;

    gsuspend_events_close(watch->events);
    libxl_guest_suspend_info_list_free(watch->fresh, watch->nr_fresh);
    free(watch->known);
    free(watch);
}

int libxl_suspend_watch_fd(const libxl_suspend_watch *watch)
{
    return gsuspend_events_fd(watch->events);
}

/* What there is to give without reading.  ERROR_NOT_READY: nothing. */
static int give(libxl_suspend_watch *watch, libxl_guest_suspend_info *info_r)
{
    const libxl_guest_suspend_info *info;
    struct known *known;
    size_t i;
    int rc;

    for (i = 0; watch->nr_suspect && !watch->unsure && i < watch->nr_known;
         i++) {
        if (watch->known[i].suspect) {
            forget(watch, &watch->known[i], info_r);
            return ERROR_DOMAIN_DESTROYED;
        }
    }

    if (watch->next_fresh == watch->nr_fresh)
        return ERROR_NOT_READY;
    info = &watch->fresh[watch->next_fresh];

    /* Its domid had another owner, whose end comes first. */
    known = find_known(watch, info->domid);
    if (is_known(watch, known, info->domid) &&
        known->info.instance != info->instance) {
        forget(watch, known, info_r);
        return ERROR_DOMAIN_DESTROYED;
    }

    rc = reserve_known(watch);
    if (rc)
        return rc;
    remember(watch, info);
    *info_r = *info;
    watch->next_fresh++;
    return 0;
}

int libxl_suspend_watch_next(libxl_suspend_watch *watch, int timeout_ms,
                             libxl_guest_suspend_info *info_r)
{
    int64_t deadline_ms;
    int rc, r;

    if (timeout_ms < LIBXL_GUEST_SUSPEND_FOREVER) {
        rc = ERROR_INVAL;
        goto out;
    }
    deadline_ms = deadline_of(timeout_ms);

    for (;;) {
        rc = give(watch, info_r);
        if (rc != ERROR_NOT_READY)
            goto out;

        /* Events first, records then: none can slip in between. */
        gsuspend_events_mark(watch->events, false);
        gsuspend_events_drain(watch->events, suspect, watch);
        rc = watch->nr_suspect ? census(watch) : 0;
        watch->unsure = rc;
        if (!rc)
            rc = read_fresh(watch);
        if (rc) {
            /* The events are gone, and what they stood for is not. */
            gsuspend_events_mark(watch->events, true);
            goto out;
        }
        if (watch->nr_suspect || watch->nr_fresh) {
            gsuspend_events_mark(watch->events, true);
            continue;
        }

        r = gsuspend_events_wait(watch->events, deadline_ms);
        if (r <= 0) {
            rc = r ? ERROR_FAIL : ERROR_TIMEDOUT;
            goto out;
        }
    }

out:
    return rc;
}
