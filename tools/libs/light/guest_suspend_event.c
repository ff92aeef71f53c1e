/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_event.c: see guest_suspend_event.h.
 */

#include "guest_suspend_event.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "guest_suspend_number.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_xenstore.h"
#include "libxl_guest_suspend.h"

#define ROOT "/tool/guest-suspend"
#define READY ROOT "/ready"
#define DAEMON "xensuspendd"

/* All that can die has been looked at: each so many ticks. */
#define TICKS_PER_CENSUS 10

struct gsuspend_events {
    struct gsuspend_xenstore *xs;   /* NULL: there is no xenstore (any more) */
    int epoll_fd;
    int mark_fd;                    /* eventfd */
    int tick_fd;                    /* timerfd, while the daemon is away */
    int alarm_fd;                   /* timerfd */
    int daemon_fd;                  /* pidfd, while it is there */
    bool ticking, alarmed;
    unsigned int ticks;
};

static int poll_fd(struct gsuspend_events *events, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };

    event.data.fd = fd;
    return epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void set_ticking(struct gsuspend_events *events, bool ticking)
{
    struct itimerspec interval = { 0 };

    if (ticking == events->ticking)
        return;

    if (ticking)
        interval.it_value.tv_nsec = interval.it_interval.tv_nsec =
            LIBXL_GUEST_SUSPEND_POLL_MS * 1000000;
    timerfd_settime(events->tick_fd, 0, &interval, NULL);
    events->ticking = ticking;
    events->ticks = 0;
}

/* Whether the process has the daemon's name: its number may be another's. */
static bool is_daemon(pid_t pid)
{
    char path[40], comm[32];
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    len = read(fd, comm, sizeof(comm) - 1);
    close(fd);
    if (len <= 0)
        return false;

    comm[len] = 0;
    return !strcmp(comm, DAEMON "\n");
}

/* A pidfd of the daemon, by what READY says (NULL: nothing), or -1. */
static int open_daemon(const char *ready)
{
    struct pollfd ended = { .events = POLLIN };
    uint64_t pid;
    int fd;

    if (!ready || !gsuspend_parse_number(ready, INT_MAX, &pid))
        return -1;

    /* Opened first: the name is then of the process that it stands for. */
    fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    ended.fd = fd;
    /* One that has ended keeps its name until it is waited for. */
    if (fd >= 0 && (!is_daemon((pid_t)pid) || poll(&ended, 1, 0)))
        close_fd(&fd);
    return fd;
}

/* Whether xensuspendd is there decides where events come from. */
static void set_daemon(struct gsuspend_events *events, const char *ready)
{
    /* Closing it takes it from the epoll set. */
    close_fd(&events->daemon_fd);
    events->daemon_fd = open_daemon(ready);
    if (events->daemon_fd >= 0 && poll_fd(events, events->daemon_fd))
        close_fd(&events->daemon_fd);

    set_ticking(events, events->daemon_fd < 0);
}

static void drop_xenstore(struct gsuspend_events *events)
{
    gsuspend_xenstore_close(events->xs);
    events->xs = NULL;
    set_daemon(events, NULL);
}

/*
 * Nothing here waits for xenstored, which may be stopped: there are ticks until it
 * has answered.
 */
static void open_xenstore(struct gsuspend_events *events, const char *watched)
{
    set_ticking(events, true);
    events->xs = gsuspend_xenstore_open(0);
    if (!events->xs)
        return;

    if (poll_fd(events, gsuspend_xenstore_fd(events->xs)) ||
        gsuspend_xenstore_watch(events->xs, watched) ||
        (strcmp(watched, ROOT) && gsuspend_xenstore_watch(events->xs, READY)) ||
        gsuspend_xenstore_ask(events->xs, READY))
        drop_xenstore(events);
}

struct gsuspend_events *gsuspend_events_open(uint32_t domid)
{
    struct gsuspend_events *events = calloc(1, sizeof(*events));
    char watched[64] = ROOT;

    if (!events)
        return NULL;

    events->daemon_fd = -1;
    events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    events->mark_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    events->tick_fd = timerfd_create(CLOCK_MONOTONIC,
                                     TFD_CLOEXEC | TFD_NONBLOCK);
    events->alarm_fd = timerfd_create(CLOCK_MONOTONIC,
                                      TFD_CLOEXEC | TFD_NONBLOCK);
    if (events->epoll_fd < 0 || poll_fd(events, events->mark_fd) ||
        poll_fd(events, events->tick_fd) ||
        poll_fd(events, events->alarm_fd)) {
        gsuspend_events_close(events);
        return NULL;
    }

