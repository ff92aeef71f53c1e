/* SPDX-License-Identifier: GPL-2.0-only */
/* The log; see log.h. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

static bool use_syslog;
static int level_limit = LOG_INFO;

void log_setup(bool to_syslog, int max_level)
{
    use_syslog = to_syslog;
    level_limit = max_level;
    if (to_syslog)
        openlog("xensuspendd", LOG_PID, LOG_DAEMON);
}

void log_msg(int level, const char *fmt, ...)
{
    char line[1024];
    int err = errno;
    va_list ap;

    if (level > level_limit)
        return;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);

    if (use_syslog)
        syslog(level, "%s", line);
    else
        /* One write, so that lines of several processes stay whole. */
        fprintf(stderr, "xensuspendd: %s%s\n",
                level <= LOG_ERR ? "error: " :
                level <= LOG_WARNING ? "warning: " : "", line);
    errno = err;
}

char *log_name(char buf[LOG_NAME_MAX + 4], const char *name)
{
    if (!name)
        name = "";
    snprintf(buf, LOG_NAME_MAX + 4, "%.*s%s", LOG_NAME_MAX, name,
             strlen(name) > LOG_NAME_MAX ? "..." : "");
    return buf;
}

char *log_sanitise(char *buf, size_t size, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len && i + 1 < size && text[i]; i++) {
        char c = text[i];

        buf[i] = c < ' ' || c > '~' || c == '"' || c == '\\' ? '?' : c;
    }
    buf[i] = '\0';
    return buf;
}
