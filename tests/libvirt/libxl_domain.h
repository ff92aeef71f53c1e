/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxl_domain.h: in place of libvirt's; see fake_libvirt.h.
 */

#ifndef LIBXL_DOMAIN_H
#define LIBXL_DOMAIN_H

#include "fake_libvirt.h"
#include "libxl_pm.h"

typedef struct {
    libxlGuestSuspendState guestSuspend;
} libxlDomainObjPrivate;

#endif
