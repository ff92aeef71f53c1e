/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting for and following guest suspends, on a fake hypervisor and a fake
 * xenstore.  What changes does so at a given hypercall, right behind the
 * answer to it: in the gap in which a careless caller would miss it.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xen/hvm/hvm_op.h>
#include <xen/xen.h>
#include "public/guest_suspend.h"

#include "fake_xencall.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_stock.h"
#include "guest_suspend_xenstore.h"
#include "libxl_guest_suspend.h"
#include "tap.h"

#define RUNNING LIBXL_GUEST_SUSPEND_STATE_RUNNING
#define SUSPENDED LIBXL_GUEST_SUSPEND_STATE_SUSPENDED
#define FOREVER LIBXL_GUEST_SUSPEND_FOREVER
/* Long for a machine, and the end of a test that hangs. */
#define LONG_MS 20000

/* The hypervisor */

#define NR_DOMAINS 8

static struct {
    bool there;
    uint64_t seq, instance;
    uint8_t state;
} host[NR_DOMAINS];

static unsigned int nr_gets, nr_lists;
static int fail_errno;
/* Run behind the answer to the call that makes nr_calls_left 0. */
static void (*then)(void);
static unsigned int nr_calls_left;

static void fill(struct xen_guest_suspend_record *record, unsigned int domid)
{
    memset(record, 0, sizeof(*record));
    record->domid = (domid_t)domid;
    record->seq = host[domid].seq;
    record->instance = host[domid].instance;
    record->state = host[domid].state;
}

static uint32_t list(struct xen_domctl_guest_suspend *op)
{
    uint64_t seq = op->u.list.after_seq;
    uint32_t nr = 0;

    while (nr < op->u.list.nr) {
        unsigned int next = NR_DOMAINS;

        for (unsigned int d = 0; d < NR_DOMAINS; d++)
            if (host[d].there && host[d].seq > seq &&
                (next == NR_DOMAINS || host[d].seq < host[next].seq))
                next = d;
        if (next == NR_DOMAINS)
            break;
        seq = host[next].seq;
        fill(&op->u.list.records.p[nr++], next);
    }
    return nr;
}

static int hypervisor(unsigned int nr, void *arg)
{
    struct xen_domctl_guest_suspend *op = (void *)((char *)arg + 16);
    uint16_t domid;
    int errnoval = fail_errno;

    (void)nr;
    memcpy(&domid, (char *)arg + 8, sizeof(domid));
    fail_errno = 0;
    if (op->op == XEN_GUEST_SUSPEND_OP_LIST) {
        nr_lists++;
        if (!errnoval)
            op->u.list.nr = list(op);
    } else {
        nr_gets++;
        if (!errnoval && (domid >= NR_DOMAINS || !host[domid].there))
            errnoval = ESRCH;
        if (!errnoval)
            fill(&op->u.get.record, domid);
    }

    if (nr_calls_left && !--nr_calls_left)
        then();
    errno = errnoval;
    return errnoval ? -1 : 0;
}

static void set(unsigned int domid, uint64_t instance, uint64_t seq,
                uint8_t state)
{
    host[domid].there = true;
    host[domid].instance = instance;
    host[domid].seq = seq;
    host[domid].state = state;
}

/* xenstore */

struct gsuspend_xenstore {
    int fds[2];                     /* a byte while there are events */
};

/* The one with watches. */
static struct gsuspend_xenstore *connected;
static bool no_xenstore, xenstored_stopped, xenstored_ended;
static char ready[32];
static unsigned int nr_opens;
#define XENSTORED_MS 500
/* Paths of watches that have fired; "" is the answer to the question. */
static char fired[8][64];
static unsigned int nr_fired;

struct gsuspend_xenstore *gsuspend_xenstore_open(int64_t deadline_ms)
{
    struct gsuspend_xenstore *xs;

    (void)deadline_ms;
    nr_opens++;
    if (no_xenstore) {
        errno = ENOENT;
        return NULL;
    }
    xs = calloc(1, sizeof(*xs));
    if (!xs || pipe2(xs->fds, O_CLOEXEC))
        abort();
    return xs;
}

void gsuspend_xenstore_close(struct gsuspend_xenstore *xs)
{
    if (!xs)
        return;
    close(xs->fds[0]);
    close(xs->fds[1]);
    if (connected == xs)
        connected = NULL;
    free(xs);
}

