/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: small helpers. */

#ifndef FAKE_XEN_LIB_H
#define FAKE_XEN_LIB_H

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
