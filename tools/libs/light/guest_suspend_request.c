/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_request.c: asking a guest to sleep.
 *
 * The request is "s3" in ~/control/shutdown, which the guest empties when it
 * takes the request.  Every change of that node is a transaction that puts "s3"
 * in place of nothing, or nothing in place of "s3": a poweroff or a reboot is
 * never lost.
 *
 * An empty node does not tell whether the guest took the request or somebody
 * withdrew it.  So only one caller at a time owns a domain's request: the one
 * that holds the lock, which the kernel takes back from a process that ends.  The
 * others wait for the sleep, and for the lock.  An "s3" that the owner finds is
 * nobody's, or of a program that does not lock: the owner takes it over.
 */

#include "guest_suspend_request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest_suspend_event.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_stock.h"
#include "guest_suspend_trigger.h"
#include "guest_suspend_xenstore.h"
#include "libxl_guest_suspend.h"

/* A guest may write its node without end, to make transactions fail. */
#define TRANSACTION_TRIES 100

/* How long a withdrawal waits for xenstored, and with it a wake. */
#define WITHDRAW_MS 1000

const char *gsuspend_request_lock = "/run/xen/guest-suspend-request.lock";

/* What is in ~/control/shutdown. */
enum node {
    NODE_MISSING,
    NODE_EMPTY,
    NODE_SLEEP,                     /* a request to sleep */
    NODE_OTHER,                     /* another one: poweroff, reboot... */
    NODE_ERROR = -1                 /* errno */
};

struct request {
    uint32_t domid;
    const libxl_domain_suspend_request_opts *opts;
    int64_t deadline_ms;            /* -1: none */
    libxl_guest_suspend_info before;
    struct gsuspend_events *events;
    struct gsuspend_xenstore *xs;
    int lock_fd;
    bool by_button;
    bool asked;                     /* the request is ours */
    bool taken;                     /* and the guest has taken it */
    bool denied;                    /* the hypervisor refused a sleep since */
};

static void node_path(char path[64], uint32_t domid, const char *node)
{
    snprintf(path, 64, "/local/domain/%" PRIu32 "/%s", domid, node);
}

/* 1: the domain's node has exactly this value; 0: it has not; -1: errno. */
static int node_is(struct gsuspend_xenstore *xs, uint32_t domid,
                   const char *node, const char *wanted, int64_t deadline_ms)
{
    char path[64];
    char *value;
    int same;

    node_path(path, domid, node);
    value = gsuspend_xenstore_read(xs, path, deadline_ms);
    if (!value)
        return errno == ENOENT ? 0 : -1;

    same = !strcmp(value, wanted);
    free(value);
    return same;
}

static enum node read_node(struct gsuspend_xenstore *xs, uint32_t domid,
                           int64_t deadline_ms)
{
    enum node found = NODE_OTHER;
    char path[64];
    char *value;

    node_path(path, domid, "control/shutdown");
    value = gsuspend_xenstore_read(xs, path, deadline_ms);
    if (!value)
        return errno == ENOENT ? NODE_MISSING : NODE_ERROR;

    if (!*value)
        found = NODE_EMPTY;
    else if (!strcmp(value, "s3"))
        found = NODE_SLEEP;
    free(value);
    return found;
}

/*
 * Conflicts, if there were any, are what has taken all the time: xenstored answers.
 */
static enum node replace_failed(int conflicts)
{
    if (conflicts && errno == ETIMEDOUT)
        errno = EBUSY;
    return NODE_ERROR;
}

/*
 * Put value where the node is as in from.  Gives how the node was before.  EBUSY:
 * somebody writes it without end.
 */
static enum node replace(struct gsuspend_xenstore *xs, uint32_t domid,
                         enum node from, const char *value, int64_t deadline_ms)
{
    enum node found;
    char path[64];
    int tries, saved_errno;
    bool write_it, good;

