/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libxl_guest_suspend.h: guest suspend, as an extension of libxl.
 *
 * A guest suspend is a guest's own sleep: PSCI SYSTEM_SUSPEND on Arm, ACPI S3
 * on x86 HVM.  It has nothing to do with libxl_domain_suspend(), which saves a
 * domain, and nothing of the shutdown machinery takes part in it.  A sleeping
 * domain is woken by an interrupt of its own, or by its toolstack.
 *
 * The hypervisor needs guest suspend, which is a patch to Xen.  A hypervisor
 * without it leads to an error of its own.  A part of this works without the
 * patch: see "Without the patch" below.  Link with -lxlguestsuspend (pkg-config:
 * xlguestsuspend).
 *
 * Rules for all functions
 *
 * ctx      An ordinary libxl_ctx, or NULL.  The library is bound to no version
 *          of libxenlight, and one binary works with every hypervisor that has
 *          guest suspend.  libxl_domain_resume_virq() and
 *          libxl_domain_suspend_request() use ctx, on x86; nothing else does.
 * Return   int functions: 0, or a negative rc: one of libxl's ERROR_*, or of
 *          ours below, which libxl will never return.  After ERROR_FAIL, errno
 *          tells more; otherwise it is not meaningful.  On an error, results
 *          are untouched unless said otherwise.
 * Logging  The library prints and logs nothing.  libxl's own functions log to
 *          ctx, where ctx is used.
 * Memory   What a function returns or fills in is the caller's, to be released
 *          as its comment says, or with free().
 * NULL     is harmless for ctx and for _dispose and _free, and allowed for
 *          other pointers only where said.
 * Threads  Any number, with one ctx or several: no function keeps anything.
 * fork     A child may call every function; only a watch is not for a child.
 * Privileges  As for libxl: root in the control domain, or in a domain that XSM
 *          allows.
 * Growth   Later versions may add values to the enumerations, and give names
 *          to reserved fields, each announced by a LIBXL_HAVE_* of its own.
 *          Sizes, and what exists, do not change within one soname.  Make and
 *          release structures with _init and _dispose only.
 *
 * Without the patch
 *
 * On x86, every Xen tells whether an HVM domain is in ACPI S3 at the moment.  On
 * Arm, Xen 4.17 to 4.22 tells whether a domain has shut down with SHUTDOWN_suspend.
 * That is what PSCI SYSTEM_SUSPEND does in Xen 4.22.  Older Xen without the patch
 * has no SYSTEM_SUSPEND.  Other Xen on Arm gives ERROR_GUEST_SUSPEND_UNSUPPORTED.
 *
 * Xen tells no time, no count and no event.  Unknown fields are marked: numbers are
 * LIBXL_GUEST_SUSPEND_UNKNOWN, enumerations _UNKNOWN, interrupts and vCPUs _NONE.
 * domid and state are known.  kind is known while the domain sleeps, and of a PV
 * domain, which never sleeps.  An unknown seq tells that the record is of such a
 * hypervisor.  A call that is given a seq or an instance other than 0 fails with
 * ERROR_GUEST_SUSPEND_NO_SEQ.  Waits and watches look every
 * LIBXL_GUEST_SUSPEND_POLL_MS.  They miss a sleep that begins and ends in between,
 * and do not notice that a domid was used again.
 *
 * On Arm, a domain that its toolstack has suspended (libxl_domain_suspend_only(),
 * "xl suspend") is in the same state.  It cannot be told apart, and counts as
 * suspended; libxl_domain_resume_virq() does to it what libxl_domain_resume() does.
 * A domain that is being saved or migrated would be, too, but these Xen versions
 * cannot save or migrate a domain on Arm.
 */

#ifndef LIBXL_GUEST_SUSPEND_H
#define LIBXL_GUEST_SUSPEND_H

#include <stdbool.h>
#include <stdint.h>

#include <libxl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exported, however the rest of a program is built. */
#pragma GCC visibility push(default)

