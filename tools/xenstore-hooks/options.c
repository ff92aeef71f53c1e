/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line; see options.h. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options.h"

#define HOOK_TIMEOUT_DEFAULT_S 30
#define HOOK_TIMEOUT_MAX_S 86400

/* What getopt_long() returns for options that have no letter. */
enum {
    OPT_SYSLOG = 256,
    OPT_NO_HOOKS,
    OPT_HOOK_TIMEOUT,
    OPT_CHECK,
};

/* The one list of options: parsing and help are made of it. */
static const struct {
    int id;
    const char *name;
    const char *arg;
    const char *help;
} option_table[] = {
    { 'p', "pidfile", "FILE", "write the process id to FILE once ready" },
    { 'd', "hooks-dir", "DIR", "run the hooks in DIR" },
    { OPT_NO_HOOKS, "no-hooks", NULL, "run no hooks" },
    { OPT_HOOK_TIMEOUT, "hook-timeout", "SECONDS",
      "time that one hook may take (default 30)" },
    { OPT_SYSLOG, "syslog", NULL, "log to syslog instead of stderr" },
    { 'v', "verbose", NULL, "log more" },
    { 'q', "quiet", NULL, "log warnings and errors only" },
    { OPT_CHECK, "check", NULL, "check the configuration, print what would "
                                "run, and exit" },
    { 'V', "version", NULL, "print the version and exit" },
    { 'h', "help", NULL, "print this and exit" },
};

#define NR_OPTIONS (sizeof(option_table) / sizeof(option_table[0]))

static int parse_seconds(const char *text, uint32_t *ms)
{
    char *end;
    unsigned long value;

    if (*text < '0' || *text > '9') {
        fprintf(stderr, "xensuspendd: '%s' is no number of seconds\n", text);
        return -1;
    }
    value = strtoul(text, &end, 10);
    if (*end) {
        fprintf(stderr, "xensuspendd: trailing garbage in seconds '%s'\n",
                text);
        return -1;
    }
    if (value < 1 || value > HOOK_TIMEOUT_MAX_S) {
        fprintf(stderr, "xensuspendd: seconds '%s' are not within 1 to %d\n",
                text, HOOK_TIMEOUT_MAX_S);
        return -1;
    }
    *ms = (uint32_t)value * 1000;
    return 0;
}

static int check_path(const char *what, const char *path)
{
    if (*path == '/')
        return 0;
    fprintf(stderr, "xensuspendd: %s '%s' is no absolute path\n", what, path);
    return -1;
}

int options_parse(struct options *o, int argc, char **argv,
                  const char *default_hooks_dir)
{
    struct option longs[NR_OPTIONS + 1] = { { 0 } };
    char shorts[2 * NR_OPTIONS + 2] = ":", *s = shorts + 1;
    unsigned int i;
    int c;

    *o = (struct options){
        .action = ACTION_RUN,
        .hooks_dir = default_hooks_dir,
        .hook_timeout_ms = HOOK_TIMEOUT_DEFAULT_S * 1000,
        .log_level = LOG_INFO,
    };

    for (i = 0; i < NR_OPTIONS; i++) {
        longs[i].name = option_table[i].name;
        longs[i].has_arg = option_table[i].arg ? required_argument
                                               : no_argument;
        longs[i].val = option_table[i].id;
        if (option_table[i].id < OPT_SYSLOG) {
            *s++ = (char)option_table[i].id;
            if (option_table[i].arg)
                *s++ = ':';
        }
    }

    optind = 1;
    while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        switch (c) {
        case 'p':
            if (check_path("pidfile", optarg))
                return -1;
            o->pidfile = optarg;
            break;
        case 'd':
            if (check_path("hooks directory", optarg))
                return -1;
            o->hooks_dir = optarg;
            break;
        case OPT_NO_HOOKS:
            o->hooks_dir = NULL;
            break;
        case OPT_HOOK_TIMEOUT:
            if (parse_seconds(optarg, &o->hook_timeout_ms))
                return -1;
            break;
        case OPT_SYSLOG:
            o->use_syslog = true;
            break;
        case 'v':
            o->log_level = LOG_DEBUG;
            break;
        case 'q':
            o->log_level = LOG_WARNING;
            break;
        case OPT_CHECK:
            o->action = ACTION_CHECK;
            break;
        case 'V':
            o->action = ACTION_VERSION;
            return 0;
        case 'h':
            o->action = ACTION_HELP;
            return 0;
        case ':':
            fprintf(stderr, "xensuspendd: option '%s' needs an argument; see "
                    "--help\n", argv[optind - 1]);
            return -1;
        default:
            fprintf(stderr, "xensuspendd: option '%s' is wrong; see --help\n",
                    argv[optind - 1]);
            return -1;
        }
    }

    if (optind < argc) {
        fprintf(stderr, "xensuspendd: argument '%s' is not expected; see "
                "--help\n", argv[optind]);
        return -1;
    }
    return 0;
}

void options_print_help(void)
{
    unsigned int i;

    printf("Usage: xensuspendd [OPTION]...\n"
           "Publish the guest suspend state of this host's domains in xenstore "
           "and run hooks.\n\n");
    for (i = 0; i < NR_OPTIONS; i++) {
        char name[40];

        snprintf(name, sizeof(name), "--%s%s%s", option_table[i].name,
                 option_table[i].arg ? " " : "",
                 option_table[i].arg ? option_table[i].arg : "");
        if (option_table[i].id < OPT_SYSLOG)
            printf("  -%c, ", option_table[i].id);
        else
            printf("      ");
        printf("%-24s %s\n", name, option_table[i].help);
    }
}
