/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Magic packets: what is one, and what is not; and that the kernel's filter keeps
 * none away, by the kernel itself.
 */

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/xen-guest-wol/packet.h"
#include "tap.h"

#define BODY (6 + 16 * 6)
#define FRAME_SIZE 256

static const uint8_t mac[] = { 0x00, 0x16, 0x3e, 0x00, 0x00, 0x07 };
static int filtered[2];

static size_t put_body(uint8_t *at)
{
    int i;

    memset(at, 0xff, 6);
    for (i = 1; i <= 16; i++)
        memcpy(at + i * 6, mac, 6);
    return BODY;
}

static size_t ethernet(uint8_t *frame, uint16_t type)
{
    static const uint8_t from[] = { 2, 0, 0, 0, 0, 9 };

    memset(frame, 0, FRAME_SIZE);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, from, 6);
    frame[12] = type >> 8;
    frame[13] = type & 255;
    return 14;
}

static size_t udp(uint8_t *at, uint16_t port, size_t payload)
{
    at[2] = port >> 8;
    at[3] = port & 255;
    at[4] = (8 + payload) >> 8;
    at[5] = (8 + payload) & 255;
    return 8;
}

static size_t make_ethernet(uint8_t *frame, size_t before, size_t after)
{
    size_t length = ethernet(frame, 0x0842) + before;

    length += put_body(frame + length);
    memset(frame + length, 0x5a, after);
    return length + after;
}

/* options: bytes of IPv4 options. */
static size_t make_ipv4(uint8_t *frame, uint16_t port, size_t options)
{
    size_t length = ethernet(frame, 0x0800);
    static const uint8_t from[] = { 192, 0, 2, 7 };

    frame[14] = 0x40 | ((20 + options) / 4);
    frame[23] = 17;
    memcpy(frame + 26, from, 4);
    length += 20 + options;
    length += udp(frame + length, port, BODY);
    return length + put_body(frame + length);
}

static size_t make_ipv6(uint8_t *frame, uint16_t port)
{
    size_t length = ethernet(frame, 0x86dd);

    frame[14] = 0x60;
    frame[20] = 17;
    frame[22] = 0x20;
    frame[23] = 0x01;
    frame[37] = 0x07;
    length += 40;
    length += udp(frame + length, port, BODY);
    return length + put_body(frame + length);
}

/* Whether the kernel lets it through our filter. */
static bool passes(const uint8_t *frame, size_t length)
{
    uint8_t got[FRAME_SIZE];

    if (send(filtered[0], frame, length, 0) != (ssize_t)length)
        return false;
    return recv(filtered[1], got, sizeof(got), MSG_DONTWAIT) == (ssize_t)length;
}

static void is_magic(const uint8_t *frame, size_t length, const char *sender,
                     bool has_password, const char *what)
{
    struct wol_packet packet;

    TAP_OK(wol_packet_parse(frame, length, &packet), "%s: taken", what);
    TAP_OK(!memcmp(packet.mac, mac, sizeof(mac)), "%s: its MAC", what);
    TAP_EQ_STR(packet.sender, sender, "its sender");
    TAP_EQ_INT(packet.has_password, has_password, "whether it has a password");
    TAP_OK(passes(frame, length), "%s: the filter lets it through", what);
}

static void is_none(const uint8_t *frame, size_t length, bool filter_too,
                    const char *what)
{
    struct wol_packet packet;

    TAP_OK(!wol_packet_parse(frame, length, &packet), "%s: refused", what);
    if (filter_too)
        TAP_OK(!passes(frame, length), "%s: the filter keeps it away", what);
}

static void test_taken(void)
{
    uint8_t frame[FRAME_SIZE];

    is_magic(frame, make_ethernet(frame, 0, 0), "02:00:00:00:00:09", false,
             "Ethernet");
    is_magic(frame, make_ethernet(frame, 5, 0), "02:00:00:00:00:09", false,
             "Ethernet, later in the frame");
    is_magic(frame, make_ethernet(frame, 0, 6), "02:00:00:00:00:09", true,
             "Ethernet, with a password");
    is_magic(frame, make_ethernet(frame, 0, 4), "02:00:00:00:00:09", false,
             "Ethernet, with too short a password");
    is_magic(frame, make_ipv4(frame, 9, 0), "192.0.2.7", false, "IPv4, port 9");
    is_magic(frame, make_ipv4(frame, 7, 8), "192.0.2.7", false,
             "IPv4 with options, port 7");
    is_magic(frame, make_ipv6(frame, 9), "2001::7", false, "IPv6, port 9");
    is_magic(frame, make_ipv6(frame, 7), "2001::7", false, "IPv6, port 7");
    /* One more byte of 0xff before the six. */
    make_ethernet(frame, 1, 0);
    frame[14] = 0xff;
    is_magic(frame, 15 + BODY, "02:00:00:00:00:09", false, "7 bytes of 0xff");
}

