/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: the errors are the C library's, under the same names. */

#ifndef FAKE_XEN_ERRNO_H
#define FAKE_XEN_ERRNO_H

#include <errno.h>

#endif
