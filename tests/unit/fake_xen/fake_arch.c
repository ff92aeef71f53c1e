/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: see fake_arch.h. */

#include "fake.h"
#include "fake_arch.h"

struct fake_arch fake_arch;

int arch_guest_suspend_check_virq(struct domain *d, uint32_t virq,
                                  struct vcpu **target)
{
    /* Or the sleep that it was checked against could end meanwhile. */
    fake_expect_leaf_lock("arch_guest_suspend_check_virq");
    if (!domain_is_suspended(d))
        fake_fault("a vIRQ checked for a domain that is not suspended");
    fake_arch.checks++;
    fake_arch.virq = virq;
    if (!fake_arch.rc)
        *target = &d->vcpu[fake_arch.target];
    return fake_arch.rc;
}

void arch_guest_suspend_inject_virq(struct vcpu *target, uint32_t virq)
{
    const struct domain *d = target->domain;

    fake_expect_no_lock("arch_guest_suspend_inject_virq");
    if (domain_is_suspended(d))
        fake_fault("a vIRQ injected before the suspend ended: it would be "
                   "taken for what ended it");
    if (!(d->guest_suspend.sleeper->pause_flags & VPF_suspended))
        fake_fault("a vIRQ injected after the vCPU was let run: it would end "
                   "the next suspend");
    fake_arch.injects++;
    fake_arch.virq = virq;
    fake_arch.injected = target;
}
