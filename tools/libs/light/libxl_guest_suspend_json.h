/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libxl_guest_suspend_json.h: the types of <libxl_guest_suspend.h> into a yajl
 * generator of the caller's, as a value at its present place.  Needs yajl's
 * headers; the _to_json functions of the main header don't.
 *
 * Each returns yajl's status.  What it says of threads holds for hand.
 */

#ifndef LIBXL_GUEST_SUSPEND_JSON_H
#define LIBXL_GUEST_SUSPEND_JSON_H

#include <yajl/yajl_gen.h>

#include <libxl_guest_suspend.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exported, however the rest of a program is built. */
#pragma GCC visibility push(default)

yajl_gen_status
libxl_guest_suspend_state_gen_json(yajl_gen hand, libxl_guest_suspend_state p);
yajl_gen_status
libxl_guest_suspend_kind_gen_json(yajl_gen hand, libxl_guest_suspend_kind p);
yajl_gen_status
libxl_guest_suspend_wake_gen_json(yajl_gen hand, libxl_guest_suspend_wake p);
yajl_gen_status
libxl_guest_suspend_denied_gen_json(yajl_gen hand,
                                    libxl_guest_suspend_denied p);

yajl_gen_status
libxl_guest_suspend_info_gen_json(yajl_gen hand, libxl_guest_suspend_info *p);

yajl_gen_status
libxl_domain_resume_virq_opts_gen_json(yajl_gen hand,
                                       libxl_domain_resume_virq_opts *p);

yajl_gen_status
libxl_domain_suspend_request_opts_gen_json(yajl_gen hand,
                                           libxl_domain_suspend_request_opts *p);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBXL_GUEST_SUSPEND_JSON_H */