    node_path(path, domid, "control/shutdown");
    for (tries = 0; tries < TRANSACTION_TRIES; tries++) {
        if (gsuspend_xenstore_transaction_start(xs, deadline_ms))
            return replace_failed(tries);
        found = read_node(xs, domid, deadline_ms);
        write_it = found == from;
        good = found != NODE_ERROR &&
               (!write_it ||
                !gsuspend_xenstore_write(xs, path, value, deadline_ms));
        saved_errno = errno;
        if (!gsuspend_xenstore_transaction_end(xs, good && write_it,
                                               deadline_ms)) {
            errno = saved_errno;
            return good ? found : replace_failed(tries);
        }
        if (errno != EAGAIN)
            return replace_failed(tries);
    }

    errno = EBUSY;
    return NODE_ERROR;
}

void gsuspend_request_clear(uint32_t domid)
{
    int64_t deadline_ms = gsuspend_now_ms() + WITHDRAW_MS;
    struct gsuspend_xenstore *xs = gsuspend_xenstore_open(deadline_ms);

    /* There is hardly ever one: look first. */
    if (xs && read_node(xs, domid, deadline_ms) == NODE_SLEEP)
        replace(xs, domid, NODE_SLEEP, "", deadline_ms);
    gsuspend_xenstore_close(xs);
}

/*
 * For an exchange with xenstored: the request's, and a second at least.  So an
 * exchange that times out tells that xenstored does not answer.
 */
static int64_t xenstore_deadline(const struct request *request)
{
    int64_t now_ms = gsuspend_now_ms();
    int64_t limit_ms = now_ms + GSUSPEND_XENSTORE_MS;

    if (request->deadline_ms < 0 || request->deadline_ms > limit_ms)
        return limit_ms;
    if (request->deadline_ms < now_ms + WITHDRAW_MS)
        return now_ms + WITHDRAW_MS;
    return request->deadline_ms;
}

static int rc_of_xenstore(void)
{
    switch (errno) {
    case ENOMEM:
        return ERROR_NOMEM;
    case EACCES:
        return ERROR_FAIL;
    case EBUSY:
        return ERROR_GUEST_SUSPEND_CONTESTED;
    default:
        return ERROR_GUEST_SUSPEND_NO_XENSTORE;
    }
}

/* 0: the domain has slept since the request began; ERROR_NOT_READY: it has not. */
static int has_slept(struct request *request)
{
    const libxl_guest_suspend_info *before = &request->before;
    libxl_guest_suspend_info info;
    int rc;

    rc = libxl_domain_suspend_state(NULL, request->domid, &info);
    if (rc == ERROR_DOMAIN_NOTFOUND ||
        (!rc && info.instance != before->instance))
        return ERROR_DOMAIN_DESTROYED;
    if (rc)
        return rc;
    if (info.state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED ||
        info.suspends != before->suspends)
        return 0;

    request->denied = info.denied != before->denied;
    return ERROR_NOT_READY;
}

/* Whether this caller owns the domain's request.  It does where nobody can lock. */
static bool own(struct request *request)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET,
        .l_start = request->domid, .l_len = 1,
    };

    if (request->lock_fd < 0)
        request->lock_fd = open(gsuspend_request_lock,
                                O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                                0600);
    return request->lock_fd < 0 ||
           !fcntl(request->lock_fd, F_OFD_SETLK, &lock) ||
           (errno != EAGAIN && errno != EACCES);
}

/* ERROR_NOT_READY: it is asked now, or another caller still asks it. */
static int ask(struct request *request)
{
    if (!own(request))
        return ERROR_NOT_READY;

    switch (replace(request->xs, request->domid, NODE_EMPTY, "s3",
                    xenstore_deadline(request))) {
    case NODE_EMPTY:
    case NODE_SLEEP:
        request->asked = true;
        return ERROR_NOT_READY;
    case NODE_OTHER:
        return ERROR_GUEST_SUSPEND_REQUEST_PENDING;
    case NODE_MISSING:
        return ERROR_GUEST_SUSPEND_CANNOT_ASK;
    default:
        /* It may be there: withdraw it. */
        request->asked = true;
        return rc_of_xenstore();
    }
}

