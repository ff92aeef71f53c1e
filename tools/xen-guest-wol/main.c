/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen-guest-wol: wake sleeping guests by Wake-on-LAN; see xen-guest-wol(8).
 *
 * A packet socket for each interface, with a fixed filter in the kernel (packet.c).
 * libpcap would bring a compiler of filters, and more system calls, into a
 * program that only ever needs this one.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "guests.h"
#include "packet.h"
#include "tools/libs/light/bucket.h"
#include "tools/libs/light/guest_suspend_poll.h"
#include "tools/xenstore-hooks/notify.h"

#define EXIT_USAGE 2
#define MAX_INTERFACES 64
#define MAX_FRAME 2048
/* How often an interface that is down is looked at. */
#define LOOK_MS 1000

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct wol {
    struct pollfd sockets[MAX_INTERFACES];
    bool down[MAX_INTERFACES];
    char **interfaces;
    int nr_interfaces;
    char **guests;              /* up to NULL; none: all */
    int nr_guests;
    uint8_t password[WOL_PASSWORD_SIZE];
    bool has_password;
    struct bucket limit;
    bool limited;               /* and the log says so */
};

static const char usage_text[] =
    "usage: xen-guest-wol [--guest=NAME]... [--password-file=FILE] INTERFACE...\n"
    "Wake a sleeping guest when a magic packet for its MAC arrives on INTERFACE.\n"
    "See xen-guest-wol(8).\n";

