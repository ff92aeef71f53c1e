#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""xl suspend-status --openmetrics: each line, the format, the file that
write-metrics makes of it, and the metrics that the manual and the alerts name.
tests/metrics has Prometheus' own programs read it."""

import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from tap import end, ok  # noqa: E402

SOURCE = pathlib.Path(os.environ["GS_SRCDIR"])
BUILD = pathlib.Path(os.environ["GS_BUILDDIR"])
XL = BUILD / "tests/unit/xl-fake"
NONE = 0xFFFFFFFF
UNKNOWN = 2**64 - 1
PREFIX = "xen_guest_suspend_"

scratch = pathlib.Path(tempfile.mkdtemp())


def run(*args, host):
    (scratch / "host").write_text("".join(f"{line}\n" for line in host))
    return subprocess.run(
        ["xl", "suspend-status", *args], executable=XL, timeout=60, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=dict(os.environ, GS_FAKE_HOST=str(scratch / "host"),
                 XENSUSPENDD_TIMES=str(scratch / "times")))


# DOMID NAME UUID STATE KIND SEQ INSTANCE SUSPENDS WAKE VIRQ VCPU SINCE NOW
# ASLEEP DENIED REASON DUE; s: seconds in ns
def s(seconds):
    return int(seconds * 10**9)


HOST = [
    f"domain 0 Domain-0 - 0 0 1 1 0 0 {NONE} {NONE} 0 {s(5400)} 0 0 0",
    f"domain 3 asleep - 1 1 42 7 3 1 32 1 {s(600)} {s(900) + 5} {s(400)} 2 1",
    f"domain 4 awake - 0 2 50 8 1 2 {NONE} {NONE} {s(60)} {s(61.5)} {s(.25)} 0 0",
    f"domain 5 due - 1 2 60 9 1 0 {NONE} {NONE} {s(60)} {s(61)} 0 0 0 6",
    f"domain 12 evil%0a%1b[2J%22%ff%5c - 0 0 9 9 0 0 {NONE} {NONE} 0 0 0 0 0",
    f"ready {os.getpid()}",
]
WANTED = r'''
asleep gauge
  {domain="Domain-0",domid="0"} 0
  {domain="asleep",domid="3"} 1
  {domain="awake",domid="4"} 0
  {domain="due",domid="5"} 1
  {domain="evil??[2J\"?\\",domid="12"} 0
state_seconds gauge
  {domain="Domain-0",domid="0"} 5400.000000000
  {domain="asleep",domid="3"} 300.000000005
  {domain="awake",domid="4"} 1.500000000
  {domain="due",domid="5"} 1.000000000
  {domain="evil??[2J\"?\\",domid="12"} 0.000000000
sleeps_total counter
  {domain="Domain-0",domid="0"} 0
  {domain="asleep",domid="3"} 3
  {domain="awake",domid="4"} 1
  {domain="due",domid="5"} 1
  {domain="evil??[2J\"?\\",domid="12"} 0
asleep_seconds_total counter
  {domain="Domain-0",domid="0"} 0.000000000
  {domain="asleep",domid="3"} 700.000000005
  {domain="awake",domid="4"} 0.250000000
  {domain="due",domid="5"} 1.000000000
  {domain="evil??[2J\"?\\",domid="12"} 0.000000000
denied_total counter
  {domain="Domain-0",domid="0"} 0
  {domain="asleep",domid="3"} 2
  {domain="awake",domid="4"} 0
  {domain="due",domid="5"} 0
  {domain="evil??[2J\"?\\",domid="12"} 0
kind_info gauge
  {domain="asleep",domid="3",kind="psci"} 1
  {domain="awake",domid="4",kind="acpi-s3"} 1
  {domain="due",domid="5",kind="acpi-s3"} 1
last_wake_info gauge
  {domain="asleep",domid="3",reason="interrupt"} 1
  {domain="awake",domid="4",reason="toolstack"} 1
wake_due_info gauge
  {domain="due",domid="5",reason="alarm"} 1
last_denied_info gauge
  {domain="asleep",domid="3",reason="vcpu-online"} 1
daemon_ready gauge
   1
'''

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf'({PREFIX}[a-z_]+)(?:{{({LABEL}(?:,{LABEL})*)}})? '
                    r'(\d+(?:\.\d+)?)')


