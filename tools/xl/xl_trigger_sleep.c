/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_trigger_sleep.c: xl trigger DOMAIN sleep
 */

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <libxl_guest_suspend.h>

#include "guest_suspend_poll.h"
#include "xl.h"
#include "xl_domains.h"
#include "xl_handover.h"
#include "xl_options.h"

enum {
    OPT_WAIT = 0x100,
    OPT_TIMEOUT
};

const struct xl_option xl_trigger_sleep_options[] = {
    { OPT_WAIT, 0, "wait", NULL,
      "return when the guest sleeps (default: when it has taken the request)" },
    { OPT_TIMEOUT, 0, "timeout", "SECONDS",
      "withdraw the request after that (default: 30)" },
    { XL_OPT_HELP, 'h', "help", NULL, "show this help" },
    { 0, 0, NULL, NULL, NULL }
};

struct request {
    int timeout_ms;
    bool wait;
    bool dryrun;
    bool by_button;                 /* which was pressed */
};

/*
 * With a signalfd that ends the request: these signals leave nothing behind.  They do
 * what they always do once the request is withdrawn.  One that is ignored, as by
 * nohup, stays so: a signalfd would give it all the same.
 */
static void add_signals(sigset_t *signals)
{
    static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
    struct sigaction action;
    size_t i;

    sigemptyset(signals);
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!sigaction(numbers[i], NULL, &action) &&
            action.sa_handler != SIG_IGN)
            sigaddset(signals, numbers[i]);
}