/*
 * LIBXL_HAVE_GUEST_SUSPEND
 *
 * This header is there, with libxl_guest_suspend_info,
 * libxl_domain_suspend_state, libxl_list_domain_suspend_state and
 * libxl_domain_resume_virq.
 */
#define LIBXL_HAVE_GUEST_SUSPEND 1

/*
 * Errors
 *
 * Besides these: ERROR_DOMAIN_NOTFOUND, ERROR_INVAL, ERROR_NOMEM, ERROR_FAIL.
 */
typedef enum libxl_guest_suspend_error {
    /* This hypervisor has no guest suspend: the patch is missing. */
    ERROR_GUEST_SUSPEND_UNSUPPORTED = -1001,
    /* The domain is not suspended. */
    ERROR_GUEST_SUSPEND_NOT_SUSPENDED = -1002,
    /* The sleep, or the domain, that was meant is over. */
    ERROR_GUEST_SUSPEND_STALE = -1003,
    /* The vIRQ belongs to a piece of hardware that the guest was given. */
    ERROR_GUEST_SUSPEND_VIRQ_BUSY = -1004,
    /* The vIRQ goes to a vCPU that is offline. */
    ERROR_GUEST_SUSPEND_VCPU_OFFLINE = -1005,
    /* The vIRQ is an LPI, which cannot be injected. */
    ERROR_GUEST_SUSPEND_VIRQ_LPI = -1006,
    /*
     * x86: the domain wakes through its device model, which takes a ctx and a
     * program with libxenlight.
     */
    ERROR_GUEST_SUSPEND_DEVICE_MODEL = -1007,
    /* The hypervisor's security policy forbids it. */
    ERROR_GUEST_SUSPEND_DENIED = -1008,
    /* The hypervisor is out of reach: no Xen, no control domain, not root. */
    ERROR_GUEST_SUSPEND_NO_HYPERVISOR = -1009,
    /* The vIRQ is none that can be injected into this domain. */
    ERROR_GUEST_SUSPEND_BAD_VIRQ = -1010,
    /* The domain is shut down, or it is the caller's own. */
    ERROR_GUEST_SUSPEND_SHUT_DOWN = -1011,
    /* x86, or Arm without the patch: a domain wakes without an interrupt. */
    ERROR_GUEST_SUSPEND_NO_VIRQ = -1012,
    /* This hypervisor has no guest suspend, and keeps no seq and no instance. */
    ERROR_GUEST_SUSPEND_NO_SEQ = -1013,
    /*
     * xenstore does not answer.  It is needed without the patch, and by
     * libxl_domain_suspend_request().
     */
    ERROR_GUEST_SUSPEND_NO_XENSTORE = -1014,
    /* The guest does not say that it takes requests to sleep. */
    ERROR_GUEST_SUSPEND_CANNOT_ASK = -1015,
    /* The guest did not take the request in time; it is withdrawn. */
    ERROR_GUEST_SUSPEND_NO_ANSWER = -1016,
    /* The guest took the request, and did not go to sleep. */
    ERROR_GUEST_SUSPEND_DECLINED = -1017,
    /* The guest was asked for something else: to power off, to reboot... */
    ERROR_GUEST_SUSPEND_REQUEST_PENDING = -1018,
    /*
     * The guest writes the node of its request without end, so that nobody else
     * can change it.
     */
    ERROR_GUEST_SUSPEND_CONTESTED = -1019
} libxl_guest_suspend_error;

/*
 * One line of English for an rc of this library, or for one that the libxl has
 * with which this library was built.  It has no newline and no subject: "not
 * suspended".  "unknown error" for any other number.  Never NULL; static.
 */
const char *libxl_guest_suspend_strerror(int rc);

/*
 * Enumerations
 *
 * For each: _to_string gives a static word, "unknown" for a value that is not
 * listed; _from_string takes such a word, in any case of letters, and returns
 * ERROR_FAIL for any other; _to_json gives the word as a JSON string, to be
 * released with free(), or NULL with errno set (ctx may be NULL).  The words
 * are part of the interface.
 */