def parse(text):
    """{name: (type, [(labels, value)])}; ValueError: not text format 0.0.4, or
    against what promtool's check asks for."""
    families = {}
    name = None
    lines = text.split("\n")
    if lines[-2:] != ["# EOF", ""]:
        raise ValueError("no '# EOF' at the end")
    for line in lines[:-2]:
        head = re.fullmatch(r"# (HELP|TYPE) (\S+) (.+)", line)
        sample = SAMPLE.fullmatch(line)
        if head and head[1] == "HELP" and head[2] not in families:
            name = head[2]
            families[name] = [None, []]
        elif head and head[1] == "TYPE" and head[2] == name and \
                families[name][0] is None:
            families[name][0] = head[3]
        elif sample and sample[1] == name and families[name][0]:
            families[name][1].append((sample[2] or "", sample[3]))
        else:
            raise ValueError(f"bad line {line!r}")
    for name, (kind, samples) in families.items():
        if not samples or kind not in ("gauge", "counter"):
            raise ValueError(f"{name}: {kind}, {samples}")
        if (kind == "counter") != name.endswith("_total"):
            raise ValueError(f"{name} is a {kind}")
        if len({labels for labels, _ in samples}) != len(samples):
            raise ValueError(f"{name}: the same labels twice")
    return families


