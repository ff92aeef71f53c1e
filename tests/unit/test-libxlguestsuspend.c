/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxlguestsuspend against a fake libxencall: types, words, rc for each errno,
 * what the calls ask for, and that nothing is left over.
 */

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/hvm/hvm_op.h>
#include <xen/io/xs_wire.h>
#include <xen/xen.h>
#include "public/guest_suspend.h"

#include "fake_xencall.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_stock.h"
#include "libxl_guest_suspend_json.h"
#include "tap.h"

/* The frame of a domctl; test-guest-suspend-call holds its layout. */
#define OP_AT 16

static int answer_errno;
static uint32_t host_nr;                /* domains 0.. with seq 1.. */
static bool twice;
static struct xen_domctl_guest_suspend asked;
static unsigned int asked_domid;

static void fill(struct xen_guest_suspend_record *record, uint32_t domid)
{
    memset(record, 0, sizeof(*record));
    record->domid = (domid_t)domid;
    record->seq = domid + 1;
    record->instance = domid + 1;
    record->wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE;
}

static struct xen_guest_suspend_record answer;
static bool einval_of_virq;     /* resume: of the vIRQ, where the seq is right */
static int get_errno;           /* where other operations give answer_errno */
static bool get_is_fine;        /* even then */

static int hypervisor(unsigned int nr, void *arg)
{
    struct xen_domctl_guest_suspend *op = (void *)((char *)arg + OP_AT);
    uint16_t domid;
    uint32_t filled = 0;

    (void)nr;
    asked = *op;
    memcpy(&domid, (char *)arg + 8, sizeof(domid));
    asked_domid = domid;
    if (einval_of_virq && op->op == XEN_GUEST_SUSPEND_OP_RESUME) {
        errno = op->u.resume.seq && op->u.resume.seq != answer.seq ? ESTALE
                                                                   : EINVAL;
        return -1;
    }
    if (get_errno && op->op == XEN_GUEST_SUSPEND_OP_GET) {
        errno = get_errno;
        return -1;
    }
    if (answer_errno && !(get_is_fine && op->op == XEN_GUEST_SUSPEND_OP_GET)) {
        errno = answer_errno;
        return -1;
    }

    switch (op->op) {
    case XEN_GUEST_SUSPEND_OP_GET:
        op->u.get.record = answer;
        break;
    case XEN_GUEST_SUSPEND_OP_LIST:
        for (uint32_t i = 0; i < host_nr && filled < op->u.list.nr; i++)
            if (i + 1 > op->u.list.after_seq)
                fill(&op->u.list.records.p[filled++], i);
        /* One that changed while the list was made: an older record, too. */
        if (twice && filled > 1) {
            op->u.list.records.p[0] = op->u.list.records.p[filled - 1];
            op->u.list.records.p[0].seq = 0;
        }
        op->u.list.nr = filled;
        break;
    }
    return 0;
}

static void reset(void)
{
    fake_xencall_reset();
    fake_xencall_handler_fn = hypervisor;
    answer_errno = 0;
    host_nr = 0;
    twice = false;
    gsuspend_x86 = false;
    einval_of_virq = false;
    get_errno = 0;
    get_is_fine = false;
    fill(&answer, 3);
}

/* In a Turkish locale, where "I" is not the capital of "i". */
int strcasecmp(const char *a, const char *b)
{
    for (; *a && *a == (*b == 'I' ? '?' : tolower(*b)); a++)
        b++;
    return *a - *b;
}

/* An enumeration, seen as ints. */
struct words {
    const char *type;
    const char *(*to_string)(int value);
    int (*from_string)(const char *s, int *value);
    char *(*to_json)(int value);
    const char *words[8];
};

