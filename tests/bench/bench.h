/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of the benchmark program.  It measures guest suspend and what comes
 * with Xen in the same boot, one sample of each in turn, and prints samples.
 * scripts/bench computes medians and ratios.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <libxl.h>
#include <libxl_utils.h>
#include <libxl_guest_suspend.h>
#include <xenstore.h>

#include "guest_suspend_call.h"
#include "../guest/bench-page.h"

/* The limit of every wait: after it the run ends. */
#define LIMIT_MS    60000

extern struct gsuspend_call *bench_call;
extern struct xs_handle *bench_xs;
extern libxl_ctx *bench_ctx;
extern const char *bench_xl, *bench_stock_xl, *bench_image;
extern unsigned int bench_samples;

__attribute__((noreturn, format(printf, 1, 2)))
void broken(const char *format, ...);

/* On arm64: a guest's counter differs from dom0's by a constant. */
uint64_t ticks(void);
uint64_t ticks_hz(void);
double ticks_us(uint64_t nr);
void sleep_ms(unsigned int ms);

/*
 * Print one sample: the figure (see docs/performance.md), the case, the metric and
 * its unit, and the number of guests on the host.
 */
void sample(const char *figure, const char *which, const char *metric,
            const char *unit, unsigned int domains, double value);

/* guests.c */

struct guest {
    char name[32];
    uint32_t domid;
    /* For a guest that takes orders (guest_page.c): */
    struct bench_page *page;
    int64_t to_dom0;            /* Ticks to add to its counter for dom0's. */
    /* For a guest that dom0 puts to sleep (guest_s3.c): */
    enum bench_todo todo;
    unsigned int delay_ms;
    bool awake;
    /* One of those that are only there (fleet.h). */
    bool of_fleet;
};
/* serving: awake, and answering if it can; otherwise asleep. */
void guest_new(struct guest *g, const char *name, bool serving);
/* arm64: a guest that is only there, asleep, and made fast. */
void guest_new_of_fleet(struct guest *g, const char *name);
void guest_end(struct guest *g);
void guest_record(const struct guest *g, struct xen_guest_suspend_record *r);
void guest_wait_asleep(const struct guest *g, uint64_t suspends);
bool guest_is_shutdown(const struct guest *g, libxl_shutdown_reason why);
/* The guest must be awake. */
void guest_sleep(struct guest *g);
/* After a run that did not finish. */
void guests_end_all(void);

/*
 * guest_page.c: guests that take orders.  On x86, guest_s3.c: guests that dom0 puts
 * to sleep, as a device model does.
 */

/* Set up a new guest; clean up after one that is gone. */
void guest_ready(struct guest *g, bool serving);
void guest_gone(struct guest *g);
/* Takes effect, and the delay begins, at its next wake, or now if it is awake. */
void guest_todo(struct guest *g, enum bench_todo todo, unsigned int delay_ms);
/* When it last began to go to sleep, or to end, by dom0's counter. */
uint64_t guest_began(const struct guest *g);
/* False: it did not sleep. */
bool guest_wake(struct guest *g);
void guest_wait_serving(struct guest *g);

/* guest_page.c alone: as dom0's counter would have shown it. */
uint64_t guest_ticks(const struct guest *g, uint64_t its);

/* processes.c */

/* Processes of some programs, and what they have had of the CPU. */
enum { XENSTORED, XENCONSOLED, XENSUSPENDD, XL, NR_PROGRAMS };
extern const char *const program_names[NR_PROGRAMS];
#define MOST_PROCESSES 1100
struct usage {
    unsigned int nr;
    struct process {
        pid_t pid;
        int program;
        uint64_t runs;          /* How often a thread of it got onto a CPU. */
        uint64_t ns;
        uint64_t rss_kb, pss_kb;    /* usage_memory() alone */
    } processes[MOST_PROCESSES];
};
void usage_now(struct usage *u);
void usage_memory(struct usage *u);
bool usage_has(const struct usage *u, int program);
pid_t program_pid(int program);
/* What the process's first thread has had of the CPU; read faster than usage. */
uint64_t process_ns(pid_t pid);
/*
 * What comes with Xen is measured as on a host without xensuspendd, which would have
 * xenstored answer its questions about each domain meanwhile.
 */
void xensuspendd_stop(void);
void xensuspendd_continue(void);
/* Until none of them has run for a while. */
void usage_quiet(struct usage *u);
/* Of a program's processes that were there all the time. */
struct used {
    double runs, us;
};
struct used usage_between(const struct usage *before, const struct usage *after,
                          int program);

struct command_cost {
    double wall_us, cpu_us;
    uint64_t faults;
};
/* Run it, its output thrown away; it must succeed. */
void command_run(const char *const argv[], struct command_cost *cost);
struct command_calls {
    uint64_t system_calls, hypercalls, xenstore_requests, programs;
};
void command_trace(const char *const argv[], struct command_calls *calls);
/* The same of a process that is there, from one call to the other. */
void process_trace_begin(pid_t pid);
void process_trace_end(struct command_calls *calls);

/* xenstore.c */

/*
 * The floor: the actor writes BENCH_NODES "/state", as much as xensuspendd does
 * for a change, and does nothing else; so long after it is told to.
 */
#define BENCH_NODES "/tool/gs-bench/0"
void floor_begin(void);
void floor_write(unsigned int delay_ms);
void floor_end(void);

/* actor.c */

/* What it does with a domain, say; calls actor_begins() when all is prepared. */
typedef void act_fn(uint32_t arg);
void actor_begin(void);
/* One after the other, in the order that it was told, which is one of time. */
void actor_do(act_fn *act, uint32_t arg, unsigned int delay_ms);
void actor_begins(void);
/* When its latest act began. */
uint64_t actor_began(void);
void actor_end(void);

/* The figures, with that many guests on the host. */
void bench_events(struct guest *g, unsigned int domains);
void bench_xenstore(struct guest *g, unsigned int domains);
void bench_wake(struct guest *g, unsigned int domains);
void bench_commands(struct guest *g, unsigned int domains);
void bench_handover(struct guest *g, unsigned int domains);
void bench_daemon(struct guest *all, unsigned int domains);
void bench_memory(struct guest *g, unsigned int domains);

#endif
