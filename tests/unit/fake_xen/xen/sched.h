/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: of domains and vCPUs, what guest suspend looks at. */

#ifndef FAKE_XEN_SCHED_H
#define FAKE_XEN_SCHED_H

#include <xen/config.h>
#include <xen/errno.h>
#include <xen/guest-suspend.h>
#include <xen/list.h>
#include <xen/rcupdate.h>
#include <xen/spinlock.h>

#include <xen/xen.h> /* Of libxen-dev: domid_t */

/* Room for so many; a domain has fake.nr_vcpus. */
#define FAKE_MAX_VCPUS 3

#define _VPF_blocked    0
#define _VPF_suspended  9
#define VPF_suspended   (1UL << _VPF_suspended)

#define _VPF_down       1
#define VPF_down        (1UL << _VPF_down)

/* Of Arm: each vCPU's private interrupts, and the domain's shared ones. */
#define FAKE_NR_SPIS 32

struct pending_irq {
    unsigned long status;       /* GIC_IRQ_GUEST_* */
    unsigned int irq;
    uint8_t lr;
    void *desc;                 /* Of a physical interrupt, or NULL. */
    struct list_head inflight;
};

struct vcpu {
    struct domain *domain;
    unsigned int vcpu_id;
    unsigned long pause_flags;
    bool is_asleep;             /* The scheduler took it off its CPU. */
    bool evtchn_upcall_pending;
    struct {
        struct {
            spinlock_t lock;
            struct list_head inflight_irqs;
            struct pending_irq pending_irqs[32];
        } vgic;
        struct {
            unsigned int irq;
            uint32_t ctl;
        } virt_timer, phys_timer;
        struct {
            bool pending;
            register_t entry_point, context_id;
        } psci_resume;
    } arch;
};

/* The guest and senders of events change it meanwhile. */
void fake_flags_point(const struct vcpu *v);
#define vcpu_info(v, field) (fake_flags_point(v), (v)->field)
bool is_vcpu_online(const struct vcpu *v);
#define for_each_vcpu(d, v) \
    for ((v) = (d)->vcpu; (v) < (d)->vcpu + (d)->nr_vcpus; (v)++)

struct domain {
    domid_t domain_id;
    bool is_dying;
    bool is_shutting_down;
    bool is_hardware;
    bool is_hidden;             /* XSM lets nobody see it in a list. */
    bool is_32bit;
    unsigned int watchdogs_stopped;
    struct guest_suspend guest_suspend;
    spinlock_t domain_lock;
    unsigned int nr_vcpus;
    struct vcpu vcpu[FAKE_MAX_VCPUS];
    struct {
        unsigned int evtchn_irq;
        struct {
            uint32_t uartris, uartimsc;
            unsigned int virq;
        } vpl011;
        struct {
            unsigned int intid_bits;
            struct pending_irq pending_irqs[FAKE_NR_SPIS];
        } vgic;
    } arch;
};

#define is_hardware_domain(d) ((d)->is_hardware)
#define is_32bit_domain(d) ((d)->is_32bit)
#define is_64bit_domain(d) (!(d)->is_32bit)

#define domain_lock(d) fake_domain_lock(&(d)->domain_lock)
#define domain_unlock(d) fake_domain_unlock(&(d)->domain_lock)

struct vcpu *fake_current(void);
#define current fake_current()

extern rcu_read_lock_t domlist_read_lock;

void vcpu_wake(struct vcpu *v);
void vcpu_sleep_nosync(struct vcpu *v);
void watchdog_domain_suspend(struct domain *d);
void watchdog_domain_resume(struct domain *d);

#endif
