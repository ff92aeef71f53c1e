# SPDX-License-Identifier: GPL-2.0-only
"""Source trees that are Xen's by their names only, for test-apply.py.

They have the places that hypervisor/edits looks for, and beside each something
that is like it and is not it: a declaration before a function, the same words in
another function.  FORMS are the features that tell one Xen from another.
"""

FORMS = {
    # Up to 4.17.6, 4.18.5, 4.19.5, 4.20.3.
    "number": {"old_xsm", "lock"},
    # Up to 4.21.1.
    "number-stable": {"old_xsm", "stable"},
    # From the security updates after these on.
    "whole": set(),
    # 4.21.2.
    "stable": {"stable"},
    # 4.22.
    "upstream": {"stable", "upstream", "espi", "priv"},
    # What comes after it.
    "function": {"stable", "upstream", "espi", "priv", "shutting_down",
                 "hook_list"},
}


def function(head, *lines):
    body = "".join(f"    {line}\n" if line else "\n" for line in lines)
    return f"{head};\n\n{head}\n{{\n{body}}}\n\n"


def domctl_c(form):
    unlock = "rcuonly" if "priv" in form else "domonly"
    xsm = "op->cmd, 0" if "old_xsm" in form else "op"
    action = "XSM_PRIV" if "priv" in form else "XSM_OTHER"
    lookup = ["switch ( op->cmd )", "{", "case XEN_DOMCTL_vm_event_op:",
              *(["case XEN_DOMCTL_get_domain_state:"]
                if {"old_xsm", "stable"} <= form else []),
              "    if ( op->domain == DOMID_INVALID )", "        break;",
              "default:", "    d = find(op->domain);", "}", ""]
    unlocked = ["switch ( op->cmd )", "{", "case XEN_DOMCTL_vm_event_op:",
                "    goto quick;", "", "default:",
                "    /* Everything else handled further down. */", "}", ""]
    version = ["if ( op->interface_version !=", "     (is_stable_domctl(op->cmd) ?"
               " 0 : XEN_DOMCTL_INTERFACE_VERSION) )"] if "stable" in form else \
        ["if ( op->interface_version != XEN_DOMCTL_INTERFACE_VERSION )"]
    text = function("void getdomaininfo(struct domain *d)",
                    "if ( !(v->pause_flags & VPF_blocked) )", "    blocked = 0;")
    if "stable" in form:
        text += function("static bool is_stable_domctl(uint32_t cmd)",
                         "return cmd == XEN_DOMCTL_get_domain_state;")
    return text + function(
        "long do_domctl(void *u_domctl)", *version, "    return -EACCES;", "",
        *lookup, *([] if "old_xsm" in form else unlocked),
        f"ret = xsm_domctl({action}, d, {xsm});", "if ( ret )",
        f"    goto domctl_out_unlock_{unlock};", "",
        "if ( !domctl_lock_acquire() )", "    return again();", "",
        "case XEN_DOMCTL_setvcpucontext:", "    ret = arch_set_info_guest(v, c);",
        "case XEN_DOMCTL_getvcpuinfo:",
        "    blocked  = !!(v->pause_flags & VPF_blocked);", "    break;",
        "default:", "    /* Everything else. */", "}",
    )[:-3] + f" domctl_out_unlock_{unlock}:\n    return ret;\n}}\n"


def sched_core_c(form):
    """Up to 4.17.6 the times are under a lock, and later in a block of their own."""
    change = ["if ( delta > 0 )", "{",
              "    v->runstate.time[v->runstate.state] += delta;",
              "    v->runstate.state_entry_time = now;", "}", "",
              "v->runstate.state = new_state;"]
    get = ["if ( delta > 0 )", "    runstate->time[runstate->state] += delta;"]
    if "lock" not in form:
        change, get = (["seq()", "{", *(line and f"    {line}" for line in lines),
                        "}"] for lines in (change, get))
    return (function("static inline void vcpu_runstate_change(struct vcpu *v)",
                     "unit->runstate_cnt[v->runstate.state]--;",
                     "if ( v->runstate.state == new_state )", "    return;",
                     *change)
            + function("void vcpu_runstate_get(const struct vcpu *v)", *get)
            + function("void vcpu_block(void)", "set(VPF_blocked);")
            + function("void watchdog_domain_destroy(struct domain *d)",
                       "kill_timer(d);"))


def sched_h(form):
    text = ("#include <xen/domain.h>\n#include <xen/iommu.h>\n\n"
            "struct vcpu;\nstruct vcpu\n{\n"
            "    struct guest_area runstate_guest_area;\n"
            "    struct vcpu_runstate_info runstate;\n};\n\n"
            "struct domain;\nstruct domain\n{\n    int id;\n"
            "    struct timer watchdog_timer[4];\n\n    int last;\n};\n\n"
            "#define _VPF_parked          8\n"
            "#define VPF_parked           (1UL<<_VPF_parked)\n\n"
            "void watchdog_domain_init(struct domain *d);\n"
            "void watchdog_domain_destroy(struct domain *d);\n")
    if "shutting_down" in form:
        text += function("static inline bool domain_shutting_down("
                         "const struct domain *d)", "return d->state;")
    return text


