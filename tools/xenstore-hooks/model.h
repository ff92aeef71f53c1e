/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's records beside what the tree shows: which domain to publish
 * next.  This file makes no system call; the caller brings records and the clock.
 *
 * Rate limits.  One domain: a burst of PUBLISH_BURST, then one publication per
 * PUBLISH_PERIOD_MS.  Changes in between are coalesced; the last one is always
 * published.  All domains together have such a limit, too, and one part in
 * PUBLISH_SHARE of the time.
 *
 * Fairness.  Of the domains that are due, the one that was published least recently
 * goes first.  So a domain that flaps does not delay the others.
 */

#ifndef GS_MODEL_H
#define GS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include "public/guest_suspend.h"

#include "bucket.h"

#define PUBLISH_BURST            BUCKET_DOMAIN_BURST
#define PUBLISH_PERIOD_MS        BUCKET_DOMAIN_PERIOD_MS
#define PUBLISH_ALL_BURST        256
#define PUBLISH_ALL_PERIOD_MS    4
#define PUBLISH_SHARE            4      /* One part in 4 of the time. */
#define PUBLISH_COST_MAX_MS      1000   /* The longest wait after one of them. */
#define HOOK_BURST               16
#define HOOK_PERIOD_MS           1000
#define WAKE_BURST               16
#define WAKE_PERIOD_MS           1000
#define LOG_BURST                20
#define LOG_PERIOD_MS            1000
#define RETRY_MIN_MS             100
#define RETRY_MAX_MS             10000
#define ASK_SHARE                4      /* One part in 4 of the time. */
#define ASK_WAIT_MAX_MS          10000
#define RECHECK_MIN_MS           1000
#define RECHECK_MAX_MS           3600000

/* What the tree shows of a domain. */
struct shown {
    bool present;           /* It has a directory at all. */
    uint8_t state;
    uint64_t seq;           /* 0: damaged, to be written again. */
    uint64_t instance;
    uint64_t suspends;
    uint64_t hooks_seq;     /* The latest seq that hooks have had; 0: none. */
    int64_t since_time_ns;  /* When the change to seq was. */
};

struct domain {
    uint32_t domid;
    /* The newest one; seq 0: only the tree knows the domain. */
    struct xen_guest_suspend_record rec;
    int64_t since_time_ns;  /* Time of day of rec.since_ns; see model_seen(). */
    struct shown shown;
    bool listed;            /* The last listing of all domains has it. */
    bool introduced;        /* xenstored knew it when last asked. */
    bool asked;             /* It was asked since the last listing began. */
    bool gone;              /* It is dead: remove its nodes. */
    bool missed;            /* Its change was missed: see model_missed(). */
    char *name;             /* When last looked up; fit for a log.  NULL: it
                               has none, or it was not looked up. */
    /* The latest seq that this daemon gave to hooks, and to the log; 0: none. */
    uint64_t hooked_seq, logged_seq;
    uint64_t published_ms;
    uint64_t retry_ms;      /* After a failure: not before. */
    uint32_t failures;      /* In a row. */
    uint32_t unlogged;      /* Log lines that its rate limit withheld. */
    struct bucket rate;
    struct bucket hook_rate;
    struct bucket wake_rate;
    struct bucket log_rate;
    /* The model's own. */
    bool is_dirty, is_unknown;  /* As counted there. */
    unsigned int dirty_at;      /* Its place among the dirty ones. */
};

struct model {
    struct domain **domains;    /* By domid. */
    unsigned int nr, room;
    /*
     * Those that the tree does not show as they are, in no order: an event costs
     * what has changed, however many domains there are.
     */
    struct domain **dirty;
    unsigned int nr_dirty;
    unsigned int nr_unknown;    /* Alive, and not known to xenstored. */
    uint64_t looked_at;         /* Domains, to find what is due: for tests. */
    struct bucket rate;
    uint64_t ask_ms;            /* See model_ask_ms(). */
    uint64_t ask_after_ms;
    uint64_t recheck_ms;
    uint64_t recheck_step_ms;   /* 0: no domain needs it. */
};

void model_init(struct model *model);
void model_free(struct model *model);

struct domain *model_find(const struct model *model, uint32_t domid);

/* The tree is to be read again: assume that it shows nothing. */
void model_forget_tree(struct model *model);

/* xenstored ended: the next one may not know domains that live. */
void model_forget_introduced(struct model *model);

/* The tree shows this of a domain.  -1 with errno: no memory. */
int model_adopt(struct model *model, uint32_t domid, const struct shown *shown);

/*
 * A record was read, at the time of day time_now.  *fresh: this instance of the
 * domain was not known before.  -1 with errno: no memory.
 *
 * The time of day of a change is computed once, when its first record is read.
 * Later records of the same change keep it, and so does the next daemon, from the
 * tree: whatever happens to the clock, or to the host, in between.
 */
int model_seen(struct model *model, const struct xen_guest_suspend_record *rec,
               int64_t time_now, uint64_t now_ms, bool *fresh);

/*
 * A listing of all domains: call model_seen() for each record in between.  A
 * domain without a record in between is gone.
 */
void model_list_begin(struct model *model);
void model_list_end(struct model *model);

/*
 * Whether xenstored knows the domain.  A domain that xenstored released is gone,
 * also if the hypervisor still has it: the hypervisor keeps a dead domain while
 * somebody has its memory mapped.  A domain that xenstored never knew may have
 * been started without a toolstack, or may be half-built or such a dead one.
 * Nothing tells when it is gone: list again at model_recheck_ms().
 */
void model_introduced(struct model *model, struct domain *domain,
                      bool introduced);

/*
 * xenstored released a domain, and does not say which: it is to be asked about
 * each.  That is a request for each domain, each of which takes the longer the more
 * there are.  So while domains are released one after the other, xenstored is asked
 * in one part in ASK_SHARE of the time.  The first release is not kept waiting.
 */
void model_released(struct model *model, uint64_t now_ms);

/* When to ask it; UINT64_MAX: there is no need to. */
uint64_t model_ask_ms(const struct model *model);

/* It was asked about all domains, which took so long. */
void model_asked(struct model *model, uint64_t now_ms, uint64_t took_ms);

/* When to list all domains again for that; UINT64_MAX: never. */
uint64_t model_recheck_ms(struct model *model, uint64_t now_ms);

/* All domains were listed again. */
void model_rechecked(struct model *model, uint64_t now_ms);

/*
 * Everything that the tree does not show now was missed.  It is published first,
 * and without a rate limit.
 */
void model_missed(struct model *model);

/* Whether everything that was missed is published; later changes may be due. */
bool model_settled(const struct model *model);

/* The domain to publish next, or, if gone is set, to remove; NULL: none is due. */
struct domain *model_next(struct model *model, uint64_t now_ms);

/* When the next domain is due; UINT64_MAX: not before another model_seen(). */
uint64_t model_next_ms(struct model *model);

/*
 * The result of the work on model_next()'s domain.  hooks_due: there are hooks to
 * run for this change.  took_ms: how long the publication took.
 */
void model_published(struct model *model, struct domain *domain, bool hooks_due,
                     uint64_t now_ms, uint64_t took_ms);
void model_removed(struct model *model, struct domain *domain);
void model_failed(struct domain *domain, uint64_t now_ms);

/*
 * How many changes of state the tree has never shown, should the record be published
 * now: those between what it shows and the record.
 */
uint64_t model_coalesced(const struct domain *domain);

/* The seq that the tree shows of this domain, or else that of its creation. */
uint64_t model_previous_seq(const struct domain *domain);

#endif
