/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_xencall.c: see fake_xencall.h.
 */

#include "fake_xencall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xencall.h>

#define NR_BUFFERS 16

struct xencall_handle {
    int unused;
};

fake_xencall_handler *fake_xencall_handler_fn;
fake_xencall_handler2 *fake_xencall_handler2_fn;
int fake_xencall_open_errno;
int fake_xencall_alloc_budget = -1;
unsigned int fake_xencall_nr_open, fake_xencall_nr_buffers;
unsigned int fake_xencall_nr_calls;
struct xentoollog_logger *fake_xencall_logger;

static struct {
    void *address;
    size_t size;
} buffers[NR_BUFFERS];

void fake_xencall_reset(void)
{
    fake_xencall_handler_fn = NULL;
    fake_xencall_handler2_fn = NULL;
    fake_xencall_open_errno = 0;
    fake_xencall_alloc_budget = -1;
    fake_xencall_nr_calls = 0;
    fake_xencall_logger = NULL;
}

size_t fake_xencall_buffer_size(const void *buffer)
{
    for (unsigned int i = 0; i < NR_BUFFERS; i++)
        if (buffer && buffers[i].address == buffer)
            return buffers[i].size;
    return 0;
}

xencall_handle *xencall_open(struct xentoollog_logger *logger,
                             unsigned int open_flags)
{
    (void)open_flags;
    fake_xencall_logger = logger;
    if (fake_xencall_open_errno) {
        errno = fake_xencall_open_errno;
        return NULL;
    }
    fake_xencall_nr_open++;
    return calloc(1, sizeof(struct xencall_handle));
}

int xencall_close(xencall_handle *xcall)
{
    fake_xencall_nr_open--;
    free(xcall);
    errno = EBADF; /* a cleanup may leave any errno behind */
    return 0;
}

void *xencall_alloc_buffer(xencall_handle *xcall, size_t size)
{
    (void)xcall;
    if (!fake_xencall_alloc_budget) {
        errno = ENOMEM;
        return NULL;
    }
    if (fake_xencall_alloc_budget > 0)
        fake_xencall_alloc_budget--;

    for (unsigned int i = 0; i < NR_BUFFERS; i++) {
        if (buffers[i].address)
            continue;
        buffers[i].address = malloc(size);
        if (!buffers[i].address)
            abort();
        /* The real one is not zeroed, either. */
        memset(buffers[i].address, 0xa5, size);
        buffers[i].size = size;
        fake_xencall_nr_buffers++;
        return buffers[i].address;
    }
    abort();
}

void xencall_free_buffer(xencall_handle *xcall, void *p)
{
    (void)xcall;
    for (unsigned int i = 0; i < NR_BUFFERS; i++) {
        if (p && buffers[i].address == p) {
            free(p);
            buffers[i].address = NULL;
            buffers[i].size = 0;
            fake_xencall_nr_buffers--;
            errno = EBADF;
            return;
        }
    }
    abort();
}

int xencall1(xencall_handle *xcall, unsigned int op, uint64_t arg1)
{
    (void)xcall;
    fake_xencall_nr_calls++;
    return fake_xencall_handler_fn(op, (void *)(uintptr_t)arg1);
}

int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2)
{
    (void)xcall;
    fake_xencall_nr_calls++;
    if (!fake_xencall_handler2_fn) {
        errno = ENOSYS;
        return -1;
    }
    return fake_xencall_handler2_fn(op, (unsigned int)arg1,
                                    (void *)(uintptr_t)arg2);
}
