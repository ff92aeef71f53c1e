/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_number.c: see guest_suspend_number.h.
 */

#include "guest_suspend_number.h"

bool gsuspend_parse_number(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t number = 0;

    if (!*text || (*text == '0' && text[1]))
        return false;

    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (*text < '0' || *text > '9' || digit > max ||
            number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }

    *value = number;
    return true;
}
