/* SPDX-License-Identifier: GPL-2.0-only */
/* A xenstored for unit tests; see fake_xenstore.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore.h>

#include "fake_xenstore.h"

struct xs_handle {
    unsigned int life;          /* Of which xenstored. */
    unsigned int watches;
    bool in_transaction;        /* One at a time, */
    char written[96];           /* and in it one node, "": none, */
    unsigned int owner;         /* which gets this one. */
};

struct fake_xs *fake_xs;
void (*fake_xs_written)(const char *path);

static int listen_fd = -1;
static char socket_path[64];

static void must(bool good, const char *what)
{
    if (!good) {
        printf("Bail out! fake xenstore: %s: %s\n", what, strerror(errno));
        exit(2);
    }
}

const char *xs_daemon_socket(void)
{
    return socket_path;
}

void fake_xs_kill(void)
{
    fake_xs->life = 0;
    close(listen_fd);
    listen_fd = -1;
}

void fake_xs_start(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    snprintf(socket_path, sizeof(socket_path), "/tmp/fake-xenstored-%ld",
             (long)getpid());
    strcpy(addr.sun_path, socket_path);
    unlink(socket_path);
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(listen_fd >= 0, "socket");
    must(!bind(listen_fd, (struct sockaddr *)&addr, sizeof(addr)), socket_path);
    must(!listen(listen_fd, 1024), "listen");

    fake_xs->nr = 0;
    memset(fake_xs->introduced, 0, sizeof(fake_xs->introduced));
    fake_xs->introduced[0] = true;
    fake_xs->life = ++fake_xs->lives;
}

void fake_xs_in_child(void)
{
    close(listen_fd);
}

void fake_xs_free(void)
{
    unsigned int i;

    if (!fake_xs)
        return;
    for (i = 0; i < 2; i++) {
        close(fake_xs->watch_fds[i]);
        close(fake_xs->change_fds[i]);
    }
    if (listen_fd >= 0)
        fake_xs_kill();
    unlink(socket_path);
    munmap(fake_xs, sizeof(*fake_xs));
    fake_xs = NULL;
}