/* Whether the domain sleeps.  "running" is anything else: paused, blocked. */
typedef enum libxl_guest_suspend_state {
    LIBXL_GUEST_SUSPEND_STATE_UNKNOWN = -1,      /* of a newer hypervisor */
    LIBXL_GUEST_SUSPEND_STATE_RUNNING = 0,       /* "running" */
    LIBXL_GUEST_SUSPEND_STATE_SUSPENDED = 1      /* "suspended" */
} libxl_guest_suspend_state;

/* How the domain last went to sleep. */
typedef enum libxl_guest_suspend_kind {
    LIBXL_GUEST_SUSPEND_KIND_UNKNOWN = -1,
    LIBXL_GUEST_SUSPEND_KIND_NONE = 0,           /* "none": it never did */
    LIBXL_GUEST_SUSPEND_KIND_PSCI = 1,           /* "psci" */
    LIBXL_GUEST_SUSPEND_KIND_ACPI_S3 = 2         /* "acpi-s3" */
} libxl_guest_suspend_kind;

/* What ended the last sleep that ended. */
typedef enum libxl_guest_suspend_wake {
    LIBXL_GUEST_SUSPEND_WAKE_UNKNOWN = -1,
    LIBXL_GUEST_SUSPEND_WAKE_NONE = 0,           /* "none": none ended yet */
    LIBXL_GUEST_SUSPEND_WAKE_INTERRUPT = 1,      /* "interrupt": the guest's */
    LIBXL_GUEST_SUSPEND_WAKE_TOOLSTACK = 2,      /* "toolstack" */
    LIBXL_GUEST_SUSPEND_WAKE_DEVICE_MODEL = 3,   /* "device-model" (x86) */
    LIBXL_GUEST_SUSPEND_WAKE_SHUTDOWN = 4,       /* "shutdown", or a crash */
    LIBXL_GUEST_SUSPEND_WAKE_DESTROY = 5,        /* "destroy" */
    LIBXL_GUEST_SUSPEND_WAKE_ALARM = 6           /* "alarm" of the RTC (x86) */
} libxl_guest_suspend_wake;

/* Why the last attempt to go to sleep was refused. */
typedef enum libxl_guest_suspend_denied {
    LIBXL_GUEST_SUSPEND_DENIED_UNKNOWN = -1,
    LIBXL_GUEST_SUSPEND_DENIED_NONE = 0,         /* "none": none was */
    LIBXL_GUEST_SUSPEND_DENIED_VCPU_ONLINE = 1,  /* "vcpu-online": another */
    LIBXL_GUEST_SUSPEND_DENIED_BAD_ENTRY = 2,    /* "bad-entry" point */
    LIBXL_GUEST_SUSPEND_DENIED_UNSUPPORTED = 3,  /* "unsupported": dom0 */
    LIBXL_GUEST_SUSPEND_DENIED_SHUTDOWN = 4      /* "shutdown", or dying */
} libxl_guest_suspend_denied;

const char *libxl_guest_suspend_state_to_string(libxl_guest_suspend_state p);
const char *libxl_guest_suspend_kind_to_string(libxl_guest_suspend_kind p);
const char *libxl_guest_suspend_wake_to_string(libxl_guest_suspend_wake p);
const char *libxl_guest_suspend_denied_to_string(libxl_guest_suspend_denied p);

int libxl_guest_suspend_state_from_string(const char *s,
                                          libxl_guest_suspend_state *e);
int libxl_guest_suspend_kind_from_string(const char *s,
                                         libxl_guest_suspend_kind *e);
int libxl_guest_suspend_wake_from_string(const char *s,
                                         libxl_guest_suspend_wake *e);
int libxl_guest_suspend_denied_from_string(const char *s,
                                           libxl_guest_suspend_denied *e);

char *libxl_guest_suspend_state_to_json(libxl_ctx *ctx,
                                        libxl_guest_suspend_state p);
char *libxl_guest_suspend_kind_to_json(libxl_ctx *ctx,
                                       libxl_guest_suspend_kind p);
char *libxl_guest_suspend_wake_to_json(libxl_ctx *ctx,
                                       libxl_guest_suspend_wake p);