#define WRAP(type)                                                         \
    static const char *type##_to_string(int value)                         \
    {                                                                      \
        return libxl_guest_suspend_##type##_to_string(                     \
            (libxl_guest_suspend_##type)value);                            \
    }                                                                      \
                                                                           \
    static int type##_from_string(const char *s, int *value)               \
    {                                                                      \
        libxl_guest_suspend_##type e = (libxl_guest_suspend_##type)*value; \
        int rc = libxl_guest_suspend_##type##_from_string(s, &e);          \
                                                                           \
        *value = (int)e;                                                   \
        return rc;                                                         \
    }                                                                      \
                                                                           \
    static char *type##_to_json(int value)                                 \
    {                                                                      \
        return libxl_guest_suspend_##type##_to_json(                       \
            NULL, (libxl_guest_suspend_##type)value);                      \
    }

WRAP(state)
WRAP(kind)
WRAP(wake)
WRAP(denied)

static void test_words(void)
{
    static const struct words types[] = {
        { "state", state_to_string, state_from_string, state_to_json,
          { "running", "suspended" } },
        { "kind", kind_to_string, kind_from_string, kind_to_json,
          { "none", "psci", "acpi-s3" } },
        { "wake", wake_to_string, wake_from_string, wake_to_json,
          { "none", "interrupt", "toolstack", "device-model", "shutdown",
            "destroy", "alarm" } },
        { "denied", denied_to_string, denied_from_string, denied_to_json,
          { "none", "vcpu-online", "bad-entry", "unsupported", "shutdown" } },
    };
    static const char *const nonsense[] = {
        "", "unknown", "suspende", "suspendedx", " running", "0", NULL,
    };
    char json[32], *got;
    int value, nr;

    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        const struct words *type = &types[t];

        for (nr = 0; type->words[nr]; nr++) {
            value = -1;
            TAP_EQ_STR(type->to_string(nr), type->words[nr],
                       "value to its word");
            TAP_OK(!type->from_string(type->words[nr], &value) && value == nr,
                   "%s: '%s' to its value", type->type, type->words[nr]);
            snprintf(json, sizeof(json), "\"%s\"", type->words[nr]);
            got = type->to_json(nr);
            /* yajl ends a beautified text with a newline. */
            if (got)
                got[strcspn(got, "\n")] = 0;
            TAP_EQ_STR(got, json, "its JSON");
            free(got);
        }
        TAP_EQ_STR(type->to_string(nr), "unknown", "one value too many");
        TAP_EQ_STR(type->to_string(-1), "unknown", "UNKNOWN");
        for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
            value = 5;
            TAP_OK(type->from_string(nonsense[i], &value) == ERROR_FAIL &&
                   value == 5, "%s: no value for '%s'", type->type,
                   nonsense[i] ? nonsense[i] : "(null)");
        }
    }

    value = -1;
    TAP_OK(!state_from_string("SusPended", &value) && value == 1,
           "letters of any case");
    TAP_OK(!state_from_string("RUNNING", &value) && !value &&
           !kind_from_string("ACPI-S3", &value) && value == 2,
           "... in any locale");
}

static void test_state(void)
{
    libxl_guest_suspend_info info;

    reset();
    answer.seq = UINT64_MAX;
    answer.instance = 2;
    answer.now_ns = 3;
    answer.since_ns = 4;
    answer.asleep_ns = 5;
    answer.nr_suspends = 6;
    answer.nr_denied = 7;
    answer.domid = 8;
    answer.state = XEN_GUEST_SUSPEND_STATE_SUSPENDED;
    answer.kind = XEN_GUEST_SUSPEND_KIND_PSCI;
    answer.wake_reason = XEN_GUEST_SUSPEND_WAKE_INTERRUPT;
    answer.denied_reason = XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY;
    answer.wake_virq = 32;
    answer.wake_vcpu = 1;
    answer.wake_due = XEN_GUEST_SUSPEND_WAKE_ALARM;
    memset(&info, 0xa5, sizeof(info));

    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 8, &info), 0, "state");
    TAP_EQ_INT(asked_domid, 8, "state: of the domain");
    TAP_OK(info.seq == UINT64_MAX && info.instance == 2 && info.now_ns == 3 &&
           info.since_ns == 4 && info.asleep_ns == 5 && info.suspends == 6 &&
           info.denied == 7 && info.domid == 8, "state: numbers");
    TAP_OK(info.state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED &&
           info.kind == LIBXL_GUEST_SUSPEND_KIND_PSCI &&
           info.wake_reason == LIBXL_GUEST_SUSPEND_WAKE_INTERRUPT &&
           info.denied_reason == LIBXL_GUEST_SUSPEND_DENIED_BAD_ENTRY &&
           info.wake_due == LIBXL_GUEST_SUSPEND_WAKE_ALARM &&
           info.wake_virq == 32 && info.wake_vcpu == 1, "state: enumerations");
    TAP_OK(!info.reserved[0] && !info.reserved[5],
           "state: reserved fields are zero");

    reset();
    answer.state = answer.kind = answer.wake_reason = answer.denied_reason =
        answer.wake_due = 200;
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info), 0,
               "values of a newer hypervisor");
    TAP_OK(info.state == LIBXL_GUEST_SUSPEND_STATE_UNKNOWN &&
           info.kind == LIBXL_GUEST_SUSPEND_KIND_UNKNOWN &&
           info.wake_reason == LIBXL_GUEST_SUSPEND_WAKE_UNKNOWN &&
           info.wake_due == LIBXL_GUEST_SUSPEND_WAKE_UNKNOWN &&
           info.denied_reason == LIBXL_GUEST_SUSPEND_DENIED_UNKNOWN,
           "... are unknown");

    reset();
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info), 0, "never slept");
    TAP_OK(info.wake_virq == LIBXL_GUEST_SUSPEND_VIRQ_NONE &&
           info.wake_vcpu == LIBXL_GUEST_SUSPEND_VCPU_NONE,
           "never slept: nothing woke it");
}

