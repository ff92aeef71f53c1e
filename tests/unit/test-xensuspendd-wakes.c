/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xensuspendd's wakes, with a script in place of xl.  The clock is the test's.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/xenstore-hooks/log.h"
#include "../../tools/xenstore-hooks/wakes.h"

#include "tap.h"

static char dir[] = "/tmp/test-xensuspendd-wakes-XXXXXX";
static char xl[sizeof(dir) + 8], out[sizeof(dir) + 8], logged[sizeof(dir) + 8];
static char fifo[sizeof(dir) + 8];
static struct wakes *wakes;

static void must(bool good, const char *what)
{
    if (!good) {
        printf("Bail out! %s: %s\n", what, strerror(errno));
        exit(2);
    }
}

/* From now on, xl does this, after it has noted its arguments. */
static void xl_does(const char *what)
{
    FILE *f = fopen(xl, "w");

    must(f, xl);
    fprintf(f, "#!/bin/sh\necho \"$@\" >>%s\n%s\n", out, what);
    must(!fclose(f) && !chmod(xl, 0755), xl);
}

/* How many lines of the file have that text. */
static unsigned int nr_lines(const char *path, const char *text)
{
    FILE *f = fopen(path, "r");
    char line[1024];
    unsigned int nr = 0;

    while (f && fgets(line, sizeof(line), f))
        nr += strstr(line, text) != NULL;
    if (f)
        fclose(f);
    return nr;
}

static void start(const char *what, const char *does)
{
    printf("# %s\n", what);
    unlink(out);
    /* Under valgrind, a child that cannot execute xl would print it as well. */
    fflush(stdout);
    must(!ftruncate(2, 0) && !lseek(2, 0, SEEK_SET), logged);
    xl_does(does);
    wakes = wakes_new(xl);
    must(wakes, "wakes_new");
}

/* Until the next child has ended. */
static void run_to_exit(uint64_t now_ms)
{
    siginfo_t info;

    must(!waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), "waitid");
    wakes_run(wakes, true, now_ms);
}

/* Until no child is left. */
static void run_all(uint64_t now_ms)
{
    siginfo_t info;

    while (!waitid(P_ALL, 0, &info, WEXITED | WNOWAIT))
        wakes_run(wakes, true, now_ms);
}

/* A listing of what is due: domids, up to 0; the seq is ten times that. */
static void list(int domid, ...)
{
    va_list al;

    va_start(al, domid);
    wakes_list_begin(wakes);
    for (; domid; domid = va_arg(al, int))
        must(wakes_due(wakes, (uint32_t)domid, 10 * (uint64_t)domid, 0) >= 0,
             "wakes_due");
    wakes_list_end(wakes);
    va_end(al);
}

static void test_once(void)
{
    start("a wake", "exit 0");
    TAP_EQ_INT(wakes_deadline_ms(wakes), UINT64_MAX, "nothing to do");
    wakes_list_begin(wakes);
    TAP_EQ_INT(wakes_due(wakes, 5, UINT64_MAX, 700), 1, "due: that is new");
    TAP_EQ_INT(wakes_due(wakes, 5, UINT64_MAX, 900), 0, "due: it is known");
    wakes_list_end(wakes);
    TAP_EQ_INT(wakes_deadline_ms(wakes), 700, "it begins when it may");
    wakes_run(wakes, false, 699);
    TAP_EQ_INT(waitpid(-1, NULL, WNOHANG), -1, "and not before");
    wakes_run(wakes, false, 700);
    TAP_EQ_INT(wakes_deadline_ms(wakes), 700 + WAKES_LIMIT_MS,
               "xl has its time");
    wakes_run(wakes, false, 701);
    run_to_exit(710);
    TAP_EQ_INT(nr_lines(out, ""), 1, "xl ran once");
    TAP_EQ_INT(nr_lines(out, "trigger 5 wake --seq=18446744073709551615\n"), 1,
               "with the domid and the seq");
    TAP_EQ_INT(wakes_deadline_ms(wakes), UINT64_MAX, "and that was all");
    TAP_EQ_INT(nr_lines(logged, ""), 0, "nothing to be logged");
    wakes_free(wakes);
}

