/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: the one domctl. */

#ifndef FAKE_XEN_PUBLIC_DOMCTL_H
#define FAKE_XEN_PUBLIC_DOMCTL_H

#include "public/guest_suspend.h"

#endif