int gsuspend_xenstore_fd(const struct gsuspend_xenstore *xs)
{
    return xs->fds[0];
}

static void fire(const char *path)
{
    if (!connected || xenstored_stopped)
        return;
    if (nr_fired == 8)
        abort();
    snprintf(fired[nr_fired++], sizeof(fired[0]), "%s", path);
    if (nr_fired == 1 && write(connected->fds[1], "", 1) != 1)
        abort();
}

/* As xenstored has it: a watch that fires again before it is read is one. */
static void fired_once(const char *path)
{
    for (unsigned int i = 0; i < nr_fired; i++)
        if (!strcmp(fired[i], path))
            return;
    fire(path);
}

int gsuspend_xenstore_watch(struct gsuspend_xenstore *xs, const char *path)
{
    (void)path;
    if (connected != xs)
        nr_fired = 0;
    connected = xs;
    return 0;
}

int gsuspend_xenstore_ask(struct gsuspend_xenstore *xs, const char *path)
{
    if (strcmp(path, "/tool/guest-suspend/ready"))
        abort();
    (void)xs;
    fire("");
    return 0;
}

enum gsuspend_xenstore_event
gsuspend_xenstore_next(struct gsuspend_xenstore *xs, const char **text_r)
{
    static char path[sizeof(fired[0])];
    char byte;

    if (xenstored_ended)
        return GSUSPEND_XENSTORE_LOST;
    if (!nr_fired)
        return GSUSPEND_XENSTORE_NONE;
    strcpy(path, fired[0]);
    nr_fired--;
    memmove(fired[0], fired[1], nr_fired * sizeof(fired[0]));
    if (!nr_fired && read(xs->fds[0], &byte, 1) != 1)
        abort();
    *text_r = *path ? path : *ready ? ready : NULL;
    return *path ? GSUSPEND_XENSTORE_FIRED : GSUSPEND_XENSTORE_VALUE;
}

/* The domids of the host. */
char *gsuspend_xenstore_directory(struct gsuspend_xenstore *xs,
                                  const char *path, int64_t deadline_ms,
                                  size_t *len_r)
{
    char *ids = calloc(NR_DOMAINS, 2);

    (void)xs;
    /* xenstored takes a moment to answer. */
    if (deadline_ms >= 0 && deadline_ms < gsuspend_now_ms() + XENSTORED_MS) {
        free(ids);
        errno = ETIMEDOUT;
        return NULL;
    }
    if (!ids || strcmp(path, "/local/domain"))
        abort();
    *len_r = 0;
    for (unsigned int d = 0; d < NR_DOMAINS; d++) {
        if (!host[d].there)
            continue;
        ids[*len_r] = (char)('0' + d);
        *len_r += 2;
    }
    return ids;
}

int gsuspend_xenstore_resume(struct gsuspend_xenstore *xs, uint32_t domid,
                             int64_t deadline_ms)
{
    (void)xs;
    (void)domid;
    (void)deadline_ms;
    abort();
}

/* xensuspendd: nothing but a process of that name */

static pid_t daemon_pid;

