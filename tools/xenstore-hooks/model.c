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
    model_init(model);
    model->domains = NULL;
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

static struct domain *find_or_add(struct model *model, uint32_t domid)
{
    unsigned int pos = position(model, domid);
    struct domain *domain;

    if (pos < model->nr && model->domains[pos]->domid == domid)
        return model->domains[pos];

    if (model->nr == model->room) {
        unsigned int room = model->room ? 2 * model->room : 16;
        struct domain **domains =
            reallocarray(model->domains, room, sizeof(domains[0]));

        if (!domains)
            return NULL;
        model->domains = domains;
        model->room = room;
    }

    domain = calloc(1, sizeof(*domain));
    if (!domain)
        return NULL;
    domain->domid = domid;
    domain->rate = (struct bucket){ .burst = PUBLISH_BURST,
                               .period_ms = PUBLISH_PERIOD_MS };
    domain->hook_rate = (struct bucket){ .burst = HOOK_BURST,
                                    .period_ms = HOOK_PERIOD_MS };
    domain->log_rate = (struct bucket){ .burst = LOG_BURST,
                                   .period_ms = LOG_PERIOD_MS };

    memmove(&model->domains[pos + 1], &model->domains[pos],
            (model->nr - pos) * sizeof(model->domains[0]));
    model->domains[pos] = domain;
    model->nr++;
    return domain;
}

static void drop(struct model *model, struct domain *domain)
{
    unsigned int pos = position(model, domain->domid);

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
}

void model_forget_introduced(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        model->domains[i]->introduced = false;
}

int model_adopt(struct model *model, uint32_t domid, const struct shown *shown)
{
    struct domain *domain = find_or_add(model, domid);

    if (!domain)
        return -1;
    domain->shown = *shown;
    domain->shown.present = true;
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
    return 0;
}

void model_list_begin(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        model->domains[i]->listed = false;
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
        }
        i++;
    }
}

void model_introduced(struct domain *domain, bool introduced)
{
    if (introduced) {
        domain->introduced = true;
        domain->gone = false;
    } else if (domain->introduced)
        domain->gone = true;
}

uint64_t model_recheck_ms(struct model *model, uint64_t now_ms)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++) {
        const struct domain *domain = model->domains[i];

        if (!domain->introduced && !domain->gone) {
            if (!model->recheck_step_ms) {
                model->recheck_step_ms = RECHECK_MIN_MS;
                model->recheck_ms = now_ms + RECHECK_MIN_MS;
            }
            return model->recheck_ms;
        }
    }
    model->recheck_step_ms = 0;
    return UINT64_MAX;
}

void model_rechecked(struct model *model, uint64_t now_ms)
{
    model->recheck_step_ms *= 2;
    if (model->recheck_step_ms > RECHECK_MAX_MS)
        model->recheck_step_ms = RECHECK_MAX_MS;
    model->recheck_ms = now_ms + model->recheck_step_ms;
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
    return a->rec.seq < b->rec.seq;
}

struct domain *model_next(struct model *model, uint64_t now_ms)
{
    struct domain *best = NULL;
    unsigned int i;

    for (i = 0; i < model->nr; i++) {
        struct domain *domain = model->domains[i];

        if (!is_dirty(domain) || due_ms(model, domain) > now_ms)
            continue;
        if (!best || is_before(domain, best))
            best = domain;
    }
    return best;
}

uint64_t model_next_ms(struct model *model)
{
    uint64_t first_ms = UINT64_MAX;
    unsigned int i;

    for (i = 0; i < model->nr; i++) {
        const struct domain *domain = model->domains[i];

        if (is_dirty(domain) && due_ms(model, domain) < first_ms)
            first_ms = due_ms(model, domain);
    }
    return first_ms;
}

void model_missed(struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++)
        model->domains[i]->missed = is_dirty(model->domains[i]);
}

bool model_settled(const struct model *model)
{
    unsigned int i;

    for (i = 0; i < model->nr; i++) {
        if (model->domains[i]->missed && is_dirty(model->domains[i]))
            return false;
    }
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

uint64_t model_previous_seq(const struct domain *domain)
{
    if (domain->shown.seq && domain->shown.instance == domain->rec.instance)
        return domain->shown.seq;
    /* Creation counts as the first change. */
    return domain->rec.instance;
}
