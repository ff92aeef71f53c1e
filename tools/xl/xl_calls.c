/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_calls.c: see xl_calls.h.
 */

#include "xl_calls.h"

#include <stddef.h>

const struct xl_call xl_calls[XL_NR_CALLS] = {
    [XL_CALL_SUSPEND_STATUS] = { "suspend-status", "", false },
    [XL_CALL_TRIGGER_WAKE] = { "trigger", "wake", true },
    [XL_CALL_TRIGGER_SLEEP] = { "trigger", "sleep", false },
};

/* None of them has an argument. */
static const char global_options[] = "vftTN";

bool xl_same_text(const char *one, const char *other)
{
    while (*one && *one == *other) {
        one++;
        other++;
    }

    return *one == *other;
}

static bool is_global_option(char letter)
{
    size_t i;

    for (i = 0; global_options[i]; i++)
        if (global_options[i] == letter)
            return true;

    return false;
}

int xl_skip_globals(int argc, char **argv, struct xl_globals *globals)
{
    const char *letter;
    int i;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (xl_same_text(argv[i], "--"))
            return i + 1;
        for (letter = argv[i] + 1; *letter; letter++) {
            if (!is_global_option(*letter))
                return 0;
            if (*letter == 'N')
                globals->dryrun = true;
        }
    }

    return i;
}

static bool is_all(const struct xl_call *call, const char *word)
{
    return call->takes_all &&
           (xl_same_text(word, "-a") || xl_same_text(word, "--all"));
}

/* "trigger DOMAIN wake"; as with the stock xl, "--" may end the options. */
static bool is_trigger(const struct xl_call *call, int argc, char **argv,
                       struct xl_words *words)
{
    const char *domain = NULL, *trigger = NULL;
    int i;

    words->operands_only = false;
    words->all = false;
    for (i = 1; i < argc && !trigger; i++) {
        if (!words->operands_only && xl_same_text(argv[i], "--"))
            words->operands_only = true;
        else if (!words->operands_only && !domain && is_all(call, argv[i]))
            words->all = true;
        else if (!words->operands_only && argv[i][0] == '-')
            return false;
        else if (!domain && !words->all)
            domain = argv[i];
        else
            trigger = argv[i];
    }
    if (!trigger || !xl_same_text(trigger, call->trigger))
        return false;

    words->domain = domain;
    words->argc = argc - i;
    words->argv = argv + i;
    return true;
}

int xl_find_call(int argc, char **argv, struct xl_words *words)
{
    int id;

    for (id = 0; argc > 0 && id < XL_NR_CALLS; id++) {
        if (!xl_same_text(argv[0], xl_calls[id].name))
            continue;
        if (!xl_calls[id].trigger[0]) {
            words->domain = NULL;
            words->all = false;
            words->argc = argc - 1;
            words->argv = argv + 1;
            words->operands_only = false;
            return id;
        }
        if (is_trigger(&xl_calls[id], argc, argv, words))
            return id;
    }

    return -1;
}

/* Commands of the stock xl: xl_wake_first.h.  Arrays, see xl_calls.h. */
static const char awake_names[][16] = {
    "shutdown", "reboot", "save", "migrate", ""
};

bool xl_needs_guest_awake(const char *name)
{
    int i;

    for (i = 0; awake_names[i][0]; i++)
        if (xl_same_text(awake_names[i], name))
            return true;

    return false;
}

bool xl_is_ours(int argc, char **argv)
{
    struct xl_globals globals = { false };
    struct xl_words words;
    int at = xl_skip_globals(argc, argv, &globals);

    if (!at)
        return false;

    /* Without a command, and with "help", ours are listed as well. */
    return at >= argc || xl_same_text(argv[at], "help") ||
           xl_find_call(argc - at, argv + at, &words) >= 0 ||
           (!globals.dryrun && xl_needs_guest_awake(argv[at]));
}
