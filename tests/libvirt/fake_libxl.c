/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_libxl.c: the part of libxl, libxlguestsuspend and libxenstore that
 * libvirt's Xen driver uses, on a host that is a directory.  It is preloaded into
 * libvirtd.  The directory survives libvirtd, as a host does.
 *
 * $FAKE_HOST/
 *   ready               exists while xensuspendd runs
 *   changes             a line is added to it after each change of a record
 *   calls               "FUNCTION DOMID", a line for each call of interest
 *   unpatched           if it exists, the hypervisor has no guest suspend
 *   domains/DOMID/
 *     uuid, xml         libvirt's
 *     paused            1 or 0
 *     frozen            1 after libxl_domain_suspend_only(), else 0
 *     record            STATE SUSPENDS SEQ INSTANCE WAKE: the states and reasons are
 *                       libxl_guest_suspend.h's numbers
 *     shutdown          a libxl_shutdown_reason; removed once it is reported
 *     answer            how it answers a request to sleep: sleep, deaf, cannot
 *     stuck             while it exists, libxl_domain_pause() does not return
 *   next                the next domid; next_seq: the next seq
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxl.h>
#include <libxl_event.h>
#include <libxl_guest_suspend.h>
#include <xenstore.h>

#define NO_MEMORY_HERE 100
#define MAX_DOMAINS 64

static int ctx_object;
static const libxl_event_hooks *hooks;
static void *hooks_user;

/* Files */

