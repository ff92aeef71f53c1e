/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_suspend_status.c: xl suspend-status
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxl_guest_suspend_json.h>

#include "xl.h"
#include "xl_domains.h"
#include "xl_options.h"
#include "xl_text.h"

const struct xl_option xl_suspend_status_options[] = {
    { 'a', 'a', "all", NULL, "all domains, as when none is named" },
    { 'j', 'j', "json", NULL, "print JSON" },
    { 'q', 'q', "quiet", NULL,
      "print nothing; exit status 0 if all DOMAINs are suspended, else 3" },
    { XL_OPT_HELP, 'h', "help", NULL, "show this help" },
    { 0, 0, NULL, NULL, NULL }
};

struct row {
    libxl_guest_suspend_info info;
    char *name;                     /* NULL: unknown */
    int64_t since_realtime_ns;
};

/* What is to be shown, in the order of it. */
struct table {
    struct row *rows;
    size_t nr;
};

static void table_dispose(struct table *table)
{
    size_t i;

    for (i = 0; i < table->nr; i++) {
        libxl_guest_suspend_info_dispose(&table->rows[i].info);
        free(table->rows[i].name);
    }
    free(table->rows);
}

/* Room for one more row, which counts once it is filled in. */
static struct row *table_next(struct table *table)
{
    struct row *more = realloc(table->rows, (table->nr + 1) * sizeof(*more));

    if (!more) {
        xl_error("%s", libxl_guest_suspend_strerror(ERROR_NOMEM));
        return NULL;
    }
    table->rows = more;
    memset(&more[table->nr], 0, sizeof(*more));
    return &more[table->nr];
}

static void row_complete(struct row *row, struct xl_domains *domains)
{
    row->since_realtime_ns = xl_since_realtime_ns(&row->info);
    row->name = xl_domains_name(domains, row->info.domid);
    if (row->name)
        xl_text_clean(row->name);
}

static int by_domid(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    return (x->info.domid > y->info.domid) - (x->info.domid < y->info.domid);
}

static enum xl_exit collect_all(struct table *table,
                                struct xl_domains *domains)
{
    libxl_guest_suspend_info *list;
    enum xl_exit status = XL_EXIT_OK;
    struct row *row;
    int nb, i;

    list = libxl_list_domain_suspend_state(NULL, 0, &nb);
    if (!list) {
        xl_error("%s", libxl_guest_suspend_strerror(nb));
        return xl_exit_of_rc(nb);
    }

    for (i = 0; i < nb; i++) {
        row = table_next(table);
        if (!row) {
            status = XL_EXIT_FAILED;
            goto out;
        }
        row->info = list[i];
        row_complete(row, domains);
        table->nr++;
    }
    if (table->nr) /* else there is no array to give to qsort */
        qsort(table->rows, table->nr, sizeof(*table->rows), by_domid);

out:
    libxl_guest_suspend_info_list_free(list, nb);
    return status;
}

/* All that can be found, even where one cannot: the first error's status. */
static enum xl_exit collect_named(struct table *table,
                                  struct xl_domains *domains, bool names,
                                  char **which, int nr)
{
    enum xl_exit status = XL_EXIT_OK;
    struct row *row;
    int i, rc;

    for (i = 0; i < nr; i++) {
        row = table_next(table);
        if (!row)
            return XL_EXIT_FAILED;
        rc = xl_domains_find(domains, which[i], &row->info);
        if (rc) {
            if (status == XL_EXIT_OK)
                status = xl_exit_of_rc(rc);
            continue;
        }
        if (names)
            row_complete(row, domains);
        table->nr++;
    }

    return status;
}

static void print_table(const struct table *table)
{
    char duration[XL_TEXT_SIZE], since[XL_TEXT_SIZE], wake[XL_TEXT_SIZE];
    const struct row *row;
    const char *name;
    int width = (int)strlen("Name"), w;

    for (row = table->rows; row < table->rows + table->nr; row++) {
        w = row->name ? xl_text_width(row->name) : 0;
        if (w > width)
            width = w;
    }

    printf("%-*s %5s %-9s %7s %-19s %-8s %7s  %s\n", width, "Name", "ID",
           "State", "For", "Since", "Kind", "Sleeps", "Last wake");
    for (row = table->rows; row < table->rows + table->nr; row++) {
        name = row->name ? row->name : "-";
        xl_text_duration(row->info.now_ns - row->info.since_ns, duration);
        xl_text_local_time(row->since_realtime_ns, since);
        xl_text_wake(&row->info, wake);
        /* printf counts bytes, and the column is made of characters. */
        printf("%s%*s %5" PRIu32 " %-9s %7s %-19s %-8s %7" PRIu64 "  %s\n",
               name, width - xl_text_width(name), "", row->info.domid,
               libxl_guest_suspend_state_to_string(row->info.state), duration,
               since, libxl_guest_suspend_kind_to_string(row->info.kind),
               row->info.suspends, wake);
    }
}

