/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A xenstored for unit tests, in place of libxenstore: nodes, domains, and
 * faults on order.  It lies in memory that children share, so that
 * a child can be killed at a given request and another find what it left; and it
 * has a socket, for its end to be seen.
 */

#ifndef FAKE_XENSTORE_H
#define FAKE_XENSTORE_H

#include <stdbool.h>

#define FAKE_NODES 1024
#define FAKE_DOMAINS 64

struct fake_node {
    char path[96];
    char value[512];
    unsigned int writes;
    bool private;               /* Nobody but domain 0 has access. */
    unsigned int owner;         /* The guest that has, besides. */
};

struct fake_xs {
    struct fake_node nodes[FAKE_NODES];
    unsigned int nr;
    bool introduced[FAKE_DOMAINS];

    unsigned int requests;      /* So far. */
    unsigned int life;          /* Which xenstored this is; 0: none runs. */
    unsigned int lives;         /* So far. */
    unsigned int handles;       /* That are open. */
    int watch_fds[2];           /* 'i', 'r': what happened to a domain. */
    int change_fds[2];          /* A byte per change of nodes, or fault. */

    /* Faults.  0: none. */
    unsigned int stop_at;       /* This request (1: the first) never ends. */
    bool stopped;               /* It was reached: time to kill -9. */
    unsigned int fail_at;       /* This request fails with fail_errno. */
    int fail_errno;
    bool fail_on;               /* And all those after it. */
    unsigned int conflicts;     /* So many transactions are in vain. */
    unsigned int faults;        /* Requests that failed so. */
};

/* The one that xs_open() connects to. */
extern struct fake_xs *fake_xs;

/* Called by who writes, right after that; NULL: nothing is. */
extern void (*fake_xs_written)(const char *path);

/* Make it anew, empty but for domain 0. */
void fake_xs_reset(void);
void fake_xs_free(void);

/* In a child that is not to keep it alive. */
void fake_xs_in_child(void);

/* kill -9, and another one's start: it knows no node, and no domain but 0. */
void fake_xs_kill(void);
void fake_xs_start(void);

/* NULL: no such node. */
const char *fake_xs_get(const char *path);
/* A field of what it says, until the next call; "state" is the first word. */
const char *fake_xs_field(const char *path, const char *name);
struct fake_node *fake_xs_find(const char *path);
void fake_xs_put(const char *path, const char *value);
void fake_xs_remove(const char *path);

#endif
