/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_front.c: see xl_front.h.
 */

#include "xl_front.h"

#include <stdbool.h>
#include <stddef.h>

#include "xl_calls.h"
#include "xl_kernel.h"
#include "xl_mark.h"
#ifndef XL_OURS
#include "tools/xl/xl_paths.h"
#endif

static const char mark_name[] = XL_MARK "=";

/* "XEN_GUEST_SUSPEND_XL_PID=" and the pid */
struct mark {
    char text[sizeof(mark_name) + 12];
};

static void make_mark(struct mark *mark)
{
    unsigned int pid = (unsigned int)xl_kernel_getpid(), rest;
    size_t at, i;

    for (i = 0; mark_name[i]; i++)
        mark->text[i] = mark_name[i];
    at = i + 1;
    for (rest = pid; rest >= 10; rest /= 10)
        at++;
    mark->text[at] = 0;
    do {
        mark->text[--at] = (char)('0' + pid % 10);
        pid /= 10;
    } while (at > i);
}

static bool is_mark(const char *variable)
{
    size_t i;

    for (i = 0; mark_name[i]; i++)
        if (variable[i] != mark_name[i])
            return false;

    return true;
}

/* env with the mark, in marked.  False: it had this very mark already. */
static bool mark_env(char **env, struct mark *mark, char **marked)
{
    size_t nr = 0;

    make_mark(mark);
    marked[nr++] = mark->text;
    for (; *env; env++) {
        if (xl_same_text(*env, mark->text))
            return false;
        if (!is_mark(*env))
            marked[nr++] = *env;
    }
    marked[nr] = NULL;
    return true;
}

static void say(const char *text)
{
    size_t len = 0;

    while (text[len])
        len++;
    xl_kernel_write(2, text, len);
}

/* A stock command, which ours only does something before. */
static bool is_stocks(int argc, char **argv)
{
    struct xl_globals globals;
    int at = xl_skip_globals(argc, argv, &globals);

    return at && at < argc && xl_needs_guest_awake(argv[at]);
}

int xl_front(int argc, char **argv, char **env)
{
    struct mark mark;
    char **marked;
    size_t nr = 0;
    bool ours = xl_is_ours(argc, argv), may_go_on;

    while (env[nr])
        nr++;
    /* Not more than the kernel has put on this stack itself. */
    marked = __builtin_alloca((nr + 2) * sizeof(*marked));

    may_go_on = mark_env(env, &mark, marked);
    if (!ours && may_go_on)
        xl_kernel_execve(STOCK_XL, argv, marked);

    /* Ours; or our program fails with the stock xl likewise, and says why. */
    xl_kernel_execve(XL_OURS, argv, env);
    say("xl: cannot run '" XL_OURS "': is it installed?\n");
    if (ours && may_go_on && is_stocks(argc, argv))
        xl_kernel_execve(STOCK_XL, argv, marked);
    return 1;
}
