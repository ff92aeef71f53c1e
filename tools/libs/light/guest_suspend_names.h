/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_names.h: the words for the values of public/guest_suspend.h,
 * the same ones in the library, in xl, in its JSON and in xenstore.
 *
 * A value that is not known (from a newer hypervisor) is "unknown".  The words
 * hold neither blanks nor quotes, and are never translated.
 */

#ifndef GUEST_SUSPEND_NAMES_H
#define GUEST_SUSPEND_NAMES_H

/* One word per value, from 0 on; NULL ends the list. */
extern const char *const gsuspend_state_names[];
extern const char *const gsuspend_kind_names[];
extern const char *const gsuspend_wake_names[];
extern const char *const gsuspend_denied_names[];

/* E.g. gsuspend_name(gsuspend_wake_names, record.wake_reason) */
const char *gsuspend_name(const char *const *names, unsigned int value);

/*
 * The value of a word, in any case of letters whatever the locale is; -1 for none,
 * or for NULL.
 */
int gsuspend_value(const char *const *names, const char *name);

#endif
