/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tree in xenstore, /tool/guest-suspend; docs/xenstore-paths.md specifies
 * it.  Each change of a domain is one write.  So a reader finds a whole change or
 * nothing of it, also after the daemon was killed, and xenstored has one request to
 * answer.
 *
 * Functions that can fail return -1 with errno.  Nothing is logged here.
 */

#ifndef GS_TREE_H
#define GS_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model.h"

#define TREE_ROOT "/tool/guest-suspend"

struct tree;

/* Connect and watch for domains that come and go. */
struct tree *tree_open(void);
void tree_close(struct tree *tree);

/* Whether this error means that the connection is lost. */
bool tree_is_lost(int errnum);

/* Readable when there is a tree_next_event(). */
int tree_fd(const struct tree *tree);

/* Hangs up (POLLHUP) when xenstored ends; -1 where it is not a process. */
int tree_end_fd(const struct tree *tree);

enum tree_event {
    TREE_EVENT_NONE,
    TREE_EVENT_INTRODUCE,   /* A domain was introduced. */
    TREE_EVENT_RELEASE,     /* A domain died or was shut down. */
    TREE_EVENT_LOST,        /* The connection is. */
};

/* Never blocks. */
enum tree_event tree_next_event(struct tree *tree);

/* Make the root and version, wherever they are not as they should be. */
int tree_prepare(struct tree *tree);

/* model_adopt() what the tree shows. */
int tree_scan(struct tree *tree, struct model *model);

/* Write domain->rec.  hooks_due: there are hooks to run for it. */
int tree_publish(struct tree *tree, const struct domain *domain, bool hooks_due);

/* Remove the domain's nodes.  That there are none is no failure. */
int tree_remove(struct tree *tree, uint32_t domid);

/* Note that hooks have run for this seq of the domain. */
int tree_hooks_done(struct tree *tree, uint32_t domid, uint64_t seq);

/* Write that pid keeps the tree true; pid 0: remove that. */
int tree_set_ready(struct tree *tree, pid_t pid);

/* 1: the tree says that pid keeps it true; 0: it does not. */
int tree_says_ready(struct tree *tree, pid_t pid);

/* 1: xenstored knows the domain; 0: it does not. */
int tree_introduced(struct tree *tree, uint32_t domid);

/* See feature.h. */
int tree_make_feature(struct tree *tree, uint32_t domid);

/*
 * Read the domain's name into domain->name.  If it has none any more, its name is
 * left alone: the toolstack removes the node before the domain's last change.
 */
void tree_domain_name(struct tree *tree, struct domain *domain);

#endif
