/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that the daemon starts: hooks, and xl. */

#ifndef GS_CHILD_H
#define GS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* With the places where our own xl may be, before the stock one. */
#define CHILD_PATH \
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * Run a program, by its path, in a process group of its own, which it leads.  It is
 * killed if we end.  *out_fd is the end to read of its stdout and stderr, and does not
 * block.  Returns its process id, or -1 with errno.
 */
pid_t child_start(const char *path, char *argv[], char *env[], int *out_fd);

/*
 * Whether it has ended.  Its process id stays taken until waitpid(), and so does that
 * of its group, which can be killed until then.
 */
bool child_has_ended(pid_t pid);

#endif
