/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_pm.c: libxl_pm.c of our series for libvirt's Xen driver, on a host that is made
 * up: states, events, requests, and its threads.  Built and run by
 * tests/unit/test-libvirt-driver.sh.  The whole driver, in libvirt's own daemon, is what
 * driver.sh tests.
 *
 * test_pm [SLEEPS]: how many there are in the case with many.
 */

#include "libxl_domain.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <libxl_guest_suspend.h>
#include <xenstore.h>

#include "../unit/tap.h"

#define NR_GUESTS 4
#define SLEPT "pm-suspend PMSuspended "
#define WOKE "pm-wakeup Started "
/* A condition's deadline is long: it is reached only by a test that fails. */
#define PATIENCE_MS 60000

/* The host */

struct guest {
    char name[4];
    virDomainObj vm;
    virDomainDef def;
    libxlDomainObjPrivate priv;
    /* What the hypervisor has: under host_lock. */
    int domid;
    libxl_guest_suspend_info record;
};

static pthread_mutex_t host_lock = PTHREAD_MUTEX_INITIALIZER;
static struct guest guests[NR_GUESTS];
static libxlDriverPrivate driver;
static uint64_t last_seq;
static bool unpatched, stock_x86, daemon_ready;
static int xs_fd = -1, watch_fd = -1;
static unsigned int nr_opened, nr_watches;
static uint64_t given[NR_GUESTS];
/* What was asked of libxlguestsuspend, and what it is to answer. */
static libxl_domain_resume_virq_opts resumed;
static libxl_domain_suspend_request_opts requested;
static unsigned int nr_resumes, nr_requests;
static int resume_rc, request_rc;
static bool request_waits;

static struct guest *guest_of(int domid)
{
    int i;

    for (i = 0; i < NR_GUESTS; i++)
        if (guests[i].domid == domid)
            return &guests[i];
    return NULL;
}

static void tell(int fd)
{
    uint64_t one = 1;

    if (fd >= 0 && write(fd, &one, sizeof(one)) != sizeof(one))
        abort();
}

static void forget(int fd)
{
    uint64_t value;

    while (read(fd, &value, sizeof(value)) > 0)
        ;
}

