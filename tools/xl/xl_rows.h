/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_rows.h: records as suspend-status prints them, in columns or as JSON.
 */

#ifndef XL_ROWS_H
#define XL_ROWS_H

#include "xl.h"
#include "xl_domains.h"

struct xl_row {
    libxl_guest_suspend_info info;
    char *name;                     /* NULL: unknown */
    bool since_is_known;
    int64_t since_time_ns;          /* see guest_suspend_time.h */
    bool gone;                      /* the domain has ceased to exist */
    bool is_due;                    /* to be printed: the caller's */
};

struct xl_table {
    struct xl_row *rows;
    size_t nr;
    int name_width;                 /* of the column; 0: there is no head */
};

void xl_table_init(struct xl_table *table);
void xl_table_dispose(struct xl_table *table);

/*
 * A row more.  domains: where its name and its time of day come from; NULL: it
 * gets none.  NULL: no memory, which has been said.
 */
struct xl_row *xl_table_add(struct xl_table *table,
                            const libxl_guest_suspend_info *info,
                            struct xl_domains *domains);

/* Another record of the same domain, and its present name if it has one. */
void xl_row_update(struct xl_row *row, const libxl_guest_suspend_info *info,
                   struct xl_domains *domains);

void xl_table_remove(struct xl_table *table, struct xl_row *row);

/* As wide as the rows that there are need it. */
void xl_table_print_head(struct xl_table *table);

/* With another head where the name is too long for the column. */
void xl_table_print_row(struct xl_table *table, const struct xl_row *row);

/* One JSON array. */
void xl_table_print_json(const struct xl_table *table);

/* One JSON object on a line of its own, with what has happened. */
void xl_row_print_event(const struct xl_row *row);

#endif