static void start_daemon(const char *name)
{
    int pipes[2];
    char byte;

    if (pipe2(pipes, O_CLOEXEC))
        abort();
    daemon_pid = fork();
    if (daemon_pid < 0)
        abort();
    if (!daemon_pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, name);
        if (write(pipes[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    /* It has its name. */
    if (read(pipes[0], &byte, 1) != 1)
        abort();
    close(pipes[0]);
    close(pipes[1]);
    snprintf(ready, sizeof(ready), "%ld", (long)daemon_pid);
}

static void kill_daemon(void)
{
    if (daemon_pid)
        kill(daemon_pid, SIGKILL);
}

static void reap_daemon(void)
{
    kill_daemon();
    if (daemon_pid)
        waitpid(daemon_pid, NULL, 0);
    daemon_pid = 0;
    ready[0] = 0;
}

static void kill_xenstored(void)
{
    xenstored_ended = true;
    if (connected && !nr_fired && write(connected->fds[1], "", 1) != 1)
        abort();
}

static void reset(void)
{
    reap_daemon();
    fake_xencall_reset();
    fake_xencall_handler_fn = hypervisor;
    memset(host, 0, sizeof(host));
    nr_gets = nr_lists = nr_opens = 0;
    fail_errno = 0;
    then = NULL;
    nr_calls_left = 0;
    no_xenstore = xenstored_stopped = xenstored_ended = false;
    gsuspend_x86 = false;
}

/* HVMOP_get_param of HVM_PARAM_ACPI_S_STATE; domain 0 is PV. */
static int hvm_op(unsigned int nr, unsigned int cmd, void *arg)
{
    struct xen_hvm_param *param = arg;

    (void)nr;
    (void)cmd;
    nr_gets++;
    errno = fail_errno;
    fail_errno = 0;
    if (!errno && !param->domid)
        errno = EINVAL;
    else if (!errno && (param->domid >= NR_DOMAINS ||
                        !host[param->domid].there))
        errno = ESRCH;
    if (!errno)
        param->value = host[param->domid].state ? 3 : 0;
    nr = (unsigned int)errno;
    if (nr_calls_left && !--nr_calls_left)
        then();
    errno = (int)nr;
    return errno ? -1 : 0;
}

static int no_guest_suspend(unsigned int nr, void *arg)
{
    (void)nr;
    (void)arg;
    errno = EACCES;
    return -1;
}

/* x86 without the patch */
static void reset_stock(void)
{
    reset();
    gsuspend_x86 = true;
    fake_xencall_handler_fn = no_guest_suspend;
    fake_xencall_handler2_fn = hvm_op;
    set(0, 0, 0, RUNNING);
}

static void after_calls(unsigned int nr, void (*fn)(void))
{
    nr_calls_left = nr;
    then = fn;
}

/* Changes */

static void sleeps(void)
{
    set(3, 10, 21, SUSPENDED);
    fire("/tool/guest-suspend/3/state");
}

static void sleeps_untold(void)
{
    set(3, 10, 21, SUSPENDED);
}

static void naps(void)
{
    set(3, 10, 22, RUNNING);
    fire("/tool/guest-suspend/3/state");
}

static void sleeps_later(void)
{
    set(3, 10, 31, SUSPENDED);
    fire("/tool/guest-suspend/3/state");
}

static void dies(void)
{
    host[3].there = false;
    fire("/tool/guest-suspend/3");
}

static void is_replaced(void)
{
    set(3, 30, 30, RUNNING);
    fire("/tool/guest-suspend/3/state");
}

static void daemon_dies(void)
{
    set(3, 10, 21, SUSPENDED);
    kill_daemon();
}

static void xenstored_dies(void)
{
    set(3, 10, 21, SUSPENDED);
    kill_xenstored();
}

static void daemon_comes(void)
{
    start_daemon("xensuspendd");
    fire("/tool/guest-suspend/ready");
}

static void daemon_comes_then_sleep(void)
{
    daemon_comes();
    after_calls(1, sleeps);
}

/* A daemon's end cannot be seen without pidfds, as under some valgrinds. */
static void looks_at_most(unsigned int nr, unsigned int most)
{
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

    if (fd < 0)
        tap_skip("no pidfd_open here: %s", strerror(errno));
    else
        TAP_OK(nr <= most, "... by %u looks, which are not too many", nr);
    if (fd >= 0)
        close(fd);
}

static int wait_3(libxl_guest_suspend_state state, uint64_t after_seq,
                  int timeout_ms, libxl_guest_suspend_info *info)
{
    libxl_guest_suspend_info_init(info);
    return libxl_domain_suspend_wait(NULL, 3, state, after_seq, timeout_ms,
                                     info);
}

static void test_wait_at_once(void)
{
    static const struct {
        uint64_t seq;
        libxl_guest_suspend_state now, wanted;
        uint64_t after;
        int rc;
        const char *what;
    } table[] = {
        { 20, SUSPENDED, SUSPENDED, 0, 0, "in the state" },
        { 20, RUNNING, SUSPENDED, 0, ERROR_TIMEDOUT, "in the other" },
        { 20, SUSPENDED, SUSPENDED, 19, 0, "entered since" },
        { 20, RUNNING, SUSPENDED, 19, 0, "entered and left since" },
        { 20, RUNNING, SUSPENDED, 20, ERROR_TIMEDOUT, "no change since" },
        { 20, SUSPENDED, SUSPENDED, 20, ERROR_TIMEDOUT, "not another time" },
        { 20, SUSPENDED, SUSPENDED, 99, ERROR_TIMEDOUT, "a later seq" },
        { 20, RUNNING, RUNNING, 0, 0, "running" },
        { 20, RUNNING, RUNNING, 15, 0, "woken since" },
        { 20, SUSPENDED, RUNNING, 15, 0, "woken, and asleep again" },
        { 20, RUNNING, RUNNING, 9, ERROR_GUEST_SUSPEND_STALE,
          "a domain younger than after_seq" },
        { 20, RUNNING, RUNNING, 10, 0, "as old as after_seq" },
    };
    libxl_guest_suspend_info info;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        reset();
        set(3, 10, table[i].seq, (uint8_t)table[i].now);
        TAP_EQ_INT(wait_3(table[i].wanted, table[i].after, 0, &info),
                   table[i].rc, table[i].what);
        TAP_OK(!nr_opens && nr_gets == 1, "... by one look, and no xenstore");
    }

    reset();
    set(3, 10, 20, SUSPENDED);
    TAP_OK(!libxl_domain_suspend_wait(NULL, 3, SUSPENDED, 0, FOREVER, NULL),
           "nobody wants the record");
    TAP_EQ_INT(libxl_domain_suspend_wait(NULL, 4, SUSPENDED, 0, FOREVER, NULL),
               ERROR_DOMAIN_NOTFOUND, "no such domain");
    TAP_EQ_INT(wait_3(LIBXL_GUEST_SUSPEND_STATE_UNKNOWN, 0, 0, &info),
               ERROR_INVAL, "no such state");
    TAP_EQ_INT(wait_3(SUSPENDED, 0, -2, &info), ERROR_INVAL,
               "no such timeout");
}

/* Something happens behind a look, while the wait goes on. */
static void test_wait(void)
{
    static const struct {
        const char *what;
        const char *daemon;         /* its name, or NULL */
        void (*then)(void);
        unsigned int at;            /* hypercall */
        libxl_guest_suspend_state start;
        int rc;
        libxl_guest_suspend_state end;
        unsigned int gets;          /* 0: any number */
    } table[] = {
        { "sleeps before xenstore is watched", "xensuspendd", sleeps, 1,
          RUNNING, 0, SUSPENDED, 2 },
        { "sleeps after", "xensuspendd", sleeps, 2, RUNNING, 0, SUSPENDED, 3 },
        { "sleeps once xenstored has answered", "xensuspendd", sleeps, 3,
          RUNNING, 0, SUSPENDED, 4 },
        { "sleeps and wakes between two looks", "xensuspendd", naps, 2,
          RUNNING, 0, RUNNING, 3 },
        { "dies", "xensuspendd", dies, 2, RUNNING, ERROR_DOMAIN_DESTROYED, 0,
          3 },
        { "dies, and another one takes its domid", "xensuspendd", is_replaced,
          2, RUNNING, ERROR_DOMAIN_DESTROYED, 0, 3 },
        { "no daemon", NULL, sleeps_untold, 3, RUNNING, 0, SUSPENDED, 4 },
        { "another process has the daemon's pid", "another", sleeps_untold, 3,
          RUNNING, 0, SUSPENDED, 4 },
        { "the daemon is killed", "xensuspendd", daemon_dies, 3, RUNNING, 0,
          SUSPENDED, 4 },
        { "xenstored dies", "xensuspendd", xenstored_dies, 3, RUNNING, 0,
          SUSPENDED, 4 },
        { "the daemon comes", NULL, daemon_comes_then_sleep, 3, RUNNING, 0,
          SUSPENDED, 0 },
    };
    libxl_guest_suspend_info info;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        reset();
        set(3, 10, 20, (uint8_t)table[i].start);
        if (table[i].daemon)
            start_daemon(table[i].daemon);
        after_calls(table[i].at, table[i].then);
        TAP_EQ_INT(wait_3(SUSPENDED, 0, LONG_MS, &info), table[i].rc,
                   table[i].what);
        if (!table[i].rc)
            TAP_EQ_INT(info.state, table[i].end, "... and its record");
        if (table[i].gets)
            TAP_EQ_INT(nr_gets, table[i].gets, "... by so many looks");
    }
}

static void test_wait_timeout(void)
{
    libxl_guest_suspend_info info;

    reset();
    set(3, 10, 20, SUSPENDED);
    start_daemon("xensuspendd");
    after_calls(2, naps);
    TAP_EQ_INT(wait_3(SUSPENDED, 20, 200, &info), ERROR_TIMEDOUT,
               "it wakes from the sleep that is known: not another one");

    reset();
    set(3, 10, 20, RUNNING);
    start_daemon("xensuspendd");
    TAP_EQ_INT(wait_3(SUSPENDED, 0, 350, &info), ERROR_TIMEDOUT,
               "nothing happens");
    looks_at_most(nr_gets, 4);

    reset();
    set(3, 10, 20, RUNNING);
    start_daemon("xensuspendd");
    after_calls(3, sleeps_untold);
    TAP_EQ_INT(wait_3(SUSPENDED, 0, 200, &info), 0,
               "it sleeps, and is not told in time");
    TAP_EQ_INT(info.state, SUSPENDED, "... and its record");
}

/* How often a wait looks: by events, or by ticks. */
static void test_wait_looks(void)
{
    static const struct {
        void (*event)(void);
        const char *what;
        unsigned int most_gets;
    } table[] = {
        { kill_daemon, "the daemon is killed, and nothing happens", 20 },
        { kill_xenstored, "xenstored dies, and nothing happens", 20 },
        { daemon_comes, "the daemon comes, and nothing happens", 6 },
    };
    libxl_guest_suspend_info info;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        reset();
        set(3, 10, 20, RUNNING);
        if (table[i].event != daemon_comes)
            start_daemon("xensuspendd");
        after_calls(2, table[i].event);
        /* Half a second: five looks without the daemon, and some around it. */
        TAP_EQ_INT(wait_3(SUSPENDED, 0, 500, &info), ERROR_TIMEDOUT,
                   table[i].what);
        looks_at_most(nr_gets, table[i].most_gets);
    }
}

