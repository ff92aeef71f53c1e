/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_trigger_wake.c: xl trigger DOMAIN wake, xl trigger --all wake
 */

#include <inttypes.h>
#include <stdio.h>

#include <libxl_guest_suspend.h>

#include "xl.h"
#include "xl_domains.h"
#include "xl_options.h"
#include "xl_wake.h"

enum {
    OPT_ALL = 'a',
    OPT_VIRQ = 0x100,
    OPT_IF_SUSPENDED,
    OPT_SEQ,
    OPT_WAIT
};

const struct xl_option xl_trigger_wake_options[] = {
    { OPT_ALL, 'a', "all", NULL,
      "in DOMAIN's place: wake every guest that sleeps" },
    { OPT_VIRQ, 0, "virq", "N",
      "wake by this interrupt of the guest's (default: by none)" },
    { OPT_IF_SUSPENDED, 0, "if-suspended", NULL,
      "a domain that is not suspended is no error" },
    { OPT_SEQ, 0, "seq", "N",
      "end the sleep that has this seq (suspend-status --json), and no other" },
    { OPT_WAIT, 0, "wait", NULL, "return when the guest runs again" },
    { XL_OPT_HELP, 'h', "help", NULL, "show this help" },
    { 0, 0, NULL, NULL, NULL }
};

struct request {
    const char *domain;             /* as it was named; NULL: all that sleep */
    uint64_t virq;                  /* or LIBXL_RESUME_VIRQ_NONE */
    uint64_t seq;                   /* or 0 */
    bool if_suspended;
    bool dryrun;
    bool wait;
};

static void try_only(struct xl_wake *wake)
{
    wake->rc = xl_wake_check(wake, &wake->info);
    if (!wake->rc)
        printf("would wake domain %" PRIu32 "\n", wake->info.domid);
}

static enum xl_exit wake_one(struct xl_domains *domains,
                             const struct request *request)
{
    libxl_guest_suspend_info info;
    struct xl_wake wake;
    enum xl_exit status;
    int rc;

    rc = xl_domains_find(domains, request->domain, &info);
    if (rc)
        return xl_exit_of_rc(rc);
    rc = xl_wake_init(&wake, request->domain, &info);
    if (rc) {
        xl_error("%s", libxl_guest_suspend_strerror(rc));
        return xl_exit_of_rc(rc);
    }

    wake.seq = request->seq;
    wake.virq = (uint32_t)request->virq;
    wake.wait = request->wait;
    if (request->dryrun)
        try_only(&wake);
    else
        xl_wake_all(domains, &wake, 1);

    if (wake.rc == ERROR_GUEST_SUSPEND_NOT_SUSPENDED && request->if_suspended)
        wake.rc = 0;
    else if (wake.rc)
        xl_wake_say_failed(&wake);
    status = xl_wake_exit(&wake);
    xl_wake_dispose(&wake);
    return status;
}

/* The status is of the first that failed, in the order of the domids. */
static enum xl_exit wake_sleepers(struct xl_domains *domains,
                                  const struct request *request)
{
    enum xl_exit status = XL_EXIT_OK;
    struct xl_wake *wakes;
    size_t nr, i;
    int rc;

    rc = xl_wakes_list(domains, &wakes, &nr);
    if (rc) {
        xl_error("cannot see who sleeps: %s", libxl_guest_suspend_strerror(rc));
        return xl_exit_of_rc(rc);
    }

    for (i = 0; i < nr; i++) {
        wakes[i].wait = request->wait;
        if (request->dryrun)
            try_only(&wakes[i]);
    }
    if (!request->dryrun)
        xl_wake_all(domains, wakes, nr);
    for (i = 0; i < nr; i++) {
        if (!wakes[i].rc || xl_wake_is_over(&wakes[i]))
            continue;
        xl_wake_say_failed(&wakes[i]);
        if (!status)
            status = xl_wake_exit(&wakes[i]);
    }

    xl_wakes_free(wakes, nr);
    return status;
}

static enum xl_exit wake(const struct request *request)
{
    struct xl_domains domains;
    enum xl_exit status;

    xl_domains_init(&domains, -1);
    status = request->domain ? wake_one(&domains, request)
                             : wake_sleepers(&domains, request);
    xl_domains_dispose(&domains);
    return status;
}

/* What goes without --all is of one guest. */
static int check_all(const struct xl_command *command,
                     const struct request *request)
{
    if (request->domain)
        return XL_EXIT_OK;
    if (request->seq)
        return xl_command_usage(command, "--all goes without --seq, which is of"
                                         " one guest's sleep");
    if (request->virq != LIBXL_RESUME_VIRQ_NONE)
        return xl_command_usage(command, "--all goes without --virq, which is"
                                         " one guest's interrupt");
    return XL_EXIT_OK;
}

int xl_trigger_wake(const struct xl_command *command,
                    const struct xl_globals *globals,
                    const struct xl_words *words)
{
    struct request request = {
        .domain = words->domain,
        .virq = LIBXL_RESUME_VIRQ_NONE,
        .dryrun = globals->dryrun,
    };
    struct xl_option_reader reader;
    char why[XL_WHY_SIZE];
    int option, status;

    xl_options_start(&reader, command->options, words->argc, words->argv);
    reader.operands_only = words->operands_only;
    while ((option = xl_options_next(&reader)) != XL_OPT_END) {
        switch (option) {
        case OPT_ALL:
            return xl_command_usage(command, "--all goes in the place of"
                                             " DOMAIN: xl trigger --all wake");
        case OPT_VIRQ:
            if (!xl_parse_number("vIRQ", reader.arg, 0, UINT32_MAX - 1,
                                 &request.virq, why))
                return xl_command_usage(command, why);
            break;
        case OPT_IF_SUSPENDED:
            request.if_suspended = true;
            break;
        case OPT_SEQ:
            if (!xl_parse_number("seq", reader.arg, 1, UINT64_MAX,
                                 &request.seq, why))
                return xl_command_usage(command, why);
            break;
        case OPT_WAIT:
            request.wait = true;
            break;
        case XL_OPT_HELP:
            xl_command_help(command);
            return xl_close_stdout(XL_EXIT_OK);
        case XL_OPT_OPERAND:
            snprintf(why, sizeof(why), words->all
                     ? "--all goes without a DOMAIN, '%s'"
                     : "wake takes no vCPU, '%s': the whole domain sleeps"
                     " (an interrupt is given as --virq=N)", reader.arg);
            return xl_command_usage(command, why);
        default:
            return xl_command_usage(command, reader.why);
        }
    }

    status = check_all(command, &request);
    return status ? status : xl_close_stdout(wake(&request));
}
