/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hypervisor says, what the tree shows, and so what is to be done
 * next.  No system call is made here: records, answers and the clock come in,
 * work to do goes out.
 *
 * Fairness.  A domain has PUBLISH_BURST publications at once and one per
 * PUBLISH_PERIOD_MS from then on; what happens in between is coalesced into
 * the next one, so the final state always arrives.  All domains together are
 * limited likewise, and, as a slow host's publications are dear, to a share of
 * the time.  Among those that are due, the one whose last publication is the
 * longest ago is first: one that flaps waits for the others, never they for it.
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
#define PUBLISH_SHARE            4      /* One part of so many of the time. */
#define PUBLISH_COST_MAX_MS      1000   /* And no longer a wait after any one. */
#define HOOK_BURST               16
#define HOOK_PERIOD_MS           1000
#define LOG_BURST                20
#define LOG_PERIOD_MS            1000
#define RETRY_MIN_MS             100
#define RETRY_MAX_MS             10000
#define RECHECK_MIN_MS           1000
#define RECHECK_MAX_MS           3600000

/* What the tree shows of a domain. */
struct shown {
    bool present;           /* It has a directory at all. */
    uint8_t state;
    uint64_t seq;           /* 0: damaged, to be written again. */
    uint64_t instance;
    uint64_t hooks_seq;     /* The latest seq that hooks have had; 0: none. */
    int64_t since_time_ns;  /* When the change to seq was. */
};

struct domain {
    uint32_t domid;
    /* Newest; seq 0: the hypervisor has not named it, the tree alone has. */
    struct xen_guest_suspend_record rec;
    int64_t since_time_ns;  /* Time of day of rec.since_ns; see model_seen(). */
    struct shown shown;
    bool listed;            /* The listing under way has it. */
    bool introduced;        /* xenstored has been seen to know it. */
    bool gone;              /* It is dead, and its nodes are to go. */
    bool missed;            /* Its change was, before model_missed(). */
    char *name;             /* When last looked up; fit for a log.  NULL: it
                               has none, or it was not looked up. */
    uint64_t hooked_seq;    /* The latest that we gave to hooks, be it of an
                               earlier domain with this id; 0: none. */
    uint64_t published_ms;
    uint64_t retry_ms;      /* After a failure: not before. */
    uint32_t failures;      /* In a row. */
    uint64_t logged_seq;    /* The latest that was for the log, likewise. */
    uint32_t unlogged;      /* Log lines that its rate limit withheld. */
    struct bucket rate;
    struct bucket hook_rate;
    struct bucket log_rate;
};

struct model {
    struct domain **domains;    /* By domid. */
    unsigned int nr, room;
    struct bucket rate;
    uint64_t recheck_ms;
    uint64_t recheck_step_ms;   /* 0: no domain needs it. */
};

void model_init(struct model *m);
void model_free(struct model *m);

struct domain *model_find(const struct model *m, uint32_t domid);

/* Before another reading of the tree: it shows nothing. */
void model_forget_tree(struct model *m);

/* xenstored went away: the next one may know none of the domains that live. */
void model_forget_introduced(struct model *m);

/* The tree shows this of a domain.  -1 with errno: no memory. */
int model_adopt(struct model *m, uint32_t domid, const struct shown *shown);

/*
 * A record was read, at the time of day time_now.  *fresh: this instance of the
 * domain was not known before.  -1 with errno: no memory.
 *
 * The time of day of a change is computed once, when its first record is read.
 * Later records of the same change keep it, and so does the next daemon, from the
 * tree: whatever happens to the clock, or to the host, in between.
 */
int model_seen(struct model *m, const struct xen_guest_suspend_record *rec,
               int64_t time_now, uint64_t now_ms, bool *fresh);

/*
 * A listing from seq 0 to the end: model_seen() for every record in between.
 * A domain that it lacks is gone.
 */
void model_list_begin(struct model *m);
void model_list_end(struct model *m);

/*
 * Whether xenstored knows the domain.  One that it released is gone, although
 * the hypervisor may keep what is left of it for as long as someone has its
 * memory mapped, and tells nobody when that ends.  One that it never knew may
 * be booted without a toolstack, or be half-built, or be such a remnant: those
 * are checked again at model_recheck_ms().
 */
void model_introduced(struct domain *d, bool introduced);

/* When to list everything again for what no event tells; UINT64_MAX: never. */
uint64_t model_recheck_ms(struct model *m, uint64_t now_ms);

/* That was done. */
void model_rechecked(struct model *m, uint64_t now_ms);

/*
 * All that the tree does not show now was missed, which is not a guest's
 * flapping: it comes first, and no rate limit holds for it.
 */
void model_missed(struct model *m);

/* Whether the tree has been given all of that; what came later may be due. */
bool model_settled(const struct model *m);

/*
 * The domain to publish next, or to remove where gone is set; NULL: none is
 * due.
 */
struct domain *model_next(struct model *m, uint64_t now_ms);

/* When model_next() may have something; UINT64_MAX: not before more is seen. */
uint64_t model_next_ms(struct model *m);

/*
 * How the work on model_next()'s domain came out.  hooks_due: there are hooks to
 * run for it.  took_ms: how long that work was.
 */
void model_published(struct model *m, struct domain *d, bool hooks_due,
                     uint64_t now_ms, uint64_t took_ms);
void model_removed(struct model *m, struct domain *d);
void model_failed(struct domain *d, uint64_t now_ms);

/* The seq before the change that is to be published. */
uint64_t model_previous_seq(const struct domain *d);

#endif
