/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log: one line per message, to stderr or to syslog.  Levels are those of
 * <syslog.h>.
 */

#ifndef GS_LOG_H
#define GS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

/* Until this is called, messages up to LOG_INFO go to stderr. */
void log_setup(bool to_syslog, int max_level);

/* Keeps errno. */
void log_msg(int level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A domain's name (NULL: none) in a line; a longer one is cut, and gets "...". */
#define LOG_NAME_MAX 63
char *log_name(char buf[LOG_NAME_MAX + 4], const char *name);

/*
 * Copy text that others chose to buf, always terminated, so that it cannot
 * forge a line or a field: what is not printable ASCII, and quotes and
 * backslashes, become '?'.  Returns buf.
 */
char *log_sanitise(char *buf, size_t size, const char *text, size_t len);

#endif
