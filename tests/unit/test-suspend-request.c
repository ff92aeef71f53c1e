/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxl_domain_suspend_request() against a fake hypervisor and a fake xenstore:
 * each way in which it ends, and that no request of its stays behind.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "public/guest_suspend.h"

#include "fake_xencall.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_request.h"
#include "guest_suspend_stock.h"
#include "guest_suspend_xenstore.h"
#include "libxl_guest_suspend_json.h"
#include "tap.h"

#define DOMID 5
#define DIRECTORY "/local/domain/5/"

static struct xen_guest_suspend_record record;
static bool there;                  /* the domain is */
static char feature[8], request[16], acpi_s3[8];
static bool has_request;            /* the node is there */

/* What goes on beside: called at each look at the record, from the first on. */
static void (*beside)(unsigned int look);
static unsigned int looks;
/* What the guest does at once with a request that was written. */
static void (*answer)(void);
static unsigned int nr_asked;       /* requests that were written */

static int hypervisor(unsigned int nr, void *arg)
{
    struct xen_domctl_guest_suspend *op = (void *)((char *)arg + 16);

    (void)nr;
    if (beside)
        beside(looks++);
    if (!there) {
        errno = ESRCH;
        return -1;
    }
    if (op->op == XEN_GUEST_SUSPEND_OP_GET)
        op->u.get.record = record;
    return 0;
}

/* xenstore */

struct gsuspend_xenstore {
    int fds[2];
    char pending[16];
    bool in_transaction, has_pending;
};

static bool no_xenstore, lost;
static bool stopped;                /* xenstored: nothing is answered */
static unsigned int nr_open, conflicts, conflict_ms;
/* The latest time until which a caller would have waited. */
static int64_t longest_ms;

static bool times_out(int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms < 0 ? INT64_MAX
                                      : deadline_ms - gsuspend_now_ms();

    if (!stopped && left_ms > 0)
        return false;
    if (left_ms > longest_ms)
        longest_ms = left_ms;
    errno = ETIMEDOUT;
    return true;
}

struct gsuspend_xenstore *gsuspend_xenstore_open(int64_t deadline_ms)
{
    struct gsuspend_xenstore *xs;

    (void)deadline_ms;
    if (no_xenstore) {
        errno = ENOENT;
        return NULL;
    }
    xs = calloc(1, sizeof(*xs));
    if (!xs || pipe2(xs->fds, O_CLOEXEC))
        abort();
    nr_open++;
    return xs;
}

void gsuspend_xenstore_close(struct gsuspend_xenstore *xs)
{
    if (!xs)
        return;
    close(xs->fds[0]);
    close(xs->fds[1]);
    free(xs);
    nr_open--;
}

int gsuspend_xenstore_fd(const struct gsuspend_xenstore *xs)
{
    return xs->fds[0];
}

int gsuspend_xenstore_watch(struct gsuspend_xenstore *xs, const char *path)
{
    (void)xs;
    (void)path;
    return 0;
}

int gsuspend_xenstore_ask(struct gsuspend_xenstore *xs, const char *path)
{
    (void)xs;
    (void)path;
    return 0;
}

enum gsuspend_xenstore_event
gsuspend_xenstore_next(struct gsuspend_xenstore *xs, const char **text_r)
{
    (void)xs;
    *text_r = NULL;
    return lost ? GSUSPEND_XENSTORE_LOST : GSUSPEND_XENSTORE_NONE;
}

/* For hosts without the patch: none here. */
int gsuspend_xenstore_resume(struct gsuspend_xenstore *xs, uint32_t domid,
                             int64_t deadline_ms)
{
    (void)xs;
    (void)domid;
    (void)deadline_ms;
    errno = ENOSYS;
    return -1;
}

char *gsuspend_xenstore_directory(struct gsuspend_xenstore *xs,
                                  const char *path, int64_t deadline_ms,
                                  size_t *len_r)
{
    (void)xs;
    (void)path;
    (void)deadline_ms;
    (void)len_r;
    errno = ENOENT;
    return NULL;
}