char *libxl_guest_suspend_denied_to_json(libxl_ctx *ctx,
                                         libxl_guest_suspend_denied p);

/*
 * One domain's record
 *
 * Times are in nanoseconds of Xen's system time.  It counts from the host's boot,
 * stands still while the host itself sleeps, and cannot be set by a domain.  The
 * state has lasted for now_ns - since_ns.  The time of day at which it began is
 * that long before the call, if the host has not slept since; xensuspendd publishes
 * the time of day of each change.
 *
 * Time limits of this library's calls leave out the host's sleep, too.
 */
typedef struct libxl_guest_suspend_info {
    libxl_domid domid;
    libxl_guest_suspend_state state;
    /*
     * Value of a host-wide counter at the domain's last change of state; its
     * creation counts as one.  No two changes on a host share a value, and a
     * later change has a larger one.
     */
    uint64_t seq;
    /*
     * The same counter at the domain's creation: two domains that had the same
     * domid one after the other differ in it.
     */
    uint64_t instance;
    uint64_t now_ns;              /* when this was read */
    uint64_t since_ns;            /* when the domain entered its state */
    uint64_t asleep_ns;           /* time asleep in all, up to now_ns */
    uint64_t suspends;            /* sleeps begun */
    uint64_t denied;              /* attempts refused */
    libxl_guest_suspend_kind kind;
    libxl_guest_suspend_wake wake_reason;
    uint32_t wake_virq;           /* or LIBXL_GUEST_SUSPEND_VIRQ_NONE */
    uint32_t wake_vcpu;           /* or LIBXL_GUEST_SUSPEND_VCPU_NONE */
    libxl_guest_suspend_denied denied_reason;
    libxl_guest_suspend_wake wake_due; /* see LIBXL_HAVE_GUEST_SUSPEND_WAKE_DUE */
    uint64_t reserved[6];         /* zero */
} libxl_guest_suspend_info;

/*
 * LIBXL_HAVE_GUEST_SUSPEND_WAKE_DUE
 *
 * libxl_guest_suspend_info has wake_due, and LIBXL_GUEST_SUSPEND_WAKE_ALARM is there.
 *
 * wake_due is _ALARM while an x86 domain sleeps and the alarm of its RTC has come.
 * The hypervisor cannot wake it: its device model has to be asked to, as
 * libxl_domain_resume_virq() does.  xensuspendd does that by itself.  It is _NONE when
 * no wake is due, and on Arm.  That a wake becomes due does not change seq, and ends no
 * wait: waits and watches do not tell of it.
 */
#define LIBXL_HAVE_GUEST_SUSPEND_WAKE_DUE 1

/* A number that this hypervisor does not tell: see "Without the patch". */
#define LIBXL_GUEST_SUSPEND_UNKNOWN UINT64_MAX

/* No interrupt took part in the last wake, or there was none. */
#define LIBXL_GUEST_SUSPEND_VIRQ_NONE UINT32_MAX
/* No wake is on record whose vCPU could be named. */
#define LIBXL_GUEST_SUSPEND_VCPU_NONE UINT32_MAX

/* domid is then INVALID_DOMID, states and reasons "unknown" or "none". */
void libxl_guest_suspend_info_init(libxl_guest_suspend_info *p);
/* Leaves it as _init does. */
void libxl_guest_suspend_info_dispose(libxl_guest_suspend_info *p);
/*
 * A JSON object with the fields' names as keys; enumerations as their words;
 * null for a wake_virq or wake_vcpu of "none", and for a number that is not
 * known; no reserved fields.  To be released with free(); NULL with errno set on
 * failure.  ctx may be NULL.
 * The yajl variant is in <libxl_guest_suspend_json.h>.
 */
char *libxl_guest_suspend_info_to_json(libxl_ctx *ctx,
                                       libxl_guest_suspend_info *p);