void fake_xs_reset(void)
{
    fake_xs_free();
    fake_xs = mmap(NULL, sizeof(*fake_xs), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(fake_xs != MAP_FAILED, "mmap");
    must(!pipe2(fake_xs->watch_fds, O_NONBLOCK | O_CLOEXEC), "pipe");
    must(!pipe2(fake_xs->change_fds, O_NONBLOCK | O_CLOEXEC), "pipe");
    fake_xs_start();
}

struct fake_node *fake_xs_find(const char *path)
{
    unsigned int i;

    for (i = 0; i < fake_xs->nr; i++) {
        if (!strcmp(fake_xs->nodes[i].path, path))
            return &fake_xs->nodes[i];
    }
    return NULL;
}

static void put(const char *path, const void *value, unsigned int len)
{
    struct fake_node *node = fake_xs_find(path);
    char parent[sizeof(node->path)];
    char *slash;

    if (!node) {
        snprintf(parent, sizeof(parent), "%s", path);
        slash = strrchr(parent, '/');
        *slash = '\0';
        if (*parent && !fake_xs_find(parent))
            put(parent, "", 0);

        must(fake_xs->nr < FAKE_NODES, "too many nodes");
        node = &fake_xs->nodes[fake_xs->nr++];
        memset(node, 0, sizeof(*node));
        snprintf(node->path, sizeof(node->path), "%s", path);
        node->private = *parent && fake_xs_find(parent)->private;
    }
    must(len < sizeof(node->value), "value too long");
    memcpy(node->value, value, len);
    node->value[len] = '\0';
    node->writes++;
}

static bool take_away(const char *path)
{
    struct fake_node *nodes = fake_xs->nodes;
    unsigned int i, kept = 0, before = fake_xs->nr;
    size_t len = strlen(path);

    for (i = 0; i < before; i++) {
        if (!strncmp(nodes[i].path, path, len) &&
            (!nodes[i].path[len] || nodes[i].path[len] == '/'))
            continue;
        if (kept != i)
            nodes[kept] = nodes[i];
        kept++;
    }
    fake_xs->nr = kept;
    return kept != before;
}

static void changed(void)
{
    /* Full is as good: somebody has something to read. */
    must(write(fake_xs->change_fds[1], "", 1) == 1 || errno == EAGAIN,
         "write");
}

const char *fake_xs_get(const char *path)
{
    const struct fake_node *node = fake_xs_find(path);

    return node ? node->value : NULL;
}

const char *fake_xs_field(const char *path, const char *name)
{
    static char value[sizeof(fake_xs->nodes[0].value)];
    const char *text = fake_xs_get(path);
    size_t len = strlen(name);

    if (text && strcmp(name, "state")) {
        do
            text = strchr(text, ' ');
        while (text && (strncmp(++text, name, len) || text[len] != '='));
        if (text)
            text += len + 1;
    }
    if (!text)
        return NULL;
    snprintf(value, sizeof(value), "%s", text);
    value[strcspn(value, " ")] = '\0';
    return value;
}

void fake_xs_put(const char *path, const char *value)
{
    put(path, value, (unsigned int)strlen(value));
}

void fake_xs_remove(const char *path)
{
    take_away(path);
}

/* What every request begins with.  False: it fails. */
static bool request(const struct xs_handle *h)
{
    unsigned int nr = ++fake_xs->requests;

    if (h->life != fake_xs->life) {
        errno = EPIPE;
        return false;
    }
    if (nr == fake_xs->stop_at) {
        fake_xs->stopped = true;
        changed();
        for (;;)
            pause();
    }
    if (fake_xs->fail_at && (nr == fake_xs->fail_at ||
                             (fake_xs->fail_on && nr > fake_xs->fail_at))) {
        fake_xs->faults++;
        changed();
        errno = fake_xs->fail_errno;
        return false;
    }
    return true;
}

struct xs_handle *xs_open(unsigned long flags)
{
    struct xs_handle *h = calloc(1, sizeof(*h));

    (void)flags;
    must(h != NULL, "calloc");
    h->life = fake_xs->life;
    if (!h->life || !request(h)) {
        free(h);
        if (!fake_xs->life)
            errno = ECONNREFUSED;
        return NULL;
    }
    fake_xs->handles++;
    return h;
}

void xs_close(struct xs_handle *h)
{
    if (!h)
        return;
    fake_xs->handles--;
    changed();
    free(h);
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    (void)path;
    (void)token;
    if (!request(h))
        return false;
    h->watches++;
    return true;
}

int xs_fileno(struct xs_handle *h)
{
    (void)h;
    return fake_xs->watch_fds[0];
}

char **xs_check_watch(struct xs_handle *h)
{
    static const char *const names[] = { "@introduceDomain",
                                         "@releaseDomain" };
    const char *name;
    char **ret, what;

    must(h->watches == 2, "these are not watched");
    if (read(fake_xs->watch_fds[0], &what, 1) != 1)
        return NULL;
    name = names[what == 'r'];
    ret = malloc(2 * sizeof(ret[0]) + strlen(name) + 1);
    must(ret != NULL, "malloc");
    ret[0] = ret[1] = strcpy((char *)&ret[2], name);
    return ret;
}

bool xs_write(struct xs_handle *h, xs_transaction_t ta, const char *path,
              const void *data, unsigned int len)
{
    must(!ta || h->in_transaction, "no such transaction");
    if (!request(h))
        return false;
    if (ta) {
        must(!len && !*h->written, "what a transaction may write");
        snprintf(h->written, sizeof(h->written), "%s", path);
        return true;
    }
    put(path, data, len);
    if (fake_xs_written)
        fake_xs_written(path);
    changed();
    return true;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    must(!h->in_transaction, "one transaction at a time");
    if (!request(h))
        return XBT_NULL;
    h->in_transaction = true;
    h->written[0] = '\0';
    h->owner = 0;
    return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t ta, bool abort)
{
    must(ta && h->in_transaction, "no such transaction");
    h->in_transaction = false;
    if (!request(h))
        return false;
    if (!abort && fake_xs->conflicts) {
        fake_xs->conflicts--;
        errno = EAGAIN;
        return false;
    }
    if (!abort && *h->written) {
        put(h->written, "", 0);
        fake_xs_find(h->written)->owner = h->owner;
        changed();
    }
    return true;
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t ta, const char *path)
{
    must(!ta, "no such transaction");
    if (!request(h))
        return false;
    if (!fake_xs_find(path))
        put(path, "", 0);
    return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t ta, const char *path)
{
    must(!ta, "no such transaction");
    if (!request(h))
        return false;
    if (!take_away(path)) {
        errno = ENOENT;
        return false;
    }
    changed();
    return true;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t ta,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    if (ta) {
        must(num_perms == 1 && perms[0].perms == XS_PERM_NONE &&
             !strcmp(h->written, path), "one guest must have access");
        h->owner = perms[0].id;
        return request(h);
    }
    must(num_perms == 1 && perms[0].id == 0 && perms[0].perms == XS_PERM_NONE,
         "guests must have no access");
    if (!request(h) || !fake_xs_find(path))
        return false;
    fake_xs_find(path)->private = true;
    return true;
}

void *xs_read(struct xs_handle *h, xs_transaction_t ta, const char *path,
              unsigned int *len)
{
    const char *value;

    must(!ta || h->in_transaction, "no such transaction");
    if (!request(h))
        return NULL;
    value = fake_xs_get(path);
    if (!value) {
        errno = ENOENT;
        return NULL;
    }
    if (len)
        *len = (unsigned int)strlen(value);
    return strdup(value);
}

char **xs_directory(struct xs_handle *h, xs_transaction_t ta, const char *path,
                    unsigned int *num)
{
    const struct fake_node *nodes = fake_xs->nodes;
    unsigned int i, nr = fake_xs->nr;
    size_t len = strlen(path), size;
    char **ret, *text;

    must(!ta, "no such transaction");
    if (!request(h))
        return NULL;
    if (!fake_xs_find(path)) {
        errno = ENOENT;
        return NULL;
    }

    /* Room for all, as one block, as libxenstore gives it. */
    size = nr * (sizeof(ret[0]) + sizeof(nodes[0].path));
    ret = malloc(size);
    must(ret != NULL, "malloc");
    text = (char *)&ret[nr];
    *num = 0;
    for (i = 0; i < nr; i++) {
        const char *name = nodes[i].path + len + 1;

        if (strncmp(nodes[i].path, path, len) || nodes[i].path[len] != '/' ||
            strchr(name, '/'))
            continue;
        ret[(*num)++] = strcpy(text, name);
        text += strlen(name) + 1;
    }
    return ret;
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    return request(h) && domid < FAKE_DOMAINS && fake_xs->introduced[domid];
}
