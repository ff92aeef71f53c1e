/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_wake_first.c: see xl_wake_first.h.
 *
 * A guest that sleeps does not answer to "xl shutdown", and one that is saved in
 * its sleep comes back broken.  So it is woken, and then the stock xl gets what it
 * was given, all of it.
 */

#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxl_guest_suspend.h>

#include "guest_suspend_stock.h"
#include "xl.h"
#include "xl_domains.h"
#include "xl_wake.h"
#include "xl_wake_first.h"

/* A guest that goes to sleep again at once is woken so often. */
#define ROUNDS 3

#define HELP { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }

static const struct option shutdown_words[] = {
    { "all", no_argument, NULL, 'a' }, { "wait", no_argument, NULL, 'w' }, HELP
};
/* LIBXL_HAVE_NO_SUSPEND_RESUME: on this architecture no Xen can save a guest. */
#ifndef LIBXL_HAVE_NO_SUSPEND_RESUME
static const struct option save_words[] = { HELP };
static const struct option migrate_words[] = {
    { "debug", no_argument, NULL, 'd' }, { "live", no_argument, NULL, 'l' },
    HELP
};
#endif

/*
 * As the stock xl of 4.17 to 4.22 takes them; a test holds them against its help.
 * It reads a command's words by getopt_long(), and so does this.  Its names are
 * exact here: which abbreviations there are depends on its other commands.
 */
static const struct command {
    const char *name;
    const char *letters;
    const struct option *words;
    int min_operands;               /* without -a */
    int max_operands;               /* more is no error: INT_MAX */
    bool harmful;                   /* to a guest that sleeps */
} commands[] = {
    { "shutdown", "hawF", shutdown_words, 1, INT_MAX, false },
    { "reboot", "hawF", shutdown_words, 1, INT_MAX, false },
#ifndef LIBXL_HAVE_NO_SUSPEND_RESUME
    { "save", "hcpD", save_words, 2, 3, true },
    { "migrate", "hFC:s:epD", migrate_words, 2, INT_MAX, true },
#endif
    { NULL, NULL, NULL, 0, 0, false }
};

static const struct command *find_command(const char *name)
{
    const struct command *command;

    for (command = commands; command->name; command++)
        if (!strcmp(command->name, name))
            return command;

    return NULL;
}

/*
 * The domain that the stock xl is going to take; NULL: all.  False: it will only
 * complain, or help.  argv is put into another order.
 */
static bool find_operand(const struct command *command, int argc, char **argv,
                         const char **domain_r)
{
    bool all = false;
    int option, nr;

    opterr = 0;
    while ((option = getopt_long(argc, argv, command->letters, command->words,
                                 NULL)) != -1) {
        if (option == '?' || option == 'h')
            return false;
        all = all || option == 'a';
    }

    nr = argc - optind;
    if (!all && (nr < command->min_operands || nr > command->max_operands))
        return false;
    *domain_r = all ? NULL : argv[optind];
    return true;
}

/* One record, if it is of a domain that sleeps. */
static int list_one(const char *domain, const libxl_guest_suspend_info *info,
                    struct xl_wake **wakes_r, size_t *nr_r)
{
    int rc;

    if (info->state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED || !info->domid)
        return 0;

    *wakes_r = calloc(1, sizeof(**wakes_r));
    rc = *wakes_r ? xl_wake_init(*wakes_r, domain, info) : ERROR_NOMEM;
    if (rc)
        free(*wakes_r);
    else
        *nr_r = 1;
    return rc;
}

static int list_by_name(struct xl_domains *domains, const char *name,
                        struct xl_wake **wakes_r, size_t *nr_r)
{
    const libxl_guest_suspend_info *found = NULL;
    libxl_guest_suspend_info *list;
    int rc = 0, nb, i;

    list = libxl_list_domain_suspend_state(NULL, 0, &nb);
    if (!list)
        return nb;

    /* Names are only looked up if somebody sleeps. */
    for (i = 0; i < nb && !found; i++)
        if (list[i].state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
            found = &list[i];
    if (found) {
        qsort(list, (size_t)nb, sizeof(*list), gsuspend_by_domid);
        found = xl_domains_by_name(domains, list, nb, name);
    }
    if (found)
        rc = list_one(name, found, wakes_r, nr_r);

    libxl_guest_suspend_info_list_free(list, nb);
    return rc;
}

/* Those that sleep, of the domain that the stock xl understands, or of all. */
static int list_sleepers(struct xl_domains *domains, const char *domain,
                         struct xl_wake **wakes_r, size_t *nr_r)
{
    libxl_guest_suspend_info info;
    int rc;

