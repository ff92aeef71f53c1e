#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does the end-to-end harness tell what it sees?  With a machine that plays dead.

tests/e2e/run starts this very script in place of QEMU.  It plays a dom0 whose
tests have the outcomes that are asked for, and breaks in every way a host can.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

SRC = os.environ.get("GS_SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
RUN = os.path.join(SRC, "tests", "e2e", "run")
# Any two tests that share a boot will do: the machine does not run them.
FIRST, SECOND = "guest-boots", "wake-virq"

# What the host says when it dies.
DEATHS = {
    "panic": "(XEN) Panic on CPU 1:",
    "dom0": "(XEN) Hardware Dom0 shutdown: rebooting machine",
    "stamped": "(XEN) [2026-11-26 13:24:38.123] Xen BUG at timer.c:279",
    "torn death": "a word of the test's(XEN) Assertion 'v' failed at timer.c:1",
}
# A guest's last words, as a test may print them.
GUEST_DEATHS = [
    "[   12.345678] Kernel panic - not syncing: sysrq triggered crash",
    "[g] Unable to handle kernel NULL pointer dereference at 0",
    "(d1) Panic on CPU 0:",
    "# g's console: Panic on CPU 0: Xen BUG at timer.c:279",
    "FAIL: expected 'Assertion 'v' failed at timer.c:1', saw 'UBSAN: none'",
    "(XEN) Hardware Dom1 crashed",
]


def say(text):
    sys.stdout.write(text + "\r\n")
    sys.stdout.flush()


def play(script):
    """Be QEMU.  The script is a list of boots: each the outcomes of its tests."""
    with open(script, encoding="ascii") as f:
        boots = json.load(f)
    outcomes = boots.pop(0) if boots else ["no such boot"]
    with open(script, "w", encoding="ascii") as f:
        json.dump(boots, f)
    say("(XEN) Xen version")
    if outcomes == "panic":
        say("(XEN) Panic on CPU 0:")
        return 1
    if outcomes == "dead":
        return 1
    if outcomes == "broken":
        say("@@rig broken: xenstored")
    if outcomes in ("hang", "broken"):
        sys.stdin.read()
        return 0
    say("@@rig ready")
    for line in sys.stdin:
        verb, *rest = line.split()
        if verb == "off":
            return 0
        order = rest[0]
        if verb == "again":
            say(f"@@{order} end 0")
            continue
        outcome = outcomes.pop(0)
        say(f"@@{order} begin")
        say("the test's words")
        if outcome == "torn":
            say(f"@@{ord(order[0])} e(XEN) something in between")
        elif outcome == "mute":
            sys.stdin.readline()
            sys.stdin.read()
        elif outcome in DEATHS:
            say(DEATHS[outcome])
            sys.stdin.read()
        elif outcome == "guest":
            for text in GUEST_DEATHS:
                say(text)
            say(f"@@{order} end 0")
        elif outcome == "dead":
            return 1
        else:
            if outcome == 77:
                say("SKIP: a reason")
            say(f"@@{order} end {outcome}")
    return 0


def run_case(case):
    """Run tests on such boots; returns what is wrong with what comes of it."""
    _, boots, tests, status, expected, *env = case
    with tempfile.TemporaryDirectory() as tmp:
        with open(f"{tmp}/machine.json", "w", encoding="ascii") as f:
            json.dump({"arch": "arm64", "release": "trixie", "xen": "4.20",
                       "debug": "n"}, f)
        with open(f"{tmp}/boots", "w", encoding="ascii") as f:
            json.dump(boots, f)
        os.mkdir(f"{tmp}/bin")
        with open(f"{tmp}/bin/qemu-system-aarch64", "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\nexec {sys.executable} "
                    f"{os.path.abspath(__file__)} --play {tmp}/boots\n")
        os.chmod(f"{tmp}/bin/qemu-system-aarch64", 0o755)
        done = subprocess.run(
            [sys.executable, RUN, *tests], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False, timeout=120,
            env={**os.environ, "PATH": f"{tmp}/bin:" + os.environ["PATH"],
                 "RIG_IMAGE": tmp, "RIG_BUILD": tmp, "RIG_BOOT_S": "60",
                 "RIG_TEST_S": "60", "RIG_GRACE_S": "60",
                 **(env[0] if env else {})})
    output = done.stdout.decode().splitlines()
    seen = [line.split(" (")[0] for line in output
            if line.startswith(("ok ", "not ok "))]
    if done.returncode == status and seen == expected:
        return []
    return [f"expected status {status}, {expected}",
            f"saw status {done.returncode}, {seen}",
            *("| " + line for line in output)]


BOTH = [FIRST, SECOND]
BOTH_PASS = [f"ok 1 - {FIRST}", f"ok 2 - {SECOND}"]
SECOND_PASSES = [f"not ok 1 - {FIRST}", f"ok 2 - {SECOND}"]
# Limits that are to be met, and so are short; the other cases have time.
BOOT_LIMIT = {"RIG_BOOT_S": "5"}
TEST_LIMIT = {"RIG_TEST_S": "3", "RIG_GRACE_S": "10"}
# What it shows; the boots; the tests; exit status; results; environment.
CASES = [
    ("passes are told", [[0, 0]], BOTH, 0, BOTH_PASS),
    ("a failure is told, and the next test runs in the same boot",
     [[1, 0]], BOTH, 1, SECOND_PASSES),
    ("a test over its time is a failure",
     [[124]], [FIRST], 1, [f"not ok 1 - {FIRST}"]),
    ("a skip is told with its reason",
     [[77]], [FIRST], 0, [f"ok 1 - {FIRST} # SKIP a reason"]),
    ("a torn result is asked for once more",
     [["torn", 0]], BOTH, 0, BOTH_PASS, TEST_LIMIT),
    ("a panic fails the test; the next has a new boot",
     [["panic"], [0]], BOTH, 1, SECOND_PASSES),
    ("dom0's end fails the test; the next has a new boot",
     [["dom0"], [0]], BOTH, 1, SECOND_PASSES),
    ("Xen's words count with a time before them",
     [["stamped"], [0]], BOTH, 1, SECOND_PASSES),
    ("and in the midst of the test's own",
     [["torn death"], [0]], BOTH, 1, SECOND_PASSES),
    ("the last words of a guest, printed by a test, are not the host's",
     [["guest", 0]], BOTH, 0, BOTH_PASS),
    ("a host that is gone fails the test; the next has a new boot",
     [["dead"], [0]], BOTH, 1, SECOND_PASSES),
    ("a host that does not answer fails the test; the next has a new boot",
     [["mute"], [0]], BOTH, 1, SECOND_PASSES, TEST_LIMIT),
    ("a boot that fails once is tried again",
     ["dead", [0]], [FIRST], 0, [f"ok 1 - {FIRST}"]),
    ("boots that fail are the environment's", ["dead", "dead"], BOTH, 3, []),
    ("boots that hang are the environment's", ["hang", "hang"], BOTH, 3, [],
     BOOT_LIMIT),
    ("a dom0 that does not come up is the environment's",
     ["broken", "broken"], BOTH, 3, []),
    ("a panic in the boot is the product's", ["panic", "panic"], BOTH, 1,
     [f"not ok 1 - {FIRST}", f"not ok 2 - {SECOND}"]),
    ("after a panic between tests, what passed stays told",
     [[0, "panic"], "panic", "panic"], [FIRST, SECOND, FIRST], 1,
     [f"ok 1 - {FIRST}", f"not ok 2 - {SECOND}", f"not ok 3 - {FIRST}"]),
    ("no QEMU is the environment's",
     [], [FIRST], 3, [], {"PATH": "/nonexistent"}),
    ("an unknown test is a usage error", [], ["nonsense"], 2, []),
]


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    # They mostly wait.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for number, (case, wrong) in enumerate(
                zip(CASES, pool.map(run_case, CASES)), 1):
            failed += bool(wrong)
            print(f"{'not ' if wrong else ''}ok {number} - {case[0]}", flush=True)
            for line in wrong:
                print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--play"]:
        sys.exit(play(sys.argv[2]))
    sys.exit(main())
