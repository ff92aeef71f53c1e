/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_handover.c: see xl_handover.h.
 *
 * The stock xl is run by the absolute path that configure was given, never
 * through PATH, which could find ourselves.  argv[0] stays as well: in Debian
 * the path leads to a script that serves many programs and looks at its name.
 */

#include "xl_handover.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xl.h"
#include "xl_mark.h"

int xl_handover(char **argv)
{
    const char *mark = getenv(XL_MARK);
    char pid[24];

    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    if (mark && !strcmp(mark, pid)) {
        xl_error("the stock xl '%s' leads back to this program"
                 " (it was built with a wrong --with-stock-xl=PATH)", STOCK_XL);
        return XL_EXIT_FAILED;
    }
    if (setenv(XL_MARK, pid, 1)) {
        xl_error("cannot run the stock xl '%s': %s", STOCK_XL,
                 strerror(errno));
        return XL_EXIT_FAILED;
    }

    execv(STOCK_XL, argv);
    xl_error("cannot run the stock xl '%s': %s (Debian has it in"
             " xen-utils-common; --with-stock-xl=PATH names another)",
             STOCK_XL, strerror(errno));
    return XL_EXIT_FAILED;
}

/* End by signal, like a child of ours. */
static void die_by(int signal_nr)
{
    const struct rlimit no_core = { 0, 0 };
    sigset_t set;

    /* The child has left the core file that there is to leave. */
    setrlimit(RLIMIT_CORE, &no_core);
    signal(signal_nr, SIG_DFL);
    raise(signal_nr);
    sigemptyset(&set);
    sigaddset(&set, signal_nr);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

pid_t xl_start_stock(char **argv)
{
    pid_t child = fork();

    if (child < 0)
        xl_error("cannot run the stock xl '%s': %s", STOCK_XL,
                 strerror(errno));
    else if (!child)
        _exit(xl_handover(argv));

    return child;
}

int xl_run_stock(char **argv)
{
    pid_t child, got;
    int status;

    child = xl_start_stock(argv);
    if (child < 0)
        return XL_EXIT_FAILED;
    do {
        got = waitpid(child, &status, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        xl_error("lost the stock xl '%s': %s", STOCK_XL, strerror(errno));
        return XL_EXIT_FAILED;
    }

    if (WIFSIGNALED(status)) {
        die_by(WTERMSIG(status));
        return 128 + WTERMSIG(status);
    }
    return WEXITSTATUS(status);
}
