/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fake Xen: what every file of Xen's has without asking.  Each fake header
 * begins with it, as Xen's build begins each file with its own.
 */

#ifndef FAKE_XEN_CONFIG_H
#define FAKE_XEN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONFIG_GUEST_SUSPEND 1
#define CONFIG_ARM_64 1
#define CONFIG_GICV3 1
#define CONFIG_SBSA_VUART_CONSOLE 1

/* The C library has another one. */
#define register_t uint64_t

/* A setting of the test, so that one build has both architectures. */
extern bool fake_is_arm;
#define IS_ENABLED(option) fake_is_enabled(#option)
bool fake_is_enabled(const char *option);

#define cf_check
#define ACCESS_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define read_atomic(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define write_atomic(p, x) __atomic_store_n(p, x, __ATOMIC_RELAXED)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define max(x, y) \
    ({ __typeof__(x) x_ = (x); __typeof__(y) y_ = (y); x_ > y_ ? x_ : y_; })
#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define container_of(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))

#define ASSERT(condition) \
    ((condition) ? (void)0 : fake_fault("not so: %s", #condition))
void fake_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define test_bit(nr, word) ((*(word) >> (nr)) & 1)
void set_bit(unsigned int nr, unsigned long *word);
void clear_bit(unsigned int nr, unsigned long *word);

#endif
