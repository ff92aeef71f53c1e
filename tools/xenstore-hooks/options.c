/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line; see options.h. */

#include <inttypes.h>
#include <stdio.h>

#include "../xl/xl_options.h"

#include "log.h"
#include "options.h"

#define HOOK_TIMEOUT_DEFAULT_S 30
#define HOOK_TIMEOUT_MAX_S 86400

/* Options that have no letter. */
enum {
    OPT_SYSLOG = 256,
    OPT_NO_HOOKS,
    OPT_HOOK_TIMEOUT,
    OPT_CHECK,
};

/* The one list of options: parsing and help are made of it. */
static const struct xl_option option_table[] = {
    { 'p', 'p', "pidfile", "FILE", "write the process id to FILE once ready" },
    { 'd', 'd', "hooks-dir", "DIR", "run the hooks in DIR" },
    { OPT_NO_HOOKS, 0, "no-hooks", NULL, "run no hooks" },
    { OPT_HOOK_TIMEOUT, 0, "hook-timeout", "SECONDS",
      "time that one hook may take (default 30)" },
    { OPT_SYSLOG, 0, "syslog", NULL, "log to syslog instead of stderr" },
    { 'v', 'v', "verbose", NULL, "log more" },
    { 'q', 'q', "quiet", NULL, "log warnings and errors only" },
    { OPT_CHECK, 0, "check", NULL, "check the configuration, print what would "
                                   "run, and exit" },
    { 'V', 'V', "version", NULL, "print the version and exit" },
    { 'h', 'h', "help", NULL, "print this and exit" },
    { 0 }
};

static int parse_seconds(const char *text, uint32_t *ms)
{
    char why[XL_WHY_SIZE];
    uint64_t seconds;

    if (!xl_parse_number("number of seconds", text, 1, HOOK_TIMEOUT_MAX_S,
                         &seconds, why)) {
        fprintf(stderr, "xensuspendd: %s\n", why);
        return -1;
    }
    *ms = (uint32_t)seconds * 1000;
    return 0;
}

static int check_path(const char *what, const char *path)
{
    if (*path == '/')
        return 0;
    fprintf(stderr, "xensuspendd: %s '%s' is no absolute path\n", what, path);
    return -1;
}

/* One option.  1: what follows does not matter; -1: it is wrong. */
static int take_option(struct options *options, int id, const char *arg)
{
    switch (id) {
    case 'p':
        options->pidfile = arg;
        return check_path("pidfile", arg);
    case 'd':
        options->hooks_dir = arg;
        return check_path("hooks directory", arg);
    case OPT_NO_HOOKS:
        options->hooks_dir = NULL;
        return 0;
    case OPT_HOOK_TIMEOUT:
        return parse_seconds(arg, &options->hook_timeout_ms);
    case OPT_SYSLOG:
        options->use_syslog = true;
        return 0;
    case 'v':
        options->log_level = LOG_DEBUG;
        return 0;
    case 'q':
        options->log_level = LOG_WARNING;
        return 0;
    case OPT_CHECK:
        options->action = ACTION_CHECK;
        return 0;
    case 'V':
        options->action = ACTION_VERSION;
        return 1;
    case 'h':
        options->action = ACTION_HELP;
        return 1;
    case XL_OPT_OPERAND:
        fprintf(stderr, "xensuspendd: argument '%s' is not expected; see "
                "--help\n", arg);
        return -1;
    }
    return -1;
}

int options_parse(struct options *options, int argc, char **argv,
                  const char *default_hooks_dir, const char *xl)
{
    struct xl_option_reader reader;
    int id, r;

    *options = (struct options){
        .action = ACTION_RUN,
        .hooks_dir = default_hooks_dir,
        .xl = xl,
        .hook_timeout_ms = HOOK_TIMEOUT_DEFAULT_S * 1000,
        .log_level = LOG_INFO,
    };

    xl_options_start(&reader, option_table, argc - 1, argv + 1);
    while ((id = xl_options_next(&reader)) != XL_OPT_END) {
        if (id == XL_OPT_BAD) {
            fprintf(stderr, "xensuspendd: %s; see --help\n", reader.why);
            return -1;
        }
        r = take_option(options, id, reader.arg);
        if (r)
            return r < 0 ? -1 : 0;
    }
    return 0;
}

void options_print_help(void)
{
    const struct xl_option *option;

    printf("Usage: xensuspendd [OPTION]...\n"
           "Publish the guest suspend state of this host's domains in xenstore "
           "and run hooks.\n\n");
    for (option = option_table; option->id; option++) {
        char name[40];

        snprintf(name, sizeof(name), "--%s%s%s", option->name,
                 option->arg ? " " : "", option->arg ? option->arg : "");
        if (option->letter)
            printf("  -%c, ", option->letter);
        else
            printf("      ");
        printf("%-24s %s\n", name, option->help);
    }
}