static void test_list(void)
{
    static const uint32_t sizes[] = { 0, 1, 50, 51, 52, 102, 1000, 0x7ff0 };
    libxl_guest_suspend_info *list;
    int nb;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bool good = true;

        reset();
        host_nr = sizes[i];
        nb = -42;
        list = libxl_list_domain_suspend_state(NULL, 0, &nb);
        TAP_OK(list && nb == (int)sizes[i], "list of %u domains", sizes[i]);
        for (int d = 0; list && d < nb; d++)
            good = good && list[d].domid == (unsigned int)d &&
                   list[d].seq == (unsigned int)d + 1;
        TAP_OK(good, "list of %u: each once, in order", sizes[i]);
        libxl_guest_suspend_info_list_free(list, nb);
    }

    reset();
    host_nr = 10;
    list = libxl_list_domain_suspend_state(NULL, 7, &nb);
    TAP_OK(list && nb == 3 && list[0].seq == 8, "list after seq 7");
    libxl_guest_suspend_info_list_free(list, nb);

    reset();
    host_nr = 4;
    twice = true;
    list = libxl_list_domain_suspend_state(NULL, 0, &nb);
    TAP_OK(list && nb == 3 && list[0].domid == 1 && list[2].domid == 3 &&
           list[2].seq == 4, "list: a domain that comes twice counts once");
    libxl_guest_suspend_info_list_free(list, nb);

    reset();
    answer_errno = EPERM;
    list = libxl_list_domain_suspend_state(NULL, 0, &nb);
    TAP_OK(!list && nb == ERROR_GUEST_SUSPEND_DENIED,
           "list: NULL, and the rc in place of the number");
    libxl_guest_suspend_info_list_free(NULL, nb);
}

static void test_resume(void)
{
    libxl_domain_resume_virq_opts opts;

    reset();
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, 4, LIBXL_RESUME_VIRQ_NONE, NULL),
               0, "resume");
    TAP_OK(asked.op == XEN_GUEST_SUSPEND_OP_RESUME && asked_domid == 4 &&
           !asked.u.resume.flags && !asked.u.resume.virq &&
           !asked.u.resume.seq && !asked.u.resume.instance,
           "resume: without conditions or interrupt");

    reset();
    libxl_domain_resume_virq_opts_init(&opts);
    opts.seq = 11;
    opts.instance = 12;
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, 4, 0, &opts), 0,
               "resume with vIRQ 0");
    TAP_OK(asked.u.resume.flags == XEN_GUEST_SUSPEND_RESUME_VIRQ &&
           !asked.u.resume.virq && asked.u.resume.seq == 11 &&
           asked.u.resume.instance == 12, "resume: all of it arrives");

    for (size_t i = 0; i < 4; i++) {
        reset();
        libxl_domain_resume_virq_opts_init(&opts);
        opts.reserved[i] = 1;
        TAP_OK(libxl_domain_resume_virq(NULL, 4, 33, &opts) == ERROR_INVAL &&
               !fake_xencall_nr_calls, "resume: reserved[%zu] is refused", i);
    }
}

static void test_errors(void)
{
    static const struct {
        int errnoval, rc;
    } table[] = {
        { ESRCH, ERROR_DOMAIN_NOTFOUND },
        { EACCES, ERROR_GUEST_SUSPEND_UNSUPPORTED },
        { ENOSYS, ERROR_GUEST_SUSPEND_UNSUPPORTED },
        { ENODATA, ERROR_GUEST_SUSPEND_NOT_SUSPENDED },
        { ESTALE, ERROR_GUEST_SUSPEND_STALE },
        { EBUSY, ERROR_GUEST_SUSPEND_VIRQ_BUSY },
        { ENXIO, ERROR_GUEST_SUSPEND_VCPU_OFFLINE },
        { EPERM, ERROR_GUEST_SUSPEND_DENIED },
        { ENOMEM, ERROR_NOMEM },
        { EFAULT, ERROR_FAIL },
    };
    libxl_guest_suspend_info info;
    int rc;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        reset();
        answer_errno = table[i].errnoval;
        info.seq = 99;
        TAP_OK(libxl_domain_suspend_state(NULL, 1, &info) == table[i].rc &&
               info.seq == 99, "state: %s", strerror(table[i].errnoval));
        TAP_EQ_INT(libxl_domain_resume_virq(NULL, 1, 40, NULL), table[i].rc,
                   "resume: the same");
        TAP_OK(strcmp(libxl_guest_suspend_strerror(table[i].rc),
                      "unknown error"), "... and it has words");
    }

    reset();
    answer_errno = EFAULT;
    errno = 0;
    rc = libxl_domain_suspend_state(NULL, 1, &info);
    TAP_OK(rc == ERROR_FAIL && errno == EFAULT,
           "after ERROR_FAIL, errno tells more");

    reset();
    answer_errno = EOPNOTSUPP;
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, 1, 8192, NULL),
               ERROR_GUEST_SUSPEND_VIRQ_LPI, "resume by an LPI");

    reset();
    einval_of_virq = true;
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, 3, 27, NULL),
               ERROR_GUEST_SUSPEND_BAD_VIRQ, "EINVAL for the vIRQ");
    reset();
    answer_errno = EINVAL;
    get_errno = ESRCH;
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, 3, 27, NULL),
               ERROR_DOMAIN_NOTFOUND, "EINVAL for a domain that dies");
    reset();
    answer_errno = EINVAL;
    get_errno = EFAULT;
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, 3, 27, NULL),
               ERROR_GUEST_SUSPEND_SHUT_DOWN,
               "EINVAL for one that is shut down, or the caller's own");
    TAP_EQ_INT(libxl_domain_resume_virq(NULL, 3, LIBXL_RESUME_VIRQ_NONE, NULL),
               ERROR_GUEST_SUSPEND_SHUT_DOWN, "... without a vIRQ");
    for (int own = ERROR_GUEST_SUSPEND_CONTESTED;
         own <= ERROR_GUEST_SUSPEND_UNSUPPORTED; own++)
        TAP_OK(strcmp(libxl_guest_suspend_strerror(own), "unknown error"),
               "%d has words", own);

    reset();
    fake_xencall_open_errno = ENOENT;
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 1, &info),
               ERROR_GUEST_SUSPEND_NO_HYPERVISOR, "no Xen");
    fake_xencall_open_errno = EMFILE;
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 1, &info), ERROR_FAIL,
               "no more files");
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 0x7ff0, &info), ERROR_FAIL,
               "... before all else");
    reset();
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, UINT32_MAX, &info),
               ERROR_DOMAIN_NOTFOUND, "INVALID_DOMID");
    TAP_EQ_STR(libxl_guest_suspend_strerror(-9999), "unknown error",
               "words for an rc from elsewhere");

    TAP_EQ_INT(ERROR_GUEST_SUSPEND_UNSUPPORTED, -1001,
               "our errors begin far below libxl's");
}

