#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run the unit tests and make one TAP stream of theirs.

Each test is a program that prints TAP.  It fails when a line says "not ok",
when it prints fewer or more lines than its plan, when it ends with a nonzero
status or by a signal, and when it takes too long.  The last line counts:
"N passed, N failed, N skipped".  Exit status: 0 all well, 1 a failure, 2 the
runner could not do its work.
"""

import argparse
import os
import re
import signal
import subprocess
import sys

TIMEOUT_S = 300
RESULT = re.compile(r"^(not )?ok\b(?:\s+\d+)?(?:\s*-)?\s*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*skip\b\s*(.*))?$", re.IGNORECASE)
SKIP = re.compile(r"#\s*skip\b", re.IGNORECASE)
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=all", "--errors-for-leak-kinds=all"]


class Count:
    passed = failed = skipped = lines = 0


def report(count, good, text):
    count.lines += 1
    skipped = good and SKIP.search(text)
    count.passed += bool(good and not skipped)
    count.skipped += bool(skipped)
    count.failed += not good
    print(f"{'' if good else 'not '}ok {count.lines} - {text}", flush=True)


def interruptible():
    # A background job of a shell's is started with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(name, command, env, count):
    child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             start_new_session=True,
                             preexec_fn=interruptible)
    late = False
    try:
        output, _ = child.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        late = True
        # The test's own children, too: it leads a process group.
        os.killpg(child.pid, signal.SIGKILL)
        output, _ = child.communicate()

    planned = None
    seen = bad = 0
    for line in output.decode("utf-8", "backslashreplace").splitlines():
        result = RESULT.match(line)
        plan = PLAN.match(line)
        if result:
            seen += 1
            bad += bool(result.group(1))
            report(count, not result.group(1), f"{name}: {result.group(2)}")
        elif plan:
            planned = int(plan.group(1))
            if plan.group(2) is not None:
                report(count, True, f"{name}: # skip {plan.group(2)}")
        else:
            print(line if line.startswith("#") else f"# {line}", flush=True)

    wrong = None
    if late:
        wrong = f"no end after {TIMEOUT_S} s"
    elif child.returncode < 0:
        wrong = f"ended by signal {-child.returncode}"
    elif planned is None:
        wrong = f"no plan (exit status {child.returncode})"
    elif seen != planned:
        wrong = f"{seen} results, but {planned} planned"
    elif child.returncode and not bad:
        wrong = f"exit status {child.returncode}"
    if wrong:
        report(count, False, f"{name}: {wrong}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--srcdir", required=True)
    parser.add_argument("--builddir", required=True)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--valgrind", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("tests", nargs="*")
    args = parser.parse_args()

    def name_of(path):
        return os.path.splitext(os.path.basename(path))[0]

    names = [name_of(path) for path in args.tests]
    for name in args.only:
        if name not in names:
            print(f"run.py: no test '{name}' (--list shows them)",
                  file=sys.stderr)
            return 2
    if args.list:
        print("\n".join(names))
        return 0

    env = dict(os.environ, GS_SRCDIR=args.srcdir, GS_BUILDDIR=args.builddir,
               LC_ALL="C.UTF-8")
    # A test that wants the build's library finds it before an installed one.
    env["LD_LIBRARY_PATH"] = os.path.join(args.builddir, "tools/libs/light")
    count = Count()
    print("TAP version 13")
    for path, name in zip(args.tests, names):
        if args.only and name not in args.only:
            continue
        command = [os.path.abspath(path)]
        if path.endswith(".py"):
            command.insert(0, sys.executable)
        elif path.endswith(".sh"):
            command.insert(0, "/bin/sh")
        if args.valgrind:
            command = VALGRIND + command
        run(name, command, env, count)
    print(f"1..{count.lines}")
    print(f"# {count.passed} passed, {count.failed} failed, "
          f"{count.skipped} skipped")
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
