/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl.c: the program that runs our commands.  The front (xl_front.h) has found
 * that the command is ours.  Whatever is not, this program hands over to the
 * stock xl, before it has done anything of its own.
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
#include "xl_wake_first.h"

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

/* Ours, in the manner of the stock xl's list, which comes before it. */
static void print_our_commands(void)
{
    char words[XL_COMMAND_WORDS_SIZE];
    int id;

    printf("\nGuest suspend (%s %s):\n\n", GS_NAME, GS_VERSION);
    for (id = 0; id < XL_NR_CALLS; id++) {
        xl_command_words(&xl_commands[id], words);
        printf(" %-19s %s\n", words, xl_commands[id].summary);
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
    const struct xl_call *call;
    int status, id;

    for (id = 0; id < XL_NR_CALLS; id++)
        if (!strcmp(xl_calls[id].name, name))
            break;
    if (id == XL_NR_CALLS)
        return xl_handover(argv);

    /* A trigger is one of stock's command's. */
    status = xl_calls[id].trigger[0] ? xl_run_stock(argv) : XL_EXIT_OK;
    for (; id < XL_NR_CALLS; id++) {
        call = &xl_calls[id];
        if (strcmp(call->name, name))
            continue;
        if (call->trigger[0])
            printf("\n");
        xl_command_help(&xl_commands[id]);
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
    struct xl_globals globals = { 0 };
    struct xl_words words;
    int at, id;

    at = xl_skip_globals(argc, argv, &globals);
    if (!at)
        return xl_handover(argv);
    if (at >= argc)
        return help_all(argv);

    argc -= at;
    if (!strcmp(argv[at], "help"))
        return argc > 1 ? help_one(argv, argv[at + 1]) : help_all(argv);

    id = xl_find_call(argc, argv + at, &words);
    if (id < 0 && (globals.dryrun || !xl_needs_guest_awake(argv[at])))
        return xl_handover(argv);

    occupy_standard_fds();
    if (id >= 0)
        return xl_commands[id].run(&xl_commands[id], &globals, &words);
    if (!xl_wake_first(argc, argv + at))
        return XL_EXIT_FAILED;
    return xl_handover(argv);
}
