/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_wake.c: see xl_wake.h.
 *
 * A hypercall wakes a domain on Arm.  On x86 a domain's device model does, which
 * libxenlight has to ask.  This program is bound to no version of that library,
 * and the stock xl is: it runs as a child, and several of them side by side.
 */

#include "xl_wake.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_suspend_poll.h"
#include "guest_suspend_stock.h"
#include "xl_handover.h"
#include "xl_text.h"

/* Each loads libxenlight: what they need of dom0's memory has to be bounded. */
#define STOCKS_AT_ONCE 8

/* What only this program finds out; far from the library's. */
enum {
    /* Not one request can be made of it. */
    RC_DEVICE_MODEL_ENDED = -2001,
    /* It did not take the request within the time. */
    RC_DEVICE_MODEL_SILENT = -2002
};

/* Those whose device models are being asked. */
struct running {
    struct xl_wake *wakes[STOCKS_AT_ONCE];
    int nr;
};

static bool has_seq(const libxl_guest_suspend_info *info)
{
    return info->seq != LIBXL_GUEST_SUSPEND_UNKNOWN;
}

int xl_wake_init(struct xl_wake *wake, const char *domain,
                 const libxl_guest_suspend_info *info)
{
    memset(wake, 0, sizeof(*wake));
    wake->info = *info;
    wake->virq = LIBXL_RESUME_VIRQ_NONE;
    wake->fd = -1;
    wake->domain = strdup(domain);
    return wake->domain ? 0 : ERROR_NOMEM;
}

void xl_wake_dispose(struct xl_wake *wake)
{
    free(wake->domain);
    wake->domain = NULL;
}

void xl_wakes_free(struct xl_wake *wakes, size_t nr)
{
    size_t i;

    for (i = 0; i < nr; i++)
        xl_wake_dispose(&wakes[i]);
    free(wakes);
}

static int init_named(struct xl_domains *domains, struct xl_wake *wake,
                      const libxl_guest_suspend_info *info)
{
    char *name = xl_domains_name(domains, info->domid), domid[16];
    int rc;

    snprintf(domid, sizeof(domid), "%" PRIu32, info->domid);
    if (name)
        xl_text_clean(name);
    rc = xl_wake_init(wake, name && *name ? name : domid, info);
    free(name);
    return rc;
}

int xl_wakes_list(struct xl_domains *domains, struct xl_wake **wakes_r,
                  size_t *nr_r)
{
    libxl_guest_suspend_info *list;
    struct xl_wake *wakes = NULL;
    size_t nr = 0;
    int rc = 0, nb, i;

    list = libxl_list_domain_suspend_state(NULL, 0, &nb);
    if (!list)
        return nb;

    qsort(list, (size_t)nb, sizeof(*list), gsuspend_by_domid);
    for (i = 0; i < nb && !rc; i++) {
        if (list[i].state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED ||
            !list[i].domid)
            continue;
        if (!wakes)
            wakes = calloc((size_t)(nb - i), sizeof(*wakes));
        rc = wakes ? init_named(domains, &wakes[nr], &list[i]) : ERROR_NOMEM;
        if (!rc)
            nr++;
    }

    libxl_guest_suspend_info_list_free(list, nb);
    if (rc) {
        xl_wakes_free(wakes, nr);
        return rc;
    }
    *wakes_r = wakes;
    *nr_r = nr;
    return 0;
}

