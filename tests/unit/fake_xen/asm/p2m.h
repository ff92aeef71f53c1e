/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen on Arm: guest RAM is what is below fake_arm.ram_end. */

#ifndef FAKE_ASM_P2M_H
#define FAKE_ASM_P2M_H

#include <xen/sched.h>

typedef enum { p2m_invalid, p2m_ram_rw } p2m_type_t;

#define gaddr_to_gfn(address) ((address) >> 12)
#define p2m_is_ram(type) ((type) == p2m_ram_rw)
uint64_t p2m_lookup(struct domain *d, uint64_t gfn, p2m_type_t *type);

#endif
