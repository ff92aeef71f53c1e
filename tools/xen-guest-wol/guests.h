/* SPDX-License-Identifier: GPL-2.0-only */
/* guests.h: the guest that has a MAC, and its wake. */

#ifndef WOL_GUESTS_H
#define WOL_GUESTS_H

#include <stdint.h>

#include "packet.h"

/*
 * Wake each sleeping guest that has a vif with that MAC.  names: of the guests
 * that may be woken, up to NULL; none: all may.  sender is for the log.  What
 * is done, and what fails, is logged.
 */
void wol_guests_wake(const uint8_t mac[WOL_MAC_SIZE], char *const *names,
                     const char *sender);

/* The xl that wakes an x86 guest.  Only tests set it. */
extern const char *wol_xl;

#endif
