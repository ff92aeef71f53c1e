/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: of domains and vCPUs, what guest suspend looks at. */

#ifndef FAKE_XEN_SCHED_H
#define FAKE_XEN_SCHED_H

#include <xen/config.h>
#include <xen/guest-suspend.h>

#include <xen/xen.h> /* Of libxen-dev: domid_t */

#define FAKE_NR_VCPUS 2

#define _VPF_blocked    0
#define _VPF_suspended  9
#define VPF_suspended   (1UL << _VPF_suspended)

struct vcpu {
    struct domain *domain;
    unsigned int vcpu_id;
    unsigned long pause_flags;
    bool is_asleep;             /* The scheduler took it off its CPU. */
};

struct domain {
    domid_t domain_id;
    bool is_dying;
    bool is_shutting_down;
    unsigned int watchdogs_stopped;
    struct guest_suspend guest_suspend;
    struct vcpu vcpu[FAKE_NR_VCPUS];
};

struct vcpu *fake_current(void);
#define current fake_current()

void vcpu_wake(struct vcpu *v);
void vcpu_sleep_nosync(struct vcpu *v);
void watchdog_domain_suspend(struct domain *d);
void watchdog_domain_resume(struct domain *d);

#endif
