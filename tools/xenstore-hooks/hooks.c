/* SPDX-License-Identifier: GPL-2.0-only */
/* Running hooks; see hooks.h. */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "hookdir.h"
#include "hooks.h"
#include "log.h"

#define ENV_PREFIX "GUEST_SUSPEND_"

/* The fields, and PATH, DOMAIN, DOMID, PREVIOUS_SEQ. */
#define ENV_MAX (FIELDS_MAX + 4)

/* What a line takes of HOOKS_OUTPUT_MAX beside its bytes. */
#define LINE_COST 64

/* How soon to try again to start a hook that nothing can be started for. */
#define RETRY_MS 1000

/* How long hooks_free() waits for each child that it killed. */
#define FREE_WAIT_MS 1000

struct job {
    struct job *next;
    struct hook_event event;
    char *domain;               /* What event.domain points to. */
    bool started;
    bool delayed;               /* For want of memory, or the like. */
    char hook[NAME_MAX + 1];    /* The hook that runs, or ran last. */
    pid_t pid;                  /* 0: none runs. */
    int fd;                     /* Its output; -1: closed. */
    bool terminated;            /* It was sent SIGTERM. */
    bool unkillable;            /* That kill() failed was logged. */
    uint64_t deadline_ms;
    unsigned int output;        /* Bytes read, and what their lines cost. */
    char line[HOOKS_LINE_MAX];
    unsigned int line_len;
};

struct hooks {
    const char *dir;
    uint32_t timeout_ms;
    void (*done)(void *arg, uint32_t domid, uint64_t instance, uint64_t seq);
    void *arg;
    struct hookdir list;
    struct job *jobs;           /* In the order of their events. */
    unsigned int nr_started;
};

static void log_left_out(const char *name, const char *why, bool refused)
{
    log_msg(refused ? LOG_WARNING : LOG_DEBUG, "hook %s is not run: %s", name,
            why);
}

void hooks_reload(struct hooks *hooks)
{
    const char *wrong = NULL;

    hookdir_free(&hooks->list);
    if (hooks->dir)
        wrong = hookdir_scan(&hooks->list, hooks->dir, log_left_out);
    if (wrong)
        log_msg(LOG_ERR, "no hooks from %s: %s", hooks->dir, wrong);
}

struct hooks *hooks_new(const char *dir, uint32_t timeout_ms,
                        void (*done)(void *arg, uint32_t domid,
                                     uint64_t instance, uint64_t seq),
                        void *arg)
{
    struct hooks *hooks = calloc(1, sizeof(*hooks));

    if (!hooks)
        return NULL;
    hooks->dir = dir;
    hooks->timeout_ms = timeout_ms;
    hooks->done = done;
    hooks->arg = arg;
    hooks_reload(hooks);
    return hooks;
}

bool hooks_active(const struct hooks *hooks)
{
    return hooks->list.nr > 0;
}

static void set_event(struct job *job, const struct hook_event *event,
                      char *domain)
{
    free(job->domain);
    job->domain = domain;
    job->event = *event;
    job->event.domain = domain;
}

static void free_job(struct job *job)
{
    free(job->domain);
    free(job);
}

int hooks_queue(struct hooks *hooks, const struct hook_event *event)
{
    struct job **link, *job, *last = NULL;
    char *domain = NULL;

    if (event->domain && !(domain = strdup(event->domain)))
        return -1;
    for (link = &hooks->jobs; *link; link = &(*link)->next) {
        if ((*link)->event.domid == event->domid)
            last = *link;
    }

    if (last && !last->started && last->event.instance == event->instance) {
        uint64_t previous_seq = last->event.previous_seq;
        uint64_t not_before_ms = last->event.not_before_ms;

        set_event(last, event, domain);
        last->event.previous_seq = previous_seq;
        last->event.not_before_ms = not_before_ms;
        return 1;
    }

    job = calloc(1, sizeof(*job));
    if (!job) {
        free(domain);
        return -1;
    }
    set_event(job, event, domain);
    job->fd = -1;
    *link = job;
    return 0;
}

/* The environment of a hook, in memory of the parent's: 0, or -1 with errno. */
static int make_environment(const struct hook_event *event,
                            char *env[ENV_MAX + 1])
{
    unsigned int n = 0, i;
    char *c;

    if (asprintf(&env[n], CHILD_PATH) < 0 ||
        asprintf(&env[++n], ENV_PREFIX "DOMAIN=%s",
                 event->domain ? event->domain : "") < 0 ||
        asprintf(&env[++n], ENV_PREFIX "DOMID=%"PRIu32, event->domid) < 0 ||
        asprintf(&env[++n], ENV_PREFIX "PREVIOUS_SEQ=%"PRIu64,
                 event->previous_seq) < 0)
        goto fail;
    for (i = 0; i < event->nr_fields; i++) {
        if (asprintf(&env[++n], ENV_PREFIX "%s=%s", event->fields[i].name,
                     event->fields[i].value) < 0)
            goto fail;
        for (c = env[n] + strlen(ENV_PREFIX); *c != '='; c++)
            *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    }
    env[n + 1] = NULL;
    return 0;

 fail:
    env[n] = NULL;
    return -1;
}

