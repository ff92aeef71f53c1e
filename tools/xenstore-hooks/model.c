/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to be done next; see model.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest_suspend_time.h"

#include "model.h"

void model_init(struct model *m)
{
    *m = (struct model){
        .rate = { .burst = PUBLISH_ALL_BURST,
                  .period_ms = PUBLISH_ALL_PERIOD_MS },
    };
}

static void free_domain(struct domain *d)
{
    free(d->name);
    free(d);
}

void model_free(struct model *m)
{
    unsigned int i;

    for (i = 0; i < m->nr; i++)
        free_domain(m->domains[i]);
    free(m->domains);
    model_init(m);
    m->domains = NULL;
}

/* Where the domain is, or would be. */
static unsigned int position(const struct model *m, uint32_t domid)
{
    unsigned int low = 0, high = m->nr;

    while (low < high) {
        unsigned int mid = low + (high - low) / 2;

        if (m->domains[mid]->domid < domid)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct domain *model_find(const struct model *m, uint32_t domid)
{
    unsigned int pos = position(m, domid);

    if (pos < m->nr && m->domains[pos]->domid == domid)
        return m->domains[pos];
    return NULL;
}

static struct domain *find_or_add(struct model *m, uint32_t domid)
{
    unsigned int pos = position(m, domid);
    struct domain *d;

    if (pos < m->nr && m->domains[pos]->domid == domid)
        return m->domains[pos];

    if (m->nr == m->room) {
        unsigned int room = m->room ? 2 * m->room : 16;
        struct domain **domains =
            reallocarray(m->domains, room, sizeof(domains[0]));

        if (!domains)
            return NULL;
        m->domains = domains;
        m->room = room;
    }

    d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->domid = domid;
    d->rate = (struct bucket){ .burst = PUBLISH_BURST,
                               .period_ms = PUBLISH_PERIOD_MS };
    d->hook_rate = (struct bucket){ .burst = HOOK_BURST,
                                    .period_ms = HOOK_PERIOD_MS };
    d->log_rate = (struct bucket){ .burst = LOG_BURST,
                                   .period_ms = LOG_PERIOD_MS };

    memmove(&m->domains[pos + 1], &m->domains[pos],
            (m->nr - pos) * sizeof(m->domains[0]));
    m->domains[pos] = d;
    m->nr++;
    return d;
}

static void drop(struct model *m, struct domain *d)
{
    unsigned int pos = position(m, d->domid);

    m->nr--;
    memmove(&m->domains[pos], &m->domains[pos + 1],
            (m->nr - pos) * sizeof(m->domains[0]));
    free_domain(d);
}

void model_forget_tree(struct model *m)
{
    unsigned int i;

    for (i = 0; i < m->nr; i++)
        m->domains[i]->shown = (struct shown){ 0 };
}

void model_forget_introduced(struct model *m)
{
    unsigned int i;

    for (i = 0; i < m->nr; i++)
        m->domains[i]->introduced = false;
}

int model_adopt(struct model *m, uint32_t domid, const struct shown *shown)
{
    struct domain *d = find_or_add(m, domid);

    if (!d)
        return -1;
    d->shown = *shown;
    d->shown.present = true;
    return 0;
}

static int64_t since_time(const struct domain *d,
                          const struct xen_guest_suspend_record *rec,
                          int64_t time_now)
{
    if (d->rec.seq == rec->seq && d->rec.instance == rec->instance)
        return d->since_time_ns;
    if (d->shown.seq == rec->seq && d->shown.instance == rec->instance)
        return d->shown.since_time_ns;
    return gsuspend_time_since(time_now, rec->now_ns, rec->since_ns);
}

int model_seen(struct model *m, const struct xen_guest_suspend_record *rec,
               int64_t time_now, uint64_t now_ms, bool *fresh)
{
    struct domain *d = find_or_add(m, rec->domid);

    *fresh = false;
    if (!d)
        return -1;

    if (d->rec.instance != rec->instance) {
        *fresh = true;
        d->introduced = false;
        d->gone = false;
        d->failures = 0;
        d->retry_ms = 0;
        m->recheck_step_ms = RECHECK_MIN_MS;
        m->recheck_ms = now_ms + RECHECK_MIN_MS;
    }

    d->since_time_ns = since_time(d, rec, time_now);
    d->listed = true;
    d->rec = *rec;
    return 0;
}

void model_list_begin(struct model *m)
{
    unsigned int i;

    for (i = 0; i < m->nr; i++)
        m->domains[i]->listed = false;
}

void model_list_end(struct model *m)
{
    unsigned int i = 0;

    while (i < m->nr) {
        struct domain *d = m->domains[i];

        if (!d->listed) {
            d->gone = true;
            if (!d->shown.present) {
                drop(m, d);
                continue;
            }
        }
        i++;
    }
}

void model_introduced(struct domain *d, bool introduced)
{
    if (introduced) {
        d->introduced = true;
        d->gone = false;
    } else if (d->introduced)
        d->gone = true;
}

uint64_t model_recheck_ms(struct model *m, uint64_t now_ms)
{
    unsigned int i;

    for (i = 0; i < m->nr; i++) {
        const struct domain *d = m->domains[i];

        if (!d->introduced && !d->gone) {
            if (!m->recheck_step_ms) {
                m->recheck_step_ms = RECHECK_MIN_MS;
                m->recheck_ms = now_ms + RECHECK_MIN_MS;
            }
            return m->recheck_ms;
        }
    }
    m->recheck_step_ms = 0;
    return UINT64_MAX;
}

void model_rechecked(struct model *m, uint64_t now_ms)
{
    m->recheck_step_ms *= 2;
    if (m->recheck_step_ms > RECHECK_MAX_MS)
        m->recheck_step_ms = RECHECK_MAX_MS;
    m->recheck_ms = now_ms + m->recheck_step_ms;
}

static bool is_dirty(const struct domain *d)
{
    if (d->gone)
        return d->shown.present;
    return d->rec.seq && (!d->shown.present || d->rec.seq != d->shown.seq ||
                          d->rec.instance != d->shown.instance ||
                          d->rec.state != d->shown.state);
}

static uint64_t later_ms(uint64_t a_ms, uint64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static uint64_t due_ms(const struct model *m, const struct domain *d)
{
    /* Death comes once: it needs no limit. */
    if (d->gone || d->missed)
        return d->retry_ms;
    return later_ms(d->retry_ms, later_ms(bucket_ready_ms(&d->rate),
                                          bucket_ready_ms(&m->rate)));
}

static bool is_before(const struct domain *a, const struct domain *b)
{
    if (a->missed != b->missed)
        return a->missed;
    if (a->published_ms != b->published_ms)
        return a->published_ms < b->published_ms;
    return a->rec.seq < b->rec.seq;
}

struct domain *model_next(struct model *m, uint64_t now_ms)
{
    struct domain *best = NULL;
    unsigned int i;

    for (i = 0; i < m->nr; i++) {
        struct domain *d = m->domains[i];

        if (!is_dirty(d) || due_ms(m, d) > now_ms)
            continue;
        if (!best || is_before(d, best))
            best = d;
    }
    return best;
}

uint64_t model_next_ms(struct model *m)
{
    uint64_t first_ms = UINT64_MAX;
    unsigned int i;

    for (i = 0; i < m->nr; i++) {
        const struct domain *d = m->domains[i];

        if (is_dirty(d) && due_ms(m, d) < first_ms)
            first_ms = due_ms(m, d);
    }
    return first_ms;
}

void model_missed(struct model *m)
{
    unsigned int i;

    for (i = 0; i < m->nr; i++)
        m->domains[i]->missed = is_dirty(m->domains[i]);
}

bool model_settled(const struct model *m)
{
    unsigned int i;

    for (i = 0; i < m->nr; i++) {
        if (m->domains[i]->missed && is_dirty(m->domains[i]))
            return false;
    }
    return true;
}

void model_published(struct model *m, struct domain *d, bool hooks_due,
                     uint64_t now_ms, uint64_t took_ms)
{
    uint64_t hooks_seq = 0, cost_ms = PUBLISH_SHARE * took_ms;

    if (!hooks_due)
        hooks_seq = d->rec.seq;
    else if (d->shown.instance == d->rec.instance)
        hooks_seq = d->shown.hooks_seq;

    d->shown = (struct shown){
        .present = true,
        .state = d->rec.state,
        .seq = d->rec.seq,
        .instance = d->rec.instance,
        .hooks_seq = hooks_seq,
        .since_time_ns = d->since_time_ns,
    };
    d->published_ms = now_ms;
    d->retry_ms = 0;
    d->failures = 0;
    bucket_take(&d->rate, now_ms);
    /*
     * What was missed comes once, and all at once: its time is not paid for,
     * or it would hold up the next changes for several times as long.
     */
    if (d->missed)
        cost_ms = 0;
    else if (cost_ms > PUBLISH_COST_MAX_MS)
        cost_ms = PUBLISH_COST_MAX_MS;
    bucket_take_cost(&m->rate, now_ms, cost_ms);
    d->missed = false;
}

void model_removed(struct model *m, struct domain *d)
{
    d->shown = (struct shown){ 0 };
    d->missed = false;
    d->retry_ms = 0;
    d->failures = 0;
    /* Remembered while the hypervisor lists it, or it would be shown again. */
    if (!d->listed)
        drop(m, d);
}

void model_failed(struct domain *d, uint64_t now_ms)
{
    uint64_t wait_ms = RETRY_MAX_MS;

    if (d->failures < 7)
        wait_ms = (uint64_t)RETRY_MIN_MS << d->failures;
    if (wait_ms > RETRY_MAX_MS)
        wait_ms = RETRY_MAX_MS;
    d->failures++;
    d->retry_ms = now_ms + wait_ms;
}

uint64_t model_previous_seq(const struct domain *d)
{
    if (d->shown.seq && d->shown.instance == d->rec.instance)
        return d->shown.seq;
    /* Creation counts as the first change. */
    return d->rec.instance;
}
