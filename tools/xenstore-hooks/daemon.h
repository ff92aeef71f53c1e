/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon: one loop over the hypervisor's event, xenstore, signals, hooks. */

#ifndef GS_DAEMON_H
#define GS_DAEMON_H

#include "options.h"

/* Exit status of a host that has no guest suspend, as in xl. */
#define EXIT_UNSUPPORTED 6

/* Run until told to end.  Returns the exit status; failures were logged. */
int daemon_run(const struct options *options);

#endif
