/* SPDX-License-Identifier: GPL-2.0-only */
/* Which hooks are run; see hookdir.h. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hookdir.h"

#define NAME_CHARACTERS \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Whether only root, or who runs us for a test, can change it. */
static bool is_safe(const struct stat *st)
{
    return (st->st_uid == 0 || st->st_uid == geteuid()) &&
           !(st->st_mode & (S_IWGRP | S_IWOTH));
}

const char *hookdir_unfit(const char *path, int *refused)
{
    struct stat st;

    *refused = 0;
    if (stat(path, &st))
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "not a regular file";
    if (!is_safe(&st)) {
        *refused = 1;
        return "not owned by root, or writable by group or others";
    }
    if (!(st.st_mode & S_IXUSR))
        return "not executable";
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct hookdir *h, const char *name)
{
    char **names = reallocarray(h->names, h->nr + 1, sizeof(names[0]));

    if (!names)
        return -1;
    h->names = names;
    names[h->nr] = strdup(name);
    if (!names[h->nr])
        return -1;
    h->nr++;
    return 0;
}

int hookdir_scan(struct hookdir *h, const char *dir,
                 void (*report)(const char *name, const char *why,
                                int refused))
{
    struct dirent *entry;
    struct stat st;
    DIR *stream;
    int ret = -1, err;

    *h = (struct hookdir){ 0 };
    stream = opendir(dir);
    if (!stream)
        return errno == ENOENT ? 0 : -1;

    if (fstat(dirfd(stream), &st))
        goto out;
    if (!is_safe(&st)) {
        errno = EPERM;
        goto out;
    }

    while (errno = 0, (entry = readdir(stream))) {
        const char *name = entry->d_name, *why;
        char path[PATH_MAX];
        int refused;

        if (!strcmp(name, ".") || !strcmp(name, ".."))
            continue;
        if (name[strspn(name, NAME_CHARACTERS)]) {
            report(name, "not a hook's name", 0);
            continue;
        }
        if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
            (int)sizeof(path)) {
            report(name, "path too long", 0);
            continue;
        }
        why = hookdir_unfit(path, &refused);
        if (why)
            report(name, why, refused);
        else if (add(h, name))
            goto out;
    }
    if (errno)
        goto out;

    if (h->nr)
        qsort(h->names, h->nr, sizeof(h->names[0]), compare);
    ret = 0;

 out:
    err = errno;
    closedir(stream);
    if (ret)
        hookdir_free(h);
    errno = err;
    return ret;
}

void hookdir_free(struct hookdir *h)
{
    unsigned int i;

    for (i = 0; i < h->nr; i++)
        free(h->names[i]);
    free(h->names);
    *h = (struct hookdir){ 0 };
}
