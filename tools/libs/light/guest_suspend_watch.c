/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_watch.c: libxl_domain_suspend_wait and libxl_suspend_watch_*,
 * out of records and of hints when to read them.
 */

#include "libxl_guest_suspend.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>

#include "bucket.h"
#include "guest_suspend_event.h"
#include "guest_suspend_infos.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_xenstore.h"

static int64_t deadline_of(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : gsuspend_now_ms() + timeout_ms;
}

/* Wait */

/* gsuspend_gone: each look finds that out by itself. */
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
    bool leave_first;               /* it is in the state: it must leave it first */
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
            /* xensuspendd may be late or not running: read the state once more. */
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

/* A watch tells as often as xensuspendd does. */
_Static_assert(LIBXL_GUEST_SUSPEND_WATCH_BURST == BUCKET_DOMAIN_BURST, "burst");
_Static_assert(LIBXL_GUEST_SUSPEND_WATCH_PERIOD_MS == BUCKET_DOMAIN_PERIOD_MS,
               "period");

/*
 * Without a seq a look asks xenstored for the domains.  xenstored has this time to
 * answer, also where the caller does not wait.
 */
#define STOCK_LOOK_MS 1000

/* A domain that is there. */
struct domain {
    /* The last record given, or the one that the watch began with. */
    libxl_guest_suspend_info info;
    struct bucket rate;
    /* A newer record, for which the rate allows no room yet. */
    bool is_late;
    libxl_guest_suspend_info late;
    bool may_be_gone;
};

struct libxl_suspend_watch {
    struct gsuspend_events *events;
    uint64_t seq;                   /* the largest that was read */
    bool no_seq;                    /* the hypervisor has none */
    bool must_read;                 /* without waiting for an event */
    bool gave;                      /* something since the last ERROR_TIMEDOUT */
    /* Records that were read and not given yet: from next_fresh on. */
    libxl_guest_suspend_info *fresh;
    int nr_fresh, next_fresh;
    struct domain *domains[DOMID_FIRST_RESERVED];
    unsigned int nr_late, nr_may_be_gone;
    /* Late and gone domains below this one were looked at since the reading. */
    uint32_t next_domid;
};

/* NULL: the watch does not know it. */
static struct domain *find_domain(const libxl_suspend_watch *watch,
                                  libxl_domid domid)
{
    return domid < DOMID_FIRST_RESERVED ? watch->domains[domid] : NULL;
}

static struct domain *add_domain(libxl_suspend_watch *watch,
                                 const libxl_guest_suspend_info *info)
{
    struct domain *domain = calloc(1, sizeof(*domain));

    if (!domain)
        return NULL;

    domain->info = *info;
    domain->rate.burst = BUCKET_DOMAIN_BURST;
    domain->rate.period_ms = BUCKET_DOMAIN_PERIOD_MS;
    watch->domains[info->domid] = domain;
    return domain;
}

static void set_may_be_gone(libxl_suspend_watch *watch, struct domain *domain,
                            bool may_be_gone)
{
    if (may_be_gone && !domain->may_be_gone)
        watch->nr_may_be_gone++;
    if (!may_be_gone && domain->may_be_gone)
        watch->nr_may_be_gone--;
    domain->may_be_gone = may_be_gone;
}

static void set_late(libxl_suspend_watch *watch, struct domain *domain,
                     const libxl_guest_suspend_info *info)
{
    if (!domain->is_late)
        watch->nr_late++;
    domain->is_late = true;
    domain->late = *info;
}

static void clear_late(libxl_suspend_watch *watch, struct domain *domain)
{
    if (domain->is_late)
        watch->nr_late--;
    domain->is_late = false;
}

static void remove_domain(libxl_suspend_watch *watch, struct domain *domain,
                          libxl_guest_suspend_info *info_r)
{
    *info_r = domain->is_late ? domain->late : domain->info;
    clear_late(watch, domain);
    set_may_be_gone(watch, domain, false);
    watch->domains[info_r->domid] = NULL;
    free(domain);
}

/* gsuspend_gone */
static void note_gone(void *opaque, uint32_t domid)
{
    libxl_suspend_watch *watch = opaque;
    struct domain *domain;
    uint32_t i;

    if (domid == GSUSPEND_ALL_DOMAINS) {
        for (i = 0; i < DOMID_FIRST_RESERVED; i++)
            if (watch->domains[i])
                set_may_be_gone(watch, watch->domains[i], true);
        return;
    }
    domain = find_domain(watch, domid);
    if (domain)
        set_may_be_gone(watch, domain, true);
}

