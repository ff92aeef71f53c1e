/* SPDX-License-Identifier: GPL-2.0-only */
/* Tell the service manager; see notify.h. */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

int notify_manager(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    size_t len;
    ssize_t sent;
    int fd, err;

    if (!path || !*path)
        return 0;

    len = strlen(path);
    if ((*path != '/' && *path != '@') || len >= sizeof(addr.sun_path)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(addr.sun_path, path, len);
    if (*path == '@')
        addr.sun_path[0] = '\0';

    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL,
                  (const struct sockaddr *)&addr,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    err = errno;
    close(fd);
    errno = err;
    return sent < 0 ? -1 : 0;
}
