/* SPDX-License-Identifier: GPL-2.0-only */
/* xensuspendd: guest suspend state from the hypervisor to xenstore and hooks. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"

#include "daemon.h"
#include "hookdir.h"
#include "log.h"
#include "options.h"

#define EXIT_USAGE 2

static int nr_refused;

static void print_left_out(const char *name, const char *why, bool refused)
{
    printf("%s %s: %s\n", refused ? "refused" : "ignored", name, why);
    nr_refused += refused;
}

static int check_hooks(const struct options *options)
{
    struct hookdir dir;
    const char *wrong;
    unsigned int i;

    if (!options->hooks_dir) {
        printf("hooks: none\n");
        return EXIT_SUCCESS;
    }

    printf("hooks: %s\n", options->hooks_dir);
    wrong = hookdir_scan(&dir, options->hooks_dir, print_left_out);
    if (wrong) {
        log_msg(LOG_ERR, "no hooks from %s: %s", options->hooks_dir, wrong);
        return EXIT_FAILURE;
    }
    for (i = 0; i < dir.nr; i++)
        printf("runs %s/%s\n", options->hooks_dir, dir.names[i]);
    hookdir_free(&dir);
    return nr_refused ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What was printed must have arrived: a full disk is no success. */
static int finish(int status)
{
    if (fflush(stdout) || ferror(stdout)) {
        log_msg(LOG_ERR, "cannot write to stdout: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    return status;
}

/*
 * What is opened later must not be taken for stdin, stdout or stderr.  As if they
 * were still closed, stdin cannot be read, and the others cannot be written.
 */
static int open_standard_fds(void)
{
    int fd;

    for (fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* The lowest descriptor that is free is this one. */
        if (open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options;

    if (open_standard_fds())
        return EXIT_FAILURE;
    if (options_parse(&options, argc, argv, HOOKS_DIR, OUR_XL))
        return EXIT_USAGE;
    log_setup(options.use_syslog, options.log_level);

    switch (options.action) {
    case ACTION_HELP:
        options_print_help();
        return finish(EXIT_SUCCESS);
    case ACTION_VERSION:
        printf("xensuspendd (%s) %s\n", GS_NAME, GS_VERSION);
        return finish(EXIT_SUCCESS);
    case ACTION_CHECK:
        return finish(check_hooks(&options));
    case ACTION_RUN:
        break;
    }

    umask(077);
    return daemon_run(&options);
}