/* Somebody else was faster, or the domain is gone: no failure. */
static void test_over(void)
{
    static const int statuses[] = { 3, 5, 7 };
    char does[16];
    unsigned int i;

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        snprintf(does, sizeof(does), "exit %d", statuses[i]);
        start("over", does);
        list(1, 0);
        wakes_run(wakes, false, 0);
        run_all(0);
        TAP_OK(wakes_deadline_ms(wakes) == UINT64_MAX,
               "exit status %d: over", statuses[i]);
        TAP_OK(!nr_lines(logged, ""), "exit status %d: not logged",
               statuses[i]);
        wakes_free(wakes);
    }

    start("due no more, while it waits", "exit 1");
    list(1, 2, 0);
    wakes_run(wakes, false, 0);
    run_all(0);
    list(2, 0);
    wakes_run(wakes, false, WAKES_RETRY_MIN_MS);
    run_all(WAKES_RETRY_MIN_MS);
    TAP_EQ_INT(nr_lines(out, "trigger 1 "), 1, "not tried again");
    TAP_EQ_INT(nr_lines(out, "trigger 2 "), 2, "the other one is");
    list(0);
    TAP_EQ_INT(wakes_deadline_ms(wakes), UINT64_MAX, "until it is over, too");
    wakes_free(wakes);

    start("due no more, while xl runs", "exec sleep 1000");
    list(1, 0);
    wakes_run(wakes, false, 0);
    list(0);
    wakes_run(wakes, false, WAKES_LIMIT_MS);
    run_all(WAKES_LIMIT_MS);
    TAP_EQ_INT(wakes_deadline_ms(wakes), UINT64_MAX, "not tried again");
    wakes_free(wakes);
}

static void test_failures(void)
{
    static const struct {
        const char *what, *script, *why;
    } once[] = {
        { "it says nothing", "exit 4", ": xl has exit status 4; " },
        { "it is killed", "kill -9 $$", ": xl was killed by signal 9; " },
        { "there is none", "", ": cannot be executed; " },
    };
    uint64_t now_ms = 5, pause_ms = WAKES_RETRY_MIN_MS;
    bool grows = true;
    unsigned int i;

    start("it fails", "echo first; printf 'the last \\033[1m\\n' >&2; exit 1");
    list(3, 0);
    wakes_run(wakes, false, now_ms);
    for (i = 0; i < 12; i++) {
        run_all(now_ms);
        grows = wakes_deadline_ms(wakes) == now_ms + pause_ms && grows;
        list(3, 0);
        now_ms += pause_ms;
        wakes_run(wakes, false, now_ms - 1);
        grows = waitpid(-1, NULL, WNOHANG) == -1 && grows;
        wakes_run(wakes, false, now_ms);
        pause_ms *= 2;
        if (pause_ms > WAKES_RETRY_MAX_MS)
            pause_ms = WAKES_RETRY_MAX_MS;
    }
    run_all(now_ms);
    TAP_OK(grows, "the pauses grow, up to %d ms", WAKES_RETRY_MAX_MS);
    TAP_EQ_INT(nr_lines(out, "trigger 3 wake --seq=30\n"), 13,
               "tried after each");
    TAP_EQ_INT(nr_lines(logged, ""), 1, "logged once");
    TAP_EQ_INT(nr_lines(logged, "warning: cannot wake domid=3 seq=30 for its "
                                "alarm: the last ?[1m; trying again\n"), 1,
               "with what xl said, made harmless");
    wakes_free(wakes);

    for (i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        start(once[i].what, once[i].script);
        if (!*once[i].script)
            unlink(xl);
        list(3, 0);
        wakes_run(wakes, false, 0);
        run_all(0);
        TAP_EQ_INT(nr_lines(logged, once[i].why), 1, "... is logged");
        wakes_free(wakes);
    }

    start("it hangs, and so does its child", "sleep 1000 & sleep 1000");
    list(3, 0);
    wakes_run(wakes, false, 0);
    wakes_run(wakes, false, WAKES_LIMIT_MS - 1);
    TAP_EQ_INT(waitpid(-1, NULL, WNOHANG), 0, "it has its time");
    wakes_run(wakes, false, WAKES_LIMIT_MS);
    run_all(WAKES_LIMIT_MS);
    TAP_EQ_INT(nr_lines(logged, ": xl has not ended in time; "), 1,
               "then it is killed");
    TAP_EQ_INT(wakes_deadline_ms(wakes), WAKES_LIMIT_MS + WAKES_RETRY_MIN_MS,
               "and tried again");
    wakes_free(wakes);
}

