/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree in xenstore; see tree.h. */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore.h>

#include "guest_suspend_names.h"
#include "guest_suspend_number.h"
#include "guest_suspend_time.h"

#include "feature.h"
#include "fields.h"
#include "log.h"
#include "tree.h"

#define TREE_VERSION "1"
#define PATH_SIZE 96

/* Below a domain's directory. */
#define STATE_NODE "/state"
#define HOOKS_NODE "/hooks-seq"

/* What STATE_NODE says at most, and the field of it that is not the record's. */
#define RECORD_SIZE (FIELDS_MAX * 64)
#define HOOKS_FIELD "hooks"
#define HOOKS_DUE   "due"
#define HOOKS_NONE  "none"

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
    struct tree *tree = calloc(1, sizeof(*tree));
    unsigned int i;
    int err;

    if (!tree)
        return NULL;
    if (connect_end(&tree->end_fd))
        goto out;
    tree->xs = xs_open(0);
    tree->watches = xs_open(0);
    if (!tree->xs || !tree->watches)
        goto out;
    for (i = 0; i < sizeof(watches) / sizeof(watches[0]); i++) {
        if (!xs_watch(tree->watches, watches[i].path, watches[i].path))
            goto out;
    }
    return tree;

 out:
    err = errno;
    tree_close(tree);
    errno = err;
    return NULL;
}

void tree_close(struct tree *tree)
{
    if (!tree)
        return;
    xs_close(tree->watches);
    xs_close(tree->xs);
    if (tree->end_fd >= 0)
        close(tree->end_fd);
    free(tree);
}

bool tree_is_lost(int errnum)
{
    return errnum == EPIPE || errnum == ECONNRESET || errnum == EBADF ||
           errnum == EIO || errnum == ENOTCONN || errnum == ECONNREFUSED;
}

int tree_fd(const struct tree *tree)
{
    return xs_fileno(tree->watches);
}

int tree_end_fd(const struct tree *tree)
{
    return tree->end_fd;
}