int xl_wake_check(const struct xl_wake *wake,
                  const libxl_guest_suspend_info *info)
{
    if (wake->seq && !has_seq(info))
        return ERROR_GUEST_SUSPEND_NO_SEQ;
    if (wake->seq && wake->seq != info->seq)
        return ERROR_GUEST_SUSPEND_STALE;
    if (info->state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
        return ERROR_GUEST_SUSPEND_NOT_SUSPENDED;

    return 0;
}

/* Nothing may have changed since it was seen: the device model asks nothing. */
static int look_again(struct xl_domains *domains, struct xl_wake *wake)
{
    libxl_guest_suspend_info info;
    int rc;

    rc = libxl_domain_suspend_state(NULL, wake->info.domid, &info);
    if (!rc && info.instance != wake->info.instance)
        rc = ERROR_GUEST_SUSPEND_STALE;
    if (!rc)
        rc = xl_wake_check(wake, &info);
    if (rc)
        return rc;
    if (xl_domains_lacks_device_model(domains, info.domid))
        return RC_DEVICE_MODEL_ENDED;

    wake->info = info;
    return 0;
}

/* The stock xl has ended, or has to. */
static void end_stock(struct xl_wake *wake, bool late)
{
    pid_t got;
    int status;

    if (late)
        kill(wake->child, SIGKILL);
    do {
        got = waitpid(wake->child, &status, 0);
    } while (got < 0 && errno == EINTR);
    if (wake->fd >= 0)
        close(wake->fd);
    wake->fd = -1;

    /* Its exit status is 0 whatever happened: the record tells what did. */
    if (late)
        wake->rc = RC_DEVICE_MODEL_SILENT;
    else if (got > 0 && status)
        wake->rc = ERROR_GUEST_SUSPEND_DEVICE_MODEL;
}

/*
 * Until one of them has ended, or its time is up: a device model that is stopped
 * never answers the stock xl.
 */
static void wait_for_one(struct running *running)
{
    struct pollfd fds[STOCKS_AT_ONCE];
    int64_t deadline_ms = INT64_MAX, left_ms;
    int i;

    for (i = 0; i < running->nr; i++) {
        fds[i] = (struct pollfd){ running->wakes[i]->fd, POLLIN, 0 };
        if (running->wakes[i]->deadline_ms < deadline_ms)
            deadline_ms = running->wakes[i]->deadline_ms;
    }
    left_ms = deadline_ms - gsuspend_now_ms();
    if (poll(fds, (nfds_t)running->nr, left_ms > 0 ? (int)left_ms : 0) < 0)
        return;

    for (i = running->nr - 1; i >= 0; i--) {
        bool late = running->wakes[i]->deadline_ms <= gsuspend_now_ms();

        if (!fds[i].revents && !late)
            continue;
        end_stock(running->wakes[i], !fds[i].revents);
        running->wakes[i] = running->wakes[--running->nr];
    }
}

/* The time limit is for all of it, the wait for the record included. */
static void ask_device_model(struct xl_domains *domains, struct xl_wake *wake,
                             struct running *running)
{
    char domid[16];
    char *argv[] = { (char *)"xl", (char *)"trigger", domid,
                     (char *)"s3resume", NULL };

    while (running->nr == STOCKS_AT_ONCE)
        wait_for_one(running);

    wake->rc = look_again(domains, wake);
    if (wake->rc)
        return;

    wake->deadline_ms = gsuspend_now_ms() + LIBXL_GUEST_SUSPEND_DEVICE_MODEL_MS;
    snprintf(domid, sizeof(domid), "%" PRIu32, wake->info.domid);
    wake->child = xl_start_stock(argv);
    if (wake->child < 0) {
        wake->rc = ERROR_GUEST_SUSPEND_DEVICE_MODEL;
        return;
    }
    wake->asked = true;
    wake->fd = (int)syscall(SYS_pidfd_open, wake->child, 0);
    /* Without pidfds there is no time limit, and one after the other. */
    if (wake->fd < 0)
        end_stock(wake, false);
    else
        running->wakes[running->nr++] = wake;
}

static void start(struct xl_domains *domains, struct xl_wake *wake,
                  struct running *running)
{
    libxl_domain_resume_virq_opts opts;

    libxl_domain_resume_virq_opts_init(&opts);
    /* Not a successor of the domain that was seen, under its domid. */
    opts.instance = has_seq(&wake->info) ? wake->info.instance : 0;
    opts.seq = wake->seq;

    wake->rc = libxl_domain_resume_virq(NULL, wake->info.domid, wake->virq,
                                        &opts);
    if (wake->rc == ERROR_GUEST_SUSPEND_DEVICE_MODEL)
        ask_device_model(domains, wake, running);

    libxl_domain_resume_virq_opts_dispose(&opts);
}

static void wait_for_record(struct xl_wake *wake)
{
    int64_t left_ms = wake->deadline_ms - gsuspend_now_ms();
    int timeout_ms = LIBXL_GUEST_SUSPEND_FOREVER;

    if (wake->asked)
        timeout_ms = left_ms > 0 ? (int)left_ms : 0;
    else if (!wake->wait || !has_seq(&wake->info))
        return;

    wake->rc = libxl_domain_suspend_wait(NULL, wake->info.domid,
                                         LIBXL_GUEST_SUSPEND_STATE_RUNNING,
                                         has_seq(&wake->info)
                                         ? wake->info.seq : 0,
                                         timeout_ms, NULL);
}

void xl_wake_all(struct xl_domains *domains, struct xl_wake *wakes, size_t nr)
{
    struct running running = { .nr = 0 };
    size_t i;

    for (i = 0; i < nr; i++)
        start(domains, &wakes[i], &running);
    while (running.nr)
        wait_for_one(&running);
    for (i = 0; i < nr; i++)
        if (!wakes[i].rc)
            wait_for_record(&wakes[i]);
}

bool xl_wake_is_over(const struct xl_wake *wake)
{
    switch (wake->rc) {
    case ERROR_GUEST_SUSPEND_NOT_SUSPENDED:
    case ERROR_GUEST_SUSPEND_STALE:
    case ERROR_DOMAIN_NOTFOUND:
    case ERROR_DOMAIN_DESTROYED:
        return true;
    default:
        return false;
    }
}

/* Of a failure that the device model has a part in.  False: it has none. */
static bool say_device_model(const char *domain, int rc)
{
    const int limit_s = LIBXL_GUEST_SUSPEND_DEVICE_MODEL_MS / 1000;

    switch (rc) {
    case ERROR_GUEST_SUSPEND_DEVICE_MODEL:
        xl_error("domain '%s' was not woken: the stock xl, which asks its"
                 " device model, has failed", domain);
        break;
    case RC_DEVICE_MODEL_ENDED:
        xl_error("domain '%s' was not woken: its device model has ended",
                 domain);
        break;
    case RC_DEVICE_MODEL_SILENT:
        xl_error("domain '%s' was not woken: its device model has not answered"
                 " for %d s", domain, limit_s);
        break;
    case ERROR_TIMEDOUT:
        xl_error("domain '%s' sleeps on: its device model has not woken it"
                 " within %d s", domain, limit_s);
        break;
    default:
        return false;
    }

    return true;
}

void xl_wake_say_failed(const struct xl_wake *wake)
{
    const char *domain = wake->domain;

    if (say_device_model(domain, wake->rc))
        return;

    switch (wake->rc) {
    case ERROR_GUEST_SUSPEND_NOT_SUSPENDED:
        xl_error("domain '%s' is not suspended (--if-suspended lets that pass;"
                 " a guest in s2idle counts as running)", domain);
        break;
    case ERROR_GUEST_SUSPEND_STALE:
        if (wake->seq)
            xl_error("domain '%s' is no longer in the sleep with seq %" PRIu64
                     " (\"xl suspend-status\" shows its state)", domain,
                     wake->seq);
        else
            xl_error("domain '%s' has just given way to another one", domain);
        break;
    case ERROR_GUEST_SUSPEND_BAD_VIRQ:
        xl_error("domain '%s' cannot be woken by vIRQ %" PRIu32
                 ": it is no shared interrupt of the domain's own", domain,
                 wake->virq);
        break;
    case ERROR_GUEST_SUSPEND_SHUT_DOWN:
        xl_error("domain '%s' cannot be woken: it is shut down, or it is the"
                 " control domain", domain);
        break;
    default:
        if (wake->virq != LIBXL_RESUME_VIRQ_NONE)
            xl_error("domain '%s', vIRQ %" PRIu32 ": %s", domain, wake->virq,
                     libxl_guest_suspend_strerror(wake->rc));
        else
            xl_error("domain '%s': %s", domain,
                     libxl_guest_suspend_strerror(wake->rc));
    }
}

enum xl_exit xl_wake_exit(const struct xl_wake *wake)
{
    return wake->rc == RC_DEVICE_MODEL_SILENT ? XL_EXIT_TIMED_OUT
                                              : xl_exit_of_rc(wake->rc);
}
