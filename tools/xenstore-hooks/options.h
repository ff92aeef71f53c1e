/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */

#ifndef GS_OPTIONS_H
#define GS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum action {
    ACTION_RUN,
    ACTION_CHECK,
    ACTION_HELP,
    ACTION_VERSION,
};

struct options {
    enum action action;
    const char *pidfile;    /* NULL: none. */
    const char *hooks_dir;  /* NULL: no hooks. */
    uint32_t hook_timeout_ms;
    const char *xl;         /* Our own, which wakes domains. */
    bool use_syslog;
    int log_level;
};

/*
 * Parse; default_hooks_dir is used where none is named.  -1: it was wrong, and
 * was said to be so on stderr.
 */
int options_parse(struct options *options, int argc, char **argv,
                  const char *default_hooks_dir, const char *xl);

/* Print the help on stdout. */
void options_print_help(void);

#endif