    if (domid != GSUSPEND_ALL_DOMAINS)
        snprintf(watched, sizeof(watched), ROOT "/%" PRIu32 "/state", domid);
    open_xenstore(events, watched);
    return events;
}

void gsuspend_events_close(struct gsuspend_events *events)
{
    int saved_errno = errno;

    if (!events)
        return;

    gsuspend_xenstore_close(events->xs);
    close_fd(&events->daemon_fd);
    close_fd(&events->alarm_fd);
    close_fd(&events->tick_fd);
    close_fd(&events->mark_fd);
    close_fd(&events->epoll_fd);
    free(events);
    errno = saved_errno;
}

int gsuspend_events_fd(const struct gsuspend_events *events)
{
    return events->epoll_fd;
}

void gsuspend_events_mark(struct gsuspend_events *events, bool on)
{
    uint64_t count = 1;
    ssize_t done;

    /* It fails only if the mark is as it should be already. */
    if (on)
        done = write(events->mark_fd, &count, sizeof(count));
    else
        done = read(events->mark_fd, &count, sizeof(count));
    (void)done;
}

void gsuspend_events_alarm(struct gsuspend_events *events, int64_t at_ms)
{
    struct itimerspec at = { 0 };

    if (at_ms < 0 && !events->alarmed)
        return;

    events->alarmed = at_ms >= 0;
    if (events->alarmed) {
        at.it_value.tv_sec = at_ms / 1000;
        /* Not 0, which would mean never. */
        at.it_value.tv_nsec = at_ms % 1000 * 1000000 + 1;
    }
    timerfd_settime(events->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

int gsuspend_events_wait(struct gsuspend_events *events, int64_t deadline_ms)
{
    return gsuspend_poll(events->epoll_fd, POLLIN, deadline_ms);
}

/* The domid if path is a domain's directory. */
static bool is_domain(const char *path, uint32_t *domid)
{
    uint64_t number;

    if (strncmp(path, ROOT "/", strlen(ROOT "/")) ||
        !gsuspend_parse_number(path + strlen(ROOT "/"),
                               GSUSPEND_ALL_DOMAINS - 1, &number))
        return false;

    *domid = (uint32_t)number;
    return true;
}

/* True: xenstored has ended. */
static bool drain_xenstore(struct gsuspend_events *events, gsuspend_gone *gone,
                           void *opaque)
{
    bool ready_changed = false;
    uint32_t domid;
    const char *text;

    while (events->xs) {
        switch (gsuspend_xenstore_next(events->xs, &text)) {
        case GSUSPEND_XENSTORE_NONE:
            return ready_changed &&
                   gsuspend_xenstore_ask(events->xs, READY);
        case GSUSPEND_XENSTORE_VALUE:
            set_daemon(events, text);
            break;
        case GSUSPEND_XENSTORE_FIRED:
            if (!strcmp(text, READY))
                ready_changed = true;
            else if (is_domain(text, &domid))
                gone(opaque, domid);
            break;
        case GSUSPEND_XENSTORE_LOST:
            return true;
        }
    }

    return false;
}

static void drain_timers(struct gsuspend_events *events, gsuspend_gone *gone,
                        void *opaque)
{
    uint64_t expired;

    if (events->alarmed &&
        read(events->alarm_fd, &expired, sizeof(expired)) > 0)
        events->alarmed = false;
    if (read(events->tick_fd, &expired, sizeof(expired)) != sizeof(expired))
        return;
    if (++events->ticks % TICKS_PER_CENSUS == 0)
        gone(opaque, GSUSPEND_ALL_DOMAINS);
}

void gsuspend_events_drain(struct gsuspend_events *events, gsuspend_gone *gone,
                           void *opaque)
{
    struct epoll_event ready[8];
    bool daemon_ended = false, xenstored_ended;
    int nr, i;

    nr = epoll_wait(events->epoll_fd, ready, 8, 0);
    for (i = 0; i < nr; i++)
        daemon_ended = daemon_ended || ready[i].data.fd == events->daemon_fd;

    if (daemon_ended) {
        set_daemon(events, NULL);
        /* There may be another one already. */
        if (events->xs && gsuspend_xenstore_ask(events->xs, READY))
            drop_xenstore(events);
    }
    xenstored_ended = drain_xenstore(events, gone, opaque);
    if (xenstored_ended)
        drop_xenstore(events);
    drain_timers(events, gone, opaque);
    /* What was going on when it ended has not been told. */
    if (xenstored_ended || daemon_ended)
        gone(opaque, GSUSPEND_ALL_DOMAINS);
}