static const char *path_of(char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *path_of(char *path, const char *format, ...)
{
    int len = snprintf(path, PATH_MAX, "%s/", getenv("FAKE_HOST"));
    va_list ap;

    va_start(ap, format);
    vsnprintf(path + len, (size_t)(PATH_MAX - len), format, ap);
    va_end(ap);
    return path;
}

/* A file's text without the newline.  NULL: no such file. */
static char *get(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *get(const char *format, ...)
{
    char name[PATH_MAX], path[PATH_MAX], *text = NULL;
    size_t size = 0;
    va_list ap;
    FILE *f;

    va_start(ap, format);
    vsnprintf(name, sizeof(name), format, ap);
    va_end(ap);
    f = fopen(path_of(path, "%s", name), "re");
    if (!f)
        return NULL;
    if (getdelim(&text, &size, '\0', f) < 0) {
        free(text);
        text = strdup("");
    }
    fclose(f);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void put(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put(const char *name, const char *format, ...)
{
    char path[PATH_MAX], new[PATH_MAX];
    va_list ap;
    FILE *f;

    path_of(path, "%s", name);
    path_of(new, "%s.new", name);
    f = fopen(new, "we");
    if (!f)
        abort();
    va_start(ap, format);
    vfprintf(f, format, ap);
    va_end(ap);
    fclose(f);
    if (rename(new, path))
        abort();
}

static void append(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void append(const char *name, const char *format, ...)
{
    char path[PATH_MAX];
    va_list ap;
    FILE *f = fopen(path_of(path, "%s", name), "ae");

    if (!f)
        abort();
    va_start(ap, format);
    vfprintf(f, format, ap);
    va_end(ap);
    fclose(f);
}

static bool exists(const char *name)
{
    char path[PATH_MAX];

    return !access(path_of(path, "%s", name), F_OK);
}

static bool domain_file(uint32_t domid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "domains/%u/%s", domid, name);
    return exists(path);
}

static void called(const char *function, uint32_t domid)
{
    append("calls", "%s %u\n", function, domid);
}

static int new_inotify(const char *name, uint32_t mask)
{
    char path[PATH_MAX];
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (inotify_add_watch(fd, path_of(path, "%s", name), mask) < 0)
        abort();
    return fd;
}

static bool drain(int fd)
{
    char events[4096];
    bool any = false;

    while (read(fd, events, sizeof(events)) > 0)
        any = true;
    return any;
}

/* Records */

static bool get_record(uint32_t domid, libxl_guest_suspend_info *info)
{
    char *text = domid ? get("domains/%u/record", domid) : strdup("0 0 1 1 0");
    int state, wake;
    bool good;

    memset(info, 0, sizeof(*info));
    info->domid = domid;
    good = text && sscanf(text, "%d %" SCNu64 " %" SCNu64 " %" SCNu64 " %d", &state,
                          &info->suspends, &info->seq, &info->instance, &wake) == 5;
    free(text);
    if (good) {
        info->state = (libxl_guest_suspend_state)state;
        info->wake_reason = (libxl_guest_suspend_wake)wake;
    }
    return good;
}

static uint64_t next_number(const char *name)
{
    char *text = get("%s", name);
    uint64_t number = text ? strtoull(text, NULL, 10) : 10;

    free(text);
    put(name, "%" PRIu64 "\n", number + 1);
    return number;
}

static void change(uint32_t domid, libxl_guest_suspend_state state,
                   libxl_guest_suspend_wake wake)
{
    libxl_guest_suspend_info info;
    char name[64];

    if (!get_record(domid, &info))
        return;
    if (state == LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
        info.suspends++;
    snprintf(name, sizeof(name), "domains/%u/record", domid);
    put(name, "%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %d\n", state, info.suspends,
        next_number("next_seq"), info.instance, wake);
    append("changes", "%u\n", domid);
}

int libxl_domain_suspend_state(libxl_ctx *ctx, libxl_domid domid,
                               libxl_guest_suspend_info *info_r)
{
    (void)ctx;
    if (exists("unpatched"))
        return ERROR_GUEST_SUSPEND_UNSUPPORTED;
    return get_record(domid, info_r) ? 0 : ERROR_DOMAIN_NOTFOUND;
}

int libxl_domain_resume_virq(libxl_ctx *ctx, libxl_domid domid, uint32_t virq,
                             const libxl_domain_resume_virq_opts *opts)
{
    libxl_guest_suspend_info info;

    (void)ctx;
    called(__func__, domid);
    if (virq != LIBXL_RESUME_VIRQ_NONE || !opts->instance)
        return ERROR_INVAL;
    if (!get_record(domid, &info))
        return ERROR_DOMAIN_NOTFOUND;
    if (info.instance != opts->instance)
        return ERROR_GUEST_SUSPEND_STALE;
    if (info.state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED)
        return ERROR_GUEST_SUSPEND_NOT_SUSPENDED;
    change(domid, LIBXL_GUEST_SUSPEND_STATE_RUNNING, LIBXL_GUEST_SUSPEND_WAKE_TOOLSTACK);
    return 0;
}

int libxl_domain_suspend_request(libxl_ctx *ctx, libxl_domid domid,
                                 const libxl_domain_suspend_request_opts *opts)
{
    char *answer = get("domains/%u/answer", domid);
    struct pollfd cancel = { .fd = opts->cancel_fd, .events = POLLIN };
    libxl_guest_suspend_info info;
    int rc = ERROR_GUEST_SUSPEND_CANNOT_ASK, i;

    (void)ctx;
    called(__func__, domid);
    if (answer && !strcmp(answer, "sleep")) {
        change(domid, LIBXL_GUEST_SUSPEND_STATE_SUSPENDED, LIBXL_GUEST_SUSPEND_WAKE_NONE);
        rc = 0;
    }
    if (answer && !strcmp(answer, "deaf")) {
        rc = ERROR_GUEST_SUSPEND_NO_ANSWER;
        /* A test is not to take half a minute. */
        for (i = 0; i < 80 && rc == ERROR_GUEST_SUSPEND_NO_ANSWER; i++) {
            if (poll(&cancel, 1, 100) > 0)
                rc = ERROR_ABORTED;
            else if (!get_record(domid, &info))
                rc = ERROR_DOMAIN_DESTROYED;
        }
    }
    called(rc == ERROR_ABORTED ? "request_cancelled" : rc ? "request_failed" : "request_done", domid);
    free(answer);
    return rc;
}

/* Watch */

struct libxl_suspend_watch {
    int fd;
    uint64_t given[MAX_DOMAINS];
};

int libxl_suspend_watch_open(libxl_ctx *ctx, uint64_t after_seq,
                             libxl_suspend_watch **watch_r)
{
    (void)ctx;
    (void)after_seq;
    called(__func__, 0);
    *watch_r = calloc(1, sizeof(**watch_r));
    (*watch_r)->fd = new_inotify("changes", IN_MODIFY);
    append("changes", "begin\n");
    return 0;
}

void libxl_suspend_watch_close(libxl_suspend_watch *watch)
{
    if (!watch)
        return;
    called(__func__, 0);
    close(watch->fd);
    free(watch);
}

int libxl_suspend_watch_fd(const libxl_suspend_watch *watch)
{
    return watch->fd;
}

int libxl_suspend_watch_next(libxl_suspend_watch *watch, int timeout_ms,
                             libxl_guest_suspend_info *info_r)
{
    uint32_t domid;

    if (timeout_ms)
        abort();
    drain(watch->fd);
    for (domid = 0; domid < MAX_DOMAINS; domid++) {
        if (get_record(domid, info_r) && info_r->seq > watch->given[domid]) {
            watch->given[domid] = info_r->seq;
            return 0;
        }
    }
    return ERROR_TIMEDOUT;
}

/* xenstore: one node, and one watch */

struct xs_handle {
    int fd;
};

struct xs_handle *xs_open(unsigned long flags)
{
    struct xs_handle *xs = calloc(1, sizeof(*xs));

    (void)flags;
    xs->fd = new_inotify("", IN_CREATE | IN_DELETE | IN_MOVED_TO);
    return xs;
}

void xs_close(struct xs_handle *xs)
{
    close(xs->fd);
    free(xs);
}

bool xs_watch(struct xs_handle *xs, const char *path, const char *token)
{
    (void)xs;
    (void)token;
    put("watched", "%s\n", path);
    return true;
}

int xs_fileno(struct xs_handle *xs)
{
    return xs->fd;
}

char **xs_check_watch(struct xs_handle *xs)
{
    return drain(xs->fd) ? calloc(2, sizeof(char *)) : NULL;
}

void *xs_read(struct xs_handle *xs, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    (void)xs;
    (void)t;
    (void)len;
    return strcmp(path, "/tool/guest-suspend/ready") ? NULL : get("ready");
}

/* Domains */

int libxl_domain_info(libxl_ctx *ctx, libxl_dominfo *info, uint32_t domid)
{
    char *uuid = domid ? get("domains/%u/uuid", domid) : strdup("00000000-0000-0000-0000-000000000000");
    char *paused = get("domains/%u/paused", domid);
    char *frozen = get("domains/%u/frozen", domid);

    (void)ctx;
    if (uuid) {
        libxl_uuid_from_string(&info->uuid, uuid);
        info->domid = domid;
        info->paused = paused && !strcmp(paused, "1");
        info->shutdown = frozen && !strcmp(frozen, "1");
        info->shutdown_reason = info->shutdown ? LIBXL_SHUTDOWN_REASON_SUSPEND
                                               : LIBXL_SHUTDOWN_REASON_UNKNOWN;
        info->current_memkb = 1024;
        info->vcpu_online = 1;
    }
    free(paused);
    free(frozen);
    if (!uuid)
        return ERROR_DOMAIN_NOTFOUND;
    free(uuid);
    return 0;
}

int libxl_domain_create_new(libxl_ctx *ctx, libxl_domain_config *config, uint32_t *domid,
                            const libxl_asyncop_how *ao_how,
                            const libxl_asyncprogress_how *aop_console_how)
{
    char name[64], path[PATH_MAX];
    uint64_t seq = next_number("next_seq");
    const uint8_t *u = libxl_uuid_bytearray(&config->c_info.uuid);

    (void)ctx;
    (void)ao_how;
    (void)aop_console_how;
    *domid = (uint32_t)next_number("next");
    mkdir(path_of(path, "domains/%u", *domid), 0700);
    snprintf(name, sizeof(name), "domains/%u/uuid", *domid);
    put(name, LIBXL_UUID_FMT "\n", LIBXL__UUID_BYTES(u));
    snprintf(name, sizeof(name), "domains/%u/s3", *domid);
    put(name, "%s\n", libxl_defbool_to_string(config->b_info.u.hvm.acpi_s3));
    snprintf(name, sizeof(name), "domains/%u/paused", *domid);
    put(name, "1\n");
    snprintf(name, sizeof(name), "domains/%u/record", *domid);
    put(name, "0 0 %" PRIu64 " %" PRIu64 " 0\n", seq, seq);
    append("changes", "%u\n", *domid);
    return 0;
}

int libxl_domain_destroy(libxl_ctx *ctx, uint32_t domid, const libxl_asyncop_how *ao_how)
{
    static const char *const names[] = {
        "uuid", "s3", "paused", "frozen", "record", "shutdown", "answer", "stuck", "xml"
    };
    char path[PATH_MAX];
    size_t i;

    (void)ctx;
    (void)ao_how;
    called(__func__, domid);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(path_of(path, "domains/%u/%s", domid, names[i]));
    rmdir(path_of(path, "domains/%u", domid));
    append("changes", "%u\n", domid);
    return 0;
}

static void set(uint32_t domid, const char *what, int value)
{
    char name[64];

    snprintf(name, sizeof(name), "domains/%u/%s", domid, what);
    put(name, "%d\n", value);
}

int libxl_domain_pause(libxl_ctx *ctx, uint32_t domid, const libxl_asyncop_how *ao_how)
{
    (void)ctx;
    (void)ao_how;
    called(__func__, domid);
    while (domain_file(domid, "stuck"))
        poll(NULL, 0, 20);
    set(domid, "paused", 1);
    return 0;
}

int libxl_domain_unpause(libxl_ctx *ctx, uint32_t domid, const libxl_asyncop_how *ao_how)
{
    (void)ctx;
    (void)ao_how;
    called(__func__, domid);
    set(domid, "paused", 0);
    return 0;
}

#define ONLY_CALLED(name)                                                      \
    int name(libxl_ctx *ctx, uint32_t domid, const libxl_asyncop_how *ao_how)  \
    {                                                                          \
        (void)ctx;                                                             \
        (void)ao_how;                                                          \
        called(#name, domid);                                                  \
        return 0;                                                              \
    }

ONLY_CALLED(libxl_domain_shutdown)
ONLY_CALLED(libxl_domain_reboot)

int libxl_domain_suspend_only(libxl_ctx *ctx, uint32_t domid, const libxl_asyncop_how *ao_how)
{
    (void)ctx;
    (void)ao_how;
    called(__func__, domid);
    set(domid, "frozen", 1);
    return 0;
}

int libxl_domain_resume(libxl_ctx *ctx, uint32_t domid, int suspend_cancel,
                        const libxl_asyncop_how *ao_how)
{
    (void)ctx;
    (void)suspend_cancel;
    (void)ao_how;
    called(__func__, domid);
    set(domid, "frozen", 0);
    return 0;
}

int libxl_domain_suspend(libxl_ctx *ctx, uint32_t domid, int fd, int flags,
                         const libxl_asyncop_how *ao_how)
{
    (void)ctx;
    (void)fd;
    (void)flags;
    (void)ao_how;
    called(__func__, domid);
    return 0;
}

/* The ends of domains */

static void report_shutdowns(void)
{
    libxl_event *event;
    char *reason, path[PATH_MAX];
    uint32_t domid;

    for (domid = 1; domid < MAX_DOMAINS; domid++) {
        reason = get("domains/%u/shutdown", domid);
        if (!reason)
            continue;
        unlink(path_of(path, "domains/%u/shutdown", domid));
        event = calloc(1, sizeof(*event));
        event->type = LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN;
        event->domid = domid;
        event->u.domain_shutdown.shutdown_reason = (uint8_t)atoi(reason);
        free(reason);
        hooks->event_occurs(hooks_user, event);
    }
}

static void *follow_ends(void *opaque)
{
    struct pollfd changes = { .fd = new_inotify("changes", IN_MODIFY), .events = POLLIN };

    (void)opaque;
    for (;;) {
        poll(&changes, 1, -1);
        drain(changes.fd);
        report_shutdowns();
    }
    return NULL;
}

void libxl_event_register_callbacks(libxl_ctx *ctx, const libxl_event_hooks *h, void *user)
{
    pthread_t thread;

    (void)ctx;
    hooks = h;
    hooks_user = user;
    if (pthread_create(&thread, NULL, follow_ends, NULL))
        abort();
    pthread_detach(thread);
}

void libxl_event_free(libxl_ctx *ctx, libxl_event *event)
{
    (void)ctx;
    free(event);
}

int libxl_evenable_domain_death(libxl_ctx *ctx, uint32_t domid, libxl_ev_user user,
                                libxl_evgen_domain_death **evgen_out)
{
    (void)ctx;
    (void)domid;
    (void)user;
    *evgen_out = (libxl_evgen_domain_death *)&ctx_object;
    return 0;
}

void libxl_evdisable_domain_death(libxl_ctx *ctx, libxl_evgen_domain_death *evgen)
{
    (void)ctx;
    (void)evgen;
}

/* What libvirt's start needs */

int libxl_ctx_alloc(libxl_ctx **ctx, int version, unsigned int flags, xentoollog_logger *log)
{
    (void)version;
    (void)flags;
    (void)log;
    *ctx = (libxl_ctx *)&ctx_object;
    return 0;
}

int libxl_ctx_free(libxl_ctx *ctx)
{
    (void)ctx;
    return 0;
}

const libxl_version_info *libxl_get_version_info(libxl_ctx *ctx)
{
    /* The driver takes it to pieces. */
    static char capabilities[] = "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_64 ";
    static char commandline[] = "dom0_mem=64M";
    static libxl_version_info info = {
        .xen_version_major = 4, .xen_version_minor = 20,
        .capabilities = capabilities, .commandline = commandline,
    };

    (void)ctx;
    return &info;
}

int libxl_get_physinfo(libxl_ctx *ctx, libxl_physinfo *info)
{
    (void)ctx;
    info->cap_hvm = true;
    info->cap_hap = true;
    info->nr_cpus = 1;
    return 0;
}

int libxl_get_free_memory(libxl_ctx *ctx, uint64_t *memkb)
{
    (void)ctx;
    *memkb = NO_MEMORY_HERE;
    return 0;
}

libxl_numainfo *libxl_get_numainfo(libxl_ctx *ctx, int *nr)
{
    libxl_numainfo *info = calloc(1, sizeof(*info));

    (void)ctx;
    info->size = info->free = 1 << 20;
    *nr = 1;
    return info;
}

libxl_cputopology *libxl_get_cpu_topology(libxl_ctx *ctx, int *nr)
{
    (void)ctx;
    *nr = 1;
    return calloc(1, sizeof(libxl_cputopology));
}

int libxl_cpu_bitmap_alloc(libxl_ctx *ctx, libxl_bitmap *bitmap, int max)
{
    (void)ctx;
    bitmap->size = (uint32_t)(max + 7) / 8;
    bitmap->map = calloc(1, bitmap->size);
    return 0;
}

void libxl_osevent_register_hooks(libxl_ctx *ctx, const libxl_osevent_hooks *h, void *user)
{
    (void)ctx;
    (void)h;
    (void)user;
}

void libxl_childproc_setmode(libxl_ctx *ctx, const libxl_childproc_hooks *h, void *user)
{
    (void)ctx;
    (void)h;
    (void)user;
}

int libxl_userdata_store(libxl_ctx *ctx, uint32_t domid, const char *userid,
                         const uint8_t *data, int len)
{
    char name[64];

    (void)ctx;
    (void)userid;
    snprintf(name, sizeof(name), "domains/%u/xml", domid);
    put(name, "%.*s", len, (const char *)data);
    return 0;
}

int libxl_userdata_retrieve(libxl_ctx *ctx, uint32_t domid, const char *userid,
                            uint8_t **data_r, int *len_r)
{
    (void)ctx;
    (void)userid;
    if (!domain_file(domid, "xml"))
        return ERROR_FAIL;
    *data_r = calloc(1, 1);
    *len_r = 1;
    return 0;
}

libxl_device_disk *libxl_device_disk_list(libxl_ctx *ctx, uint32_t domid, int *num)
{
    (void)ctx;
    (void)domid;
    *num = 0;
    return NULL;
}

char *libxl_domain_config_to_json(libxl_ctx *ctx, libxl_domain_config *config)
{
    (void)ctx;
    (void)config;
    return strdup("{}");
}
