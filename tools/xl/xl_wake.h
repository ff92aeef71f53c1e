/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_wake.h: waking domains, one or many at once.
 */

#ifndef XL_WAKE_H
#define XL_WAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <libxl_guest_suspend.h>

#include "xl.h"
#include "xl_domains.h"

/* A domain to be woken, and what came of it. */
struct xl_wake {
    char *domain;                   /* what messages call it */
    libxl_guest_suspend_info info;  /* its record, as it was seen */
    uint64_t seq;                   /* end this sleep only; 0: any */
    uint32_t virq;                  /* or LIBXL_RESUME_VIRQ_NONE */
    bool wait;                      /* until the record says so */
    int rc;                         /* for the functions below */

    /* While its device model is asked. */
    bool asked;
    int64_t deadline_ms;
    pid_t child;
    int fd;                         /* the child's pidfd */
};

/* domain is copied.  By no interrupt, from any sleep; no wait.  0 or an rc. */
int xl_wake_init(struct xl_wake *wake, const char *domain,
                 const libxl_guest_suspend_info *info);
void xl_wake_dispose(struct xl_wake *wake);

/*
 * All domains that sleep now, but domain 0, in the order of their domids.  0 or
 * an rc.  *wakes_r is to be released with xl_wakes_free(); NULL where *nr_r is 0.
 */
int xl_wakes_list(struct xl_domains *domains, struct xl_wake **wakes_r,
                  size_t *nr_r);
void xl_wakes_free(struct xl_wake *wakes, size_t nr);

/* The record is of a sleep that wake means.  0 or an rc. */
int xl_wake_check(const struct xl_wake *wake,
                  const libxl_guest_suspend_info *info);

/*
 * Wake them, several at the same time where device models have to be asked.
 * Sets the rc of each.
 */
void xl_wake_all(struct xl_domains *domains, struct xl_wake *wakes, size_t nr);

/* The domain sleeps no more, or is no more, and nobody had to wake it. */
bool xl_wake_is_over(const struct xl_wake *wake);

/* Say why a wake has failed. */
void xl_wake_say_failed(const struct xl_wake *wake);

enum xl_exit xl_wake_exit(const struct xl_wake *wake);

#endif
