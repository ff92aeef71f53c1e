/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_read_only_xenstore.c: what a test's own xenstore lacks if nobody may
 * change it.
 */

#include <errno.h>

#include "guest_suspend_xenstore.h"

char *gsuspend_xenstore_read(struct gsuspend_xenstore *xs, const char *path,
                             int64_t deadline_ms)
{
    (void)xs;
    (void)path;
    (void)deadline_ms;
    errno = ENOENT;
    return NULL;
}

int gsuspend_xenstore_transaction_start(struct gsuspend_xenstore *xs,
                                        int64_t deadline_ms)
{
    (void)xs;
    (void)deadline_ms;
    errno = EROFS;
    return -1;
}

int gsuspend_xenstore_transaction_end(struct gsuspend_xenstore *xs, bool commit,
                                      int64_t deadline_ms)
{
    (void)xs;
    (void)commit;
    (void)deadline_ms;
    errno = ENOENT;
    return -1;
}

int gsuspend_xenstore_write(struct gsuspend_xenstore *xs, const char *path,
                            const char *value, int64_t deadline_ms)
{
    (void)xs;
    (void)path;
    (void)value;
    (void)deadline_ms;
    errno = EROFS;
    return -1;
}
