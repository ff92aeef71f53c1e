#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The xl front end as a program: on a fake host, and with a fake stock xl."""

import datetime
import json
import os
import pathlib
import platform
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

# Under nohup it is ignored, and so it would be in what is tested.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.dont_write_bytecode = True

from tap import end, ok  # noqa: E402

BUILD = pathlib.Path(os.environ["GS_BUILDDIR"])
SOURCE = pathlib.Path(os.environ["GS_SRCDIR"])
# The front, and where it was told our program and the stock xl are.
XL = BUILD / "tests/unit/xl-front-fake"
OURS = BUILD / "tests/unit/xl-ours/xl"
STOCK = BUILD / "tests/unit/stock-xl/xl"
NONE = 0xFFFFFFFF
MINUTE = 60 * 10**9


def domain(domid, name, state=0, uuid="-", kind=0, seq=1, instance=1,
           suspends=0, wake=0, virq=NONE, vcpu=NONE, since=0, now=0, asleep=0,
           denied=0, denied_reason=0, due=0):
    return (f"domain {domid} {name} {uuid} {state} {kind} {seq} {instance} "
            f"{suspends} {wake} {virq} {vcpu} {since} {now} {asleep} {denied} "
            f"{denied_reason} {due}")


UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
HOST = [
    domain(0, "Domain-0", seq=1, instance=1, now=90 * MINUTE),
    domain(3, "asleep", 1, UUID, kind=1, seq=42, instance=7, suspends=3,
           wake=1, virq=32, vcpu=1, since=10 * MINUTE, now=15 * MINUTE + 5,
           asleep=400),
    domain(4, "awake", 0, kind=1, seq=50, instance=8, suspends=1, wake=2,
           since=MINUTE, now=2 * MINUTE),
    domain(12, "evil%0a%1b[2J%22%ff", 0, seq=9, instance=9),
]

scratch = pathlib.Path(tempfile.mkdtemp())
shutil.rmtree(OURS.parent, ignore_errors=True)
OURS.parent.mkdir()
OURS.symlink_to(BUILD / "tests/unit/xl-fake")


def run(*args, host=None, env=None, stdout=subprocess.PIPE, **more):
    path = scratch / "host"
    path.write_text("".join(f"{line}\n" for line in (host or HOST)))
    return subprocess.run(
        ["xl", *args], executable=XL, stdout=stdout, stderr=subprocess.PIPE,
        env=dict(os.environ, GS_FAKE_HOST=str(path), TZ="UTC0",
                 XENSUSPENDD_TIMES=str(scratch / "times"), **(env or {})),
        timeout=60, **more)


def is_(what, got, status, stdout=None, stderr=None):
    """stdout, stderr: the whole text, a pattern to find, or None for any."""
    def fits(wanted, text):
        if wanted is None:
            return True
        if isinstance(wanted, re.Pattern):
            return bool(wanted.search(text))
        return wanted == text

    out = (got.stdout or b"").decode("utf-8", "backslashreplace")
    err = got.stderr.decode("utf-8", "backslashreplace")
    ok(got.returncode == status and fits(stdout, out) and fits(stderr, err),
       what, f"status {got.returncode}, wanted {status}\nstdout: {out}\n"
             f"wanted: {stdout}\nstderr: {err}\nwanted: {stderr}")


def one_line(text):
    """An error is one line, from xl, that holds text."""
    return re.compile(r"\Axl: [^\n]*" + re.escape(text) + r"[^\n]*\n\Z")


def test_status():
    got = run("suspend-status")
    lines = got.stdout.decode().splitlines()
    is_("suspend-status", got, 0, stderr="")
    ok(len(lines) == 5 and lines[0].split()[:5] ==
       ["Name", "ID", "State", "For", "Since"], "... a line for each domain",
       got.stdout)
    ok([line.split()[1] for line in lines[1:]] == ["0", "3", "4", "12"],
       "... in the order of the domids")
    ok(re.match(r"asleep +3 suspended +5m00s \d{4}-\d\d-\d\d \d\d:\d\d:\d\d "
                r"psci +3  interrupt 32$", lines[2]), "... all of it",
       lines[2])
    ok(lines[3].endswith("1  toolstack"), "... woken by no interrupt", lines[3])
    ok(lines[1].endswith("0  -"), "... never slept", lines[1])
    ok(lines[4].startswith('evil??[2J"? '),
       "... a name that would meddle with the terminal", lines[4])
    ok(len({line.index(word) for line, word in
            zip(lines, ["State", "running", "suspended", "running"])}) == 1,
       "... columns are columns", got.stdout)

    for wake, due in ((0, "-, alarm due"), (3, "device-model, alarm due")):
        is_(f"a wake that is due, after wake {wake}",
            run("suspend-status", "s3", host=[
                domain(7, "s3", state=1, kind=2, seq=9, suspends=1, wake=wake,
                       due=6)]), 0,
            re.compile(rf"\ns3 +7 suspended .* acpi-s3 +1  {due}\n\Z"), "")

    since = datetime.datetime.strptime(" ".join(lines[2].split()[4:6]),
                                       "%Y-%m-%d %H:%M:%S")
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    ok(abs((now - since).total_seconds() - 300) < 60,
       "... since when, by the wall clock", lines[2])

    for which in ("asleep", "3", UUID, UUID.upper()):
        is_(f"suspend-status {which}", run("suspend-status", which), 0,
            re.compile(r"\AName[^\n]*\nasleep +3 suspended[^\n]*\n\Z"), "")
    many = [domain(0, "Domain-0")] + [
        domain(i, f"g{i}", 1, f"1b4e28ba-2fa1-11d2-883f-{i:012x}", seq=i,
               instance=i) for i in range(1, 101)]
    for i in (1, 2, 3, 4, 7, 8, 31, 32, 33, 64, 99, 100):
        for which in (f"g{i}", f"1B4E28BA-2FA1-11D2-883F-{i:012X}"):
            is_(f"one of 101 domains: {which}",
                run("suspend-status", which, host=many), 0,
                re.compile(rf"\ng{i} +{i} suspended"), "")
    is_("domain 0 of 101", run("suspend-status", "Domain-0", host=many), 0,
        re.compile(r"\nDomain-0 +0 "), "")
    is_("none of 101", run("suspend-status", "g101", host=many), 5, "",
        one_line("no such domain: 'g101'"))
    is_("a name that two have, as stock's xl takes it",
        run("suspend-status", "twin", host=[domain(5, "twin", seq=3),
                                            domain(3, "twin", seq=4)]), 0,
        re.compile(r"\ntwin +3 running"), "")
    is_("two domains, as ordered", run("suspend-status", "4", "asleep"), 0,
        re.compile(r"\AName[^\n]*\nawake[^\n]*\nasleep[^\n]*\n\Z"), "")
    is_("--all", run("suspend-status", "--all"), 0,
        re.compile(r"\A(?:[^\n]*\n){5}\Z"), "")
    is_("global options before it", run("-v", "-tT", "suspend-status", "3"), 0,
        re.compile("suspended"), "")

    for which in ("nobody", "99", "32752", "65536", "4294967295",
                  "18446744073709551616", "", "3x",
                  "1b4e28ba-2fa1-11d2-883f-0016d3cca428"):
        is_(f"no such domain '{which}'", run("suspend-status", which), 5, "",
            one_line(f"no such domain: '{which}'"))
    is_("one that is and one that is not",
        run("suspend-status", "nobody", "asleep"), 5, re.compile("asleep"),
        one_line("'nobody'"))
    is_("no name is known, and xenstore is away",
        run("suspend-status", "3", host=HOST + ["no-xenstore"]), 0,
        re.compile(r"\n- +3 suspended"), "")
    is_("a name, and xenstore is away",
        run("suspend-status", "asleep", host=HOST + ["no-xenstore"]), 1, "",
        one_line("cannot look up domain 'asleep'"))
    is_("a domain gone while its name was looked up",
        run("suspend-status", "asleep", host=HOST + ["replace 0"]), 5, "",
        one_line("no such domain: 'asleep'"))


def test_quiet():
    for args, status in ((["asleep"], 0), (["awake"], 3),
                         (["asleep", "awake"], 3), (["asleep", "asleep"], 0),
                         (["awake", "nobody"], 5)):
        is_(f"-q {' '.join(args)}", run("suspend-status", "-q", *args), status,
            "", "" if status != 5 else one_line("'nobody'"))
    is_("-q needs no xenstore for a domid",
        run("suspend-status", "--quiet", "3", host=HOST + ["no-xenstore"]), 0,
        "", "")