/*
 * libxl_domain_suspend_state: the record of one domain
 *
 * info_r is filled in whole; it need not be initialised.  A domain that never
 * slept is "running" since its creation.
 *
 * ERROR_DOMAIN_NOTFOUND   no such domain, or one that dies
 * ERROR_GUEST_SUSPEND_UNSUPPORTED, _DENIED, _NO_HYPERVISOR, ERROR_NOMEM,
 * ERROR_FAIL
 */
int libxl_domain_suspend_state(libxl_ctx *ctx, libxl_domid domid,
                               libxl_guest_suspend_info *info_r);

/*
 * libxl_list_domain_suspend_state: the records of all domains, or of those
 * that changed
 *
 * Gives the records whose seq is later than after_seq, in the order of their
 * seq; after_seq 0 gives every domain's.  To follow what happens, pass the
 * largest seq seen so far: each domain that changed meanwhile comes once, with
 * its latest record.  Reading clears nothing, and costs by what changed.  A
 * listing ends however fast guests change, by a few hypercalls.  A domain that
 * ceased to exist is not reported: its record is gone with it.
 * (Without the patch: in the order of their domids, those that xenstore
 * has; the state is unknown, too, of one that may not be looked at.)
 *
 * Returns an array of *nb_r records, to be released with
 * libxl_guest_suspend_info_list_free().  Where there are none, it is an array
 * of no elements, and not NULL.  NULL: failure, and *nb_r is the (negative) rc,
 * as libxl_domain_suspend_state() has it.
 */
libxl_guest_suspend_info *
libxl_list_domain_suspend_state(libxl_ctx *ctx, uint64_t after_seq, int *nb_r);

/* list may be NULL; nb is then ignored. */
void libxl_guest_suspend_info_list_free(libxl_guest_suspend_info *list, int nb);

/*
 * libxl_domain_resume_virq: end a domain's sleep
 *
 * virq: an interrupt that becomes pending, as by an edge on its line, before
 * the guest runs again; LIBXL_RESUME_VIRQ_NONE: it just wakes, which is what
 * guests expect unless they wait for a certain device.  The guest sees a
 * virq only if it has enabled it.  On success the domain is no longer
 * suspended (it may go to sleep again at once).  A request to sleep that the
 * domain has not taken (libxl_domain_suspend_request()) is withdrawn before it
 * wakes; where xenstore does not answer within a second, it is woken all the same.
 *
 * opts: what must still be true, or NULL for nothing.  With the seq and the
 * instance of a record in which the domain was suspended, exactly that sleep
 * of exactly that domain is ended, and no later one.
 *
 * On an error nothing has changed, except on those marked (*):
 * ERROR_DOMAIN_NOTFOUND     no such domain, or one that dies
 * ERROR_GUEST_SUSPEND_NOT_SUSPENDED
 * ERROR_GUEST_SUSPEND_STALE opts' seq or instance is no longer the domain's
 * ERROR_GUEST_SUSPEND_NO_SEQ  without the patch: opts has one
 * ERROR_GUEST_SUSPEND_BAD_VIRQ  out of range, an SGI, a timer or other private
 *                           interrupt except the one of event channels
 * ERROR_GUEST_SUSPEND_VIRQ_BUSY, _VCPU_OFFLINE, _VIRQ_LPI
 * ERROR_GUEST_SUSPEND_NO_VIRQ  x86, or without the patch: with any virq
 * ERROR_GUEST_SUSPEND_SHUT_DOWN  the domain is shut down, or is the caller's own
 * ERROR_INVAL               a reserved field of opts is not zero
 * ERROR_GUEST_SUSPEND_UNSUPPORTED, _DENIED, _NO_HYPERVISOR, ERROR_NOMEM,
 * ERROR_FAIL
 *
 * On x86 a domain is woken by its device model, which this asks by ctx and
 * libxl_send_trigger(LIBXL_TRIGGER_S3RESUME).  It then waits until that sleep is
 * over.  LIBXL_GUEST_SUSPEND_DEVICE_MODEL_MS is the limit for all of it: at the
 * limit, libxl's connection to the device model (QMP) is hung up.  ctx may be used
 * further.  (Another program of libxl's that talks to the same device model is
 * waited for: libxl has a lock.)
 * ERROR_GUEST_SUSPEND_DEVICE_MODEL  ctx is NULL, or the program has not loaded
 *                           libxenlight (linking with it does)
 * what libxl_send_trigger() gives (*), e.g. for a PVH domain, or where the device
 *                           model has ended: it has logged why
 * ERROR_TIMEDOUT (*)        the device model has not answered, or the domain
 *                           sleeps on
 * ERROR_DOMAIN_DESTROYED (*)  it ceased to exist meanwhile
 * The device model is told "wake", and not which sleep: what opts says has been
 * checked right before.
 *
 * On Arm without the patch, the domain is let go on by XEN_DOMCTL_resumedomain, and
 * xenstored is told of that.  A domain that shuts down between the look at its state
 * and this call goes on as well.
 * ERROR_GUEST_SUSPEND_NO_XENSTORE (*)  xenstored does not answer.  If it has not
 *                           taken the connection, nothing has changed.  Otherwise
 *                           the domain runs, and the next shutdown of the domain
 *                           may not fire @releaseDomain.
 */
