/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_text.c: see xl_text.h.
 */

#include "xl_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "guest_suspend_time.h"

void xl_text_duration(uint64_t duration_ns, char text[XL_TEXT_SIZE])
{
    uint64_t s = duration_ns / GSUSPEND_NS_PER_S;

    if (s < 60)
        snprintf(text, XL_TEXT_SIZE, "%" PRIu64 "s", s);
    else if (s < 3600)
        snprintf(text, XL_TEXT_SIZE, "%" PRIu64 "m%02" PRIu64 "s", s / 60,
                 s % 60);
    else if (s < 86400)
        snprintf(text, XL_TEXT_SIZE, "%" PRIu64 "h%02" PRIu64 "m", s / 3600,
                 s / 60 % 60);
    else
        snprintf(text, XL_TEXT_SIZE, "%" PRIu64 "d%02" PRIu64 "h", s / 86400,
                 s / 3600 % 24);
}

void xl_text_number(uint64_t number, char text[XL_TEXT_SIZE])
{
    if (number == LIBXL_GUEST_SUSPEND_UNKNOWN)
        snprintf(text, XL_TEXT_SIZE, "-");
    else
        snprintf(text, XL_TEXT_SIZE, "%" PRIu64, number);
}

bool xl_since_is_known(const libxl_guest_suspend_info *info)
{
    return info->since_ns != LIBXL_GUEST_SUSPEND_UNKNOWN;
}

uint64_t xl_duration_ns(const libxl_guest_suspend_info *info)
{
    /* The clocks of two CPUs may differ a little. */
    return info->now_ns > info->since_ns ? info->now_ns - info->since_ns : 0;
}

void xl_text_local_time(int64_t time_ns, char text[XL_TEXT_SIZE])
{
    uint32_t rest_ns;
    time_t seconds = gsuspend_time_split(time_ns, &rest_ns);
    struct tm tm;

    if (!localtime_r(&seconds, &tm) ||
        !strftime(text, XL_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm))
        snprintf(text, XL_TEXT_SIZE, "-");
}

void xl_text_utc(int64_t time_ns, char text[XL_TEXT_SIZE])
{
    uint32_t rest_ns;
    time_t seconds = gsuspend_time_split(time_ns, &rest_ns);
    char date[32];
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) ||
        !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm))
        snprintf(text, XL_TEXT_SIZE, "-");
    else
        snprintf(text, XL_TEXT_SIZE, "%s.%03" PRIu32 "Z", date,
                 rest_ns / 1000000);
}

void xl_text_wake(const libxl_guest_suspend_info *info,
                  char text[XL_TEXT_SIZE])
{
    const char *reason = libxl_guest_suspend_wake_to_string(info->wake_reason);
    int len;

    if (info->wake_reason == LIBXL_GUEST_SUSPEND_WAKE_NONE)
        len = snprintf(text, XL_TEXT_SIZE, "-");
    else if (info->wake_virq == LIBXL_GUEST_SUSPEND_VIRQ_NONE)
        len = snprintf(text, XL_TEXT_SIZE, "%s", reason);
    else
        len = snprintf(text, XL_TEXT_SIZE, "%s %" PRIu32, reason,
                       info->wake_virq);
    if (info->wake_due > LIBXL_GUEST_SUSPEND_WAKE_NONE)
        snprintf(text + len, (size_t)(XL_TEXT_SIZE - len), ", %s due",
                 libxl_guest_suspend_wake_to_string(info->wake_due));
}

/*
 * Length of the character at the start of text: printable, and in the one
 * encoding that UTF-8 allows for it; or 0.
 */
static size_t good_character(const unsigned char *text)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t first;
    } forms[] = {
        { 0x80, 0x00, 0 },
        { 0xe0, 0xc0, 0x80 },
        { 0xf0, 0xe0, 0x800 },
        { 0xf8, 0xf0, 0x10000 },
    };
    size_t form, i;
    uint32_t code;

    for (form = 0; form < 4; form++)
        if ((text[0] & forms[form].mask) == forms[form].lead)
            break;
    if (form == 4)
        return 0;

    code = text[0] & (unsigned char)~forms[form].mask;
    for (i = 1; i <= form; i++) {
        /* The terminating 0 is no continuation: this stops there. */
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }

    /* Also refused: controls (C0, DEL, C1), surrogates. */
    if (code < forms[form].first || code > 0x10ffff || code < 0x20 ||
        (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000))
        return 0;

    return form + 1;
}

void xl_text_clean(char *text)
{
    size_t len;

    while (*text) {
        len = good_character((const unsigned char *)text);
        if (!len) {
            *text = '?';
            len = 1;
        }
        text += len;
    }
}

int xl_text_width(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;

    return width;
}
