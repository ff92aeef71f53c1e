/* SPDX-License-Identifier: GPL-2.0-only */
/* Where news comes from; see source.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xenevtchn.h>
#include <xentoollog.h>

#include "guest_suspend_call.h"

#include "log.h"
#include "source.h"

struct source {
    struct gsuspend_call *call;
    xenevtchn_handle *xce;
    evtchn_port_t port;
    bool masked;
    struct xen_guest_suspend_record records[GSUSPEND_LIST_ROOM];
};

struct source *source_open(void)
{
    struct source *s = calloc(1, sizeof(*s));
    uint64_t until_seq = 0;
    uint32_t nr;
    int r, err;

    if (!s) {
        log_msg(LOG_ERR, "out of memory");
        return NULL;
    }

    s->call = gsuspend_call_open(NULL);
    if (!s->call) {
        log_msg(LOG_ERR, "cannot make hypercalls: %s; this needs root in the "
                "control domain of a Xen host", strerror(errno));
        goto out;
    }

    /* Ask first: any hypervisor lets the VIRQ be bound. */
    if (gsuspend_call_list(s->call, 0, &until_seq, s->records,
                           GSUSPEND_LIST_ROOM, &nr)) {
        if (errno == ENOSYS)
            log_msg(LOG_ERR, "this hypervisor has no guest suspend; boot one "
                    "that is built with the guest suspend patch");
        else
            log_msg(LOG_ERR, "cannot list guest suspend records: %s",
                    strerror(errno));
        goto out;
    }

    s->xce = xenevtchn_open(NULL, 0);
    if (!s->xce) {
        log_msg(LOG_ERR, "cannot open the event channel device: %s; is the "
                "xen-evtchn module loaded?", strerror(errno));
        goto out;
    }
    r = xenevtchn_bind_virq(s->xce, VIRQ_GUEST_SUSPEND);
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
    s->port = (evtchn_port_t)r;
    return s;

 out:
    err = errno;
    source_close(s);
    errno = err;
    return NULL;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    if (s->xce)
        xenevtchn_close(s->xce);
    gsuspend_call_close(s->call);
    free(s);
}

int source_fd(const struct source *s)
{
    return xenevtchn_fd(s->xce);
}

int source_take(struct source *s)
{
    if (xenevtchn_pending(s->xce) < 0)
        return -1;
    s->masked = true;
    return 0;
}

int source_unmask(struct source *s)
{
    if (!s->masked)
        return 0;
    if (xenevtchn_unmask(s->xce, s->port) < 0)
        return -1;
    s->masked = false;
    return 0;
}

int source_list(struct source *s, uint64_t after_seq,
                int (*fn)(void *arg,
                          const struct xen_guest_suspend_record *rec),
                void *arg)
{
    uint64_t until_seq = 0;
    uint32_t nr, i;

    do {
        if (gsuspend_call_list(s->call, after_seq, &until_seq, s->records,
                               GSUSPEND_LIST_ROOM, &nr))
            return -1;
        for (i = 0; i < nr; i++) {
            if (fn(arg, &s->records[i]))
                return -1;
            after_seq = s->records[i].seq;
        }
    } while (nr);

    return 0;
}
