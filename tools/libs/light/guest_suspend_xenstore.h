/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_xenstore.h: a client of xenstore that never waits for longer
 * than it is told to.
 *
 * libxenstore's calls return when xenstored has answered, which a stopped or
 * hung xenstored never does.  This client has a deadline for each call, or does
 * not wait at all, and needs no thread.
 *
 * A deadline is a time of gsuspend_now_ms(); -1 is none.  Errors are errno;
 * ETIMEDOUT: the deadline.  The connection may be used further then.
 *
 * It is linked into the library and xl, and not exported.
 */

#ifndef GUEST_SUSPEND_XENSTORE_H
#define GUEST_SUSPEND_XENSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gsuspend_xenstore;

/* How long a call waits whose caller has set no time. */
#define GSUSPEND_XENSTORE_MS 10000

/*
 * Connect to xenstored's socket.  Where there is no socket, xenstored is in
 * another domain, and the kernel's device leads to it.  NULL: errno.
 */
struct gsuspend_xenstore *gsuspend_xenstore_open(int64_t deadline_ms);

/* Keeps errno.  NULL is harmless. */
void gsuspend_xenstore_close(struct gsuspend_xenstore *xs);

/* The value of a node, to be released with free().  NULL: errno. */
char *gsuspend_xenstore_read(struct gsuspend_xenstore *xs, const char *path,
                             int64_t deadline_ms);

/*
 * The values of several nodes: values[i] is that of paths[i], to be released
 * with free(), or NULL.  They are asked for together, which costs a fraction of
 * as many calls of gsuspend_xenstore_read().  0: each NULL is a node that there
 * is not; -1: errno, and the values that were read are there all the same.
 */
int gsuspend_xenstore_read_many(struct gsuspend_xenstore *xs,
                                const char *const *paths, char **values,
                                size_t nr, int64_t deadline_ms);

/*
 * The names of a node's children, one behind the other, each with its 0; *len_r
 * is the length of all.  To be released with free(), and not NULL where there
 * are none.  NULL: errno.
 */
char *gsuspend_xenstore_directory(struct gsuspend_xenstore *xs,
                                  const char *path, int64_t deadline_ms,
                                  size_t *len_r);

/*
 * Tell xenstored that a domain which had shut down goes on.  Untold, xenstored
 * fires no @releaseDomain at the domain's next shutdown.  -1: errno.
 */
int gsuspend_xenstore_resume(struct gsuspend_xenstore *xs, uint32_t domid,
                             int64_t deadline_ms);

/*
 * A transaction: reads and writes from its start to its end belong to it.  There
 * is one at a time, and it does not survive the connection.  Its end succeeds or
 * fails, -1 with errno, and it is over in either case; EAGAIN: others have changed
 * what it has read, and nothing was written; ETIMEDOUT: xenstored may still do it.
 */
int gsuspend_xenstore_transaction_start(struct gsuspend_xenstore *xs,
                                        int64_t deadline_ms);
int gsuspend_xenstore_transaction_end(struct gsuspend_xenstore *xs, bool commit,
                                      int64_t deadline_ms);

/* A node's value becomes the text.  -1: errno. */
int gsuspend_xenstore_write(struct gsuspend_xenstore *xs, const char *path,
                            const char *value, int64_t deadline_ms);

/*
 * Without waiting: send the request.  The watch, and the node's value, come as
 * events later on.  Ask for watches first.  Of several requests for a value, the
 * last is answered.  -1: errno.
 */
int gsuspend_xenstore_watch(struct gsuspend_xenstore *xs, const char *path);
int gsuspend_xenstore_ask(struct gsuspend_xenstore *xs, const char *path);

enum gsuspend_xenstore_event {
    GSUSPEND_XENSTORE_NONE,
    /* A watch has fired; *text_r is the path. */
    GSUSPEND_XENSTORE_FIRED,
    /* The value that was asked for; *text_r is NULL where there is no node. */
    GSUSPEND_XENSTORE_VALUE,
    /* xenstored has ended; or it has refused a watch. */
    GSUSPEND_XENSTORE_LOST
};

/* Readable when there is an event. */
int gsuspend_xenstore_fd(const struct gsuspend_xenstore *xs);

/* The next event.  Never waits.  *text_r is valid until the next call. */
enum gsuspend_xenstore_event
gsuspend_xenstore_next(struct gsuspend_xenstore *xs, const char **text_r);

#endif
