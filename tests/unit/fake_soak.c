/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_soak.c: a hypervisor of two domains that run, and an empty xenstore, for
 * any number of threads at once.
 */

#include "soak.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xencall.h>
#include "guest_suspend_xenstore.h"
#include "public/guest_suspend.h"

static atomic_int nr_calls, nr_buffers, nr_stores;

libxl_ctx *soak_ctx(unsigned int which)
{
    static char ctx[SOAK_NR_CTX];

    return (libxl_ctx *)&ctx[which];
}

bool soak_nothing_left(void)
{
    return !nr_calls && !nr_buffers && !nr_stores;
}

/* libxencall */

struct xencall_handle {
    int unused;
};

xencall_handle *xencall_open(struct xentoollog_logger *logger,
                             unsigned int open_flags)
{
    (void)logger;
    (void)open_flags;
    nr_calls++;
    return calloc(1, sizeof(struct xencall_handle));
}

int xencall_close(xencall_handle *xcall)
{
    nr_calls--;
    free(xcall);
    return 0;
}

void *xencall_alloc_buffer(xencall_handle *xcall, size_t size)
{
    (void)xcall;
    nr_buffers++;
    return malloc(size);
}

void xencall_free_buffer(xencall_handle *xcall, void *p)
{
    (void)xcall;
    nr_buffers--;
    free(p);
}

int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2)
{
    (void)xcall;
    (void)op;
    (void)arg1;
    (void)arg2;
    abort();
}

static void fill(struct xen_guest_suspend_record *record, domid_t domid)
{
    memset(record, 0, sizeof(*record));
    record->domid = domid;
    record->seq = record->instance = domid + 10U;
    record->wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE;
}

int xencall1(xencall_handle *xcall, unsigned int nr, uint64_t arg)
{
    unsigned char *domctl = (void *)(uintptr_t)arg;
    struct xen_domctl_guest_suspend *op = (void *)(domctl + 16);
    uint32_t room = op->u.list.nr;
    uint64_t after = op->u.list.after_seq;
    domid_t domid;

    (void)xcall;
    (void)nr;
    memcpy(&domid, domctl + 8, sizeof(domid));
    if (op->op == XEN_GUEST_SUSPEND_OP_LIST) {
        op->u.list.nr = 0;
        for (domid_t d = 0; d <= 3; d += 3)
            if (d + 10U > after && op->u.list.nr < room)
                fill(&op->u.list.records.p[op->u.list.nr++], d);
        return 0;
    }
    errno = domid && domid != 3 ? ESRCH :
            op->op != XEN_GUEST_SUSPEND_OP_RESUME ? 0 :
            op->u.resume.seq && op->u.resume.seq != domid + 10U ? ESTALE
                                                                : ENODATA;
    if (errno)
        return -1;
    fill(&op->u.get.record, domid);
    return 0;
}

/* xenstore */

struct gsuspend_xenstore {
    int fds[2];
    bool asked;
};

struct gsuspend_xenstore *gsuspend_xenstore_open(int64_t deadline_ms)
{
    struct gsuspend_xenstore *xs = calloc(1, sizeof(*xs));

    (void)deadline_ms;
    if (!xs || pipe(xs->fds))
        abort();
    nr_stores++;
    return xs;
}

void gsuspend_xenstore_close(struct gsuspend_xenstore *xs)
{
    if (!xs)
        return;
    close(xs->fds[0]);
    close(xs->fds[1]);
    free(xs);
    nr_stores--;
}

int gsuspend_xenstore_fd(const struct gsuspend_xenstore *xs)
{
    return xs->fds[0];
}

int gsuspend_xenstore_watch(struct gsuspend_xenstore *xs, const char *path)
{
    (void)xs;
    (void)path;
    return 0;
}

int gsuspend_xenstore_ask(struct gsuspend_xenstore *xs, const char *path)
{
    (void)path;
    xs->asked = true;
    return 0;
}

enum gsuspend_xenstore_event
gsuspend_xenstore_next(struct gsuspend_xenstore *xs, const char **text_r)
{
    bool asked = xs->asked;

    *text_r = NULL;
    xs->asked = false;
    return asked ? GSUSPEND_XENSTORE_VALUE : GSUSPEND_XENSTORE_NONE;
}

char *gsuspend_xenstore_directory(struct gsuspend_xenstore *xs,
                                  const char *path, int64_t deadline_ms,
                                  size_t *len_r)
{
    (void)xs;
    (void)path;
    (void)deadline_ms;
    (void)len_r;
    errno = ENOENT;
    return NULL;
}

int gsuspend_xenstore_resume(struct gsuspend_xenstore *xs, uint32_t domid,
                             int64_t deadline_ms)
{
    (void)xs;
    (void)domid;
    (void)deadline_ms;
    abort();
}