char *gsuspend_xenstore_read(struct gsuspend_xenstore *xs, const char *path,
                             int64_t deadline_ms)
{
    const char *value = NULL;

    (void)xs;
    if (times_out(deadline_ms))
        return NULL;
    if (!strcmp(path, DIRECTORY "control/feature-s3") && *feature)
        value = feature;
    else if (!strcmp(path, DIRECTORY "control/shutdown") && has_request)
        value = request;
    else if (!strcmp(path, DIRECTORY "platform/acpi_s3") && *acpi_s3)
        value = acpi_s3;
    if (value)
        return strdup(value);
    errno = ENOENT;
    return NULL;
}

int gsuspend_xenstore_transaction_start(struct gsuspend_xenstore *xs,
                                        int64_t deadline_ms)
{
    if (times_out(deadline_ms))
        return -1;
    if (xs->in_transaction)
        abort();
    xs->in_transaction = true;
    xs->has_pending = false;
    return 0;
}

int gsuspend_xenstore_write(struct gsuspend_xenstore *xs, const char *path,
                            const char *value, int64_t deadline_ms)
{
    if (times_out(deadline_ms))
        return -1;
    /* Nothing is written but this, and never but in a transaction. */
    if (!xs->in_transaction || strlen(value) >= sizeof(xs->pending) ||
        strcmp(path, DIRECTORY "control/shutdown"))
        abort();
    strcpy(xs->pending, value);
    xs->has_pending = true;
    return 0;
}

int gsuspend_xenstore_transaction_end(struct gsuspend_xenstore *xs, bool commit,
                                      int64_t deadline_ms)
{
    xs->in_transaction = false;
    if (times_out(deadline_ms))
        return -1;
    if (!commit)
        return 0;
    if (conflicts) {
        conflicts--;
        poll(NULL, 0, (int)conflict_ms);
        errno = EAGAIN;
        return -1;
    }
    if (!xs->has_pending)
        return 0;
    strcpy(request, xs->pending);
    if (*request) {
        nr_asked++;
        if (answer)
            answer();
    }
    return 0;
}

/* libxl's, where a program has it. */
static unsigned int pressed;
static int press_rc;

int libxl_send_trigger(libxl_ctx *ctx, uint32_t domid, libxl_trigger trigger,
                       uint32_t vcpuid, const libxl_asyncop_how *ao_how)
{
    (void)ctx;
    (void)ao_how;
    if (domid != DOMID || trigger != LIBXL_TRIGGER_SLEEP || vcpuid)
        abort();
    pressed++;
    return press_rc;
}

/* Guests */

static void sleeps(void)
{
    record.state = XEN_GUEST_SUSPEND_STATE_SUSPENDED;
    record.seq++;
    record.nr_suspends++;
}

static void takes(void)
{
    *request = 0;
}

static void takes_and_sleeps(void)
{
    takes();
    sleeps();
}

static void takes_and_naps(void)
{
    takes_and_sleeps();
    record.state = XEN_GUEST_SUSPEND_STATE_RUNNING;
    record.seq++;
}

static void takes_and_is_denied(void)
{
    takes();
    record.nr_denied++;
    record.denied_reason = XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE;
}

static void powers_off(unsigned int look)
{
    if (look == 2)
        strcpy(request, "poweroff");
}

static void sleeps_by_itself(unsigned int look)
{
    if (look == 2)
        sleeps();
}

static void dies(unsigned int look)
{
    if (look == 2)
        there = false;
}

static void gives_way(unsigned int look)
{
    if (look == 2)
        record.instance++;
}

static void loses_xenstore(unsigned int look)
{
    if (look == 2)
        lost = true;
}

static void stops_xenstore(unsigned int look)
{
    if (look == 2)
        stopped = true;
}

static void naps_unasked(unsigned int look)
{
    if (look == 2)
        takes_and_naps();
}

/* Another caller's, which holds the lock. */
static int other_fd = -1;

static void other_gives_up(unsigned int look)
{
    struct flock lock = {
        .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = DOMID, .l_len = 1,
    };

    if (look != 2)
        return;
    *request = 0;
    if (fcntl(other_fd, F_OFD_SETLK, &lock))
        abort();
    answer = takes_and_sleeps;
}

