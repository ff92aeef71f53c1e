/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rate limit: a burst of events, then one per period_ms.  The caller brings the
 * clock.  A new bucket, with burst and period_ms set and the rest 0, is full.
 */

#ifndef GS_BUCKET_H
#define GS_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* How often one domain's changes are told of: by xensuspendd, and by a watch. */
#define BUCKET_DOMAIN_BURST      16
#define BUCKET_DOMAIN_PERIOD_MS  200

struct bucket {
    uint32_t burst;      /* At least 1. */
    uint32_t period_ms;
    /* When the bucket is full again.  This number is the whole state. */
    uint64_t full_ms;
};

/* The earliest time at which an event is allowed; not after now_ms: at once. */
uint64_t bucket_ready_ms(const struct bucket *bucket);

/* Count an event, allowed or not. */
void bucket_take(struct bucket *bucket, uint64_t now_ms);

/* Count an event that costs cost_ms, if that is more than period_ms. */
void bucket_take_cost(struct bucket *bucket, uint64_t now_ms, uint64_t cost_ms);

static inline bool bucket_ready(const struct bucket *bucket, uint64_t now_ms)
{
    return bucket_ready_ms(bucket) <= now_ms;
}

#endif
