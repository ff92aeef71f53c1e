/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_libvirt.c: see fake_libvirt.h.
 */

#include "fake_libvirt.h"

#include <time.h>

int fake_error;

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fake_libvirt: %s\n", what);
    abort();
}

/* GLib */

void *fake_calloc(size_t nr, size_t size)
{
    void *p = calloc(nr, size);

    must(p, "no memory");
    return p;
}

char *g_strdup_printf(const char *format, ...)
{
    char *text = NULL;
    va_list al;

    va_start(al, format);
    must(vasprintf(&text, format, al) >= 0, "no memory");
    va_end(al);
    return text;
}

struct fake_hash_table {
    void *keys[64];
    size_t nr;
};

GHashTable *g_hash_table_new(void *hash, void *equal)
{
    must(!hash && !equal, "a table of something else than numbers");
    return g_new0(GHashTable, 1);
}

static size_t find(const GHashTable *table, const void *key)
{
    size_t i;

    for (i = 0; i < table->nr && table->keys[i] != key; i++)
        ;
    return i;
}

bool g_hash_table_contains(GHashTable *table, void *key)
{
    return find(table, key) < table->nr;
}

bool g_hash_table_add(GHashTable *table, void *key)
{
    if (g_hash_table_contains(table, key))
        return false;
    must(table->nr < sizeof(table->keys) / sizeof(table->keys[0]), "a full table");
    table->keys[table->nr++] = key;
    return true;
}

bool g_hash_table_remove(GHashTable *table, void *key)
{
    size_t i = find(table, key);

    if (i == table->nr)
        return false;
    table->keys[i] = table->keys[--table->nr];
    return true;
}

void g_hash_table_unref(GHashTable *table)
{
    free(table);
}

/* Errors and the log */

void fake_log(const char *source, const char *format, ...)
{
    (void)source;
    (void)format;
}

void virReportError(int code, const char *format, ...)
{
    (void)format;
    fake_error = code;
}

void virReportSystemError(int saved_errno, const char *format, ...)
{
    (void)saved_errno;
    (void)format;
    fake_error = VIR_ERR_SYSTEM_ERROR;
}

/* Threads and files */

int virMutexInit(virMutex *m)
{
    return pthread_mutex_init(m, NULL) ? -1 : 0;
}

void virMutexDestroy(virMutex *m)
{
    must(!pthread_mutex_destroy(m), "a mutex in use");
}

int virCondInit(virCond *c)
{
    return pthread_cond_init(c, NULL) ? -1 : 0;
}

int virCondDestroy(virCond *c)
{
    return pthread_cond_destroy(c) ? -1 : 0;
}

int virCondWait(virCond *c, virMutex *m)
{
    return pthread_cond_wait(c, m) ? -1 : 0;
}

void virCondSignal(virCond *c)
{
    pthread_cond_signal(c);
}

virLockGuard virLockGuardLock(virMutex *m)
{
    must(!pthread_mutex_lock(m), "a mutex cannot be locked");
    return (virLockGuard){ m };
}

void virLockGuardUnlock(virLockGuard *guard)
{
    if (guard->mutex)
        must(!pthread_mutex_unlock(guard->mutex), "a mutex was not locked");
    guard->mutex = NULL;
}

struct start {
    virThreadFunc function;
    void *opaque;
};

static void *run(void *opaque)
{
    struct start start = *(struct start *)opaque;

    free(opaque);
    start.function(start.opaque);
    return NULL;
}

int virThreadCreateFull(virThread *thread, bool joinable, virThreadFunc function,
                        const char *name, bool worker, void *opaque)
{
    struct start *start = g_new0(struct start, 1);

    /* The kernel keeps 15 characters, and libvirt the others from it. */
    must(name && !worker, "a thread without a name");
    *start = (struct start){ function, opaque };
    if (pthread_create(thread, NULL, run, start)) {
        free(start);
        return -1;
    }
    if (!joinable)
        pthread_detach(*thread);
    return 0;
}

void virThreadJoin(virThread *thread)
{
    pthread_join(*thread, NULL);
}

int virPipe(int fds[2])
{
    return pipe(fds);
}

ssize_t safewrite(int fd, const void *buffer, size_t size)
{
    return write(fd, buffer, size);
}

void fake_close(int *fd)
{
    must(*fd < 0 || !close(*fd), "a file is closed twice");
    *fd = -1;
}

/* Domains */

