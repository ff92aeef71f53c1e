/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree in xenstore; see tree.h. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore.h>

#include "guest_suspend_names.h"

#include "log.h"
#include "nodes.h"
#include "tree.h"

#define TREE_VERSION "1"
#define PATH_SIZE 96

/* Xen's own domids, from DOMID_FIRST_RESERVED on, have no nodes. */
#define DOMID_LIMIT 0x7ff0U

/*
 * Three connections.  libxenstore makes a thread of each that has watches, and
 * then every request costs two switches to it and back: so requests have one
 * that has none.  And it does not let on when xenstored ends, so that a socket
 * of our own is there for poll() to tell.
 */
struct tree {
    struct xs_handle *xs;         /* For requests. */
    struct xs_handle *watches;    /* For events. */
    int end_fd;     /* -1: xenstored is a domain, not a process with an end. */
};

static const struct {
    const char *path;
    enum tree_event event;
} watches[] = {
    { "@introduceDomain", TREE_EVENT_INTRODUCE },
    { "@releaseDomain", TREE_EVENT_RELEASE },
};

/* 0, with *fd -1 where there is no socket; -1 with errno: nobody listens. */
static int connect_end(int *fd)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    const char *path = xs_daemon_socket();
    int err;

    *fd = -1;
    if (!path || strlen(path) >= sizeof(addr.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(addr.sun_path, path);

    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return -1;
    if (!connect(*fd, (const struct sockaddr *)&addr, sizeof(addr)))
        /*
         * Should it end right now, xs_open() must not turn to the kernel's
         * device instead: a request there would wait for the next one.
         */
        return setenv("XENSTORED_PATH", addr.sun_path, 1);

    err = errno;
    close(*fd);
    *fd = -1;
    errno = err;
    return err == ENOENT ? 0 : -1;
}

struct tree *tree_open(void)
{
    struct tree *t = calloc(1, sizeof(*t));
    unsigned int i;
    int err;

    if (!t)
        return NULL;
    if (connect_end(&t->end_fd))
        goto out;
    t->xs = xs_open(0);
    t->watches = xs_open(0);
    if (!t->xs || !t->watches)
        goto out;
    for (i = 0; i < sizeof(watches) / sizeof(watches[0]); i++) {
        if (!xs_watch(t->watches, watches[i].path, watches[i].path))
            goto out;
    }
    return t;

 out:
    err = errno;
    tree_close(t);
    errno = err;
    return NULL;
}

void tree_close(struct tree *t)
{
    if (!t)
        return;
    xs_close(t->watches);
    xs_close(t->xs);
    if (t->end_fd >= 0)
        close(t->end_fd);
    free(t);
}

bool tree_is_lost(int errnum)
{
    return errnum == EPIPE || errnum == ECONNRESET || errnum == EBADF ||
           errnum == EIO || errnum == ENOTCONN || errnum == ECONNREFUSED;
}

int tree_fd(const struct tree *t)
{
    return xs_fileno(t->watches);
}

int tree_end_fd(const struct tree *t)
{
    return t->end_fd;
}

enum tree_event tree_next_event(struct tree *t)
{
    enum tree_event event = TREE_EVENT_NONE;
    char **what = xs_check_watch(t->watches);
    unsigned int i;

    if (!what)
        return errno == EAGAIN ? TREE_EVENT_NONE : TREE_EVENT_LOST;

    for (i = 0; i < sizeof(watches) / sizeof(watches[0]); i++) {
        if (!strcmp(what[XS_WATCH_TOKEN], watches[i].path))
            event = watches[i].event;
    }
    free(what);
    return event;
}

static int write_node(struct tree *t, xs_transaction_t ta, const char *dir,
                      const char *name, const char *value)
{
    char path[2 * PATH_SIZE];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return xs_write(t->xs, ta, path, value, (unsigned int)strlen(value)) ? 0
                                                                         : -1;
}

/* Remove what may not be there. */
static int remove_node(struct tree *t, xs_transaction_t ta, const char *path)
{
    if (!xs_rm(t->xs, ta, path) && errno != ENOENT)
        return -1;
    return 0;
}

static void domain_path(char path[PATH_SIZE], uint32_t domid)
{
    snprintf(path, PATH_SIZE, TREE_ROOT "/%"PRIu32, domid);
}

/*
 * Run fn within one transaction, again while others' changes undo it.  fn may
 * be called several times.
 */
static int transact(struct tree *t,
                    int (*fn)(struct tree *t, xs_transaction_t ta,
                              const void *arg),
                    const void *arg)
{
    unsigned int i;

    for (i = 0; i < TREE_ATTEMPTS; i++) {
        xs_transaction_t ta = xs_transaction_start(t->xs);

        if (ta == XBT_NULL)
            return -1;
        if (fn(t, ta, arg)) {
            int err = errno;

            xs_transaction_end(t->xs, ta, true);
            errno = err;
            /* A conflict may show in any request of the transaction. */
            if (err != EAGAIN)
                return -1;
        } else if (xs_transaction_end(t->xs, ta, false))
            return 0;
        else if (errno != EAGAIN)
            return -1;
    }
    return -1;
}

static int prepare(struct tree *t, xs_transaction_t ta, const void *arg)
{
    /* Nobody but dom0: guests have no business to know who sleeps. */
    struct xs_permissions perms = { .id = 0, .perms = XS_PERM_NONE };

    (void)arg;
    if (!xs_mkdir(t->xs, ta, TREE_ROOT) && errno != EEXIST)
        return -1;
    if (!xs_set_permissions(t->xs, ta, TREE_ROOT, &perms, 1))
        return -1;
    if (remove_node(t, ta, TREE_ROOT "/ready"))
        return -1;
    return write_node(t, ta, TREE_ROOT, "version", TREE_VERSION);
}

int tree_prepare(struct tree *t)
{
    return transact(t, prepare, NULL);
}

/* A canonical decimal number up to max, and nothing else. */
static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;

    if (!*text || (*text == '0' && text[1]))
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (*text < '0' || *text > '9' || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

/* NULL with errno: it could not be read, or (ENOENT) is not there. */
static char *read_node(struct tree *t, xs_transaction_t ta, uint32_t domid,
                       const char *name)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), TREE_ROOT "/%"PRIu32"/%s", domid, name);
    return xs_read(t->xs, ta, path, NULL);
}

