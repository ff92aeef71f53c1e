/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_xenstore.c: see guest_suspend_xenstore.h.
 */

#include "guest_suspend_xenstore.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore.h>
#include <xenstore_lib.h>

struct xs_handle *gsuspend_xenstore_open(int *end_fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = xs_daemon_socket();
    struct xs_handle *xs = NULL;
    int saved_errno, fd = -1;

    if (!path || strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        goto out;
    }
    strcpy(address.sun_path, path);

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        goto out;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        if (errno != ENOENT)
            goto out;
        close(fd);
        fd = -1;
    }

    xs = xs_open(0);
    if (xs) {
        *end_fd = fd;
        return xs;
    }

out:
    saved_errno = errno;
    if (fd >= 0)
        close(fd);
    errno = saved_errno;
    return NULL;
}
