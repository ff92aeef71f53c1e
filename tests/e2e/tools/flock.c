/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flock: as much of util-linux's as the example hooks need, for a dom0 that has
 * no util-linux.
 *
 *   flock [-n | -u] FD
 *   flock [-n] FILE COMMAND [ARGUMENT...]
 *
 * Exit status: 1 -n, and the lock is held; 2 usage or a failure.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int operation = LOCK_EX, fd, i = 1;

    if (argc > i && !strcmp(argv[i], "-n")) {
        operation |= LOCK_NB;
        i++;
    } else if (argc > i && !strcmp(argv[i], "-u")) {
        operation = LOCK_UN;
        i++;
    }
    if (argc <= i)
        return 2;
    fd = argc == i + 1 ? atoi(argv[i])
                       : open(argv[i], O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (flock(fd, operation))
        return operation & LOCK_NB ? 1 : 2;
    if (argc == i + 1)
        return 0;
    execvp(argv[i + 1], &argv[i + 1]);
    return 2;
}