/*
 * 0, with *ok false where the node is no number or not there.  -1: it could not
 * be read.
 */
static int read_number(struct tree *t, xs_transaction_t ta, uint32_t domid,
                       const char *name, uint64_t *value, bool *ok)
{
    char *text = read_node(t, ta, domid, name);

    *ok = false;
    if (!text)
        return errno == ENOENT ? 0 : -1;
    *ok = parse_number(text, UINT64_MAX, value);
    free(text);
    return 0;
}

static int scan_domain(struct tree *t, uint32_t domid, struct shown *shown)
{
    uint64_t hooks_seq;
    bool seq_ok, instance_ok, hooks_ok;
    char *state;
    int value;

    *shown = (struct shown){ .present = true };
    if (read_number(t, XBT_NULL, domid, "seq", &shown->seq, &seq_ok) ||
        read_number(t, XBT_NULL, domid, "instance", &shown->instance,
                    &instance_ok) ||
        read_number(t, XBT_NULL, domid, "hooks-seq", &hooks_seq, &hooks_ok))
        return -1;
    state = read_node(t, XBT_NULL, domid, "state");
    if (!state && errno != ENOENT)
        return -1;
    value = gsuspend_value(gsuspend_state_names, state);
    free(state);

    if (!seq_ok || !instance_ok || value < 0) {
        *shown = (struct shown){ .present = true };
        return 0;
    }
    shown->state = (uint8_t)value;
    if (hooks_ok)
        shown->hooks_seq = hooks_seq;
    return 0;
}