/* Ask, and see what became of it.  ERROR_NOT_READY: nothing yet. */
static int follow(struct request *request)
{
    if (!request->asked)
        return ask(request);

    if (!request->taken) {
        switch (read_node(request->xs, request->domid,
                          xenstore_deadline(request))) {
        case NODE_EMPTY:
            request->taken = true;
            break;
        case NODE_OTHER:
            return ERROR_GUEST_SUSPEND_REQUEST_PENDING;
        case NODE_ERROR:
            return rc_of_xenstore();
        default:
            return ERROR_NOT_READY;
        }
    }

    if (request->denied)
        return ERROR_GUEST_SUSPEND_DECLINED;
    return request->opts->no_wait ? 0 : ERROR_NOT_READY;
}

/* ERROR_NOT_READY: something happened, or may have. */
static int wait_for_event(struct request *request)
{
    struct pollfd pollfds[] = {
        { .fd = gsuspend_events_fd(request->events), .events = POLLIN },
        { .fd = request->opts->cancel_fd, .events = POLLIN },
        { .fd = gsuspend_xenstore_fd(request->xs), .events = POLLIN },
    };
    int64_t left_ms = INT_MAX;
    int r;

    if (request->deadline_ms >= 0)
        left_ms = request->deadline_ms - gsuspend_now_ms();
    if (left_ms <= 0)
        return ERROR_TIMEDOUT;
    /* Nothing tells that the lock is free. */
    if (!request->asked && left_ms > LIBXL_GUEST_SUSPEND_POLL_MS)
        left_ms = LIBXL_GUEST_SUSPEND_POLL_MS;

    r = poll(pollfds, 3, left_ms < INT_MAX ? (int)left_ms :
             request->deadline_ms < 0 ? -1 : INT_MAX);
    if (r < 0 && errno != EINTR)
        return ERROR_FAIL;
    if (r > 0 && pollfds[1].revents)
        return ERROR_ABORTED;
    return ERROR_NOT_READY;
}

static void ignore_gone(void *opaque, uint32_t domid)
{
    (void)opaque;
    (void)domid;
}

/* Events are taken before what they stand for is looked at. */
static int take_events(struct request *request)
{
    enum gsuspend_xenstore_event event;
    const char *text;

    gsuspend_events_drain(request->events, ignore_gone, NULL);
    do {
        event = gsuspend_xenstore_next(request->xs, &text);
    } while (event == GSUSPEND_XENSTORE_FIRED ||
             event == GSUSPEND_XENSTORE_VALUE);

    return event == GSUSPEND_XENSTORE_LOST ? ERROR_GUEST_SUSPEND_NO_XENSTORE
                                           : 0;
}

/*
 * The end, for the reason rc: no request of ours stays behind.  What happened
 * until the moment of the withdrawal counts.
 */
static int finish(struct request *request, int rc)
{
    int64_t deadline_ms = gsuspend_now_ms() + WITHDRAW_MS;
    enum node found = NODE_MISSING;
    int rc_xenstore;

    if (request->asked && !request->taken) {
        found = replace(request->xs, request->domid, NODE_SLEEP, "",
                        deadline_ms);
        request->taken = found == NODE_EMPTY;
    } else if (!request->asked) {
        found = read_node(request->xs, request->domid, deadline_ms);
        request->taken = found == NODE_EMPTY;
    }
    rc_xenstore = found == NODE_ERROR ? rc_of_xenstore() : 0;

    if (!rc || has_slept(request) == 0)
        return 0;
    /* Not withdrawn: neither of these would be true. */
    if (rc_xenstore && (rc == ERROR_TIMEDOUT || rc == ERROR_ABORTED))
        return rc_xenstore;
    if (rc != ERROR_TIMEDOUT)
        return rc;
    return request->taken && !request->by_button
           ? ERROR_GUEST_SUSPEND_DECLINED : ERROR_GUEST_SUSPEND_NO_ANSWER;
}