/* Which of those that may be gone are there.  Those left are gone. */
static int find_gone(libxl_suspend_watch *watch, int64_t deadline_ms)
{
    libxl_guest_suspend_info *all;
    struct domain *domain;
    int nb, i;

    all = gsuspend_list_infos(0, deadline_ms, &nb);
    if (!all)
        return nb;

    for (i = 0; i < nb; i++) {
        domain = find_domain(watch, all[i].domid);
        if (domain && domain->info.instance == all[i].instance)
            set_may_be_gone(watch, domain, false);
    }
    libxl_guest_suspend_info_list_free(all, nb);
    return 0;
}

static bool lacks_seq(const libxl_guest_suspend_info *all, int nb)
{
    return nb && all[0].seq == LIBXL_GUEST_SUSPEND_UNKNOWN;
}

/*
 * Without a seq the records are those of all domains.  Keep those that differ
 * from what was given; gives how many they are.  A domain that has no record is
 * gone.
 */
static int keep_changed(libxl_suspend_watch *watch,
                        libxl_guest_suspend_info *all, int nb)
{
    struct domain *domain;
    int i, left = 0;

    note_gone(watch, GSUSPEND_ALL_DOMAINS);
    for (i = 0; i < nb; i++) {
        domain = find_domain(watch, all[i].domid);
        if (domain) {
            set_may_be_gone(watch, domain, false);
            if (domain->info.state == all[i].state) {
                clear_late(watch, domain);
                continue;
            }
        }
        all[left++] = all[i];
    }

    return left;
}

/* A late domain's record takes the place of its older one. */
static int take_late(libxl_suspend_watch *watch, libxl_guest_suspend_info *all,
                     int nb)
{
    struct domain *domain;
    int i, left = 0;

    for (i = 0; i < nb; i++) {
        domain = find_domain(watch, all[i].domid);
        if (domain && domain->is_late &&
            domain->info.instance == all[i].instance)
            set_late(watch, domain, &all[i]);
        else
            all[left++] = all[i];
    }

    return left;
}

static int read_fresh(libxl_suspend_watch *watch, int64_t deadline_ms)
{
    libxl_guest_suspend_info *fresh;
    int nb;

    fresh = gsuspend_list_infos(watch->seq, deadline_ms, &nb);
    if (!fresh)
        return nb;
    watch->no_seq = watch->no_seq || lacks_seq(fresh, nb);
    if (nb && !watch->no_seq)
        watch->seq = fresh[nb - 1].seq;
    if (watch->no_seq)
        nb = keep_changed(watch, fresh, nb);
    nb = take_late(watch, fresh, nb);

    libxl_guest_suspend_info_list_free(watch->fresh, watch->nr_fresh);
    watch->fresh = fresh;
    watch->nr_fresh = nb;
    watch->next_fresh = 0;
    watch->next_domid = 0;
    return 0;
}

/* Events first, records then: none can slip in between. */
static int read_all(libxl_suspend_watch *watch, int64_t deadline_ms)
{
    int64_t now_ms = gsuspend_now_ms();
    int64_t limit_ms = now_ms + GSUSPEND_XENSTORE_MS;
    int rc = 0;

    if (deadline_ms < 0 || deadline_ms > limit_ms)
        deadline_ms = limit_ms;
    if (deadline_ms < now_ms + STOCK_LOOK_MS)
        deadline_ms = now_ms + STOCK_LOOK_MS;

    gsuspend_events_drain(watch->events, note_gone, watch);
    if (watch->nr_may_be_gone)
        rc = find_gone(watch, deadline_ms);
    if (!rc)
        rc = read_fresh(watch, deadline_ms);

    /* The events are gone, and what they stood for is not. */
    watch->must_read = rc;
    if (rc || watch->nr_fresh || watch->nr_may_be_gone || watch->nr_late)
        gsuspend_events_mark(watch->events, true);
    return rc;
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
    for (i = 0; !rc && !watch->no_seq && i < nb; i++)
        if (!add_domain(watch, &all[i]))
            rc = ERROR_NOMEM;
    libxl_guest_suspend_info_list_free(all, nb);
    if (rc)
        goto out;

    watch->seq = after_seq;
    watch->must_read = true;
    gsuspend_events_mark(watch->events, true);
    *watch_r = watch;
    watch = NULL;

 out:
    libxl_suspend_watch_close(watch);
    return rc;
}

void libxl_suspend_watch_close(libxl_suspend_watch *watch)
{
    uint32_t i;

    if (!watch)
        return;

    gsuspend_events_close(watch->events);
    libxl_guest_suspend_info_list_free(watch->fresh, watch->nr_fresh);
    for (i = 0; i < DOMID_FIRST_RESERVED; i++)
        free(watch->domains[i]);
    free(watch);
}