void virObjectLock(virDomainObj *vm)
{
    must(!pthread_mutex_lock(&vm->lock), "a domain cannot be locked");
}

void virObjectUnlock(virDomainObj *vm)
{
    must(!pthread_mutex_unlock(&vm->lock), "a domain was not locked");
}

void virDomainObjEndAPI(virDomainObj **vm)
{
    if (*vm)
        virObjectUnlock(*vm);
    *vm = NULL;
}

bool virDomainObjIsActive(virDomainObj *vm)
{
    return vm->def->id >= 0;
}

int virDomainObjGetState(virDomainObj *vm, int *reason)
{
    if (reason)
        *reason = vm->reason;
    return vm->state;
}

void virDomainObjSetState(virDomainObj *vm, int state, int reason)
{
    vm->state = state;
    vm->reason = reason;
}

int virDomainObjSave(virDomainObj *vm, void *xmlopt, const char *dir)
{
    (void)xmlopt;
    (void)dir;
    vm->nr_saves++;
    return 0;
}

libxlDriverConfig *libxlDriverConfigGet(libxlDriverPrivate *driver)
{
    static libxlDriverConfig config;

    (void)driver;
    return &config;
}

/* Events */

struct fake_event {
    char text[64];
};

static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t events_came = PTHREAD_COND_INITIALIZER;
static struct fake_event *events;
static size_t nr_events;

static virObjectEvent *event_of(const virDomainObj *vm, const char *what)
{
    virObjectEvent *event = g_new0(virObjectEvent, 1);

    snprintf(event->text, sizeof(event->text), "%s:%s ", vm->def->name, what);
    return event;
}

virObjectEvent *virDomainEventPMSuspendNewFromObj(virDomainObj *vm)
{
    return event_of(vm, "pm-suspend");
}

virObjectEvent *virDomainEventPMWakeupNewFromObj(virDomainObj *vm)
{
    return event_of(vm, "pm-wakeup");
}

virObjectEvent *virDomainEventLifecycleNewFromObj(virDomainObj *vm, int type,
                                                  int detail)
{
    if (type == VIR_DOMAIN_EVENT_PMSUSPENDED)
        return event_of(vm, detail == VIR_DOMAIN_EVENT_PMSUSPENDED_MEMORY
                                ? "PMSuspended" : "PMSuspended?");
    must(type == VIR_DOMAIN_EVENT_STARTED, "an event of another kind");
    return event_of(vm, detail == VIR_DOMAIN_EVENT_STARTED_WAKEUP ? "Started"
                                                                  : "Started?");
}

void virObjectEventStateQueue(void *state, virObjectEvent *event)
{
    (void)state;
    pthread_mutex_lock(&events_lock);
    events = realloc(events, (nr_events + 1) * sizeof(*events));
    must(events, "no memory");
    events[nr_events++] = *event;
    pthread_cond_broadcast(&events_came);
    pthread_mutex_unlock(&events_lock);
    free(event);
}

void fake_events_clear(void)
{
    pthread_mutex_lock(&events_lock);
    free(events);
    events = NULL;
    nr_events = 0;
    pthread_mutex_unlock(&events_lock);
}

/* walk NAME TEXT: how many there are; they are added to TEXT, if it is not NULL. */
static unsigned int walk(const char *name, char *text)
{
    size_t len = strlen(name), i;
    unsigned int nr = 0;

    for (i = 0; i < nr_events; i++) {
        if (strncmp(events[i].text, name, len) || events[i].text[len] != ':')
            continue;
        nr++;
        if (text)
            strcat(text, events[i].text + len + 1);
    }
    return nr;
}

char *fake_events(const char *name)
{
    char *text;

    pthread_mutex_lock(&events_lock);
    text = fake_calloc(nr_events + 1, sizeof(*events));
    walk(name, text);
    pthread_mutex_unlock(&events_lock);
    return text;
}

unsigned int fake_nr_events(const char *name)
{
    unsigned int nr;

    pthread_mutex_lock(&events_lock);
    nr = walk(name, NULL);
    pthread_mutex_unlock(&events_lock);
    return nr;
}

unsigned int fake_wait_for_events(const char *name, unsigned int nr, int seconds)
{
    struct timespec deadline;
    unsigned int seen;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += seconds;
    pthread_mutex_lock(&events_lock);
    while ((seen = walk(name, NULL)) < nr &&
           !pthread_cond_timedwait(&events_came, &events_lock, &deadline))
        ;
    pthread_mutex_unlock(&events_lock);
    return seen;
}
