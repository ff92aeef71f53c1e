/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_suspend_status.c: xl suspend-status
 */

#include "xl_suspend_status.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "guest_suspend_poll.h"
#include "guest_suspend_stock.h"
#include "xl_metrics.h"
#include "xl_options.h"
#include "xl_rows.h"

/* xenstore has this time at least, however short the timeout is. */
#define XENSTORE_LEAST_MS 1000

enum {
    OPT_METRICS = 0x100,
    OPT_WAIT,
    OPT_AFTER,
    OPT_TIMEOUT
};

const struct xl_option xl_suspend_status_options[] = {
    { 'a', 'a', "all", NULL, "all domains, as when none is named" },
    { 'j', 'j', "json", NULL, "print JSON" },
    { OPT_METRICS, 0, "openmetrics", NULL, "print metrics, for Prometheus" },
    { 'q', 'q', "quiet", NULL,
      "print nothing; exit status 0 if all DOMAINs are suspended, else 3" },
    { 'w', 'w', "watch", NULL, "go on, and print each change as it happens" },
    { OPT_WAIT, 0, "wait", "STATE",
      "wait until the DOMAIN is \"suspended\", or \"running\"" },
    { OPT_AFTER, 0, "after", "SEQ",
      "with --wait, --watch: what happens after the change with this seq" },
    { OPT_TIMEOUT, 0, "timeout", "SECONDS",
      "with --wait: not longer than that" },
    { XL_OPT_HELP, 'h', "help", NULL, "show this help" },
    { 0, 0, NULL, NULL, NULL }
};

static enum xl_exit collect_all(struct xl_table *table,
                                struct xl_domains *domains)
{
    libxl_guest_suspend_info *list;
    enum xl_exit status = XL_EXIT_OK;
    int nb, i;

    list = libxl_list_domain_suspend_state(NULL, 0, &nb);
    if (!list) {
        xl_error("%s", libxl_guest_suspend_strerror(nb));
        return xl_exit_of_rc(nb);
    }

    qsort(list, (size_t)nb, sizeof(*list), gsuspend_by_domid);
    xl_domains_read_ahead(domains, list, nb);
    for (i = 0; i < nb && status == XL_EXIT_OK; i++)
        if (!xl_table_add(table, &list[i], domains))
            status = XL_EXIT_FAILED;

    libxl_guest_suspend_info_list_free(list, nb);
    return status;
}

/* All that can be found, even where one cannot: the first error's status. */
static enum xl_exit collect_named(struct xl_table *table,
                                  struct xl_domains *domains,
                                  const struct xl_status_request *request)
{
    enum xl_exit status = XL_EXIT_OK;
    libxl_guest_suspend_info info;
    int i, rc;

    for (i = 0; i < request->nr_names; i++) {
        rc = xl_domains_find(domains, request->names[i], &info);
        if (rc && status == XL_EXIT_OK)
            status = xl_exit_of_rc(rc);
        if (!rc && !xl_table_add(table, &info, request->quiet ? NULL : domains))
            return XL_EXIT_FAILED;
    }

    return status;
}

void xl_say_polling(const libxl_guest_suspend_info *info)
{
    if (info->seq == LIBXL_GUEST_SUSPEND_UNKNOWN)
        xl_error("this hypervisor lacks the guest suspend patch: looking every"
                 " %d ms, and what begins and ends in between is missed",
                 LIBXL_GUEST_SUSPEND_POLL_MS);
}

static void say_not_waited(const struct xl_status_request *request, int rc)
{
    const char *name = request->names[0];

    switch (rc) {
    case ERROR_TIMEDOUT:
        xl_error("domain '%s' is not %s after %d s", name,
                 libxl_guest_suspend_state_to_string(request->wait_state),
                 request->timeout_ms / 1000);
        break;
    case ERROR_DOMAIN_NOTFOUND:
    case ERROR_DOMAIN_DESTROYED:
        xl_error("domain '%s' has ceased to exist", name);
        break;
    case ERROR_GUEST_SUSPEND_STALE:
        xl_error("domain '%s' is younger than seq %" PRIu64, name,
                 request->after);
        break;
    default:
        xl_error("domain '%s': %s", name, libxl_guest_suspend_strerror(rc));
    }
}

