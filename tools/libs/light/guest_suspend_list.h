/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_list.h: a whole listing of records, out of as many calls as it
 * takes.
 */

#ifndef GUEST_SUSPEND_LIST_H
#define GUEST_SUSPEND_LIST_H

#include "guest_suspend_call.h"

/*
 * The records whose seq is after after_seq, in the order of seq; after_seq 0
 * gives every domain's.  Each domain comes once, with the newest record that was
 * read of it.  Nothing up to the last record's seq is left out: a later listing
 * may continue from there.
 *
 * It ends however fast guests change, on a hypervisor that does not bound a
 * listing, too: it goes on only while a call brings a domain that it has not had.
 * So there are at most as many calls as domains, and a few where guests are quiet.
 *
 * 0, or -1 with errno.  *records_r is to be released with free(), and may be
 * NULL where *nr_r is 0.
 */
int gsuspend_list(struct gsuspend_call *call, uint64_t after_seq,
                  struct xen_guest_suspend_record **records_r, uint32_t *nr_r);

/* The same, of all the records that have a wake_due. */
int gsuspend_list_due(struct gsuspend_call *call,
                      struct xen_guest_suspend_record **records_r,
                      uint32_t *nr_r);

#endif
