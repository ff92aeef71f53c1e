/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: the clock stands until the test moves it, in fake.now. */

#ifndef FAKE_XEN_TIME_H
#define FAKE_XEN_TIME_H

#include <xen/config.h>

typedef int64_t s_time_t;

s_time_t fake_now(void);
#define NOW() fake_now()

#endif
