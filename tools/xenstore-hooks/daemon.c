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

#include "guest_suspend_names.h"
#include "guest_suspend_time.h"

#include "bucket.h"
#include "daemon.h"
#include "fields.h"
#include "hooks.h"
#include "log.h"
#include "model.h"
#include "notify.h"
#include "privileges.h"
#include "source.h"
#include "tree.h"

/*
 * Guests that flap raise the event as often as they can.  After a burst it is
 * unmasked no sooner than this, which is also the most that another guest's
 * change has to wait for that reason.
 */
#define EVENT_BURST       64
#define EVENT_PERIOD_MS   20

/* Publications between two looks for events and signals. */
#define PUBLISH_BATCH     32

/* How soon to try again what failed without a waiting time of its own. */
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
    int signal_fd;
    bool ready;
    bool reported;              /* Who started us knows that it was ready, */
    bool reported_ready;        /* and whether it still is. */
    bool stopping;
    bool child_ended;
    bool resync_failed;         /* It was said to. */
    uint64_t resync_ms;         /* UINT64_MAX: not needed. */
    bool event_taken;           /* And is masked. */
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
static void lose_tree(struct daemon *d, int err)
{
    if (!d->tree)
        return;
    log_msg(LOG_WARNING, "lost xenstored: %s; waiting for it to come back",
            strerror(err));
    tree_close(d->tree);
    d->tree = NULL;
    d->ready = false;
    d->resync_failed = true;
    d->resync_ms = now_ms();
    model_forget_introduced(&d->model);
}

static void check_introduced(struct daemon *d, struct domain *dom)
{
    int known = d->tree ? tree_introduced(d->tree, dom->domid) : -1;

    /* What could not be found out will be with the next resync. */
    if (known >= 0)
        model_introduced(dom, known);
    else
        d->resync_ms = now_ms() + RESYNC_MS;
}

static int take_record(struct daemon *d,
                       const struct xen_guest_suspend_record *rec)
{
    bool fresh;

    if (model_seen(&d->model, rec, gsuspend_time_now(), now_ms(), &fresh))
        return -1;
    if (fresh)
        check_introduced(d, model_find(&d->model, rec->domid));
    return 0;
}

/* Listings are in the order of seq: this one is complete up to rec. */
static int take_listed(void *arg, const struct xen_guest_suspend_record *rec)
{
    struct daemon *d = arg;

    if (take_record(d, rec))
        return -1;
    if (rec->seq > d->cursor)
        d->cursor = rec->seq;
    return 0;
}

/* Read what changed. */
static void drain(struct daemon *d)
{
    if (source_list(d->source, d->cursor, take_listed, d)) {
        log_msg(LOG_WARNING, "cannot list guest suspend records: %s; trying "
                "again", strerror(errno));
        d->resync_ms = now_ms() + RESYNC_MS;
    }
}

/*
 * Ask for each domain that a listing lacks: it may have changed before the
 * listing got to it.  -1 with errno.
 */
static int get_unlisted(struct daemon *d)
{
    struct xen_guest_suspend_record rec;
    unsigned int i;

    for (i = 0; i < d->model.nr; i++) {
        const struct domain *dom = d->model.domains[i];

        if (dom->listed)
            continue;
        if (source_get(d->source, dom->domid, &rec)) {
            if (errno != ESRCH)
                return -1;
        } else if (take_record(d, &rec))
            return -1;
    }
    return 0;
}

/* Find out which domains are there: -1 with errno. */
static int list_all(struct daemon *d)
{
    unsigned int i;

    model_list_begin(&d->model);
    if (source_list(d->source, 0, take_listed, d) || get_unlisted(d))
        return -1;
    model_list_end(&d->model);

    for (i = 0; i < d->model.nr; i++) {
        if (d->model.domains[i]->listed)
            check_introduced(d, d->model.domains[i]);
    }
    model_rechecked(&d->model, now_ms());
    return 0;
}

/*
 * The seq of that domain that hooks have had, or are having: not any that was
 * published, since we may have been killed before they ran for it.
 */
static uint64_t hooks_had_seq(const struct domain *dom, uint64_t instance)
{
    uint64_t seq = instance;

    if (dom->shown.instance == instance && dom->shown.hooks_seq > seq)
        seq = dom->shown.hooks_seq;
    return dom->hooked_seq > seq ? dom->hooked_seq : seq;
}

