/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: VIRQs are counted, in fake.global_virqs. */

#ifndef FAKE_XEN_EVENT_H
#define FAKE_XEN_EVENT_H

#include <xen/config.h>

/* True after as many looks as the test said: fake.preempt_after. */
bool hypercall_preempt_check(void);
void send_global_virq(uint32_t virq);

#endif
