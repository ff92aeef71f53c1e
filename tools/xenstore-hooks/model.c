/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to be done next; see model.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest_suspend_time.h"

#include "model.h"

void model_init(struct model *model)
{
    *model = (struct model){
        .rate = { .burst = PUBLISH_ALL_BURST,
                  .period_ms = PUBLISH_ALL_PERIOD_MS },
        .ask_ms = UINT64_MAX,
    };
}

static void free_domain(struct domain *domain)
{
    free(domain->name);
    free(domain);
}

void model_free(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        free_domain(model->domains[i]);
    free(model->domains);
    free(model->dirty);
    model_init(model);
}

static bool is_dirty(const struct domain *domain)
{
    if (domain->gone)
        return domain->shown.present;
    return domain->rec.seq &&
           (!domain->shown.present || domain->rec.seq != domain->shown.seq ||
            domain->rec.instance != domain->shown.instance ||
            domain->rec.state != domain->shown.state);
}

static void take_from_dirty(struct model *model, struct domain *domain)
{
    struct domain *last = model->dirty[--model->nr_dirty];

    model->dirty[domain->dirty_at] = last;
    last->dirty_at = domain->dirty_at;
    domain->is_dirty = false;
}

/* To be called when something of the domain has changed. */
static void count(struct model *model, struct domain *domain)
{
    bool unknown = !domain->introduced && !domain->gone;

    if (unknown != domain->is_unknown) {
        domain->is_unknown = unknown;
        model->nr_unknown += unknown ? 1U : -1U;
    }

    if (domain->is_dirty && !is_dirty(domain)) {
        take_from_dirty(model, domain);
    } else if (!domain->is_dirty && is_dirty(domain)) {
        domain->is_dirty = true;
        domain->dirty_at = model->nr_dirty;
        model->dirty[model->nr_dirty++] = domain;
    }
}

static void count_all(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        count(model, model->domains[i]);
}