/* As the guest does it; the driver is not told yet. */
static void change(struct guest *g, libxl_guest_suspend_state state,
                   libxl_guest_suspend_wake wake)
{
    pthread_mutex_lock(&host_lock);
    g->record.state = state;
    g->record.seq = ++last_seq;
    if (state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
        g->record.suspends++;
    else
        g->record.wake_reason = wake;
    pthread_mutex_unlock(&host_lock);
}

static void falls_asleep(struct guest *g)
{
    change(g, LIBXL_GUEST_SUSPEND_STATE_SUSPENDED, LIBXL_GUEST_SUSPEND_WAKE_NONE);
}

static void wakes(struct guest *g)
{
    change(g, LIBXL_GUEST_SUSPEND_STATE_RUNNING, LIBXL_GUEST_SUSPEND_WAKE_INTERRUPT);
}

static void hint(void)
{
    pthread_mutex_lock(&host_lock);
    tell(watch_fd);
    pthread_mutex_unlock(&host_lock);
}

static void set_ready(bool ready)
{
    pthread_mutex_lock(&host_lock);
    daemon_ready = ready;
    tell(xs_fd);
    pthread_mutex_unlock(&host_lock);
}

int libxl_domain_suspend_state(libxl_ctx *ctx, libxl_domid domid,
                               libxl_guest_suspend_info *info_r)
{
    struct guest *g;
    int rc = 0;

    (void)ctx;
    memset(info_r, 0, sizeof(*info_r));
    pthread_mutex_lock(&host_lock);
    g = guest_of((int)domid);
    if (unpatched)
        rc = ERROR_GUEST_SUSPEND_UNSUPPORTED;
    else if (g)
        *info_r = g->record;
    else if (domid)
        rc = ERROR_DOMAIN_NOTFOUND;
    if (stock_x86)
        info_r->seq = LIBXL_GUEST_SUSPEND_UNKNOWN;
    pthread_mutex_unlock(&host_lock);
    return rc;
}

const char *libxl_guest_suspend_strerror(int rc)
{
    return rc ? "an error" : "none";
}

const char *libxl_guest_suspend_wake_to_string(libxl_guest_suspend_wake p)
{
    return p ? "a reason" : "none";
}

void libxl_domain_resume_virq_opts_init(libxl_domain_resume_virq_opts *p)
{
    memset(p, 0, sizeof(*p));
}

void libxl_domain_resume_virq_opts_dispose(libxl_domain_resume_virq_opts *p)
{
    memset(p, 0, sizeof(*p));
}

int libxl_domain_resume_virq(libxl_ctx *ctx, libxl_domid domid, uint32_t virq,
                             const libxl_domain_resume_virq_opts *opts)
{
    struct guest *g;

    (void)ctx;
    pthread_mutex_lock(&host_lock);
    nr_resumes++;
    resumed = *opts;
    g = guest_of((int)domid);
    pthread_mutex_unlock(&host_lock);
    /* Nobody may wait for the domain's lock while its device model wakes it. */
    if (virq != LIBXL_RESUME_VIRQ_NONE || !g || pthread_mutex_trylock(&g->vm.lock))
        abort();
    pthread_mutex_unlock(&g->vm.lock);
    if (!resume_rc)
        change(g, LIBXL_GUEST_SUSPEND_STATE_RUNNING, LIBXL_GUEST_SUSPEND_WAKE_TOOLSTACK);
    return resume_rc;
}

void libxl_domain_suspend_request_opts_init(libxl_domain_suspend_request_opts *p)
{
    memset(p, 0, sizeof(*p));
    p->cancel_fd = -1;
}

void libxl_domain_suspend_request_opts_dispose(libxl_domain_suspend_request_opts *p)
{
    memset(p, 0, sizeof(*p));
}

int libxl_domain_suspend_request(libxl_ctx *ctx, libxl_domid domid,
                                 const libxl_domain_suspend_request_opts *opts)
{
    struct pollfd cancel = { .fd = opts->cancel_fd, .events = POLLIN };
    struct guest *g;
    bool waits;

    (void)ctx;
    pthread_mutex_lock(&host_lock);
    nr_requests++;
    requested = *opts;
    waits = request_waits;
    g = guest_of((int)domid);
    pthread_mutex_unlock(&host_lock);
    if (waits)
        return poll(&cancel, 1, PATIENCE_MS) > 0 ? ERROR_ABORTED
                                                 : ERROR_GUEST_SUSPEND_NO_ANSWER;
    if (!request_rc)
        falls_asleep(g);
    return request_rc;
}

/* Its watch: that which has not been given yet. */
struct libxl_suspend_watch {
    int unused;
};

int libxl_suspend_watch_open(libxl_ctx *ctx, uint64_t after_seq,
                             libxl_suspend_watch **watch_r)
{
    static libxl_suspend_watch watch;

    (void)ctx;
    (void)after_seq;
    pthread_mutex_lock(&host_lock);
    nr_opened++;
    nr_watches++;
    watch_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    memset(given, 0, sizeof(given));
    pthread_mutex_unlock(&host_lock);
    *watch_r = &watch;
    return 0;
}

void libxl_suspend_watch_close(libxl_suspend_watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&host_lock);
    nr_watches--;
    close(watch_fd);
    watch_fd = -1;
    pthread_mutex_unlock(&host_lock);
}

int libxl_suspend_watch_fd(const libxl_suspend_watch *watch)
{
    (void)watch;
    return watch_fd;
}

int libxl_suspend_watch_next(libxl_suspend_watch *watch, int timeout_ms,
                             libxl_guest_suspend_info *info_r)
{
    int i, rc = ERROR_TIMEDOUT;

    (void)watch;
    if (timeout_ms)
        abort();
    pthread_mutex_lock(&host_lock);
    forget(watch_fd);
    for (i = 0; i < NR_GUESTS && rc; i++) {
        if (guests[i].domid < 0 || guests[i].record.seq <= given[i])
            continue;
        *info_r = guests[i].record;
        info_r->domid = (libxl_domid)guests[i].domid;
        given[i] = info_r->seq;
        rc = 0;
    }
    pthread_mutex_unlock(&host_lock);
    return rc;
}

