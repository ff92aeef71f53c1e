/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: circular lists. */

#ifndef FAKE_XEN_LIST_H
#define FAKE_XEN_LIST_H

#include <xen/config.h>

struct list_head {
    struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
    list->next = list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
    return list->next == list;
}

static inline void list_add_tail(struct list_head *entry,
                                 struct list_head *list)
{
    entry->prev = list->prev;
    entry->next = list;
    list->prev->next = entry;
    list->prev = entry;
}

static inline void list_del_init(struct list_head *entry)
{
    entry->prev->next = entry->next;
    entry->next->prev = entry->prev;
    INIT_LIST_HEAD(entry);
}

#define list_for_each_entry(pos, list, member) \
    for ((pos) = container_of((list)->next, __typeof__(*(pos)), member); \
         &(pos)->member != (list); \
         (pos) = container_of((pos)->member.next, __typeof__(*(pos)), member))

#endif
