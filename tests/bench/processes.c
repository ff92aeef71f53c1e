/* SPDX-License-Identifier: GPL-2.0-only */
/* The cost of processes: of daemons, and of commands. */
#include "bench.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/ptrace.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

const char *const program_names[NR_PROGRAMS] = {
    [XENSTORED] = "xenstored",
    [XENCONSOLED] = "xenconsoled",
    [XENSUSPENDD] = "xensuspendd",
    /* "xl create" stays to see its domain's end. */
    [XL] = "xl",
};

/* The first line of a file of a process; false: it is gone. */
static bool first_line(const char *path, char line[256])
{
    FILE *f = fopen(path, "r");
    bool good = f && fgets(line, 256, f);

    if (f)
        fclose(f);
    if (good)
        line[strcspn(line, "\n")] = '\0';
    return good;
}

static void read_threads(struct process *p)
{
    char path[600], line[256];
    struct dirent *e;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)p->pid);
    dir = opendir(path);
    while (dir && (e = readdir(dir))) {
        uint64_t ns, waited, runs;

        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)p->pid,
                 e->d_name);
        if (!first_line(path, line))
            continue;
        if (sscanf(line, "%"SCNu64" %"SCNu64" %"SCNu64, &ns, &waited,
                   &runs) != 3)
            broken("%s: '%s'", path, line);
        p->ns += ns;
        p->runs += runs;
    }
    if (dir)
        closedir(dir);
}

static void read_memory(struct process *p)
{
    char path[64], line[256];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)p->pid);
    f = fopen(path, "r");
    if (!f)
        broken("%s", path);
    while (fgets(line, sizeof(line), f)) {
        sscanf(line, "Rss: %"SCNu64, &p->rss_kb);
        sscanf(line, "Pss: %"SCNu64, &p->pss_kb);
    }
    fclose(f);
}

static void usage(struct usage *u, void (*read)(struct process *))
{
    char path[600], line[256];
    struct dirent *e;
    DIR *dir = opendir("/proc");

    if (!dir)
        broken("/proc");
    u->nr = 0;
    while ((e = readdir(dir))) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
        if (!first_line(path, line))
            continue;
        for (int i = 0; i < NR_PROGRAMS; i++) {
            if (strcmp(line, program_names[i]))
                continue;
            if (u->nr == MOST_PROCESSES)
                broken("more than %u processes", MOST_PROCESSES);
            u->processes[u->nr] = (struct process){
                .pid = (pid_t)atoi(e->d_name), .program = i,
            };
            read(&u->processes[u->nr++]);
        }
    }
    closedir(dir);
}

void usage_now(struct usage *u)
{
    usage(u, read_threads);
}

void usage_memory(struct usage *u)
{
    usage(u, read_memory);
}

bool usage_has(const struct usage *u, int program)
{
    for (unsigned int i = 0; i < u->nr; i++)
        if (u->processes[i].program == program)
            return true;
    return false;
}

pid_t program_pid(int program)
{
    static struct usage now;

    usage_now(&now);
    for (unsigned int i = 0; i < now.nr; i++)
        if (now.processes[i].program == program)
            return now.processes[i].pid;
    broken("%s is not there", program_names[program]);
}

uint64_t process_ns(pid_t pid)
{
    char path[64], line[256];
    uint64_t ns;

    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
    if (!first_line(path, line) || sscanf(line, "%"SCNu64, &ns) != 1)
        broken("%s", path);
    return ns;
}

static pid_t stopped;

void xensuspendd_stop(void)
{
    stopped = program_pid(XENSUSPENDD);
    if (kill(stopped, SIGSTOP))
        broken("stopping xensuspendd");
}

void xensuspendd_continue(void)
{
    if (stopped)
        kill(stopped, SIGCONT);
    stopped = 0;
}

