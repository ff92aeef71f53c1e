/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting programs; see child.h. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

/* In the child: only what is safe in a copy of a process with threads. */
__attribute__((noreturn))
static void exec_program(const char *path, char *argv[], char *env[],
                         int out_fd, pid_t parent)
{
    static const char message[] = "cannot be executed\n";
    sigset_t empty;
    int sig, null_fd;

    /* A group of its own, to be killed as a whole. */
    setpgid(0, 0);
    /* Our end by kill -9 must not leave a program that the next of us repeats. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);

    for (sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&empty);
    sigprocmask(SIG_SETMASK, &empty, NULL);

    null_fd = open("/dev/null", O_RDONLY);
    if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(out_fd, 1) < 0 ||
        dup2(out_fd, 2) < 0 || chdir("/"))
        _exit(126);
    /* libxenstore does not promise close-on-exec. */
    if (close_range(3, ~0U, 0)) {
        long fd, limit = sysconf(_SC_OPEN_MAX);

        for (fd = 3; fd < limit; fd++)
            close((int)fd);
    }
    umask(022);

    execve(path, argv, env);
    if (write(2, message, sizeof(message) - 1) < 0)
        _exit(126);
    _exit(127);
}

pid_t child_start(const char *path, char *argv[], char *env[], int *out_fd)
{
    int fds[2] = { -1, -1 }, err;
    pid_t parent = getpid(), pid = -1;

    if (pipe2(fds, O_CLOEXEC))
        return -1;
    if (fcntl(fds[0], F_SETFL, O_NONBLOCK))
        goto out;
    pid = fork();
    if (!pid)
        exec_program(path, argv, env, fds[1], parent);

    if (pid > 0) {
        /* Here as well: it may be killed before it got that far. */
        setpgid(pid, pid);
        *out_fd = fds[0];
        fds[0] = -1;
    }

 out:
    err = errno;
    if (fds[0] >= 0)
        close(fds[0]);
    close(fds[1]);
    errno = err;
    return pid;
}

bool child_has_ended(pid_t pid)
{
    siginfo_t info = { 0 };

    return !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
           info.si_pid;
}