static int ask(uint32_t domid, libxl_domain_suspend_request_opts *opts)
{
    sigset_t signals, before;
    int rc;

    add_signals(&signals);
    sigprocmask(SIG_BLOCK, &signals, &before);
    opts->cancel_fd = signalfd(-1, &signals, SFD_CLOEXEC);

    rc = libxl_domain_suspend_request(NULL, domid, opts);

    if (opts->cancel_fd >= 0)
        close(opts->cancel_fd);
    if (rc == ERROR_ABORTED)
        xl_error("interrupted: the request is withdrawn");
    sigprocmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/*
 * By the button of the guest's ACPI, which libxenlight has to press: see
 * wake_by_stock() in xl_trigger_wake.c.
 */
static int press_button(const libxl_guest_suspend_info *found,
                        struct request *request)
{
    char domid[16];
    char *argv[] = { (char *)"xl", (char *)"trigger", domid, (char *)"sleep",
                     NULL };
    libxl_guest_suspend_info info;
    int rc;

    rc = libxl_domain_suspend_state(NULL, found->domid, &info);
    if (!rc && info.instance != found->instance)
        rc = ERROR_GUEST_SUSPEND_STALE;
    if (rc)
        return rc;

    snprintf(domid, sizeof(domid), "%" PRIu32, info.domid);
    if (xl_run_stock(argv))
        return ERROR_GUEST_SUSPEND_DEVICE_MODEL;
    request->by_button = true;
    if (!request->wait)
        return 0;
    rc = libxl_domain_suspend_wait(NULL, info.domid,
                                   LIBXL_GUEST_SUSPEND_STATE_SUSPENDED,
                                   info.seq == LIBXL_GUEST_SUSPEND_UNKNOWN
                                   ? 0 : info.seq, request->timeout_ms, NULL);
    return rc == ERROR_TIMEDOUT ? ERROR_GUEST_SUSPEND_NO_ANSWER : rc;
}

static void say_why(const char *domain, const struct request *request,
                    const libxl_guest_suspend_info *found, int rc)
{
    libxl_guest_suspend_info info;

    switch (rc) {
    case 0:
    case ERROR_ABORTED:
        break;
    case ERROR_GUEST_SUSPEND_STALE:
        xl_error("domain '%s' has just given way to another one", domain);
        break;
    case ERROR_GUEST_SUSPEND_CANNOT_ASK:
        xl_error("domain '%s' cannot be asked to sleep: it needs a running"
                 " xen-guest-suspend-agent, or a Windows with Xen's PV"
                 " drivers; or, on x86, type=\"hvm\" and acpi_s3=1", domain);
        break;
    case ERROR_GUEST_SUSPEND_NO_ANSWER:
        xl_error("domain '%s' has not %s within %d s; %s", domain,
                 request->by_button ? "gone to sleep" : "answered",
                 request->timeout_ms / 1000,
                 request->by_button ? "its sleep button was pressed, which"
                 " cannot be withdrawn" : "the request is withdrawn");
        break;
    case ERROR_GUEST_SUSPEND_DECLINED:
        if (!libxl_domain_suspend_state(NULL, found->domid, &info) &&
            info.denied != found->denied)
            xl_error("domain '%s' took the request, and the hypervisor refused"
                     " its sleep: %s", domain,
                     libxl_guest_suspend_denied_to_string(info.denied_reason));
        else
            xl_error("domain '%s' took the request and does not sleep after"
                     " %d s (its log tells why)", domain,
                     request->timeout_ms / 1000);
        break;
    case ERROR_GUEST_SUSPEND_DEVICE_MODEL:
        xl_error("domain '%s' was not asked: the stock xl, which presses its"
                 " button, has failed", domain);
        break;
    default:
        xl_error("domain '%s': %s", domain, libxl_guest_suspend_strerror(rc));
    }
}

static int sleep_now(const char *domain, struct request *request)
{
    libxl_domain_suspend_request_opts opts;
    libxl_guest_suspend_info info;
    struct xl_domains domains;
    int64_t deadline_ms = gsuspend_now_ms() + request->timeout_ms, left_ms;
    int rc;

    libxl_domain_suspend_request_opts_init(&opts);
    xl_domains_init(&domains, deadline_ms);

    rc = xl_domains_find(&domains, domain, &info);
    if (rc)
        goto out;
    if (request->dryrun) {
        printf("would ask domain %" PRIu32 " to sleep\n", info.domid);
        goto out;
    }

    left_ms = deadline_ms - gsuspend_now_ms();
    opts.timeout_ms = left_ms > 0 ? (int)left_ms : 0;
    opts.no_wait = !request->wait;
    /* Not a successor of the domain that was named, under its domid. */
    if (info.instance != LIBXL_GUEST_SUSPEND_UNKNOWN)
        opts.instance = info.instance;
    rc = ask(info.domid, &opts);
    if (rc == ERROR_GUEST_SUSPEND_DEVICE_MODEL)
        rc = press_button(&info, request);
    say_why(domain, request, &info, rc);

 out:
    xl_domains_dispose(&domains);
    libxl_domain_suspend_request_opts_dispose(&opts);
    return rc;
}

int xl_trigger_sleep(const struct xl_command *command,
                     const struct xl_globals *globals,
                     const struct xl_words *words)
{
    struct request request = {
        .timeout_ms = LIBXL_GUEST_SUSPEND_REQUEST_MS,
        .dryrun = globals->dryrun,
    };
    struct xl_option_reader reader;
    char why[XL_WHY_SIZE];
    uint64_t seconds;
    int option;

    xl_options_start(&reader, command->options, words->argc, words->argv);
    reader.operands_only = words->operands_only;
    while ((option = xl_options_next(&reader)) != XL_OPT_END) {
        switch (option) {
        case OPT_WAIT:
            request.wait = true;
            break;
        case OPT_TIMEOUT:
            if (!xl_parse_number("timeout", reader.arg, 1, INT_MAX / 1000,
                                 &seconds, why))
                return xl_command_usage(command, why);
            request.timeout_ms = (int)seconds * 1000;
            break;
        case XL_OPT_HELP:
            xl_command_help(command);
            return xl_close_stdout(XL_EXIT_OK);
        case XL_OPT_OPERAND:
            snprintf(why, sizeof(why),
                     "sleep takes no vCPU, '%s': the whole domain sleeps",
                     reader.arg);
            return xl_command_usage(command, why);
        default:
            return xl_command_usage(command, reader.why);
        }
    }

    return xl_close_stdout(xl_exit_of_rc(sleep_now(words->domain, &request)));
}
