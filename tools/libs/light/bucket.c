/* SPDX-License-Identifier: GPL-2.0-only */
/* Rate limits; see bucket.h. */

#include "bucket.h"

uint64_t bucket_ready_ms(const struct bucket *b)
{
    uint64_t slack_ms = (uint64_t)(b->burst - 1) * b->period_ms;

    return b->full_ms > slack_ms ? b->full_ms - slack_ms : 0;
}

void bucket_take(struct bucket *b, uint64_t now_ms)
{
    bucket_take_cost(b, now_ms, 0);
}

void bucket_take_cost(struct bucket *b, uint64_t now_ms, uint64_t cost_ms)
{
    if (b->full_ms < now_ms)
        b->full_ms = now_ms;
    b->full_ms += cost_ms > b->period_ms ? cost_ms : b->period_ms;
}