def vpsci_c(form):
    upstream = "upstream" in form
    text = "#include <asm/current.h>\n#include <asm/vgic.h>\n\n"
    if upstream:
        text += function("static int32_t do_psci_1_0_system_suspend("
                         "register_t epoint, register_t cid)", "return 0;")
    text += function(
        "static int32_t do_psci_1_0_features(uint32_t psci_func_id)",
        "switch ( psci_func_id )", "{", "case PSCI_1_0_FN32_PSCI_FEATURES:",
        "    return 0;",
        *(["case PSCI_1_0_FN32_SYSTEM_SUSPEND:",
           "case PSCI_1_0_FN64_SYSTEM_SUSPEND:",
           "    return is_hardware_domain(current->domain) ? -1 : 0;"]
          if upstream else []),
        "default:", "    return -1;", "}")
    return text + function(
        "bool do_vpsci_0_2_call(struct cpu_user_regs *regs, uint32_t fid)",
        "switch ( fid )", "{",
        *(["case PSCI_1_0_FN32_SYSTEM_SUSPEND:",
           "case PSCI_1_0_FN64_SYSTEM_SUSPEND:",
           "    PSCI_SET_RESULT(regs, do_psci_1_0_system_suspend(epoint, cid));",
           "    return true;", ""] if upstream else []),
        "default:", "    return false;", "}")


def hook_files(form):
    """Where XSM's hooks are; getdomaininfo is one, and beside ours."""
    listed = "hook_list" in form
    head = "static XSM_INLINE int " + ("" if listed else "cf_check ")
    hooks_c = function("static int cf_check flask_domctl(struct domain *d)",
                       "case XEN_DOMCTL_getdomaininfo:",
                       "case XEN_DOMCTL_vm_event_op:",
                       "    return 0;").split(";\n\n", 1)[1]
    files_of_all = {
        "xen/include/xsm/dummy.h":
            f"{head}xsm_getdomaininfo(\n    XSM_DEFAULT_ARG struct domain *d)\n"
            "{\n    return 0;\n}\n\n"
            f"{head}xsm_set_target(struct domain *d)\n{{\n    return 0;\n}}\n",
    }
    if listed:
        return {
            **files_of_all,
            "xen/xsm/flask/hooks.c": hooks_c,
            "xen/include/xsm/hooks.h":
                "XSM_HOOK(int, getdomaininfo, struct domain *)\n"
                "XSM_HOOK(int, set_target, struct domain *)\n",
        }
    return {
        **files_of_all,
        "xen/xsm/flask/hooks.c":
            hooks_c + "static const struct xsm_ops flask_ops = {\n"
            "    .security_domaininfo = flask_security_domaininfo,\n"
            "    .getdomaininfo = flask_getdomaininfo,\n};\n",
        "xen/xsm/dummy.c":
            "static const struct xsm_ops dummy_ops = {\n"
            "    .getdomaininfo = xsm_getdomaininfo,\n};\n",
        "xen/include/xsm/xsm.h":
            "struct xsm_ops {\n"
            "    void (*security_domaininfo)(struct xen_domctl_getdomaininfo *i);\n"
            "    int (*getdomaininfo)(struct domain *d);\n};\n\n"
            "static inline int xsm_getdomaininfo(struct domain *d)\n{\n"
            "    return 0;\n}\n",
    }


def xsm_files(form):
    permissions = ["get_domain_state"] if "stable" in form else []
    return {
        "xen/xsm/flask/policy/access_vectors":
            "class domain\n{\n    pause\n}\n\nclass domain2\n{\n    settsc\n}\n\n"
            "class hvm\n{\n    cacheattr\n}\n",
        "tools/flask/policy/modules/dom0.te":
            "allow dom0_t dom0_t:domain {\n\tpause\n};\n"
            "allow dom0_t dom0_t:domain2 {\n\tsettsc\n"
            + "".join(f"\t{p}\n" for p in permissions) + "};\n",
        "tools/flask/policy/modules/xen.if":
            "define(`create_domain_common', `\n\tallow $1 $2:domain create;\n"
            "\tallow $1 $2:security check_context;\n')\n\n"
            "define(`manage_domain', `\n\tallow $1 $2:domain pause;\n')\n",
        **hook_files(form),
    }