struct used usage_between(const struct usage *before, const struct usage *after,
                          int program)
{
    struct used used = { 0, 0 };

    for (unsigned int i = 0; i < before->nr; i++) {
        const struct process *b = &before->processes[i];

        for (unsigned int j = 0; j < after->nr; j++) {
            const struct process *a = &after->processes[j];

            if (a->pid != b->pid || a->program != program)
                continue;
            used.runs += (double)(a->runs - b->runs);
            used.us += (double)(a->ns - b->ns) / 1000;
        }
    }
    return used;
}

void usage_quiet(struct usage *u)
{
    static struct usage before;
    unsigned int quiet_ms = 0, waited_ms = 0;

    usage_now(&before);
    while (quiet_ms < 200) {
        bool same;

        sleep_ms(50);
        usage_now(u);
        same = u->nr == before.nr;
        for (int i = 0; i < NR_PROGRAMS; i++)
            same &= usage_between(&before, u, i).runs == 0;
        quiet_ms = same ? quiet_ms + 50 : 0;
        before = *u;
        waited_ms += 50;
        if (waited_ms > LIMIT_MS)
            broken("the host does not come to rest");
    }
}

/* Runs in the child. */
__attribute__((noreturn))
static void become(const char *const argv[])
{
    int null = open("/dev/null", O_RDWR);

    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        _exit(126);
    /* exec takes what it does not change as not constant. */
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static double timeval_us(struct timeval t)
{
    return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

void command_run(const char *const argv[], struct command_cost *cost)
{
    struct rusage use;
    uint64_t begin;
    pid_t child;
    int status;

    begin = ticks();
    child = vfork();
    if (!child)
        become(argv);
    if (child < 0 || wait4(child, &status, 0, &use) != child)
        broken("running %s", argv[0]);
    cost->wall_us = ticks_us(ticks() - begin);
    cost->cpu_us = timeval_us(use.ru_utime) + timeval_us(use.ru_stime);
    cost->faults = (uint64_t)use.ru_minflt + (uint64_t)use.ru_majflt;
    if (status)
        broken("%s %s: status %#x", argv[0], argv[1] ? argv[1] : "", status);
}

/* A xenstore request begins with its header, perhaps in a write of its own. */
static bool to_xenstored(pid_t pid, const struct ptrace_syscall_info *info)
{
    const bool write = info->entry.nr == SYS_write &&
                       info->entry.args[2] == sizeof(struct xsd_sockmsg);
    char path[64], to[64];
    ssize_t len;

    if (!write && info->entry.nr != SYS_sendmsg &&
        info->entry.nr != SYS_sendto && info->entry.nr != SYS_writev)
        return false;
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid,
             (int)info->entry.args[0]);
    len = readlink(path, to, sizeof(to) - 1);
    if (len < 0)
        return false;
    to[len] = '\0';
    return !strncmp(to, "socket:", 7) || !strcmp(to, "/dev/xen/xenbus");
}

/* Requests in what is sent: our xl sends several at once. */
static unsigned int requests_in(pid_t pid,
                                const struct ptrace_syscall_info *info)
{
    static char sent[1 << 16];
    struct iovec here = { sent, sizeof(sent) };
    struct iovec there = { (void *)(uintptr_t)info->entry.args[1],
                           info->entry.args[2] };
    struct xsd_sockmsg header;
    unsigned int nr = 0;
    ssize_t len;
    size_t at;

    if (info->entry.nr != SYS_sendto)
        return 1;

    len = process_vm_readv(pid, &here, 1, &there, 1, 0);
    if (len < 0)
        broken("process_vm_readv");
    for (at = 0; at + sizeof(header) <= (size_t)len;
         at += sizeof(header) + header.len) {
        memcpy(&header, sent + at, sizeof(header));
        nr++;
    }
    return nr;
}

static void count_call(pid_t pid, struct command_calls *calls)
{
    struct ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
        broken("PTRACE_GET_SYSCALL_INFO");
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    calls->system_calls++;
    /* IOCTL_PRIVCMD_HYPERCALL: 'P', 0. */
    if (info.entry.nr == SYS_ioctl && (info.entry.args[1] & 0xffff) == 'P' << 8)
        calls->hypercalls++;
    if (to_xenstored(pid, &info))
        calls->xenstore_requests += requests_in(pid, &info);
}

void command_trace(const char *const argv[], struct command_calls *calls)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                         PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    int status, result = -1;
    pid_t child = fork(), pid;

    memset(calls, 0, sizeof(*calls));
    if (child < 0)
        broken("fork");
    if (!child) {
        /* A group of its own: this program has other children, too. */
        if (setpgid(0, 0) || ptrace(PTRACE_TRACEME, 0, NULL, NULL))
            _exit(125);
        raise(SIGSTOP);
        become(argv);
    }
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, options) ||
        ptrace(PTRACE_SYSCALL, child, NULL, NULL))
        broken("tracing %s", argv[0]);

    while ((pid = waitpid(-child, &status, __WALL)) > 0) {
        int sig = 0;

        if (!WIFSTOPPED(status)) {
            if (pid == child)
                result = status;
            continue;
        }
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            /* Count from the command's exec on. */
            if (calls->programs)
                count_call(pid, calls);
        } else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
            calls->programs++;
        } else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP &&
                   WSTOPSIG(status) != SIGTRAP) {
            sig = WSTOPSIG(status);
        }
        if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)sig) &&
            errno != ESRCH)
            broken("PTRACE_SYSCALL");
    }
    if (result)
        broken("%s %s, traced: status %#x", argv[0], argv[1] ? argv[1] : "",
               result);
}

