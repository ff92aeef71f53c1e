/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_cmdtable.c: what our commands do (xl_calls.h has their names).  Dispatch
 * and help both stand on this table; a test holds the man pages against it.
 */

#include "xl.h"

#include <stdio.h>

const struct xl_command xl_commands[XL_NR_CALLS] = {
    [XL_CALL_SUSPEND_STATUS] = {
        .call = &xl_calls[XL_CALL_SUSPEND_STATUS],
        .synopsis = "suspend-status [OPTIONS] [DOMAIN...]",
        .summary = "Show whether guests have put themselves to sleep",
        .options = xl_suspend_status_options,
        .run = xl_suspend_status,
    },
    [XL_CALL_TRIGGER_WAKE] = {
        .call = &xl_calls[XL_CALL_TRIGGER_WAKE],
        .synopsis = "trigger DOMAIN|--all wake [OPTIONS]",
        .summary = "Wake a guest that has put itself to sleep",
        .options = xl_trigger_wake_options,
        .run = xl_trigger_wake,
    },
    [XL_CALL_TRIGGER_SLEEP] = {
        .call = &xl_calls[XL_CALL_TRIGGER_SLEEP],
        .synopsis = "trigger DOMAIN sleep [OPTIONS]",
        .summary = "Ask a guest to put itself to sleep",
        .options = xl_trigger_sleep_options,
        .run = xl_trigger_sleep,
    },
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

void xl_command_words(const struct xl_command *command,
                      char words[XL_COMMAND_WORDS_SIZE])
{
    snprintf(words, XL_COMMAND_WORDS_SIZE, "%s%s%s", command->call->name,
             command->call->trigger[0] ? " DOMAIN " : "",
             command->call->trigger);
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
    char words[XL_COMMAND_WORDS_SIZE];

    xl_command_words(command, words);
    xl_error("%s (see \"xl %s --help\")", why, words);
    return XL_EXIT_USAGE;
}
