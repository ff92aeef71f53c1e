/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_list.c: see guest_suspend_list.h.
 */

#include "guest_suspend_list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

/* One call of a listing: gsuspend_call_list(), or _due(). */
typedef int call_fn(struct gsuspend_call *call, uint64_t after_seq,
                    uint64_t *until_seq,
                    struct xen_guest_suspend_record *records, uint32_t room,
                    uint32_t *nr_out);

struct listing {
    call_fn *fn;
    struct xen_guest_suspend_record *records;
    uint32_t nr, room;
    /* What the last call brought, and its room: twice as much each time. */
    struct xen_guest_suspend_record *batch;
    uint32_t batch_room;
    uint64_t after_seq;             /* read up to here */
    bool sorted;
    /* For each domid, 1 + the index of its record; 0: none. */
    uint16_t place_of[DOMID_FIRST_RESERVED];
};

static int reserve(struct xen_guest_suspend_record **records, uint32_t *room,
                   uint32_t nr)
{
    struct xen_guest_suspend_record *more;
    uint32_t enough = *room;

    while (enough < nr)
        enough = enough ? enough * 2 : GSUSPEND_LIST_ROOM;
    if (enough == *room)
        return 0;

    more = realloc(*records, enough * sizeof(*more));
    if (!more)
        return -1;
    *records = more;
    *room = enough;
    return 0;
}

/*
 * Larger batches are fewer calls; and guests that all change between two calls
 * are in one, at last.
 */
static int take_batch(struct listing *listing, struct gsuspend_call *call,
                      uint64_t *until_seq, uint32_t *nr)
{
    uint32_t room = listing->batch_room;

    if (room < DOMID_FIRST_RESERVED &&
        reserve(&listing->batch, &listing->batch_room, room + 1))
        return -1;

    return listing->fn(call, listing->after_seq, until_seq, listing->batch,
                       listing->batch_room, nr);
}

/* True: the listing has had no record of this domain. */
static bool merge(struct listing *listing,
                  const struct xen_guest_suspend_record *record)
{
    uint16_t *place = &listing->place_of[record->domid];
    struct xen_guest_suspend_record *known;
    bool is_new;

    if (!*place) {
        listing->records[listing->nr++] = *record;
        *place = (uint16_t)listing->nr;
        return true;
    }

    /* Another instance has the domid of one that ceased to exist. */
    known = &listing->records[*place - 1];
    is_new = known->instance != record->instance;
    *known = *record;
    listing->sorted = false;
    return is_new;
}

/* One call.  *goes_on: another one may bring more. */
static int take(struct listing *listing, struct gsuspend_call *call,
                uint64_t *until_seq, uint32_t *nr_new, bool *goes_on)
{
    uint32_t nr, i, nr_new_here = 0;

    if (take_batch(listing, call, until_seq, &nr) ||
        reserve(&listing->records, &listing->room, listing->nr + nr))
        return -1;

    for (i = 0; i < nr; i++) {
        if (listing->batch[i].domid >= DOMID_FIRST_RESERVED) {
            errno = EPROTO;
            return -1;
        }
        nr_new_here += merge(listing, &listing->batch[i]);
        listing->after_seq = listing->batch[i].seq;
    }

    *nr_new += nr_new_here;
    *goes_on = *until_seq ? nr && listing->after_seq < *until_seq
                          : nr_new_here;
    return 0;
}

/* Up to what had changed when it began.  *nr_new: domains that are new. */
static int take_bounded(struct listing *listing, struct gsuspend_call *call,
                        uint64_t *until_seq, uint32_t *nr_new)
{
    bool goes_on;

    *until_seq = 0;
    *nr_new = 0;
    do {
        if (take(listing, call, until_seq, nr_new, &goes_on))
            return -1;
    } while (goes_on);

    return 0;
}

static int by_seq(const void *a, const void *b)
{
    const struct xen_guest_suspend_record *record_a = a, *record_b = b;

    return (record_a->seq > record_b->seq) - (record_a->seq < record_b->seq);
}

/*
 * All zeroes.  Not calloc(): that writes all 64 KiB of place_of, of which a
 * listing needs the pages of a few domids.
 */
static struct listing *new_listing(void)
{
    void *listing = mmap(NULL, sizeof(struct listing), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return listing == MAP_FAILED ? NULL : listing;
}

static int list_all(struct gsuspend_call *call, call_fn *fn, uint64_t after_seq,
                    struct xen_guest_suspend_record **records_r, uint32_t *nr_r)
{
    struct listing *listing = new_listing();
    uint64_t until_seq;
    uint32_t nr_new;
    int r = -1, saved_errno;

    if (!listing)
        return -1;

    listing->fn = fn;
    listing->after_seq = after_seq;
    listing->sorted = true;
    /*
     * A domain that changed before the listing got to it is later than the
     * bound.  A caller who wants every domain gets such a one, too.
     */
    do {
        if (take_bounded(listing, call, &until_seq, &nr_new))
            goto out;
    } while (!after_seq && until_seq && nr_new);

    if (!listing->sorted)
        qsort(listing->records, listing->nr, sizeof(*listing->records),
              by_seq);
    *records_r = listing->records;
    listing->records = NULL;
    *nr_r = listing->nr;
    r = 0;

 out:
    saved_errno = errno;
    free(listing->batch);
    free(listing->records);
    munmap(listing, sizeof(*listing));
    errno = saved_errno;
    return r;
}

int gsuspend_list(struct gsuspend_call *call, uint64_t after_seq,
                  struct xen_guest_suspend_record **records_r, uint32_t *nr_r)
{
    return list_all(call, gsuspend_call_list, after_seq, records_r, nr_r);
}

int gsuspend_list_due(struct gsuspend_call *call,
                      struct xen_guest_suspend_record **records_r,
                      uint32_t *nr_r)
{
    return list_all(call, gsuspend_call_list_due, 0, records_r, nr_r);
}
