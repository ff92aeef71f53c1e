/* SPDX-License-Identifier: GPL-2.0-only */
/* xen-guest-wol without Xen: says which guest it would look for. */

#include <stdio.h>

#include "tools/xen-guest-wol/guests.h"

void wol_guests_wake(const uint8_t mac[WOL_MAC_SIZE], char *const *names,
                     const char *sender)
{
    printf("wake %02x:%02x:%02x:%02x:%02x:%02x of %s asked by %s\n", mac[0],
           mac[1], mac[2], mac[3], mac[4], mac[5], *names ? *names : "all",
           sender);
    fflush(stdout);
}
