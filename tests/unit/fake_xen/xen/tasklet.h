/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: a tasklet waits for fake_run_tasklets(). */

#ifndef FAKE_XEN_TASKLET_H
#define FAKE_XEN_TASKLET_H

#include <xen/config.h>

struct tasklet {
    void (*func)(void *data);
    void *data;
    bool is_scheduled;
    struct tasklet *next;
};

#define DECLARE_SOFTIRQ_TASKLET(name, fn, arg) \
    struct tasklet name = { .func = (fn), .data = (arg) }

void tasklet_schedule(struct tasklet *t);

#endif