/* Of a timeout that began at start_ms. */
static int time_left_ms(int timeout_ms, int64_t start_ms)
{
    int64_t left_ms = start_ms + timeout_ms - gsuspend_now_ms();

    if (timeout_ms == LIBXL_GUEST_SUSPEND_FOREVER)
        return timeout_ms;
    return left_ms > 0 ? (int)left_ms : 0;
}

/* --wait: the one record that ended it. */
static enum xl_exit collect_waited(struct xl_table *table,
                                   struct xl_domains *domains,
                                   const struct xl_status_request *request)
{
    libxl_guest_suspend_info first, info;
    int64_t start_ms = gsuspend_now_ms();
    int rc;

    /* The timeout holds for the look-up of a name, too. */
    if (request->timeout_ms > XENSTORE_LEAST_MS)
        domains->deadline_ms = start_ms + request->timeout_ms;
    else if (request->timeout_ms >= 0)
        domains->deadline_ms = start_ms + XENSTORE_LEAST_MS;

    rc = xl_domains_find(domains, request->names[0], &first);
    if (rc)
        return xl_exit_of_rc(rc);

    if (!request->quiet && !request->after &&
        first.state != request->wait_state)
        xl_say_polling(&first);
    rc = libxl_domain_suspend_wait(NULL, first.domid, request->wait_state,
                                   request->after,
                                   time_left_ms(request->timeout_ms, start_ms),
                                   &info);
    /* The domid may have changed hands before the wait began. */
    if (!rc && info.instance != first.instance)
        rc = ERROR_DOMAIN_DESTROYED;
    if (rc) {
        say_not_waited(request, rc);
        return xl_exit_of_rc(rc);
    }

    /* The name and the time of day of what is printed. */
    if (domains->deadline_ms >= 0)
        domains->deadline_ms = gsuspend_now_ms() + XENSTORE_LEAST_MS;
    return xl_table_add(table, &info, request->quiet ? NULL : domains)
           ? XL_EXIT_OK : XL_EXIT_FAILED;
}

static void print_table(struct xl_table *table)
{
    size_t i;

    xl_table_print_head(table);
    for (i = 0; i < table->nr; i++)
        xl_table_print_row(table, &table->rows[i]);
}