/* x86 */

static int param_errno;
static uint64_t param_value;
static struct xen_hvm_param param_asked;

static int get_param(unsigned int nr, unsigned int cmd, void *arg)
{
    struct xen_hvm_param *param = arg;

    param_asked = *param;
    errno = nr != 34 || cmd != 1 ? EFAULT : param_errno;
    if (!errno)
        param->value = param_value;
    return errno ? -1 : 0;
}

/* A ctx that nobody looks into. */
#define CTX ((libxl_ctx *)&param_asked)

static unsigned int nr_triggers;
static int trigger_rc;
static bool trigger_wakes;
static int get_errno_after_trigger;
/* Wait for an answer on a connection to the device model, as libxl does. */
static int qmp_fd = -1;

/* libxenlight's */
int libxl_send_trigger(libxl_ctx *ctx, uint32_t domid, libxl_trigger trigger,
                       uint32_t vcpuid, const libxl_asyncop_how *ao_how)
{
    nr_triggers++;
    get_errno = get_errno_after_trigger;
    if (ctx != CTX || domid != 3 || trigger != 6 || vcpuid || ao_how)
        return -99;
    if (qmp_fd >= 0) {
        struct pollfd pollfd = { .fd = qmp_fd, .events = POLLIN };

        return poll(&pollfd, 1, 60000) == 1 ? ERROR_FAIL : -98;
    }
    if (trigger_wakes) {
        answer.state = XEN_GUEST_SUSPEND_STATE_RUNNING;
        answer.seq++;
        param_value = 0;
    }
    return trigger_rc;
}

static void reset_x86(bool patched)
{
    reset();
    gsuspend_x86 = true;
    fake_xencall_handler2_fn = get_param;
    answer_errno = patched ? EOPNOTSUPP : EACCES;
    get_is_fine = patched;
    answer.state = XEN_GUEST_SUSPEND_STATE_SUSPENDED;
    answer.kind = XEN_GUEST_SUSPEND_KIND_ACPI_S3;
    answer.seq = 77;
    param_errno = 0;
    param_value = 3;
    nr_triggers = 0;
    trigger_rc = 0;
    trigger_wakes = true;
    get_errno_after_trigger = 0;
}

static int wake_3(libxl_ctx *ctx, uint32_t virq, uint64_t seq,
                  uint64_t instance)
{
    libxl_domain_resume_virq_opts opts;

    libxl_domain_resume_virq_opts_init(&opts);
    opts.seq = seq;
    opts.instance = instance;
    return libxl_domain_resume_virq(ctx, 3, virq, &opts);
}

#define NONE LIBXL_RESUME_VIRQ_NONE