/* xenstore has one node, and it is watched. */
struct xs_handle {
    int unused;
};

struct xs_handle *xs_open(unsigned long flags)
{
    static struct xs_handle xs;

    (void)flags;
    pthread_mutex_lock(&host_lock);
    xs_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_unlock(&host_lock);
    return &xs;
}

void xs_close(struct xs_handle *xs)
{
    (void)xs;
    pthread_mutex_lock(&host_lock);
    close(xs_fd);
    xs_fd = -1;
    pthread_mutex_unlock(&host_lock);
}

bool xs_watch(struct xs_handle *xs, const char *path, const char *token)
{
    (void)xs;
    (void)token;
    tell(xs_fd);
    return !strcmp(path, "/tool/guest-suspend/ready");
}

int xs_fileno(struct xs_handle *xs)
{
    (void)xs;
    return xs_fd;
}

char **xs_check_watch(struct xs_handle *xs)
{
    (void)xs;
    forget(xs_fd);
    return calloc(2, sizeof(char *));
}

void *xs_read(struct xs_handle *xs, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    char *value;

    (void)xs;
    (void)t;
    (void)len;
    pthread_mutex_lock(&host_lock);
    value = daemon_ready && !strcmp(path, "/tool/guest-suspend/ready") ? strdup("1")
                                                                       : NULL;
    pthread_mutex_unlock(&host_lock);
    return value;
}

/* A domain's UUID begins with its number here. */
void libxl_dominfo_init(libxl_dominfo *p)
{
    memset(p, 0, sizeof(*p));
}

void libxl_dominfo_dispose(libxl_dominfo *p)
{
    memset(p, 0, sizeof(*p));
}

int libxl_domain_info(libxl_ctx *ctx, libxl_dominfo *info, uint32_t domid)
{
    struct guest *g;

    (void)ctx;
    pthread_mutex_lock(&host_lock);
    g = guest_of((int)domid);
    if (g)
        memset(&info->uuid, (int)(g - guests) + 1, sizeof(info->uuid));
    pthread_mutex_unlock(&host_lock);
    return g ? 0 : ERROR_DOMAIN_NOTFOUND;
}

#undef libxl_uuid_bytearray
uint8_t *libxl_uuid_bytearray(libxl_uuid *uuid)
{
    return (uint8_t *)uuid;
}

virDomainObj *virDomainObjListFindByUUID(void *domains, const uint8_t *uuid)
{
    struct guest *g = &guests[uuid[0] - 1];

    (void)domains;
    virObjectLock(&g->vm);
    return &g->vm;
}

/* guest_new N: an active domain that runs, with a domid of its own. */
static struct guest *guest_new(int n, int domid)
{
    struct guest *g = &guests[n];

    virObjectLock(&g->vm);
    snprintf(g->def.name, sizeof(g->def.name), "g%d", n);
    g->def.id = domid;
    g->vm.state = VIR_DOMAIN_RUNNING;
    g->vm.reason = VIR_DOMAIN_RUNNING_UNKNOWN;
    pthread_mutex_lock(&host_lock);
    g->domid = domid;
    memset(&g->record, 0, sizeof(g->record));
    g->record.seq = g->record.instance = ++last_seq;
    pthread_mutex_unlock(&host_lock);
    virObjectUnlock(&g->vm);
    return g;
}

static void host_new(void)
{
    int i;

    fake_events_clear();
    memset(guests, 0, sizeof(guests));
    for (i = 0; i < NR_GUESTS; i++) {
        virMutexInit(&guests[i].vm.lock);
        guests[i].vm.def = &guests[i].def;
        guests[i].vm.privateData = &guests[i].priv;
        guests[i].def.id = guests[i].domid = -1;
    }
    memset(&driver, 0, sizeof(driver));
    unpatched = stock_x86 = daemon_ready = request_waits = false;
    nr_opened = nr_resumes = nr_requests = 0;
    resume_rc = request_rc = 0;
    fake_error = 0;
    if (libxlGuestSuspendMonitorNew(&driver, &driver.guestSuspend))
        abort();
}