/* Where the domain is, or would be. */
static unsigned int position(const struct model *model, uint32_t domid)
{
    unsigned int low = 0, high = model->nr;

    while (low < high) {
        unsigned int mid = low + (high - low) / 2;

        if (model->domains[mid]->domid < domid)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct domain *model_find(const struct model *model, uint32_t domid)
{
    unsigned int pos = position(model, domid);

    if (pos < model->nr && model->domains[pos]->domid == domid)
        return model->domains[pos];
    return NULL;
}

/* Room for one domain more.  -1: no memory. */
static int make_room(struct model *model)
{
    unsigned int room = model->room ? 2 * model->room : 16;
    struct domain **more;

    if (model->nr < model->room)
        return 0;

    more = reallocarray(model->dirty, room, sizeof(more[0]));
    if (!more)
        return -1;
    model->dirty = more;
    more = reallocarray(model->domains, room, sizeof(more[0]));
    if (!more)
        return -1;
    model->domains = more;
    model->room = room;
    return 0;
}

static struct domain *find_or_add(struct model *model, uint32_t domid)
{
    unsigned int pos = position(model, domid);
    struct domain *domain;

    if (pos < model->nr && model->domains[pos]->domid == domid)
        return model->domains[pos];

    if (make_room(model))
        return NULL;
    domain = calloc(1, sizeof(*domain));
    if (!domain)
        return NULL;
    domain->domid = domid;
    domain->rate = (struct bucket){ .burst = PUBLISH_BURST,
                               .period_ms = PUBLISH_PERIOD_MS };
    domain->hook_rate = (struct bucket){ .burst = HOOK_BURST,
                                    .period_ms = HOOK_PERIOD_MS };
    domain->wake_rate = (struct bucket){ .burst = WAKE_BURST,
                                    .period_ms = WAKE_PERIOD_MS };
    domain->log_rate = (struct bucket){ .burst = LOG_BURST,
                                   .period_ms = LOG_PERIOD_MS };

    memmove(&model->domains[pos + 1], &model->domains[pos],
            (model->nr - pos) * sizeof(model->domains[0]));
    model->domains[pos] = domain;
    model->nr++;
    count(model, domain);
    return domain;
}

static void drop(struct model *model, struct domain *domain)
{
    unsigned int pos = position(model, domain->domid);

    if (domain->is_dirty)
        take_from_dirty(model, domain);
    model->nr_unknown -= domain->is_unknown;
    model->nr--;
    memmove(&model->domains[pos], &model->domains[pos + 1],
            (model->nr - pos) * sizeof(model->domains[0]));
    free_domain(domain);
}

void model_forget_tree(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        model->domains[i]->shown = (struct shown){ 0 };
    count_all(model);
}

void model_forget_introduced(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        model->domains[i]->introduced = false;
    count_all(model);
}

int model_adopt(struct model *model, uint32_t domid, const struct shown *shown)
{
    struct domain *domain = find_or_add(model, domid);

    if (!domain)
        return -1;
    domain->shown = *shown;
    domain->shown.present = true;
    count(model, domain);
    return 0;
}

static int64_t since_time(const struct domain *domain,
                          const struct xen_guest_suspend_record *rec,
                          int64_t time_now)
{
    if (domain->rec.seq == rec->seq && domain->rec.instance == rec->instance)
        return domain->since_time_ns;
    if (domain->shown.seq == rec->seq &&
        domain->shown.instance == rec->instance)
        return domain->shown.since_time_ns;
    return gsuspend_time_since(time_now, rec->now_ns, rec->since_ns);
}

int model_seen(struct model *model, const struct xen_guest_suspend_record *rec,
               int64_t time_now, uint64_t now_ms, bool *fresh)
{
    struct domain *domain = find_or_add(model, rec->domid);

    *fresh = false;
    if (!domain)
        return -1;

    if (domain->rec.instance != rec->instance) {
        *fresh = true;
        domain->introduced = false;
        domain->gone = false;
        domain->failures = 0;
        domain->retry_ms = 0;
        model->recheck_step_ms = RECHECK_MIN_MS;
        model->recheck_ms = now_ms + RECHECK_MIN_MS;
    }

    domain->since_time_ns = since_time(domain, rec, time_now);
    domain->listed = true;
    domain->rec = *rec;
    count(model, domain);
    return 0;
}

void model_list_begin(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        model->domains[i]->listed = model->domains[i]->asked = false;
}

void model_list_end(struct model *model)
{
    unsigned int i = 0;

    while (i < model->nr) {
        struct domain *domain = model->domains[i];

        if (!domain->listed) {
            domain->gone = true;
            if (!domain->shown.present) {
                drop(model, domain);
                continue;
            }
            count(model, domain);
        }
        i++;
    }
}

void model_introduced(struct model *model, struct domain *domain,
                      bool introduced)
{
    if (introduced) {
        domain->introduced = true;
        domain->gone = false;
    } else if (domain->introduced)
        domain->gone = true;
    domain->asked = true;
    count(model, domain);
}

void model_released(struct model *model, uint64_t now_ms)
{
    if (model->ask_ms != UINT64_MAX)
        return;

    model->ask_ms = now_ms > model->ask_after_ms ? now_ms : model->ask_after_ms;
}

uint64_t model_ask_ms(const struct model *model)
{
    return model->ask_ms;
}

void model_asked(struct model *model, uint64_t now_ms, uint64_t took_ms)
{
    uint64_t wait_ms = (ASK_SHARE - 1) * took_ms;

    if (wait_ms > ASK_WAIT_MAX_MS)
        wait_ms = ASK_WAIT_MAX_MS;
    model->ask_ms = UINT64_MAX;
    model->ask_after_ms = now_ms + wait_ms;
}

uint64_t model_recheck_ms(struct model *model, uint64_t now_ms)
{
    if (!model->nr_unknown) {
        model->recheck_step_ms = 0;
        return UINT64_MAX;
    }

    if (!model->recheck_step_ms) {
        model->recheck_step_ms = RECHECK_MIN_MS;
        model->recheck_ms = now_ms + RECHECK_MIN_MS;
    }
    return model->recheck_ms;
}

void model_rechecked(struct model *model, uint64_t now_ms)
{
    model->recheck_step_ms *= 2;
    if (model->recheck_step_ms > RECHECK_MAX_MS)
        model->recheck_step_ms = RECHECK_MAX_MS;
    model->recheck_ms = now_ms + model->recheck_step_ms;
}

static uint64_t later_ms(uint64_t a_ms, uint64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static uint64_t due_ms(const struct model *model, const struct domain *domain)
{
    /* Death comes once: it needs no limit. */
    if (domain->gone || domain->missed)
        return domain->retry_ms;
    return later_ms(domain->retry_ms, later_ms(bucket_ready_ms(&domain->rate),
                                          bucket_ready_ms(&model->rate)));
}

static bool is_before(const struct domain *a, const struct domain *b)
{
    if (a->missed != b->missed)
        return a->missed;
    if (a->published_ms != b->published_ms)
        return a->published_ms < b->published_ms;
    if (a->rec.seq != b->rec.seq)
        return a->rec.seq < b->rec.seq;
    return a->domid < b->domid;
}

struct domain *model_next(struct model *model, uint64_t now_ms)
{
    struct domain *best = NULL;
    unsigned int i;

    for (i = 0; i < model->nr_dirty; i++) {
        struct domain *domain = model->dirty[i];

        if (due_ms(model, domain) > now_ms)
            continue;
        if (!best || is_before(domain, best))
            best = domain;
    }
    model->looked_at += model->nr_dirty;
    return best;
}

uint64_t model_next_ms(struct model *model)
{
    uint64_t first_ms = UINT64_MAX, ms;
    unsigned int i;

    for (i = 0; i < model->nr_dirty; i++) {
        ms = due_ms(model, model->dirty[i]);
        if (ms < first_ms)
            first_ms = ms;
    }
    model->looked_at += model->nr_dirty;
    return first_ms;
}

void model_missed(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        model->domains[i]->missed = model->domains[i]->is_dirty;
}

bool model_settled(const struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr_dirty; i++)
        if (model->dirty[i]->missed)
            return false;
    return true;
}

void model_published(struct model *model, struct domain *domain, bool hooks_due,
                     uint64_t now_ms, uint64_t took_ms)
{
    uint64_t hooks_seq = 0, cost_ms = PUBLISH_SHARE * took_ms;

    if (!hooks_due)
        hooks_seq = domain->rec.seq;
    else if (domain->shown.instance == domain->rec.instance)
        hooks_seq = domain->shown.hooks_seq;

    domain->shown = (struct shown){
        .present = true,
        .state = domain->rec.state,
        .seq = domain->rec.seq,
        .instance = domain->rec.instance,
        .suspends = domain->rec.nr_suspends,
        .hooks_seq = hooks_seq,
        .since_time_ns = domain->since_time_ns,
    };
    domain->published_ms = now_ms;
    domain->retry_ms = 0;
    domain->failures = 0;
    bucket_take(&domain->rate, now_ms);
    /*
     * What was missed comes once, and all at once: its time is not paid for,
     * or it would hold up the next changes for several times as long.
     */
    if (domain->missed)
        cost_ms = 0;
    else if (cost_ms > PUBLISH_COST_MAX_MS)
        cost_ms = PUBLISH_COST_MAX_MS;
    bucket_take_cost(&model->rate, now_ms, cost_ms);
    domain->missed = false;
    count(model, domain);
}

void model_removed(struct model *model, struct domain *domain)
{
    domain->shown = (struct shown){ 0 };
    domain->missed = false;
    domain->retry_ms = 0;
    domain->failures = 0;
    /* Remembered while the hypervisor lists it, or it would be shown again. */
    if (!domain->listed)
        drop(model, domain);
    else
        count(model, domain);
}

void model_failed(struct domain *domain, uint64_t now_ms)
{
    uint64_t wait_ms = RETRY_MAX_MS;

    if (domain->failures < 7)
        wait_ms = (uint64_t)RETRY_MIN_MS << domain->failures;
    if (wait_ms > RETRY_MAX_MS)
        wait_ms = RETRY_MAX_MS;
    domain->failures++;
    domain->retry_ms = now_ms + wait_ms;
}

/* Of a domain that has slept so often, and is in that state. */
static uint64_t changes(uint64_t suspends, uint8_t state)
{
    return 2 * suspends - (state == XEN_GUEST_SUSPEND_STATE_SUSPENDED);
}

uint64_t model_coalesced(const struct domain *domain)
{
    const struct xen_guest_suspend_record *rec = &domain->rec;
    const struct shown *shown = &domain->shown;
    uint64_t now, then;

    if (!shown->seq || shown->instance != rec->instance ||
        shown->suspends > rec->nr_suspends)
        return 0;
    now = changes(rec->nr_suspends, rec->state);
    then = changes(shown->suspends, shown->state);
    return now > then ? now - then - 1 : 0;
}

uint64_t model_previous_seq(const struct domain *domain)
{
    if (domain->shown.seq && domain->shown.instance == domain->rec.instance)
        return domain->shown.seq;
    /* Creation counts as the first change. */
    return domain->rec.instance;
}