static void test_x86(void)
{
    for (int patched = 0; patched < 2; patched++) {
        const char *with = patched ? "x86" : "x86 without the patch";

        reset_x86(patched);
        TAP_OK(!libxl_domain_resume_virq(CTX, 3, NONE, NULL) &&
               nr_triggers == 1, "%s: woken by the device model", with);
        reset_x86(patched);
        TAP_OK(libxl_domain_resume_virq(NULL, 3, NONE, NULL) ==
               ERROR_GUEST_SUSPEND_DEVICE_MODEL && !nr_triggers,
               "%s: not without a ctx", with);
        TAP_OK(libxl_domain_resume_virq(CTX, 3, 32, NULL) ==
               ERROR_GUEST_SUSPEND_NO_VIRQ && !nr_triggers,
               "%s: not by a vIRQ", with);

        trigger_rc = ERROR_INVAL;
        trigger_wakes = false;
        TAP_EQ_INT(libxl_domain_resume_virq(CTX, 3, NONE, NULL), ERROR_INVAL,
                   "... libxl's failure is ours");

        reset_x86(patched);
        answer.state = XEN_GUEST_SUSPEND_STATE_RUNNING;
        param_value = 0;
        TAP_OK(libxl_domain_resume_virq(CTX, 3, NONE, NULL) ==
               ERROR_GUEST_SUSPEND_NOT_SUSPENDED && !nr_triggers,
               "%s: not suspended", with);
    }

    reset_x86(true);
    TAP_EQ_INT(wake_3(CTX, NONE, 77, 4), 0, "x86: seq and instance are right");
    reset_x86(true);
    TAP_OK(wake_3(CTX, NONE, 76, 4) == ERROR_GUEST_SUSPEND_STALE &&
           wake_3(CTX, NONE, 77, 5) == ERROR_GUEST_SUSPEND_STALE &&
           !nr_triggers, "x86: another sleep, another domain");
    reset_x86(true);
    get_errno = ESRCH;
    TAP_OK(wake_3(CTX, NONE, 0, 0) == ERROR_DOMAIN_NOTFOUND && !nr_triggers,
           "x86: no such domain");

    reset_x86(false);
    TAP_OK(wake_3(CTX, NONE, 77, 0) == ERROR_GUEST_SUSPEND_NO_SEQ &&
           wake_3(CTX, NONE, 0, 4) == ERROR_GUEST_SUSPEND_NO_SEQ &&
           wake_3(CTX, NONE, LIBXL_GUEST_SUSPEND_UNKNOWN, 0) ==
           ERROR_GUEST_SUSPEND_NO_SEQ && !nr_triggers,
           "x86 without the patch: no seq and no instance");

    reset_x86(true);
    get_errno_after_trigger = ESRCH;
    TAP_EQ_INT(libxl_domain_resume_virq(CTX, 3, NONE, NULL),
               ERROR_DOMAIN_DESTROYED, "x86: it is destroyed instead");

    /* It takes its time. */
    reset_x86(true);
    trigger_wakes = false;
    TAP_EQ_INT(libxl_domain_resume_virq(CTX, 3, NONE, NULL), ERROR_TIMEDOUT,
               "x86: the device model does nothing");
}

/* The device model listens, and never answers. */
static void test_stopped_device_model(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char directory[] = "/tmp/test-libxlguestsuspend.XXXXXX";
    int listening[2], other, i;
    int64_t start_ms;

    if (!mkdtemp(directory))
        abort();
    for (i = 0; i < 2; i++) {
        snprintf(address.sun_path, sizeof(address.sun_path),
                 "%s/qmp-libxl-%d", directory, i ? 13 : 3);
        listening[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(listening[i], (struct sockaddr *)&address, sizeof(address)) ||
            listen(listening[i], 1))
            abort();
        other = qmp_fd;
        qmp_fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(qmp_fd, (struct sockaddr *)&address, sizeof(address)))
            abort();
        unlink(address.sun_path);
    }
    i = qmp_fd;
    qmp_fd = other;
    other = i;

    reset_x86(true);
    start_ms = gsuspend_now_ms();
    TAP_EQ_INT(libxl_domain_resume_virq(CTX, 3, NONE, NULL), ERROR_TIMEDOUT,
               "x86: the device model does not answer");
    TAP_OK(gsuspend_now_ms() >=
           start_ms + LIBXL_GUEST_SUSPEND_DEVICE_MODEL_MS,
           "... for the time that it has");
    TAP_EQ_INT(send(other, "x", 1, MSG_NOSIGNAL), 1,
               "... another domain's connection is left alone");
    close(qmp_fd);
    qmp_fd = -1;
    TAP_EQ_INT(libxl_domain_resume_virq(CTX, 3, NONE, NULL), 0,
               "... and one that answers is asked again");

    close(other);
    close(listening[0]);
    close(listening[1]);
    rmdir(directory);
}

