/* SPDX-License-Identifier: GPL-2.0-only */
/* Give up what is not needed once everything is open. */

#ifndef GS_PRIVILEGES_H
#define GS_PRIVILEGES_H

#include <stdbool.h>

/*
 * Put all capabilities out of effect.  We remain root, who may open xenstored's
 * socket again.  -1 with errno.
 *
 * with_hooks: CAP_KILL stays in effect, as a hook may change its user, and must be
 * killed when its time is up.  Hooks are executed by root, and regain the
 * capabilities of the bounding set, which the service manager may have narrowed.
 * Without hooks, nothing that runs in this process can regain any.
 */
int privileges_drop(bool with_hooks);

#endif
