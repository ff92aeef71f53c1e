// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alarm clock of a Xen guest on Arm, on the EL1 physical timer
 *
 * Copyright (C) 2026 the guest suspend authors
 *
 * In a guest, Linux takes its ticks from the virtual timer.  The physical timer
 * is free.  Xen emulates it, also while the guest is in PSCI SYSTEM_SUSPEND,
 * and its interrupt ends that suspend.  So a guest that has no other device
 * can wake itself.
 *
 * The clock is the physical counter plus an offset.  No battery keeps it: it
 * starts with the system's time when the driver is probed.  From then on it is
 * a clock of its own, as any RTC: setting the system's time does not change
 * it, RTC_SET_TIME does.  An alarm is a time of this clock.
 *
 * Each CPU has a timer of its own.  The alarm is on that of one CPU, and moves
 * to another CPU when that one goes offline.  The CPU that enters the suspend
 * is the last one online, so that it has the alarm.
 */

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/pm_wakeup.h>
#include <linux/property.h>
#include <linux/rtc.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>

#include <asm/arch_timer.h>
#include <asm/virt.h>

#include <xen/xen.h>

/* Of the interrupts of the timer's node, which are in this order. */
#define PHYS_TIMER_IRQ	1
#define VIRT_TIMER_IRQ	2

struct xen_arm_rtc {
	struct rtc_device *rtc;
	struct device *dev;
	struct xen_arm_rtc * __percpu *percpu_self;
	int irq;
	u32 rate;
	enum cpuhp_state hotplug_state;
	struct hlist_node hotplug_node;
	bool registered;

	/* Clock minus counter, in ticks.  The RTC core's ops_lock is held. */
	s64 offset;

	/* That has the alarm.  cpus_read_lock() keeps it from changing. */
	unsigned int cpu;

	raw_spinlock_t lock;	/* for these three */
	u64 deadline;		/* of the alarm, as a value of the counter */
	bool enabled;
	bool muted;		/* asleep, and not to wake the system */
};

static void xen_arm_rtc_write_timer(struct xen_arm_rtc *xrtc)
{
	arch_timer_reg_write_cp15(ARCH_TIMER_PHYS_ACCESS, ARCH_TIMER_REG_CTRL, 0);
	if (!xrtc->enabled || xrtc->muted)
		return;
	/* Where this is in the past, the timer fires at once. */
	arch_timer_reg_write_cp15(ARCH_TIMER_PHYS_ACCESS, ARCH_TIMER_REG_CVAL,
				  xrtc->deadline);
	arch_timer_reg_write_cp15(ARCH_TIMER_PHYS_ACCESS, ARCH_TIMER_REG_CTRL,
				  ARCH_TIMER_CTRL_ENABLE);
}

/* Runs on the CPU that has the alarm. */
static void xen_arm_rtc_program(void *data)
{
	struct xen_arm_rtc *xrtc = data;
	unsigned long flags;

	raw_spin_lock_irqsave(&xrtc->lock, flags);
	xen_arm_rtc_write_timer(xrtc);
	raw_spin_unlock_irqrestore(&xrtc->lock, flags);
}

static void xen_arm_rtc_program_cpu(struct xen_arm_rtc *xrtc)
{
	cpus_read_lock();
	smp_call_function_single(xrtc->cpu, xen_arm_rtc_program, xrtc, 1);
	cpus_read_unlock();
}

static irqreturn_t xen_arm_rtc_interrupt(int irq, void *data)
{
	struct xen_arm_rtc *xrtc = *(struct xen_arm_rtc **)data;
	bool due;

	raw_spin_lock(&xrtc->lock);
	due = xrtc->enabled && !xrtc->muted &&
	      __arch_counter_get_cntpct() >= xrtc->deadline;
	if (due)
		xrtc->enabled = false;
	/* If not due, this was an alarm that has just been replaced. */
	xen_arm_rtc_write_timer(xrtc);
	raw_spin_unlock(&xrtc->lock);
	if (!due)
		return IRQ_NONE;

	/* This counts the wake-up event.  A suspend on its way in is ended, too. */
	rtc_update_irq(xrtc->rtc, 1, RTC_IRQF | RTC_AF);
	if (device_may_wakeup(xrtc->dev))
		pm_system_wakeup();
	return IRQ_HANDLED;
}

