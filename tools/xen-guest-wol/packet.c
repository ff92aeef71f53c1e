/* SPDX-License-Identifier: GPL-2.0-only */
/* Magic packets; see packet.h. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "packet.h"

#define ETHERNET_HEADER 14
#define TYPE_OFFSET 12
#define TYPE_WOL 0x0842
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define PROTOCOL_UDP 17
#define UDP_HEADER 8
#define PORT_ECHO 7
#define PORT_DISCARD 9
#define SYNC_SIZE 6
#define REPEATS 16

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static bool is_port(uint16_t port)
{
    return port == PORT_ECHO || port == PORT_DISCARD;
}

/* Whether the 16 MACs begin at this place, of which all bytes are there. */
static bool is_repeated(const uint8_t *macs)
{
    int i;

    for (i = 1; i < REPEATS; i++)
        if (memcmp(macs, macs + i * WOL_MAC_SIZE, WOL_MAC_SIZE))
            return false;
    /* Not a group's address: no guest has one. */
    return !(macs[0] & 1);
}

static bool parse_payload(const uint8_t *payload, size_t length,
                          struct wol_packet *packet)
{
    static const uint8_t sync[SYNC_SIZE] = { 255, 255, 255, 255, 255, 255 };
    const size_t body = SYNC_SIZE + REPEATS * WOL_MAC_SIZE;
    size_t at;

    for (at = 0; at + body <= length; at++) {
        const uint8_t *macs = payload + at + SYNC_SIZE;

        if (memcmp(payload + at, sync, SYNC_SIZE) || !is_repeated(macs))
            continue;
        memcpy(packet->mac, macs, WOL_MAC_SIZE);
        packet->has_password = length - at - body >= WOL_PASSWORD_SIZE;
        if (packet->has_password)
            memcpy(packet->password, payload + at + body, WOL_PASSWORD_SIZE);
        return true;
    }
    return false;
}

static bool parse_udp(const uint8_t *udp, size_t length,
                      struct wol_packet *packet)
{
    size_t udp_length;

    if (length < UDP_HEADER || !is_port(get16(udp + 2)))
        return false;
    /* An Ethernet frame may be padded: that is not the payload. */
    udp_length = get16(udp + 4);
    if (udp_length < UDP_HEADER || udp_length > length)
        return false;
    return parse_payload(udp + UDP_HEADER, udp_length - UDP_HEADER, packet);
}

static bool parse_ipv4(const uint8_t *ip, size_t length,
                       struct wol_packet *packet)
{
    size_t header;

    if (length < IPV4_HEADER || ip[0] >> 4 != 4 || ip[9] != PROTOCOL_UDP)
        return false;
    header = (ip[0] & 15) * 4;
    /* More fragments, or not the first one. */
    if (header < IPV4_HEADER || header > length || get16(ip + 6) & 0x3fff)
        return false;
    inet_ntop(AF_INET, ip + 12, packet->sender, sizeof(packet->sender));
    return parse_udp(ip + header, length - header, packet);
}

static bool parse_ipv6(const uint8_t *ip, size_t length,
                       struct wol_packet *packet)
{
    if (length < IPV6_HEADER || ip[0] >> 4 != 6 || ip[6] != PROTOCOL_UDP)
        return false;
    inet_ntop(AF_INET6, ip + 8, packet->sender, sizeof(packet->sender));
    return parse_udp(ip + IPV6_HEADER, length - IPV6_HEADER, packet);
}

bool wol_packet_parse(const uint8_t *frame, size_t length,
                      struct wol_packet *packet)
{
    const uint8_t *from = frame + WOL_MAC_SIZE;
    const uint8_t *payload = frame + ETHERNET_HEADER;

    memset(packet, 0, sizeof(*packet));
    if (length < ETHERNET_HEADER)
        return false;
    length -= ETHERNET_HEADER;
    switch (get16(frame + TYPE_OFFSET)) {
    case TYPE_WOL:
        snprintf(packet->sender, sizeof(packet->sender),
                 "%02x:%02x:%02x:%02x:%02x:%02x", from[0], from[1], from[2],
                 from[3], from[4], from[5]);
        return parse_payload(payload, length, packet);
    case TYPE_IPV4:
        return parse_ipv4(payload, length, packet);
    case TYPE_IPV6:
        return parse_ipv6(payload, length, packet);
    default:
        return false;
    }
}

bool wol_mac_parse(const char *text, uint8_t mac[WOL_MAC_SIZE])
{
    int i, end = 0;

    if (strlen(text) != 3 * WOL_MAC_SIZE - 1 ||
        text[strspn(text, "0123456789abcdefABCDEF:")])
        return false;
    for (i = 0; i < WOL_MAC_SIZE; i++, text += end)
        if (sscanf(text, i ? ":%2hhx%n" : "%2hhx%n", &mac[i], &end) != 1 ||
            end != (i ? 3 : 2))
            return false;
    return true;
}

/*
 * The same test as above, but for the payload.  The jumps count the instructions
 * that they skip, if true and if false.
 */
#define LOAD_HALF(offset) BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (offset))
#define LOAD_BYTE(offset) BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (offset))
#define IF_EQUAL(value, t, f) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (t), (f))
static struct sock_filter filter[] = {
    LOAD_HALF(TYPE_OFFSET),
    IF_EQUAL(TYPE_WOL, 14, 0),
    IF_EQUAL(TYPE_IPV4, 0, 6),
    LOAD_BYTE(ETHERNET_HEADER + 9),
    IF_EQUAL(PROTOCOL_UDP, 0, 12),
    LOAD_HALF(ETHERNET_HEADER + 6),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 10, 0),
    /* X: the size of the IPv4 header. */
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETHERNET_HEADER),
    BPF_JUMP(BPF_JMP | BPF_JA, 4, 0, 0),
    IF_EQUAL(TYPE_IPV6, 0, 7),
    LOAD_BYTE(ETHERNET_HEADER + 6),
    IF_EQUAL(PROTOCOL_UDP, 0, 5),
    BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, IPV6_HEADER),
    /* The destination port. */
    BPF_STMT(BPF_LD | BPF_H | BPF_IND, ETHERNET_HEADER + 2),
    IF_EQUAL(PORT_ECHO, 1, 0),
    IF_EQUAL(PORT_DISCARD, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, UINT16_MAX),
    BPF_STMT(BPF_RET | BPF_K, 0),
};
const struct sock_fprog wol_packet_filter = {
    .len = sizeof(filter) / sizeof(filter[0]),
    .filter = filter,
};
