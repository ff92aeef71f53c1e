/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What xensuspendd needs of a host, for tests of the program as a whole: an
 * empty xenstored of its own, and a hypervisor with one domain, which sleeps.
 * $GS_FAKE_ERRNO: what the hypervisor fails with.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../../tools/xenstore-hooks/source.h"

#include "fake_xenstore.h"

struct source {
    int fd;
};

__attribute__((destructor))
static void end(void)
{
    fake_xs_free();
}

struct source *source_open(void)
{
    const char *number = getenv("GS_FAKE_ERRNO");
    struct source *s;

    if (number) {
        errno = atoi(number);
        return NULL;
    }
    /* Not before main(), which is to find the descriptors that it is given. */
    fake_xs_reset();
    fake_xs->introduced[1] = true;
    s = calloc(1, sizeof(*s));
    if (s)
        s->fd = eventfd(0, EFD_CLOEXEC);
    return s;
}

void source_close(struct source *s)
{
    if (s)
        close(s->fd);
    free(s);
}

int source_fd(const struct source *s)
{
    return s->fd;
}

int source_take(struct source *s)
{
    (void)s;
    return 0;
}

int source_unmask(struct source *s)
{
    (void)s;
    return 0;
}

static const struct xen_guest_suspend_record record = {
    .domid = 1, .instance = 1, .seq = 2, .nr_suspends = 1,
    .state = XEN_GUEST_SUSPEND_STATE_SUSPENDED,
    .wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE,
};

int source_list(struct source *s, uint64_t after_seq,
                int (*fn)(void *arg,
                          const struct xen_guest_suspend_record *rec),
                void *arg)
{
    (void)s;
    return after_seq < record.seq ? fn(arg, &record) : 0;
}

int source_list_due(struct source *s,
                    int (*fn)(void *arg,
                              const struct xen_guest_suspend_record *rec),
                    void *arg)
{
    (void)s;
    (void)fn;
    (void)arg;
    return 0;
}

int source_get(struct source *s, uint32_t domid,
               struct xen_guest_suspend_record *rec)
{
    (void)s;
    if (domid == record.domid) {
        *rec = record;
        return 0;
    }
    errno = ESRCH;
    return -1;
}
