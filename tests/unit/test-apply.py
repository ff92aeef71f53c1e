#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""hypervisor/apply on made-up trees: every form of Xen, every error.

That real trees are edited rightly is tests/edits' matter."""

import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import fake_xen_tree  # noqa: E402

HYPERVISOR = pathlib.Path(os.environ["GS_SRCDIR"]).resolve() / "hypervisor"
count = failed = 0


def expect(what, good, seen=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {count} - {what}")
    if not good:
        for line in str(seen).splitlines():
            print(f"# {line}")


def run(tool, *args):
    done = subprocess.run([tool, *map(str, args)], capture_output=True,
                          timeout=60, check=False)
    return (done.returncode, done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode())


def make_tree(top, files):
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return top


def files_of(top):
    return {str(p.relative_to(top)): p.read_bytes()
            for p in sorted(top.rglob("*")) if p.is_file()}


def fresh(tmp, form="whole", name="tree"):
    shutil.rmtree(tmp / name, ignore_errors=True)
    return make_tree(tmp / name, fake_xen_tree.files(form))


def refused(what, tree, *words, tool=HYPERVISOR / "apply"):
    """apply says no, with these words, and the tree is what it was."""
    before = files_of(tree)
    status, _, err = run(tool, tree)
    expect(what, status == 1 and all(word in err for word in words)
           and "nothing was changed" in err and files_of(tree) == before,
           f"status {status}\n{err}")


# What each form of Xen gets, and does not get: (file, text).
UNLOCKED = [
    ("xen/common/domctl.c", "    case XEN_DOMCTL_guest_suspend:\n"
     "        ret = xsm_domctl_guest_suspend(XSM_PRIV, d,"),
    ("xen/common/domctl.c", ";\n#endif\n\n"
     "    default:\n        /* Everything else handled further down"),
]
LOCKED = [
    ("xen/common/domctl.c", "    if ( op->cmd == XEN_DOMCTL_guest_suspend )\n"
     "    {\n        ret = xsm_domctl_guest_suspend(XSM_PRIV, d,"),
    ("xen/xsm/flask/hooks.c", "    case XEN_DOMCTL_vm_event_op:\n"
     "#ifdef CONFIG_GUEST_SUSPEND\n    case XEN_DOMCTL_guest_suspend:\n"),
]
HOOKS = [
    ("xen/include/xsm/xsm.h", "    int (*domctl_guest_suspend)"),
    ("xen/include/xsm/xsm.h", "static inline int xsm_domctl_guest_suspend("),
    ("xen/include/xsm/dummy.h", "cf_check xsm_domctl_guest_suspend("),
    ("xen/xsm/dummy.c", "    .domctl_guest_suspend "),
    ("xen/xsm/flask/hooks.c", "    .domctl_guest_suspend = "),
]
HOOK_LIST = [
    ("xen/include/xsm/hooks.h", "XSM_HOOK(int, domctl_guest_suspend,"),
    ("xen/include/xsm/dummy.h", "XSM_INLINE int xsm_domctl_guest_suspend("),
]
RUNSTATE_LOCK = [
    ("xen/common/sched/core.c", "\n    v->runstate.state = new_state;\n"
     "    runstate_begin_offline(v);\n}"),
    ("xen/common/sched/core.c", "\n    if ( delta > 0 )\n    {\n"
     "        runstate->time[runstate->state] += delta;\n"
     "        runstate_add_suspended(v, runstate, delta);\n    }\n}"),
]
RUNSTATE_BLOCK = [
    ("xen/common/sched/core.c", "        v->runstate.state = new_state;\n"
     "        runstate_begin_offline(v);\n    }"),
    ("xen/common/sched/core.c", "        if ( delta > 0 )\n        {\n"
     "            runstate->time[runstate->state] += delta;\n"
     "            runstate_add_suspended(v, runstate, delta);\n        }\n"),
]
NO_STABLE = [
    ("xen/common/domctl.c", "    return cmd == XEN_DOMCTL_guest_suspend;"),
    ("xen/common/domctl.c", "     (is_stable_domctl(op->cmd) ? 0 : "),
]
STABLE = [("xen/common/domctl.c", "return cmd == XEN_DOMCTL_get_domain_state ||")]
NO_UPSTREAM = [
    ("xen/arch/arm/include/asm/psci.h", "PSCI_1_0_FN64_SYSTEM_SUSPEND"),
    ("xen/arch/arm/include/asm/vpsci.h", "VPSCI_NR_FUNCS  (IS_"),
    ("xen/arch/arm/vpsci.c", "uint32_t epoint = PSCI_ARG32(regs, 1);"),
    ("xen/arch/arm/guest-suspend.c", "virq < NR_LOCAL_IRQS ||"),
]
UPSTREAM = [
    ("xen/arch/arm/vpsci.c", "#ifndef CONFIG_GUEST_SUSPEND\nstatic int32_t "
     "do_psci_1_0_system_suspend(register_t epoint, register_t cid)\n{\n"
     "    return 0;\n}\n#endif /* !CONFIG_GUEST_SUSPEND */\n"),
    ("xen/arch/arm/vpsci.c", "#ifdef CONFIG_GUEST_SUSPEND\n"
     "        PSCI_SET_RESULT(regs, vpsci_system_suspend(epoint, cid));\n#else\n"
     "        PSCI_SET_RESULT(regs, do_psci_1_0_system_suspend(epoint, cid));\n"
     "#endif\n"),
    ("xen/arch/arm/vpsci.c", "        if ( psci_func_id == "
     "PSCI_1_0_FN64_SYSTEM_SUSPEND &&\n"),
    ("xen/arch/arm/guest-suspend.c", "if ( !vgic_is_spi(d, virq) )"),
    ("xen/common/domctl.c", "goto domctl_out_unlock_rcuonly;\n#endif\n"),
]
FIELD = [("xen/common/guest-suspend.c", "d->is_shutting_down")]
FUNCTION = [("xen/common/guest-suspend.c", "!domain_shutting_down(d);"),
            ("xen/common/guest-suspend.c", "|| domain_shutting_down(d) )")]
ALWAYS = [
    ("xen/common/sched/core.c", "set(VPF_blocked);"),
    ("xen/common/domctl.c", "& VPF_blocked_any)"),
    ("xen/include/xen/sched.h", "runstate_info runstate;\n"
     "#ifdef CONFIG_GUEST_SUSPEND\n"),
    ("xen/arch/x86/hvm/hvm.c", "    if ( hvm_s3_end(d) )\n"),
    ("xen/arch/x86/hvm/rtc.c", "        rtc_update_irq(s);\n"
     "        rtc_alarm_wakes(s);\n"),
    ("xen/arch/arm/gic-vgic.c", "        p->lr = GIC_INVALID_LR;\n        /* Ended"),
    ("xen/arch/arm/vgic.c", "        unlock(&v_target->arch.vgic.lock, flags);\n"
     "        if ( pending )\n"),
    ("xen/xsm/flask/hooks.c", "static int cf_check flask_domctl_guest_suspend("),
    ("tools/flask/policy/modules/xen.if", "\tallow $1 $2:domain2 "
     "get_guest_suspend;\n\tallow $1 $2:security check_context;\n"),
    ("xen/xsm/flask/policy/access_vectors",
     "    resume_guest_suspend\n}\n\nclass hvm"),
    ("xen/common/domain.c", "    /*\n     * Must not fail beyond this point: "
     "nobody knows whether\n     * it is in domain_list or not.\n     */\n"
     "    guest_suspend_domain_init(d);\n"),
]
EXPECTED = {
    "number": ([LOCKED, HOOKS, RUNSTATE_LOCK, NO_STABLE, NO_UPSTREAM, FIELD],
               [UNLOCKED, RUNSTATE_BLOCK, STABLE, UPSTREAM, FUNCTION]),
    "number-stable": ([LOCKED, HOOKS, RUNSTATE_BLOCK, STABLE, NO_UPSTREAM,
                       FIELD],
                      [UNLOCKED, RUNSTATE_LOCK, NO_STABLE[:1], UPSTREAM,
                       FUNCTION]),
    "whole": ([UNLOCKED, HOOKS, NO_STABLE, NO_UPSTREAM, FIELD],
              [LOCKED, STABLE, UPSTREAM, FUNCTION]),
    "stable": ([UNLOCKED, HOOKS, STABLE, NO_UPSTREAM, FIELD],
               [LOCKED, NO_STABLE[:1], UPSTREAM, FUNCTION]),
    "upstream": ([UNLOCKED, HOOKS, STABLE, UPSTREAM, FIELD],
                 [LOCKED, NO_STABLE[:1], NO_UPSTREAM[2:], FUNCTION]),
    "function": ([UNLOCKED, HOOK_LIST, STABLE, UPSTREAM, FUNCTION],
                 [LOCKED, HOOKS[2:3], HOOKS[4:], NO_STABLE[:1],
                  NO_UPSTREAM[2:], FIELD]),
}


def check_form(tmp, form):
    tree = fresh(tmp, form)
    before = files_of(tree)
    status, patch, err = run(HYPERVISOR / "apply", "--patch", tree)
    expect(f"{form}: a patch", status == 0 and "diff --git" in patch, err)
    expect(f"{form}: a line between two additions stays",
           "\n         unlock(&v_target" in patch
           and "\n-        unlock(&v_target" not in patch, patch)
    status, said, err = run(HYPERVISOR / "apply", "--check", tree)
    expect(f"{form}: what would be done",
           status == 0 and "xen/common/domain.c" in said
           and "domain-kill: destroying a domain ends its suspend" in said
           and "nothing was written" in said, said + err)
    expect(f"{form}: neither writes", files_of(tree) == before)

    status, _, err = run(HYPERVISOR / "apply", tree)
    expect(f"{form}: the edits", status == 0, err)
    after = files_of(tree)
    wanted, unwanted = EXPECTED[form]
    for name, text in sum(wanted, ALWAYS):
        expect(f"{form}: {name} has {text.strip().splitlines()[0]}",
               text in after[name].decode(), after[name].decode())
    for name, text in sum(unwanted, []):
        expect(f"{form}: {name} has not {text.strip().splitlines()[0]}",
               text not in after[name].decode())
    expect(f"{form}: nothing is left aside",
           not [n for n in after if n.endswith(".guest-suspend-new")])

    copy = fresh(tmp, form, "patched")
    done = subprocess.run(["patch", "-p1", "-s", "--fuzz=0"], cwd=copy,
                          input=patch.encode(), capture_output=True, check=False)
    expect(f"{form}: the patch does the same",
           done.returncode == 0 and files_of(copy) == after,
           done.stdout.decode())
    refused(f"{form}: not twice", tree, "has these edits already")


def check_series(tmp, form):
    tree, out = fresh(tmp, form), tmp / "series"
    shutil.rmtree(out, ignore_errors=True)
    status, _, err = run(HYPERVISOR / "make-series", tree, out)
    mails = sorted(out.iterdir())
    expect(f"{form}: a series", status == 0 and len(mails) == 6 and all(
        m.read_text().startswith(f"Subject: [PATCH {i}/6] ")
        for i, m in enumerate(mails, 1)), err)
    whole = fresh(tmp, form, "whole")
    run(HYPERVISOR / "apply", whole)
    for mail in mails:
        done = subprocess.run(["patch", "-p1", "-s", "--fuzz=0", "-i", mail],
                              cwd=tree, capture_output=True, check=False)
        expect(f"{form}: {mail.name} applies", done.returncode == 0,
               done.stdout.decode())
    expect(f"{form}: the series is the whole", files_of(tree) == files_of(whole))


# Errors.

def change(tree, name, old, new):
    path = tree / name
    text = path.read_text()
    assert old in text, (name, old)
    path.write_text(text.replace(old, new))


def check_errors(tmp):
    tree = fresh(tmp)
    change(tree, "xen/common/domain.c", "rspin_barrier", "something")
    refused("a place that is gone", tree,
            "domain-kill: xen/common/domain.c, in /^int domain_kill\\(/: "
            "0 lines match /barrier.*domain_lock/, not one")

    tree = fresh(tmp)
    change(tree, "xen/common/domain.c", "    rspin_barrier(&d->domain_lock);\n",
           "    rspin_barrier(&d->domain_lock);\n" * 2)
    refused("a place that is there twice", tree, "domain-kill: ",
            "2 lines match", "not one (")

    tree = fresh(tmp)
    change(tree, "xen/common/domain.c", "int domain_kill", "int domain_end")
    refused("a function that is gone", tree,
            "domain-kill: xen/common/domain.c: 0 blocks match")

    tree = fresh(tmp)
    (tree / "xen/arch/arm/gic-vgic.c").unlink()
    change(tree, "xen/common/Makefile", "grant_table.o", "grants.o")
    refused("all that is wrong is told at once", tree,
            "gic-end: the tree has no xen/arch/arm/gic-vgic.c",
            "common-makefile: xen/common/Makefile: 0 lines match")

    tree = fresh(tmp)
    change(tree, "xen/common/domctl.c", " domctl_out_unlock_domonly:", " out:")
    refused("a name that is gone", tree, "word '@unlock@'")

    refused("no Xen", make_tree(tmp / "other", {"README": "hello\n"}),
            "is no source tree of Xen")
    refused("the directory below", fresh(tmp) / "xen",
            "give the directory above it")

    tree = fresh(tmp)
    change(tree, "xen/common/Kconfig", "config GRANT_TABLE",
           "config GUEST_SUSPEND\n\tbool\n\nconfig GRANT_TABLE")
    refused("another's guest suspend", tree, "that is not ours")

    tree = fresh(tmp)
    run(HYPERVISOR / "apply", tree)
    change(tree, "xen/common/guest-suspend.c", "last_seq", "latest_seq")
    refused("another version of ours", tree,
            "xen/common/guest-suspend.c: has some of it")

    status, said, _ = run(HYPERVISOR / "apply", "--help")
    expect("--help", status == 0 and "apply --check TREE" in said, said)
    for args in ([], ["--patch"], ["--what", tree], [tree, tree]):
        expect(f"usage: {len(args)} arguments",
               run(HYPERVISOR / "apply", *args)[0] == 2)


def check_surroundings(tmp):
    """In a copy of hypervisor/ that has learned a tree."""
    shutil.copytree(HYPERVISOR, tmp / "hypervisor")
    tools, tree = tmp / "hypervisor", fresh(tmp)
    (tools / "edits/surroundings.toml").unlink()
    _, _, err = run(tools / "apply", "--check", tree)
    expect("places that nobody looked at are warned of",
           "warning: domain-kill: xen/common/domain.c:" in err, err)
    run(tools / "maintain", "learn", tree)
    status, _, err = run(tools / "apply", "--check", tree)
    expect("they are known once they are learned", (status, err) == (0, ""), err)
    change(tree, "xen/common/domain.c", "    rspin_barrier",
           "    new_line();\n    rspin_barrier")
    status, _, err = run(tools / "apply", "--check", tree)
    expect("changed surroundings are warned of, by name", status == 0 and
           err.count("warning:") == 1 and "warning: domain-kill: " in err, err)


def load_editing():
    loader = importlib.machinery.SourceFileLoader(
        "editing", str(HYPERVISOR / "editing.py"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("editing", loader))
    loader.exec_module(module)
    return module


def check_interrupted(tmp):
    """Killed after some of the files."""
    tree = fresh(tmp)
    pid = os.fork()
    if pid == 0:
        editing = load_editing()
        description = editing.Description()
        xen = editing.Tree(tree, description)
        done = editing.Rendering(xen, editing.find_places(xen), description.steps)
        replace, left = pathlib.Path.replace, [5]

        def dying(path, target):
            if not left[0]:
                os._exit(9)
            left[0] -= 1
            replace(path, target)

        pathlib.Path.replace = dying
        editing.write_changes(xen, done)
        os._exit(0)
    expect("killed half-way", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9)
    status, _, err = run(HYPERVISOR / "apply", "--check", tree)
    expect("what it left is named", status == 1 and "in part" in err and
           "has it" in err and "xen/common/domain.c: has none of it" in err, err)
    refused("and is left alone", tree, "in part", "begin with a fresh tree")

    tree = fresh(tmp)
    before = files_of(tree)
    (tree / "xen/include/xsm.guest-suspend-new").mkdir()
    (tree / "xen/xsm/flask/hooks.c.guest-suspend-new").mkdir()
    status, _, err = run(HYPERVISOR / "apply", tree)
    expect("what can't be written stops it before anything is",
           status == 1 and files_of(tree) == before, err)


def check_details(tmp):
    """What a file may have: no newline at its end, form feeds, other bytes."""
    tree = fresh(tmp)
    path = tree / "xen/common/Makefile"
    path.write_bytes(b"# \xff\x0c one line\r\nobj-y += grant_table.o")
    path.chmod(0o750)
    _, patch, _ = run(HYPERVISOR / "apply", "--patch", tree)
    expect("a patch says that there is no newline at the end",
           "\\ No newline at end of file" in patch)
    status, _, err = run(HYPERVISOR / "apply", tree)
    expect("an addition after such a line ends it",
           status == 0 and path.read_bytes() ==
           b"# \xff\x0c one line\r\nobj-y += grant_table.o\n"
           b"obj-$(CONFIG_GUEST_SUSPEND) += guest-suspend.o\n", path.read_bytes())
    expect("a file's mode is kept", path.stat().st_mode & 0o777 == 0o750)


DESCRIPTION = """subject = "s"
message = "m"
new = []

[[edit]]
name = "one"
why  = "because"
file = ["xen/common/moved.c", "xen/common/domain.c"]
find = '^int domain_kill.*\\)$'
before = '''
/* one */
'''
"""
BAD = [
    ("an unknown key", ("why ", "whi "), "unknown key: whi"),
    ("a missing key", ("name = \"one\"\n", ""), "missing key: name"),
    ("an unknown feature", ("find =", "when = 'nope'\nfind ="), "no feature 'nope'"),
    ("an unknown word", ("/* one */", "@nope@"), "no word '@nope@'"),
    ("a regular expression that is none", ("'^int", "'(^int"), "one': find: /("),
    ("two edits that change one line",
     ("[[edit]]", "[[edit]]\nname = 'two'\nwhy = ''\nfile = 'xen/common/domain.c'"
      "\nfind = '^int domain_kill.*\\)$'\nword = 'int'\nbecomes = 'long'\n"
      "[[edit]]\nword = 'int'\nbecomes = 'short'"), "two and one: "),
    ("an edit without a change",
     ("before = '''\n/* one */\n'''\n", ""), "edit 'one': changes nothing"),
    ("a new file of no step", ("new = []", "new = ['xen/x.c']"), "xen/x.c"),
]


def check_description(tmp):
    """A description of one edit: what is wrong with one is said."""
    tools = tmp / "small"
    for name in ("apply", "editing.py", "maintain"):
        (tools / "edits").mkdir(parents=True, exist_ok=True)
        shutil.copy(HYPERVISOR / name, tools / name)
    (tools / "edits/features.toml").write_text("")
    step = tools / "edits/1-one.toml"
    step.write_text(DESCRIPTION)
    tree = fresh(tmp)
    status, _, err = run(tools / "apply", tree)
    expect("the second of two names of a file", status == 0 and
           "/* one */\nint domain_kill" in
           (tree / "xen/common/domain.c").read_text(), err)
    tree = fresh(tmp)
    make_tree(tree, {"xen/common/moved.c": "int domain_kill(int d)\n{\n}\n"})
    run(tools / "apply", tree)
    expect("the first of two names of a file",
           "/* one */" in (tree / "xen/common/moved.c").read_text()
           and "/* one */" not in (tree / "xen/common/domain.c").read_text())
    for what, (old, new), words in BAD:
        step.write_text(DESCRIPTION.replace(old, new))
        refused(what, fresh(tmp), words, tool=tools / "apply")


def main():
    with tempfile.TemporaryDirectory() as folder:
        tmp = pathlib.Path(folder)
        for form in fake_xen_tree.FORMS:
            check_form(tmp, form)
        for form in ("whole", "function"):
            check_series(tmp, form)
        check_errors(tmp)
        check_surroundings(tmp)
        check_interrupted(tmp)
        check_details(tmp)
        check_description(tmp)
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
