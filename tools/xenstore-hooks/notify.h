/* SPDX-License-Identifier: GPL-2.0-only */
/* Tell the service manager that started us, by its datagram protocol. */

#ifndef GS_NOTIFY_H
#define GS_NOTIFY_H

/*
 * Send text, such as "READY=1".  Does nothing where $NOTIFY_SOCKET is not set;
 * -1 with errno: it is, but the text could not be sent.
 */
int notify_manager(const char *text);

#endif
