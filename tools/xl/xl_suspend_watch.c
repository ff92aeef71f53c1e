/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_suspend_watch.c: xl suspend-status --watch
 */

#include "xl_suspend_status.h"

#include "xl_rows.h"

struct follow {
    const struct xl_status_request *request;
    struct xl_domains *domains;
    struct xl_table table;          /* those followed that are there */
    bool began;                     /* what there was at first is printed */
    size_t nr_due;                  /* rows of that */
    bool said_polling;
};

/* The domains that were named, of which there must be at least one. */
static enum xl_exit find_named(struct follow *follow)
{
    libxl_guest_suspend_info info;
    int i, rc;

    for (i = 0; i < follow->request->nr_names; i++) {
        rc = xl_domains_find(follow->domains, follow->request->names[i], &info);
        if (rc)
            return xl_exit_of_rc(rc);
        if (!xl_table_add(&follow->table, &info, follow->domains))
            return XL_EXIT_FAILED;
    }

    return XL_EXIT_OK;
}

static struct xl_row *find_row(struct follow *follow,
                               const libxl_guest_suspend_info *info)
{
    size_t i;

    for (i = 0; i < follow->table.nr; i++)
        if (follow->table.rows[i].info.domid == info->domid &&
            follow->table.rows[i].info.instance == info->instance)
            return &follow->table.rows[i];

    return NULL;
}

static int print(struct follow *follow, struct xl_row *row)
{
    if (follow->request->json)
        xl_row_print_event(row);
    else
        xl_table_print_row(&follow->table, row);

    /* The reader gets each line at once, and a full disk ends the command. */
    return xl_close_stdout(XL_EXIT_OK);
}

/* What there was to begin with: the columns are as wide as all of it needs. */
static int begin(struct follow *follow)
{
    int status = XL_EXIT_OK;
    size_t i;

    follow->began = true;
    if (!follow->request->json && follow->nr_due)
        xl_table_print_head(&follow->table);
    for (i = 0; i < follow->table.nr && status == XL_EXIT_OK; i++)
        if (follow->table.rows[i].is_due)
            status = print(follow, &follow->table.rows[i]);

    return status;
}

static int tell(struct follow *follow, const libxl_guest_suspend_info *info,
                bool gone)
{
    struct xl_row *row = find_row(follow, info);
    int status;

    if (!row) {
        /* Others than those named, and what went before it could be shown. */
        if (follow->request->nr_names || gone)
            return XL_EXIT_OK;
        row = xl_table_add(&follow->table, info, follow->domains);
        if (!row)
            return XL_EXIT_FAILED;
    } else {
        xl_row_update(row, info, gone ? NULL : follow->domains);
    }

    row->gone = gone;
    if (!follow->began && !gone) {
        row->is_due = true;
        follow->nr_due++;
        return XL_EXIT_OK;
    }
    status = print(follow, row);
    if (status == XL_EXIT_OK && gone) {
        xl_table_remove(&follow->table, row);
        if (follow->request->nr_names && !follow->table.nr) {
            xl_error("no domain is left to watch");
            status = XL_EXIT_NO_DOMAIN;
        }
    }
    return status;
}

int xl_suspend_watch(const struct xl_status_request *request,
                     struct xl_domains *domains)
{
    struct follow follow = { .request = request, .domains = domains };
    libxl_guest_suspend_info info;
    libxl_suspend_watch *watch = NULL;
    int status, rc;

    xl_table_init(&follow.table);

    status = find_named(&follow);
    if (status)
        goto out;

    rc = libxl_suspend_watch_open(NULL, request->after, &watch);
    while (!rc && !status) {
        rc = libxl_suspend_watch_next(
            watch, follow.began ? LIBXL_GUEST_SUSPEND_FOREVER : 0, &info);
        if (!rc && !follow.said_polling) {
            xl_say_polling(&info);
            follow.said_polling = true;
        }
        if (rc == ERROR_TIMEDOUT) {
            status = begin(&follow);
            rc = 0;
        } else if (!rc || rc == ERROR_DOMAIN_DESTROYED) {
            status = tell(&follow, &info, rc == ERROR_DOMAIN_DESTROYED);
            rc = 0;
        }
    }
    if (rc) {
        xl_error("cannot watch: %s", libxl_guest_suspend_strerror(rc));
        status = xl_exit_of_rc(rc);
    }

 out:
    libxl_suspend_watch_close(watch);
    xl_table_dispose(&follow.table);
    return status;
}
