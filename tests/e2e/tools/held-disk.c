/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * held-disk: a disk in memory that answers nothing while it is told so: for a
 * guest that is to sleep with its requests under way, however fast the host.
 *
 *   held-disk DEVICE MIB
 *       serve DEVICE (/dev/nbdN, of the kernel's network block driver) until
 *       standard input ends; "h" there holds all answers back, "r" releases
 *       them.  A request that is made after an "h" was written is held.
 *
 * Exit status: 0 told to end, 1 it could not serve, 2 usage.
 */

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/nbd.h>

#define BLOCK 4096

static char *disk;
static uint64_t disk_size;

__attribute__((noreturn))
static void broken(const char *what)
{
    fprintf(stderr, "held-disk: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void receive(int fd, void *to, size_t size)
{
    ssize_t r = recv(fd, to, size, MSG_WAITALL);

    if (r < 0 || (size_t)r != size)
        broken("the kernel's request");
}

static void transmit(int fd, const void *from, size_t size)
{
    const char *p = from;

    while (size) {
        ssize_t r = send(fd, p, size, MSG_NOSIGNAL);

        if (r <= 0)
            broken("the answer");
        p += r;
        size -= (size_t)r;
    }
}

static void serve_one(int fd)
{
    struct nbd_request request;
    struct nbd_reply reply = { .magic = htonl(NBD_REPLY_MAGIC) };
    uint64_t from;
    uint32_t type, len;

    receive(fd, &request, sizeof(request));
    type = ntohl(request.type);
    from = be64toh(request.from);
    len = ntohl(request.len);
    memcpy(reply.handle, request.handle, sizeof(reply.handle));

    if (request.magic != htonl(NBD_REQUEST_MAGIC) || from > disk_size ||
        len > disk_size - from ||
        (type != NBD_CMD_READ && type != NBD_CMD_WRITE)) {
        fprintf(stderr, "held-disk: a request of type %u\n", type);
        exit(1);
    }

    if (type == NBD_CMD_WRITE)
        receive(fd, disk + from, len);
    transmit(fd, &reply, sizeof(reply));
    if (type == NBD_CMD_READ)
        transmit(fd, disk + from, len);
}

static void serve(int fd)
{
    /*
     * The order matters: who sees a request sees the "h" before it, too, as
     * poll() looks at them one after the other.
     */
    struct pollfd fds[] = {
        { .fd = fd, .events = POLLIN },
        { .fd = STDIN_FILENO, .events = POLLIN },
    };

    for (;;) {
        if (poll(fds, 2, -1) < 0)
            broken("poll");

        if (fds[1].revents) {
            char c;
            ssize_t r = read(STDIN_FILENO, &c, 1);

            if (r < 0)
                broken("standard input");
            if (!r)
                return;
            if (c == 'h')
                fds[0].fd = -1;
            else if (c == 'r')
                fds[0].fd = fd;
        } else if (fds[0].revents) {
            serve_one(fd);
        }
    }
}

int main(int argc, char **argv)
{
    int nbd, pair[2];
    pid_t child;

    if (argc != 3 || (disk_size = strtoul(argv[2], NULL, 10) << 20) == 0) {
        fprintf(stderr, "usage: held-disk DEVICE MIB\n");
        return 2;
    }

    disk = calloc(1, disk_size);
    if (!disk)
        broken("memory");
    nbd = open(argv[1], O_RDWR | O_CLOEXEC);
    if (nbd < 0)
        broken(argv[1]);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        broken("socketpair");
    if (ioctl(nbd, NBD_SET_BLKSIZE, (unsigned long)BLOCK) ||
        ioctl(nbd, NBD_SET_SIZE_BLOCKS, disk_size / BLOCK) ||
        ioctl(nbd, NBD_SET_SOCK, pair[1]))
        broken("setting the device up");

    /* The kernel's side of it needs a process, for as long as it lasts. */
    child = fork();
    if (child < 0)
        broken("fork");
    if (!child) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pair[0]);
        ioctl(nbd, NBD_DO_IT);
        _exit(0);
    }
    close(pair[1]);

    serve(pair[0]);
    return 0;
}
