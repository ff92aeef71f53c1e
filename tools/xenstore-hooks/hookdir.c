/* SPDX-License-Identifier: GPL-2.0-only */
/* Which hooks are run; see hookdir.h. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hookdir.h"
#include "log.h"

#define NAME_CHARACTERS \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static const char unsafe[] =
    "not owned by root, or writable by group or others";

/* Whether only root, or who runs us for a test, can change it. */
static bool is_safe(const struct stat *st)
{
    return (st->st_uid == 0 || st->st_uid == geteuid()) &&
           !(st->st_mode & (S_IWGRP | S_IWOTH));
}

const char *hookdir_unfit(const char *path, bool *refused)
{
    struct stat st;

    *refused = false;
    if (stat(path, &st))
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "not a regular file";
    if (!is_safe(&st)) {
        *refused = true;
        return unsafe;
    }
    if (!(st.st_mode & S_IXUSR))
        return "not executable";
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct hookdir *hookdir, const char *name)
{
    char **names = reallocarray(hookdir->names, hookdir->nr + 1,
                                sizeof(names[0]));

    if (!names)
        return -1;
    hookdir->names = names;
    names[hookdir->nr] = strdup(name);
    if (!names[hookdir->nr])
        return -1;
    hookdir->nr++;
    return 0;
}

const char *hookdir_scan(struct hookdir *hookdir, const char *dir,
                         void (*left_out)(const char *name, const char *why,
                                        bool refused))
{
    const char *wrong = NULL;
    struct dirent *entry;
    struct stat st;
    DIR *stream;

    *hookdir = (struct hookdir){ 0 };
    stream = opendir(dir);
    if (!stream)
        return errno == ENOENT ? NULL : strerror(errno);

    if (fstat(dirfd(stream), &st))
        wrong = strerror(errno);
    else if (!is_safe(&st))
        wrong = unsafe;

    while (!wrong && (errno = 0, entry = readdir(stream))) {
        char path[PATH_MAX], name[sizeof(entry->d_name)];
        bool refused = false;
        const char *why;

        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        log_sanitise(name, sizeof(name), entry->d_name, sizeof(name));
        if (entry->d_name[strspn(entry->d_name, NAME_CHARACTERS)])
            why = "not a hook's name";
        else if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
                 (int)sizeof(path))
            why = "path too long";
        else
            why = hookdir_unfit(path, &refused);
        if (why)
            left_out(name, why, refused);
        else if (add(hookdir, name))
            break;
    }
    if (!wrong && errno)
        wrong = strerror(errno);
    closedir(stream);

    if (wrong)
        hookdir_free(hookdir);
    else if (hookdir->nr)
        qsort(hookdir->names, hookdir->nr, sizeof(hookdir->names[0]), compare);
    return wrong;
}

void hookdir_free(struct hookdir *hookdir)
{
    unsigned int i;

    for (i = 0; i < hookdir->nr; i++)
        free(hookdir->names[i]);
    free(hookdir->names);
    *hookdir = (struct hookdir){ 0 };
}