static void free_environment(char *env[])
{
    unsigned int i;

    for (i = 0; env[i]; i++)
        free(env[i]);
}

static void log_hook(int level, const struct job *job, const char *text)
{
    char name[LOG_NAME_MAX + 4];

    log_msg(level, "hook=%s domain=\"%s\" domid=%"PRIu32" seq=%"PRIu64": %s",
            job->hook, log_name(name, job->event.domain), job->event.domid,
            job->event.seq, text);
}

enum start { STARTED, PASSED_OVER, DELAYED };

static enum start start_hook(struct hooks *hooks, struct job *job,
                             uint64_t now_ms)
{
    char path[PATH_MAX], *env[ENV_MAX + 1] = { NULL };
    char *argv[] = { path, NULL };
    enum start ret = DELAYED;
    const char *why;
    bool refused;

    if (snprintf(path, sizeof(path), "%s/%s", hooks->dir, job->hook) >=
        (int)sizeof(path))
        return PASSED_OVER;
    /* It may have been changed since the directory was read. */
    why = hookdir_unfit(path, &refused);
    if (why) {
        log_hook(LOG_WARNING, job, why);
        return PASSED_OVER;
    }

    if (make_environment(&job->event, env) ||
        (job->pid = child_start(path, argv, env, &job->fd)) < 0) {
        if (!job->delayed)
            log_hook(LOG_ERR, job, strerror(errno));
        job->delayed = true;
        job->pid = 0;
        job->event.not_before_ms = now_ms + RETRY_MS;
        goto out;
    }

    job->delayed = job->terminated = job->unkillable = false;
    job->deadline_ms = now_ms + hooks->timeout_ms;
    job->output = 0;
    job->line_len = 0;
    ret = STARTED;

 out:
    free_environment(env);
    return ret;
}

/* Start the job's next hook, or try to later.  False: it had its last. */
static bool next_hook(struct hooks *hooks, struct job *job, uint64_t now_ms)
{
    unsigned int i;
    int order;

    /* By name, since the list may have been read anew in the meantime. */
    for (i = 0; i < hooks->list.nr; i++) {
        order = strcmp(hooks->list.names[i], job->hook);
        if (order < 0 || (!order && !job->delayed))
            continue;
        snprintf(job->hook, sizeof(job->hook), "%s", hooks->list.names[i]);
        if (start_hook(hooks, job, now_ms) != PASSED_OVER)
            return true;
    }
    return false;
}

static void flush_line(struct job *job)
{
    char safe[HOOKS_LINE_MAX + 1];

    if (!job->line_len)
        return;
    log_sanitise(safe, sizeof(safe), job->line, job->line_len);
    log_hook(LOG_INFO, job, safe);
    job->line_len = 0;
    job->output += LINE_COST;
}

static void close_output(struct job *job)
{
    flush_line(job);
    if (job->fd >= 0)
        close(job->fd);
    job->fd = -1;
}

/* The limit is looked at with each byte: short lines cost more than bytes. */
static void take_output(struct job *job, char byte)
{
    job->output++;
    if (byte == '\n')
        flush_line(job);
    else if (job->line_len < sizeof(job->line))
        job->line[job->line_len++] = byte;
    if (job->output >= HOOKS_OUTPUT_MAX) {
        close_output(job);
        log_hook(LOG_WARNING, job, "printed too much; the rest is lost");
    }
}

static void read_output(struct job *job)
{
    char buf[1024];
    ssize_t len, i;

    while (job->fd >= 0) {
        len = read(job->fd, buf, sizeof(buf));
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len <= 0) {
            close_output(job);
            return;
        }
        for (i = 0; i < len && job->fd >= 0; i++)
            take_output(job, buf[i]);
    }
}

static void send_signal_to(struct job *job, pid_t pid, int sig)
{
    char text[80];

    /* ESRCH: nobody is left in the group, or the hook has ended. */
    if (!kill(pid, sig) || errno == ESRCH || job->unkillable)
        return;
    job->unkillable = true;
    snprintf(text, sizeof(text), "cannot be sent signal %d: %s", sig,
             strerror(errno));
    log_hook(LOG_ERR, job, text);
}