static void test_wait_without_xenstore(void)
{
    libxl_guest_suspend_info info;
    int nb;

    reset();
    no_xenstore = true;
    set(3, 10, 20, RUNNING);
    after_calls(2, sleeps_untold);
    TAP_EQ_INT(wait_3(SUSPENDED, 0, LONG_MS, &info), 0, "no xenstore at all");
    reset_stock();
    no_xenstore = true;
    TAP_OK(!libxl_list_domain_suspend_state(NULL, 0, &nb) &&
           nb == ERROR_GUEST_SUSPEND_NO_XENSTORE,
           "... nor where the domains are looked up");

    reset();
    xenstored_stopped = true;
    set(3, 10, 20, RUNNING);
    start_daemon("xensuspendd");
    TAP_EQ_INT(wait_3(SUSPENDED, 0, 200, &info), ERROR_TIMEDOUT,
               "xenstored is stopped");
    after_calls(2, sleeps_untold);
    TAP_EQ_INT(wait_3(SUSPENDED, 0, LONG_MS, &info), 0,
               "... and the sleep is seen nevertheless");

    reset();
    snprintf(ready, sizeof(ready), "999999999999");
    set(3, 10, 20, RUNNING);
    after_calls(2, sleeps_untold);
    TAP_EQ_INT(wait_3(SUSPENDED, 0, LONG_MS, &info), 0, "nonsense for a pid");
    ready[0] = 0;
}

