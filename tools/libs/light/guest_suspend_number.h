/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_number.h: numbers as xenstore has them.
 */

#ifndef GUEST_SUSPEND_NUMBER_H
#define GUEST_SUSPEND_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A decimal number up to max, of digits alone, and without a 0 in front.  False:
 * text is something else.
 */
bool gsuspend_parse_number(const char *text, uint64_t max, uint64_t *value);

#endif