static int xen_arm_rtc_read_time(struct device *dev, struct rtc_time *tm)
{
	struct xen_arm_rtc *xrtc = dev_get_drvdata(dev);

	/*
	 * When it is registered, the RTC core sets the system's time from the
	 * first RTC.  This one is a copy of the system's time: all that would
	 * do is to step that by up to half a second.
	 */
	if (!xrtc->registered)
		return -ENODATA;
	rtc_time64_to_tm(div_u64(__arch_counter_get_cntpct() + xrtc->offset,
				 xrtc->rate), tm);
	return 0;
}

/* The RTC core sets the alarm anew afterwards. */
static int xen_arm_rtc_set_time(struct device *dev, struct rtc_time *tm)
{
	struct xen_arm_rtc *xrtc = dev_get_drvdata(dev);

	xrtc->offset = rtc_tm_to_time64(tm) * xrtc->rate -
		       __arch_counter_get_cntpct();
	return 0;
}

static void xen_arm_rtc_set_deadline(struct xen_arm_rtc *xrtc, u64 deadline,
				     bool enabled)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&xrtc->lock, flags);
	xrtc->deadline = deadline;
	xrtc->enabled = enabled;
	raw_spin_unlock_irqrestore(&xrtc->lock, flags);
	xen_arm_rtc_program_cpu(xrtc);
}

static int xen_arm_rtc_set_alarm(struct device *dev, struct rtc_wkalrm *alarm)
{
	struct xen_arm_rtc *xrtc = dev_get_drvdata(dev);
	s64 deadline = rtc_tm_to_time64(&alarm->time) * xrtc->rate - xrtc->offset;

	xen_arm_rtc_set_deadline(xrtc, max_t(s64, deadline, 0), alarm->enabled);
	return 0;
}

static int xen_arm_rtc_alarm_irq_enable(struct device *dev, unsigned int enabled)
{
	/* The RTC core enables an alarm by set_alarm, before it calls this. */
	if (!enabled)
		xen_arm_rtc_set_deadline(dev_get_drvdata(dev), 0, false);
	return 0;
}

static const struct rtc_class_ops xen_arm_rtc_ops = {
	.read_time		= xen_arm_rtc_read_time,
	.set_time		= xen_arm_rtc_set_time,
	.set_alarm		= xen_arm_rtc_set_alarm,
	.alarm_irq_enable	= xen_arm_rtc_alarm_irq_enable,
};

static int xen_arm_rtc_cpu_online(unsigned int cpu, struct hlist_node *node)
{
	struct xen_arm_rtc *xrtc =
		hlist_entry(node, struct xen_arm_rtc, hotplug_node);

	if (xrtc->cpu >= nr_cpu_ids)
		xrtc->cpu = cpu;
	enable_percpu_irq(xrtc->irq, IRQ_TYPE_NONE);
	return 0;
}

static int xen_arm_rtc_cpu_offline(unsigned int cpu, struct hlist_node *node)
{
	struct xen_arm_rtc *xrtc =
		hlist_entry(node, struct xen_arm_rtc, hotplug_node);

	disable_percpu_irq(xrtc->irq);
	arch_timer_reg_write_cp15(ARCH_TIMER_PHYS_ACCESS, ARCH_TIMER_REG_CTRL, 0);
	if (xrtc->cpu != cpu)
		return 0;
	xrtc->cpu = cpumask_any_but(cpu_online_mask, cpu);
	if (xrtc->cpu < nr_cpu_ids)
		smp_call_function_single(xrtc->cpu, xen_arm_rtc_program, xrtc, 1);
	return 0;
}

