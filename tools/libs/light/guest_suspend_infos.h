/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_infos.h: libxl_list_domain_suspend_state() with a deadline.
 */

#ifndef GUEST_SUSPEND_INFOS_H
#define GUEST_SUSPEND_INFOS_H

#include "libxl_guest_suspend.h"

/*
 * x86 without the patch asks xenstore for the domains, until the deadline: a time
 * of gsuspend_now_ms(), or -1.
 */
libxl_guest_suspend_info *gsuspend_list_infos(uint64_t after_seq,
                                              int64_t deadline_ms, int *nb_r);

#endif