static yajl_gen_status gen_string(yajl_gen hand, const char *s)
{
    return yajl_gen_string(hand, (const unsigned char *)s, strlen(s));
}

/* The library's members, between those that only we know. */
static yajl_gen_status gen_row(yajl_gen hand, struct row *row)
{
    char since[XL_TEXT_SIZE], duration[24];
    yajl_gen_status s;
    int len;

    xl_text_utc(row->since_realtime_ns, since);
    len = snprintf(duration, sizeof(duration), "%" PRIu64,
                   row->info.now_ns - row->info.since_ns);

    if ((s = yajl_gen_map_open(hand)) || (s = gen_string(hand, "name")) ||
        (s = row->name ? gen_string(hand, row->name) : yajl_gen_null(hand)) ||
        (s = libxl_guest_suspend_info_gen_members(hand, &row->info)) ||
        (s = gen_string(hand, "since")) || (s = gen_string(hand, since)) ||
        (s = gen_string(hand, "for_ns")) ||
        (s = yajl_gen_number(hand, duration, (size_t)len)))
        return s;

    return yajl_gen_map_close(hand);
}

static enum xl_exit print_json(const struct table *table)
{
    enum xl_exit status = XL_EXIT_FAILED;
    const unsigned char *text;
    size_t len, i;
    yajl_gen hand;

    hand = yajl_gen_alloc(NULL);
    if (!hand)
        goto out;
    yajl_gen_config(hand, yajl_gen_beautify, 1);
    yajl_gen_config(hand, yajl_gen_indent_string, "    ");

    if (yajl_gen_array_open(hand))
        goto out;
    for (i = 0; i < table->nr; i++)
        if (gen_row(hand, &table->rows[i]))
            goto out;
    if (yajl_gen_array_close(hand) || yajl_gen_get_buf(hand, &text, &len))
        goto out;

    fwrite(text, 1, len, stdout);
    status = XL_EXIT_OK;

out:
    if (status)
        xl_error("cannot make JSON: out of memory");
    if (hand)
        yajl_gen_free(hand);
    return status;
}

static bool all_suspended(const struct table *table)
{
    size_t i;

    for (i = 0; i < table->nr; i++)
        if (table->rows[i].info.state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
            return false;

    return true;
}

int xl_suspend_status(const struct xl_command *command,
                      const struct xl_globals *globals, const char *domain,
                      int argc, char **argv)
{
    struct table table = { NULL, 0 };
    struct xl_option_reader reader;
    struct xl_domains domains;
    bool all = false, json = false, quiet = false;
    enum xl_exit status;
    int option, nr_named = 0;

    (void)globals;
    (void)domain;

    xl_options_start(&reader, command->options, argc, argv);
    while ((option = xl_options_next(&reader)) != XL_OPT_END) {
        switch (option) {
        case 'a':
            all = true;
            break;
        case 'j':
            json = true;
            break;
        case 'q':
            quiet = true;
            break;
        case XL_OPT_HELP:
            xl_command_help(command);
            return xl_close_stdout(XL_EXIT_OK);
        case XL_OPT_OPERAND:
            /* Gather them in front: never ahead of where we read. */
            argv[nr_named++] = (char *)reader.arg;
            break;
        default:
            return xl_command_usage(command, reader.why);
        }
    }
    if (all && nr_named)
        return xl_command_usage(command, "--all goes without DOMAINs");
    if (quiet && json)
        return xl_command_usage(command, "--quiet goes without --json");
    if (quiet && !nr_named)
        return xl_command_usage(command, "--quiet needs a DOMAIN");

    xl_domains_init(&domains);
    if (nr_named)
        status = collect_named(&table, &domains, !quiet, argv, nr_named);
    else
        status = collect_all(&table, &domains);

    if (quiet) {
        if (status == XL_EXIT_OK && !all_suspended(&table))
            status = XL_EXIT_NOT_SUSPENDED;
    } else if (status == XL_EXIT_OK || table.nr) {
        if (json) {
            enum xl_exit printed = print_json(&table);

            if (printed)
                status = printed;
        } else {
            print_table(&table);
        }
    }

    table_dispose(&table);
    xl_domains_dispose(&domains);
    return xl_close_stdout(status);
}
