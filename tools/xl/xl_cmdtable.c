/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_cmdtable.c: the commands that are ours.  Dispatch and help both stand on
 * this table; a test holds the man pages against it.
 */

#include "xl.h"

#include <stdio.h>
#include <string.h>

const struct xl_command xl_commands[] = {
    {
        .name = "suspend-status",
        .synopsis = "suspend-status [OPTIONS] [DOMAIN...]",
        .summary = "Show whether guests have put themselves to sleep",
        .options = xl_suspend_status_options,
        .run = xl_suspend_status,
    },
    {
        .name = "trigger",
        .trigger = "wake",
        .synopsis = "trigger DOMAIN wake [OPTIONS]",
        .summary = "Wake a guest that has put itself to sleep",
        .options = xl_trigger_wake_options,
        .run = xl_trigger_wake,
    },
    {
        .name = "trigger",
        .trigger = "sleep",
        .synopsis = "trigger DOMAIN sleep [OPTIONS]",
        .summary = "Ask a guest to put itself to sleep",
        .options = xl_trigger_sleep_options,
        .run = xl_trigger_sleep,
    },
    { .name = NULL }
};

const struct xl_exit_status xl_exit_statuses[] = {
    { XL_EXIT_OK, "done; with -q: suspended" },
    { XL_EXIT_FAILED, "failed" },
    { XL_EXIT_USAGE, "wrong usage" },
    { XL_EXIT_NOT_SUSPENDED, "not suspended" },
    { XL_EXIT_TIMED_OUT, "timed out" },
    { XL_EXIT_NO_DOMAIN, "no such domain" },
    { XL_EXIT_UNSUPPORTED, "the hypervisor has no guest suspend" },
    { XL_EXIT_STALE, "the sleep that was meant is over" },
    { XL_EXIT_CANNOT_ASK, "the guest cannot be asked to sleep" },
    { XL_EXIT_DECLINED, "the guest took the request and did not sleep" },
    { 0, NULL }
};

/* "trigger DOMAIN wake"; as with the stock xl, "--" may end the options. */
static bool is_trigger(const struct xl_command *command, int argc, char **argv,
                       struct xl_words *words)
{
    const char *operands[2];
    int nr = 0, i;

    words->operands_only = false;
    for (i = 1; i < argc && nr < 2; i++) {
        if (!words->operands_only && !strcmp(argv[i], "--"))
            words->operands_only = true;
        else if (!words->operands_only && argv[i][0] == '-')
            return false;
        else
            operands[nr++] = argv[i];
    }
    if (nr < 2 || strcmp(operands[1], command->trigger))
        return false;

    words->domain = operands[0];
    words->argc = argc - i;
    words->argv = argv + i;
    return true;
}

const struct xl_command *xl_command_find(int argc, char **argv,
                                         struct xl_words *words)
{
    const struct xl_command *command;

    if (argc < 1)
        return NULL;

    for (command = xl_commands; command->name; command++) {
        if (strcmp(argv[0], command->name))
            continue;
        if (!command->trigger) {
            *words = (struct xl_words) { .argc = argc - 1, .argv = argv + 1 };
            return command;
        }
        if (is_trigger(command, argc, argv, words))
            return command;
    }

    return NULL;
}

void xl_command_help(const struct xl_command *command)
{
    const struct xl_exit_status *status;
    const struct xl_option *option;
    char left[48];

    printf("Usage: xl [-vftTN] %s\n\n%s.\n\nOptions:\n\n", command->synopsis,
           command->summary);
    for (option = command->options; option->id; option++) {
        snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
                 option->letter ? '-' : ' ',
                 option->letter ? option->letter : ' ',
                 option->letter ? ", " : "  ", option->name,
                 option->arg ? "=" : "", option->arg ? option->arg : "");
        printf("  %-24s %s\n", left, option->help);
    }

    printf("\nExit status:\n\n");
    for (status = xl_exit_statuses; status->meaning; status++)
        printf("  %d  %s\n", (int)status->status, status->meaning);
}

int xl_command_usage(const struct xl_command *command, const char *why)
{
    xl_error("%s (see \"xl %s%s%s --help\")", why, command->name,
             command->trigger ? " DOMAIN " : "",
             command->trigger ? command->trigger : "");
    return XL_EXIT_USAGE;
}