/*
 * Another process traces: a tracer can only wait for stops.  When it ends, the
 * traced process continues.
 */
static struct command_calls tracer_calls;
static unsigned int tracer_threads;
static int tracer_pipe[2];
static pid_t tracer;

static void tracer_ends(int sig)
{
    (void)sig;
    /* The call in which each thread waited was restarted. */
    tracer_calls.system_calls -= tracer_threads;
    if (write(tracer_pipe[1], &tracer_calls, sizeof(tracer_calls)) !=
        sizeof(tracer_calls))
        _exit(1);
    _exit(0);
}

__attribute__((noreturn))
static void trace_process(pid_t pid)
{
    unsigned int started = 0;
    char path[64];
    struct dirent *e;
    int status;
    pid_t tid;
    DIR *dir;

    signal(SIGTERM, tracer_ends);
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    dir = opendir(path);
    if (!dir)
        broken("%s", path);
    while ((e = readdir(dir))) {
        tid = (pid_t)atoi(e->d_name);
        if (!tid)
            continue;
        if (ptrace(PTRACE_SEIZE, tid, NULL, (long)PTRACE_O_TRACESYSGOOD) ||
            ptrace(PTRACE_INTERRUPT, tid, NULL, NULL))
            broken("tracing %d", (int)tid);
        tracer_threads++;
    }
    closedir(dir);
    while ((tid = waitpid(-1, &status, __WALL)) > 0) {
        int sig = 0;

        if (!WIFSTOPPED(status))
            continue;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            count_call(tid, &tracer_calls);
        else if (!(status >> 16))
            sig = WSTOPSIG(status);
        if (ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(intptr_t)sig) &&
            errno != ESRCH)
            broken("PTRACE_SYSCALL");
        /* Each thread stops once on request. */
        if (status >> 16 == PTRACE_EVENT_STOP && ++started == tracer_threads &&
            write(tracer_pipe[1], "", 1) != 1)
            broken("the tracer's pipe");
    }
    _exit(1);
}

void process_trace_begin(pid_t pid)
{
    char ready;

    if (pipe(tracer_pipe))
        broken("pipe");
    fflush(stdout);
    tracer = fork();
    if (tracer < 0)
        broken("fork");
    if (!tracer)
        trace_process(pid);
    if (read(tracer_pipe[0], &ready, 1) != 1)
        broken("the tracer");
}

void process_trace_end(struct command_calls *calls)
{
    int status;

    if (kill(tracer, SIGTERM) ||
        read(tracer_pipe[0], calls, sizeof(*calls)) != sizeof(*calls) ||
        waitpid(tracer, &status, 0) != tracer || status)
        broken("the tracer");
    close(tracer_pipe[0]);
    close(tracer_pipe[1]);
}