static void reset(void)
{
    fake_xencall_reset();
    fake_xencall_handler_fn = hypervisor;
    memset(&record, 0, sizeof(record));
    record.domid = DOMID;
    record.seq = record.instance = 9;
    there = has_request = true;
    strcpy(feature, "1");
    *request = *acpi_s3 = 0;
    beside = NULL;
    answer = NULL;
    looks = nr_asked = pressed = conflicts = conflict_ms = 0;
    press_rc = 0;
    no_xenstore = lost = stopped = gsuspend_x86 = false;
    longest_ms = 0;
}

static libxl_domain_suspend_request_opts opts;

/* A request that ends so, and leaves this in the node; reset() goes before it. */
static void ends(const char *what, libxl_ctx *ctx, int wanted, const char *left)
{
    unsigned int nr_fds = tap_nr_fds();
    int rc = libxl_domain_suspend_request(ctx, DOMID, &opts);

    TAP_EQ_INT(rc, wanted, what);
    TAP_EQ_STR(request, left, "... what is in the node then");
    TAP_OK(!nr_open && !fake_xencall_nr_open && !fake_xencall_nr_buffers &&
           tap_nr_fds() == nr_fds, "... and nothing else is left");
    libxl_domain_suspend_request_opts_init(&opts);
}

static void test_guests(void)
{
    static const struct {
        const char *what;
        void (*answer)(void);
        void (*beside)(unsigned int look);
        const char *request, *left;
        int rc;
        unsigned int asked;
    } tests[] = {
        { "taken, and asleep", takes_and_sleeps, NULL, "", "", 0, 1 },
        { "asleep, and awake again by now", takes_and_naps, NULL, "", "", 0,
          1 },
        { "refused by the hypervisor", takes_and_is_denied, NULL, "", "",
          ERROR_GUEST_SUSPEND_DECLINED, 1 },
        { "asleep by itself, not asked yet", NULL, sleeps_by_itself, "", "",
          0, 1 },
        { "deaf", NULL, NULL, "", "", ERROR_GUEST_SUSPEND_NO_ANSWER, 1 },
        { "taken, and nothing", takes, NULL, "", "",
          ERROR_GUEST_SUSPEND_DECLINED, 1 },
        { "powers off", NULL, NULL, "poweroff", "poweroff",
          ERROR_GUEST_SUSPEND_REQUEST_PENDING, 0 },
        { "powers off meanwhile", NULL, powers_off, "", "poweroff",
          ERROR_GUEST_SUSPEND_REQUEST_PENDING, 1 },
        { "dies", NULL, dies, "", "", ERROR_DOMAIN_DESTROYED, 1 },
        { "gives way to another", NULL, gives_way, "", "",
          ERROR_DOMAIN_DESTROYED, 1 },
        { "xenstored ends", NULL, loses_xenstore, "", "",
          ERROR_GUEST_SUSPEND_NO_XENSTORE, 1 },
        { "a request that somebody left, taken over", NULL, NULL, "s3", "",
          ERROR_GUEST_SUSPEND_NO_ANSWER, 0 },
        { "a request that somebody left, served", NULL, naps_unasked, "s3",
          "", 0, 0 },
    };

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        reset();
        answer = tests[i].answer;
        beside = tests[i].beside;
        strcpy(request, tests[i].request);
        opts.timeout_ms = tests[i].rc == ERROR_GUEST_SUSPEND_NO_ANSWER ||
                          tests[i].answer == takes ? 300 : 60000;
        ends(tests[i].what, NULL, tests[i].rc, tests[i].left);
        TAP_EQ_INT(nr_asked, tests[i].asked, "... requests");
    }
}

static void test_asleep(void)
{
    reset();
    sleeps();
    strcpy(request, "s3");
    ends("asleep already: what somebody left is withdrawn", NULL, 0, "");
    reset();
    sleeps();
    no_xenstore = true;
    ends("asleep already, and no xenstore", NULL, 0, "");
    reset();
    sleeps();
    strcpy(request, "reboot");
    ends("asleep already: a reboot stays", NULL, 0, "reboot");
}

