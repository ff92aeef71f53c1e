/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen-guest-suspend-agent: puts this guest to sleep when dom0 asks for it.
 *
 * The toolstack writes "s3" to ~/control/shutdown of a guest that has set
 * ~/control/feature-s3 to "1".  The guest empties the node and goes to sleep.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <getopt.h>
#include <unistd.h>

#include "config.h"
#include "xenbus.h"

#define REQUEST "control/shutdown"
#define FEATURE "control/feature-s3"

/* Others in tests. */
#ifndef POWER_DIR
#define POWER_DIR "/sys/power"
#endif
#ifndef LOGIND_DIR
#define LOGIND_DIR "/run/systemd/seats"
#endif
#ifndef BUSCTL
#define BUSCTL "/usr/bin/busctl"
#endif

/* For the unit file: another try would end likewise. */
#define EXIT_CANNOT_SLEEP 6

struct agent {
    struct xenbus bus;
    const char *program;            /* --exec */
    int signal_fd;
    bool no_feature_said;
    bool stop;
};

static bool use_syslog;

__attribute__((format(printf, 2, 3)))
static void say(int priority, const char *format, ...)
{
    va_list al;

    va_start(al, format);
    if (use_syslog) {
        vsyslog(priority, format, al);
    } else {
        vfprintf(stderr, format, al);
        fputc('\n', stderr);
    }
    va_end(al);
}

/* The first line of a file of the kernel's; "" if there is none. */
static void read_line(const char *path, char *line, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, line, size - 1);

    line[len < 0 ? 0 : len] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

/*
 * Suspend-to-idle is no sleep that the hypervisor knows of: nobody would see it, and
 * nobody could end it.
 */
static bool deep_sleep_is(const char *word)
{
    char modes[64];

    read_line(POWER_DIR "/mem_sleep", modes, sizeof(modes));
    return !*modes || strstr(modes, word);
}

static bool start(char *const *argv, pid_t *child)
{
    posix_spawnattr_t attr;
    sigset_t none, all;
    int r;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
                                    POSIX_SPAWN_SETSIGDEF);
    r = posix_spawn(child, argv[0], NULL, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    if (r)
        say(LOG_ERR, "no sleep: cannot run %s: %s", argv[0], strerror(r));
    return !r;
}

/* Run the program to its end, or to ours. */
static void run(struct agent *agent, char *const *argv)
{
    struct signalfd_siginfo signal;
    int status;
    pid_t child;

    if (!start(argv, &child))
        return;

    while (waitpid(child, &status, WNOHANG) != child) {
        if (read(agent->signal_fd, &signal, sizeof(signal)) < 0)
            continue;
        if (signal.ssi_signo != SIGCHLD) {
            agent->stop = true;
            kill(child, SIGTERM);
        }
    }

    if (WIFSIGNALED(status))
        say(LOG_WARNING, "no sleep: signal %d ended %s", WTERMSIG(status),
            argv[0]);
    else if (WEXITSTATUS(status))
        say(LOG_WARNING, "no sleep: %s has exited with status %d", argv[0],
            WEXITSTATUS(status));
}

static void write_mem(void)
{
    int fd = open(POWER_DIR "/state", O_WRONLY | O_CLOEXEC);
    int errnum = 0;
    char step[64], device[64];

    /* Returns when the guest is awake again. */
    if (fd < 0 || write(fd, "mem", 3) != 3)
        errnum = errno;
    if (fd >= 0)
        close(fd);
    if (!errnum)
        return;

    read_line(POWER_DIR "/suspend_stats/last_failed_step", step, sizeof(step));
    read_line(POWER_DIR "/suspend_stats/last_failed_dev", device,
              sizeof(device));
    say(LOG_WARNING, "no sleep: %s: %s (last failure: step '%s', device '%s')",
        POWER_DIR "/state", strerror(errnum), step, device);
}

static void go_to_sleep(struct agent *agent)
{
    /*
     * As "systemctl suspend" does, but for the flag: inhibitors hold although
     * it is root who asks (SD_LOGIND_ROOT_CHECK_INHIBITORS).
     */
    static const char *const logind[] = {
        BUSCTL, "--quiet", "call", "org.freedesktop.login1",
        "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
        "SuspendWithFlags", "t", "1", NULL
    };
    const char *const program[] = { agent->program, NULL };

    say(LOG_INFO, "dom0 asks this guest to sleep");
    if (agent->program)
        run(agent, (char *const *)program);
    else if (!deep_sleep_is("[deep]"))
        say(LOG_WARNING, "no sleep: %s does not select 'deep'",
            POWER_DIR "/mem_sleep");
    else if (!access(LOGIND_DIR, F_OK))
        run(agent, (char *const *)logind);
    else
        write_mem();
}

/* Tell dom0 that it may ask; anew after a migration, or if the node is made anew. */
static int announce(struct agent *agent)
{
    char value[XENBUS_VALUE_SIZE];
    int rc;

    rc = xenbus_read(&agent->bus, 0, FEATURE, value);
    if (rc == 1 && *value == '1')
        return 0;
    if (rc >= 0 || !xenbus_is_lost(rc))
        rc = xenbus_write(&agent->bus, 0, FEATURE, "1");
    if (!rc || xenbus_is_lost(rc))
        return rc;

    /* The watch tells when it is there. */
    if (!agent->no_feature_said)
        say(LOG_NOTICE, "dom0 has not made %s yet (its xensuspendd does): %s",
            FEATURE, strerror(-rc));
    agent->no_feature_said = true;
    return 0;
}