/* To its process group, and to the hook itself, which may have left the group. */
static void send_signal(struct job *job, int sig)
{
    send_signal_to(job, -job->pid, sig);
    send_signal_to(job, job->pid, sig);
}

/* Whether the hook has ended; its group goes with it. */
static bool take_exit(struct job *job)
{
    char text[64];
    int status;

    /*
     * Look, kill the group, and only then let go of the process id, which could
     * otherwise be another group's by now.
     */
    if (!child_has_ended(job->pid))
        return false;
    send_signal_to(job, -job->pid, SIGKILL);
    if (waitpid(job->pid, &status, 0) != job->pid)
        return false;
    job->pid = 0;

    read_output(job);
    close_output(job);

    if (WIFSIGNALED(status)) {
        snprintf(text, sizeof(text), "killed by signal %d%s", WTERMSIG(status),
                 job->terminated ? ", since its time was up" : "");
        log_hook(LOG_WARNING, job, text);
    } else if (WEXITSTATUS(status) || job->terminated) {
        snprintf(text, sizeof(text), "exit status %d%s", WEXITSTATUS(status),
                 job->terminated ? ", after its time was up" : "");
        log_hook(LOG_WARNING, job, text);
    } else
        log_hook(LOG_DEBUG, job, "exit status 0");
    return true;
}

static void enforce_limit(struct job *job, uint64_t now_ms)
{
    if (now_ms < job->deadline_ms)
        return;
    send_signal(job, job->terminated ? SIGKILL : SIGTERM);
    if (!job->terminated)
        log_hook(LOG_WARNING, job, "its time is up: SIGTERM");
    job->terminated = true;
    job->deadline_ms = now_ms + HOOKS_KILL_MS;
}

/* Whether it is its turn; event.not_before_ms apart. */
static bool can_start(const struct hooks *hooks, const struct job *job)
{
    const struct job *earlier;

    if (job->started || hooks->nr_started == HOOKS_PARALLEL)
        return false;
    for (earlier = hooks->jobs; earlier != job; earlier = earlier->next) {
        if (earlier->event.domid == job->event.domid)
            return false;
    }
    return true;
}

void hooks_run(struct hooks *hooks, bool child_ended, uint64_t now_ms)
{
    struct job **link = &hooks->jobs, *job;

    while ((job = *link)) {
        if (job->event.not_before_ms <= now_ms && can_start(hooks, job)) {
            job->started = true;
            hooks->nr_started++;
        } else if (job->pid) {
            read_output(job);
            if (!child_ended || !take_exit(job))
                enforce_limit(job, now_ms);
        }

        if (job->started && !job->pid && job->event.not_before_ms <= now_ms &&
            !next_hook(hooks, job, now_ms)) {
            *link = job->next;
            hooks->nr_started--;
            hooks->done(hooks->arg, job->event.domid, job->event.instance,
                    job->event.seq);
            free_job(job);
            /* A place is free, for one that may stand further ahead. */
            link = &hooks->jobs;
            continue;
        }
        link = &job->next;
    }
}

unsigned int hooks_pollfds(const struct hooks *hooks, struct pollfd *fds)
{
    const struct job *job;
    unsigned int nr = 0;

    for (job = hooks->jobs; job; job = job->next) {
        if (job->fd >= 0)
            fds[nr++] = (struct pollfd){ .fd = job->fd, .events = POLLIN };
    }
    return nr;
}

uint64_t hooks_deadline_ms(const struct hooks *hooks)
{
    const struct job *job;
    uint64_t first_ms = UINT64_MAX;

    for (job = hooks->jobs; job; job = job->next) {
        uint64_t ms = job->pid ? job->deadline_ms : job->event.not_before_ms;

        if (ms < first_ms && (job->started || can_start(hooks, job)))
            first_ms = ms;
    }
    return first_ms;
}

void hooks_free(struct hooks *hooks)
{
    struct job *job;
    unsigned int waited_ms;

    if (!hooks)
        return;
    for (job = hooks->jobs; job; job = job->next) {
        if (job->pid)
            send_signal(job, SIGTERM);
    }
    while ((job = hooks->jobs)) {
        /* One that is stuck in the kernel is left to it. */
        for (waited_ms = 0; job->pid && waited_ms < FREE_WAIT_MS;
             waited_ms += 10) {
            if (waitpid(job->pid, NULL, WNOHANG) == job->pid)
                job->pid = 0;
            else {
                if (waited_ms >= FREE_WAIT_MS / 2)
                    send_signal(job, SIGKILL);
                poll(NULL, 0, 10);
            }
        }
        if (job->fd >= 0)
            close(job->fd);
        hooks->jobs = job->next;
        free_job(job);
    }
    hookdir_free(&hooks->list);
    free(hooks);
}