/* Watch */

static libxl_suspend_watch *watch;

static bool readable(void)
{
    struct pollfd pollfd = {
        .fd = libxl_suspend_watch_fd(watch), .events = POLLIN
    };

    return poll(&pollfd, 1, 0) == 1;
}

static void next_is(int timeout_ms, int rc, unsigned int domid, uint64_t seq,
                    const char *what)
{
    libxl_guest_suspend_info info;
    int got;

    libxl_guest_suspend_info_init(&info);
    got = libxl_suspend_watch_next(watch, timeout_ms, &info);
    if (!TAP_OK(got == rc && ((rc && rc != ERROR_DOMAIN_DESTROYED) ||
                              (info.domid == domid && info.seq == seq)),
                "%s", what))
        printf("# got %d, domain %u, seq %" PRIu64 "\n", got, info.domid,
               info.seq);
}

static void test_watch(void)
{
    reset();
    start_daemon("xensuspendd");
    set(0, 1, 1, RUNNING);
    set(3, 10, 20, SUSPENDED);
    set(4, 11, 15, RUNNING);
    TAP_EQ_INT(libxl_suspend_watch_open(NULL, 0, &watch), 0, "watch");
    TAP_OK(readable(), "there is something to begin with");
    next_is(0, 0, 0, 1, "first, all of them");
    next_is(0, 0, 4, 15, "... in the order of seq");
    TAP_OK(readable(), "... readable until the last");
    next_is(FOREVER, 0, 3, 20, "... and the last one");
    next_is(0, ERROR_TIMEDOUT, 0, 0, "no more");
    TAP_OK(!readable(), "... and nothing to read");
    nr_lists = 0;
    next_is(250, ERROR_TIMEDOUT, 0, 0, "nothing happens");
    looks_at_most(nr_lists, 1);

    set(4, 11, 30, SUSPENDED);
    fire("/tool/guest-suspend/4/state");
    TAP_OK(readable(), "a change makes it readable");
    next_is(FOREVER, 0, 4, 30, "a change");

    fire("/tool/guest-suspend/4/state");
    after_calls(1, sleeps_later);
    next_is(LONG_MS, 0, 3, 31, "a change right behind the look");

    host[4].there = false;
    fire("/tool/guest-suspend/4/state");
    fire("/tool/guest-suspend/4");
    next_is(FOREVER, ERROR_DOMAIN_DESTROYED, 4, 30, "one is gone");
    next_is(0, ERROR_TIMEDOUT, 0, 0, "... once");

    set(3, 40, 40, RUNNING);
    fire("/tool/guest-suspend/3/state");
    next_is(FOREVER, ERROR_DOMAIN_DESTROYED, 3, 31, "a domid is reused: the end"
            " of the first");
    next_is(FOREVER, 0, 3, 40, "... then the second");

    fire("/tool/guest-suspend/3");
    next_is(100, ERROR_TIMEDOUT, 0, 0, "it only seems to be gone");

    fire("/tool/guest-suspend/3");
    fail_errno = EPERM;
    next_is(0, ERROR_GUEST_SUSPEND_DENIED, 0, 0, "... and the look fails");
    next_is(0, ERROR_TIMEDOUT, 0, 0, "... which does not make it gone");

    host[3].there = false;
    fire("/tool/guest-suspend/3");
    fail_errno = EPERM;
    next_is(0, ERROR_GUEST_SUSPEND_DENIED, 0, 0, "a look fails");
    TAP_OK(readable(), "... what was not seen is still to come");
    next_is(0, ERROR_DOMAIN_DESTROYED, 3, 40, "... and comes");

    /* From here on nobody tells. */
    kill_daemon();
    set(5, 50, 50, RUNNING);
    next_is(LONG_MS, 0, 5, 50, "the daemon was killed: a new domain");
    host[5].there = false;
    next_is(LONG_MS, ERROR_DOMAIN_DESTROYED, 5, 50, "... and its end");
    next_is(-2, ERROR_INVAL, 0, 0, "no such timeout");
    libxl_suspend_watch_close(watch);

    reset();
    set(3, 10, 20, SUSPENDED);
    set(4, 11, 15, RUNNING);
    TAP_EQ_INT(libxl_suspend_watch_open(NULL, 15, &watch), 0,
               "watch from a seq on");
    next_is(0, 0, 3, 20, "... what changed since");
    next_is(0, ERROR_TIMEDOUT, 0, 0, "... and that is all");
    /* Domain 4 was never given, and is known nevertheless. */
    host[4].there = false;
    next_is(LONG_MS, ERROR_DOMAIN_DESTROYED, 4, 15, "... and what ends since");
    libxl_suspend_watch_close(watch);

    reset();
    fake_xencall_handler_fn = no_guest_suspend;
    set(3, 10, 20, RUNNING);
    TAP_EQ_INT(libxl_suspend_watch_open(NULL, 0, &watch),
               ERROR_GUEST_SUSPEND_UNSUPPORTED, "no guest suspend here");
    TAP_OK(!watch, "... and no watch");
    libxl_suspend_watch_close(NULL);
}

