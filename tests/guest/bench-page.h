/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the bench guest (bench.c) and tests/bench in dom0 tell each other: the
 * first page of the guest's memory, which dom0 maps.  Times are ticks of the
 * guest's virtual counter.
 */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stdint.h>

#define BENCH_PAGE_GFN      0x40000UL
#define BENCH_PAGE_MAGIC    0x62656e63U

enum bench_todo {
    BENCH_SERVE,                /* Answer, for as long as it stands here. */
    BENCH_SLEEP,                /* Guest suspend, after the delay. */
    BENCH_OFF,                  /* PSCI SYSTEM_OFF, after the delay. */
    BENCH_SHUTDOWN,             /* SHUTDOWN_suspend, after the delay. */
};

struct bench_page {
    /* dom0's to write: */
    uint32_t todo;              /* Looked at after each answer and each wake. */
    uint32_t ask;
    uint64_t delay;
    /* The guest's to write: */
    uint32_t magic;             /* The rest is meaningful. */
    uint32_t answer;            /* The ask that answered_at is for. */
    uint64_t answered_at;       /* After it was seen, before it is answered. */
    uint64_t before;            /* Before the last call to sleep or to end. */
    uint64_t first;             /* The first instruction after the last sleep. */
    uint64_t sleeps;            /* Of either kind, that ended; written last. */
    uint64_t refused;           /* Calls to sleep that returned. */
};

#endif
