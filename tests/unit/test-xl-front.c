/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The front's decisions, in a program that can be watched: which of the two
 * programs gets a command line, and with which environment.
 */

#define STOCK_XL "/stock/xl"
#define XL_OURS "/ours/xl"

#include "../../tools/xl/xl_calls.c"
#include "../../tools/xl/xl_front.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static int pid = 4711;
static char tried[64];              /* paths, each with a blank behind it */
static char marked[64];             /* the mark that stock's xl would have */
static unsigned int nr_env;
static char said[256];

void xl_kernel_execve(const char *path, char **argv, char **env)
{
    (void)argv;
    strcat(tried, path);
    strcat(tried, " ");
    if (strcmp(path, STOCK_XL))
        return;

    for (nr_env = 0; env[nr_env]; nr_env++)
        if (!strncmp(env[nr_env], XL_MARK "=", sizeof(XL_MARK)))
            snprintf(marked, sizeof(marked), "%s", env[nr_env]);
}

int xl_kernel_getpid(void)
{
    return pid;
}

void xl_kernel_write(int fd, const char *text, size_t len)
{
    if (fd == 2)
        snprintf(said, sizeof(said), "%.*s", (int)len, text);
}

static int run(char **argv, char **env)
{
    int argc = 0;

    tried[0] = marked[0] = said[0] = 0;
    nr_env = 0;
    while (argv[argc])
        argc++;
    return xl_front(argc, argv, env);
}

#define STOCK_FIRST STOCK_XL " " XL_OURS " "
#define OURS_ALONE XL_OURS " "
#define OURS_FIRST XL_OURS " " STOCK_XL " "

static void test_whose(void)
{
    static const struct {
        const char *tried;
        const char *argv[8];
    } cases[] = {
        { OURS_ALONE, { "xl" } },
        { OURS_ALONE, { "xl", "-v" } },
        { OURS_ALONE, { "xl", "help" } },
        { OURS_ALONE, { "xl", "help", "list" } },
        { OURS_ALONE, { "xl", "suspend-status" } },
        { OURS_ALONE, { "xl", "-vfN", "-tT", "suspend-status", "-q", "a" } },
        { OURS_ALONE, { "xl", "--", "suspend-status" } },
        { OURS_ALONE, { "xl", "trigger", "a", "wake" } },
        { OURS_ALONE, { "xl", "trigger", "--", "-1", "sleep", "--wait" } },
        { OURS_ALONE, { "xl", "trigger", "a", "--", "wake" } },
        { OURS_FIRST, { "xl", "shutdown", "-w", "a" } },
        { OURS_FIRST, { "xl", "-v", "reboot", "a" } },
        { OURS_FIRST, { "xl", "save", "a", "f" } },
        { OURS_FIRST, { "xl", "migrate", "a", "host" } },
        { STOCK_FIRST, { "xl", "-N", "shutdown", "a" } },
        { STOCK_FIRST, { "xl", "shut", "a" } },
        { STOCK_FIRST, { "xl", "list" } },
        { STOCK_FIRST, { "xl", "-" } },
        { STOCK_FIRST, { "xl", "" } },
        { STOCK_FIRST, { "xl", "-vx", "suspend-status" } },
        { STOCK_FIRST, { "xl", "--help" } },
        { STOCK_FIRST, { "xl", "suspend-statu" } },
        { STOCK_FIRST, { "xl", "suspend-status1" } },
        { STOCK_FIRST, { "xl", "trigger" } },
        { STOCK_FIRST, { "xl", "trigger", "wake" } },
        { STOCK_FIRST, { "xl", "trigger", "a", "wakeup" } },
        { STOCK_FIRST, { "xl", "trigger", "a", "" } },
        { STOCK_FIRST, { "xl", "trigger", "a", "s3resume", "wake" } },
        { STOCK_FIRST, { "xl", "trigger", "-1", "wake" } },
    };
    char *env[] = { NULL }, line[128];
    size_t i, j;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        line[0] = 0;
        for (j = 0; cases[i].argv[j]; j++) {
            strcat(line, j ? " " : "");
            strcat(line, cases[i].argv[j]);
        }
        run((char **)cases[i].argv, env);
        TAP_EQ_STR(tried, cases[i].tried, line);
    }
}

static void test_environment(void)
{
    char *argv[] = { (char *)"xl", (char *)"list", NULL }, *env[4000];
    char first[] = "PATH=/bin", last[] = XL_MARK "ING=1", other[] = XL_MARK "=99";
    char own[] = XL_MARK "=4711", text[64];
    static const int pids[] = { 1, 9, 10, 4711, 4194304, 2147483647 };
    size_t i;

    for (i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
        pid = pids[i];
        env[0] = first;
        env[1] = NULL;
        run(argv, env);
        snprintf(text, sizeof(text), XL_MARK "=%d", pid);
        TAP_EQ_STR(marked, text, "the mark is the pid");
        TAP_EQ_INT(nr_env, 2, "... beside what there was");
    }

    pid = 4711;
    env[0] = first;
    env[1] = other;
    env[2] = last;
    env[3] = NULL;
    run(argv, env);
    TAP_EQ_STR(marked, XL_MARK "=4711", "another process's mark is replaced");
    TAP_EQ_INT(nr_env, 3, "... and nothing else");

    env[1] = own;
    TAP_EQ_INT(run(argv, env), 1, "our own mark, and nothing can be run");
    TAP_EQ_STR(tried, OURS_ALONE, "... our program says what is wrong");
    TAP_OK(!strncmp(said, "xl: ", 4) && strstr(said, XL_OURS) &&
           strchr(said, '\n') == said + strlen(said) - 1,
           "... or a line does, where there is none");

    for (i = 0; i < 3999; i++)
        env[i] = first;
    env[i] = NULL;
    run(argv, env);
    TAP_EQ_INT(nr_env, 4000, "a large environment");
}

int main(void)
{
    test_whose();
    test_environment();
    return tap_done();
}
