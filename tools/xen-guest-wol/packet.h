/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet.h: is an Ethernet frame a magic packet of Wake-on-LAN?  Frames come from
 * anyone on the network: nothing in them is trusted.
 */

#ifndef WOL_PACKET_H
#define WOL_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#define WOL_MAC_SIZE 6
#define WOL_PASSWORD_SIZE 6
/* Of a sender's address as text: an IPv6 address. */
#define WOL_SENDER_SIZE 46

struct wol_packet {
    uint8_t mac[WOL_MAC_SIZE];              /* to be woken */
    uint8_t password[WOL_PASSWORD_SIZE];    /* SecureOn's */
    bool has_password;
    char sender[WOL_SENDER_SIZE];           /* an IP or Ethernet address */
};

/*
 * Parse a frame, from its Ethernet header on.  EtherType 0x0842, or UDP over IPv4 or
 * IPv6 to port 7 or 9; the payload has, anywhere, 6 bytes of 0xff and 16
 * times a unicast MAC, and then perhaps a password.  False: it is none.
 */
bool wol_packet_parse(const uint8_t *frame, size_t length,
                      struct wol_packet *packet);

/* What the kernel keeps other frames away from us by; see packet(7). */
extern const struct sock_fprog wol_packet_filter;

/* "aa:bb:cc:dd:ee:ff" and nothing else.  False: it is no such thing. */
bool wol_mac_parse(const char *text, uint8_t mac[WOL_MAC_SIZE]);

#endif
