/* SPDX-License-Identifier: GPL-2.0-only */
/* Where news comes from; see source.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xenevtchn.h>
#include <xentoollog.h>

#include "guest_suspend_call.h"
#include "guest_suspend_list.h"

#include "log.h"
#include "source.h"

struct source {
    struct gsuspend_call *call;
    xenevtchn_handle *xce;
    evtchn_port_t port;
    bool masked;
    bool no_due;        /* Wakes are never due on this host. */
};

struct source *source_open(void)
{
    struct source *source = calloc(1, sizeof(*source));
    struct xen_guest_suspend_record record;
    uint64_t until_seq = 0;
    uint32_t nr;
    int r, err;

    if (!source) {
        log_msg(LOG_ERR, "out of memory");
        return NULL;
    }

    source->call = gsuspend_call_open(NULL);
    if (!source->call) {
        log_msg(LOG_ERR, "cannot make hypercalls: %s; this needs root in the "
                "control domain of a Xen host", strerror(errno));
        goto out;
    }

    /* Ask first: any hypervisor lets the VIRQ be bound. */
    if (gsuspend_call_list(source->call, 0, &until_seq, &record, 1, &nr)) {
        if (errno == ENOSYS)
            log_msg(LOG_ERR, "this hypervisor has no guest suspend; boot one "
                    "that is built with the guest suspend patch");
        else
            log_msg(LOG_ERR, "cannot list guest suspend records: %s",
                    strerror(errno));
        goto out;
    }

    source->xce = xenevtchn_open(NULL, 0);
    if (!source->xce) {
        log_msg(LOG_ERR, "cannot open the event channel device: %s; is the "
                "xen-evtchn module loaded?", strerror(errno));
        goto out;
    }
    r = xenevtchn_bind_virq(source->xce, VIRQ_GUEST_SUSPEND);
    if (r < 0) {
        if (errno == EEXIST)
            log_msg(LOG_ERR, "the guest suspend VIRQ (%u) is taken; is "
                    "another xensuspendd running? stop it first",
                    VIRQ_GUEST_SUSPEND);
        else
            log_msg(LOG_ERR, "cannot bind the guest suspend VIRQ (%u): %s",
                    VIRQ_GUEST_SUSPEND, strerror(errno));
        goto out;
    }
    source->port = (evtchn_port_t)r;
    return source;

 out:
    err = errno;
    source_close(source);
    errno = err;
    return NULL;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    if (source->xce)
        xenevtchn_close(source->xce);
    gsuspend_call_close(source->call);
    free(source);
}

int source_fd(const struct source *source)
{
    return xenevtchn_fd(source->xce);
}

int source_take(struct source *source)
{
    if (xenevtchn_pending(source->xce) < 0)
        return -1;
    source->masked = true;
    return 0;
}

int source_unmask(struct source *source)
{
    if (!source->masked)
        return 0;
    if (xenevtchn_unmask(source->xce, source->port) < 0)
        return -1;
    source->masked = false;
    return 0;
}

static int each(struct xen_guest_suspend_record *records, uint32_t nr,
                int (*fn)(void *arg,
                          const struct xen_guest_suspend_record *rec),
                void *arg)
{
    uint32_t i;
    int r = 0;

    for (i = 0; i < nr && !r; i++)
        r = fn(arg, &records[i]);
    free(records);
    return r ? -1 : 0;
}

int source_list(struct source *source, uint64_t after_seq,
                int (*fn)(void *arg,
                          const struct xen_guest_suspend_record *rec),
                void *arg)
{
    struct xen_guest_suspend_record *records;
    uint32_t nr;

    if (gsuspend_list(source->call, after_seq, &records, &nr))
        return -1;
    return each(records, nr, fn, arg);
}

int source_list_due(struct source *source,
                    int (*fn)(void *arg,
                              const struct xen_guest_suspend_record *rec),
                    void *arg)
{
    struct xen_guest_suspend_record *records;
    uint32_t nr;

    if (source->no_due)
        return 0;
    if (gsuspend_list_due(source->call, &records, &nr)) {
        source->no_due = errno == EOPNOTSUPP;
        return source->no_due ? 0 : -1;
    }
    return each(records, nr, fn, arg);
}

int source_get(struct source *source, uint32_t domid,
               struct xen_guest_suspend_record *rec)
{
    return gsuspend_call_get(source->call, domid, rec);
}