#define LIBXL_GUEST_SUSPEND_DEVICE_MODEL_MS 10000

#define LIBXL_RESUME_VIRQ_NONE UINT32_MAX

typedef struct libxl_domain_resume_virq_opts {
    uint64_t seq;                 /* expected; 0: any */
    uint64_t instance;            /* expected; 0: any */
    uint64_t reserved[4];         /* zero */
} libxl_domain_resume_virq_opts;

void libxl_domain_resume_virq_opts_init(libxl_domain_resume_virq_opts *p);
void libxl_domain_resume_virq_opts_dispose(libxl_domain_resume_virq_opts *p);
/* As libxl_guest_suspend_info_to_json(). */
char *libxl_domain_resume_virq_opts_to_json(libxl_ctx *ctx,
                                            libxl_domain_resume_virq_opts *p);

int libxl_domain_resume_virq(libxl_ctx *ctx, libxl_domid domid, uint32_t virq,
                             const libxl_domain_resume_virq_opts *opts);

/*
 * LIBXL_HAVE_GUEST_SUSPEND_WATCH
 *
 * libxl_domain_suspend_wait and libxl_suspend_watch_* are there.
 *
 * While xensuspendd runs, xenstore tells both of changes, and nothing is done in
 * between.  Otherwise they look every LIBXL_GUEST_SUSPEND_POLL_MS: without
 * xensuspendd, from when it or xenstored ends, and while xenstored does not
 * answer.  They use xensuspendd again when it is back.  No change is missed
 * either way: what counts is the hypervisor's seq.  Neither of them waits for
 * xenstored.  xensuspendd that is stopped (SIGSTOP) delays both, and so does
 * xenstored that is stopped later on.
 *
 * They hold files, and no thread.  A child after fork must not touch a watch;
 * exec closes all of it.
 */
#define LIBXL_HAVE_GUEST_SUSPEND_WATCH 1

#define LIBXL_GUEST_SUSPEND_POLL_MS 100

#define LIBXL_GUEST_SUSPEND_FOREVER (-1)

/*
 * libxl_domain_suspend_wait: until a domain sleeps, or runs
 *
 * state is LIBXL_GUEST_SUSPEND_STATE_RUNNING or _SUSPENDED.
 *
 * after_seq 0: returns once the domain is in the state, at once if it is.
 *
 * Otherwise after_seq is the seq of a record that the caller has.  The call
 * returns once the domain has entered the state after that record.  If it has
 * entered and left the state since, *info_r shows the other state.  One case is
 * ambiguous: the record showed the domain in the state, and the first look shows
 * the other one.  The domain may have left the state only, or have come back in
 * between.  The wait ends; compare suspends with the record's.
 *
 * timeout_ms: 0 looks once, LIBXL_GUEST_SUSPEND_FOREVER waits without end.  When
 * the time is up, the domain's state is read once more.
 * info_r: the record that ended the wait; untouched on an error; may be NULL.
 *
 * ERROR_TIMEDOUT
 * ERROR_DOMAIN_NOTFOUND      no such domain
 * ERROR_DOMAIN_DESTROYED     it ceased to exist during the wait
 * ERROR_GUEST_SUSPEND_STALE  the domain is younger than after_seq
 * ERROR_GUEST_SUSPEND_NO_SEQ without the patch, and after_seq is not 0
 * ERROR_INVAL                another state, or a timeout below -1
 * ERROR_GUEST_SUSPEND_UNSUPPORTED, _DENIED, _NO_HYPERVISOR, ERROR_NOMEM,
 * ERROR_FAIL
 */
