/* SPDX-License-Identifier: GPL-2.0-only */
/* Tell the service manager, and write the pidfile. */

#ifndef GS_REPORT_H
#define GS_REPORT_H

#include <stdbool.h>

struct report {
    const char *pidfile;    /* NULL: none. */
    bool said;              /* That we were ready, once. */
    bool said_ready;        /* That we are, last. */
};

/*
 * Write the pidfile and say READY=1 when we are ready for the first time; later,
 * say when that changes.  connected: there is a xenstored.  -1: failed, logged.
 */
int report_ready(struct report *report, bool ready, bool connected);

/* We end because of this error. */
void report_failed(int errnum);

/* Remove the pidfile. */
void report_end(const struct report *report);

#endif