SCHEMA = {
    "name": (str, type(None)), "domid": int, "state": str, "seq": int,
    "instance": int, "now_ns": int, "since_ns": int, "asleep_ns": int,
    "suspends": int, "denied": int, "kind": str, "wake_reason": str,
    "wake_virq": (int, type(None)), "wake_vcpu": (int, type(None)),
    "denied_reason": str, "wake_due": str, "since": str, "for_ns": int,
}


def test_json():
    got = run("suspend-status", "--json")
    is_("--json", got, 0, stderr="")
    try:
        rows = json.loads(got.stdout.decode("utf-8"))
    except ValueError as why:
        ok(False, "... is JSON", why)
        return
    ok(isinstance(rows, list) and len(rows) == 4, "... an array of all")
    for row in rows:
        ok(list(row) == list(SCHEMA) and
           all(isinstance(row[key], SCHEMA[key]) for key in SCHEMA),
           f"... domain {row['domid']} has the keys and types of the schema",
           row)
    row = rows[1]
    since = datetime.datetime.fromisoformat(row["since"].replace("Z", "+00:00"))
    age = datetime.datetime.now(datetime.timezone.utc) - since
    ok(row["name"] == "asleep" and row["state"] == "suspended" and
       row["seq"] == 42 and row["wake_virq"] == 32 and
       row["for_ns"] == 5 * MINUTE + 5 and
       abs(age.total_seconds() - 300) < 60, "... with its values", row)
    ok(rows[0]["wake_virq"] is None and rows[2]["wake_reason"] == "toolstack",
       "... null where there is none", rows)
    ok(rows[3]["name"] == 'evil??[2J"?', "... names made harmless", rows[3])

    is_("--json of one", run("suspend-status", "-j", "3"), 0,
        re.compile(r"\A\["), "")
    got = run("suspend-status", "--json", host=["no-xenstore"] + HOST)
    ok(got.returncode == 0 and
       [row["name"] for row in json.loads(got.stdout)] == [None] * 4,
       "--json without xenstore: names are null", got)
    got = run("suspend-status", "--json", "5",
              host=[domain(5, "%22q%22%5c%5cn/%c3%a9")])
    ok(json.loads(got.stdout)[0]["name"] == '"q"\\\\n/\u00e9',
       "--json: what JSON quotes is quoted", got)
    largest = 2**64 - 2
    got = run("suspend-status", "--json", "5",
              host=[domain(5, "-", seq=largest, now=largest)])
    ok(json.loads(got.stdout)[0]["seq"] == largest, "--json: 64 bits", got)
    got = run("suspend-status", "--json", host=["errno 0 0"])
    ok(got.returncode == 0 and json.loads(got.stdout) == [],
       "--json of no domain at all", got)


def elf(program, *options):
    return subprocess.run(["readelf", *options, BUILD / program], check=True,
                          stdout=subprocess.PIPE, timeout=60).stdout.decode()


def test_libraries():
    """Most of the time of a command is loading it: see docs/performance.md."""
    needed = re.findall(r"NEEDED.*\[lib(\w+)\.so",
                        elf("tools/xl/xl-guest-suspend", "-d"))
    ok([name for name in needed if re.match("xen|yajl", name)] == ["xencall"],
       "our commands load one of Xen's libraries, and not yajl", needed)
    if os.uname().machine not in ("x86_64", "aarch64"):
        return
    ok("NEEDED" not in elf("tools/xl/xl", "-d") and
       "INTERP" not in elf("tools/xl/xl", "-lW"), "the front loads none")
    ok("no relocations" in elf("tools/xl/xl", "-r"),
       "... and has nothing that a loader would have to relocate",
       elf("tools/xl/xl", "-r"))


def test_usage():
    for args, text in (
            (["--nonsense"], "unknown option '--nonsense'"),
            (["-x"], "unknown option '-x'"),
            (["--al"], "unknown option '--al'"),
            (["--json=1"], "option '--json' takes no argument: '1'"),
            (["-q"], "--quiet needs a DOMAIN"),
            (["-q", "-j", "3"], "--quiet goes without --json"),
            (["-a", "3"], "--all goes without DOMAINs")):
        is_(f"suspend-status {' '.join(args)}", run("suspend-status", *args),
            2, "", one_line(text))
    for args, text in (
            (["--virq=27x"], "trailing garbage in vIRQ '27x'"),
            (["--virq=-1"], "negative vIRQ '-1'"),
            (["--virq="], "empty vIRQ"),
            (["--virq", "4294967296"], "vIRQ '4294967296' is too large"),
            (["--virq=4294967295"], "vIRQ '4294967295' is too large"),
            (["--virq"], "option '--virq' needs an argument: N"),
            (["--seq=0"], "seq '0' is too small"),
            (["--seq=x"], "seq 'x' is no number"),
            (["0"], "wake takes no vCPU, '0'"),
            (["--", "-1"], "wake takes no vCPU, '-1'"),
            (["--if"], "unknown option '--if'")):
        is_(f"trigger 3 wake {' '.join(args)}",
            run("trigger", "3", "wake", *args), 2, "", one_line(text))


def test_wake():
    is_("wake", run("trigger", "asleep", "wake"), 0, "",
        "resume 3 0 0 0 7\n")
    for args in (["--", "asleep", "wake"], ["asleep", "--", "wake"],
                 ["asleep", "wake", "--"]):
        is_(f"wake: trigger {' '.join(args)}", run("trigger", *args), 0, "",
            "resume 3 0 0 0 7\n")
    is_("wake: no options behind --",
        run("trigger", "--", "asleep", "wake", "--seq=1"), 2, "",
        one_line("wake takes no vCPU, '--seq=1'"))
    is_("wake of one whose name looks like an option",
        run("trigger", "--", "-web", "wake",
            host=[*HOST, domain(13, "-web", 1, seq=60, instance=60)]), 0, "",
        "resume 13 0 0 0 60\n")
    is_("wake by vIRQ", run("trigger", "3", "wake", "--virq=33"), 0, "",
        "resume 3 1 33 0 7\n")
    is_("wake by vIRQ 0", run("trigger", "3", "wake", "--virq=0"), 0, "",
        "resume 3 1 0 0 7\n")
    is_("wake of one sleep", run("trigger", "3", "wake", "--seq=42"), 0, "",
        "resume 3 0 0 42 7\n")
    is_("wake of a sleep that is over",
        run("trigger", "3", "wake", "--seq=41"), 7, "",
        one_line("'3' is no longer in the sleep with seq 41"))
    is_("wake of a sleep that is over, of one awake",
        run("trigger", "4", "wake", "--seq=41", "--if-suspended"), 7, "",
        one_line("seq 41"))
    is_("wake of one awake", run("trigger", "awake", "wake"), 3, "",
        one_line("'awake' is not suspended"))
    is_("wake --if-suspended of one awake",
        run("trigger", "awake", "wake", "--if-suspended"), 0, "", "")
    is_("wake of nobody", run("trigger", "nobody", "wake", "--if-suspended"),
        5, "", one_line("no such domain: 'nobody'"))
    is_("wake of dom0", run("trigger", "0", "wake"), 1, "",
        one_line("'0' cannot be woken"))
    is_("wake by a timer's vIRQ", run("trigger", "3", "wake", "--virq=27"), 1,
        "", one_line("cannot be woken by vIRQ 27: it is no shared interrupt"))
    is_("-N wake", run("-N", "trigger", "asleep", "wake"), 0,
        "would wake domain 3\n", "")
    is_("-N wake of one awake", run("-vN", "trigger", "awake", "wake"), 3, "",
        one_line("'awake' is not suspended"))
    is_("-N wake of a sleep that is over",
        run("-N", "trigger", "3", "wake", "--seq=5"), 7, "",
        one_line("seq 5"))
    for errno, status, text in (
            (16, 1, "belongs to hardware"), (6, 1, "offline"),
            (1, 1, "XSM policy"), (22, 1, "it is shut down, or it is the control"),
            (116, 7, "has just given way"), (3, 5, "no such domain"),
            (14, 1, "failed")):
        is_(f"wake: errno {errno}", run("trigger", "3", "wake", "--virq=40",
            host=HOST + [f"errno 2 {errno}"]), status, "", one_line(text))


def write_host(*lines):
    """Put another host in the place of the one that is there."""
    new = scratch / "host.new"
    new.write_text("".join(f"{line}\n" for line in lines))
    new.rename(scratch / "host")