static void test_refused(void)
{
    uint8_t frame[FRAME_SIZE];
    size_t length;

    is_none(frame, ethernet(frame, 0x0806), true, "ARP");
    is_none(frame, make_ethernet(frame, 0, 0) - 1, false, "a byte too few");
    length = make_ethernet(frame, 0, 0);
    frame[length - 1] ^= 1;
    is_none(frame, length, false, "another MAC at the end");
    length = make_ipv4(frame, 10, 0);
    is_none(frame, length, true, "IPv4, port 10");
    length = make_ipv4(frame, 9, 0);
    frame[23] = 6;
    is_none(frame, length, true, "TCP");
    length = make_ipv4(frame, 9, 0);
    frame[20] = 0x20;
    is_none(frame, length, true, "a fragment that is not the last");
    frame[20] = 0;
    frame[21] = 1;
    is_none(frame, length, true, "a fragment that is not the first");
    length = make_ipv4(frame, 9, 0);
    frame[38] = 0x7f;
    is_none(frame, length, false, "a UDP length beyond the frame");
    length = make_ipv4(frame, 9, 0);
    /* Then the checksum is the port, and the sender's address the length. */
    frame[14] = 0x42;
    frame[25] = 9;
    frame[26] = 0;
    frame[27] = length - 14 - 8;
    is_none(frame, length, false, "an IPv4 header of 8 bytes");
    length = make_ipv6(frame, 9);
    frame[20] = 58;
    is_none(frame, length, true, "ICMPv6");
    length = make_ethernet(frame, 0, 0);
    for (size_t i = 20; i < length; i += 6)
        frame[i] |= 1;
    is_none(frame, length, false, "a group's MAC");
    memset(frame + 14, 0xff, BODY);
    is_none(frame, length, false, "nothing but 0xff");
}

/* What the parser takes, the filter lets through; no frame is read past its end. */
static void test_fuzz(void)
{
    unsigned int taken = 0, kept = 0, i, n;
    struct wol_packet packet;

    srand(1);
    for (i = 0; i < 200000; i++) {
        uint8_t whole[FRAME_SIZE], *frame;
        size_t length;

        switch (rand() % 3) {
        case 0: length = make_ethernet(whole, rand() % 8, rand() % 8); break;
        case 1: length = make_ipv4(whole, rand() % 12, rand() % 11 * 4); break;
        default: length = make_ipv6(whole, rand() % 12); break;
        }
        for (n = rand() % 3; n; n--)
            whole[rand() % length] = rand();
        if (!(rand() % 4))
            length = rand() % (length + 1);
        /* A sanitizer sees what is read beyond. */
        frame = malloc(length ? length : 1);
        memcpy(frame, whole, length);
        if (wol_packet_parse(frame, length, &packet)) {
            taken++;
            kept += !passes(frame, length);
        }
        free(frame);
    }
    printf("# %u of %u frames taken\n", taken, i);
    TAP_OK(taken > 1000 && taken < i, "some are taken, some are not");
    TAP_EQ_INT(kept, 0, "of those taken, that the filter kept away");
}

static void test_mac(void)
{
    static const char *const bad[] = {
        "", "00:16:3e:00:00", "00:16:3e:00:00:07:", "00:16:3e:00:00:0g",
        "00:16:3e:00:00:7", " 0:16:3e:00:00:07", "00-16-3e-00-00-07",
        "0:016:3e:00:00:07", "00:16:3e:00:00::7", "00:16:3e:00:00:070",
    };
    uint8_t got[WOL_MAC_SIZE];
    size_t i;

    TAP_OK(wol_mac_parse("00:16:3E:00:00:07", got) &&
           !memcmp(got, mac, sizeof(mac)), "a MAC");
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        TAP_OK(!wol_mac_parse(bad[i], got), "no MAC: '%s'", bad[i]);
}

int main(void)
{
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, filtered) ||
        setsockopt(filtered[1], SOL_SOCKET, SO_ATTACH_FILTER,
                   &wol_packet_filter, sizeof(wol_packet_filter))) {
        perror("# a socket with the filter");
        return 1;
    }
    test_taken();
    test_refused();
    test_fuzz();
    test_mac();
    close(filtered[0]);
    close(filtered[1]);
    return tap_done();
}
