/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_metrics.c: see xl_metrics.h.
 *
 * A domain has one sample of each metric at most, so that the number of series
 * is bounded by that of the domains.  What a guest could choose freely is no
 * label.
 */

#include "xl_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guest_suspend_time.h"
#include "xl_text.h"

#define PREFIX "xen_guest_suspend_"

/* What one sample says: a number, with perhaps a label of its own. */
struct sample {
    bool is_ns;                     /* printed as seconds */
    uint64_t number;
    const char *word;               /* the value of the metric's label */
};

struct metric {
    const char *name;               /* behind PREFIX */
    const char *type;
    const char *help;
    const char *label;              /* its own, or NULL */
    /* False: it is not known of this domain, or there is nothing to tell. */
    bool (*take)(const libxl_guest_suspend_info *info, struct sample *sample);
};

static bool take_number(uint64_t number, struct sample *sample)
{
    sample->number = number;
    return number != LIBXL_GUEST_SUSPEND_UNKNOWN;
}

static bool take_word(const char *word, struct sample *sample)
{
    sample->number = 1;
    sample->word = word;
    return true;
}

static bool is_asleep(const libxl_guest_suspend_info *info)
{
    return info->state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED;
}

static bool take_state(const libxl_guest_suspend_info *info,
                           struct sample *sample)
{
    return (is_asleep(info) ||
            info->state == LIBXL_GUEST_SUSPEND_STATE_RUNNING) &&
           take_number(is_asleep(info), sample);
}

static bool take_state_seconds(const libxl_guest_suspend_info *info,
                               struct sample *sample)
{
    sample->is_ns = true;
    return xl_since_is_known(info) && take_number(xl_duration_ns(info), sample);
}

static bool take_sleeps(const libxl_guest_suspend_info *info,
                        struct sample *sample)
{
    return take_number(info->suspends, sample);
}

/* With the present sleep: the hypervisor adds that when it is over. */
static bool take_asleep(const libxl_guest_suspend_info *info,
                        struct sample *sample)
{
    sample->is_ns = true;
    if (!take_number(info->asleep_ns, sample))
        return false;
    if (!is_asleep(info))
        return true;

    sample->number += xl_duration_ns(info);
    return xl_since_is_known(info);
}

static bool take_denied(const libxl_guest_suspend_info *info,
                        struct sample *sample)
{
    return take_number(info->denied, sample);
}

/* Unknown words are below none. */
static bool take_kind(const libxl_guest_suspend_info *info,
                      struct sample *sample)
{
    return info->kind > LIBXL_GUEST_SUSPEND_KIND_NONE &&
           take_word(libxl_guest_suspend_kind_to_string(info->kind), sample);
}

static bool take_wake(const libxl_guest_suspend_info *info,
                      struct sample *sample)
{
    return info->wake_reason > LIBXL_GUEST_SUSPEND_WAKE_NONE &&
           take_word(libxl_guest_suspend_wake_to_string(info->wake_reason),
                     sample);
}

static bool take_due(const libxl_guest_suspend_info *info,
                     struct sample *sample)
{
    return info->wake_due > LIBXL_GUEST_SUSPEND_WAKE_NONE &&
           take_word(libxl_guest_suspend_wake_to_string(info->wake_due),
                     sample);
}

static bool take_denied_reason(const libxl_guest_suspend_info *info,
                               struct sample *sample)
{
    return info->denied_reason > LIBXL_GUEST_SUSPEND_DENIED_NONE &&
           take_word(libxl_guest_suspend_denied_to_string(info->denied_reason),
                     sample);
}

static const struct metric metrics[] = {
    { "asleep", "gauge", "1: the guest has put itself to sleep. 0: it runs.",
      NULL, take_state },
    { "state_seconds", "gauge",
      "How long the guest has been asleep, or running.", NULL,
      take_state_seconds },
    { "sleeps_total", "counter", "Sleeps that the guest has begun.", NULL,
      take_sleeps },
    { "asleep_seconds_total", "counter",
      "Time asleep, with that of the present sleep.", NULL, take_asleep },
    { "denied_total", "counter", "Attempts to sleep that were refused.", NULL,
      take_denied },
    { "kind_info", "gauge", "How the guest last went to sleep.", "kind",
      take_kind },
    { "last_wake_info", "gauge", "What ended the last sleep that is over.",
      "reason", take_wake },
    { "wake_due_info", "gauge", "What is to end the present sleep, and has not.",
      "reason", take_due },
    { "last_denied_info", "gauge", "Why the last attempt was refused.",
      "reason", take_denied_reason },
};

static void print_head(const char *name, const char *type, const char *help)
{
    printf("# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
           type);
}

/* text is clean: it has no newline, which would have to be escaped as well. */
static void print_label(const char *name, const char *text)
{
    printf("%s=\"", name);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void print_sample(const struct metric *metric, const struct xl_row *row,
                         const struct sample *sample)
{
    printf(PREFIX "%s{", metric->name);
    print_label("domain", row->name ? row->name : "");
    printf(",domid=\"%" PRIu32 "\"", row->info.domid);
    if (metric->label) {
        putchar(',');
        print_label(metric->label, sample->word);
    }
    if (sample->is_ns)
        printf("} %" PRIu64 ".%09" PRIu64 "\n",
               sample->number / GSUSPEND_NS_PER_S,
               sample->number % GSUSPEND_NS_PER_S);
    else
        printf("} %" PRIu64 "\n", sample->number);
}

static void print_metric(const struct metric *metric,
                         const struct xl_table *table)
{
    struct sample sample;
    bool has_head = false;
    size_t i;

    for (i = 0; i < table->nr; i++) {
        memset(&sample, 0, sizeof(sample));
        if (!metric->take(&table->rows[i].info, &sample))
            continue;
        if (!has_head)
            print_head(metric->name, metric->type, metric->help);
        has_head = true;
        print_sample(metric, &table->rows[i], &sample);
    }
}

static void print_host_sample(const char *name, const char *type,
                              const char *help, uint64_t number)
{
    print_head(name, type, help);
    printf(PREFIX "%s %" PRIu64 "\n", name, number);
}

static void print_counters(const struct gsuspend_counters *counters)
{
    print_host_sample("daemon_coalesced_total", "counter",
                      "Changes of state that xensuspendd published together "
                      "with a later one.", counters->coalesced);
    print_host_sample("daemon_failures_total", "counter",
                      "Attempts of xensuspendd to publish that failed.",
                      counters->failures);
    print_host_sample("daemon_xenstored_losses_total", "counter",
                      "How often xensuspendd lost xenstored, and all nodes "
                      "with it.", counters->losses);
}

void xl_metrics_print(const struct xl_table *table, struct xl_domains *domains)
{
    struct gsuspend_counters counters;
    size_t i;

    for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        print_metric(&metrics[i], table);

    print_host_sample("daemon_ready", "gauge",
                      "1: xensuspendd runs, and its nodes in xenstore are true.",
                      xl_domains_daemon_is_ready(domains));
    if (xl_domains_daemon_counters(domains, &counters))
        print_counters(&counters);
    printf("# EOF\n");
}