class Running:
    """An xl that goes on while the host changes."""

    def __init__(self, *args, host, ignored=()):
        def ignore():
            for nr in ignored:
                signal.signal(nr, signal.SIG_IGN)

        write_host(*host)
        self.child = subprocess.Popen(
            ["xl", *args], executable=XL, preexec_fn=ignore,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, GS_FAKE_HOST=str(scratch / "host"),
                     TZ="UTC0"))
        self.returncode = None

    def line(self):
        """The next line; a line that never comes is the runner's to end."""
        return self.child.stdout.readline()

    def error_line(self):
        return self.child.stderr.readline()

    def end(self):
        self.stdout, self.stderr = (
            text.encode() for text in self.child.communicate(timeout=60))
        self.returncode = self.child.returncode
        return self


def test_sleep():
    def host(*more, feature="1", request="-"):
        return HOST + [f"node 4 control/feature-s3 {feature}",
                       f"node 4 control/shutdown {request}", *more]

    path = "/local/domain/4/control/shutdown"
    asked, withdrawn = f"write {path} 's3'\n", f"write {path} ''\n"
    sleep = ("trigger", "awake", "sleep")
    is_("sleep: asleep already", run("trigger", "asleep", "sleep", "--wait"),
        0, "", "")
    is_("sleep: taken, and asleep",
        run(*sleep, "--wait", host=host("answers 4 sleeps")), 0, "", asked)
    is_("sleep: taken is enough", run(*sleep, host=host("answers 4 takes")),
        0, "", asked)
    is_("sleep: a guest that does not answer",
        run(*sleep, "--timeout=1", host=host()), 4, "",
        asked + withdrawn + "xl: domain 'awake' has not answered within 1 s; "
        "the request is withdrawn\n")
    is_("sleep: a guest that answers and does not sleep",
        run(*sleep, "--wait", "--timeout=1", host=host("answers 4 takes")), 9,
        "", re.compile(r"took the request and does not sleep after 1 s"))
    is_("sleep: a guest that the hypervisor refuses",
        run(*sleep, "--wait", host=host("answers 4 denied")), 9, "",
        re.compile(r"the hypervisor refused its sleep: vcpu-online\n"))
    for feature in ("-", "0", "11", "yes"):
        is_(f"sleep: a feature of '{feature}'",
            run(*sleep, host=host(feature=feature)), 8, "",
            one_line("cannot be asked to sleep"))
    is_("sleep: no feature", run(*sleep), 8, "", one_line("cannot be asked"))
    is_("sleep: a guest that powers off",
        run(*sleep, host=host(request="poweroff")), 1, "",
        one_line("something else"))
    is_("sleep: a request that somebody left is taken over",
        run(*sleep, "--timeout=1", host=host(request="s3")), 4, "",
        re.compile(rf"\A{withdrawn}xl: domain 'awake' has not answered"))
    is_("sleep: no xenstore",
        run("trigger", "4", "sleep", host=HOST + ["no-xenstore"]), 1, "",
        one_line("cannot reach xenstore"))
    is_("sleep: a successor of the domain",
        run("trigger", "4", "sleep", host=host("replace 1")), 7, "",
        one_line("given way to another one"))
    is_("sleep: dry run", run("-N", *sleep, host=host()), 0,
        "would ask domain 4 to sleep\n", "")
    is_("sleep: no such domain", run("trigger", "99", "sleep"), 5, "",
        one_line("no such domain"))
    for args in (["0"], ["--timeout=0"], ["--timeout=x"], ["--virq=3"]):
        is_(f"sleep: {args}", run(*sleep, *args, host=host()), 2, "",
            one_line(""))

    for nr in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        xl = Running(*sleep, "--timeout=50", host=host())
        said = xl.error_line()
        xl.child.send_signal(nr)
        xl.end()
        ok(said == asked and xl.returncode == -nr and
           xl.stderr.startswith(withdrawn.encode()),
           f"sleep: {nr.name} withdraws the request", said + repr(xl.stderr))
    # As under nohup, and in the background of a script.
    for nr in (signal.SIGHUP, signal.SIGINT):
        xl = Running(*sleep, "--timeout=2", host=host(), ignored=[nr])
        xl.error_line()
        xl.child.send_signal(nr)
        ok(xl.end().returncode == 4,
           f"sleep: {nr.name}, which is ignored, is no interruption", xl.stderr)

    stock(ECHO)
    button = HOST + ["x86", "node 4 platform/acpi_s3 1"]
    is_("sleep: the button, by the stock xl", run(*sleep, host=button), 0,
        "[b'trigger', b'4', b'sleep']\n", "")
    is_("sleep: the button, and nobody who listens",
        run(*sleep, "--wait", "--timeout=1", host=button), 4, None,
        one_line("has not gone to sleep within 1 s; its sleep button was"
                 " pressed, which cannot be withdrawn"))
    is_("sleep: the button, and a stock xl that fails",
        run(*sleep, host=button, env={"STATUS": "1"}), 1, None,
        one_line("was not asked"))
    is_("sleep: x86, and no acpi_s3", run(*sleep, host=HOST + ["x86"]), 8, "",
        one_line("cannot be asked"))
    is_("wake: a request is withdrawn first",
        run("trigger", "asleep", "wake", host=HOST +
            ["node 3 control/shutdown s3"]), 0, "",
        "write /local/domain/3/control/shutdown ''\nresume 3 0 0 0 7\n")
    is_("wake: of a guest that runs, nothing is withdrawn",
        run("trigger", "awake", "wake", host=host(request="s3")), 3, "",
        one_line("is not suspended"))
    is_("wake: a request to power off stays",
        run("trigger", "asleep", "wake", host=HOST +
            ["node 3 control/shutdown poweroff"]), 0, "", "resume 3 0 0 0 7\n")


def test_wait():
    is_("--wait of one that is suspended",
        run("suspend-status", "--wait=suspended", "asleep"), 0,
        re.compile(r"\AName[^\n]*\nasleep +3 suspended[^\n]*\n\Z"), "")
    is_("--wait of one that is running, -q",
        run("suspend-status", "-q", "--wait=running", "4"), 0, "", "")
    is_("--wait, in vain",
        run("suspend-status", "--wait=suspended", "--timeout=0", "awake"), 4,
        "", one_line("'awake' is not suspended after 0 s"))
    is_("--wait --after the sleep that is",
        run("suspend-status", "--wait=suspended", "--after=42", "--timeout=0",
            "asleep"), 4, "", one_line("'asleep' is not suspended"))
    is_("--wait --after one before",
        run("suspend-status", "--wait=suspended", "--after=41", "-j", "3"), 0,
        re.compile('"seq": 42'), "")
    is_("--wait --after a seq older than the domain",
        run("suspend-status", "--wait=suspended", "--after=6", "3"), 7, "",
        one_line("'3' is younger than seq 6"))
    is_("--wait, and another domain has the id by then",
        run("suspend-status", "--wait=suspended", "3", host=HOST + ["replace 1"]),
        5, "", one_line("'3' has ceased to exist"))
    is_("--wait for nobody",
        run("suspend-status", "--wait=suspended", "nobody"), 5, "",
        one_line("no such domain: 'nobody'"))
    for args, text in (
            (["--wait=asleep", "3"], "state 'asleep' is neither"),
            (["--wait=", "3"], "state '' is neither"),
            (["--wait", "running"], "--wait needs one DOMAIN"),
            (["--wait=running", "3", "4"], "--wait needs one DOMAIN"),
            (["--timeout=3", "3"], "--timeout needs --wait"),
            (["--after=3", "3"], "--after needs --wait or --watch"),
            (["--wait=running", "--timeout=-1", "3"], "negative timeout '-1'"),
            (["--wait=running", "--timeout=1s", "3"],
             "trailing garbage in timeout '1s'"),
            (["--wait=running", "--timeout=9999999999", "3"],
             "timeout '9999999999' is too large"),
            (["--wait=running", "--after=0", "3"], "seq '0' is too small"),
            (["--wait=running", "--watch", "3"], "--watch goes without --wait"),
            (["--watch", "-q"], "--quiet goes without --watch")):
        is_(f"suspend-status {' '.join(args)}", run("suspend-status", *args),
            2, "", one_line(text))

    waiting = Running("suspend-status", "--wait=suspended", "-j", "awake",
                      host=HOST)
    write_host(HOST[0], domain(4, "awake", 1, seq=60, instance=8))
    is_("--wait until it sleeps", waiting.end(), 0,
        re.compile('"seq": 60'), "")
    waiting = Running("suspend-status", "--wait=suspended", "awake", host=HOST)
    write_host(HOST[0])
    got = waiting.end()
    ok(got.returncode == 5 and b"'awake'" in got.stderr,
       "--wait for one that ends", got.stderr)
    is_("wake --wait", run("trigger", "3", "wake", "--wait", "--virq=99",
        host=[domain(3, "a", 0, seq=9)]), 3, "", one_line("not suspended"))


