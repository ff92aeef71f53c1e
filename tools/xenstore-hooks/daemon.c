/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's loop.
 *
 * The event is a hint and the records are the truth: on an event we read all
 * records that are later than the last one read, publish, and then unmask the
 * event.  A change after the reading is pending by then, and nothing is lost.
 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "guest_suspend_time.h"
#include "guest_suspend_times.h"

#include "bucket.h"
#include "changes.h"
#include "daemon.h"
#include "fields.h"
#include "hooks.h"
#include "log.h"
#include "model.h"
#include "privileges.h"
#include "report.h"
#include "source.h"
#include "tree.h"
#include "wakes.h"

/*
 * A guest that flaps raises the event as often as it can.  After a burst, the event
 * stays masked for a period.  Another guest's change waits no longer than that.
 */
#define EVENT_BURST       64
#define EVENT_PERIOD_MS   20

/* Publications between two looks for events and signals. */
#define PUBLISH_BATCH     32

/* When to compare the tree with the hypervisor again, after a failure. */
#define RESYNC_MS         1000

enum {
    FD_SOURCE,
    FD_SIGNALS,
    FD_TREE,
    FD_TREE_END,
    NR_FDS,
};

struct daemon {
    struct model model;
    struct source *source;
    struct tree *tree;          /* NULL: xenstored is away. */
    struct hooks *hooks;
    struct wakes *wakes;
    int signal_fd;
    int times_fd;               /* guest_suspend_times.h; -1: none. */
    bool times_failed;          /* That there is none was logged. */
    struct gsuspend_counters counters;
    bool counters_noted;        /* The file has them as they are. */
    bool ready;
    struct report report;
    bool stopping;
    bool child_ended;
    bool resync_failed;         /* That it failed was logged. */
    uint64_t resync_ms;         /* When to resync; UINT64_MAX: not needed. */
    bool event_taken;           /* The event is masked. */
    struct bucket events;
    uint64_t cursor;            /* Each change up to this seq was listed. */
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The connection failed: close it, and have resync() open another. */
static void lose_tree(struct daemon *daemon, int err)
{
    if (!daemon->tree)
        return;
    log_msg(LOG_WARNING, "lost xenstored: %s; waiting for it to come back",
            strerror(err));
    tree_close(daemon->tree);
    daemon->tree = NULL;
    daemon->counters.losses++;
    daemon->counters_noted = false;
    daemon->ready = false;
    daemon->resync_failed = true;
    daemon->resync_ms = now_ms();
    model_forget_introduced(&daemon->model);
}

static void update_introduced(struct daemon *daemon, struct domain *domain)
{
    int introduced = -1;

    if (daemon->tree)
        introduced = tree_introduced(daemon->tree, domain->domid);

    /* If xenstored cannot be asked, the next resync asks it. */
    if (introduced < 0) {
        daemon->resync_ms = now_ms() + RESYNC_MS;
        return;
    }

    if (introduced && !domain->introduced &&
        tree_make_feature(daemon->tree, domain->domid))
        log_msg(LOG_WARNING, "domain %u cannot be asked to sleep: "
                "control/feature-s3: %s", domain->domid, strerror(errno));
    model_introduced(&daemon->model, domain, introduced);
}

static int take_record(struct daemon *daemon,
                       const struct xen_guest_suspend_record *rec)
{
    bool fresh;

    if (model_seen(&daemon->model, rec, gsuspend_time_now(), now_ms(), &fresh))
        return -1;
    if (fresh)
        update_introduced(daemon, model_find(&daemon->model, rec->domid));
    return 0;
}

/* Listings are in the order of seq: this one is complete up to rec. */
static int take_listed(void *arg, const struct xen_guest_suspend_record *rec)
{
    struct daemon *daemon = arg;

    if (take_record(daemon, rec))
        return -1;
    if (rec->seq > daemon->cursor)
        daemon->cursor = rec->seq;
    return 0;
}

static int take_due(void *arg, const struct xen_guest_suspend_record *rec)
{
    struct daemon *daemon = arg;
    struct domain *domain = model_find(&daemon->model, rec->domid);
    int r;

    /* It is younger than the last listing, and its event is yet to come. */
    if (!domain)
        return 0;
    r = wakes_due(daemon->wakes, rec->domid, rec->seq,
                  bucket_ready_ms(&domain->wake_rate));
    if (r > 0)
        bucket_take(&domain->wake_rate, now_ms());
    return r < 0 ? -1 : 0;
}

/* Which wakes are due?  That one becomes due is no change that a listing has. */
static int list_due(struct daemon *daemon)
{
    wakes_list_begin(daemon->wakes);
    if (source_list_due(daemon->source, take_due, daemon))
        return -1;
    wakes_list_end(daemon->wakes);
    return 0;
}

/* Read what changed. */
static void drain(struct daemon *daemon)
{
    if (source_list(daemon->source, daemon->cursor, take_listed, daemon) ||
        list_due(daemon)) {
        log_msg(LOG_WARNING, "cannot list guest suspend records: %s; trying "
                "again", strerror(errno));
        daemon->resync_ms = now_ms() + RESYNC_MS;
    }
}

/*
 * Ask for each domain that a listing lacks: it may have changed before the
 * listing got to it.  -1 with errno.
 */
static int get_unlisted(struct daemon *daemon)
{
    struct xen_guest_suspend_record rec;
    unsigned int i;

    for (i = 0; i < daemon->model.nr; i++) {
        const struct domain *domain = daemon->model.domains[i];

        if (domain->listed)
            continue;
        if (source_get(daemon->source, domain->domid, &rec)) {
            if (errno != ESRCH)
                return -1;
        } else if (take_record(daemon, &rec))
            return -1;
    }
    return 0;
}

/* List all domains, and mark those that are gone.  -1 with errno. */
static int list_domains(struct daemon *daemon)
{
    model_list_begin(&daemon->model);
    if (source_list(daemon->source, 0, take_listed, daemon) ||
        get_unlisted(daemon) || list_due(daemon))
        return -1;
    model_list_end(&daemon->model);
    return 0;
}

/* Ask xenstored about each domain.  New ones it was asked about just now. */
static void ask_about_all(struct daemon *daemon)
{
    uint64_t begin_ms = now_ms();
    unsigned int i;

    for (i = 0; i < daemon->model.nr; i++) {
        struct domain *domain = daemon->model.domains[i];

        if (domain->listed && !domain->asked)
            update_introduced(daemon, domain);
    }
    model_asked(&daemon->model, now_ms(), now_ms() - begin_ms);
}

/* Both.  -1 with errno. */
static int list_all(struct daemon *daemon)
{
    if (list_domains(daemon))
        return -1;

    ask_about_all(daemon);
    model_rechecked(&daemon->model, now_ms());
    return 0;
}

/*
 * The latest seq of the domain that hooks have had or have now.  It may be earlier
 * than the published one: a daemon may be killed before its hooks run.
 */
static uint64_t hooks_had_seq(const struct domain *domain, uint64_t instance)
{
    uint64_t seq = instance;

    if (domain->shown.instance == instance && domain->shown.hooks_seq > seq)
        seq = domain->shown.hooks_seq;
    return domain->hooked_seq > seq ? domain->hooked_seq : seq;
}

static void queue_hooks(struct daemon *daemon, struct domain *domain,
                        const struct xen_guest_suspend_record *rec,
                        int64_t since_time_ns)
{
    struct hook_event event = {
        .domid = domain->domid,
        .instance = rec->instance,
        .seq = rec->seq,
        .previous_seq = hooks_had_seq(domain, rec->instance),
        .not_before_ms = bucket_ready_ms(&domain->hook_rate),
        .domain = domain->name,
    };
    int r;

    event.nr_fields = fields_of_record(rec, since_time_ns, event.fields);
    r = hooks_queue(daemon->hooks, &event);
    if (r < 0)
        log_msg(LOG_ERR, "no hooks for domid=%"PRIu32" seq=%"PRIu64": %s",
                domain->domid, rec->seq, strerror(errno));
    else if (!r)
        bucket_take(&domain->hook_rate, now_ms());
}

/* For what the tree shows. */
static void queue_hooks_for_change(struct daemon *daemon, struct domain *domain)
{
    queue_hooks(daemon, domain, &domain->rec, domain->since_time_ns);
    domain->hooked_seq = domain->rec.seq;
}

static void hooks_are_done(void *arg, uint32_t domid, uint64_t instance,
                           uint64_t seq)
{
    struct daemon *daemon = arg;
    struct domain *domain = model_find(&daemon->model, domid);

    if (!domain || !domain->shown.present ||
        domain->shown.instance != instance || !daemon->tree)
        return;
    if (tree_hooks_done(daemon->tree, domid, seq))
        log_msg(LOG_WARNING, "cannot note that hooks ran for domid=%"PRIu32
                " seq=%"PRIu64": %s; they run again should we be restarted",
                domid, seq, strerror(errno));
    else
        domain->shown.hooks_seq = seq;
}

/* If the domain that the tree shows died asleep, log it and run hooks. */
static void end_sleep_of_dead(struct daemon *daemon, struct domain *domain)
{
    struct xen_guest_suspend_record rec = {
        .domid = (domid_t)domain->domid,
        .seq = domain->shown.seq,
        .instance = domain->shown.instance,
        .wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE,
    };

    if (!domain->shown.seq ||
        domain->shown.state != XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        return;

    /* The model's record, unless another domain has the id by now. */
    if (domain->rec.instance == domain->shown.instance)
        rec = domain->rec;
    rec.state = XEN_GUEST_SUSPEND_STATE_RUNNING;
    rec.wake_reason = XEN_GUEST_SUSPEND_WAKE_DESTROY;

    changes_log_record(domain, &rec, "");
    if (hooks_active(daemon->hooks))
        queue_hooks(daemon, domain, &rec, gsuspend_time_now());
}

static void fail(struct daemon *daemon, struct domain *domain, const char *what)
{
    int err = errno;

    if (tree_is_lost(err)) {
        lose_tree(daemon, err);
        return;
    }
    /* Log the first failure in a row only: a full store must not fill the log. */
    if (!domain->failures)
        log_msg(LOG_WARNING, "cannot %s domid=%"PRIu32": %s; trying again",
                what, domain->domid, strerror(err));
    model_failed(domain, now_ms());
    daemon->counters.failures++;
    daemon->counters_noted = false;
}

/* It only saves requests: without it xl finds the time in xenstore. */
static void lose_times(struct daemon *daemon)
{
    if (!daemon->times_failed)
        log_msg(LOG_WARNING, "no times of day in a file: %s; xl asks xenstore "
                "for them", strerror(errno));
    daemon->times_failed = true;
    if (daemon->times_fd >= 0)
        close(daemon->times_fd);
    daemon->times_fd = -1;
}

static void note_time(struct daemon *daemon, const struct domain *domain)
{
    const struct gsuspend_change change = {
        .domid = domain->domid, .seq = domain->rec.seq,
        .instance = domain->rec.instance, .since_ns = domain->rec.since_ns,
    };

    if (daemon->times_fd >= 0 && domain->rec.seq &&
        gsuspend_times_write(daemon->times_fd, &change, domain->since_time_ns))
        lose_times(daemon);
}

/* Only if there is something new: a change costs no call more. */
static void note_counters(struct daemon *daemon)
{
    if (daemon->times_fd < 0 || daemon->counters_noted)
        return;
    if (gsuspend_counters_write(daemon->times_fd, &daemon->counters))
        lose_times(daemon);
    daemon->counters_noted = true;
}

/* The file may be new, or be an earlier daemon's, which knew other times. */
static void note_all_times(struct daemon *daemon)
{
    unsigned int i;

    if (daemon->times_fd >= 0)
        close(daemon->times_fd);
    daemon->times_fd = gsuspend_times_open_to_write();
    if (daemon->times_fd < 0)
        lose_times(daemon);
    daemon->counters_noted = false;
    note_counters(daemon);
    for (i = 0; i < daemon->model.nr; i++)
        note_time(daemon, daemon->model.domains[i]);
}

static void publish(struct daemon *daemon, struct domain *domain)
{
    bool transition = domain->rec.seq != model_previous_seq(domain);
    uint64_t begin_ms = now_ms(), coalesced = model_coalesced(domain);
    /* A tree that was lost and is made anew is no news to hooks and log. */
    bool run_hooks = transition && hooks_active(daemon->hooks) &&
                     domain->rec.seq > domain->hooked_seq;
    bool log = transition && domain->rec.seq > domain->logged_seq;

    /* First: whoever hears of the change may look. */
    note_time(daemon, domain);
    if (tree_publish(daemon->tree, domain, run_hooks)) {
        fail(daemon, domain, "publish");
        return;
    }
    if (coalesced) {
        daemon->counters.coalesced += coalesced;
        daemon->counters_noted = false;
    }
    if (domain->shown.instance != domain->rec.instance) {
        end_sleep_of_dead(daemon, domain);
        free(domain->name);
        domain->name = NULL;
    }
    /* This is one more request: read the name only where it is needed. */
    if (run_hooks || (log && bucket_ready(&domain->log_rate, now_ms())))
        tree_domain_name(daemon->tree, domain);
    model_published(&daemon->model, domain, run_hooks, now_ms(),
                    now_ms() - begin_ms);

    if (log)
        changes_log(domain, now_ms());
    if (run_hooks)
        queue_hooks_for_change(daemon, domain);
}

static void remove_dead(struct daemon *daemon, struct domain *domain)
{
    if (tree_remove(daemon->tree, domain->domid)) {
        fail(daemon, domain, "remove");
        return;
    }
    log_msg(LOG_DEBUG, "domid=%"PRIu32" is gone", domain->domid);
    end_sleep_of_dead(daemon, domain);
    model_removed(&daemon->model, domain);
}

static void announce(struct daemon *daemon)
{
    if (tree_set_ready(daemon->tree, getpid())) {
        log_msg(LOG_WARNING, "cannot write " TREE_ROOT "/ready: %s; trying "
                "again", strerror(errno));
        daemon->resync_ms = now_ms() + RESYNC_MS;
        return;
    }
    daemon->ready = true;
    log_msg(LOG_INFO, "ready: %u domains", daemon->model.nr);
}

static void work(struct daemon *daemon)
{
    struct domain *domain;
    unsigned int i;

    for (i = 0; daemon->tree && i < PUBLISH_BATCH; i++) {
        domain = model_next(&daemon->model, now_ms());
        if (!domain)
            break;
        if (domain->gone)
            remove_dead(daemon, domain);
        else
            publish(daemon, domain);
    }

    if (daemon->tree && !daemon->ready && daemon->resync_ms == UINT64_MAX &&
        model_settled(&daemon->model))
        announce(daemon);
}

/* Queue the hooks that the previous daemon did not run. */
static void queue_missed_hooks(struct daemon *daemon)
{
    unsigned int i;

    if (!hooks_active(daemon->hooks))
        return;
    for (i = 0; i < daemon->model.nr; i++) {
        struct domain *domain = daemon->model.domains[i];

        if (domain->shown.seq && domain->shown.seq == domain->rec.seq &&
            domain->shown.instance == domain->rec.instance &&
            domain->shown.seq != domain->shown.instance &&
            domain->shown.hooks_seq != domain->shown.seq &&
            domain->rec.seq > domain->hooked_seq) {
            tree_domain_name(daemon->tree, domain);
            queue_hooks_for_change(daemon, domain);
        }
    }
}

/* Make the root and version.  ready is written last, when the tree is true. */
static int prepare_tree(struct daemon *daemon)
{
    int says_ready;

    if (tree_prepare(daemon->tree))
        return -1;
    if (daemon->ready) {
        says_ready = tree_says_ready(daemon->tree, getpid());
        if (says_ready < 0)
            return -1;
        daemon->ready = says_ready;
    }
    return daemon->ready ? 0 : tree_set_ready(daemon->tree, 0);
}

/* Compare all with xenstore and the hypervisor: at start, and after a loss. */
static int resync(struct daemon *daemon)
{
    bool connected = false;
    unsigned int i;

    if (!daemon->tree) {
        daemon->tree = tree_open();
        if (!daemon->tree)
            return -1;
        connected = true;
    }

    daemon->resync_ms = UINT64_MAX;
    if (prepare_tree(daemon))
        goto fail;
    model_forget_tree(&daemon->model);
    if (tree_scan(daemon->tree, &daemon->model))
        goto fail;
    if (list_all(daemon))
        goto fail;
    if (!daemon->ready)
        model_missed(&daemon->model);
    note_all_times(daemon);
    if (connected) {
        for (i = 0; i < daemon->model.nr; i++) {
            struct domain *domain = daemon->model.domains[i];

            /*
             * For when it dies asleep, and has no name any more.  If the instance
             * is another one, so may be the name.
             */
            if (domain->shown.instance == domain->rec.instance &&
                domain->shown.state == XEN_GUEST_SUSPEND_STATE_SUSPENDED)
                tree_domain_name(daemon->tree, domain);
        }
        queue_missed_hooks(daemon);
    }
    daemon->resync_failed = false;
    return 0;

 fail:
    if (connected) {
        int err = errno;

        tree_close(daemon->tree);
        daemon->tree = NULL;
        errno = err;
    }
    return -1;
}

static void try_resync(struct daemon *daemon)
{
    int err;

    if (!resync(daemon))
        return;
    err = errno;
    if (daemon->tree && tree_is_lost(err))
        lose_tree(daemon, err);
    else if (!daemon->resync_failed)
        log_msg(LOG_WARNING, "cannot compare xenstore with the hypervisor: %s; "
                "trying again", strerror(err));
    daemon->resync_failed = true;
    daemon->resync_ms = now_ms() + RESYNC_MS;
}

static void take_signals(struct daemon *daemon)
{
    struct signalfd_siginfo info;

    while (read(daemon->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            daemon->child_ended = true;
            break;
        case SIGHUP:
            log_msg(LOG_INFO, "SIGHUP: reading hooks and xenstore again");
            hooks_reload(daemon->hooks);
            daemon->resync_ms = 0;
            break;
        default:
            log_msg(LOG_INFO, "%s: ending", strsignal((int)info.ssi_signo));
            daemon->stopping = true;
            break;
        }
    }
}

static void take_tree_events(struct daemon *daemon)
{
    bool introduced = false, released = false;
    enum tree_event event;
    unsigned int i;

    while ((event = tree_next_event(daemon->tree)) != TREE_EVENT_NONE) {
        if (event == TREE_EVENT_LOST) {
            lose_tree(daemon, errno);
            return;
        }
        introduced |= event == TREE_EVENT_INTRODUCE;
        released |= event == TREE_EVENT_RELEASE;
    }

    if (released) {
        model_released(&daemon->model, now_ms());
        if (list_domains(daemon))
            daemon->resync_ms = now_ms() + RESYNC_MS;
    }
    if (introduced) {
        drain(daemon);
        for (i = 0; i < daemon->model.nr; i++) {
            struct domain *domain = daemon->model.domains[i];

            /* One that is gone may be back: a soft reset does that. */
            if (domain->listed && (!domain->introduced || domain->gone))
                update_introduced(daemon, domain);
        }
    }
}

static uint64_t next_deadline_ms(struct daemon *daemon, uint64_t now)
{
    uint64_t first = daemon->resync_ms, other;

    if (daemon->tree) {
        other = model_next_ms(&daemon->model);
        if (other < first)
            first = other;
        other = model_recheck_ms(&daemon->model, now);
        if (other < first)
            first = other;
        other = model_ask_ms(&daemon->model);
        if (other < first)
            first = other;
    }
    if (daemon->event_taken) {
        other = bucket_ready_ms(&daemon->events);
        if (other < first)
            first = other;
    }
    other = hooks_deadline_ms(daemon->hooks);
    if (other < first)
        first = other;
    other = wakes_deadline_ms(daemon->wakes);
    return other < first ? other : first;
}

/* -1: something failed without which there is no going on. */
static int step(struct daemon *daemon)
{
    struct pollfd fds[NR_FDS + HOOKS_PARALLEL] = {
        /* poll() ignores a negative one. */
        [FD_SOURCE] = { .fd = daemon->event_taken ? -1
                                                  : source_fd(daemon->source),
                        .events = POLLIN },
        [FD_SIGNALS] = { .fd = daemon->signal_fd, .events = POLLIN },
        [FD_TREE] = { .fd = daemon->tree ? tree_fd(daemon->tree) : -1,
                      .events = POLLIN },
        [FD_TREE_END] = { .fd = daemon->tree ? tree_end_fd(daemon->tree) : -1 },
    };
    uint64_t now = now_ms(), deadline = next_deadline_ms(daemon, now);
    int timeout_ms = -1;
    nfds_t nr;

    if (deadline != UINT64_MAX) {
        uint64_t wait_ms = deadline > now ? deadline - now : 0;

        timeout_ms = wait_ms < 86400000 ? (int)wait_ms : 86400000;
    }
    nr = NR_FDS + hooks_pollfds(daemon->hooks, &fds[NR_FDS]);
    if (poll(fds, nr, timeout_ms) < 0 && errno != EINTR) {
        log_msg(LOG_ERR, "poll: %s", strerror(errno));
        return -1;
    }

    if (fds[FD_SIGNALS].revents)
        take_signals(daemon);
    if (daemon->stopping)
        return 0;

    if (fds[FD_SOURCE].revents) {
        if (source_take(daemon->source)) {
            log_msg(LOG_ERR, "cannot read the event channel: %s",
                    strerror(errno));
            return -1;
        }
        bucket_take(&daemon->events, now_ms());
        daemon->event_taken = true;
        drain(daemon);
    }
    if (fds[FD_TREE_END].revents)
        lose_tree(daemon, ECONNRESET);
    else if (fds[FD_TREE].revents && daemon->tree)
        take_tree_events(daemon);
    if (daemon->resync_ms <= now_ms())
        try_resync(daemon);
    else if (daemon->tree && model_recheck_ms(&daemon->model, now) <= now &&
             list_all(daemon))
        daemon->resync_ms = now_ms() + RESYNC_MS;
    if (daemon->tree && model_ask_ms(&daemon->model) <= now_ms())
        ask_about_all(daemon);

    work(daemon);
    note_counters(daemon);

    if (daemon->event_taken && bucket_ready(&daemon->events, now_ms())) {
        if (source_unmask(daemon->source)) {
            log_msg(LOG_ERR, "cannot unmask the event channel: %s",
                    strerror(errno));
            return -1;
        }
        daemon->event_taken = false;
    }

    hooks_run(daemon->hooks, daemon->child_ended, now_ms());
    wakes_run(daemon->wakes, daemon->child_ended, now_ms());
    daemon->child_ended = false;
    return 0;
}

static int open_signals(void)
{
    sigset_t set;

    /* xenstored's end must be an error code, not ours. */
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int daemon_run(const struct options *options)
{
    struct daemon daemon = {
        .signal_fd = -1,
        .times_fd = -1,
        .report = { .pidfile = options->pidfile },
        .resync_ms = UINT64_MAX,
        .events = { .burst = EVENT_BURST, .period_ms = EVENT_PERIOD_MS },
    };
    int status = EXIT_FAILURE;

    model_init(&daemon.model);

    /* Before libxenstore makes a thread, which must not get the signals. */
    daemon.signal_fd = open_signals();
    if (daemon.signal_fd < 0) {
        log_msg(LOG_ERR, "cannot receive signals: %s", strerror(errno));
        goto out;
    }

    daemon.source = source_open();
    if (!daemon.source) {
        if (errno == ENOSYS)
            status = EXIT_UNSUPPORTED;
        goto out;
    }

    /* libxenstore's thread inherits this, but would not get it later. */
    if (privileges_drop(options->hooks_dir)) {
        log_msg(LOG_ERR, "cannot drop privileges: %s", strerror(errno));
        goto out;
    }

    daemon.hooks = hooks_new(options->hooks_dir, options->hook_timeout_ms,
                             hooks_are_done, &daemon);
    daemon.wakes = wakes_new(options->xl);
    if (!daemon.hooks || !daemon.wakes) {
        log_msg(LOG_ERR, "out of memory");
        goto out;
    }

    if (resync(&daemon)) {
        log_msg(LOG_ERR, "cannot set up " TREE_ROOT " in xenstore: %s; is "
                "xenstored running?", strerror(errno));
        goto out;
    }

    for (work(&daemon); !daemon.stopping;) {
        if (report_ready(&daemon.report, daemon.ready, daemon.tree) ||
            step(&daemon))
            goto out;
    }
    status = EXIT_SUCCESS;

 out:
    if (status != EXIT_SUCCESS)
        report_failed(errno ? errno : EIO);
    if (daemon.tree && tree_set_ready(daemon.tree, 0))
        log_msg(LOG_WARNING, "cannot remove " TREE_ROOT "/ready: %s",
                strerror(errno));
    report_end(&daemon.report);
    hooks_free(daemon.hooks);
    wakes_free(daemon.wakes);
    tree_close(daemon.tree);
    source_close(daemon.source);
    if (daemon.signal_fd >= 0)
        close(daemon.signal_fd);
    if (daemon.times_fd >= 0)
        close(daemon.times_fd);
    model_free(&daemon.model);
    return status;
}