static void test_cannot(void)
{
    static const char *const features[] = { "", "0", "11", "1 ", "yes" };

    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        reset();
        strcpy(feature, features[i]);
        ends(features[i], NULL, ERROR_GUEST_SUSPEND_CANNOT_ASK, "");
    }
    reset();
    has_request = false;
    ends("no node for requests", NULL, ERROR_GUEST_SUSPEND_CANNOT_ASK, "");
    reset();
    no_xenstore = true;
    ends("no xenstore", NULL, ERROR_GUEST_SUSPEND_NO_XENSTORE, "");
    reset();
    there = false;
    ends("no domain", NULL, ERROR_DOMAIN_NOTFOUND, "");
    reset();
    opts.instance = 8;
    ends("another instance", NULL, ERROR_GUEST_SUSPEND_STALE, "");
    reset();
    opts.reserved[3] = 1;
    ends("a reserved field", NULL, ERROR_INVAL, "");
    reset();
    opts.reserved32 = 1;
    ends("another", NULL, ERROR_INVAL, "");
    reset();
    opts.timeout_ms = -2;
    ends("a timeout below -1", NULL, ERROR_INVAL, "");
    reset();
    conflicts = 1000000;
    ends("transactions in vain, for ever", NULL, ERROR_GUEST_SUSPEND_CONTESTED,
         "");
    reset();
    conflicts = 1000000;
    conflict_ms = 20;
    opts.timeout_ms = 100;
    ends("... slowly, until the time is up", NULL,
         ERROR_GUEST_SUSPEND_CONTESTED, "");
    reset();
    stopped = true;
    opts.timeout_ms = 100;
    ends("xenstored does not answer, until the time is up", NULL,
         ERROR_GUEST_SUSPEND_NO_XENSTORE, "");
    reset();
    conflicts = 5;
    answer = takes_and_sleeps;
    ends("transactions in vain, for a while", NULL, 0, "");
}

static void test_options(void)
{
    char *json;
    int pipes[2];

    reset();
    if (pipe2(pipes, O_CLOEXEC) || write(pipes[1], "", 1) != 1)
        abort();
    opts.timeout_ms = 0;
    ends("no time at all", NULL, ERROR_GUEST_SUSPEND_NO_ANSWER, "");
    opts.timeout_ms = LIBXL_GUEST_SUSPEND_FOREVER;
    opts.cancel_fd = pipes[0];
    ends("cancelled", NULL, ERROR_ABORTED, "");
    reset();
    opts.cancel_fd = pipes[0];
    answer = takes_and_sleeps;
    ends("cancelled, but asleep by then", NULL, 0, "");
    close(pipes[0]);
    close(pipes[1]);

    reset();
    opts.no_wait = true;
    answer = takes;
    ends("not to wait: taken is enough", NULL, 0, "");
    reset();
    answer = takes_and_sleeps;
    TAP_EQ_INT(libxl_domain_suspend_request(NULL, DOMID, NULL), 0, "no opts");

    opts.timeout_ms = 5;
    opts.no_wait = true;
    json = libxl_domain_suspend_request_opts_to_json(NULL, &opts);
    TAP_OK(json && strstr(json, "\"timeout_ms\": 5,") &&
           strstr(json, "\"cancel_fd\": null,") &&
           strstr(json, "\"no_wait\": true"), "as JSON");
    free(json);
    libxl_domain_suspend_request_opts_dispose(&opts);
    TAP_OK(opts.timeout_ms == LIBXL_GUEST_SUSPEND_REQUEST_MS &&
           opts.cancel_fd == -1 && !opts.no_wait, "disposed of");
    libxl_domain_suspend_request_opts_dispose(NULL);
}

/* The lock that another process would hold. */
static void other_asks(void)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = DOMID, .l_len = 1,
    };

    reset();
    other_fd = open(gsuspend_request_lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (other_fd < 0 || fcntl(other_fd, F_OFD_SETLK, &lock))
        abort();
    strcpy(request, "s3");
}

static void test_two(void)
{
    other_asks();
    opts.timeout_ms = 300;
    ends("beside another's: gives up alone", NULL,
         ERROR_GUEST_SUSPEND_NO_ANSWER, "s3");
    TAP_EQ_INT(nr_asked, 0, "... having asked nothing itself");
    close(other_fd);

    other_asks();
    beside = sleeps_by_itself;
    ends("beside another's: the sleep counts for both", NULL, 0, "s3");
    close(other_fd);

    other_asks();
    beside = other_gives_up;
    ends("beside another's, which gives up: asks itself", NULL, 0, "");
    close(other_fd);
    TAP_EQ_INT(nr_asked, 1, "... once");
}