static void queue_hooks(struct daemon *d, struct domain *dom,
                        const struct xen_guest_suspend_record *rec,
                        int64_t since_time_ns)
{
    struct hook_event event = {
        .domid = dom->domid,
        .instance = rec->instance,
        .seq = rec->seq,
        .previous_seq = hooks_had_seq(dom, rec->instance),
        .not_before_ms = bucket_ready_ms(&dom->hook_rate),
        .domain = dom->name,
    };
    int r;

    event.nr_fields = fields_of_record(rec, since_time_ns, event.fields);
    r = hooks_queue(d->hooks, &event);
    if (r < 0)
        log_msg(LOG_ERR, "no hooks for domid=%"PRIu32" seq=%"PRIu64": %s",
                dom->domid, rec->seq, strerror(errno));
    else if (!r)
        bucket_take(&dom->hook_rate, now_ms());
}

/* For what the tree shows. */
static void queue_hooks_for_change(struct daemon *d, struct domain *dom)
{
    queue_hooks(d, dom, &dom->rec, dom->since_time_ns);
    dom->hooked_seq = dom->rec.seq;
}

static void hooks_are_done(void *arg, uint32_t domid, uint64_t instance,
                           uint64_t seq)
{
    struct daemon *d = arg;
    struct domain *dom = model_find(&d->model, domid);

    if (!dom || !dom->shown.present || dom->shown.instance != instance ||
        !d->tree)
        return;
    if (tree_hooks_done(d->tree, domid, seq))
        log_msg(LOG_WARNING, "cannot note that hooks ran for domid=%"PRIu32
                " seq=%"PRIu64": %s; they run again should we be restarted",
                domid, seq, strerror(errno));
    else
        dom->shown.hooks_seq = seq;
}

static void log_change(const struct domain *dom,
                       const struct xen_guest_suspend_record *rec,
                       const char *more)
{
    char name[LOG_NAME_MAX + 4];

    log_msg(LOG_INFO, "domain=\"%s\" domid=%"PRIu32" state=%s seq=%"PRIu64
            " suspends=%"PRIu64" reason=%s%s", log_name(name, dom->name), dom->domid,
            gsuspend_name(gsuspend_state_names, rec->state), rec->seq,
            rec->nr_suspends, fields_reason_name(rec), more);
}

static void log_transition(struct domain *dom)
{
    char unlogged[40] = "";
    uint64_t now = now_ms();

    dom->logged_seq = dom->rec.seq;
    if (!bucket_ready(&dom->log_rate, now)) {
        dom->unlogged++;
        return;
    }
    bucket_take(&dom->log_rate, now);
    if (dom->unlogged)
        snprintf(unlogged, sizeof(unlogged), " unlogged=%"PRIu32,
                 dom->unlogged);
    dom->unlogged = 0;
    log_change(dom, &dom->rec, unlogged);
}