/* A guest that changes its state behind each hypercall, seen by all. */
static bool flaps;
static uint64_t last_seq;

static void flap(void)
{
    if (!flaps)
        return;
    last_seq++;
    set(3, 10, last_seq, last_seq & 1);
    fired_once("/tool/guest-suspend/3/state");
    after_calls(1, flap);
}

/* How many records there are at once; each domain's are counted. */
static unsigned int take_all(unsigned int of[NR_DOMAINS])
{
    libxl_guest_suspend_info info;
    unsigned int nr = 0;

    memset(of, 0, NR_DOMAINS * sizeof(of[0]));
    while (nr < 1000 && !libxl_suspend_watch_next(watch, 0, &info)) {
        of[info.domid]++;
        nr++;
    }
    return nr;
}

static void test_watch_flapping(void)
{
    libxl_guest_suspend_info info;
    unsigned int of[NR_DOMAINS], given;
    int64_t start_ms;
    bool once;

    for (int with_daemon = 0; with_daemon < 2; with_daemon++) {
        reset();
        if (with_daemon)
            start_daemon("xensuspendd");
        set(0, 1, 1, RUNNING);
        set(3, 10, 20, RUNNING);
        set(4, 11, 15, RUNNING);
        if (libxl_suspend_watch_open(NULL, 0, &watch))
            abort();
        last_seq = 1000;
        flaps = once = true;
        flap();
        TAP_OK(take_all(of) == 3 && of[0] == 1 && of[3] == 1 && of[4] == 1,
               "a guest flaps: each domain once, and then an end");

        given = 0;
        start_ms = gsuspend_now_ms();
        while (gsuspend_now_ms() < start_ms + 1000) {
            struct pollfd pollfd = {
                .fd = libxl_suspend_watch_fd(watch), .events = POLLIN
            };

            poll(&pollfd, 1, 100);
            once = take_all(of) == of[3] && of[3] <= 1 && once;
            given += of[3];
        }
        TAP_OK(once, "... once each time");
        /* Fewer where this machine is slow. */
        TAP_OK(given <= 16 + 6, "... in a second no more than %u times", given);

        set(4, 11, ++last_seq, SUSPENDED);
        fired_once("/tool/guest-suspend/4/state");
        do {
            if (libxl_suspend_watch_next(watch, LONG_MS, &info))
                abort();
        } while (info.domid == 3);
        TAP_OK(info.domid == 4 && info.seq == host[4].seq,
               "... another one is told");

        /* The last state comes, and nothing more is needed for it. */
        flaps = false;
        do {
            if (libxl_suspend_watch_next(watch, LONG_MS, &info))
                break;
        } while (info.seq != host[3].seq);
        TAP_OK(info.seq == host[3].seq, "... and its last state");
        next_is(250, ERROR_TIMEDOUT, 0, 0, "... once, and that was all");
        /* Without the daemon the next tick may have come. */
        TAP_OK(!with_daemon || !readable(), "... nothing is left to read");

        /* The first of what its rate allows comes at once, and then it ends. */
        for (unsigned int i = 0; i < 40; i++) {
            set(3, 10, ++last_seq, SUSPENDED);
            fired_once("/tool/guest-suspend/3/state");
            libxl_suspend_watch_next(watch, 0, &info);
        }
        host[3].there = false;
        fired_once("/tool/guest-suspend/3");
        while (!libxl_suspend_watch_next(watch, LONG_MS, &info))
            continue;
        TAP_OK(info.domid == 3 && info.seq == last_seq,
               "the end of a late one has its last record");
        libxl_suspend_watch_close(watch);
    }
}

