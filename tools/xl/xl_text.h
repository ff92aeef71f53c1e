/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_text.h: values as people read them.
 */

#ifndef XL_TEXT_H
#define XL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libxl_guest_suspend.h>

#define XL_TEXT_SIZE 48

/* "0s", "59s", "3m05s", "2h07m", "3d04h": two units at most, cut off. */
void xl_text_duration(uint64_t duration_ns, char text[XL_TEXT_SIZE]);

/* "-" for LIBXL_GUEST_SUSPEND_UNKNOWN */
void xl_text_number(uint64_t number, char text[XL_TEXT_SIZE]);

/* Whether the hypervisor tells when the record's state began. */
bool xl_since_is_known(const libxl_guest_suspend_info *info);

/* How long the record's state has lasted. */
uint64_t xl_duration_ns(const libxl_guest_suspend_info *info);

/* A time of day (guest_suspend_time.h): "2026-11-23 06:01:22", local time */
void xl_text_local_time(int64_t time_ns, char text[XL_TEXT_SIZE]);

/* "2026-11-23T06:01:22.123Z"; the last digit is rounded down */
void xl_text_utc(int64_t time_ns, char text[XL_TEXT_SIZE]);

/* "-", "interrupt 32", "toolstack", "unknown"; with a wake due: "-, alarm due" */
void xl_text_wake(const libxl_guest_suspend_info *info,
                  char text[XL_TEXT_SIZE]);

/*
 * Make text fit for a terminal and for JSON: valid UTF-8 without control
 * characters, each byte of anything else becoming a '?'.
 */
void xl_text_clean(char *text);

/* Columns that clean text takes: its characters. */
int xl_text_width(const char *text);

#endif
