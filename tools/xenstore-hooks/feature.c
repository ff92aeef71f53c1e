/* SPDX-License-Identifier: GPL-2.0-only */
/* Letting guests say that they can be asked to sleep; see feature.h. */

#include "feature.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <xenstore.h>

#define CONTROL "/local/domain/%" PRIu32 "/control"
#define PATH_SIZE 64

/* A guest may change what it owns below ~/control, to make transactions fail. */
#define TRANSACTION_TRIES 10

/* 1, 0; -1 with errno. */
static int exists(struct xs_handle *xs, xs_transaction_t ta, const char *path)
{
    void *value = xs_read(xs, ta, path, NULL);

    if (value) {
        free(value);
        return 1;
    }
    return errno == ENOENT ? 0 : -1;
}

/* In a transaction: the domain may die meanwhile, and must not leave a ghost. */
static int try_to_make(struct xs_handle *xs, uint32_t domid,
                       const char *control, const char *path)
{
    struct xs_permissions perms = { .id = domid, .perms = XS_PERM_NONE };
    xs_transaction_t ta = xs_transaction_start(xs);
    int made, wanted, saved_errno;
    bool good;

    if (!ta)
        return -1;

    made = exists(xs, ta, path);
    wanted = made ? 0 : exists(xs, ta, control);
    good = wanted == 1 && xs_write(xs, ta, path, "", 0) &&
           xs_set_permissions(xs, ta, path, &perms, 1);
    saved_errno = errno;
    if (!xs_transaction_end(xs, ta, !good))
        return -1;
    errno = saved_errno;
    /* That there is nothing to do is no failure. */
    return good || made == 1 || (!made && !wanted) ? 0 : -1;
}

int feature_make(struct xs_handle *xs, uint32_t domid)
{
    char control[PATH_SIZE], path[PATH_SIZE];
    int tries, r;

    /* dom0 asks, and is not asked. */
    if (!domid)
        return 0;

    snprintf(control, sizeof(control), CONTROL, domid);
    snprintf(path, sizeof(path), CONTROL "/feature-s3", domid);
    r = exists(xs, XBT_NULL, path);
    if (r)
        return r < 0 ? -1 : 0;

    for (tries = 0; tries < TRANSACTION_TRIES; tries++) {
        r = try_to_make(xs, domid, control, path);
        if (!r || errno != EAGAIN)
            return r;
    }
    errno = EBUSY;
    return -1;
}