static void host_end(void)
{
    libxlGuestSuspendMonitorFree(driver.guestSuspend);
    driver.guestSuspend = NULL;
}

/* What a look is, when there is no thread that does it. */
static void look(struct guest *g)
{
    virObjectLock(&g->vm);
    libxlGuestSuspendUpdate(&driver, &g->vm);
    virObjectUnlock(&g->vm);
}

static int state(struct guest *g)
{
    int state;

    virObjectLock(&g->vm);
    state = virDomainObjGetState(&g->vm, NULL);
    virObjectUnlock(&g->vm);
    return state;
}

static void events_are(struct guest *g, const char *wanted, const char *what)
{
    char *got = fake_events(g->def.name);

    TAP_EQ_STR(got, wanted, what);
    free(got);
}

/* Cases without threads */

static void test_states(void)
{
    struct guest *g;

    host_new();
    g = guest_new(0, 1);
    look(g);
    events_are(g, "", "a guest that runs: nothing is told");
    falls_asleep(g);
    look(g);
    look(g);
    events_are(g, SLEPT, "a sleep is told once");
    TAP_EQ_INT(g->vm.state, VIR_DOMAIN_PMSUSPENDED, "it is PMSUSPENDED");
    TAP_EQ_INT(g->vm.nr_saves, 1, "the state is saved");
    wakes(g);
    look(g);
    look(g);
    events_are(g, SLEPT WOKE, "a wake is told once");
    TAP_EQ_INT(g->vm.state, VIR_DOMAIN_RUNNING, "it is RUNNING");
    TAP_EQ_INT(g->vm.reason, VIR_DOMAIN_RUNNING_WAKEUP, "because it woke");

    fake_events_clear();
    falls_asleep(g);
    wakes(g);
    falls_asleep(g);
    wakes(g);
    look(g);
    events_are(g, SLEPT WOKE, "sleeps that nobody saw are told as one");
    falls_asleep(g);
    look(g);
    wakes(g);
    falls_asleep(g);
    look(g);
    events_are(g, SLEPT WOKE SLEPT WOKE SLEPT, "awake and asleep again: both are told");
    host_end();
}

static void test_paused(void)
{
    struct guest *g;

    host_new();
    g = guest_new(0, 1);
    g->vm.state = VIR_DOMAIN_PAUSED;
    falls_asleep(g);
    look(g);
    events_are(g, "pm-suspend ", "a paused guest falls asleep");
    TAP_EQ_INT(g->vm.state, VIR_DOMAIN_PAUSED, "and stays paused");
    g->vm.state = VIR_DOMAIN_RUNNING;
    libxlGuestSuspendUnpaused(&driver, &g->vm);
    events_are(g, SLEPT, "unpaused, it is told to sleep");
    TAP_EQ_INT(g->vm.state, VIR_DOMAIN_PMSUSPENDED, "and is PMSUSPENDED");
    g->vm.state = VIR_DOMAIN_PAUSED;
    wakes(g);
    look(g);
    events_are(g, SLEPT "pm-wakeup ", "it wakes while it is paused");
    TAP_EQ_INT(g->vm.state, VIR_DOMAIN_PAUSED, "and stays paused");
    libxlGuestSuspendUnpaused(&driver, &g->vm);
    events_are(g, SLEPT "pm-wakeup ", "unpaused, it runs: nothing more");
    host_end();
}

static void test_ends(void)
{
    struct guest *g;

    host_new();
    g = guest_new(0, 1);
    falls_asleep(g);
    look(g);
    change(g, LIBXL_GUEST_SUSPEND_STATE_RUNNING, LIBXL_GUEST_SUSPEND_WAKE_SHUTDOWN);
    look(g);
    events_are(g, SLEPT, "a shutdown ends the sleep: no wake is told");
    TAP_EQ_INT(g->vm.state, VIR_DOMAIN_RUNNING, "and the sleep's state is gone");

    /* Asleep when it ends, and started again with the same domid. */
    falls_asleep(g);
    look(g);
    fake_events_clear();
    guest_new(0, 1);
    look(g);
    events_are(g, "", "the next domain with that domid has not slept");
    TAP_OK(!libxlGuestSuspendIsAsleep(&g->vm), "and is awake");
    falls_asleep(g);
    look(g);
    events_are(g, SLEPT, "its first sleep is told");
    g->def.id = -1;
    look(g);
    TAP_OK(!libxlGuestSuspendIsAsleep(&g->vm), "a domain that is off does not sleep");
    host_end();
}