#define NO_SEQ LIBXL_GUEST_SUSPEND_UNKNOWN

static void test_stock_wait(void)
{
    libxl_guest_suspend_info info;

    reset_stock();
    set(3, 0, 0, SUSPENDED);
    TAP_OK(!wait_3(SUSPENDED, 0, 0, &info) && info.seq == NO_SEQ,
           "without the patch: in the state");
    TAP_EQ_INT(wait_3(RUNNING, 0, 0, &info), ERROR_TIMEDOUT, "in the other");
    TAP_EQ_INT(wait_3(SUSPENDED, 1, 0, &info), ERROR_GUEST_SUSPEND_NO_SEQ,
               "no seq to wait for");
    TAP_EQ_INT(wait_3(SUSPENDED, NO_SEQ, 0, &info), ERROR_GUEST_SUSPEND_NO_SEQ,
               "nor the one that is unknown");
    TAP_EQ_INT(libxl_domain_suspend_wait(NULL, 0, RUNNING, 0, 0, NULL), 0,
               "a PV domain runs");
    TAP_EQ_INT(libxl_domain_suspend_wait(NULL, 4, RUNNING, 0, 0, NULL),
               ERROR_DOMAIN_NOTFOUND, "no such domain");

    reset_stock();
    set(3, 0, 0, RUNNING);
    after_calls(2, sleeps_untold);
    TAP_OK(!wait_3(SUSPENDED, 0, LONG_MS, &info) &&
           info.state == SUSPENDED && nr_gets == 3,
           "it sleeps later, and three looks tell");

    reset_stock();
    set(3, 0, 0, RUNNING);
    after_calls(2, dies);
    TAP_EQ_INT(wait_3(SUSPENDED, 0, LONG_MS, &info), ERROR_DOMAIN_DESTROYED,
               "it dies");

    reset_stock();
    set(3, 0, 0, RUNNING);
    TAP_EQ_INT(wait_3(SUSPENDED, 0, 350, &info), ERROR_TIMEDOUT,
               "nothing happens");
    /* Fewer where this machine is slow; that it looks again was seen above. */
    TAP_OK(nr_gets <= 10, "... in %u looks, which are not too many", nr_gets);
}