def write_times(*entries):
    """xensuspendd's file, of (domid, seq, instance, since_ns, time_ns)."""
    with open(scratch / "times", "wb") as times:
        for domid, *words in entries:
            check = 0x6773757370656e32
            for word in (domid, *words):
                check = (check ^ word) * 0x9e3779b97f4a7c15 % 2**64
                check ^= check >> 32
            times.seek(40 * (domid + 1))
            times.write(struct.pack("=5Q", *words, check))


def test_times_file(node):
    """What xensuspendd's file has is not asked for; the rest is."""
    def asked(*args):
        got = run("suspend-status", "--json", *args,
                  host=[*HOST, "says-calls", node.format(42, 7, "5.000000000")])
        since = next(row["since"] for row in json.loads(got.stdout)
                     if row["domid"] == 3)
        return since[:4], [line.split("/")[-2] for line in
                           got.stderr.decode().splitlines()
                           if line.endswith("/state")]

    changes = [(0, 1, 1, 0), (3, 42, 7, 10 * MINUTE), (4, 50, 8, MINUTE),
               (12, 9, 9, 0)]
    in_2001 = 10**18
    write_times(*[(*change, in_2001) for change in changes])
    ok(asked() == ("2001", []), "all times are in the file", asked())
    ok(asked("asleep") == ("2001", []), "one of them", asked("asleep"))
    write_times(*[(*change, in_2001) for change in changes if change[0] != 3])
    ok(asked() == ("1970", ["3"]), "all but one", asked())
    for what, other in (("an earlier change", (3, 41, 7, 10 * MINUTE)),
                        ("an earlier domain", (3, 42, 6, 10 * MINUTE)),
                        ("an earlier boot", (3, 42, 7, 9 * MINUTE))):
        write_times((*other, in_2001))
        ok(asked("3") == ("1970", ["3"]), f"the file has {what}", asked("3"))
    (scratch / "times").write_bytes(b"nonsense" * 20)
    ok(asked() == ("1970", ["0", "3", "4", "12"]), "the file is nonsense",
       asked())
    (scratch / "times").unlink()
    ok(asked() == ("1970", ["0", "3", "4", "12"]), "there is no file", asked())


def test_since():
    """The time of day of a state is what xensuspendd has published."""
    def since_of(*more):
        got = run("suspend-status", "--json", "3", host=[*HOST, *more])
        return json.loads(got.stdout)[0]["since"]

    node = "published 3 suspended seq={} instance={} kind=psci since={} since-ns=1"
    for published, wanted in (("1500000000.123999999", "2017-07-14T02:40:00.123Z"),
                         ("-93.345000000", "1969-12-31T23:58:26.655Z"),
                         ("-0.000000001", "1969-12-31T23:59:59.999Z"),
                         ("0.000000000", "1970-01-01T00:00:00.000Z")):
        since = since_of(node.format(42, 7, published))
        ok(since == wanted, f"since {published}, as published", since)
    for what, published in (
            ("another change", node.format(41, 7, "5.000000000")),
            ("another domain", node.format(42, 6, "5.000000000")),
            ("no time", node.format(42, 7, "x")),
            ("no seq", "published 3 suspended since=5.000000000"),
            ("nothing", "published 3 suspended"),
            ("a guest's nonsense", "published 3 since=5.000000000")):
        since = since_of(published)
        ok(since[:2] == "20", f"{what} was published: by the clock", since)
    is_("the time of day in local time",
        run("suspend-status", "3",
            host=[*HOST, node.format(42, 7, "-93.345000000")]), 0,
        re.compile(r" 1969-12-31 23:58:26 "), "")
    test_times_file(node)
    is_("-q reads no time", run("suspend-status", "-q", "3",
                                host=[*HOST, "xenstore 110"]), 0, "", "")


def test_watch_names():
    """A domain is renamed while it is watched, and after it migrated in."""
    host = [domain(5, "web--incoming", seq=10, instance=10),
            domain(6, "x", seq=9, instance=9)]
    watch = Running("suspend-status", "-wj", host=host)
    events = [json.loads(watch.line())["name"] for _ in range(2)]
    ok(sorted(events) == ["web--incoming", "x"], "names at first", events)
    write_host(domain(5, "web", 1, seq=11, instance=10), host[1])
    event = json.loads(watch.line())
    ok((event["name"], event["seq"]) == ("web", 11), "... and once renamed",
       event)
    write_host(host[1])
    event = json.loads(watch.line())
    ok((event["name"], event["event"]) == ("web", "gone"),
       "... the last one, of a domain that is gone", event)
    watch.child.kill()
    watch.end()

    watch = Running("suspend-status", "-w", host=host[1:])
    heads = [watch.line(), watch.line()]
    write_host(domain(6, "a-much-longer-name", 1, seq=20, instance=9))
    heads += [watch.line(), watch.line()]
    ok(heads[0].startswith("Name ") and heads[2].startswith("Name ") and
       heads[2].index("State") == heads[3].index("suspended") and
       heads[0].index("State") == heads[1].index("running"),
       "a name that is too long for its column gets a wider one",
       "".join(heads))
    write_host(domain(6, "x", 0, seq=21, instance=9))
    line = watch.line()
    ok(heads[2].index("State") == line.index("running"),
       "... in which the next ones are, too", heads[2] + line)
    watch.child.kill()
    watch.end()

    watch = Running("suspend-status", "-w", host=[
        domain(1, "x", seq=1), domain(2, "the-longest-of-them", seq=2)])
    lines = [watch.line() for _ in range(3)]
    ok(len({line.index(word) for line, word in
            zip(lines, ("State", "running", "running"))}) == 1,
       "columns have room for all that there is at first", "".join(lines))
    watch.child.kill()
    watch.end()


def test_xenstore_silent():
    """xenstored is there, and does not answer."""
    silent = [*HOST, "xenstore 110"]
    is_("a name, and xenstored does not answer",
        run("suspend-status", "asleep", host=silent), 4, "",
        one_line("cannot look up domain 'asleep': xenstore: Connection timed"))
    is_("... with --timeout",
        run("suspend-status", "--wait=running", "--timeout=1", "asleep",
            host=silent), 4, "", one_line("cannot look up domain 'asleep'"))
    is_("... by its id", run("suspend-status", "3", host=silent), 0,
        re.compile(r"\n- +3 suspended"), "")


def test_watch():
    watch = Running("suspend-status", "--watch", host=HOST)
    first = [watch.line() for _ in range(5)]
    ok(first[0].startswith("Name") and
       sorted(int(line.split()[1]) for line in first[1:4]) == [0, 3, 12],
       "--watch: first, those that are there", first)
    write_host(*HOST[:3], domain(12, "x", 1, seq=70, instance=9, suspends=1))
    line = watch.line()
    ok(re.match(r"x +12 suspended .* 1  -$", line),
       "... then each change, by the name of the time", line)
    write_host(*HOST[:3])
    line = watch.line()
    ok(re.match(r"x +12 gone ", line), "... and each end", line)
    ok(first[0].index("State") == line.index("gone"),
       "... in the same columns", first[0] + line)
    write_host(*HOST[:3], domain(13, "new-guest", 0, seq=71, instance=71))
    line = watch.line()
    ok(re.match(r"new-guest +13 running ", line), "... and who is new", line)
    watch.child.terminate()
    ok(watch.end().returncode == -signal.SIGTERM and not watch.stderr,
       "... until a signal", watch.stderr)

    watch = Running("suspend-status", "-wj", "awake", "asleep", host=HOST)
    events = [json.loads(watch.line()) for _ in range(2)]
    ok([list(event) for event in events] == [["event", *SCHEMA]] * 2,
       "--watch --json: an object per line", events)
    write_host(HOST[1], domain(4, "awake", 1, seq=60, instance=8),
               domain(0, "Domain-0", 0, seq=61))
    event = json.loads(watch.line())
    ok(event["event"] == "state" and event["state"] == "suspended" and
       event["name"] == "awake", "... only of those named", event)
    write_host(HOST[1])
    event = json.loads(watch.line())
    ok(event["event"] == "gone" and event["domid"] == 4, "... one ends", event)
    write_host(HOST[0])
    event = json.loads(watch.line())
    ok(event["event"] == "gone" and event["domid"] == 3, "... the last", event)
    first = next(other for other in events if other["domid"] == 3)
    ok(event["since"] == first["since"], "... its state's begin as it was told",
       f"{first['since']}, {event['since']}")
    is_("... and so does the watch", watch.end(), 5, "",
        one_line("no domain is left to watch"))

    watch = Running("suspend-status", "-wj", "--after=42", host=HOST)
    event = json.loads(watch.line())
    ok(event["seq"] == 50, "--watch --after: from there on", event)
    watch.child.kill()
    watch.end()
    is_("--watch of nobody", run("suspend-status", "-w", "nobody"), 5, "",
        one_line("no such domain: 'nobody'"))
    with open("/dev/full", "wb") as full:
        is_("full disk: --watch", run("suspend-status", "-w", stdout=full), 1,
            stderr=one_line("cannot write to stdout"))