def test_output():
    got = run("--openmetrics", host=HOST)
    families = parse(got.stdout)
    text = "\n" + "".join(
        f"{name.removeprefix(PREFIX)} {kind}\n" +
        "".join(f"  {{{labels}}} {value}\n" if labels else f"   {value}\n"
                for labels, value in samples)
        for name, (kind, samples) in families.items())
    ok(got.returncode == 0 and text == WANTED and not got.stderr,
       "every sample of every domain", f"{got.stderr}{text}")

    promtool = shutil.which("promtool")
    if promtool:
        checked = subprocess.run([promtool, "check", "metrics"],
                                 input=got.stdout, text=True, timeout=60,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
        ok(checked.returncode == 0 and not checked.stdout,
           "promtool check metrics", checked.stdout)
    else:
        ok(True, "promtool check metrics # SKIP there is no promtool here "
                 "(scripts/check prometheus gets it)")

    named = parse(run("--openmetrics", "asleep", host=HOST).stdout)
    ok(named[PREFIX + "asleep"][1] == [('domain="asleep",domid="3"', "1")],
       "one domain alone", named)
    got = run("--openmetrics", "nobody", host=HOST)
    ok(got.returncode == 5 and not got.stdout, "no such domain", got)


def test_unknown():
    got = run("--openmetrics", host=["no-xenstore"] + HOST)
    families = parse(got.stdout)
    ok(got.returncode == 0 and
       families[PREFIX + "asleep"][1][1] == ('domain="",domid="3"', "1") and
       families[PREFIX + "daemon_ready"][1] == [("", "0")],
       "without xenstore: no names, and no daemon", got.stdout)

    # The pid of a process that has ended, and no pid.
    child = subprocess.Popen(["true"])
    child.wait()
    for text in (str(child.pid), "x", "-1", "0x1"):
        got = run("--openmetrics", host=HOST[:-1] + [f"ready {text}"])
        ok(parse(got.stdout)[PREFIX + "daemon_ready"][1] == [("", "0")],
           f"a daemon that is not there: {text}", got.stdout)

    got = run("--openmetrics", host=["x86", "stock"] + HOST)
    families = parse(got.stdout)
    ok(got.returncode == 0 and
       {name.removeprefix(PREFIX) for name in families} <=
       {"asleep", "kind_info", "daemon_ready", "sleeps_total",
        "asleep_seconds_total", "denied_total"} and
       len(families[PREFIX + "asleep"][1]) == 5 and
       str(UNKNOWN) not in got.stdout and "unknown" not in got.stdout,
       "without the patch: what is not known has no sample", got.stdout)
    got = run("--openmetrics", host=["no-hypervisor"])
    ok(got.returncode != 0 and not got.stdout,
       "no guest suspend at all: an error, and no metrics", got)


def times_file(*numbers):
    """xensuspendd's file, with its counters: see guest_suspend_times.c."""
    words = [*numbers, 0]
    check = 0x6773757370656e32
    for word in [2**32 - 1, *words]:
        check = (check ^ word) * 0x9e3779b97f4a7c15 % 2**64
        check ^= check >> 32
    return struct.pack("=5Q", *words, check)


def test_counters():
    file = scratch / "times"
    for what, content, found in (
            ("counters", times_file(11, 2, 3), {
                "daemon_coalesced_total": "11", "daemon_failures_total": "2",
                "daemon_xenstored_losses_total": "3"}),
            ("half of them", times_file(11, 2, 3)[:39], {}),
            ("damaged", times_file(11, 2, 3)[:-1] + b"x", {}),
            ("empty", b"", {}), ("no file", None, {})):
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        families = parse(run("--openmetrics", host=HOST).stdout)
        got = {name.removeprefix(PREFIX): samples[0][1]
               for name, (_, samples) in families.items()
               if name.startswith(PREFIX + "daemon_") and
               name != PREFIX + "daemon_ready"}
        ok(got == found, f"xensuspendd's counters: {what}", got)


def test_usage():
    for args in (["--json"], ["-q", "3"], ["--watch"],
                 ["--wait=running", "3"]):
        got = run("--openmetrics", *args, host=HOST)
        ok(got.returncode == 2 and not got.stdout and
           "--openmetrics goes without" in got.stderr,
           f"--openmetrics {' '.join(args)}", got)


def test_names():
    (scratch / "times").write_bytes(times_file(0, 0, 0))
    printed = set(re.findall(rf"^# TYPE ({PREFIX}\w+)",
                             run("--openmetrics", host=HOST).stdout,
                             re.MULTILINE))
    (scratch / "times").unlink()
    for name in ("docs/examples/xen-guest-suspend.rules.yml",
                 "docs/examples/xen-guest-suspend.rules.test.yml"):
        used = set(re.findall(rf"{PREFIX}\w+", (SOURCE / name).read_text()))
        ok(used and used <= printed, f"{name}: these metrics exist",
           used - printed)
    pod = (SOURCE / "man/xl-suspend-status.1.pod").read_text()
    told = set(re.findall(rf"^=item C<({PREFIX}\w+)>", pod, re.MULTILINE))
    ok(told == printed, "the manual has each metric", told ^ printed)


def test_writer():
    """The program as built, but for the path of its xl."""
    text = (BUILD / "tools/metrics/write-metrics").read_text()
    xl = scratch / "xl"
    writer = scratch / "write-metrics"
    writer.write_text(re.sub(r"^\S+/xl ", f"{xl} ", text, flags=re.MULTILINE))
    writer.chmod(0o755)
    directory = scratch / "dir"
    directory.mkdir()
    file = directory / "xen-guest-suspend.prom"

    def write(script, *args):
        xl.write_text(f"#!/bin/sh\n{script}\n")
        xl.chmod(0o755)
        return subprocess.run([writer, *(args or [directory])], timeout=60,
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE).returncode

    ok(write('echo "$*"') == 0 and
       file.read_text() == "suspend-status --openmetrics\n", "it is written")
    ok(file.stat().st_mode & 0o777 == 0o644, "... and all may read it",
       oct(file.stat().st_mode))
    before = file.stat().st_ino
    ok(write(f'cat "{file}"; echo two') == 0 and
       file.read_text() == "suspend-status --openmetrics\ntwo\n" and
       file.stat().st_ino != before, "the old one is there until the new one is")
    ok(write("echo half; exit 6") == 6 and
       file.read_text() == "suspend-status --openmetrics\ntwo\n",
       "xl fails: the old file stays, and its status is xl's")
    ok(write("kill -KILL $PPID") != 0 and
       file.read_text() == "suspend-status --openmetrics\ntwo\n",
       "killed in the middle: the old file stays")
    rest = [path for path in directory.iterdir() if path != file]
    xl.write_text("#!/bin/sh\necho new\n")
    ok(all(path.suffix != ".prom" for path in rest) and len(rest) == 1,
       "... and what is left is not read by the collector", rest)
    for path in rest:
        path.unlink()

    # Somebody who may write there lays a link in the way.
    victim = scratch / "victim"
    victim.write_text("precious")
    # exec keeps the pid, which is in the temporary file's name.
    subprocess.run(["sh", "-c", f'ln -s "{victim}" "{file}.$$"; '
                    f'exec "{writer}" "{directory}"'], timeout=60)
    ok(victim.read_text() == "precious",
       "a link of its temporary file's name is not followed")
    write("echo old")
    file.unlink()
    file.symlink_to(victim)
    ok(write("echo new") == 0 and victim.read_text() == "precious" and
       not file.is_symlink() and file.read_text() == "new\n",
       "a link of its name is replaced, and not followed")
    ok(write("echo x", scratch / "nowhere") != 0 and
       not (scratch / "nowhere").exists(), "no such directory")
    ok(write("echo x", directory, directory) == 2, "two directories")


def test_units():
    if not shutil.which("systemd-analyze"):
        ok(True, "systemd units # SKIP no systemd-analyze here")
        return
    name = "xen-guest-suspend-metrics"
    service = (BUILD / f"tools/metrics/{name}.service").read_text()
    # It need not be installed for this.
    (scratch / f"{name}.service").write_text(
        re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", service,
               flags=re.MULTILINE))
    shutil.copy(SOURCE / f"tools/metrics/{name}.timer", scratch)
    for unit in (f"{name}.service", f"{name}.timer"):
        seen = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", scratch / unit],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60)
        ok(seen.returncode == 0 and name not in seen.stdout,
           f"systemd understands {unit}", seen.stdout)


try:
    for test in (test_output, test_unknown, test_counters, test_usage, test_names,
                 test_writer, test_units):
        print(f"# {test.__name__}")
        test()
finally:
    shutil.rmtree(scratch)
sys.exit(end())