static void test_stock_watch(void)
{
    reset_stock();
    set(3, 0, 0, SUSPENDED);
    set(4, 0, 0, RUNNING);
    TAP_EQ_INT(libxl_suspend_watch_open(NULL, 0, &watch), 0,
               "watch without the patch");
    TAP_OK(readable(), "there is something to begin with");
    next_is(0, 0, 0, NO_SEQ, "first, all of them");
    next_is(0, 0, 3, NO_SEQ, "... by domid");
    next_is(0, 0, 4, NO_SEQ, "... and the last");
    next_is(250, ERROR_TIMEDOUT, 0, 0, "nothing happens");
    set(4, 0, 0, SUSPENDED);
    next_is(LONG_MS, 0, 4, NO_SEQ, "a change");
    next_is(0, ERROR_TIMEDOUT, 0, 0, "... once");
    set(3, 0, 0, RUNNING);
    set(4, 0, 0, RUNNING);
    next_is(LONG_MS, 0, 3, NO_SEQ, "two changes");
    next_is(LONG_MS, 0, 4, NO_SEQ, "... the second");
    host[3].there = false;
    set(5, 0, 0, RUNNING);
    next_is(LONG_MS, ERROR_DOMAIN_DESTROYED, 3, NO_SEQ, "one is gone");
    next_is(LONG_MS, 0, 5, NO_SEQ, "... and one is new");
    next_is(0, ERROR_TIMEDOUT, 0, 0, "... and no more");

    host[4].there = false;
    no_xenstore = true;
    next_is(LONG_MS, ERROR_GUEST_SUSPEND_NO_XENSTORE, 0, 0,
            "xenstore goes away");
    TAP_OK(readable(), "... what was not seen is still to come");
    no_xenstore = false;
    next_is(0, ERROR_DOMAIN_DESTROYED, 4, NO_SEQ, "... and comes with it");
    next_is(1500, ERROR_TIMEDOUT, 0, 0, "... and that is all");
    libxl_suspend_watch_close(watch);

    /* Nobody there yet, by whom the missing seq could be seen. */
    reset_stock();
    host[0].there = false;
    TAP_EQ_INT(libxl_suspend_watch_open(NULL, 0, &watch), 0, "an empty host");
    next_is(0, ERROR_TIMEDOUT, 0, 0, "... has nothing to tell");
    set(3, 0, 0, SUSPENDED);
    next_is(LONG_MS, 0, 3, NO_SEQ, "... then one comes");
    next_is(250, ERROR_TIMEDOUT, 0, 0, "... once");
    libxl_suspend_watch_close(watch);

    reset_stock();
    TAP_EQ_INT(libxl_suspend_watch_open(NULL, 7, &watch),
               ERROR_GUEST_SUSPEND_NO_SEQ, "no watch from a seq on");
    TAP_OK(!watch, "... and no watch is left");
}

int main(void)
{
    unsigned int fds = tap_nr_fds();

    test_wait_at_once();
    test_wait();
    test_wait_timeout();
    test_wait_looks();
    test_wait_without_xenstore();
    test_watch();
    test_watch_flapping();
    test_stock_wait();
    test_stock_watch();
    reset();
    TAP_EQ_INT(tap_nr_fds(), fds, "no file is left open");
    TAP_OK(!connected && !fake_xencall_nr_open && !fake_xencall_nr_buffers,
           "nothing else is left over");
    return tap_done();
}