int libxl_suspend_watch_fd(const libxl_suspend_watch *watch)
{
    return gsuspend_events_fd(watch->events);
}

static int give_record(libxl_suspend_watch *watch, struct domain *domain,
                       const libxl_guest_suspend_info *info, uint64_t now_ms,
                       libxl_guest_suspend_info *info_r)
{
    *info_r = domain->info = *info;
    bucket_take(&domain->rate, now_ms);
    clear_late(watch, domain);
    return 0;
}

/* A domain that is gone, or a late one whose time has come. */
static int give_known(libxl_suspend_watch *watch, uint64_t now_ms,
                      libxl_guest_suspend_info *info_r)
{
    struct domain *domain;

    if (!watch->nr_may_be_gone && !watch->nr_late)
        return ERROR_NOT_READY;

    while (watch->next_domid < DOMID_FIRST_RESERVED) {
        domain = watch->domains[watch->next_domid++];
        if (domain && domain->may_be_gone) {
            remove_domain(watch, domain, info_r);
            return ERROR_DOMAIN_DESTROYED;
        }
        if (domain && domain->is_late && bucket_ready(&domain->rate, now_ms))
            return give_record(watch, domain, &domain->late, now_ms, info_r);
    }

    return ERROR_NOT_READY;
}

/* What there is to give without reading.  ERROR_NOT_READY: nothing. */
static int give(libxl_suspend_watch *watch, libxl_guest_suspend_info *info_r)
{
    uint64_t now_ms = (uint64_t)gsuspend_now_ms();
    const libxl_guest_suspend_info *info;
    struct domain *domain;
    int rc;

    rc = give_known(watch, now_ms, info_r);
    while (rc == ERROR_NOT_READY && watch->next_fresh < watch->nr_fresh) {
        info = &watch->fresh[watch->next_fresh];
        domain = find_domain(watch, info->domid);

        /* Its domid had another owner, whose end comes first. */
        if (domain && domain->info.instance != info->instance) {
            remove_domain(watch, domain, info_r);
            return ERROR_DOMAIN_DESTROYED;
        }

        if (!domain)
            domain = add_domain(watch, info);
        if (!domain)
            return ERROR_NOMEM;
        watch->next_fresh++;
        if (bucket_ready(&domain->rate, now_ms))
            rc = give_record(watch, domain, info, now_ms, info_r);
        else
            set_late(watch, domain, info);
    }

    return rc;
}

/* An event when the first late domain's time has come. */
static void set_alarm(libxl_suspend_watch *watch)
{
    uint64_t first_ms = INT64_MAX, ready_ms;
    uint32_t i;

    for (i = 0; watch->nr_late && i < DOMID_FIRST_RESERVED; i++) {
        if (!watch->domains[i] || !watch->domains[i]->is_late)
            continue;
        ready_ms = bucket_ready_ms(&watch->domains[i]->rate);
        if (ready_ms < first_ms)
            first_ms = ready_ms;
    }

    gsuspend_events_alarm(watch->events,
                          watch->nr_late ? (int64_t)first_ms : -1);
}

/* All that was read has been given.  True: some of it since the last time. */
static bool end_round(libxl_suspend_watch *watch)
{
    bool gave = watch->gave;

    watch->gave = false;
    gsuspend_events_mark(watch->events, false);
    set_alarm(watch);
    return gave;
}

int libxl_suspend_watch_next(libxl_suspend_watch *watch, int timeout_ms,
                             libxl_guest_suspend_info *info_r)
{
    bool time_is_up = false;
    int64_t deadline_ms;
    int rc, r;

    if (timeout_ms < LIBXL_GUEST_SUSPEND_FOREVER) {
        rc = ERROR_INVAL;
        goto out;
    }
    deadline_ms = deadline_of(timeout_ms);

    for (;;) {
        if (!watch->must_read) {
            rc = give(watch, info_r);
            if (rc != ERROR_NOT_READY) {
                watch->gave = true;
                goto out;
            }
            /* A caller that does not wait gets each domain once. */
            if ((end_round(watch) && !timeout_ms) || time_is_up) {
                rc = ERROR_TIMEDOUT;
                goto out;
            }
            r = gsuspend_events_wait(watch->events, deadline_ms);
            if (r <= 0) {
                rc = r ? ERROR_FAIL : ERROR_TIMEDOUT;
                goto out;
            }
        }
        rc = read_all(watch, deadline_ms);
        if (rc)
            goto out;
        /* Even where events never end. */
        time_is_up = deadline_ms >= 0 && gsuspend_now_ms() >= deadline_ms;
    }

 out:
    return rc;
}