static void test_wakeup(void)
{
    struct guest *g;

    host_new();
    g = guest_new(0, 1);
    falls_asleep(g);
    virObjectLock(&g->vm);
    libxlGuestSuspendUpdate(&driver, &g->vm);
    TAP_EQ_INT(libxlGuestSuspendWakeup(&driver, &g->vm), 0, "it is woken");
    TAP_EQ_INT(resumed.instance, g->record.instance, "that domain, and no later one");
    events_are(g, SLEPT WOKE, "which is told");

    falls_asleep(g);
    TAP_EQ_INT(libxlGuestSuspendEnsureAwake(&driver, &g->vm), 0, "to be awake, it is woken");
    TAP_EQ_INT(nr_resumes, 2, "by a wake");
    TAP_EQ_INT(libxlGuestSuspendEnsureAwake(&driver, &g->vm), 0, "one that is awake is left alone");
    TAP_EQ_INT(nr_resumes, 2, "without a wake");

    static const struct {
        int rc, error;
    } errors[] = {
        { ERROR_FAIL, VIR_ERR_SYSTEM_ERROR },
        { ERROR_GUEST_SUSPEND_STALE, VIR_ERR_OPERATION_INVALID },
        { ERROR_GUEST_SUSPEND_NOT_SUSPENDED, VIR_ERR_OPERATION_INVALID },
        { ERROR_TIMEDOUT, VIR_ERR_OPERATION_TIMEOUT },
        { ERROR_GUEST_SUSPEND_DENIED, VIR_ERR_OPERATION_FAILED },
    };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        falls_asleep(g);
        resume_rc = errors[i].rc;
        TAP_EQ_INT(libxlGuestSuspendEnsureAwake(&driver, &g->vm), -1, "a wake that fails");
        TAP_EQ_INT(fake_error, errors[i].error, "its error");
    }
    virObjectUnlock(&g->vm);
    host_end();
}

static void test_request(void)
{
    struct guest *g;

    host_new();
    g = guest_new(0, 1);
    virObjectLock(&g->vm);
    TAP_OK(!libxlGuestSuspendIsRequestable(&driver, &g->vm), "without <pm> it is not asked");
    g->def.pm.s3 = VIR_TRISTATE_BOOL_NO;
    TAP_OK(!libxlGuestSuspendIsRequestable(&driver, &g->vm), "nor with 'no'");
    g->def.pm.s3 = VIR_TRISTATE_BOOL_YES;
    TAP_OK(libxlGuestSuspendIsRequestable(&driver, &g->vm), "with 'yes' it is");
    libxlGuestSuspendUpdate(&driver, &g->vm);
    TAP_EQ_INT(libxlGuestSuspendRequest(&driver, &g->vm), 0, "it does what it is asked for");
    TAP_EQ_INT(requested.instance, g->record.instance, "that domain, and no later one");
    events_are(g, SLEPT, "its sleep is told when the request is done");
    wakes(g);
    libxlGuestSuspendUpdate(&driver, &g->vm);
    g->vm.state = VIR_DOMAIN_PAUSED;
    TAP_EQ_INT(libxlGuestSuspendRequest(&driver, &g->vm), -1, "a paused one is not asked");
    TAP_EQ_INT(fake_error, VIR_ERR_OPERATION_INVALID, "its error");
    TAP_EQ_INT(nr_requests, 1, "and no request made");
    g->vm.state = VIR_DOMAIN_RUNNING;

    static const struct {
        int rc, error;
    } errors[] = {
        { ERROR_GUEST_SUSPEND_NO_ANSWER, VIR_ERR_OPERATION_TIMEOUT },
        { ERROR_GUEST_SUSPEND_CANNOT_ASK, VIR_ERR_OPERATION_UNSUPPORTED },
        { ERROR_GUEST_SUSPEND_DECLINED, VIR_ERR_OPERATION_FAILED },
        { ERROR_DOMAIN_DESTROYED, VIR_ERR_OPERATION_INVALID },
    };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        request_rc = errors[i].rc;
        TAP_EQ_INT(libxlGuestSuspendRequest(&driver, &g->vm), -1, "a request that fails");
        TAP_EQ_INT(fake_error, errors[i].error, "its error");
    }
    /* The daemon is told to end. */
    request_waits = true;
    libxlGuestSuspendMonitorStop(driver.guestSuspend);
    TAP_EQ_INT(libxlGuestSuspendRequest(&driver, &g->vm), -1, "the daemon's end withdraws it");
    TAP_EQ_INT(fake_error, VIR_ERR_OPERATION_ABORTED, "its error");
    virObjectUnlock(&g->vm);
    host_end();
}

