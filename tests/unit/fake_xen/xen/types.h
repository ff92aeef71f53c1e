/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: the types are the C library's. */

#ifndef FAKE_XEN_TYPES_H
#define FAKE_XEN_TYPES_H

#include <xen/config.h>

#endif