static bool all_suspended(const struct xl_table *table)
{
    size_t i;

    for (i = 0; i < table->nr; i++)
        if (table->rows[i].info.state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
            return false;

    return true;
}

static enum xl_exit status_once(const struct xl_status_request *request,
                                struct xl_domains *domains)
{
    enum xl_exit status;
    struct xl_table table;

    xl_table_init(&table);
    if (request->wait)
        status = collect_waited(&table, domains, request);
    else if (request->nr_names)
        status = collect_named(&table, domains, request);
    else
        status = collect_all(&table, domains);

    if (request->quiet) {
        if (status == XL_EXIT_OK && !request->wait && !all_suspended(&table))
            status = XL_EXIT_NOT_SUSPENDED;
    } else if (status == XL_EXIT_OK || table.nr) {
        if (request->json)
            xl_table_print_json(&table);
        else if (request->metrics)
            xl_metrics_print(&table, domains);
        else
            print_table(&table);
    }

    xl_table_dispose(&table);
    return status;
}

/* What is wrong with the options together; NULL: nothing. */
static const char *find_conflict(const struct xl_status_request *request)
{
    if (request->all && request->nr_names)
        return "--all goes without DOMAINs";
    if (request->watch && request->wait)
        return "--watch goes without --wait";
    if (request->watch && request->quiet)
        return "--quiet goes without --watch";
    if (request->quiet && request->json)
        return "--quiet goes without --json";
    if (request->metrics && request->json)
        return "--openmetrics goes without --json";
    if (request->metrics && (request->quiet || request->watch || request->wait))
        return "--openmetrics goes without --quiet, --watch and --wait";
    if (request->quiet && !request->nr_names)
        return "--quiet needs a DOMAIN";
    if (request->wait && request->nr_names != 1)
        return "--wait needs one DOMAIN";
    if (request->after && !request->wait && !request->watch)
        return "--after needs --wait or --watch";
    if (request->has_timeout && !request->wait)
        return "--timeout needs --wait";
    return NULL;
}

/* An option with an argument.  False: why says what is wrong with that. */
static bool take_argument(struct xl_status_request *request, int option,
                          const char *arg, char why[XL_WHY_SIZE])
{
    uint64_t seconds;

    switch (option) {
    case OPT_WAIT:
        request->wait = true;
        if (!libxl_guest_suspend_state_from_string(arg, &request->wait_state))
            return true;
        snprintf(why, XL_WHY_SIZE,
                 "state '%s' is neither 'suspended' nor 'running'", arg);
        return false;
    case OPT_AFTER:
        return xl_parse_number("seq", arg, 1, UINT64_MAX, &request->after,
                               why);
    default: /* OPT_TIMEOUT */
        request->has_timeout = true;
        if (!xl_parse_number("timeout", arg, 0, INT_MAX / 1000, &seconds, why))
            return false;
        request->timeout_ms = (int)seconds * 1000;
        return true;
    }
}

static int run_request(const struct xl_status_request *request)
{
    struct xl_domains domains;
    int status;

    xl_domains_init(&domains, -1);
    if (request->watch)
        status = xl_suspend_watch(request, &domains);
    else
        status = status_once(request, &domains);
    xl_domains_dispose(&domains);

    return status;
}

/* Gives the exit status of a usage that is wrong, or of --help; -1: neither. */
static int read_request(const struct xl_command *command,
                        const struct xl_words *words,
                        struct xl_status_request *request)
{
    struct xl_option_reader reader;
    char why[XL_WHY_SIZE];
    const char *conflict;
    int option;

    xl_options_start(&reader, command->options, words->argc, words->argv);
    while ((option = xl_options_next(&reader)) != XL_OPT_END) {
        switch (option) {
        case 'a':
            request->all = true;
            break;
        case 'j':
            request->json = true;
            break;
        case OPT_METRICS:
            request->metrics = true;
            break;
        case 'q':
            request->quiet = true;
            break;
        case 'w':
            request->watch = true;
            break;
        case XL_OPT_HELP:
            xl_command_help(command);
            return XL_EXIT_OK;
        case XL_OPT_OPERAND:
            request->names[request->nr_names++] = reader.arg;
            break;
        case XL_OPT_BAD:
            return xl_command_usage(command, reader.why);
        default:
            if (!take_argument(request, option, reader.arg, why))
                return xl_command_usage(command, why);
        }
    }

    conflict = find_conflict(request);
    return conflict ? xl_command_usage(command, conflict) : -1;
}

int xl_suspend_status(const struct xl_command *command,
                      const struct xl_globals *globals,
                      const struct xl_words *words)
{
    struct xl_status_request request = {
        .timeout_ms = LIBXL_GUEST_SUSPEND_FOREVER,
    };
    int status;

    (void)globals;

    /* One to spare: not NULL where there are none. */
    request.names = calloc((size_t)words->argc + 1, sizeof(*request.names));
    if (!request.names) {
        xl_error("%s", libxl_guest_suspend_strerror(ERROR_NOMEM));
        return XL_EXIT_FAILED;
    }

    status = read_request(command, words, &request);
    if (status < 0)
        status = run_request(&request);

    free(request.names);
    return xl_close_stdout(status);
}
