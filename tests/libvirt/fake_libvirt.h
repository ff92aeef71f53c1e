/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_libvirt.h: what libxl_pm.c of our series takes from libvirt and from GLib, for
 * tests of that file alone: test_pm.c.  Each header of libvirt's that it includes is
 * this one, in place of it.  Names and meanings are libvirt's, its style aside.
 */

#ifndef FAKE_LIBVIRT_H
#define FAKE_LIBVIRT_H

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxl.h>

#define WITH_XLGUESTSUSPEND 1

/* GLib */

#define G_GNUC_UNUSED __attribute__((unused))
#define G_N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static inline void g_free(void *p)
{
    free(p);
}

static inline void fake_autofree(void *p)
{
    free(*(void **)p);
}

#define g_autofree __attribute__((cleanup(fake_autofree)))
#define g_autoptr(type) __attribute__((cleanup(fake_autoptr_##type))) type *
#define G_DEFINE_AUTOPTR_CLEANUP_FUNC(type, function)                          \
    static inline void fake_autoptr_##type(type **p)                           \
    {                                                                          \
        if (*p)                                                                \
            function(*p);                                                      \
    }                                                                          \
    struct fake_needs_a_semicolon

#define g_new0(type, nr) ((type *)fake_calloc(nr, sizeof(type)))
#define g_steal_pointer(pp)                                                    \
    ({                                                                         \
        __typeof__(*(pp)) fake_stolen = *(pp);                                 \
        *(pp) = NULL;                                                          \
        fake_stolen;                                                           \
    })
#define g_clear_pointer(pp, function)                                          \
    do {                                                                       \
        __typeof__(*(pp)) fake_cleared = g_steal_pointer(pp);                  \
        if (fake_cleared)                                                      \
            function(fake_cleared);                                            \
    } while (0)

void *fake_calloc(size_t nr, size_t size);
char *g_strdup_printf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* A set of numbers is all that is needed. */
typedef struct fake_hash_table GHashTable;
#define GINT_TO_POINTER(i) ((void *)(intptr_t)(i))
GHashTable *g_hash_table_new(void *hash, void *equal);
bool g_hash_table_contains(GHashTable *table, void *key);
bool g_hash_table_add(GHashTable *table, void *key);
bool g_hash_table_remove(GHashTable *table, void *key);
void g_hash_table_unref(GHashTable *table);

/* Errors and the log */

enum {
    VIR_ERR_SYSTEM_ERROR = 38,
    VIR_ERR_OPERATION_FAILED = 9,
    VIR_ERR_OPERATION_INVALID = 55,
    VIR_ERR_OPERATION_TIMEOUT = 68,
    VIR_ERR_OPERATION_ABORTED = 78,
    VIR_ERR_OPERATION_UNSUPPORTED = 84
};

/* The last error that was reported. */
extern int fake_error;

