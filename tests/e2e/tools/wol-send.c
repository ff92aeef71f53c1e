/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wol-send INTERFACE PORT BYTES...: broadcast a UDP packet of those bytes on that
 * interface.  BYTES are hexadecimal, as in ff or 00163e000007, or N*BYTES.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static size_t add_bytes(uint8_t *packet, size_t size, size_t length,
                        const char *text)
{
    const char *hex = strchr(text, '*');
    int times = hex ? atoi(text) : 1;
    const char *from = hex ? hex + 1 : text;

    for (; times > 0; times--) {
        const char *at;

        for (at = from; at[0] && at[1] && length < size; at += 2)
            if (sscanf(at, "%2hhx", &packet[length]) == 1)
                length++;
    }
    return length;
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_BROADCAST),
    };
    int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1, i;
    uint8_t packet[1024];
    size_t length = 0;

    if (argc < 4) {
        fprintf(stderr, "usage: wol-send INTERFACE PORT BYTES...\n");
        return 2;
    }
    to.sin_port = htons(atoi(argv[2]));
    for (i = 3; i < argc; i++)
        length = add_bytes(packet, sizeof(packet), length, argv[i]);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, argv[1], strlen(argv[1])) ||
        sendto(fd, packet, length, 0, (struct sockaddr *)&to, sizeof(to)) < 0) {
        perror("wol-send");
        return 1;
    }
    return 0;
}