/* Where the domain that the tree shows died in its sleep: that ends it, too. */
static void end_sleep_of_dead(struct daemon *d, struct domain *dom)
{
    struct xen_guest_suspend_record rec = {
        .domid = (domid_t)dom->domid,
        .seq = dom->shown.seq,
        .instance = dom->shown.instance,
        .wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE,
    };

    if (!dom->shown.seq ||
        dom->shown.state != XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        return;

    /* What is known of it, unless that is already another's. */
    if (dom->rec.instance == dom->shown.instance)
        rec = dom->rec;
    rec.state = XEN_GUEST_SUSPEND_STATE_RUNNING;
    rec.wake_reason = XEN_GUEST_SUSPEND_WAKE_DESTROY;

    log_change(dom, &rec, "");
    if (hooks_active(d->hooks))
        queue_hooks(d, dom, &rec, gsuspend_time_now());
}

static void fail(struct daemon *d, struct domain *dom, const char *what)
{
    int err = errno;

    if (tree_is_lost(err)) {
        lose_tree(d, err);
        return;
    }
    /* Once per series, or a full store would fill the log as well. */
    if (!dom->failures)
        log_msg(LOG_WARNING, "cannot %s domid=%"PRIu32": %s; trying again",
                what, dom->domid, strerror(err));
    model_failed(dom, now_ms());
}

static void publish(struct daemon *d, struct domain *dom)
{
    bool transition = dom->rec.seq != model_previous_seq(dom);
    uint64_t begin_ms = now_ms();
    /* A tree that was lost and is made anew is no news to hooks and log. */
    bool run_hooks = transition && hooks_active(d->hooks) &&
                     dom->rec.seq > dom->hooked_seq;
    bool log = transition && dom->rec.seq > dom->logged_seq;

    if (tree_publish(d->tree, dom, run_hooks)) {
        fail(d, dom, "publish");
        return;
    }
    if (dom->shown.instance != dom->rec.instance) {
        end_sleep_of_dead(d, dom);
        free(dom->name);
        dom->name = NULL;
    }
    /* A request: for a name that somebody gets to see. */
    if (run_hooks || (log && bucket_ready(&dom->log_rate, now_ms())))
        tree_domain_name(d->tree, dom);
    model_published(&d->model, dom, run_hooks, now_ms(), now_ms() - begin_ms);

    if (log)
        log_transition(dom);
    if (run_hooks)
        queue_hooks_for_change(d, dom);
}

static void remove_dead(struct daemon *d, struct domain *dom)
{
    if (tree_remove(d->tree, dom->domid)) {
        fail(d, dom, "remove");
        return;
    }
    log_msg(LOG_DEBUG, "domid=%"PRIu32" is gone", dom->domid);
    end_sleep_of_dead(d, dom);
    model_removed(&d->model, dom);
}

static void announce(struct daemon *d)
{
    if (tree_set_ready(d->tree, getpid())) {
        log_msg(LOG_WARNING, "cannot write " TREE_ROOT "/ready: %s; trying "
                "again", strerror(errno));
        d->resync_ms = now_ms() + RESYNC_MS;
        return;
    }
    d->ready = true;
    log_msg(LOG_INFO, "ready: %u domains", d->model.nr);
}

static void work(struct daemon *d)
{
    struct domain *dom;
    unsigned int i;

    for (i = 0; d->tree && i < PUBLISH_BATCH; i++) {
        dom = model_next(&d->model, now_ms());
        if (!dom)
            break;
        if (dom->gone)
            remove_dead(d, dom);
        else
            publish(d, dom);
    }

    if (d->tree && !d->ready && d->resync_ms == UINT64_MAX &&
        model_settled(&d->model))
        announce(d);
}

/* Hooks that a previous run of the daemon did not get to. */
static void queue_missed_hooks(struct daemon *d)
{
    unsigned int i;

    if (!hooks_active(d->hooks))
        return;
    for (i = 0; i < d->model.nr; i++) {
        struct domain *dom = d->model.domains[i];

        if (dom->shown.seq && dom->shown.seq == dom->rec.seq &&
            dom->shown.instance == dom->rec.instance &&
            dom->shown.seq != dom->shown.instance &&
            dom->shown.hooks_seq != dom->shown.seq &&
            dom->rec.seq > dom->hooked_seq)
            queue_hooks_for_change(d, dom);
    }
}

/* Make what is not a domain's, but for ready, which comes last. */
static int prepare_tree(struct daemon *d)
{
    int says_ready;

    if (tree_prepare(d->tree))
        return -1;
    if (d->ready) {
        says_ready = tree_says_ready(d->tree, getpid());
        if (says_ready < 0)
            return -1;
        d->ready = says_ready;
    }
    return d->ready ? 0 : tree_set_ready(d->tree, 0);
}

/* Make the model true from scratch: at start, and after anything was missed. */
static int resync(struct daemon *d)
{
    bool connected = false;
    unsigned int i;

    if (!d->tree) {
        d->tree = tree_open();
        if (!d->tree)
            return -1;
        connected = true;
    }

    d->resync_ms = UINT64_MAX;
    if (prepare_tree(d))
        goto fail;
    model_forget_tree(&d->model);
    if (tree_scan(d->tree, &d->model))
        goto fail;
    if (list_all(d))
        goto fail;
    if (!d->ready)
        model_missed(&d->model);
    if (connected) {
        for (i = 0; i < d->model.nr; i++) {
            struct domain *dom = d->model.domains[i];

            /* Else it may be another domain's by now. */
            if (dom->shown.instance == dom->rec.instance)
                tree_domain_name(d->tree, dom);
        }
        queue_missed_hooks(d);
    }
    d->resync_failed = false;
    return 0;

 fail:
    if (connected) {
        int err = errno;

        tree_close(d->tree);
        d->tree = NULL;
        errno = err;
    }
    return -1;
}

static void try_resync(struct daemon *d)
{
    int err;

    if (!resync(d))
        return;
    err = errno;
    if (d->tree && tree_is_lost(err))
        lose_tree(d, err);
    else if (!d->resync_failed)
        log_msg(LOG_WARNING, "cannot compare xenstore with the hypervisor: %s; "
                "trying again", strerror(err));
    d->resync_failed = true;
    d->resync_ms = now_ms() + RESYNC_MS;
}

static void take_signals(struct daemon *d)
{
    struct signalfd_siginfo info;

    while (read(d->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            d->child_ended = true;
            break;
        case SIGHUP:
            log_msg(LOG_INFO, "SIGHUP: reading hooks and xenstore again");
            hooks_reload(d->hooks);
            d->resync_ms = 0;
            break;
        default:
            log_msg(LOG_INFO, "%s: ending", strsignal((int)info.ssi_signo));
            d->stopping = true;
            break;
        }
    }
}

static void take_tree_events(struct daemon *d)
{
    bool introduced = false, released = false;
    enum tree_event event;
    unsigned int i;

    while ((event = tree_next_event(d->tree)) != TREE_EVENT_NONE) {
        if (event == TREE_EVENT_LOST) {
            lose_tree(d, errno);
            return;
        }
        introduced |= event == TREE_EVENT_INTRODUCE;
        released |= event == TREE_EVENT_RELEASE;
    }

    if (released) {
        if (list_all(d))
            d->resync_ms = now_ms() + RESYNC_MS;
    } else if (introduced) {
        drain(d);
        for (i = 0; i < d->model.nr; i++) {
            struct domain *dom = d->model.domains[i];

            /* One that is gone may be back: a soft reset does that. */
            if (dom->listed && (!dom->introduced || dom->gone))
                check_introduced(d, dom);
        }
    }
}

static uint64_t next_deadline_ms(struct daemon *d, uint64_t now)
{
    uint64_t first = d->resync_ms, other;

    if (d->tree) {
        other = model_next_ms(&d->model);
        if (other < first)
            first = other;
        other = model_recheck_ms(&d->model, now);
        if (other < first)
            first = other;
    }
    if (d->event_taken) {
        other = bucket_ready_ms(&d->events);
        if (other < first)
            first = other;
    }
    other = hooks_deadline_ms(d->hooks);
    return other < first ? other : first;
}

/* -1: something failed without which there is no going on. */
static int step(struct daemon *d)
{
    struct pollfd fds[NR_FDS + HOOKS_PARALLEL] = {
        /* poll() ignores a negative one. */
        [FD_SOURCE] = { .fd = d->event_taken ? -1 : source_fd(d->source),
                        .events = POLLIN },
        [FD_SIGNALS] = { .fd = d->signal_fd, .events = POLLIN },
        [FD_TREE] = { .fd = d->tree ? tree_fd(d->tree) : -1,
                      .events = POLLIN },
        [FD_TREE_END] = { .fd = d->tree ? tree_end_fd(d->tree) : -1 },
    };
    uint64_t now = now_ms(), deadline = next_deadline_ms(d, now);
    int timeout_ms = -1;
    nfds_t nr;

    if (deadline != UINT64_MAX) {
        uint64_t wait_ms = deadline > now ? deadline - now : 0;

        timeout_ms = wait_ms < 86400000 ? (int)wait_ms : 86400000;
    }
    nr = NR_FDS + hooks_pollfds(d->hooks, &fds[NR_FDS]);
    if (poll(fds, nr, timeout_ms) < 0 && errno != EINTR) {
        log_msg(LOG_ERR, "poll: %s", strerror(errno));
        return -1;
    }

    if (fds[FD_SIGNALS].revents)
        take_signals(d);
    if (d->stopping)
        return 0;

    if (fds[FD_SOURCE].revents) {
        if (source_take(d->source)) {
            log_msg(LOG_ERR, "cannot read the event channel: %s",
                    strerror(errno));
            return -1;
        }
        bucket_take(&d->events, now_ms());
        d->event_taken = true;
        drain(d);
    }
    if (fds[FD_TREE_END].revents)
        lose_tree(d, ECONNRESET);
    else if (fds[FD_TREE].revents && d->tree)
        take_tree_events(d);
    if (d->resync_ms <= now_ms())
        try_resync(d);
    else if (d->tree && model_recheck_ms(&d->model, now) <= now &&
             list_all(d))
        d->resync_ms = now_ms() + RESYNC_MS;

    work(d);

    if (d->event_taken && bucket_ready(&d->events, now_ms())) {
        if (source_unmask(d->source)) {
            log_msg(LOG_ERR, "cannot unmask the event channel: %s",
                    strerror(errno));
            return -1;
        }
        d->event_taken = false;
    }

    hooks_run(d->hooks, d->child_ended, now_ms());
    d->child_ended = false;
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

static int write_pidfile(const char *path)
{
    FILE *file = fopen(path, "we");
    bool ok;

    if (file) {
        ok = fprintf(file, "%ld\n", (long)getpid()) > 0;
        ok = !fclose(file) && ok;
        if (ok)
            return 0;
    }
    log_msg(LOG_ERR, "cannot write pidfile %s: %s", path, strerror(errno));
    return -1;
}

/* Tell who started us. */
static void notify_outcome(const char *text)
{
    if (notify_manager(text))
        log_msg(LOG_WARNING, "cannot notify the service manager: %s",
                strerror(errno));
}

static void notify_failed(int errnum)
{
    char text[128];

    snprintf(text, sizeof(text), "ERRNO=%d\nSTATUS=Failed: %s", errnum,
             strerror(errnum));
    notify_outcome(text);
}

#define STATUS_READY   "STATUS=Publishing in " TREE_ROOT
#define STATUS_REBUILD "STATUS=Rebuilding " TREE_ROOT
#define STATUS_WAITING "STATUS=Waiting for xenstored to come back"

/* Write the pidfile and tell who started us, when it is ready; then, changes. */
static int report_ready(struct daemon *d, const char *pidfile)
{
    if (d->ready == d->reported_ready)
        return 0;
    d->reported_ready = d->ready;
    if (d->reported) {
        /* By now nobody need listen: start-stop-daemon has gone. */
        notify_manager(d->ready ? STATUS_READY :
                       d->tree ? STATUS_REBUILD : STATUS_WAITING);
        return 0;
    }
    if (pidfile && write_pidfile(pidfile))
        return -1;
    d->reported = true;
    notify_outcome("READY=1\n" STATUS_READY);
    return 0;
}

int daemon_run(const struct options *o)
{
    struct daemon d = {
        .signal_fd = -1,
        .resync_ms = UINT64_MAX,
        .events = { .burst = EVENT_BURST, .period_ms = EVENT_PERIOD_MS },
    };
    int status = EXIT_FAILURE;

    model_init(&d.model);

    /* Before libxenstore makes a thread, which must not get the signals. */
    d.signal_fd = open_signals();
    if (d.signal_fd < 0) {
        log_msg(LOG_ERR, "cannot receive signals: %s", strerror(errno));
        goto out;
    }

    d.source = source_open();
    if (!d.source) {
        if (errno == ENOSYS)
            status = EXIT_UNSUPPORTED;
        goto out;
    }

    /* libxenstore's thread inherits this, but would not get it later. */
    if (privileges_drop(o->hooks_dir)) {
        log_msg(LOG_ERR, "cannot drop privileges: %s", strerror(errno));
        goto out;
    }

    d.hooks = hooks_new(o->hooks_dir, o->hook_timeout_ms, hooks_are_done, &d);
    if (!d.hooks) {
        log_msg(LOG_ERR, "out of memory");
        goto out;
    }

    if (resync(&d)) {
        log_msg(LOG_ERR, "cannot set up " TREE_ROOT " in xenstore: %s; is "
                "xenstored running?", strerror(errno));
        goto out;
    }

    for (work(&d); !d.stopping;) {
        if (report_ready(&d, o->pidfile) || step(&d))
            goto out;
    }
    status = EXIT_SUCCESS;

 out:
    if (status != EXIT_SUCCESS)
        notify_failed(errno ? errno : EIO);
    if (d.tree && tree_set_ready(d.tree, 0))
        log_msg(LOG_WARNING, "cannot remove " TREE_ROOT "/ready: %s",
                strerror(errno));
    if (d.reported && o->pidfile)
        unlink(o->pidfile);
    hooks_free(d.hooks);
    tree_close(d.tree);
    source_close(d.source);
    if (d.signal_fd >= 0)
        close(d.signal_fd);
    model_free(&d.model);
    return status;
}