def test_no_guest_suspend():
    for op, args in ((0, ["suspend-status", "3"]), (1, ["suspend-status"]),
                     (0, ["trigger", "3", "wake"]),
                     (0, ["suspend-status", "-q", "asleep"])):
        for errno in (13, 38):
            is_(f"hypervisor without it, errno {errno}: {' '.join(args)}",
                run(*args, host=HOST + [f"errno {op} {errno}"]), 6, "",
                one_line("lacks the guest suspend patch"))
    is_("hypervisor without it: --watch",
        run("suspend-status", "-w", host=HOST + ["errno 1 13"]), 6, "",
        one_line("lacks the guest suspend patch"))
    is_("no hypervisor", run("suspend-status", host=["no-hypervisor"]), 1, "",
        one_line("cannot reach the hypervisor"))


X86 = ["x86", *HOST[:1], domain(3, "asleep", 1, UUID, kind=2, seq=42,
                                instance=7, suspends=1),
       domain(4, "awake", 0, kind=2, seq=50, instance=8, suspends=1, wake=3)]
STOCK_X86 = ["x86", "stock", domain(0, "Domain-0", kind=100),
             domain(3, "asleep", 1, UUID), domain(4, "awake"),
             domain(7, "hidden", kind=101)]


def with_domain_3(host, **more):
    """The host, once something has happened to domain 3."""
    return [domain(3, "asleep", uuid=UUID, kind=2, **more)
            if line.startswith("domain 3 ") else line for line in host]


def device_model(then, status=0):
    """A stock xl that says how it was called, and makes the host another one."""
    (scratch / "next").write_text("".join(f"{line}\n" for line in then))
    stock(f'#!/bin/sh\necho "stock: $*"\n'
          f'mv "{scratch}/next" "$GS_FAKE_HOST"\nexit {status}\n')


def test_wake_all():
    two = [*HOST, domain(13, "other", 1, seq=60, instance=60)]
    woken = "resume 3 0 0 0 7\nresume 13 0 0 0 60\n"
    for args in (["--all", "wake"], ["-a", "wake"], ["-a", "--", "wake"],
                 ["-a", "wake", "--if-suspended"], ["-a", "wake", "--wait"]):
        is_(f"wake all: trigger {' '.join(args)}",
            run("trigger", *args, host=two), 0, "", woken)
    is_("wake all: nobody sleeps",
        run("trigger", "-a", "wake", host=[HOST[0], HOST[2]]), 0, "", "")
    is_("wake all: -N", run("-N", "trigger", "--all", "wake", host=two), 0,
        "would wake domain 3\nwould wake domain 13\n", "")
    is_("wake all: by domids, without xenstore",
        run("trigger", "-a", "wake", host=["no-xenstore", *two]), 0, "", woken)
    for args, text in (
            (["-a", "wake", "--seq=42"], "--all goes without --seq"),
            (["-a", "wake", "--virq=33"], "--all goes without --virq"),
            (["-a", "wake", "3"], "--all goes without a DOMAIN, '3'"),
            (["3", "wake", "-a"], "--all goes in the place of DOMAIN"),
            (["-a", "wake", "--all"], "--all goes in the place of DOMAIN"),
            (["-a", "wake", "--nonsense"], "unknown option '--nonsense'")):
        is_(f"wake all: {' '.join(args)}", run("trigger", *args, host=two), 2,
            "", one_line(text))
    is_("wake all: --help", run("trigger", "-a", "wake", "-h"), 0,
        re.compile(r"\AUsage: xl "), "")
    is_("wake all: it cannot be seen who sleeps",
        run("trigger", "-a", "wake", host=HOST + ["errno 1 13"]), 6, "",
        one_line("cannot see who sleeps: this hypervisor has no guest"))
    for errno, status, text in ((16, 1, "belongs to hardware"),
                                (1, 1, "XSM policy")):
        got = run("trigger", "-a", "wake", host=two + [f"errno 2 {errno}"])
        is_(f"wake all: errno {errno}", got, status, "",
            re.compile(f"\\Axl: domain 'asleep'.*{text}.*\n"
                       f"xl: domain 'other'.*{text}.*\n\\Z"))
    is_("wake all: they have woken or gone by themselves",
        run("trigger", "-a", "wake", host=two + ["errno 2 3"]), 0, "", "")

    stock(WAKES)
    many = ["x86", *HOST[:1]] + [
        domain(nr, f"g{nr}", 1, kind=2, seq=100 + nr, instance=nr)
        for nr in range(1, 21)]
    (scratch / "log").write_text("")
    is_("wake all: 20 device models", run("trigger", "-a", "wake", host=many),
        0, "", "")
    log = (scratch / "log").read_text().split()
    at_once = [log[:at].count("begin") - log[:at].count("end")
               for at in range(len(log) + 1)]
    ok(log.count("begin") == 20 and max(at_once) == 8,
       "... eight are asked at once", log)
    begun = time.monotonic()
    is_("wake all: the status of the first, by domid",
        run("trigger", "--all", "wake", host=many[:5],
            env={"SLEEPS_ON": "1", "FAILS": "3"}), 4, "",
        re.compile(r"\Axl: domain 'g1' sleeps on[^\n]*\n"
                   r"xl: domain 'g3' was not woken: the stock xl[^\n]*\n\Z"))
    ok(time.monotonic() - begun >= 9, "... in time, it is the last")


# A stock xl as x86 has it: its "trigger" wakes, of up to eight that run at once.
WAKES = f"""#!{sys.executable}
import fcntl, os, sys, time
if sys.argv[1] != "trigger":
    print([os.fsencode(arg) for arg in sys.argv[1:]])
    sys.exit(0)
domid = sys.argv[2]
with open("{scratch}/log", "a+") as log:
    log.write("begin\\n")
    log.flush()
    # Until as many have begun as there will be: they do not wait for each other.
    hosts = open(os.environ["GS_FAKE_HOST"]).read().count(" 1 2 ")
    while hosts == 20:
        log.seek(0)
        if log.read().count("begin") >= 8:
            break
        time.sleep(0.01)
    if domid != os.environ.get("SLEEPS_ON"):
        fcntl.flock(log, fcntl.LOCK_EX)
        path = os.environ["GS_FAKE_HOST"]
        lines = [line.split() for line in open(path)]
        for words in lines:
            if words[:2] == ["domain", domid]:
                words[4], words[6] = "0", str(int(words[6]) + 1000)
        with open(path + ".new", "w") as new:
            new.writelines(" ".join(words) + "\\n" for words in lines)
        if domid != os.environ.get("FAILS"):
            os.rename(path + ".new", path)
    log.write("end\\n")
sys.exit(domid == os.environ.get("FAILS"))
"""

# Debian's Xen can save a guest on x86 only, and so our xl knows of it there only.
SAVES = platform.machine() in ("x86_64", "i686")
OPERANDS = {"shutdown": [], "reboot": [], "save": ["file"], "migrate": ["host"]}


def stock_options():
    """COMMAND, the ways to give one of its options, and whether it has an
    argument."""
    for line in (SOURCE / "tests/e2e/tests/stock-options.txt").read_text().split("\n"):
        if line and not line.startswith("#"):
            command, *words = line.split()
            yield command, [w for w in words if w != "ARG"], "ARG" in words
    # These are in no help.
    yield "migrate", ["-F"], False
    yield "migrate", ["--live"], False


def handed(*args):
    return repr([os.fsencode(arg) for arg in args]) + "\n"