static void test_stock_state(void)
{
    static const struct {
        int errnoval, rc;
    } errors[] = {
        { ESRCH, ERROR_DOMAIN_NOTFOUND },
        { EPERM, ERROR_GUEST_SUSPEND_DENIED },
        { EACCES, ERROR_GUEST_SUSPEND_DENIED },
        { ENOSYS, ERROR_GUEST_SUSPEND_UNSUPPORTED },
        { EFAULT, ERROR_FAIL },
    };
    const uint64_t unknown = LIBXL_GUEST_SUSPEND_UNKNOWN;
    libxl_guest_suspend_info info;

    for (int asleep = 0; asleep < 2; asleep++) {
        reset_x86(false);
        param_value = asleep ? 3 : 0;
        memset(&info, 0xa5, sizeof(info));
        TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info), 0,
                   "x86 without the patch: state");
        TAP_OK(param_asked.domid == 3 && param_asked.index == 14 &&
               !param_asked.pad && !param_asked.value, "... what was asked");
        TAP_OK(info.domid == 3 && (int)info.state == asleep &&
               info.kind == (asleep ? LIBXL_GUEST_SUSPEND_KIND_ACPI_S3
                                    : LIBXL_GUEST_SUSPEND_KIND_UNKNOWN),
               "... what is known");
        TAP_OK(info.seq == unknown && info.instance == unknown &&
               info.now_ns == unknown && info.since_ns == unknown &&
               info.asleep_ns == unknown && info.suspends == unknown &&
               info.denied == unknown &&
               info.wake_reason == LIBXL_GUEST_SUSPEND_WAKE_UNKNOWN &&
               info.wake_virq == LIBXL_GUEST_SUSPEND_VIRQ_NONE &&
               info.wake_vcpu == LIBXL_GUEST_SUSPEND_VCPU_NONE &&
               info.denied_reason == LIBXL_GUEST_SUSPEND_DENIED_UNKNOWN,
               "... and what is not");
    }

    reset_x86(false);
    param_errno = EINVAL;
    TAP_OK(!libxl_domain_suspend_state(NULL, 3, &info) &&
           info.state == LIBXL_GUEST_SUSPEND_STATE_RUNNING &&
           info.kind == LIBXL_GUEST_SUSPEND_KIND_NONE && !info.suspends &&
           !info.asleep_ns && !info.denied && info.seq == unknown &&
           info.wake_reason == LIBXL_GUEST_SUSPEND_WAKE_NONE &&
           info.denied_reason == LIBXL_GUEST_SUSPEND_DENIED_NONE,
           "a PV domain runs, and never slept");

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        reset_x86(false);
        param_errno = errors[i].errnoval;
        TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info), errors[i].rc,
                   strerror(errors[i].errnoval));
    }

    reset_x86(false);
    gsuspend_x86 = false;
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info),
               ERROR_GUEST_SUSPEND_UNSUPPORTED,
               "Arm: no interface version is known to work");
}

/* Arm without the patch: the domctls as bytes, which are an ABI. */

static uint32_t stock_version, stock_flags, stock_domid;
static int stock_errno;                 /* of the domain's domctls */
static unsigned int nr_resumed, nr_refused;

static int stock_arm(unsigned int nr, void *arg)
{
    uint32_t frame[4], head[2];

    memcpy(frame, arg, sizeof(frame));
    errno = EFAULT;
    if (nr != 36 || fake_xencall_buffer_size(arg) != 144)
        return -1;
    errno = EACCES;
    if (frame[0] == 190 || frame[1] != stock_version) {
        nr_refused++;
        return -1;
    }
    errno = frame[2] == 0x7ff4 ? ESRCH : stock_errno;
    if (errno)
        return -1;
    if (frame[0] == 27) {
        nr_resumed += frame[2] == 3;
        return 0;
    }
    head[0] = stock_domid;
    head[1] = stock_flags;
    memcpy((char *)arg + 16, head, sizeof(head));
    return frame[0] == 5 ? 0 : -1;
}


static void reset_stock_arm(void)
{
    reset();
    fake_xencall_handler_fn = stock_arm;
    stock_version = 0x18;
    stock_flags = 1u << 2 | 2u << 16;   /* shut down, SHUTDOWN_suspend */
    stock_domid = 3;
    stock_errno = 0;
    nr_resumed = nr_refused = 0;
}