static bool is_sleep(const char *value, int len)
{
    return len == 2 && !memcmp(value, "s3", 2);
}

/*
 * 1: there was a request to sleep, and it is taken.  In a transaction: dom0 may
 * withdraw it, or write "poweroff", meanwhile.
 */
static int take_request(struct xenbus *bus)
{
    char value[XENBUS_VALUE_SIZE];
    uint32_t transaction;
    bool taken;
    int rc;

    rc = xenbus_read(bus, 0, REQUEST, value);
    while (is_sleep(value, rc)) {
        rc = xenbus_transaction_start(bus, &transaction);
        if (rc)
            break;
        rc = xenbus_read(bus, transaction, REQUEST, value);
        taken = is_sleep(value, rc);
        if (taken)
            rc = xenbus_write(bus, transaction, REQUEST, "");
        if (xenbus_is_lost(rc))
            break;
        taken = taken && !rc;
        rc = xenbus_transaction_end(bus, transaction, taken);
        if (rc != -EAGAIN)
            return rc ? rc : taken;
        rc = xenbus_read(bus, 0, REQUEST, value);
    }

    return rc < 0 ? rc : 0;
}

/* Look at both nodes, and do what they say. */
static int look(struct agent *agent)
{
    int rc;

    agent->bus.changed = false;
    rc = announce(agent);
    if (rc)
        return rc;
    rc = take_request(&agent->bus);
    if (rc > 0)
        go_to_sleep(agent);
    else if (rc && !xenbus_is_lost(rc))
        say(LOG_WARNING, "%s: %s", REQUEST, strerror(-rc));

    return xenbus_is_lost(rc) ? rc : 0;
}

/* Until a signal ends it. */
static int serve(struct agent *agent)
{
    struct pollfd pollfds[] = {
        { .fd = agent->bus.fd, .events = POLLIN },
        { .fd = agent->signal_fd, .events = POLLIN },
    };
    struct signalfd_siginfo signal;
    int rc;

    rc = xenbus_watch(&agent->bus, FEATURE);
    if (!rc)
        rc = xenbus_watch(&agent->bus, REQUEST);

    while (!rc && !agent->stop) {
        if (agent->bus.changed) {
            rc = look(agent);
            continue;
        }
        if (poll(pollfds, 2, -1) < 0 && errno != EINTR)
            return -errno;
        if (pollfds[1].revents &&
            read(agent->signal_fd, &signal, sizeof(signal)) > 0)
            agent->stop = agent->stop || signal.ssi_signo != SIGCHLD;
        else if (pollfds[0].revents)
            rc = xenbus_take(&agent->bus);
    }

    return rc;
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void usage(FILE *to)
{
    fputs("Usage: xen-guest-suspend-agent [OPTIONS]\n\n"
          "Puts this guest to sleep when dom0 asks for it.\n\n"
          "  --exec=PROGRAM   run this instead, with no arguments\n"
          "  --device=PATH    instead of /dev/xen/xenbus\n"
          "  --syslog         log there instead of to standard error\n"
          "  --help, --version\n", to);
}

/* False: *status is the exit status. */
static bool read_options(int argc, char **argv, struct agent *agent,
                         const char **device, int *status)
{
    static const struct option options[] = {
        { "exec", required_argument, NULL, 'e' },
        { "device", required_argument, NULL, 'd' },
        { "syslog", no_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 }
    };
    int option;

    *status = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'e':
            agent->program = optarg;
            break;
        case 'd':
            *device = optarg;
            break;
        case 's':
            use_syslog = true;
            break;
        case 'h':
            usage(stdout);
            return false;
        case 'V':
            printf("xen-guest-suspend-agent %s\n", GS_VERSION);
            return false;
        default:
            *status = 2;
            return false;
        }
    }
    if (optind < argc)
        fprintf(stderr, "xen-guest-suspend-agent: unexpected argument '%s'\n",
                argv[optind]);
    else if (agent->program && access(agent->program, X_OK))
        fprintf(stderr, "xen-guest-suspend-agent: --exec=%s: %s\n",
                agent->program, strerror(errno));
    else
        return true;
    *status = 2;
    return false;
}

int main(int argc, char **argv)
{
    struct agent agent = { .bus = { .fd = -1 }, .signal_fd = -1 };
    const char *device = "/dev/xen/xenbus";
    int status, rc;

    if (!read_options(argc, argv, &agent, &device, &status))
        return status;

    openlog("xen-guest-suspend-agent", LOG_PID, LOG_DAEMON);
    if (!agent.program && !deep_sleep_is("deep")) {
        say(LOG_ERR, "this guest cannot sleep: %s has no 'deep'",
            POWER_DIR "/mem_sleep");
        return EXIT_CANNOT_SLEEP;
    }

    agent.signal_fd = open_signals();
    rc = agent.signal_fd < 0 ? -errno : xenbus_open(&agent.bus, device);
    if (rc == -EBUSY) {
        say(LOG_ERR, "another xen-guest-suspend-agent runs");
        return 1;
    }
    if (!rc) {
        rc = serve(&agent);
        /* dom0 is not to ask a guest where nobody answers. */
        if (!xenbus_is_lost(rc))
            xenbus_write(&agent.bus, 0, FEATURE, "0");
    }
    if (rc)
        say(LOG_ERR, "%s: %s", device, strerror(-rc));

    xenbus_close(&agent.bus);
    return rc ? 1 : 0;
}
