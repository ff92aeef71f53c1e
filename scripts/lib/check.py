# SPDX-License-Identifier: GPL-2.0-only
"""Run all tests, or some by name, as one TAP stream.

Those of tests/packages take long and need root: they run only by name.

The last line is "N passed, N failed, N skipped".  Exit status: 0 all passed or
skipped, 1 a test failed, 2 usage, 3 the environment is at fault, and some tests
did not run.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SCRIPTS = os.path.join(TOP, "scripts")
E2E_RUN = os.path.join(TOP, "tests", "e2e", "run")
EDITS_RUN = os.path.join(TOP, "tests", "edits", "run")
# Not in the default set: run by name only.
METRICS_RUN = os.path.join(TOP, "tests", "metrics", "run")
XENSTORED_RUN = os.path.join(TOP, "tests", "xenstored", "run")
PACKAGES_RUN = os.path.join(TOP, "tests", "packages", "run")
UNIT_DIRS = [os.path.join(TOP, "tests", d) for d in ("unit", "fuzz")]
FAILED, USAGE, ENVIRONMENT = 1, 2, 3
RESULT = re.compile(r"(not )?ok\b(?: \d+)?(?: -)? ?(.*)$")
PLAN = re.compile(r"1\.\.\d+$")
SKIP = re.compile(r"# *skip", re.IGNORECASE)


def begin(command, stdout):
    return subprocess.Popen(command, cwd=TOP, stdout=stdout,
                            stdin=subprocess.DEVNULL)


class Stream:
    """One TAP stream made of several."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.trouble = []

    def result(self, good, text):
        number = self.passed + self.failed + self.skipped + 1
        if not good:
            self.failed += 1
        elif SKIP.search(text):
            self.skipped += 1
        else:
            self.passed += 1
        print(f"{'' if good else 'not '}ok {number} - {text}", flush=True)

    def diag(self, text):
        print(text if text.startswith("#") else f"# {text}", flush=True)

    def suite(self, name, command):
        """Take in the TAP that a command prints."""
        start = time.monotonic()
        child = begin(command, subprocess.PIPE)
        self.take_in(name, child, child.stdout)
        self.diag(f"{name}: {time.monotonic() - start:.0f} s")

    def take_in(self, name, child, output):
        failed = self.failed
        for raw in output:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            found = RESULT.match(line)
            if found:
                self.result(not found.group(1), f"{name}: {found.group(2)}")
            elif line and not PLAN.match(line) and not line.startswith("TAP "):
                self.diag(line)
        status = child.wait()
        if status == ENVIRONMENT:
            self.trouble.append(name)
        elif status != 0 and failed == self.failed:
            self.result(False, f"{name}: ended with status {status}")


def unit_names():
    names = []
    for folder in UNIT_DIRS:
        for entry in sorted(os.listdir(folder)):
            base, ext = os.path.splitext(entry)
            if base.startswith("test-") and ext in (".c", ".py", ".sh"):
                names.append(base)
    return names


def names_of(run):
    return subprocess.run([run, "--list"], stdout=subprocess.PIPE,
                          check=True).stdout.decode().split()


def unit(stream, names):
    command = ["sh", "-c", 'dir=$(scripts/build-native) && '
               'exec make -s -C "$dir" check TESTS="$*"', "sh", *names]
    if os.geteuid() != 0:
        stream.suite("unit", command)
        return
    # Most users are not root, and xensuspendd is: root tries both, side by
    # side, since these tests mostly wait.
    with tempfile.TemporaryFile() as output:
        child = begin([os.path.join(SCRIPTS, "as-nobody"), *command], output)
        stream.suite("unit", command)
        child.wait()
        output.seek(0)
        stream.take_in("unit, as nobody", child, output)


def main():
    parser = argparse.ArgumentParser(
        prog="check", description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="list the tests")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()

    units, e2es = unit_names(), names_of(E2E_RUN)
    edits, packages = names_of(EDITS_RUN), names_of(PACKAGES_RUN)
    metrics, xenstored = names_of(METRICS_RUN), names_of(XENSTORED_RUN)
    if args.list:
        print("\n".join(units + edits + e2es + metrics + xenstored + packages))
        return 0
    for name in args.names:
        if name not in units + edits + e2es + metrics + xenstored + packages:
            print(f"check: no test '{name}'; --list shows them",
                  file=sys.stderr)
            return USAGE

    start = time.monotonic()
    stream = Stream()
    print("TAP version 13", flush=True)
    my_units = [n for n in args.names if n in units]
    my_e2es = [n for n in args.names if n in e2es]
    if my_units or not args.names:
        unit(stream, my_units)
    my_edits = [n for n in args.names if n in edits]
    if my_edits or not args.names:
        stream.suite("edits", [EDITS_RUN, *my_edits])
    if my_e2es or not args.names:
        stream.suite("e2e", [E2E_RUN, *my_e2es])
    my_metrics = [n for n in args.names if n in metrics]
    if my_metrics:
        stream.suite("metrics", [METRICS_RUN, *my_metrics])
    my_xenstored = [n for n in args.names if n in xenstored]
    if my_xenstored:
        stream.suite("xenstored", [XENSTORED_RUN, *my_xenstored])
    my_packages = [n for n in args.names if n in packages]
    if my_packages:
        stream.suite("packages", [PACKAGES_RUN, *my_packages])
    stream.diag(f"all: {time.monotonic() - start:.0f} s")
    if stream.trouble:
        stream.diag("environment error: tests were kept from running in: "
                    + ", ".join(stream.trouble))
    print(f"1..{stream.passed + stream.failed + stream.skipped}")
    print(f"{stream.passed} passed, {stream.failed} failed, "
          f"{stream.skipped} skipped")
    if stream.failed:
        return FAILED
    return ENVIRONMENT if stream.trouble else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