static void test_stock_arm_state(void)
{
    static const struct {
        uint32_t flags;
        libxl_guest_suspend_state state;
        const char *what;
    } states[] = {
        { 1u << 2 | 2u << 16, LIBXL_GUEST_SUSPEND_STATE_SUSPENDED, "asleep" },
        { 1u << 2 | 1u << 3 | 2u << 16, LIBXL_GUEST_SUSPEND_STATE_SUSPENDED,
          "asleep, and paused" },
        { 1u << 4 | 255u << 16, LIBXL_GUEST_SUSPEND_STATE_RUNNING, "blocked" },
        { 2u << 16, LIBXL_GUEST_SUSPEND_STATE_RUNNING, "not down yet" },
        { 1u << 2, LIBXL_GUEST_SUSPEND_STATE_RUNNING, "powered off" },
        { 1u << 2 | 3u << 16, LIBXL_GUEST_SUSPEND_STATE_RUNNING, "crashed" },
    };
    libxl_guest_suspend_info info;
    bool asleep;

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        reset_stock_arm();
        stock_flags = states[i].flags;
        asleep = states[i].state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED;
        TAP_OK(!libxl_domain_suspend_state(NULL, 3, &info) &&
               info.domid == 3 && info.state == states[i].state &&
               info.kind == (asleep ? LIBXL_GUEST_SUSPEND_KIND_PSCI
                                    : LIBXL_GUEST_SUSPEND_KIND_UNKNOWN) &&
               info.seq == LIBXL_GUEST_SUSPEND_UNKNOWN &&
               info.wake_reason == LIBXL_GUEST_SUSPEND_WAKE_UNKNOWN,
               "Arm without the patch: %s", states[i].what);
    }

    for (uint32_t version = 0x14; version <= 0x19; version++) {
        reset_stock_arm();
        stock_version = version;
        TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info),
                   version == 0x14 || version == 0x19
                   ? ERROR_GUEST_SUSPEND_UNSUPPORTED : 0,
                   "... an interface version, tried or refused");
        TAP_OK(nr_refused <= 5, "... with few calls");
    }

    reset_stock_arm();
    stock_domid = 4;
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info),
               ERROR_DOMAIN_NOTFOUND, "... another domain's answer");
    reset_stock_arm();
    stock_flags |= 1;
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info),
               ERROR_DOMAIN_NOTFOUND, "... it is dying");
    reset_stock_arm();
    stock_errno = EACCES;
    TAP_EQ_INT(libxl_domain_suspend_state(NULL, 3, &info),
               ERROR_GUEST_SUSPEND_DENIED, "... Flask refuses");
}

static void send_answer(int fd, struct xsd_sockmsg header, const char *text)
{
    if (strcmp(text, "OK"))
        header.type = XS_ERROR;
    header.len = (uint32_t)strlen(text) + 1;
    if (write(fd, &header, sizeof(header)) != sizeof(header) ||
        write(fd, text, header.len) != (ssize_t)header.len)
        _exit(1);
}

/*
 * xenstored, which has no node, up to "XS_RESUME 3", which it answers with text.
 * A wake looks for a request to sleep first, on a connection of its own.
 */
static pid_t start_xenstored(int listening, const char *text)
{
    struct xsd_sockmsg header;
    char body[64];
    pid_t pid = fork();
    int fd = -1;

    if (pid)
        return pid;
    for (;;) {
        if (fd < 0)
            fd = accept(listening, NULL, NULL);
        if (read(fd, &header, sizeof(header)) != sizeof(header)) {
            if (fd < 0)
                _exit(1);
            close(fd);
            fd = -1;
            continue;
        }
        memset(body, 0, sizeof(body));
        if (header.len >= sizeof(body) ||
            read(fd, body, header.len) != (ssize_t)header.len)
            _exit(1);
        if (header.type == XS_RESUME)
            break;
        send_answer(fd, header, "ENOENT");
    }
    if (header.len != 2 || strcmp(body, "3"))
        _exit(1);
    send_answer(fd, header, text);
    _exit(0);
}

static void test_stock_arm_wake(void)
{
    static const struct {
        const char *text;
        int rc;
    } answers[] = {
        { "OK", 0 },
        { "ENOENT", 0 },                /* a domain that has ended */
        { "EIO", ERROR_GUEST_SUSPEND_NO_XENSTORE },
    };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char directory[] = "/tmp/test-libxlguestsuspend.XXXXXX";
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status;
    pid_t pid;

    if (!mkdtemp(directory))
        abort();
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
    setenv("XENSTORED_PATH", address.sun_path, 1);

    reset_stock_arm();
    TAP_OK(libxl_domain_resume_virq(NULL, 3, NONE, NULL) ==
           ERROR_GUEST_SUSPEND_NO_XENSTORE && !nr_resumed,
           "Arm without the patch: without xenstored nothing is woken");

    if (bind(listening, (struct sockaddr *)&address, sizeof(address)) ||
        listen(listening, 8))
        abort();
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        reset_stock_arm();
        pid = start_xenstored(listening, answers[i].text);
        TAP_OK(libxl_domain_resume_virq(NULL, 3, NONE, NULL) == answers[i].rc &&
               nr_resumed == 1, "... woken, and xenstored says %s",
               answers[i].text);
        TAP_OK(waitpid(pid, &status, 0) == pid && !status,
               "... xenstored was told");
    }

    reset_stock_arm();
    TAP_OK(libxl_domain_resume_virq(NULL, 3, 32, NULL) ==
           ERROR_GUEST_SUSPEND_NO_VIRQ &&
           wake_3(NULL, NONE, 77, 0) == ERROR_GUEST_SUSPEND_NO_SEQ &&
           wake_3(NULL, NONE, 0, 4) == ERROR_GUEST_SUSPEND_NO_SEQ &&
           !nr_resumed, "... no vIRQ, no seq and no instance");
    stock_flags = 1u << 2;
    TAP_OK(libxl_domain_resume_virq(NULL, 3, NONE, NULL) ==
           ERROR_GUEST_SUSPEND_NOT_SUSPENDED && !nr_resumed,
           "... one that has powered off stays so");
    stock_version = 0x19;
    TAP_OK(libxl_domain_resume_virq(NULL, 3, NONE, NULL) ==
           ERROR_GUEST_SUSPEND_UNSUPPORTED && !nr_resumed,
           "... a version that is not known to work is refused");

    unsetenv("XENSTORED_PATH");
    unlink(address.sun_path);
    rmdir(directory);
    close(listening);
}

