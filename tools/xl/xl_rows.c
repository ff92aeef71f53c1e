/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_rows.c: see xl_rows.h.
 */

#include "xl_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xl_text.h"

#include "guest_suspend_members.h"

void xl_table_init(struct xl_table *table)
{
    memset(table, 0, sizeof(*table));
}

void xl_table_dispose(struct xl_table *table)
{
    size_t i;

    for (i = 0; i < table->nr; i++) {
        libxl_guest_suspend_info_dispose(&table->rows[i].info);
        free(table->rows[i].name);
    }
    free(table->rows);
    xl_table_init(table);
}

static void update_name(struct xl_row *row, struct xl_domains *domains)
{
    char *name = xl_domains_name(domains, row->info.domid);

    /* One that ends loses its name first. */
    if (!name)
        return;

    xl_text_clean(name);
    free(row->name);
    row->name = name;
}

void xl_row_update(struct xl_row *row, const libxl_guest_suspend_info *info,
                   struct xl_domains *domains)
{
    /* A record that is no longer the present one would lead to a later time. */
    bool same = row->since_is_known && row->info.seq == info->seq;

    row->info = *info;
    if (!domains)
        return;

    if (!same)
        row->since_is_known = xl_domains_since(domains, info,
                                               &row->since_time_ns);
    update_name(row, domains);
}

struct xl_row *xl_table_add(struct xl_table *table,
                            const libxl_guest_suspend_info *info,
                            struct xl_domains *domains)
{
    struct xl_row *row, *more;

    more = realloc(table->rows, (table->nr + 1) * sizeof(*more));
    if (!more) {
        xl_error("%s", libxl_guest_suspend_strerror(ERROR_NOMEM));
        return NULL;
    }
    table->rows = more;
    row = &more[table->nr++];
    memset(row, 0, sizeof(*row));
    xl_row_update(row, info, domains);
    return row;
}

void xl_table_remove(struct xl_table *table, struct xl_row *row)
{
    libxl_guest_suspend_info_dispose(&row->info);
    free(row->name);
    table->nr--;
    memmove(row, row + 1,
            (size_t)(table->rows + table->nr - row) * sizeof(*row));
}

static int name_width(const struct xl_row *row)
{
    return row->name ? xl_text_width(row->name) : 1;
}

static void print_head(struct xl_table *table, int width)
{
    const int least = (int)strlen("Name");

    table->name_width = width < least ? least : width;
    printf("%-*s %5s %-9s %7s %-19s %-8s %7s  %s\n", table->name_width, "Name",
           "ID", "State", "For", "Since", "Kind", "Sleeps", "Last wake");
}

void xl_table_print_head(struct xl_table *table)
{
    int widest = 0;
    size_t i;

    for (i = 0; i < table->nr; i++)
        if (name_width(&table->rows[i]) > widest)
            widest = name_width(&table->rows[i]);

    print_head(table, widest);
}

void xl_table_print_row(struct xl_table *table, const struct xl_row *row)
{
    char duration[XL_TEXT_SIZE] = "-", since[XL_TEXT_SIZE] = "-";
    char suspends[XL_TEXT_SIZE], wake[XL_TEXT_SIZE];

    if (name_width(row) > table->name_width)
        print_head(table, name_width(row));

    if (xl_since_is_known(&row->info))
        xl_text_duration(xl_duration_ns(&row->info), duration);
    if (row->since_is_known)
        xl_text_local_time(row->since_time_ns, since);
    xl_text_number(row->info.suspends, suspends);
    xl_text_wake(&row->info, wake);
    /* printf counts bytes, and the column is made of characters. */
    printf("%s%*s %5" PRIu32 " %-9s %7s %-19s %-8s %7s  %s\n",
           row->name ? row->name : "-",
           table->name_width - name_width(row), "", row->info.domid,
           row->gone ? "gone"
                     : libxl_guest_suspend_state_to_string(row->info.state),
           duration, since,
           libxl_guest_suspend_kind_to_string(row->info.kind),
           suspends, wake);
}

/* text is clean, or a word of ours: it has no control characters. */
static void print_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

/* indent: each member is on a line of its own, in an array's object. */
static void print_json_object(const struct gsuspend_member *members, size_t nr,
                              bool indent)
{
    size_t i;

    for (i = 0; i < nr; i++) {
        printf("%s%s\"%s\":%s", i ? "," : "{", indent ? "\n        " : "",
               members[i].key, indent ? " " : "");
        if (members[i].text)
            print_json_string(members[i].text);
        else if (members[i].number == LIBXL_GUEST_SUSPEND_UNKNOWN)
            printf("null");
        else
            printf("%" PRIu64, members[i].number);
    }
    printf("%s}", indent ? "\n    " : "");
}

/* The library's members, between those that only we know. */
#define ROW_MEMBERS (1 + GSUSPEND_INFO_MEMBERS + 2)

static void row_members(const struct xl_row *row,
                        struct gsuspend_member members[ROW_MEMBERS],
                        char since[XL_TEXT_SIZE])
{
    const libxl_guest_suspend_info *info = &row->info;

    xl_text_utc(row->since_time_ns, since);
    members[0] = (struct gsuspend_member) {
        "name", row->name, LIBXL_GUEST_SUSPEND_UNKNOWN
    };
    gsuspend_info_members(info, members + 1);
    members[ROW_MEMBERS - 2] = (struct gsuspend_member) {
        "since", row->since_is_known ? since : NULL,
        LIBXL_GUEST_SUSPEND_UNKNOWN
    };
    members[ROW_MEMBERS - 1] = (struct gsuspend_member) {
        "for_ns", NULL,
        xl_since_is_known(info) ? xl_duration_ns(info)
                                : LIBXL_GUEST_SUSPEND_UNKNOWN
    };
}

void xl_table_print_json(const struct xl_table *table)
{
    struct gsuspend_member members[ROW_MEMBERS];
    char since[XL_TEXT_SIZE];
    size_t i;

    putchar('[');
    for (i = 0; i < table->nr; i++) {
        row_members(&table->rows[i], members, since);
        printf("%s\n    ", i ? "," : "");
        print_json_object(members, ROW_MEMBERS, true);
    }
    printf("\n]\n");
}

void xl_row_print_event(const struct xl_row *row)
{
    struct gsuspend_member members[1 + ROW_MEMBERS];
    char since[XL_TEXT_SIZE];

    members[0] = (struct gsuspend_member) {
        "event", row->gone ? "gone" : "state", 0
    };
    row_members(row, members + 1, since);
    print_json_object(members, 1 + ROW_MEMBERS, false);
    putchar('\n');
}