static void test_reconnect(void)
{
    struct guest *g, *paused;

    host_new();
    g = guest_new(0, 1);
    paused = guest_new(1, 2);
    paused->vm.state = VIR_DOMAIN_PAUSED;
    falls_asleep(g);
    falls_asleep(paused);
    libxlGuestSuspendReconnect(&driver, &g->vm);
    libxlGuestSuspendReconnect(&driver, &paused->vm);
    look(g);
    look(paused);
    TAP_EQ_INT(g->vm.state, VIR_DOMAIN_PMSUSPENDED, "found asleep: PMSUSPENDED");
    TAP_EQ_INT(paused->vm.state, VIR_DOMAIN_PAUSED, "found asleep and paused: PAUSED");
    events_are(g, "", "nothing is told of what was before");
    wakes(g);
    look(g);
    events_are(g, WOKE, "the end of that sleep is told");
    host_end();
}

static void test_without(void)
{
    struct guest *g;
    unsigned int i;

    for (i = 0; i < 2; i++) {
        host_new();
        host_end();
        unpatched = i == 0;
        stock_x86 = i == 1;
        TAP_EQ_INT(libxlGuestSuspendMonitorNew(&driver, &driver.guestSuspend), 0,
                   i ? "stock Xen on x86 is no error" : "an unpatched hypervisor is no error");
        TAP_OK(!driver.guestSuspend, "and there is no guest suspend");
        TAP_EQ_INT(libxlGuestSuspendMonitorStart(driver.guestSuspend), 0, "it is not started");
        TAP_EQ_INT(xs_fd, -1, "no thread asks xenstore");
        g = guest_new(0, 1);
        g->def.pm.s3 = VIR_TRISTATE_BOOL_YES;
        falls_asleep(g);
        look(g);
        libxlGuestSuspendReconnect(&driver, &g->vm);
        TAP_EQ_INT(g->vm.state, VIR_DOMAIN_RUNNING, "a guest that sleeps runs");
        events_are(g, "", "and nothing is told");
        TAP_OK(!libxlGuestSuspendIsRequestable(&driver, &g->vm), "it is not asked");
        host_end();
    }
}

/* Cases with threads */

static bool events_get_to(struct guest *g, unsigned int nr)
{
    return fake_wait_for_events(g->def.name, nr, PATIENCE_MS / 1000) == nr;
}

static unsigned int count(const unsigned int *what)
{
    unsigned int nr;

    pthread_mutex_lock(&host_lock);
    nr = *what;
    pthread_mutex_unlock(&host_lock);
    return nr;
}

static bool count_gets_to(const unsigned int *what, unsigned int nr)
{
    int i;

    for (i = 0; i < PATIENCE_MS && count(what) != nr; i++)
        poll(NULL, 0, 1);
    return count(what) == nr;
}