int tree_scan(struct tree *t, struct model *m)
{
    unsigned int nr = 0, i;
    char **names = xs_directory(t->xs, XBT_NULL, TREE_ROOT, &nr);
    int ret = -1, err;

    if (!names)
        return -1;
    for (i = 0; i < nr; i++) {
        struct shown shown;
        uint64_t domid;

        if (!parse_number(names[i], DOMID_LIMIT - 1, &domid))
            continue;
        if (scan_domain(t, (uint32_t)domid, &shown) ||
            model_adopt(m, (uint32_t)domid, &shown))
            goto out;
    }
    ret = 0;

 out:
    err = errno;
    free(names);
    errno = err;
    return ret;
}

struct publication {
    const struct domain *domain;
    bool hooks_done;
};

static int publish(struct tree *t, xs_transaction_t ta, const void *arg)
{
    const struct publication *p = arg;
    const struct domain *d = p->domain;
    bool written = d->written.seq && d->written.instance == d->rec.instance;
    char dir[PATH_SIZE];
    struct node nodes[NODES_MAX], before[NODES_MAX];
    unsigned int i, nr;

    domain_path(dir, d->domid);
    if (d->shown.present && d->shown.instance != d->rec.instance &&
        remove_node(t, ta, dir))
        return -1;

    nr = nodes_of_record(&d->rec, d->since_wall_ns, nodes);
    if (written)
        nodes_of_record(&d->written, d->written_wall_ns, before);
    for (i = 0; i < nr; i++) {
        /* hooks-seq before the last node, which is state. */
        if (i + 1 == nr && p->hooks_done &&
            write_node(t, ta, dir, "hooks-seq", nodes[0].value))
            return -1;
        /* Each write costs; that of state tells watchers, so it is made. */
        if (written && i + 1 < nr && !strcmp(nodes[i].value, before[i].value))
            continue;
        if (write_node(t, ta, dir, nodes[i].name, nodes[i].value))
            return -1;
    }
    return 0;
}

int tree_publish(struct tree *t, const struct domain *d, bool hooks_done)
{
    struct publication p = { .domain = d, .hooks_done = hooks_done };

    return transact(t, publish, &p);
}

int tree_remove(struct tree *t, uint32_t domid)
{
    char path[PATH_SIZE];

    domain_path(path, domid);
    return remove_node(t, XBT_NULL, path);
}

struct hooks_done {
    uint32_t domid;
    uint64_t instance, seq;
};

static int hooks_done(struct tree *t, xs_transaction_t ta, const void *arg)
{
    const struct hooks_done *h = arg;
    char dir[PATH_SIZE], value[24];
    uint64_t instance;
    bool ok;

    if (read_number(t, ta, h->domid, "instance", &instance, &ok))
        return -1;
    if (!ok || instance != h->instance)
        return 0;
    domain_path(dir, h->domid);
    snprintf(value, sizeof(value), "%"PRIu64, h->seq);
    return write_node(t, ta, dir, "hooks-seq", value);
}

int tree_hooks_done(struct tree *t, uint32_t domid, uint64_t instance,
                    uint64_t seq)
{
    struct hooks_done h = { .domid = domid, .instance = instance, .seq = seq };

    return transact(t, hooks_done, &h);
}

int tree_set_ready(struct tree *t, pid_t pid)
{
    char value[24];

    if (!pid)
        return remove_node(t, XBT_NULL, TREE_ROOT "/ready");
    snprintf(value, sizeof(value), "%ld", (long)pid);
    return write_node(t, XBT_NULL, TREE_ROOT, "ready", value);
}

int tree_introduced(struct tree *t, uint32_t domid)
{
    /* The call answers false for a failure as well; errno tells. */
    errno = 0;
    if (xs_is_domain_introduced(t->xs, domid))
        return 1;
    return errno ? -1 : 0;
}

void tree_domain_name(struct tree *t, uint32_t domid,
                      char name[DOMAIN_NAME_MAX])
{
    char path[PATH_SIZE], *value;
    unsigned int len = 0;

    snprintf(path, sizeof(path), "/local/domain/%"PRIu32"/name", domid);
    value = xs_read(t->xs, XBT_NULL, path, &len);
    if (value)
        log_sanitise(name, DOMAIN_NAME_MAX, value, len);
    free(value);
}