static void xen_arm_rtc_mute(struct xen_arm_rtc *xrtc, bool muted)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&xrtc->lock, flags);
	xrtc->muted = muted;
	raw_spin_unlock_irqrestore(&xrtc->lock, flags);
	xen_arm_rtc_program_cpu(xrtc);
}

static int xen_arm_rtc_suspend(struct device *dev)
{
	if (!device_may_wakeup(dev))
		xen_arm_rtc_mute(dev_get_drvdata(dev), true);
	return 0;
}

/* An alarm that was due in the meantime comes now. */
static int xen_arm_rtc_resume(struct device *dev)
{
	xen_arm_rtc_mute(dev_get_drvdata(dev), false);
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(xen_arm_rtc_pm_ops, xen_arm_rtc_suspend,
				xen_arm_rtc_resume);

/* As arm_arch_timer finds its interrupts. */
static int xen_arm_rtc_timer_irq(struct device *dev, const char *name, int index)
{
	struct platform_device *pdev = to_platform_device(dev);

	if (device_property_present(dev, "interrupt-names"))
		return platform_get_irq_byname_optional(pdev, name);
	return platform_get_irq_optional(pdev, index);
}

/*
 * Why arm_arch_timer takes the physical timer, or NULL.  A kernel that was
 * entered at EL2 and went on at EL1 takes it, too: then its interrupt is busy.
 */
static const char *xen_arm_rtc_timer_in_use(struct device *dev)
{
	if (is_kernel_in_hyp_mode())
		return "the kernel runs at EL2";
	if (xen_arm_rtc_timer_irq(dev, "virt", VIRT_TIMER_IRQ) <= 0)
		return "there is no virtual timer";
	if (IS_ENABLED(CONFIG_ARM) &&
	    device_property_read_bool(dev, "arm,cpu-registers-not-fw-configured"))
		return "the firmware did not set up the virtual timer";
	return NULL;
}

static void xen_arm_rtc_release_irq(void *data)
{
	struct xen_arm_rtc *xrtc = data;

	free_percpu_irq(xrtc->irq, xrtc->percpu_self);
}

static int xen_arm_rtc_request_irq(struct xen_arm_rtc *xrtc)
{
	struct device *dev = xrtc->dev;
	struct xen_arm_rtc **self;
	int cpu, ret;

	xrtc->irq = xen_arm_rtc_timer_irq(dev, "phys", PHYS_TIMER_IRQ);
	if (xrtc->irq <= 0)
		return dev_err_probe(dev, xrtc->irq ?: -ENXIO,
				     "no interrupt of the physical timer\n");
	xrtc->percpu_self = devm_alloc_percpu(dev, struct xen_arm_rtc *);
	if (!xrtc->percpu_self)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		self = per_cpu_ptr(xrtc->percpu_self, cpu);
		*self = xrtc;
	}
	ret = request_percpu_irq(xrtc->irq, xen_arm_rtc_interrupt, "rtc-xen-arm",
				 xrtc->percpu_self);
	if (ret)
		return dev_err_probe(dev, ret,
				     "the physical timer's interrupt is in use\n");
	return devm_add_action_or_reset(dev, xen_arm_rtc_release_irq, xrtc);
}

/* After the RTC is gone: nobody else starts the timer any more. */
static void xen_arm_rtc_stop(void *data)
{
	struct xen_arm_rtc *xrtc = data;

	xen_arm_rtc_mute(xrtc, true);
	cpuhp_state_remove_instance(xrtc->hotplug_state, &xrtc->hotplug_node);
	cpuhp_remove_multi_state(xrtc->hotplug_state);
}