static int wait_for_sleep(struct request *request)
{
    int rc;

    do {
        rc = take_events(request);
        if (!rc)
            rc = has_slept(request);
        if (rc == ERROR_NOT_READY)
            rc = follow(request);
        if (rc == ERROR_NOT_READY)
            rc = wait_for_event(request);
    } while (rc == ERROR_NOT_READY);

    return finish(request, rc);
}

/* x86, and a guest that takes no request: the button of its ACPI. */
static int press_button(libxl_ctx *ctx, struct request *request)
{
    int r;

    if (!gsuspend_x86)
        return ERROR_GUEST_SUSPEND_CANNOT_ASK;
    r = node_is(request->xs, request->domid, "platform/acpi_s3", "1",
                xenstore_deadline(request));
    if (r <= 0)
        return r ? rc_of_xenstore() : ERROR_GUEST_SUSPEND_CANNOT_ASK;
    if (!ctx || !gsuspend_has_trigger())
        return ERROR_GUEST_SUSPEND_DEVICE_MODEL;

    request->by_button = request->asked = request->taken = true;
    return gsuspend_trigger_sleep(ctx, request->domid);
}

static int open_request(struct request *request)
{
    char path[64];

    request->events = gsuspend_events_open(request->domid);
    if (!request->events)
        return ERROR_FAIL;
    request->xs = gsuspend_xenstore_open(xenstore_deadline(request));
    if (!request->xs)
        return ERROR_GUEST_SUSPEND_NO_XENSTORE;
    node_path(path, request->domid, "control/shutdown");
    if (gsuspend_xenstore_watch(request->xs, path))
        return rc_of_xenstore();

    return 0;
}

static int check_opts(const libxl_domain_suspend_request_opts *opts)
{
    size_t i;

    for (i = 0; i < sizeof(opts->reserved) / sizeof(opts->reserved[0]); i++)
        if (opts->reserved[i])
            return ERROR_INVAL;
    if (opts->reserved32 || opts->timeout_ms < LIBXL_GUEST_SUSPEND_FOREVER)
        return ERROR_INVAL;

    return 0;
}

int libxl_domain_suspend_request(libxl_ctx *ctx, libxl_domid domid,
                                 const libxl_domain_suspend_request_opts *opts)
{
    libxl_domain_suspend_request_opts defaults;
    struct request request = {
        .domid = domid, .opts = opts, .deadline_ms = -1, .lock_fd = -1,
    };
    int rc, r;

    libxl_domain_suspend_request_opts_init(&defaults);
    if (!opts)
        request.opts = opts = &defaults;
    rc = check_opts(opts);
    if (rc)
        goto out;
    if (opts->timeout_ms >= 0)
        request.deadline_ms = gsuspend_now_ms() + opts->timeout_ms;

    rc = libxl_domain_suspend_state(NULL, domid, &request.before);
    if (!rc && opts->instance && opts->instance != request.before.instance)
        rc = request.before.instance == LIBXL_GUEST_SUSPEND_UNKNOWN
             ? ERROR_GUEST_SUSPEND_NO_SEQ : ERROR_GUEST_SUSPEND_STALE;
    if (rc)
        goto out;
    if (request.before.state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED) {
        gsuspend_request_clear(domid);
        goto out;
    }

    rc = open_request(&request);
    if (rc)
        goto out;
    r = node_is(request.xs, domid, "control/feature-s3", "1",
                xenstore_deadline(&request));
    rc = r > 0 ? 0 : r ? rc_of_xenstore() : press_button(ctx, &request);
    if (!rc && !(request.by_button && opts->no_wait))
        rc = wait_for_sleep(&request);

 out:
    gsuspend_xenstore_close(request.xs);
    gsuspend_events_close(request.events);
    /* The lock goes last: whoever gets it finds the node as we leave it. */
    if (request.lock_fd >= 0)
        close(request.lock_fd);
    libxl_domain_suspend_request_opts_dispose(&defaults);
    return rc;
}