def test_wake_first():
    stock(ECHO)
    woken = ("resume 3 0 0 42 7\nxl: domain '%s' was asleep: woken first\n")

    def wakes(what, args, stderr, status=0, **more):
        is_(f"woken first: {what}: {' '.join(args)}", run(*args, **more),
            status, handed(*args) if status == 0 else "", stderr)

    seen = set()
    for command, ways, has_arg in stock_options():
        seen.add(command)
        if command in ("save", "migrate") and not SAVES:
            continue
        rest = OPERANDS[command]
        for way in ways:
            forms = [[way]]
            if has_arg:
                # Not taken for the domain, in none of its forms.
                forms = [[way, "awake"], [way + "awake"]]
            elif way.startswith("--"):
                # As getopt_long() has it.
                forms.append([way[:-1]])
            for form in forms:
                if way == "-h":
                    wakes("help", [command, *form, "asleep", *rest], "")
                elif way in ("-a", "--all"):
                    wakes("all", [command, *form], woken % "asleep")
                    wakes("all", [command, "awake", *form], woken % "asleep")
                else:
                    for args in ([*form, "asleep", *rest],
                                 ["asleep", *form, *rest],
                                 ["asleep", *rest, *form],
                                 [*form, "--", "asleep", *rest]):
                        wakes("option", [command, *args], woken % "asleep")
                    wakes("option", [command, *form, "awake", *rest], "")
                    wakes("option, and no domain", [command, *form], "")
    ok(seen == set(OPERANDS), "... all four commands")

    for args in (["shutdown", "-wF", "3"], ["-v", "shutdown", "3"],
                 ["-tT", "--", "reboot", "3", "other"]):
        wakes("it sleeps", args, woken % "3")
    for args in (["shutdown", "awake"], ["shutdown", "awake", "asleep"],
                 ["shutdown", "4"], ["shutdown", "0"], ["shutdown", ""],
                 ["shutdown", "nobody"], ["shutdown", "99"],
                 ["shutdown", "99999999999999999999"], ["shutdown"],
                 ["shutdown", UUID], ["shutdown", "-x", "asleep"],
                 ["shutdown", "--nonsense", "asleep"],
                 ["shutdown", "-wa", "-h"], ["-N", "shutdown", "asleep"],
                 ["shut", "asleep"], ["reb", "asleep"], ["sav", "asleep", "f"],
                 ["destroy", "asleep"], ["pause", "asleep"],
                 ["restore", "asleep"], ["-x", "shutdown", "asleep"]):
        wakes("nobody", args, "")
    wakes("as POSIX has it", ["shutdown", "awake", "-a"], "",
          env={"POSIXLY_CORRECT": "1"})
    wakes("of two with a name the first, as the stock xl",
          ["shutdown", "asleep"], "",
          host=[*HOST, domain(2, "asleep", seq=70)])
    wakes("a name that is no terminal's", ["shutdown", "-a"],
          "resume 9 0 0 8 1\nxl: domain '??[2J' was asleep: woken first\n",
          host=[domain(9, "%0a%1b[2J", 1, seq=8)])

    # What that costs: no more than a look.
    counted = [*HOST, "says-calls"]
    awake = [HOST[0], *HOST[2:], "says-calls"]
    for args, host, stderr in (
            (["list", "awake"], counted, ""), (["destroy", "4"], counted, ""),
            (["shutdown", "-h"], counted, ""),
            (["shutdown", "4"], counted, "call GET\n"),
            (["shutdown", "awake"], awake, "call LIST\n" * 2),
            (["reboot", "-a"], awake, "call LIST\n" * 2)):
        wakes("the look", args, stderr, host=host)

    # A guest that sleeps again, and one that cannot be woken.
    again = "".join(f"resume 3 0 0 {seq} 7\nxl: domain 'asleep' was asleep: "
                    "woken first\n" for seq in (42, 1042, 2042))
    again += "xl: domain 'asleep' goes to sleep again each time\n"
    busy = "xl: domain 'asleep': the vIRQ belongs to hardware"
    for what, more, stderr in (
            ("it sleeps again", "flaps", again),
            ("it cannot be woken", "errno 2 16",
             re.compile(r"\Axl: domain 'asleep': [^\n]*hardware[^\n]*\n\Z"))):
        wakes(what, ["shutdown", "asleep"], stderr, host=[*HOST, more])
        if SAVES:
            text = stderr if isinstance(stderr, str) else "xl: domain 'asleep':"
            for args in (["save", "asleep", "f"], ["migrate", "asleep", "h"]):
                wakes(what, args, re.compile(
                    re.escape(text) + rf"(?:[^\n]*\n)?xl: no {args[0]} of "
                    r"domain 'asleep' in its sleep[^\n]*\n\Z"), 1,
                      host=[*HOST, more])
    for more, stderr in (
            ("no-hypervisor", ""), ("errno 1 13", ""), ("no-xenstore", ""),
            ("errno 1 1", one_line("cannot see whether domain 'asleep' sleeps: "
                                   "denied by the hypervisor's XSM policy"))):
        wakes(more, ["shutdown", "asleep"], stderr, host=[*HOST, more])
    wakes("errno 1 1", ["shutdown", "-a"],
          one_line("cannot see whether a domain sleeps"),
          host=[*HOST, "errno 1 1"])
    wakes("Arm without the patch", ["shutdown", "asleep"],
          "resumedomain 3\nXS_RESUME 3\nxl: domain 'asleep' was asleep: "
          "woken first\n", host=STOCK_ARM)

    stock(WAKES)
    for what, host in (("x86", X86), ("x86 without the patch", STOCK_X86)):
        for args in (["shutdown", "asleep"], ["reboot", "-a"],
                     *([["save", "3", "file"], ["migrate", "3", "host"]]
                       if SAVES else [])):
            wakes(what, args, re.compile(
                r"\Axl: domain '(asleep|3)' was asleep: woken first\n\Z"),
                host=host)
        ended = subprocess.Popen(["true"])
        ended.wait()
        gone = f"device-model 3 {ended.pid}"
        wakes(f"{what}, no device model", ["shutdown", "3"],
              one_line("its device model has ended"), host=[*host, gone])
        if SAVES:
            wakes(f"{what}, no device model", ["save", "3", "file"],
                  re.compile("has ended\nxl: no save of domain '3' in its "
                             "sleep"), 1, host=[*host, gone])
    got = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" shutdown asleep >&- 2>&- <&-', str(XL)],
        env=dict(os.environ, GS_FAKE_HOST=str(scratch / "host")), timeout=60)
    ok(got.returncode in (0, 1), "woken first: with closed descriptors")


def test_device_model():
    asks = "stock: trigger 3 s3resume\n"
    for what, host, woken in (
            ("x86", X86, {"seq": 60, "instance": 7, "suspends": 1, "wake": 3}),
            ("x86 without the patch", STOCK_X86, {})):
        device_model(with_domain_3(host, **woken))
        is_(f"{what}: wake", run("trigger", "asleep", "wake", host=host), 0,
            asks, "")
        device_model(with_domain_3(host, **woken))
        is_(f"{what}: wake --wait",
            run("trigger", UUID, "wake", "--wait", host=host), 0, asks, "")
        device_model(host)
        is_(f"{what}: the stock xl exits with 0, and the guest sleeps on",
            run("trigger", "3", "wake", host=host), 4, asks,
            one_line("sleeps on: its device model has not woken it within 10 s"))
        device_model(host, status=1)
        is_(f"{what}: the stock xl fails",
            run("trigger", "3", "wake", host=host), 1, asks,
            one_line("the stock xl, which asks its device model, has failed"))
        device_model([line for line in host
                      if not line.startswith("domain 3 ")])
        is_(f"{what}: it is destroyed instead",
            run("trigger", "3", "wake", host=host), 5, asks,
            one_line("no such domain"))

        device_model(host)
        is_(f"{what}: wake of one awake",
            run("trigger", "awake", "wake", host=host), 3, "",
            one_line("'awake' is not suspended"))
        is_(f"{what}: wake --if-suspended of one awake",
            run("trigger", "awake", "wake", "--if-suspended", host=host), 0,
            "", "")
        is_(f"{what}: wake of nobody",
            run("trigger", "nobody", "wake", host=host), 5, "",
            one_line("no such domain: 'nobody'"))
        is_(f"{what}: wake by vIRQ",
            run("trigger", "3", "wake", "--virq=32", host=host), 1, "",
            one_line("a vIRQ wakes a domain only on Arm, and with the"))
        is_(f"{what}: -N wake", run("-N", "trigger", "3", "wake", host=host),
            0, "would wake domain 3\n", "")

    # A stopped device model never answers the stock xl.
    stock("#!/bin/sh\nexec sleep 1000\n")
    begun = time.monotonic()
    is_("x86: the stock xl gets no answer",
        run("trigger", "3", "wake", host=X86), 4, "",
        one_line("'3' was not woken: its device model has not answered for 10"))
    ok(time.monotonic() - begun >= 9, "... for its time")
    # Nor can one be asked that has ended.
    stock("#!/bin/sh\necho asked\n")
    with subprocess.Popen(["true"]) as ended:
        pass
    for pid, status in ((ended.pid, 1), (os.getpid(), 4)):
        got = run("trigger", "3", "wake", host=[*X86, f"device-model 3 {pid}"])
        ok(got.returncode == status and
           (b"its device model has ended" in got.stderr) == (status == 1) and
           (got.stdout == b"asked\n") == (status == 4),
           f"x86: a device model that has {'ended' if status == 1 else 'not'}",
           got)

    device_model(with_domain_3(X86, seq=60, instance=7))
    is_("x86: wake of one sleep",
        run("trigger", "3", "wake", "--seq=42", host=X86), 0, asks, "")
    device_model(X86)
    is_("x86: wake of a sleep that is over",
        run("trigger", "3", "wake", "--seq=41", host=X86), 7, "",
        one_line("no longer in the sleep with seq 41"))
    # It wakes, and is asleep again when it is looked at: that sleep is over.
    device_model(with_domain_3(X86, state=1, seq=62, instance=7, suspends=2))
    is_("x86: asleep again at once",
        run("trigger", "3", "wake", host=X86), 0, asks, "")
    for args in (["--seq=42"], ["-N", "--seq=42"]):
        is_(f"x86 without the patch: wake {' '.join(args)}",
            run(*args[:-1], "trigger", "3", "wake", args[-1], host=STOCK_X86),
            6, "", one_line("keeps no seq: it lacks the guest suspend patch"))
    stock("")
    is_("x86: no stock xl", run("trigger", "3", "wake", host=X86), 1, "",
        re.compile(r"\Axl: cannot run the stock xl [^\n]*\nxl: [^\n]*was not "
                   r"woken[^\n]*\n\Z"))