    *wakes_r = NULL;
    *nr_r = 0;
    if (!domain)
        return xl_wakes_list(domains, wakes_r, nr_r);
    if (domain[strspn(domain, "0123456789")])
        return list_by_name(domains, domain, wakes_r, nr_r);

    rc = libxl_domain_suspend_state(NULL, (uint32_t)strtoul(domain, NULL, 10),
                                    &info);
    return rc ? rc : list_one(domain, &info, wakes_r, nr_r);
}

/* What the stock xl will say itself, in its own words, is not said here. */
static void say_unseen(const char *domain, int rc)
{
    switch (rc) {
    case ERROR_DOMAIN_NOTFOUND:
    case ERROR_GUEST_SUSPEND_UNSUPPORTED:
    case ERROR_GUEST_SUSPEND_NO_HYPERVISOR:
    case ERROR_GUEST_SUSPEND_NO_XENSTORE:
        break;
    default:
        xl_error("cannot see whether %s%s%s sleeps: %s",
                 domain ? "domain '" : "a domain", domain ? domain : "",
                 domain ? "'" : "", libxl_guest_suspend_strerror(rc));
    }
}

/* False: one of them could not be woken. */
static bool wake(struct xl_domains *domains, struct xl_wake *wakes, size_t nr)
{
    bool good = true;
    size_t i;

    for (i = 0; i < nr; i++)
        if (wakes[i].info.seq != LIBXL_GUEST_SUSPEND_UNKNOWN)
            wakes[i].seq = wakes[i].info.seq;
    xl_wake_all(domains, wakes, nr);

    for (i = 0; i < nr; i++) {
        if (!wakes[i].rc) {
            xl_error("domain '%s' was asleep: woken first", wakes[i].domain);
        } else if (!xl_wake_is_over(&wakes[i])) {
            xl_wake_say_failed(&wakes[i]);
            good = false;
        }
    }

    return good;
}

static bool say_restless(const struct xl_wake *wakes, size_t nr)
{
    size_t i;

    for (i = 0; i < nr; i++)
        xl_error("domain '%s' goes to sleep again each time",
                 wakes[i].domain);
    return false;
}

static bool refuse(const struct command *command, const char *domain)
{
    xl_error("no %s of domain '%s' in its sleep, from which it would not come"
             " back: wake it (\"xl trigger %s wake\") and try again, or"
             " destroy it", command->name, domain, domain);
    return false;
}

/*
 * Nothing can hold a guest awake, since it has to run to get ready for a save.  So
 * it is looked at once more after its wake, right before the stock xl begins.
 */
static bool wake_until_awake(const struct command *command, const char *domain)
{
    struct xl_domains domains;
    struct xl_wake *wakes;
    bool good = true;
    int rc, round;
    size_t nr;

    xl_domains_init(&domains, -1);
    for (round = 0; good; round++) {
        rc = list_sleepers(&domains, domain, &wakes, &nr);
        if (rc)
            say_unseen(domain, rc);
        if (rc || !nr)
            break;
        good = round < ROUNDS ? wake(&domains, wakes, nr)
                              : say_restless(wakes, nr);
        xl_wakes_free(wakes, nr);
    }
    xl_domains_dispose(&domains);

    return good || !command->harmful || refuse(command, domain);
}

bool xl_wake_first(int argc, char **argv)
{
    const struct command *command = find_command(argv[0]);
    const char *domain;
    char **words;
    bool good = true;

    /* A name of xl_needs_guest_awake() that this architecture lacks. */
    if (!command)
        return true;

    words = calloc((size_t)argc + 1, sizeof(*words));
    if (!words) {
        xl_error("%s", libxl_guest_suspend_strerror(ERROR_NOMEM));
        return !command->harmful;
    }
    memcpy(words, argv, (size_t)argc * sizeof(*words));
    if (find_operand(command, argc, words, &domain))
        good = wake_until_awake(command, domain);

    free(words);
    return good;
}