#define _(text) text
#define VIR_LOG_INIT(source) static const char *const fake_log_source = source
#define FAKE_LOG(...) fake_log(fake_log_source, __VA_ARGS__)
#define VIR_DEBUG(...) FAKE_LOG(__VA_ARGS__)
#define VIR_INFO(...) FAKE_LOG(__VA_ARGS__)
#define VIR_WARN(...) FAKE_LOG(__VA_ARGS__)
#define VIR_ERROR(...) FAKE_LOG(__VA_ARGS__)
void fake_log(const char *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void virReportError(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void virReportSystemError(int saved_errno, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Threads and files */

typedef pthread_mutex_t virMutex;
typedef pthread_cond_t virCond;
typedef pthread_t virThread;
typedef void (*virThreadFunc)(void *opaque);

typedef struct {
    virMutex *mutex;
} virLockGuard;

int virMutexInit(virMutex *m);
void virMutexDestroy(virMutex *m);
int virCondInit(virCond *c);
int virCondDestroy(virCond *c);
int virCondWait(virCond *c, virMutex *m);
void virCondSignal(virCond *c);
virLockGuard virLockGuardLock(virMutex *m);
void virLockGuardUnlock(virLockGuard *guard);
#define VIR_LOCK_GUARD                                                         \
    __attribute__((unused, cleanup(virLockGuardUnlock))) virLockGuard
#define VIR_WITH_MUTEX_LOCK_GUARD(m)                                           \
    for (VIR_LOCK_GUARD fake_guard = virLockGuardLock(m); fake_guard.mutex;    \
         virLockGuardUnlock(&fake_guard))

int virThreadCreateFull(virThread *thread, bool joinable, virThreadFunc function,
                        const char *name, bool worker, void *opaque);
void virThreadJoin(virThread *thread);

#define ignore_value(x) ((void)(x))
int virPipe(int fds[2]);
ssize_t safewrite(int fd, const void *buffer, size_t size);
#define VIR_FORCE_CLOSE(fd) fake_close(&(fd))
void fake_close(int *fd);

/* Domains and their events */

enum {
    VIR_DOMAIN_RUNNING = 1,
    VIR_DOMAIN_PAUSED = 3,
    VIR_DOMAIN_SHUTOFF = 5,
    VIR_DOMAIN_PMSUSPENDED = 7
};
enum { VIR_DOMAIN_RUNNING_UNKNOWN = 0, VIR_DOMAIN_RUNNING_WAKEUP = 7 };
enum { VIR_DOMAIN_PMSUSPENDED_UNKNOWN = 0 };
enum { VIR_DOMAIN_EVENT_STARTED = 2, VIR_DOMAIN_EVENT_PMSUSPENDED = 7 };
enum { VIR_DOMAIN_EVENT_STARTED_WAKEUP = 4 };
enum { VIR_DOMAIN_EVENT_PMSUSPENDED_MEMORY = 0 };
enum { VIR_TRISTATE_BOOL_ABSENT, VIR_TRISTATE_BOOL_YES, VIR_TRISTATE_BOOL_NO };

typedef struct {
    int id;
    char name[16];
    struct {
        int s3;
    } pm;
} virDomainDef;

typedef struct {
    virMutex lock;
    virDomainDef *def;
    void *privateData;
    int state, reason;
    unsigned int nr_saves;
} virDomainObj;

typedef struct fake_event virObjectEvent;

typedef struct {
    libxl_ctx *ctx;
    char *stateDir;
} libxlDriverConfig;

typedef struct _libxlGuestSuspendMonitor libxlGuestSuspendMonitor;

typedef struct {
    void *domains, *xmlopt, *domainEventState;
    libxlGuestSuspendMonitor *guestSuspend;
} libxlDriverPrivate;

void virObjectLock(virDomainObj *vm);
void virObjectUnlock(virDomainObj *vm);
void virDomainObjEndAPI(virDomainObj **vm);
bool virDomainObjIsActive(virDomainObj *vm);
int virDomainObjGetState(virDomainObj *vm, int *reason);
void virDomainObjSetState(virDomainObj *vm, int state, int reason);
int virDomainObjSave(virDomainObj *vm, void *xmlopt, const char *dir);
virDomainObj *virDomainObjListFindByUUID(void *domains, const uint8_t *uuid);

virObjectEvent *virDomainEventPMSuspendNewFromObj(virDomainObj *vm);
virObjectEvent *virDomainEventPMWakeupNewFromObj(virDomainObj *vm);
virObjectEvent *virDomainEventLifecycleNewFromObj(virDomainObj *vm, int type,
                                                  int detail);
void virObjectEventStateQueue(void *state, virObjectEvent *event);

/* What was told of all domains, one after the other: "NAME:EVENT ". */
void fake_events_clear(void);
/* Of one domain, without the name; to be freed. */
char *fake_events(const char *name);
unsigned int fake_nr_events(const char *name);
/* Wait until there are NR, or more; says how many there are. */
unsigned int fake_wait_for_events(const char *name, unsigned int nr, int seconds);

libxlDriverConfig *libxlDriverConfigGet(libxlDriverPrivate *driver);
static inline void fake_autoptr_libxlDriverConfig(libxlDriverConfig **config)
{
    (void)config;
}

#endif