def test_stock_x86():
    got = run("suspend-status", host=STOCK_X86)
    lines = [line.split() for line in got.stdout.decode().splitlines()]
    ok(got.returncode == 0 and not got.stderr and lines[1:] == [
        ["Domain-0", "0", "running", "-", "-", "none", "0", "-"],
        ["asleep", "3", "suspended", "-", "-", "acpi-s3", "-", "unknown"],
        ["awake", "4", "running", "-", "-", "unknown", "-", "unknown"],
        ["hidden", "7", "unknown", "-", "-", "unknown", "-", "unknown"]],
       "x86 without the patch: suspend-status", got)
    is_("... -q", run("suspend-status", "-q", "asleep", host=STOCK_X86), 0, "",
        "")
    is_("... -q, not suspended",
        run("suspend-status", "-q", "awake", host=STOCK_X86), 3, "", "")
    is_("... of one that may not be looked at",
        run("suspend-status", "hidden", host=STOCK_X86), 1, "",
        one_line("domain 'hidden': denied by the hypervisor's XSM policy"))
    for names, status in ((["hidden", "nobody"], 1), (["nobody", "hidden"], 5)):
        is_("... of two, the status of the first: " + ", ".join(names),
            run("suspend-status", *names, host=STOCK_X86), status, "")
    is_("... without xenstore: one",
        run("suspend-status", "3", host=STOCK_X86 + ["no-xenstore"]), 0,
        re.compile("suspended"), "")
    is_("... without xenstore: all",
        run("suspend-status", host=STOCK_X86 + ["no-xenstore"]), 1, "",
        one_line("cannot reach xenstore"))
    got = run("suspend-status", "--json", "0", "3", "4", host=STOCK_X86)
    rows = json.loads(got.stdout)
    numbers = ("seq", "instance", "now_ns", "since_ns", "asleep_ns", "suspends",
               "denied", "wake_virq", "wake_vcpu", "since", "for_ns")
    ok(list(rows[1]) == list(SCHEMA) and
       all(rows[1][key] is None for key in numbers) and
       rows[1]["state"] == "suspended" and rows[1]["kind"] == "acpi-s3" and
       rows[1]["wake_reason"] == rows[1]["denied_reason"] ==
       rows[1]["wake_due"] == "unknown",
       "... --json: null where it is not known", rows[1])
    ok(rows[2]["kind"] == "unknown" and rows[0]["kind"] == "none" and
       rows[0]["suspends"] == 0 and rows[0]["wake_reason"] == "none",
       "... --json: a PV domain never slept", rows)

    polls = one_line("looking every 100 ms")
    is_("... --wait of one in the state",
        run("suspend-status", "--wait=suspended", "3", host=STOCK_X86), 0,
        re.compile("suspended"), "")
    is_("... --wait, in vain",
        run("suspend-status", "--wait=running", "--timeout=1", "3",
            host=STOCK_X86), 4, "",
        re.compile(r"\Axl: [^\n]*every 100 ms[^\n]*\n"
                   r"xl: domain '3' is not running after 1 s\n\Z"))
    is_("... --wait --after",
        run("suspend-status", "--wait=running", "--after=1", "3",
            host=STOCK_X86), 6, "", one_line("keeps no seq"))
    is_("... --watch --after",
        run("suspend-status", "-w", "--after=1", host=STOCK_X86), 6, "",
        one_line("keeps no seq"))
    waiting = Running("suspend-status", "--wait=running", "-j", "3",
                      host=STOCK_X86)
    line = waiting.child.stderr.readline()
    ok(polls.match(line), "... --wait says that it polls", line)
    write_host(*with_domain_3(STOCK_X86))
    is_("... --wait until it runs", waiting.end(), 0,
        re.compile('"state": "running"'), "")
    watch = Running("suspend-status", "--watch", "--json", "3", "4",
                    host=STOCK_X86)
    events = [json.loads(watch.line()) for _ in range(2)]
    ok([event["domid"] for event in events] == [3, 4],
       "... --watch: first, those that are there", events)
    write_host(*with_domain_3(STOCK_X86))
    event = json.loads(watch.line())
    ok(event["event"] == "state" and event["domid"] == 3 and
       event["state"] == "running" and event["seq"] is None,
       "... then each change", event)
    write_host(*STOCK_X86[:3])
    gone = sorted(json.loads(watch.line())["domid"] for _ in range(2))
    ok(gone == [3, 4], "... and each end", gone)
    is_("... and so does the watch", watch.end(), 5, "",
        re.compile(r"every 100 ms[^\n]*\nxl: no domain is left to watch\n\Z"))


STOCK_ARM = ["stock", domain(0, "Domain-0"), domain(3, "asleep", 1, UUID),
             domain(4, "off", 2), domain(7, "hidden", kind=101)]


def test_stock_arm():
    got = run("suspend-status", host=STOCK_ARM)
    lines = [line.split() for line in got.stdout.decode().splitlines()]
    ok(got.returncode == 0 and not got.stderr and lines[1:] == [
        ["Domain-0", "0", "running", "-", "-", "unknown", "-", "unknown"],
        ["asleep", "3", "suspended", "-", "-", "psci", "-", "unknown"],
        ["off", "4", "running", "-", "-", "unknown", "-", "unknown"],
        ["hidden", "7", "unknown", "-", "-", "unknown", "-", "unknown"]],
       "Arm without the patch: suspend-status", got)
    woken = "resumedomain 3\nXS_RESUME 3\n"
    for args in ([], ["--wait"], ["--if-suspended"]):
        is_(f"... wake {' '.join(args)}",
            run("trigger", "asleep", "wake", *args, host=STOCK_ARM), 0, "",
            woken)
    for args, status, why in (
            (["off", "wake"], 3, "'off' is not suspended"),
            (["hidden", "wake"], 1, "denied by the hypervisor's XSM policy"),
            (["nobody", "wake"], 5, "no such domain"),
            (["3", "wake", "--virq=32"], 1, "a vIRQ wakes a domain only on Arm"),
            (["3", "wake", "--seq=42"], 6, "keeps no seq")):
        is_(f"... {' '.join(args)}", run("trigger", *args, host=STOCK_ARM),
            status, "", one_line(why))
    is_("... wake without xenstore: nothing is done",
        run("trigger", "3", "wake", host=STOCK_ARM + ["no-xenstore"]), 1, "",
        one_line("cannot reach xenstore"))
    is_("... -N wake", run("-N", "trigger", "3", "wake", host=STOCK_ARM), 0,
        "would wake domain 3\n", "")
    is_("... --wait of one in the state",
        run("suspend-status", "--wait=suspended", "3", host=STOCK_ARM), 0,
        re.compile("suspended"), "")
    is_("... --wait --after",
        run("suspend-status", "--wait=running", "--after=1", "3",
            host=STOCK_ARM), 6, "", one_line("keeps no seq"))


def test_stdout():
    for args in (["suspend-status"], ["suspend-status", "--json"],
                 ["suspend-status", "--help"], ["trigger", "3", "wake", "-h"],
                 ["-N", "trigger", "3", "wake"]):
        with open("/dev/full", "wb") as full:
            is_(f"full disk: {' '.join(args)}", run(*args, stdout=full), 1,
                stderr=one_line("cannot write to stdout: "
                                "No space left on device"))
    got = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" suspend-status >&-', str(XL)],
        env=dict(os.environ, GS_FAKE_HOST=str(scratch / "host")),
        stderr=subprocess.PIPE, timeout=60)
    is_("closed stdout", got, 1, stderr=one_line("cannot write to stdout"))


