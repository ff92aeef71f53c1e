/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_trigger_wake.c: xl trigger DOMAIN wake
 */

#include <inttypes.h>
#include <stdio.h>

#include <libxl_guest_suspend.h>

#include "guest_suspend_poll.h"
#include "xl.h"
#include "xl_domains.h"
#include "xl_handover.h"
#include "xl_options.h"

enum {
    OPT_VIRQ = 0x100,
    OPT_IF_SUSPENDED,
    OPT_SEQ,
    OPT_WAIT
};

const struct xl_option xl_trigger_wake_options[] = {
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
    const char *domain;             /* as it was named */
    uint64_t virq;                  /* or LIBXL_RESUME_VIRQ_NONE */
    uint64_t seq;                   /* or 0 */
    bool if_suspended;
    bool dryrun;
    bool wait;
};

/* What only this program finds out; far from the library's. */
enum {
    /* Not one request can be made of it. */
    RC_DEVICE_MODEL_ENDED = -2001,
    /* It did not take the request within the time. */
    RC_DEVICE_MODEL_SILENT = -2002
};

static bool has_seq(const libxl_guest_suspend_info *info)
{
    return info->seq != LIBXL_GUEST_SUSPEND_UNKNOWN;
}

/* Whether the record is of the sleep to be ended, as far as that can be seen. */
static int check_sleep(const libxl_guest_suspend_info *info,
                       const struct request *request)
{
    if (request->seq && !has_seq(info))
        return ERROR_GUEST_SUSPEND_NO_SEQ;
    if (request->seq && request->seq != info->seq)
        return ERROR_GUEST_SUSPEND_STALE;
    if (info->state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
        return ERROR_GUEST_SUSPEND_NOT_SUSPENDED;

    return 0;
}

/*
 * By the domain's device model, which libxenlight has to ask.  This program is
 * bound to no version of that library, and the stock xl is.  That one exits
 * with 0 whatever happened: the record tells what did.  The time limit is for all
 * of it, since a device model that is stopped never answers the stock xl.
 */
static int wake_by_stock(struct xl_domains *domains,
                         const libxl_guest_suspend_info *found,
                         const struct request *request)
{
    int64_t deadline_ms = gsuspend_now_ms() +
                          LIBXL_GUEST_SUSPEND_DEVICE_MODEL_MS, left_ms;
    char domid[16];
    char *argv[] = { (char *)"xl", (char *)"trigger", domid,
                     (char *)"s3resume", NULL };
    libxl_guest_suspend_info info;
    int rc, status;

    rc = libxl_domain_suspend_state(NULL, found->domid, &info);
    if (!rc && info.instance != found->instance)
        rc = ERROR_GUEST_SUSPEND_STALE;
    if (!rc)
        rc = check_sleep(&info, request);
    if (rc)
        return rc;
    if (xl_domains_lacks_device_model(domains, info.domid))
        return RC_DEVICE_MODEL_ENDED;

    snprintf(domid, sizeof(domid), "%" PRIu32, info.domid);
    status = xl_run_stock_until(argv, deadline_ms);
    if (status == XL_STOCK_TIMED_OUT)
        return RC_DEVICE_MODEL_SILENT;
    if (status)
        return ERROR_GUEST_SUSPEND_DEVICE_MODEL;

    left_ms = deadline_ms - gsuspend_now_ms();
    return libxl_domain_suspend_wait(NULL, info.domid,
                                     LIBXL_GUEST_SUSPEND_STATE_RUNNING,
                                     has_seq(&info) ? info.seq : 0,
                                     left_ms > 0 ? (int)left_ms : 0, NULL);
}
static int wake_domain(struct xl_domains *domains,
                       const libxl_guest_suspend_info *found,
                       const struct request *request)
{
    libxl_domain_resume_virq_opts opts;
    int rc;

    libxl_domain_resume_virq_opts_init(&opts);
    /* Not a successor of the domain that was named, under its domid. */
    opts.instance = has_seq(found) ? found->instance : 0;
    opts.seq = request->seq;

    rc = libxl_domain_resume_virq(NULL, found->domid, (uint32_t)request->virq,
                                  &opts);
    if (rc == ERROR_GUEST_SUSPEND_DEVICE_MODEL)
        rc = wake_by_stock(domains, found, request);
    else if (!rc && request->wait && has_seq(found))
        rc = libxl_domain_suspend_wait(NULL, found->domid,
                                       LIBXL_GUEST_SUSPEND_STATE_RUNNING,
                                       found->seq,
                                       LIBXL_GUEST_SUSPEND_FOREVER, NULL);

    libxl_domain_resume_virq_opts_dispose(&opts);
    return rc;
}

/* Of a failure that the device model has a part in.  False: it has none. */
static bool say_device_model(const char *domain, int rc)
{
    const int limit_s = LIBXL_GUEST_SUSPEND_DEVICE_MODEL_MS / 1000;

    switch (rc) {
    case ERROR_GUEST_SUSPEND_DEVICE_MODEL:
        xl_error("domain '%s' was not woken: the stock xl, which asks its"
                 " device model, has failed", domain);
        break;
    case RC_DEVICE_MODEL_ENDED:
        xl_error("domain '%s' was not woken: its device model has ended",
                 domain);
        break;
    case RC_DEVICE_MODEL_SILENT:
        xl_error("domain '%s' was not woken: its device model has not answered"
                 " for %d s", domain, limit_s);
        break;
    case ERROR_TIMEDOUT:
        xl_error("domain '%s' sleeps on: its device model has not woken it"
                 " within %d s", domain, limit_s);
        break;
    default:
        return false;
    }

    return true;
}

static void say_failed(const struct request *request, int rc)
{
    const char *domain = request->domain;

    if (say_device_model(domain, rc))
        return;

    switch (rc) {
    case ERROR_GUEST_SUSPEND_NOT_SUSPENDED:
        xl_error("domain '%s' is not suspended (--if-suspended lets that pass;"
                 " a guest in s2idle counts as running)", domain);
        break;
    case ERROR_GUEST_SUSPEND_STALE:
        if (request->seq)
            xl_error("domain '%s' is no longer in the sleep with seq %" PRIu64
                     " (\"xl suspend-status\" shows its state)", domain,
                     request->seq);
        else
            xl_error("domain '%s' has just given way to another one", domain);
        break;
    case ERROR_GUEST_SUSPEND_BAD_VIRQ:
        xl_error("domain '%s' cannot be woken by vIRQ %" PRIu64
                 ": it is no shared interrupt of the domain's own", domain,
                 request->virq);
        break;
    case ERROR_GUEST_SUSPEND_SHUT_DOWN:
        xl_error("domain '%s' cannot be woken: it is shut down, or it is the"
                 " control domain", domain);
        break;
    default:
        if (request->virq != LIBXL_RESUME_VIRQ_NONE)
            xl_error("domain '%s', vIRQ %" PRIu64 ": %s", domain,
                     request->virq, libxl_guest_suspend_strerror(rc));
        else
            xl_error("domain '%s': %s", domain,
                     libxl_guest_suspend_strerror(rc));
    }
}

static enum xl_exit wake(const struct request *request)
{
    libxl_guest_suspend_info info;
    struct xl_domains domains;
    int rc;

    libxl_guest_suspend_info_init(&info);
    xl_domains_init(&domains, -1);

    rc = xl_domains_find(&domains, request->domain, &info);
    if (rc)
        goto out;

    if (request->dryrun)
        rc = check_sleep(&info, request);
    else
        rc = wake_domain(&domains, &info, request);

    if (rc == ERROR_GUEST_SUSPEND_NOT_SUSPENDED && request->if_suspended)
        rc = 0;
    else if (rc)
        say_failed(request, rc);
    else if (request->dryrun)
        printf("would wake domain %" PRIu32 "\n", info.domid);

 out:
    xl_domains_dispose(&domains);
    libxl_guest_suspend_info_dispose(&info);
    return rc == RC_DEVICE_MODEL_SILENT ? XL_EXIT_TIMED_OUT : xl_exit_of_rc(rc);
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
    int option;

    xl_options_start(&reader, command->options, words->argc, words->argv);
    reader.operands_only = words->operands_only;
    while ((option = xl_options_next(&reader)) != XL_OPT_END) {
        switch (option) {
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
            snprintf(why, sizeof(why),
                     "wake takes no vCPU, '%s': the whole domain sleeps"
                     " (an interrupt is given as --virq=N)", reader.arg);
            return xl_command_usage(command, why);
        default:
            return xl_command_usage(command, reader.why);
        }
    }

    return xl_close_stdout(wake(&request));
}
