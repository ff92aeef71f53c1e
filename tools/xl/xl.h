/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl.h: what the parts of the front end share: exit statuses, the command
 * table, and the one way in which errors are said.
 */

#ifndef XL_H
#define XL_H

#include <stdbool.h>
#include <stdint.h>

#include "xl_calls.h"

/* Scripts depend on them.  xl_exit_statuses[] has the words. */
enum xl_exit {
    XL_EXIT_OK = 0,
    XL_EXIT_FAILED = 1,
    XL_EXIT_USAGE = 2,
    XL_EXIT_NOT_SUSPENDED = 3,
    XL_EXIT_TIMED_OUT = 4,
    XL_EXIT_NO_DOMAIN = 5,
    XL_EXIT_UNSUPPORTED = 6,
    XL_EXIT_STALE = 7,
    XL_EXIT_CANNOT_ASK = 8,
    XL_EXIT_DECLINED = 9
};

struct xl_exit_status {
    enum xl_exit status;
    const char *meaning;
};

/* Ends with a NULL meaning. */
extern const struct xl_exit_status xl_exit_statuses[];

/* The status that an rc of libxlguestsuspend leads to. */
enum xl_exit xl_exit_of_rc(int rc);

/* One line to stderr: "xl: ..." */
__attribute__((format(printf, 1, 2)))
void xl_error(const char *format, ...);

/*
 * Flush stdout at the end of a command.  A failure to write is said, and gives
 * XL_EXIT_FAILED; otherwise the result is status.
 */
int xl_close_stdout(int status);

/* One option of a command. */
struct xl_option {
    int id;                         /* not 0; the short letter if it has one */
    char letter;                    /* or 0 */
    const char *name;               /* without the dashes */
    const char *arg;                /* what its argument is called, or NULL */
    const char *help;
};

/* A command of ours. */
struct xl_command {
    const struct xl_call *call;     /* the words that name it */
    const char *synopsis;           /* behind "xl [GLOBAL OPTIONS] " */
    const char *summary;
    const struct xl_option *options; /* ends with id 0 */
    int (*run)(const struct xl_command *command,
               const struct xl_globals *globals,
               const struct xl_words *words);
};

/* By enum xl_call_id. */
extern const struct xl_command xl_commands[XL_NR_CALLS];

/* "suspend-status", "trigger DOMAIN wake" */
#define XL_COMMAND_WORDS_SIZE 48
void xl_command_words(const struct xl_command *command,
                      char words[XL_COMMAND_WORDS_SIZE]);

/* "xl COMMAND --help" */
void xl_command_help(const struct xl_command *command);

/* A bad option or operand: says how to learn more.  Gives XL_EXIT_USAGE. */
int xl_command_usage(const struct xl_command *command, const char *why);

/* The commands' own code and options. */
enum { XL_OPT_HELP = 'h' };
extern const struct xl_option xl_suspend_status_options[];
int xl_suspend_status(const struct xl_command *command,
                      const struct xl_globals *globals,
                      const struct xl_words *words);
extern const struct xl_option xl_trigger_sleep_options[];
int xl_trigger_sleep(const struct xl_command *command,
                     const struct xl_globals *globals,
                     const struct xl_words *words);
extern const struct xl_option xl_trigger_wake_options[];
int xl_trigger_wake(const struct xl_command *command,
                    const struct xl_globals *globals,
                    const struct xl_words *words);

#endif