def stock(script):
    """Put a stock xl there; "" for none."""
    shutil.rmtree(STOCK.parent, ignore_errors=True)
    STOCK.parent.mkdir()
    if script:
        STOCK.write_text(script)
        STOCK.chmod(0o755)


ECHO = f"""#!{sys.executable}
import os, sys
args = open("/proc/self/cmdline", "rb").read().split(b"\\0")[2:-1]
sys.stdout.buffer.write(repr(args).encode() + b"\\n")
sys.exit(int(os.environ.get("STATUS", "0")))
"""


def test_handover():
    # A native program gets argv[0], too, which a script cannot see.
    shutil.rmtree(STOCK.parent, ignore_errors=True)
    STOCK.parent.mkdir()
    STOCK.symlink_to(shutil.which("cat"))
    got = subprocess.run(["/some/where/xl", "/proc/self/cmdline"],
                         executable=XL, stdout=subprocess.PIPE, timeout=60)
    ok(got.stdout == b"/some/where/xl\0/proc/self/cmdline\0",
       "argv[0] is handed over", got)

    stock(ECHO)
    for args in (["list"], ["-v", "list", "--long"], ["sus", "x"],
                 ["suspend-statu"], ["suspend-statusx"], ["suspend"],
                 ["trig", "3", "wake"], ["trigger", "3", "wak"],
                 ["trigger", "3", "wakeup"], ["trigger", "3", "s3resume"],
                 ["trigger", "3"], ["trigger"], ["trigger", "-h", "wake"],
                 ["trigger", "3", "WAKE"], ["trigger", "--", "3", "nmi"],
                 ["trigger", "--", "3"], ["trigger", "3", "nmi", "wake"],
                 ["-x", "suspend-status"], ["-vx", "trigger", "3", "wake"],
                 ["--verbose", "suspend-status"], ["--help"], ["-h"],
                 ["help", "list"], ["help", "suspend"], ["-"], [""],
                 ["create", "", " a  b ", "\\", "'\"$(x)`y`", "\n",
                  b"\xff\xfe", "*", "-N", "--", "-"]):
        wanted = [os.fsencode(arg) for arg in args]
        got = run(*args)
        is_(f"to stock: {args!r}", got, 0, repr(wanted) + "\n", "")
    for status in (0, 1, 2, 42, 255):
        is_(f"stock's exit status {status}",
            run("list", env={"STATUS": str(status)}), status)
    ok(run("-v", "--", "suspend-status", "3").returncode == 0,
       "-- ends the global options")

    for nr in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGSEGV):
        stock(f"#!/bin/sh\nulimit -c 0\nkill -{int(nr)} $$\n")
        for args in (["list"], ["help"]):
            is_(f"stock ended by {nr.name}: {args[0]}", run(*args), -nr)

    stock("#!/bin/sh\nread -r line\necho \"got $line\"\necho err >&2\n")
    is_("stdin, stdout and stderr are stock's", run("console", input=b"text\n"),
        0, "got text\n", "err\n")
    # A loop: stock leads back to us.
    stock("")
    is_("no stock xl", run("list"), 1, "",
        one_line(f"cannot run the stock xl '{STOCK}': No such file"))
    STOCK.symlink_to(XL)
    is_("stock is a link to ourselves", run("list"), 1, "",
        one_line("leads back to this program"))
    stock(f'#!/bin/sh\nexec "{XL}" "$@"\n')
    is_("stock is a script that runs us", run("list"), 1, "",
        one_line("leads back to this program"))
    # But a child of stock's may well use xl.
    stock(f'#!/bin/sh\n"{XL}" suspend-status -q 3 && '
          f'case $1 in outer) "{XL}" inner; echo $?;; '
          f'inner) echo inner;; esac\n')
    is_("stock's children may use xl", run("outer"), 0, "inner\n0\n", "")
    stock("not a program")
    is_("stock is no program", run("list"), 1, "",
        one_line("Exec format error"))


def test_front_alone():
    """Our program is gone: stock's commands are not."""
    away = OURS.rename(OURS.with_name("away"))
    stock(ECHO)
    is_("without our program: stock's command", run("list"), 0, "[b'list']\n",
        "")
    is_("without our program: ours", run("suspend-status"), 1, "",
        one_line(f"cannot run '{OURS}'"))
    stock("")
    is_("with neither", run("list"), 1, "", one_line(f"cannot run '{OURS}'"))
    away.rename(OURS)


TERMINAL = f"""#!{sys.executable}
import os, signal
# Python's own handler leaves a read() that begins right after it waiting.
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("terminals:", len({{os.ttyname(fd) for fd in (0, 1, 2)}}),
      "foreground:", os.tcgetpgrp(0) == os.getpgrp(), flush=True)
print("got", input(), flush=True)
input()
"""


def on_terminal(*args):
    """Type a line and then Ctrl-C: what was printed, and which signal ended
    xl, or 0."""
    pid, fd = pty.fork()
    if not pid:
        try:
            os.execv(XL, ["xl", *args])
        finally:
            os._exit(127)
    said = ""
    keys = [b"typed\n", b"\x03"]
    os.write(fd, keys.pop(0))
    try:
        while select.select([fd], [], [], 30)[0]:
            said += os.read(fd, 4096).decode()
            if keys and "got typed\r\n" in said:
                os.write(fd, keys.pop(0))
    except OSError:  # EIO: nobody has it open any more.
        pass
    os.close(fd)  # Whoever sits there still is hung up.
    return said, os.WTERMSIG(os.waitpid(pid, 0)[1])


def test_terminal():
    try:
        for fd in pty.openpty():
            os.close(fd)
    except OSError:
        ok(True, "terminal # SKIP no pseudo-terminals here")
        return
    stock(TERMINAL)
    for args in (["console", "guest"], ["help"]):
        said, signal_nr = on_terminal(*args)
        ok("terminals: 1 foreground: True" in said and
           "got typed\r\n" in said, f"{args[0]}: the terminal is stock's", said)
        ok(signal_nr == signal.SIGINT, f"{args[0]}: and so is Ctrl-C",
           f"signal {signal_nr}\n{said}")


def test_help():
    stock(ECHO)
    for args in ([], ["-v"], ["help"], ["-f", "help"]):
        for status in (0, 1):
            is_(f"help: {args!r}, stock's status {status}",
                run(*args, env={"STATUS": str(status)}), status,
                re.compile(re.escape(repr([a.encode() for a in args])) +
                           r"\n\nGuest suspend [^\n]*\n\n suspend-status +Show"
                           r"[^\n]*\n trigger DOMAIN wake +Wake[^\n]*\n"
                           r" trigger DOMAIN sleep +Ask[^\n]*\n\Z"), "")
    is_("help suspend-status", run("help", "suspend-status"), 0,
        re.compile(r"\AUsage: xl \[-vftTN\] suspend-status "), "")
    is_("help trigger: ours, the other", run("help", "trigger"), 0,
        re.compile(r"\n\nUsage: xl \[-vftTN\] trigger DOMAIN sleep "), "")
    is_("help trigger: stock's, and ours", run("help", "trigger"), 0,
        re.compile(r"\A\[b'help', b'trigger'\]\n\nUsage: xl \[-vftTN\] trigger"
                   r" DOMAIN\|--all wake "), "")
    for args in (["suspend-status", "--help"], ["suspend-status", "-h"],
                 ["suspend-status", "x", "-h"],
                 ["trigger", "nobody", "wake", "--help"]):
        is_(" ".join(args), run(*args), 0, re.compile(r"\AUsage: xl "), "")
    with open("/dev/full", "wb") as full:
        is_("full disk: help", run("help", stdout=full), 1,
            stderr=re.compile("cannot write to stdout"))


try:
    for test in (test_status, test_quiet, test_json, test_libraries,
                 test_usage, test_wake, test_sleep,
                 test_wait, test_since, test_watch_names,
                 test_xenstore_silent, test_watch,
                 test_no_guest_suspend, test_wake_all, test_wake_first,
                 test_device_model, test_stock_x86,
                 test_stock_arm,
                 test_stdout, test_handover, test_front_alone, test_terminal,
                 test_help):
        print(f"# {test.__name__}")
        test()
finally:
    shutil.rmtree(scratch)
    shutil.rmtree(OURS.parent)
    shutil.rmtree(STOCK.parent, ignore_errors=True)
sys.exit(end())