static int open_socket(const char *interface)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = if_nametoindex(interface),
    };
    int one = 1, fd;

    if (!address.sll_ifindex)
        return -1;
    /* Protocol 0: nothing comes before the filter is there. */
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &wol_packet_filter,
                   sizeof(wol_packet_filter)) ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
        bind(fd, (struct sockaddr *)&address, sizeof(address))) {
        int err = errno;

        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

static int open_sockets(struct wol *wol)
{
    int i;

    for (i = 0; i < wol->nr_interfaces; i++) {
        wol->sockets[i].events = POLLIN;
        wol->sockets[i].fd = open_socket(wol->interfaces[i]);
        if (wol->sockets[i].fd < 0) {
            fprintf(stderr, "xen-guest-wol: interface '%s': %s\n",
                    wol->interfaces[i], strerror(errno));
            return -1;
        }
    }
    return 0;
}

/* In constant time: how long it takes does not tell where they differ. */
static bool is_password(const struct wol *wol, const struct wol_packet *packet)
{
    unsigned int difference = 0;
    int i;

    if (!wol->has_password)
        return true;
    for (i = 0; i < WOL_PASSWORD_SIZE; i++)
        difference |= wol->password[i] ^ packet->password[i];
    return packet->has_password && !difference;
}

static void take_frame(struct wol *wol, const uint8_t *frame, size_t length)
{
    struct wol_packet packet;
    uint64_t now_ms;

    if (!wol_packet_parse(frame, length, &packet) || !is_password(wol, &packet))
        return;
    now_ms = (uint64_t)gsuspend_now_ms();
    /* The flood is over when the bucket is full again. */
    if (wol->limit.full_ms <= now_ms)
        wol->limited = false;
    if (!bucket_ready(&wol->limit, now_ms)) {
        if (!wol->limited)
            fprintf(stderr, "xen-guest-wol: too many packets, the last by %s:"
                    " some are ignored\n", packet.sender);
        wol->limited = true;
        return;
    }
    bucket_take(&wol->limit, now_ms);
    wol_guests_wake(packet.mac, wol->guests, packet.sender);
}

/*
 * The kernel reports that an interface goes down, but not that it is removed then, or
 * comes up.  -1: it is removed, and so the socket is bound to none.
 */
static int look_at_down(struct wol *wol, int i)
{
    struct sockaddr_ll address = { .sll_ifindex = 0 };
    socklen_t length = sizeof(address);
    struct ifreq request = { .ifr_flags = 0 };
    int fd = wol->sockets[i].fd;

    if (getsockname(fd, (struct sockaddr *)&address, &length) ||
        address.sll_ifindex <= 0 ||
        !if_indextoname(address.sll_ifindex, request.ifr_name) ||
        ioctl(fd, SIOCGIFFLAGS, &request)) {
        fprintf(stderr, "xen-guest-wol: interface '%s' was removed\n",
                wol->interfaces[i]);
        return -1;
    }
    wol->down[i] = !(request.ifr_flags & IFF_UP);
    return 0;
}

/* -1: the socket is of no use any more. */
static int take_frames(struct wol *wol, int i)
{
    uint8_t frame[MAX_FRAME];
    ssize_t length;

    while ((length = recv(wol->sockets[i].fd, frame, sizeof(frame), 0)) >= 0)
        take_frame(wol, frame, length);
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    if (errno == ENETDOWN) {
        wol->down[i] = true;
        return 0;
    }
    fprintf(stderr, "xen-guest-wol: interface '%s': %s\n", wol->interfaces[i],
            strerror(errno));
    return -1;
}

static int serve(struct wol *wol)
{
    int i, timeout_ms = -1;

    for (;;) {
        if (poll(wol->sockets, wol->nr_interfaces, timeout_ms) < 0 &&
            errno != EINTR) {
            perror("xen-guest-wol: poll");
            return EXIT_FAILURE;
        }
        timeout_ms = -1;
        for (i = 0; i < wol->nr_interfaces; i++) {
            if ((wol->sockets[i].revents && take_frames(wol, i)) ||
                (wol->down[i] && look_at_down(wol, i)))
                return EXIT_FAILURE;
            if (wol->down[i])
                timeout_ms = LOOK_MS;
        }
    }
}

static int read_password(struct wol *wol, const char *path)
{
    char line[32] = "";
    FILE *file = fopen(path, "re");

    if (!file || !fgets(line, sizeof(line), file)) {
        fprintf(stderr, "xen-guest-wol: password file '%s': %s\n", path,
                file ? "empty" : strerror(errno));
        if (file)
            fclose(file);
        return -1;
    }
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    if (!wol_mac_parse(line, wol->password)) {
        fprintf(stderr, "xen-guest-wol: password file '%s': not of the form"
                " 01:23:45:67:89:ab\n", path);
        return -1;
    }
    wol->has_password = true;
    return 0;
}

static int parse(struct wol *wol, int argc, char **argv)
{
    static const struct option options[] = {
        { "guest", required_argument, NULL, 'g' },
        { "password-file", required_argument, NULL, 'p' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
        switch (option) {
        case 'g':
            wol->guests[wol->nr_guests++] = optarg;
            break;
        case 'p':
            if (read_password(wol, optarg))
                exit(EXIT_USAGE);
            break;
        case 'h':
            fputs(usage_text, stdout);
            exit(EXIT_SUCCESS);
        case 'V':
            printf("xen-guest-wol (%s) %s\n", GS_NAME, GS_VERSION);
            exit(EXIT_SUCCESS);
        default:
            return -1;
        }
    }
    wol->interfaces = argv + optind;
    wol->nr_interfaces = argc - optind;
    return wol->nr_interfaces > 0 && wol->nr_interfaces <= MAX_INTERFACES ?
           0 : -1;
}

int main(int argc, char **argv)
{
    /* A burst of 16, then 5 per second. */
    struct wol wol = { .limit = { .burst = 16, .period_ms = 200 } };

    wol.guests = calloc(argc + 1, sizeof(*wol.guests));
    if (!wol.guests) {
        perror("xen-guest-wol");
        return EXIT_FAILURE;
    }
    if (parse(&wol, argc, argv)) {
        fputs(usage_text, stderr);
        return EXIT_USAGE;
    }
    if (open_sockets(&wol))
        return EXIT_FAILURE;
    if (notify_manager("READY=1"))
        perror("xen-guest-wol: the service manager");
    return serve(&wol);
}
