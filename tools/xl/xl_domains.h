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

#include <libxl_guest_suspend.h>

struct xs_handle;

/* Opened when first needed, and kept. */
struct xl_domains {
    struct xs_handle *xs;
    bool tried;
    int failed;                     /* errno, if it did not answer */
    /* The name that the last search saw, of this domain; NULL: none. */
    char *name;
    uint32_t name_of;
};

void xl_domains_init(struct xl_domains *domains);
void xl_domains_dispose(struct xl_domains *domains);

/*
 * The domain's name, to be released with free(); NULL where there is none, or
 * where xenstore does not answer.
 */
char *xl_domains_name(struct xl_domains *domains, uint32_t domid);

/*
 * The present record of the domain that which means: a domid where it is all
 * digits, else a name, else a UUID.  0, or a negative rc; what is wrong has
 * been said then.  The record belongs to the domain that bears the name, even
 * where domids are reused meanwhile.
 */
int xl_domains_find(struct xl_domains *domains, const char *which,
                    libxl_guest_suspend_info *info);

#endif
