/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl.c: the front end.  A few commands are ours; for everything else this
 * program becomes the stock xl, before it has done anything of its own.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libxl_guest_suspend.h>

#include "config.h"
#include "xl.h"
#include "xl_handover.h"

/* stock xl's options in front of a command; none has an argument. */
#define GLOBAL_OPTIONS "vftTN"

void xl_error(const char *format, ...)
{
    va_list al;

    /* What was printed so far comes before it. */
    fflush(stdout);
    fputs("xl: ", stderr);
    va_start(al, format);
    vfprintf(stderr, format, al);
    va_end(al);
    fputc('\n', stderr);
}

int xl_close_stdout(int status)
{
    static bool said;
    bool earlier = ferror(stdout);

    if (!fflush(stdout) && !earlier)
        return status;

    if (!said)
        xl_error("cannot write to stdout: %s",
                 earlier ? "write error" : strerror(errno));
    said = true;
    return XL_EXIT_FAILED;
}

enum xl_exit xl_exit_of_rc(int rc)
{
    switch (rc) {
    case 0:
        return XL_EXIT_OK;
    case ERROR_DOMAIN_NOTFOUND:
    case ERROR_DOMAIN_DESTROYED:
        return XL_EXIT_NO_DOMAIN;
    case ERROR_TIMEDOUT:
    case ERROR_GUEST_SUSPEND_NO_ANSWER:
        return XL_EXIT_TIMED_OUT;
    case ERROR_GUEST_SUSPEND_NOT_SUSPENDED:
        return XL_EXIT_NOT_SUSPENDED;
    case ERROR_GUEST_SUSPEND_UNSUPPORTED:
    case ERROR_GUEST_SUSPEND_NO_SEQ:
        return XL_EXIT_UNSUPPORTED;
    case ERROR_GUEST_SUSPEND_STALE:
        return XL_EXIT_STALE;
    case ERROR_GUEST_SUSPEND_CANNOT_ASK:
        return XL_EXIT_CANNOT_ASK;
    case ERROR_GUEST_SUSPEND_DECLINED:
        return XL_EXIT_DECLINED;
    default:
        return XL_EXIT_FAILED;
    }
}

/*
 * Where the command is, behind the global options.  0: there is an option that
 * only the stock xl can judge.
 */
static int skip_globals(int argc, char **argv, struct xl_globals *globals)
{
    int i;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (!strcmp(argv[i], "--"))
            return i + 1;
        if (argv[i][1 + strspn(argv[i] + 1, GLOBAL_OPTIONS)])
            return 0;
        if (strchr(argv[i], 'N'))
            globals->dryrun = true;
    }

    return i;
}

/* Ours, in the manner of the stock xl's list, which comes before it. */
static void print_our_commands(void)
{
    const struct xl_command *command;
    char words[48];

    printf("\nGuest suspend (%s %s):\n\n", GS_NAME, GS_VERSION);
    for (command = xl_commands; command->name; command++) {
        snprintf(words, sizeof(words), "%s%s%s", command->name,
                 command->trigger ? " DOMAIN " : "",
                 command->trigger ? command->trigger : "");
        printf(" %-19s %s\n", words, command->summary);
    }
}

/* "xl", "xl help": stock's output and exit status, and ours in between. */
static int help_all(char **argv)
{
    int status = xl_run_stock(argv);

    print_our_commands();
    return xl_close_stdout(status);
}

/* "xl help COMMAND" */
static int help_one(char **argv, const char *name)
{
    const struct xl_command *command;
    int status;

    for (command = xl_commands; command->name; command++)
        if (!strcmp(command->name, name))
            break;
    if (!command->name)
        return xl_handover(argv);

    /* A trigger is one of stock's command's. */
    status = command->trigger ? xl_run_stock(argv) : XL_EXIT_OK;
    for (; command->name; command++) {
        if (strcmp(command->name, name))
            continue;
        if (command->trigger)
            printf("\n");
        xl_command_help(command);
    }
    return xl_close_stdout(status);
}

/*
 * What a caller closed must not become the number of something that we open:
 * a table printed into xenstore's connection would be taken for requests.
 */
static void occupy_standard_fds(void)
{
    int fd;

    /* Not writable, so that what is printed there still fails. */
    do {
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    const struct xl_command *command;
    struct xl_globals globals = { 0 };
    struct xl_words words;
    int at;

    at = skip_globals(argc, argv, &globals);
    if (!at)
        return xl_handover(argv);
    if (at >= argc)
        return help_all(argv);

    argc -= at;
    if (!strcmp(argv[at], "help"))
        return argc > 1 ? help_one(argv, argv[at + 1]) : help_all(argv);

    command = xl_command_find(argc, argv + at, &words);
    if (!command)
        return xl_handover(argv);

    occupy_standard_fds();
    return command->run(command, &globals, &words);
}