static void test_many(void)
{
    char does[sizeof(fifo) + 40], byte;
    int i, fd;

    start("more than run at once", "exec sleep 1000");
    wakes_list_begin(wakes);
    for (i = 1; i <= 3 * WAKES_PARALLEL; i++)
        wakes_due(wakes, (uint32_t)i, 1, 0);
    wakes_list_end(wakes);
    wakes_run(wakes, false, 0);
    wakes_run(wakes, false, 1);
    for (i = 0; i < WAKES_PARALLEL; i++) {
        wakes_run(wakes, false, WAKES_LIMIT_MS);
        must(waitpid(-1, NULL, 0) > 0, "waitpid");
    }
    TAP_OK(waitpid(-1, NULL, WNOHANG) == -1, "%d at the same time",
           WAKES_PARALLEL);
    wakes_free(wakes);

    start("those that have failed the least go first", "exit 1");
    list(1, 2, 3, 4, 0);
    wakes_run(wakes, false, 0);
    run_all(0);
    unlink(out);
    must(!mkfifo(fifo, 0600), fifo);
    fd = open(fifo, O_RDWR | O_CLOEXEC);
    must(fd >= 0, fifo);
    snprintf(does, sizeof(does), "printf x >%s; exec sleep 1000", fifo);
    xl_does(does);
    list(1, 2, 3, 4, 5, 6, 0);
    wakes_run(wakes, false, WAKES_RETRY_MIN_MS);
    for (i = 0; i < WAKES_PARALLEL; i++)
        must(read(fd, &byte, 1) == 1, "read");
    TAP_EQ_INT(nr_lines(out, "trigger 5 ") + nr_lines(out, "trigger 6 "), 2,
               "before the others");
    wakes_free(wakes);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    close(fd);
    unlink(fifo);
}

static void test_end(void)
{
    siginfo_t info;

    start("the end", "exec sleep 1000");
    list(1, 2, 0);
    wakes_run(wakes, false, 0);
    wakes_free(wakes);
    TAP_OK(!waitid(P_ALL, 0, &info, WEXITED) && info.si_status == SIGKILL &&
           !waitid(P_ALL, 0, &info, WEXITED) && info.si_status == SIGKILL,
           "kills those that run");
    wakes_free(NULL);
}

int main(void)
{
    must(mkdtemp(dir), dir);
    snprintf(xl, sizeof(xl), "%s/xl", dir);
    snprintf(out, sizeof(out), "%s/out", dir);
    snprintf(logged, sizeof(logged), "%s/log", dir);
    snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
    must(freopen(logged, "w+", stderr), logged);
    setvbuf(stderr, NULL, _IOLBF, 0);
    log_setup(false, LOG_INFO);

    test_once();
    test_over();
    test_failures();
    test_many();
    test_end();

    unlink(xl);
    unlink(out);
    unlink(logged);
    rmdir(dir);
    return tap_done();
}
