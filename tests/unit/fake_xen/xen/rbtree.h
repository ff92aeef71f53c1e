/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fake Xen: the interface of its red-black tree over a plain binary tree.
 * Every change wants the leaf lock held.
 */

#ifndef FAKE_XEN_RBTREE_H
#define FAKE_XEN_RBTREE_H

#include <xen/config.h>

struct rb_node {
    struct rb_node *rb_parent, *rb_left, *rb_right;
};

struct rb_root {
    struct rb_node *rb_node;
};

#define RB_ROOT ((struct rb_root){ NULL })
#define rb_entry(ptr, type, member) container_of(ptr, type, member)

void rb_link_node(struct rb_node *node, struct rb_node *parent,
                  struct rb_node **link);
void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);

#endif