static int xen_arm_rtc_start(struct xen_arm_rtc *xrtc)
{
	int ret;

	ret = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "rtc/xen-arm:online",
				      xen_arm_rtc_cpu_online,
				      xen_arm_rtc_cpu_offline);
	if (ret < 0)
		return ret;
	xrtc->hotplug_state = ret;
	ret = cpuhp_state_add_instance(xrtc->hotplug_state, &xrtc->hotplug_node);
	if (ret) {
		cpuhp_remove_multi_state(xrtc->hotplug_state);
		return ret;
	}
	return devm_add_action_or_reset(xrtc->dev, xen_arm_rtc_stop, xrtc);
}

static void xen_arm_rtc_copy_time(struct xen_arm_rtc *xrtc)
{
	struct timespec64 now;
	u64 counter;

	ktime_get_real_ts64(&now);
	counter = __arch_counter_get_cntpct();
	xrtc->offset = now.tv_sec * xrtc->rate +
		       div_u64((u64)now.tv_nsec * xrtc->rate, NSEC_PER_SEC) -
		       counter;
}

static int xen_arm_rtc_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct xen_arm_rtc *xrtc;
	const char *in_use;
	int ret;

	in_use = xen_arm_rtc_timer_in_use(dev);
	if (in_use)
		return dev_err_probe(dev, -EBUSY,
				     "Linux uses the physical timer itself: %s\n",
				     in_use);
	xrtc = devm_kzalloc(dev, sizeof(*xrtc), GFP_KERNEL);
	if (!xrtc)
		return -ENOMEM;
	xrtc->dev = dev;
	xrtc->cpu = nr_cpu_ids;
	raw_spin_lock_init(&xrtc->lock);
	/* As arm_arch_timer has it. */
	if (device_property_read_u32(dev, "clock-frequency", &xrtc->rate))
		xrtc->rate = arch_timer_get_cntfrq();
	if (!xrtc->rate)
		return dev_err_probe(dev, -ENXIO, "the timer's frequency is unknown\n");
	platform_set_drvdata(pdev, xrtc);

	xrtc->rtc = devm_rtc_allocate_device(dev);
	if (IS_ERR(xrtc->rtc))
		return PTR_ERR(xrtc->rtc);
	xrtc->rtc->ops = &xen_arm_rtc_ops;
	/* A second begins when the clock is set. */
	xrtc->rtc->set_offset_nsec = NSEC_PER_SEC;
	xrtc->rtc->range_max = RTC_TIMESTAMP_END_2199;

	ret = xen_arm_rtc_request_irq(xrtc);
	if (ret)
		return ret;
	ret = xen_arm_rtc_start(xrtc);
	if (ret)
		return ret;
	device_init_wakeup(dev, true);
	xen_arm_rtc_copy_time(xrtc);
	ret = devm_rtc_register_device(xrtc->rtc);
	xrtc->registered = true;
	return ret;
}

static const struct of_device_id xen_arm_rtc_of_match[] = {
	{ .compatible = "arm,armv7-timer" },
	{ .compatible = "arm,armv8-timer" },
	{ }
};
MODULE_DEVICE_TABLE(of, xen_arm_rtc_of_match);

static struct platform_driver xen_arm_rtc_driver = {
	.probe = xen_arm_rtc_probe,
	.driver = {
		.name = "rtc-xen-arm",
		.of_match_table = xen_arm_rtc_of_match,
		.pm = pm_sleep_ptr(&xen_arm_rtc_pm_ops),
	},
};

static int __init xen_arm_rtc_init(void)
{
	/* Whether the timer runs on while the system sleeps is known on Xen only. */
	if (!xen_domain() || xen_initial_domain()) {
		pr_info("rtc-xen-arm: this is no Xen guest\n");
		return -ENODEV;
	}
	return platform_driver_register(&xen_arm_rtc_driver);
}
module_init(xen_arm_rtc_init);

static void __exit xen_arm_rtc_exit(void)
{
	platform_driver_unregister(&xen_arm_rtc_driver);
}
module_exit(xen_arm_rtc_exit);

MODULE_AUTHOR("the guest suspend authors");
MODULE_DESCRIPTION("Alarm clock of a Xen guest on Arm");
MODULE_LICENSE("GPL");
