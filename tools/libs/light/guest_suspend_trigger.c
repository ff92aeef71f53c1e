/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_trigger.c: see guest_suspend_trigger.h.
 *
 * libxl waits for the device model's answer without a limit, and a device model
 * that is stopped never answers.  libxl_ao_abort() does not end that wait.  But
 * libxl gives up by itself when the connection ends: a thread, which lives as
 * long as the call, hangs it up at the deadline.
 *
 * Not ao_how: an operation that goes on after this has returned would make
 * libxl_ctx_free() abort.
 */

#include "guest_suspend_trigger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest_suspend_number.h"
#include "guest_suspend_poll.h"

/*
 * libxenlight's, where the program has it: its soname is another one with each
 * version of Xen, so that this library is not linked with it.
 */
#pragma weak libxl_send_trigger

/* libxl may not have connected yet: it does so one program after the other. */
#define HANG_UP_AGAIN_MS 100

struct watchdog {
    int ended_fd;                   /* eventfd: the call has ended */
    libxl_domid domid;
    int64_t deadline_ms;
    bool hung_up;
};

bool gsuspend_has_trigger(void)
{
    return libxl_send_trigger;
}

/* Whether it is a connection to the domain's device model, as libxl names it. */
static bool is_device_model(int fd, libxl_domid domid)
{
    struct sockaddr_un address = { 0 };
    socklen_t len = sizeof(address) - 1;
    char name[40];
    size_t path_len, name_len;

    if (getpeername(fd, (struct sockaddr *)&address, &len) ||
        address.sun_family != AF_UNIX)
        return false;

    name_len = (size_t)snprintf(name, sizeof(name), "/qmp-libxl-%" PRIu32,
                                domid);
    path_len = strnlen(address.sun_path, sizeof(address.sun_path) - 1);
    return path_len > name_len &&
           !memcmp(address.sun_path + path_len - name_len, name, name_len);
}

/* True: there was something to hang up. */
static bool hang_up(libxl_domid domid)
{
    DIR *dir = opendir("/proc/self/fd");
    const struct dirent *entry;
    bool found = false;
    uint64_t number;
    int fd;

    while (dir && (entry = readdir(dir))) {
        if (!gsuspend_parse_number(entry->d_name, INT32_MAX, &number))
            continue;
        /* One of our own: the number may be another file's by now. */
        fd = fcntl((int)number, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            continue;
        if (is_device_model(fd, domid) && !shutdown(fd, SHUT_RDWR))
            found = true;
        close(fd);
    }

    if (dir)
        closedir(dir);
    return found;
}

static void *watch_over(void *opaque)
{
    struct watchdog *watchdog = opaque;
    int64_t deadline_ms = watchdog->deadline_ms;

    while (!gsuspend_poll(watchdog->ended_fd, POLLIN, deadline_ms)) {
        if (hang_up(watchdog->domid))
            watchdog->hung_up = true;
        deadline_ms = gsuspend_now_ms() + HANG_UP_AGAIN_MS;
    }

    return NULL;
}

/* Signals are for the program's own threads. */
static int start(struct watchdog *watchdog, pthread_t *thread)
{
    sigset_t all, before;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(thread, NULL, watch_over, watchdog);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

int gsuspend_trigger_s3resume(libxl_ctx *ctx, libxl_domid domid,
                              int64_t deadline_ms)
{
    struct watchdog watchdog = { .domid = domid, .deadline_ms = deadline_ms };
    pthread_t thread;
    int rc = ERROR_FAIL, saved_errno;

    watchdog.ended_fd = eventfd(0, EFD_CLOEXEC);
    if (watchdog.ended_fd < 0)
        return rc;
    errno = start(&watchdog, &thread);
    if (errno)
        goto out;

    rc = libxl_send_trigger(ctx, domid, LIBXL_TRIGGER_S3RESUME, 0, NULL);

    saved_errno = errno;
    eventfd_write(watchdog.ended_fd, 1);
    pthread_join(thread, NULL);
    errno = saved_errno;
    if (rc && watchdog.hung_up)
        rc = ERROR_TIMEDOUT;

 out:
    saved_errno = errno;
    close(watchdog.ended_fd);
    errno = saved_errno;
    return rc;
}

int gsuspend_trigger_sleep(libxl_ctx *ctx, libxl_domid domid)
{
    return libxl_send_trigger(ctx, domid, LIBXL_TRIGGER_SLEEP, 0, NULL);
}
