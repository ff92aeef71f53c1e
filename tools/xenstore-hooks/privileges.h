/* SPDX-License-Identifier: GPL-2.0-only */
/* Give up what is not needed once everything is open. */

#ifndef GS_PRIVILEGES_H
#define GS_PRIVILEGES_H

#include <stdbool.h>

/*
 * Put all capabilities out of effect.  We remain root, who may open xenstored's
 * socket again.  with_hooks: programs that we execute, being root's, regain
 * those of the bounding set, which the service manager may have narrowed; without,
 * nothing that runs in this process can regain any.  -1 with errno.
 */
int privileges_drop(bool with_hooks);

#endif