def arm_files(form):
    upstream = "upstream" in form
    calls = "FN32_PSCI_FEATURES FN32_SYSTEM_SUSPEND FN64_SYSTEM_SUSPEND".split()
    include = "xen/arch/arm/include/asm"
    return {
        "xen/arch/arm/Makefile": "obj-y += gic.o\nobj-y += guestcopy.o\n",
        f"{include}/domain.h":
            function("struct arch_vcpu *arch_of(int id)", "return 0;")
            + "struct arch_vcpu\n{\n    bool need_flush_to_ram;\n\n}  __aligned;\n",
        f"{include}/psci.h":
            "".join(f"#define PSCI_1_0_{c} 1\n"
                    for c in (calls if upstream else calls[:1]))
            + "#define PSCI_0_2_FN64_AFFINITY_INFO 4\n",
        f"{include}/vpsci.h":
            f"#define VPSCI_NR_FUNCS  {14 if upstream else 12}\n",
        f"{include}/perfc_defn.h":
            'PERFCOUNTER(vpsci_features, "vpsci: features")\n' +
            ('PERFCOUNTER(vpsci_system_suspend, "vpsci: system_suspend")\n'
             if upstream else ""),
        f"{include}/vgic.h":
            function("static inline bool vgic_is_spi(struct domain *d)",
                     "return true;") if "espi" in form else "/* none */\n",
        "xen/arch/arm/traps.c":
            "#include <asm/event.h>\n#include <asm/hsr.h>\n\n" + function(
                "static bool check_for_vcpu_work(void)",
                "struct vcpu *v = current;", "", "return work(v);"),
        "xen/arch/arm/gic-vgic.c":
            "#include <asm/gic.h>\n#include <asm/vgic.h>\n\n" + function(
                "static void gic_update_one_lr(struct vcpu *v, int i)",
                "struct pending_irq *p;", "", "if ( lr_val.pending )", "{",
                "    p->lr = GIC_INVALID_LR;", "    raise(p);", "}"),
        "xen/arch/arm/vgic.c":
            "#include <asm/gic.h>\n#include <asm/vgic.h>\n\n" + function(
                "void vgic_enable_irqs(struct vcpu *v, uint32_t r, int n)",
                "struct domain *d = v->domain;", "", "while ( more )", "{",
                "    lock(&v_target->arch.vgic.lock, flags);",
                "    unlock(&v_target->arch.vgic.lock, flags);",
                "    lock(&p->desc->lock, flags);",
                "    unlock(&p->desc->lock, flags);", "}") + function(
                "void vgic_inject_irq(struct domain *d, struct vcpu *v)",
                "unsigned long flags;", "", "goto out;", "vcpu_kick(v);"
            ).replace("    vcpu_kick", "out:\n    unlock();\n\n    vcpu_kick"),
        "xen/arch/arm/vpsci.c": vpsci_c(form),
    }


def common_files(form):
    held = "shutdown_state" if "shutting_down" in form else "is_shutting_down"
    return {
        "xen/Makefile":
            "export XEN_VERSION       = 4\nexport XEN_SUBVERSION    = 99\n",
        "xen/common/Kconfig":
            "config GRANT_TABLE\n\tbool \"Grant table support\"\n",
        "xen/common/Makefile": "obj-y += grant_table.o\nobj-y += gzip/\n",
        "xen/common/domain.c":
            function("struct domain *domain_create(domid_t domid)", "/*",
                     " * Must not fail beyond this point: nobody knows whether",
                     " * it is in domain_list or not.", " */", "insert(d);")
            + function("int domain_kill(struct domain *d)",
                       "rspin_barrier(&d->domain_lock);", "return 0;")
            + function("int domain_shutdown(struct domain *d)",
                       f"d->{held} = 1;", "arch_domain_shutdown(d);")
            + function("void domain_resume(struct domain *d)",
                       f"d->{held} = 0;", "domain_unpause(d);")
            + function("void domain_destroy(struct domain *d)", "remove(d);", "",
                       "/* Schedule RCU asynchronous completion. */"),
        "xen/common/domctl.c": domctl_c(form),
        "xen/common/sched/core.c": sched_core_c(form),
        "xen/include/public/domctl.h":
            '#include "event_channel.h"\n\nstruct xen_domctl {\n    union {\n'
            "        uint8_t                             pad[128];\n    } u;\n};\n",
        "xen/include/public/errno.h":
            "XEN_ERRNO(ECONNREFUSED,\t111)\t/* Refused */\n",
        "xen/include/xen/sched.h": sched_h(form),
        "xen/arch/x86/hvm/hvm.c":
            function("static void hvm_s3_suspend(struct domain *d)",
                     "hvm_vcpu_reset_state(d->vcpu[0]);", "", "domain_unlock(d);")
            + function("static void hvm_s3_resume(struct domain *d)",
                       "if ( test_and_clear_bool(d->arch.hvm.is_s3_suspended) )",
                       "{", "    domain_unpause(d);", "}"),
        "xen/arch/x86/hvm/rtc.c":
            function("static void cf_check rtc_alarm_cb(void *opaque)",
                     "RTCState *s = opaque;", "", "if ( !is_set(s) )", "{",
                     "    rtc_update_irq(s);", "    alarm_timer_update(s);", "}"),
        "xen/arch/x86/include/asm/hvm/vpt.h":
            "void rtc_reset(struct domain *d);\n"
            "void rtc_update_clock(struct domain *d);\n",
    }


def files(form):
    """The files of a tree of that form, by name."""
    features = FORMS[form]
    return {**common_files(features), **xsm_files(features),
            **arm_files(features)}
