/* SPDX-License-Identifier: GPL-2.0-only */
/* xensuspendd's hooks: real scripts, and what bad ones can do. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../tools/xenstore-hooks/hooks.h"
#include "../../tools/xenstore-hooks/log.h"

#include "tap.h"

#define MAX_DONE 64

static char dir[] = "/tmp/test-xensuspendd-hooks-XXXXXX";
static char log_path[sizeof(dir) + 8];
static struct hooks *hooks;

static struct {
    uint32_t domid;
    uint64_t seq;
} done[MAX_DONE];
static unsigned int nr_done;
static bool child_ended;
static unsigned int most_at_once;
static unsigned int forks_to_fail;
static const char *domain_name = "web";

static void must(bool good, const char *what)
{
    if (!good) {
        printf("Bail out! %s: %s\n", what, strerror(errno));
        exit(2);
    }
}

/* poll() is to end, that is all. */
static void on_child(int sig)
{
    (void)sig;
    child_ended = true;
}

static uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void on_done(void *arg, uint32_t domid, uint64_t instance, uint64_t seq)
{
    (void)arg;
    (void)instance;
    must(nr_done < MAX_DONE, "too many done");
    done[nr_done].domid = domid;
    done[nr_done++].seq = seq;
}

static const char *in_dir(const char *name)
{
    static char path[sizeof(dir) + 64];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void hook(const char *name, mode_t mode, const char *text)
{
    const char *path = in_dir(name);
    FILE *f = fopen(path, "w");

    must(f, path);
    fprintf(f, "#!/bin/sh\n%s\n", text);
    must(!fclose(f) && !chmod(path, mode), path);
}

/* What was written to a file in the directory; "" if nothing. */
static const char *text_of(const char *name)
{
    static char text[65536];
    FILE *f = fopen(in_dir(name), "r");
    size_t len = 0;

    if (f) {
        len = fread(text, 1, sizeof(text) - 1, f);
        fclose(f);
    }
    text[len] = '\0';
    return text;
}

static bool logged(const char *wanted)
{
    return strstr(text_of("log"), wanted);
}

static void begin(const char *what, uint32_t timeout_ms)
{
    char command[sizeof(dir) + 32];

    printf("# %s\n", what);
    hooks_free(hooks);
    snprintf(command, sizeof(command), "rm -rf '%s'/*", dir);
    must(!system(command), "rm");
    /* The log goes to stderr: to a file, to look at. */
    must(freopen(log_path, "a", stderr), log_path);
    setvbuf(stderr, NULL, _IONBF, 0);
    hooks = hooks_new(dir, timeout_ms, on_done, NULL);
    must(hooks, "hooks_new");
    nr_done = 0;
    most_at_once = 0;
}

static void queue(uint32_t domid, uint64_t instance, uint64_t seq)
{
    struct hook_event event = {
        .domid = domid, .instance = instance, .seq = seq,
        .previous_seq = seq - 1, .domain = domain_name, .nr_fields = 2,
        .fields = { { "state", "suspended" }, { "wake-reason", "none" } },
    };

    must(hooks_queue(hooks, &event) >= 0, "hooks_queue");
}

/* fixed_ms: by a clock that stands still; 0: by the real one. */
static void run_until_done_at(unsigned int wanted, uint64_t fixed_ms)
{
    while (nr_done < wanted) {
        struct pollfd fds[HOOKS_PARALLEL];
        unsigned int nr = hooks_pollfds(hooks, fds);
        uint64_t now = fixed_ms ? fixed_ms : now_ms();
        uint64_t deadline = hooks_deadline_ms(hooks);
        struct timespec wait = { 0 };
        sigset_t none;
        bool ended;

        if (nr > most_at_once)
            most_at_once = nr;
        must(deadline != UINT64_MAX, "waits for nothing");
        if (deadline > now)
            wait = (struct timespec){
                .tv_sec = (time_t)((deadline - now) / 1000),
                .tv_nsec = (long)((deadline - now) % 1000) * 1000000,
            };
        sigemptyset(&none);
        must(ppoll(fds, nr, &wait, &none) >= 0 || errno == EINTR, "ppoll");
        ended = child_ended;
        child_ended = false;
        hooks_run(hooks, ended, fixed_ms ? fixed_ms : now_ms());
    }
}

static void run_until_done(unsigned int wanted)
{
    run_until_done_at(wanted, 0);
}

static void test_order_and_environment(void)
{
    begin("order, environment, a clean child", 10000);
    hook("20-b", 0755, "echo b >>\"$(dirname \"$0\")/out\"; exit 3");
    hook("10-a", 0755, "cd \"$(dirname \"$0\")\"; echo a >>out; env >env\n"
                       "ls /proc/self/fd | wc -l >fds; umask >umask\n"
                       "grep SigBlk /proc/self/status >blocked\n"
                       "grep SigIgn /proc/self/status >ignored\n"
                       "echo to the log; echo 'forged\" \tline' >&2");
    hook("30.bak", 0755, "echo no >>\"$(dirname \"$0\")/out\"");
    hook("40-data", 0644, "echo no >>\"$(dirname \"$0\")/out\"");
    hook("50-open", 0777, "echo no >>\"$(dirname \"$0\")/out\"");
    TAP_OK(!hooks_active(hooks), "no hooks yet");
    hooks_reload(hooks);
    TAP_OK(hooks_active(hooks), "read again");
    TAP_OK(logged("50-open is not run"), "one that others can write is refused");
    TAP_OK(hooks_deadline_ms(hooks) == UINT64_MAX, "nothing to wait for");
    queue(1, 1, 2);
    run_until_done(1);
    TAP_EQ_STR(text_of("out"), "a\nb\n", "in the order of names");
    TAP_OK(strstr(text_of("env"), "GUEST_SUSPEND_DOMAIN=web\n") &&
           strstr(text_of("env"), "GUEST_SUSPEND_DOMID=1\n") &&
           strstr(text_of("env"), "GUEST_SUSPEND_PREVIOUS_SEQ=1\n") &&
           strstr(text_of("env"), "GUEST_SUSPEND_STATE=suspended\n") &&
           strstr(text_of("env"), "GUEST_SUSPEND_WAKE_REASON=none\n") &&
           !strstr(text_of("env"), "HOME="), "the environment");
    /* 0, 1, 2, and the directory that ls reads. */
    TAP_EQ_INT(atoi(text_of("fds")), 4, "no descriptors of ours");
    TAP_EQ_STR(text_of("umask"), "0022\n", "umask");
    TAP_OK(strstr(text_of("blocked"), "0000000000000000"), "no signal blocked");
    /* The C library keeps 32 and 33, and make's posix_spawn() ignores them. */
    TAP_OK(strstr(text_of("ignored"), "0000000000000000") ||
           strstr(text_of("ignored"), "0000000180000000"), "nor ignored");
    TAP_OK(logged("hook=10-a domain=\"web\" domid=1 seq=2: to the log"),
           "output is logged");
    TAP_OK(logged("forged? ?line"), "and cannot forge");
    TAP_OK(logged("hook=20-b domain=\"web\" domid=1 seq=2: exit status 3"),
           "so is a failure");
    TAP_OK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no child left");
}

static void test_long_name(void)
{
    char name[1001], wanted[1100];

    begin("a long name", 10000);
    hook("a", 0755, "env >\"$(dirname \"$0\")/env\"; exit 3");
    hooks_reload(hooks);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    domain_name = name;
    queue(1, 1, 2);
    queue(1, 1, 3);
    memset(name, 'y', 10);
    domain_name = "web";
    run_until_done(1);
    memset(name, 'x', 10);
    snprintf(wanted, sizeof(wanted), "GUEST_SUSPEND_DOMAIN=%s\n", name);
    TAP_OK(strstr(text_of("env"), wanted), "is given to hooks as a whole");
    TAP_OK(logged("xxx...\" domid=1 seq=3: exit status 3"),
           "and a line of log is whole, too");
}

static void test_coalescing(void)
{
    begin("events of one domain", 10000);
    hook("a", 0755, "echo $GUEST_SUSPEND_PREVIOUS_SEQ-$GUEST_SUSPEND_DOMID "
                    ">>\"$(dirname \"$0\")/out\"");
    hooks_reload(hooks);
    queue(1, 1, 2);
    hooks_run(hooks, false, now_ms());
    queue(1, 1, 3);
    queue(1, 1, 4);
    queue(1, 9, 10);
    run_until_done(3);
    TAP_EQ_STR(text_of("out"), "1-1\n2-1\n9-1\n",
               "one after the other, the waiting one replaced");
    TAP_EQ_INT(done[1].seq, 4, "by the latest");
    TAP_EQ_INT(done[2].seq, 10, "a reused domid's are its own");
}

static void test_rate(void)
{
    struct hook_event event = {
        .domid = 1, .instance = 1, .seq = 2, .not_before_ms = 5000,
    };

    begin("an event that is not to run yet", 10000);
    hook("a", 0755, "echo $GUEST_SUSPEND_DOMID >>\"$(dirname \"$0\")/out\"");
    hooks_reload(hooks);
    TAP_EQ_INT(hooks_queue(hooks, &event), 0, "waits");
    event.seq = 3;
    event.not_before_ms = 6000;
    TAP_EQ_INT(hooks_queue(hooks, &event), 1, "another takes its place");
    hooks_run(hooks, false, 4999);
    TAP_OK(hooks_deadline_ms(hooks) == 5000, "and its time");
    queue(2, 1, 2);
    run_until_done_at(1, 4999);
    TAP_EQ_STR(text_of("out"), "2\n", "another domain's does not wait for it");
    run_until_done_at(2, 5000);
    TAP_EQ_STR(text_of("out"), "2\n1\n", "then it runs");
    TAP_EQ_INT(done[1].seq, 3, "the latest");
}

/* The C library's, but for those that are to fail. */
pid_t fork(void)
{
    if (forks_to_fail) {
        forks_to_fail--;
        errno = EAGAIN;
        return -1;
    }
    return _Fork();
}

static void test_no_process(void)
{
    const char *first;

    begin("when no process can be had", 10000);
    hook("a", 0755, "echo a >>\"$(dirname \"$0\")/out\"");
    hook("b", 0755, "echo b >>\"$(dirname \"$0\")/out\"");
    hooks_reload(hooks);
    forks_to_fail = 2;
    queue(1, 1, 2);
    hooks_run(hooks, false, 1000);
    TAP_EQ_INT(nr_done, 0, "no hook is passed over");
    TAP_OK(hooks_deadline_ms(hooks) == 2000, "it is tried again later");
    hooks_run(hooks, false, 1999);
    TAP_EQ_INT(forks_to_fail, 1, "and not before");
    hooks_run(hooks, false, 2000);
    TAP_OK(hooks_deadline_ms(hooks) == 3000, "and again");
    run_until_done_at(1, 3000);
    TAP_EQ_STR(text_of("out"), "a\nb\n", "until it runs, with the next one");
    first = strstr(text_of("log"), strerror(EAGAIN));
    TAP_OK(first && !strstr(first + 1, strerror(EAGAIN)), "it is logged once");
}

static void test_parallel(void)
{
    unsigned int i;

    begin("many domains", 10000);
    hook("a", 0755, "sleep 0.1");
    hooks_reload(hooks);
    for (i = 0; i < 20; i++)
        queue(i, 1, 2);
    run_until_done(20);
    TAP_EQ_INT(most_at_once, HOOKS_PARALLEL, "side by side, up to the bound");
}

/* Gone, or waiting for an init that is in no hurry. */
static bool is_dead(int pid)
{
    char path[32], state = 'X';
    unsigned int tries;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    /* Its death by SIGKILL is certain, but takes its time. */
    for (tries = 0; tries < 500; tries++) {
        f = fopen(path, "r");
        if (!f)
            return true;
        if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
            state = 'X';
        fclose(f);
        if (state == 'Z' || state == 'X')
            return true;
        poll(NULL, 0, 10);
    }
    return false;
}

static void test_bad_hooks(void)
{
    /* Time enough for a shell to begin, on a machine with much else to do. */
    begin("hooks that misbehave", 1500);
    hook("a-stuck", 0755, "trap '' TERM; while :; do sleep 0.1; done");
    hook("b-slow", 0755, "sleep 60");
    hook("b-quiet", 0755, "exec >&- 2>&-; exec sleep 60");
    hook("b-stray", 0755, "exec python3 -c 'import os, time\n"
                          "os.setpgid(0, os.getpgid(os.getppid()))\n"
                          "time.sleep(60)'");
    hook("c-loud", 0755, "yes");
    hook("d-litter", 0755, "sleep 61 & echo $! >\"$(dirname \"$0\")/pid\"");
    hook("f-last", 0755, "echo ran >\"$(dirname \"$0\")/out\"");
    hooks_reload(hooks);
    /* Gone, or changed, since the directory was read. */
    hook("e-changed", 0755, "echo no >>\"$(dirname \"$0\")/out\"");
    hooks_reload(hooks);
    hook("e-changed", 0777, "echo no >>\"$(dirname \"$0\")/out\"");
    queue(1, 1, 2);
    run_until_done(1);
    TAP_OK(logged("hook=a-stuck domain=\"web\" domid=1 seq=2: killed by signal "
                  "9, since its time was up"), "SIGTERM, then SIGKILL");
    TAP_OK(logged("hook=b-slow domain=\"web\" domid=1 seq=2: killed by signal "
                  "15, since its time was up"), "SIGTERM");
    TAP_OK(logged("hook=b-quiet domain=\"web\" domid=1 seq=2: killed by signal "
                  "15, since its time was up"), "also one that closed its output");
    TAP_OK(logged("hook=b-stray domain=\"web\" domid=1 seq=2: killed by signal "
                  "15, since its time was up"), "also one that left its group");
    TAP_OK(logged("hook=c-loud domain=\"web\" domid=1 seq=2: printed too much"),
           "output has a limit");
    TAP_OK(strlen(text_of("log")) < 65000, "in the log, too");
    TAP_OK(atoi(text_of("pid")) > 0 &&
           is_dead(atoi(text_of("pid"))), "what it left running is killed");
    TAP_OK(logged("hook=e-changed domain=\"web\" domid=1 seq=2: not owned by "
                  "root"), "one that was changed is refused");
    TAP_EQ_STR(text_of("out"), "ran\n", "and the last one still runs");
}

/* All at once: the limit must hold within what one read brings, too. */
static void test_output_limit(void)
{
    const char *at = NULL;
    unsigned int nr = 0;

    begin("many short lines", 10000);
    hook("a", 0755, "i=0; text=; while [ $i -lt 500 ]; do text=\"$text.\n\"\n"
                    "i=$((i + 1)); done; printf \"$text\"");
    hooks_reload(hooks);
    queue(1, 1, 2);
    run_until_done(1);
    for (at = text_of("log"); (at = strstr(at, "seq=2: .\n")); at++)
        nr++;
    TAP_EQ_INT(nr, (HOOKS_OUTPUT_MAX + 65) / 66, "are cut off at the limit");
    TAP_OK(logged("printed too much"), "which is said");
}

static void test_directory(void)
{
    char target[sizeof(dir) + 16];

    begin("the directory", 1000);
    hook("a", 0755, "true");
    hook("open.sh", 0775, "true");
    snprintf(target, sizeof(target), "%s/open.sh", dir);
    must(!symlink(target, in_dir("link")), "symlink");
    must(!symlink("nowhere", in_dir("dangling")), "symlink");
    must(!mkdir(in_dir("directory"), 0755), "mkdir");
    hooks_reload(hooks);
    TAP_OK(logged("link is not run: not owned by root, or writable by group"),
           "a link is what it points to");
    TAP_OK(!logged("dangling is not run: not owned") &&
           !logged("directory is not run: not owned"),
           "what is no hook is no danger");
    must(!chmod(dir, 0777), "chmod");
    hooks_reload(hooks);
    TAP_OK(!hooks_active(hooks) && logged("no hooks from "),
           "one that others can write is refused");
    must(!chmod(dir, 0755), "chmod");
    hooks_reload(hooks);
    TAP_OK(hooks_active(hooks), "until it is put right");
    queue(1, 1, 2);
    run_until_done(1);
}

static void test_end(void)
{
    struct pollfd fds[HOOKS_PARALLEL];
    uint64_t before;
    unsigned int i;

    begin("the end while hooks run", 10000);
    hook("a", 0755, "trap '' TERM; echo x; while :; do sleep 0.1; done");
    hooks_reload(hooks);
    queue(1, 1, 2);
    queue(2, 1, 2);
    queue(2, 1, 3);
    hooks_run(hooks, false, now_ms());
    for (i = 0; i < 2; i++) {
        must(hooks_pollfds(hooks, fds) == 2, "two hooks run");
        /* They are past their trap. */
        must(poll(&fds[i], 1, -1) == 1, "poll");
    }
    before = now_ms();
    hooks_free(hooks);
    hooks = NULL;
    TAP_OK(now_ms() - before < 5000, "is not held up");
    TAP_OK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no child left");
    TAP_EQ_INT(nr_done, 0, "nothing is said to be done");
}

int main(void)
{
    char command[sizeof(dir) + 32];
    struct sigaction action = { .sa_handler = on_child };
    sigset_t set;

    must(mkdtemp(dir) && !chmod(dir, 0755), dir);
    snprintf(log_path, sizeof(log_path), "%s/log", dir);
    log_setup(false, LOG_INFO);
    /* Only ppoll() lets it through. */
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    must(!sigprocmask(SIG_BLOCK, &set, NULL) &&
         !sigaction(SIGCHLD, &action, NULL), "signals");
    signal(SIGPIPE, SIG_IGN);
    alarm(120);

    test_order_and_environment();
    test_long_name();
    test_coalescing();
    test_rate();
    test_no_process();
    test_parallel();
    test_bad_hooks();
    test_output_limit();
    test_directory();
    test_end();
    hooks_free(hooks);

    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    must(!system(command), "rm");
    return tap_done();
}
