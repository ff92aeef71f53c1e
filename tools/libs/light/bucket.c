/* SPDX-License-Identifier: GPL-2.0-only */
/* Rate limits; see bucket.h. */

#include "bucket.h"

uint64_t bucket_ready_ms(const struct bucket *bucket)
{
    uint64_t slack_ms = (uint64_t)(bucket->burst - 1) * bucket->period_ms;

    return bucket->full_ms > slack_ms ? bucket->full_ms - slack_ms : 0;
}

void bucket_take(struct bucket *bucket, uint64_t now_ms)
{
    bucket_take_cost(bucket, now_ms, 0);
}

void bucket_take_cost(struct bucket *bucket, uint64_t now_ms, uint64_t cost_ms)
{
    if (bucket->full_ms < now_ms)
        bucket->full_ms = now_ms;
    bucket->full_ms += cost_ms > bucket->period_ms ? cost_ms
                                                   : bucket->period_ms;
}