static void test_button(void)
{
    static int context;
    libxl_ctx *ctx = (libxl_ctx *)&context;

    reset();
    gsuspend_x86 = true;
    *feature = 0;
    ends("x86: no button", ctx, ERROR_GUEST_SUSPEND_CANNOT_ASK, "");
    strcpy(acpi_s3, "1");
    ends("x86: a button, and no ctx", NULL, ERROR_GUEST_SUSPEND_DEVICE_MODEL,
         "");
    TAP_EQ_INT(pressed, 0, "... not pressed");
    beside = sleeps_by_itself;
    ends("x86: the button", ctx, 0, "");
    TAP_EQ_INT(pressed, 1, "... pressed once");

    reset();
    gsuspend_x86 = true;
    *feature = 0;
    strcpy(acpi_s3, "1");
    opts.timeout_ms = 300;
    ends("x86: nobody listens to the button", ctx,
         ERROR_GUEST_SUSPEND_NO_ANSWER, "");
    opts.no_wait = true;
    ends("x86: pressed is enough", ctx, 0, "");
    press_rc = ERROR_NOPARAVIRT;
    ends("x86: libxl's error", ctx, ERROR_NOPARAVIRT, "");
    strcpy(feature, "1");
    answer = takes_and_sleeps;
    ends("x86: an agent goes before the button", ctx, 0, "");
    TAP_EQ_INT(pressed, 3, "... which is not pressed");
}

static void test_wake(void)
{
    reset();
    sleeps();
    strcpy(request, "s3");
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, DOMID, LIBXL_RESUME_VIRQ_NONE,
                                        NULL), 0, "a wake");
    TAP_EQ_STR(request, "", "withdraws a request");
    strcpy(request, "poweroff");
    libxl_domain_resume_virq(NULL, DOMID, LIBXL_RESUME_VIRQ_NONE, NULL);
    TAP_EQ_STR(request, "poweroff", "and no other");
    reset();
    strcpy(request, "s3");
    libxl_domain_resume_virq(NULL, DOMID, LIBXL_RESUME_VIRQ_NONE, NULL);
    TAP_EQ_STR(request, "s3", "nor one of a guest that runs");
    sleeps();
    no_xenstore = true;
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, DOMID, LIBXL_RESUME_VIRQ_NONE,
                                        NULL), 0, "a wake without xenstore");
}

static void test_stopped(void)
{
    reset();
    sleeps();
    stopped = true;
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, DOMID, LIBXL_RESUME_VIRQ_NONE,
                                        NULL), 0,
               "a wake, and xenstored is stopped");
    TAP_OK(longest_ms <= 1000, "... waits for a second: %d ms",
           (int)longest_ms);

    reset();
    stopped = true;
    ends("xenstored is stopped", NULL, ERROR_GUEST_SUSPEND_NO_XENSTORE, "");
    TAP_OK(longest_ms <= GSUSPEND_XENSTORE_MS, "... %d ms", (int)longest_ms);
    reset();
    stopped = gsuspend_x86 = true;
    ends("xenstored is stopped, x86", NULL, ERROR_GUEST_SUSPEND_NO_XENSTORE,
         "");

    reset();
    beside = stops_xenstore;
    opts.timeout_ms = 300;
    ends("xenstored is stopped meanwhile: it is not said to be withdrawn",
         NULL, ERROR_GUEST_SUSPEND_NO_XENSTORE, "s3");
}

int main(void)
{
    char lock[] = "/tmp/test-suspend-request.XXXXXX";
    int fd = mkstemp(lock);

    if (fd < 0)
        abort();
    close(fd);
    gsuspend_request_lock = lock;
    libxl_domain_suspend_request_opts_init(&opts);

    test_guests();
    test_asleep();
    test_cannot();
    test_options();
    test_two();
    test_button();
    test_wake();
    test_stopped();

    unlink(lock);
    return tap_done();
}