enum tree_event tree_next_event(struct tree *tree)
{
    enum tree_event event = TREE_EVENT_NONE;
    char **what = xs_check_watch(tree->watches);
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

static int write_node(struct tree *tree, const char *path, const char *value)
{
    return xs_write(tree->xs, XBT_NULL, path, value,
                    (unsigned int)strlen(value)) ? 0 : -1;
}

/* Remove what may not be there. */
static int remove_node(struct tree *tree, const char *path)
{
    if (!xs_rm(tree->xs, XBT_NULL, path) && errno != ENOENT)
        return -1;
    return 0;
}

static void domain_path(char path[PATH_SIZE], uint32_t domid, const char *node)
{
    snprintf(path, PATH_SIZE, TREE_ROOT "/%"PRIu32"%s", domid, node);
}

static int write_number(struct tree *tree, const char *path, uint64_t number)
{
    char value[24];

    snprintf(value, sizeof(value), "%"PRIu64, number);
    return write_node(tree, path, value);
}

int tree_prepare(struct tree *tree)
{
    /* Nobody but dom0: guests have no business to know who sleeps. */
    struct xs_permissions perms = { .id = 0, .perms = XS_PERM_NONE };

    if (!xs_mkdir(tree->xs, XBT_NULL, TREE_ROOT) && errno != EEXIST)
        return -1;
    if (!xs_set_permissions(tree->xs, XBT_NULL, TREE_ROOT, &perms, 1))
        return -1;
    return write_node(tree, TREE_ROOT "/version", TREE_VERSION);
}

/*
 * What a domain's node says.  False: it is damaged, and nothing that we wrote.
 * text is written to.
 */
static bool parse_record(char *text, struct shown *shown, bool *hooks_due)
{
    bool seq_ok = false, instance_ok = false, since_ok = false;
    bool suspends_ok = false;
    char *rest, *name = strtok_r(text, " ", &rest), *value;
    int state = gsuspend_value(gsuspend_state_names, name);

    if (state < 0)
        return false;
    shown->state = (uint8_t)state;
    *hooks_due = false;
    while ((name = strtok_r(NULL, " ", &rest))) {
        value = strchr(name, '=');
        if (!value)
            return false;
        *value++ = '\0';
        if (!strcmp(name, "seq"))
            seq_ok = gsuspend_parse_number(value, UINT64_MAX, &shown->seq);
        else if (!strcmp(name, "instance"))
            instance_ok = gsuspend_parse_number(value, UINT64_MAX,
                                                &shown->instance);
        else if (!strcmp(name, "suspends"))
            suspends_ok = gsuspend_parse_number(value, UINT64_MAX,
                                                &shown->suspends);
        else if (!strcmp(name, "since"))
            since_ok = gsuspend_time_parse(value, &shown->since_time_ns);
        else if (!strcmp(name, HOOKS_FIELD))
            *hooks_due = !strcmp(value, HOOKS_DUE);
    }
    return seq_ok && instance_ok && suspends_ok && since_ok;
}

/*
 * NULL with errno: it could not be read, or (ENOENT) is not there.  To be freed.
 */
static char *read_node(struct tree *tree, uint32_t domid, const char *node)
{
    char path[PATH_SIZE];

    domain_path(path, domid, node);
    return xs_read(tree->xs, XBT_NULL, path, NULL);
}

static int scan_domain(struct tree *tree, uint32_t domid, struct shown *shown)
{
    char *text = read_node(tree, domid, STATE_NODE);
    bool ok, hooks_due;
    uint64_t hooks_seq;

    *shown = (struct shown){ .present = true };
    if (!text)
        return errno == ENOENT ? 0 : -1;
    ok = parse_record(text, shown, &hooks_due);
    free(text);
    if (!ok) {
        *shown = (struct shown){ .present = true };
        return 0;
    }
    if (!hooks_due) {
        shown->hooks_seq = shown->seq;
        return 0;
    }

    text = read_node(tree, domid, HOOKS_NODE);
    if (!text)
        return errno == ENOENT ? 0 : -1;
    /* It may be what an earlier domain of this id has left. */
    if (gsuspend_parse_number(text, shown->seq, &hooks_seq) &&
        hooks_seq > shown->instance)
        shown->hooks_seq = hooks_seq;
    free(text);
    return 0;
}

int tree_scan(struct tree *tree, struct model *model)
{
    unsigned int nr = 0, i;
    char **names = xs_directory(tree->xs, XBT_NULL, TREE_ROOT, &nr);
    int ret = -1, err;

    if (!names)
        return -1;
    for (i = 0; i < nr; i++) {
        struct shown shown;
        uint64_t domid;

        if (!gsuspend_parse_number(names[i], DOMID_LIMIT - 1, &domid))
            continue;
        if (scan_domain(tree, (uint32_t)domid, &shown) ||
            model_adopt(model, (uint32_t)domid, &shown))
            goto out;
    }
    ret = 0;

 out:
    err = errno;
    free(names);
    errno = err;
    return ret;
}

int tree_publish(struct tree *tree, const struct domain *domain, bool hooks_due)
{
    char path[PATH_SIZE], text[RECORD_SIZE];
    struct field fields[FIELDS_MAX];
    unsigned int nr, i;
    size_t len;

    nr = fields_of_record(&domain->rec, domain->since_time_ns, fields);
    len = (size_t)snprintf(text, sizeof(text), "%s", fields[0].value);
    for (i = 1; i < nr; i++)
        len += (size_t)snprintf(&text[len], sizeof(text) - len, " %s=%s",
                                fields[i].name, fields[i].value);
    snprintf(&text[len], sizeof(text) - len, " " HOOKS_FIELD "=%s",
             hooks_due ? HOOKS_DUE : HOOKS_NONE);

    domain_path(path, domain->domid, STATE_NODE);
    return write_node(tree, path, text);
}

int tree_remove(struct tree *tree, uint32_t domid)
{
    char path[PATH_SIZE];

    domain_path(path, domid, "");
    return remove_node(tree, path);
}

int tree_hooks_done(struct tree *tree, uint32_t domid, uint64_t seq)
{
    char path[PATH_SIZE];

    domain_path(path, domid, HOOKS_NODE);
    return write_number(tree, path, seq);
}

int tree_set_ready(struct tree *tree, pid_t pid)
{
    if (!pid)
        return remove_node(tree, TREE_ROOT "/ready");
    return write_number(tree, TREE_ROOT "/ready", (uint64_t)pid);
}

int tree_says_ready(struct tree *tree, pid_t pid)
{
    char *text = xs_read(tree->xs, XBT_NULL, TREE_ROOT "/ready", NULL);
    uint64_t number;
    int ready;

    if (!text)
        return errno == ENOENT ? 0 : -1;
    ready = gsuspend_parse_number(text, INT_MAX, &number) &&
            number == (uint64_t)pid;
    free(text);
    return ready;
}

int tree_introduced(struct tree *tree, uint32_t domid)
{
    /* The call answers false for a failure as well; errno tells. */
    errno = 0;
    if (xs_is_domain_introduced(tree->xs, domid))
        return 1;
    return errno ? -1 : 0;
}

int tree_make_feature(struct tree *tree, uint32_t domid)
{
    return feature_make(tree->xs, domid);
}

void tree_domain_name(struct tree *tree, struct domain *domain)
{
    char path[PATH_SIZE], *value, *name;
    unsigned int len = 0;

    snprintf(path, sizeof(path), "/local/domain/%"PRIu32"/name", domain->domid);
    value = xs_read(tree->xs, XBT_NULL, path, &len);
    /* libxl has no limit for a name: it ends with what xenstore carries. */
    name = value ? malloc((size_t)len + 1) : NULL;
    if (name) {
        log_sanitise(name, (size_t)len + 1, value, len);
        free(domain->name);
        domain->name = name;
    }
    free(value);
}
