/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every function of libxlguestsuspend, ten thousand times, and by several
 * threads at once, with a ctx each and with one for all: nothing may be left
 * over, and each thread gets what it asked for.
 *
 *   test-library-soak [ROUNDS [DOMID]]
 *
 * It is linked with fake_soak.c in unit tests, which thread-sanitizer sees, too,
 * and with real libraries (soak_ctx.c) on the rig.
 */

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "libxl_guest_suspend.h"
#include "soak.h"
#include "tap.h"

#define NR_THREADS 4

static unsigned int rounds = 10000;
static libxl_domid domid = 3;

static bool words(libxl_ctx *ctx, libxl_guest_suspend_info *info)
{
    libxl_domain_resume_virq_opts opts;
    libxl_guest_suspend_state state;
    libxl_guest_suspend_kind kind;
    libxl_guest_suspend_wake wake;
    libxl_guest_suspend_denied denied;
    char *json[6];
    bool good;

    libxl_domain_resume_virq_opts_init(&opts);
    json[0] = libxl_guest_suspend_info_to_json(ctx, info);
    json[1] = libxl_domain_resume_virq_opts_to_json(ctx, &opts);
    json[2] = libxl_guest_suspend_state_to_json(ctx, info->state);
    json[3] = libxl_guest_suspend_kind_to_json(ctx, info->kind);
    json[4] = libxl_guest_suspend_wake_to_json(ctx, info->wake_reason);
    json[5] = libxl_guest_suspend_denied_to_json(ctx, info->denied_reason);
    good = json[0] && json[1] && json[2] && json[3] && json[4] && json[5];
    for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++)
        free(json[i]);
    libxl_domain_resume_virq_opts_dispose(&opts);

    return good &&
           !libxl_guest_suspend_state_from_string(
               libxl_guest_suspend_state_to_string(info->state), &state) &&
           !libxl_guest_suspend_kind_from_string(
               libxl_guest_suspend_kind_to_string(info->kind), &kind) &&
           !libxl_guest_suspend_wake_from_string(
               libxl_guest_suspend_wake_to_string(info->wake_reason), &wake) &&
           !libxl_guest_suspend_denied_from_string(
               libxl_guest_suspend_denied_to_string(info->denied_reason),
               &denied) &&
           state == info->state && kind == info->kind &&
           wake == info->wake_reason && denied == info->denied_reason;
}

static bool list(libxl_ctx *ctx)
{
    libxl_guest_suspend_info *all;
    bool found = false;
    int nb;

    all = libxl_list_domain_suspend_state(ctx, 0, &nb);
    for (int i = 0; all && i < nb; i++)
        found = found || all[i].domid == domid;
    libxl_guest_suspend_info_list_free(all, nb);
    return found;
}

static bool watch(libxl_ctx *ctx)
{
    libxl_guest_suspend_info info;
    libxl_suspend_watch *w;
    bool found = false;
    int rc;

    if (libxl_suspend_watch_open(ctx, 0, &w))
        return false;
    while (!(rc = libxl_suspend_watch_next(w, 0, &info)))
        found = found || info.domid == domid;
    found = found && rc == ERROR_TIMEDOUT && libxl_suspend_watch_fd(w) >= 0;
    libxl_suspend_watch_close(w);
    return found;
}

/*
 * Every function once; errors, too.  The domain runs, and stays so.  Only some
 * rounds wait in vain, as that takes time: what it holds, a watch holds, too.
 */
static bool round_of_all(libxl_ctx *ctx, bool wait)
{
    libxl_guest_suspend_info info;
    libxl_domain_resume_virq_opts opts;
    bool good;

    libxl_guest_suspend_info_init(&info);
    libxl_domain_resume_virq_opts_init(&opts);
    opts.seq = 1;
    good = !libxl_domain_suspend_state(ctx, domid, &info) &&
           info.domid == domid && words(ctx, &info) && list(ctx) &&
           watch(ctx) &&
           libxl_domain_suspend_state(ctx, 32000, &info) ==
           ERROR_DOMAIN_NOTFOUND &&
           libxl_domain_resume_virq(ctx, domid, LIBXL_RESUME_VIRQ_NONE,
                                    NULL) ==
           ERROR_GUEST_SUSPEND_NOT_SUSPENDED &&
           libxl_domain_resume_virq(ctx, domid, 40, &opts) ==
           ERROR_GUEST_SUSPEND_STALE &&
           !libxl_domain_suspend_wait(ctx, domid,
                                      LIBXL_GUEST_SUSPEND_STATE_RUNNING, 0, 0,
                                      &info) &&
           libxl_domain_suspend_wait(ctx, domid,
                                     LIBXL_GUEST_SUSPEND_STATE_SUSPENDED, 0,
                                     wait ? 1 : 0, NULL) == ERROR_TIMEDOUT;
    libxl_guest_suspend_info_dispose(&info);
    libxl_domain_resume_virq_opts_dispose(&opts);
    return good;
}

static unsigned int failures(libxl_ctx *ctx, unsigned int nr)
{
    unsigned int bad = 0;

    while (nr--)
        bad += !round_of_all(ctx, nr % 20 == 0);
    return bad;
}

static void test_leaks(libxl_ctx *ctx)
{
    unsigned int fds, fds_after, bad;
    size_t heap, grown;

    /* What is made once, and kept, is there after some rounds. */
    bad = failures(ctx, 100);
    fds = tap_nr_fds();
    heap = mallinfo2().uordblks;
    bad += failures(ctx, rounds);
    grown = mallinfo2().uordblks;
    fds_after = tap_nr_fds();

    /* Not earlier: stdout's buffer comes from the heap. */
    TAP_EQ_INT(bad, 0, "each round");
    TAP_EQ_INT(fds_after, fds, "no file is left open");
    grown = grown > heap ? grown - heap : 0;
    /* Less than a byte for each. */
    TAP_OK(grown < rounds, "%u rounds left %zu bytes of heap", rounds, grown);
}

struct thread {
    pthread_t id;
    libxl_ctx *ctx;
    unsigned int bad;
};

static void *run(void *arg)
{
    struct thread *thread = arg;

    thread->bad = failures(thread->ctx, rounds / 20);
    return NULL;
}

static void test_threads(bool shared)
{
    struct thread threads[NR_THREADS];
    unsigned int bad = 0, fds;

    /* A ctx holds files of its own. */
    for (unsigned int i = 0; i < NR_THREADS; i++)
        threads[i].ctx = soak_ctx(shared ? 0 : i);
    fds = tap_nr_fds();
    for (unsigned int i = 0; i < NR_THREADS; i++)
        if (pthread_create(&threads[i].id, NULL, run, &threads[i]))
            abort();
    for (unsigned int i = 0; i < NR_THREADS; i++) {
        pthread_join(threads[i].id, NULL);
        bad += threads[i].bad;
    }
    TAP_EQ_INT(bad, 0, shared ? "threads that share a ctx"
                              : "threads with a ctx each");
    TAP_EQ_INT(tap_nr_fds(), fds, "... leave no file open");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        rounds = (unsigned int)atoi(argv[1]);
    if (argc > 2)
        domid = (libxl_domid)atoi(argv[2]);

    test_leaks(soak_ctx(0));
    test_threads(false);
    test_threads(true);
    TAP_OK(soak_nothing_left(), "nothing else is left over");
    return tap_done();
}