int libxl_domain_suspend_wait(libxl_ctx *ctx, libxl_domid domid,
                              libxl_guest_suspend_state state,
                              uint64_t after_seq, int timeout_ms,
                              libxl_guest_suspend_info *info_r);

/*
 * libxl_suspend_watch: follow all domains
 *
 * A watch gives each domain's record after each change of its state.  Changes
 * in quick succession are coalesced into one record, whose suspends counts them.
 * A guest cannot flood a watch:
 *
 * - Between two ERROR_TIMEDOUTs of calls with timeout_ms 0, each domain comes
 *   once at the most.
 * - A domain comes LIBXL_GUEST_SUSPEND_WATCH_BURST times in a row at the most,
 *   and then once each LIBXL_GUEST_SUSPEND_WATCH_PERIOD_MS.  Its last state
 *   always comes, and no other domain waits for it.
 *
 * A watch belongs to one thread at a time.
 */
#define LIBXL_GUEST_SUSPEND_WATCH_BURST 16
#define LIBXL_GUEST_SUSPEND_WATCH_PERIOD_MS 200

typedef struct libxl_suspend_watch libxl_suspend_watch;

/*
 * after_seq: the largest seq seen so far, to get what changed since; 0: each
 * domain comes once with its present record, to begin with.  On an error
 * *watch_r is NULL: as libxl_domain_suspend_state() has it, or ERROR_FAIL.
 */
int libxl_suspend_watch_open(libxl_ctx *ctx, uint64_t after_seq,
                             libxl_suspend_watch **watch_r);

/* NULL is harmless. */
void libxl_suspend_watch_close(libxl_suspend_watch *watch);

/*
 * Readable while libxl_suspend_watch_next() may have something; for poll() and
 * the like, and for nothing else.  It stays the watch's.
 */
int libxl_suspend_watch_fd(const libxl_suspend_watch *watch);

/*
 * The next record.  timeout_ms as above.  Without the patch, each look gives xenstored
 * a second to answer, also with timeout_ms 0.
 *
 * 0                       a change: *info_r is the domain's record
 * ERROR_DOMAIN_DESTROYED  a domain ceased to exist: *info_r is the last record
 *                         that the watch had of it
 * ERROR_TIMEDOUT          nothing (yet)
 * Any other error is one of libxl_domain_suspend_state()'s; the watch goes on.
 */
int libxl_suspend_watch_next(libxl_suspend_watch *watch, int timeout_ms,
                             libxl_guest_suspend_info *info_r);

/*
 * LIBXL_HAVE_GUEST_SUSPEND_REQUEST
 *
 * libxl_domain_suspend_request is there, with its options and the errors from
 * ERROR_GUEST_SUSPEND_CANNOT_ASK on.  libxl_domain_resume_virq withdraws requests.
 */
#define LIBXL_HAVE_GUEST_SUSPEND_REQUEST 1