/* To be compared by hand with the header: it is an interface. */
static const char stock_json[] =
    "{\n"
    "    \"domid\": 8,\n"
    "    \"state\": \"suspended\",\n"
    "    \"seq\": null,\n"
    "    \"instance\": null,\n"
    "    \"now_ns\": null,\n"
    "    \"since_ns\": null,\n"
    "    \"asleep_ns\": null,\n"
    "    \"suspends\": null,\n"
    "    \"denied\": null,\n"
    "    \"kind\": \"acpi-s3\",\n"
    "    \"wake_reason\": \"unknown\",\n"
    "    \"wake_virq\": null,\n"
    "    \"wake_vcpu\": null,\n"
    "    \"denied_reason\": \"unknown\",\n"
    "    \"wake_due\": \"unknown\"\n"
    "}\n";

static const char info_json[] =
    "{\n"
    "    \"domid\": 8,\n"
    "    \"state\": \"suspended\",\n"
    "    \"seq\": 18446744073709551614,\n"
    "    \"instance\": 2,\n"
    "    \"now_ns\": 3,\n"
    "    \"since_ns\": 4,\n"
    "    \"asleep_ns\": 5,\n"
    "    \"suspends\": 6,\n"
    "    \"denied\": 7,\n"
    "    \"kind\": \"psci\",\n"
    "    \"wake_reason\": \"toolstack\",\n"
    "    \"wake_virq\": null,\n"
    "    \"wake_vcpu\": 0,\n"
    "    \"denied_reason\": \"none\",\n"
    "    \"wake_due\": \"alarm\"\n"
    "}\n";

static void test_types(void)
{
    libxl_guest_suspend_info info, fresh;
    libxl_domain_resume_virq_opts opts;
    char *json;

    /* What exists does not change within one soname. */
    TAP_EQ_INT(sizeof(info), 136, "size of libxl_guest_suspend_info");
    TAP_EQ_INT(sizeof(opts), 48, "size of libxl_domain_resume_virq_opts");

    libxl_guest_suspend_info_init(&fresh);
    TAP_OK(fresh.domid == (libxl_domid)INVALID_DOMID &&
           fresh.state == LIBXL_GUEST_SUSPEND_STATE_UNKNOWN, "init");
    info = fresh;
    info.domid = 8;
    info.state = LIBXL_GUEST_SUSPEND_STATE_SUSPENDED;
    info.seq = UINT64_MAX - 1;
    info.instance = 2;
    info.now_ns = 3;
    info.since_ns = 4;
    info.asleep_ns = 5;
    info.suspends = 6;
    info.denied = 7;
    info.kind = LIBXL_GUEST_SUSPEND_KIND_PSCI;
    info.wake_reason = LIBXL_GUEST_SUSPEND_WAKE_TOOLSTACK;
    info.wake_vcpu = 0;
    info.wake_due = LIBXL_GUEST_SUSPEND_WAKE_ALARM;
    json = libxl_guest_suspend_info_to_json(NULL, &info);
    TAP_EQ_STR(json, info_json, "info as JSON");
    free(json);

    reset_x86(false);
    libxl_domain_suspend_state(NULL, 8, &info);
    json = libxl_guest_suspend_info_to_json(NULL, &info);
    TAP_EQ_STR(json, stock_json, "what is not known is null");
    free(json);

    libxl_guest_suspend_info_dispose(&info);
    TAP_OK(!memcmp(&info, &fresh, sizeof(info)), "dispose, then as after init");
    libxl_guest_suspend_info_dispose(&info);
    libxl_guest_suspend_info_dispose(NULL);

    libxl_domain_resume_virq_opts_init(&opts);
    opts.seq = 1;
    opts.instance = 2;
    json = libxl_domain_resume_virq_opts_to_json(NULL, &opts);
    TAP_EQ_STR(json, "{\n    \"seq\": 1,\n    \"instance\": 2\n}\n",
               "opts as JSON");
    free(json);
    libxl_domain_resume_virq_opts_dispose(&opts);
    libxl_domain_resume_virq_opts_dispose(NULL);
}

int main(void)
{
    test_words();
    test_state();
    test_list();
    test_resume();
    test_errors();
    test_x86();
    test_stopped_device_model();
    test_stock_state();
    test_stock_arm_state();
    test_stock_arm_wake();
    test_types();
    TAP_OK(!fake_xencall_nr_open && !fake_xencall_nr_buffers,
           "no handle and no buffer is left over");
    return tap_done();
}
