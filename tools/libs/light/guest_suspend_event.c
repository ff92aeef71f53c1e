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
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "guest_suspend_xenstore.h"
#include "libxl_guest_suspend.h"

#define ROOT "/tool/guest-suspend"
#define READY ROOT "/ready"
#define DAEMON "xensuspendd"

/* All that can die has been looked at: each so many ticks. */
#define TICKS_PER_CENSUS 10

struct gsuspend_events {
    struct xs_handle *xs;           /* NULL: there is no xenstore (any more) */
    char watched[64];
    int epoll_fd;
    int mark_fd;                    /* eventfd */
    int tick_fd;                    /* timerfd, while the daemon is away */
    int daemon_fd;                  /* pidfd, while it is there */
    int xenstored_fd;               /* only to see it end */
    bool ticking;
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

/* A pidfd of the daemon that READY names, or -1. */
static int open_daemon(struct gsuspend_events *events)
{
    struct pollfd ended = { .events = POLLIN };
    unsigned int len;
    char *value, *end;
    long pid;
    int fd;

    value = events->xs ? xs_read(events->xs, XBT_NULL, READY, &len) : NULL;
    if (!value)
        return -1;
    errno = 0;
    pid = strtol(value, &end, 10);
    if (errno || *end || end == value || pid <= 0 || pid > INT_MAX)
        pid = 0;
    free(value);
    if (!pid)
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
static void find_daemon(struct gsuspend_events *events)
{
    /* Closing it takes it from the epoll set. */
    close_fd(&events->daemon_fd);
    events->daemon_fd = open_daemon(events);
    if (events->daemon_fd >= 0 && poll_fd(events, events->daemon_fd))
        close_fd(&events->daemon_fd);

    set_ticking(events, events->daemon_fd < 0);
}

static void drop_xenstore(struct gsuspend_events *events)
{
    close_fd(&events->xenstored_fd);
    if (events->xs)
        xs_close(events->xs);
    events->xs = NULL;
    find_daemon(events);
}

static void open_xenstore(struct gsuspend_events *events)
{
    int fd;

    events->xs = gsuspend_xenstore_open(&events->xenstored_fd);
    if (!events->xs)
        return;

    fd = xs_fileno(events->xs);
    if (fd < 0 || poll_fd(events, fd) ||
        (events->xenstored_fd >= 0 && poll_fd(events, events->xenstored_fd)) ||
        !xs_watch(events->xs, events->watched, "") ||
        (strcmp(events->watched, ROOT) && !xs_watch(events->xs, READY, "")))
        drop_xenstore(events);
}

struct gsuspend_events *gsuspend_events_open(uint32_t domid)
{
    struct gsuspend_events *events = calloc(1, sizeof(*events));

    if (!events)
        return NULL;

    events->daemon_fd = events->xenstored_fd = -1;
    events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    events->mark_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    events->tick_fd = timerfd_create(CLOCK_MONOTONIC,
                                     TFD_CLOEXEC | TFD_NONBLOCK);
    if (events->epoll_fd < 0 || events->mark_fd < 0 || events->tick_fd < 0 ||
        poll_fd(events, events->mark_fd) || poll_fd(events, events->tick_fd)) {
        gsuspend_events_close(events);
        return NULL;
    }

    if (domid == GSUSPEND_ALL_DOMAINS)
        snprintf(events->watched, sizeof(events->watched), "%s", ROOT);
    else
        snprintf(events->watched, sizeof(events->watched),
                 ROOT "/%" PRIu32 "/state", domid);

    open_xenstore(events);
    find_daemon(events);
    return events;
}

void gsuspend_events_close(struct gsuspend_events *events)
{
    int saved_errno = errno;

    if (!events)
        return;

    if (events->xs)
        xs_close(events->xs);
    close_fd(&events->xenstored_fd);
    close_fd(&events->daemon_fd);
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

    /* Neither can fail but for being as it should be already. */
    if (on)
        done = write(events->mark_fd, &count, sizeof(count));
    else
        done = read(events->mark_fd, &count, sizeof(count));
    (void)done;
}

int64_t gsuspend_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int gsuspend_events_wait(struct gsuspend_events *events, int64_t deadline_ms)
{
    struct pollfd pollfd = { .fd = events->epoll_fd, .events = POLLIN };
    int64_t left_ms;
    int r;

    do {
        left_ms = -1;
        if (deadline_ms >= 0) {
            left_ms = deadline_ms - gsuspend_now_ms();
            /* Up to the end of the last millisecond, and not in a busy loop. */
            left_ms = left_ms < 0 ? 0 : left_ms + 1;
            if (left_ms > INT_MAX)
                left_ms = INT_MAX;
        }
        r = poll(&pollfd, 1, (int)left_ms);
        /* A signal's handler is its owner's business; the time goes on. */
    } while ((r < 0 && errno == EINTR) ||
             (!r && deadline_ms >= 0 && gsuspend_now_ms() < deadline_ms));

    return r;
}

/* The domid if path is a domain's directory. */
static bool is_domain(const char *path, uint32_t *domid)
{
    unsigned long value;
    char *end;

    if (strncmp(path, ROOT "/", strlen(ROOT "/")))
        return false;
    path += strlen(ROOT "/");
    if (*path < '0' || *path > '9')
        return false;
    errno = 0;
    value = strtoul(path, &end, 10);
    if (errno || *end || value >= GSUSPEND_ALL_DOMAINS)
        return false;

    *domid = (uint32_t)value;
    return true;
}

static void drain_xenstore(struct gsuspend_events *events, gsuspend_gone *gone,
                           void *opaque)
{
    bool ready_changed = false;
    uint32_t domid;
    char **fired;

    while (events->xs) {
        errno = 0;
        fired = xs_check_watch(events->xs);
        if (!fired) {
            if (errno != EAGAIN)
                drop_xenstore(events);
            break;
        }
        if (!strcmp(fired[XS_WATCH_PATH], READY))
            ready_changed = true;
        else if (is_domain(fired[XS_WATCH_PATH], &domid))
            gone(opaque, domid);
        free(fired);
    }

    if (ready_changed)
        find_daemon(events);
}

static void drain_ticks(struct gsuspend_events *events, gsuspend_gone *gone,
                        void *opaque)
{
    uint64_t expired;

    if (read(events->tick_fd, &expired, sizeof(expired)) != sizeof(expired))
        return;
    if (++events->ticks % TICKS_PER_CENSUS == 0)
        gone(opaque, GSUSPEND_ALL_DOMAINS);
}

void gsuspend_events_drain(struct gsuspend_events *events, gsuspend_gone *gone,
                           void *opaque)
{
    struct epoll_event ready[8];
    bool daemon_ended = false, xenstored_ended = false;
    int nr, i;

    nr = epoll_wait(events->epoll_fd, ready, 8, 0);
    for (i = 0; i < nr; i++) {
        daemon_ended = daemon_ended || ready[i].data.fd == events->daemon_fd;
        xenstored_ended = xenstored_ended ||
                          ready[i].data.fd == events->xenstored_fd;
    }

    drain_xenstore(events, gone, opaque);
    drain_ticks(events, gone, opaque);
    if (xenstored_ended)
        drop_xenstore(events);
    else if (daemon_ended)
        find_daemon(events);
    /* What was going on when it ended has not been told. */
    if (xenstored_ended || daemon_ended)
        gone(opaque, GSUSPEND_ALL_DOMAINS);
}