/*
 * libxl_domain_suspend_request: ask a guest to sleep
 *
 * Returns 0 once the domain has slept: its record's suspends has grown since the
 * call, or it sleeps already.  (It may be awake again by then.)  That it took the
 * request is no proof of a sleep.
 *
 * How it is asked: a guest that has set ~/control/feature-s3 to "1" in xenstore
 * (xen-guest-suspend-agent, Windows with Xen's PV drivers) gets "s3" in
 * ~/control/shutdown, and empties that node when it takes the request.  Else, on
 * x86, an HVM guest with acpi_s3 gets its ACPI sleep button pressed by
 * libxl_send_trigger(LIBXL_TRIGGER_SLEEP): nothing tells whether it took that.
 *
 * When the call returns, its request is no longer in the node, so that it puts
 * nobody to sleep later.  ERROR_GUEST_SUSPEND_NO_XENSTORE: it may be there still.
 * A button cannot be unpressed.  A process that
 * is killed leaves its request.  The next caller takes it over; and
 * libxl_domain_resume_virq() withdraws a request to sleep, whoever made it, before
 * it wakes the domain.  A request to power off or to reboot is never overwritten.
 *
 * Several callers, threads or processes, may ask one domain at once: one of them
 * has a request in the node at a time, and a sleep is success for all.
 *
 * A domain that is paused does not answer.  One that is renamed is the same.
 *
 * opts: NULL for what _init gives.
 *   timeout_ms  LIBXL_GUEST_SUSPEND_FOREVER: no limit
 *   cancel_fd   as soon as it is readable, the request is withdrawn:
 *               ERROR_ABORTED.  E.g. a signalfd.  -1: none
 *   no_wait     return once the guest has taken the request, or the button is
 *               pressed; whether it sleeps, libxl_domain_suspend_wait() tells
 *   instance    of the domain that is meant; 0: any
 *
 * ERROR_GUEST_SUSPEND_CANNOT_ASK  neither the node nor the button
 * ERROR_GUEST_SUSPEND_NO_ANSWER   not taken in time; the button: no sleep in time
 * ERROR_GUEST_SUSPEND_DECLINED    taken; then the hypervisor refused an attempt to
 *                           sleep (the record's denied_reason has why), or time
 *                           was up.  In the latter case it may yet sleep
 * ERROR_GUEST_SUSPEND_REQUEST_PENDING  it was asked to power off, to reboot...
 * ERROR_GUEST_SUSPEND_CONTESTED  the guest writes the request's node without end.
 *                           What it holds is the guest's doing
 * ERROR_ABORTED             see cancel_fd
 * ERROR_GUEST_SUSPEND_NO_XENSTORE  also if xenstored ends meanwhile
 * ERROR_GUEST_SUSPEND_DEVICE_MODEL  the button, and ctx is NULL or libxenlight is
 *                           not loaded; what libxl_send_trigger() gives
 * ERROR_DOMAIN_NOTFOUND     no such domain
 * ERROR_DOMAIN_DESTROYED    it ceased to exist during the call
 * ERROR_GUEST_SUSPEND_STALE another instance
 * ERROR_GUEST_SUSPEND_NO_SEQ  x86 without the patch, and instance is not 0
 * ERROR_INVAL               a reserved field is not zero, a timeout below -1
 * ERROR_GUEST_SUSPEND_UNSUPPORTED, _DENIED, _NO_HYPERVISOR, ERROR_NOMEM,
 * ERROR_FAIL
 */
#define LIBXL_GUEST_SUSPEND_REQUEST_MS 30000

typedef struct libxl_domain_suspend_request_opts {
    int timeout_ms;               /* LIBXL_GUEST_SUSPEND_REQUEST_MS */
    int cancel_fd;                /* -1 */
    bool no_wait;                 /* false */
    uint32_t reserved32;          /* zero */
    uint64_t instance;            /* 0 */
    uint64_t reserved[4];         /* zero */
} libxl_domain_suspend_request_opts;

void libxl_domain_suspend_request_opts_init(
    libxl_domain_suspend_request_opts *p);
void libxl_domain_suspend_request_opts_dispose(
    libxl_domain_suspend_request_opts *p);
/* As libxl_guest_suspend_info_to_json(); null for no limit and for no fd. */
char *libxl_domain_suspend_request_opts_to_json(
    libxl_ctx *ctx, libxl_domain_suspend_request_opts *p);

int libxl_domain_suspend_request(libxl_ctx *ctx, libxl_domid domid,
                                 const libxl_domain_suspend_request_opts *opts);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBXL_GUEST_SUSPEND_H */
