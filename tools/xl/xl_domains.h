/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_domains.h: domains as people name them.
 *
 * Names and UUIDs are in xenstore.  It is read directly and not through
 * libxenlight, which would bind this program to one version of Xen, and would
 * make most of the time that a command takes.
 */

#ifndef XL_DOMAINS_H
#define XL_DOMAINS_H

#include <stdbool.h>

#include <libxl_guest_suspend.h>

#include "guest_suspend_times.h"

struct gsuspend_xenstore;

/* Opened when first needed, and kept. */
struct xl_domains {
    struct gsuspend_xenstore *xs;
    bool tried;
    int failed;                     /* errno, if it did not answer */
    int64_t deadline_ms;            /* -1: a time of ours for each answer */
    int64_t silent_until_ms;        /* not asked again before */
    /* The name that the last search saw, of this domain; NULL: none. */
    char *name;
    uint32_t name_of;
    int times_fd;                   /* guest_suspend_times.h; -1: none */
    bool times_tried;
    /* What was read ahead, in the order of domids. */
    struct xl_ahead *ahead;
    size_t nr_ahead;
};

/*
 * deadline_ms: xenstore is waited for until then, a time of gsuspend_now_ms().
 * -1: for GSUSPEND_XENSTORE_MS; after that, what it knows is unknown.
 */
void xl_domains_init(struct xl_domains *domains, int64_t deadline_ms);
void xl_domains_dispose(struct xl_domains *domains);

/*
 * Read now, and together, what xl_domains_name() and xl_domains_since() tell of
 * these domains from now on.  The list is in the order of domids.
 */
void xl_domains_read_ahead(struct xl_domains *domains,
                           const libxl_guest_suspend_info *list, int nb);

/*
 * The domain's name, to be released with free(); NULL where there is none, or
 * where xenstore does not answer.
 */
char *xl_domains_name(struct xl_domains *domains, uint32_t domid);

/*
 * The time of day at which the record's state began (guest_suspend_time.h): as
 * xensuspendd has published it, which is the same for everyone; else computed
 * from the present time.  False: the hypervisor does not tell.
 */
bool xl_domains_since(struct xl_domains *domains,
                      const libxl_guest_suspend_info *info,
                      int64_t *since_time_ns);

/* True: xensuspendd runs, and says that what it has published is true. */
bool xl_domains_daemon_is_ready(struct xl_domains *domains);

/* False: xensuspendd has left none. */
bool xl_domains_daemon_counters(struct xl_domains *domains,
                                struct gsuspend_counters *counters);

/* True: the domain has a device model in this domain, and that has ended. */
bool xl_domains_lacks_device_model(struct xl_domains *domains,
                                   uint32_t domid);

/* The first of the list that has the name; NULL: none.  In order of domids. */
const libxl_guest_suspend_info *
xl_domains_by_name(struct xl_domains *domains,
                   const libxl_guest_suspend_info *list, int nb,
                   const char *name);

/*
 * The present record of the domain that which means: a domid where it is all
 * digits, else a name, else a UUID.  0, or a negative rc; what is wrong has
 * been said then.  The record belongs to the domain that bears the name, even
 * where domids are reused meanwhile.
 */
int xl_domains_find(struct xl_domains *domains, const char *which,
                    libxl_guest_suspend_info *info);

#endif