static void test_daemon_away(void)
{
    struct guest *g;

    host_new();
    g = guest_new(0, 1);
    TAP_EQ_INT(libxlGuestSuspendMonitorStart(driver.guestSuspend), 0, "it is started");
    falls_asleep(g);
    TAP_EQ_INT(count(&nr_watches), 0, "without xensuspendd there is no watch");
    set_ready(true);
    TAP_OK(events_get_to(g, 2), "xensuspendd comes: the sleep is told");
    set_ready(false);
    TAP_OK(count_gets_to(&nr_watches, 0), "it goes: the watch is closed");
    wakes(g);
    set_ready(true);
    TAP_OK(events_get_to(g, 4), "it is back: the wake is told");
    events_are(g, SLEPT WOKE, "each once");
    TAP_EQ_INT(count(&nr_opened), 2, "there were two watches");
    host_end();
    TAP_EQ_INT(count(&nr_watches), 0, "none is left");
}

static void test_stuck(void)
{
    struct guest *stuck, *g;

    host_new();
    stuck = guest_new(0, 1);
    g = guest_new(1, 2);
    set_ready(true);
    libxlGuestSuspendMonitorStart(driver.guestSuspend);
    virObjectLock(&stuck->vm);
    falls_asleep(stuck);
    falls_asleep(g);
    hint();
    TAP_OK(events_get_to(g, 2), "one is stuck: the other's sleep is told");
    wakes(g);
    hint();
    TAP_OK(events_get_to(g, 4), "and its wake");
    TAP_EQ_INT(fake_nr_events("g0"), 0, "the stuck one's is not yet");
    /* Destroyed meanwhile, and its domid is another's. */
    stuck->def.id = -1;
    virObjectUnlock(&stuck->vm);
    host_end();
    TAP_EQ_INT(fake_nr_events("g0"), 0, "and never, as it is off by then");
}

/* Whether it slept and woke by turns, and sleeps now. */
static bool by_turns(const char *events)
{
    size_t len = strlen(SLEPT WOKE);

    while (!strncmp(events, SLEPT WOKE, len))
        events += len;
    return !strcmp(events, SLEPT);
}

static void test_many(unsigned int sleeps)
{
    unsigned int i, n, fds = tap_nr_fds();
    bool good = true;
    char *events;

    host_new();
    for (n = 0; n < NR_GUESTS; n++)
        guest_new((int)n, (int)n + 1);
    set_ready(true);
    libxlGuestSuspendMonitorStart(driver.guestSuspend);
    for (i = 0; i < sleeps && good; i++) {
        struct guest *g = &guests[i % NR_GUESTS];
        unsigned int before = i / NR_GUESTS * 4;

        falls_asleep(g);
        hint();
        good = events_get_to(g, before + 2) && state(g) == VIR_DOMAIN_PMSUSPENDED;
        wakes(g);
        hint();
        good = good && events_get_to(g, before + 4);
    }
    TAP_OK(good, "%u sleeps of %d guests: each sleep and each wake is told", sleeps, NR_GUESTS);
    for (n = 0, i = 0; n < NR_GUESTS; n++)
        i += fake_nr_events(guests[n].def.name);
    TAP_EQ_INT(i, 4 * sleeps, "and nothing else");

    /* The driver cannot keep up: some are told as one. */
    fake_events_clear();
    for (i = 0; i < sleeps; i++) {
        for (n = 0; n < NR_GUESTS; n++) {
            falls_asleep(&guests[n]);
            hint();
            wakes(&guests[n]);
            hint();
        }
    }
    for (n = 0; n < NR_GUESTS; n++) {
        falls_asleep(&guests[n]);
        look(&guests[n]);
    }
    host_end();
    for (n = 0; n < NR_GUESTS; n++) {
        events = fake_events(guests[n].def.name);
        TAP_OK(by_turns(events), "without a pause: sleep and wake by turns, and the last sleep");
        free(events);
    }
    TAP_EQ_INT(tap_nr_fds(), fds, "no file is left open");
}

int main(int argc, char *argv[])
{
    unsigned int sleeps = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;

    test_states();
    test_paused();
    test_ends();
    test_wakeup();
    test_request();
    test_reconnect();
    test_without();
    test_daemon_away();
    test_stuck();
    test_many(sleeps);
    fake_events_clear();
    return tap_done();
}
