/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_rows.c: see xl_rows.h.
 */

#include "xl_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxl_guest_suspend_json.h>

#include "xl_text.h"

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

void xl_row_update(struct xl_row *row, const libxl_guest_suspend_info *info,
                   struct xl_domains *domains)
{
    /* A record that is no longer the present one would lead to a later time. */
    if (!row->since_realtime_ns || row->info.since_ns != info->since_ns)
        row->since_realtime_ns = xl_since_realtime_ns(info);
    row->info = *info;
    if (!row->name && domains) {
        row->name = xl_domains_name(domains, info->domid);
        if (row->name)
            xl_text_clean(row->name);
    }
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

static int by_domid(const void *a, const void *b)
{
    const struct xl_row *x = a, *y = b;

    return (x->info.domid > y->info.domid) - (x->info.domid < y->info.domid);
}

void xl_table_sort_by_domid(struct xl_table *table)
{
    if (table->nr) /* else there is no array to give to qsort */
        qsort(table->rows, table->nr, sizeof(*table->rows), by_domid);
}

void xl_table_print_head(struct xl_table *table)
{
    size_t i;
    int width;

    table->name_width = (int)strlen("Name");
    for (i = 0; i < table->nr; i++) {
        width = table->rows[i].name ? xl_text_width(table->rows[i].name) : 0;
        if (width > table->name_width)
            table->name_width = width;
    }

    printf("%-*s %5s %-9s %7s %-19s %-8s %7s  %s\n", table->name_width, "Name",
           "ID", "State", "For", "Since", "Kind", "Sleeps", "Last wake");
}

void xl_table_print_row(const struct xl_table *table, const struct xl_row *row)
{
    char duration[XL_TEXT_SIZE] = "-", since[XL_TEXT_SIZE] = "-";
    char suspends[XL_TEXT_SIZE], wake[XL_TEXT_SIZE];
    const char *name = row->name ? row->name : "-";
    int pad = table->name_width - xl_text_width(name);

    if (xl_since_is_known(&row->info)) {
        xl_text_duration(row->info.now_ns - row->info.since_ns, duration);
        xl_text_local_time(row->since_realtime_ns, since);
    }
    xl_text_number(row->info.suspends, suspends);
    xl_text_wake(&row->info, wake);
    /* printf counts bytes, and the column is made of characters. */
    printf("%s%*s %5" PRIu32 " %-9s %7s %-19s %-8s %7s  %s\n",
           name, pad > 0 ? pad : 0, "", row->info.domid,
           row->gone ? "gone"
                     : libxl_guest_suspend_state_to_string(row->info.state),
           duration, since,
           libxl_guest_suspend_kind_to_string(row->info.kind),
           suspends, wake);
}

static yajl_gen_status gen_string(yajl_gen hand, const char *s)
{
    return yajl_gen_string(hand, (const unsigned char *)s, strlen(s));
}

/* The library's members, between those that only we know. */
static yajl_gen_status gen_members(yajl_gen hand, struct xl_row *row)
{
    bool known = xl_since_is_known(&row->info);
    char since[XL_TEXT_SIZE], duration[24];
    yajl_gen_status s;
    int len;

    xl_text_utc(row->since_realtime_ns, since);
    len = snprintf(duration, sizeof(duration), "%" PRIu64,
                   row->info.now_ns - row->info.since_ns);

    if ((s = gen_string(hand, "name")) ||
        (s = row->name ? gen_string(hand, row->name) : yajl_gen_null(hand)) ||
        (s = libxl_guest_suspend_info_gen_members(hand, &row->info)) ||
        (s = gen_string(hand, "since")) ||
        (s = known ? gen_string(hand, since) : yajl_gen_null(hand)) ||
        (s = gen_string(hand, "for_ns")) ||
        (s = known ? yajl_gen_number(hand, duration, (size_t)len)
                   : yajl_gen_null(hand)))
        return s;

    return yajl_gen_status_ok;
}

/* gen_fn */
static yajl_gen_status gen_table(yajl_gen hand, void *of)
{
    struct xl_table *table = of;
    yajl_gen_status s;
    size_t i;

    yajl_gen_config(hand, yajl_gen_beautify, 1);
    yajl_gen_config(hand, yajl_gen_indent_string, "    ");

    if ((s = yajl_gen_array_open(hand)))
        return s;
    for (i = 0; i < table->nr; i++)
        if ((s = yajl_gen_map_open(hand)) ||
            (s = gen_members(hand, &table->rows[i])) ||
            (s = yajl_gen_map_close(hand)))
            return s;

    return yajl_gen_array_close(hand);
}

/* gen_fn */
static yajl_gen_status gen_event(yajl_gen hand, void *of)
{
    struct xl_row *row = of;
    yajl_gen_status s;

    if ((s = yajl_gen_map_open(hand)) || (s = gen_string(hand, "event")) ||
        (s = gen_string(hand, row->gone ? "gone" : "state")) ||
        (s = gen_members(hand, row)))
        return s;

    return yajl_gen_map_close(hand);
}

typedef yajl_gen_status gen_fn(yajl_gen hand, void *of);

static enum xl_exit print_json(gen_fn *gen, void *of)
{
    enum xl_exit status = XL_EXIT_FAILED;
    const unsigned char *text;
    yajl_gen hand;
    size_t len;

    hand = yajl_gen_alloc(NULL);
    if (!hand || gen(hand, of) || yajl_gen_get_buf(hand, &text, &len)) {
        xl_error("cannot make JSON: out of memory");
        goto out;
    }

    fwrite(text, 1, len, stdout);
    status = XL_EXIT_OK;

out:
    if (hand)
        yajl_gen_free(hand);
    return status;
}

enum xl_exit xl_table_print_json(struct xl_table *table)
{
    return print_json(gen_table, table);
}

enum xl_exit xl_row_print_event(struct xl_row *row)
{
    enum xl_exit status = print_json(gen_event, row);

    putchar('\n'); /* which yajl gives only to what it beautifies */
    return status;
}
