#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""xen-guest-suspend-host and its systemd-sleep hook, with an xl that plays the host.

This very script is that xl, too: each domain is a file, with how it takes a request.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
# It is also the xl of its own tests, without Python's usual paths.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from tap import end, ok, same  # noqa: E402

SRC = pathlib.Path(os.environ["GS_SRCDIR"]) / "tools/xen-guest-suspend-host"
BUILD = pathlib.Path(os.environ["GS_BUILDDIR"])
XL_FAKE = BUILD / "tests/unit/xl-fake"
LIMIT_S = 60


# ---- the fake xl -------------------------------------------------------------

class Host:
    """The domains; a block under this is atomic."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "domains"
        self.lock = pathlib.Path(folder) / "domains.lock"

    @contextlib.contextmanager
    def change(self):
        with open(self.lock, "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            domains = json.loads(self.path.read_text())
            yield domains
            self.path.write_text(json.dumps(domains))

    def look(self):
        with self.change() as domains:
            return domains


def find(domains, which):
    for one in domains:
        if which in (str(one["domid"]), one["name"], one["uuid"]):
            return one
    sys.stderr.write(f"xl: no such domain: '{which}'\n")
    sys.exit(5)


def enter(one, state):
    one["seq"] = one["seq"] + 100
    one["state"] = state
    if state == "suspended":
        one["suspends"] += 1


def until(condition):
    """Poll: xl and the test are different processes."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("not within the limit")
        time.sleep(0.01)


def fake_sleep(folder, host, which, timeout):
    """How each kind of guest takes a request."""
    with host.change() as domains:
        one = find(domains, which)
        how = one["how"]
        one["asked"] += 1
        one["timeout"] = timeout
        if how == "denied":
            one["denied"] += 1
        if one["state"] == "suspended" or how == "obeys":
            if one["state"] == "running":
                enter(one, "suspended")
            return 0
    if how == "slow":
        # Until the test lets it go on; a signal ends it as it ends xl.
        until(lambda: os.path.exists(f"{folder}/go"))
    elif how == "together":
        until(lambda: all(d["asked"] for d in host.look() if d["how"] == how))
    elif how == "away":
        # Asleep, and nobody can tell.
        with open(f"{folder}/xenstore-is-away", "w", encoding="ascii"):
            pass
    elif how == "wakes":
        with host.change() as domains:
            enter(find(domains, which), "suspended")
            enter(find(domains, which), "running")
        return 0
    else:
        sys.stderr.write(f"xl: domain '{which}': {how}\n")
        return {"deaf": 4, "button": 4, "cannot": 8, "denied": 9, "late": 9}[how]
    with host.change() as domains:
        enter(find(domains, which), "suspended")
    return 0


def fake_wake(folder, host, which, seq):
    with host.change() as domains:
        one = find(domains, which)
        one["wakes"] += 1
        if one["how"] == "stuck":
            sys.stderr.write(f"xl: domain '{which}' sleeps on\n")
            return 4
        if one["seq"] != int(seq):
            return 7
        enter(one, "running")
    if os.path.exists(f"{folder}/slow-wake"):
        until(lambda: os.path.exists(f"{folder}/go"))
    return 0


def fake_xl(folder, words):
    host = Host(folder)
    if words[:2] == ["suspend-status", "--json"]:
        assert words[2] == "--"
        if os.path.exists(f"{folder}/xenstore-is-away"):
            sys.stderr.write("xl: xenstored does not answer\n")
            return 4
        one = dict(find(host.look(), words[3]))
        if one["how"] == "unpatched":
            one.update({"seq": None, "instance": None, "suspends": None})
        keys = ["name", "domid", "state", "seq", "instance", "suspends", "denied"]
        print(json.dumps([{key: one[key] for key in keys}], indent=4))
        return 0
    if words[:2] == ["suspend-status", "--wait=suspended"]:
        with host.change() as domains:
            one = find(domains, words[3])
            if one["how"] in ("late", "button") and one["comes"]:
                enter(one, "suspended")
                return 0
        return 4
    if words[0] == "list":
        print("Name  ID  Mem VCPUs  State  Time(s)")
        for one in host.look():
            print(f"{one['name']}  {one['domid']}  256  1  "
                  f"{'--p---' if one['paused'] else '-b----'}  1.0")
        return 0
    assert words[0] == "trigger"
    if words[2] == "sleep":
        assert words[3] == "--wait"
        return fake_sleep(folder, host, words[1], words[4].split("=")[1])
    assert words[2] == "wake"
    return fake_wake(folder, host, words[1], words[3].split("=")[1])


# ---- the tests ---------------------------------------------------------------

def equal(what, wanted, seen):
    same(seen, wanted, what)


class Case:
    """A host of its own."""

    def __init__(self, *domains, config=None):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.host = Host(self.folder)
        self.host.path.write_text(json.dumps(list(domains)))
        self.config = self.folder / "etc/xen/guest-suspend-host.conf"
        self.config.parent.mkdir(parents=True)
        if config is not None:
            self.config.write_text(config)
        self.state = self.folder / "run/guest-suspend-host"
        (self.folder / "bin").mkdir()
        self.script("bin/xl", f"exec {sys.executable} -IS {os.path.abspath(__file__)} "
                    f"--xl {self.folder} \"$@\"")
        self.script("bin/xenstore-read",
                    f"grep -qs x \"{self.folder}/feature-$(echo \"$1\" | tr -dc 0-9 | head -c1)\" && echo 1")
        for name in ("xen-guest-suspend-host", "system-sleep"):
            self.render(name)

    def script(self, name, text):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def render(self, name):
        """As make does, and with this host's paths."""
        text = (SRC / f"{name}.in").read_text()
        for old, new in (("@sbindir@", f"{self.folder}/bin"),
                         ("@sysconfdir@", f"{self.folder}/etc"),
                         ("/run/xen", f"{self.folder}/run"),
                         ("/proc/xen/capabilities", f"{self.folder}/capabilities")):
            text = text.replace(old, new)
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def start(self, *words, program="xen-guest-suspend-host"):
        return subprocess.Popen(
            [self.folder / "bin" / program, *words], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, PATH=f"{self.folder}/bin:{os.environ['PATH']}"))

    def run(self, *words, **more):
        child = self.start(*words, **more)
        out, err = child.communicate(timeout=LIMIT_S)
        child.out, child.err = out, err
        return child

    def get(self, name):
        return [d for d in self.host.look() if d["name"] == name][0]

    def states(self):
        return {d["name"]: d["state"] for d in self.host.look()}

    def change(self, name, state=None, **more):
        with self.host.change() as domains:
            one = [d for d in domains if d["name"] == name][0]
            if state:
                enter(one, state)
            one.update(more)

    def feature(self, domid):
        (self.folder / f"feature-{domid}").write_text("x")

    def go(self):
        (self.folder / "go").write_text("")

    def wait_asked(self, name):
        until(lambda: self.get(name)["asked"])

    def end(self):
        shutil.rmtree(self.folder)


def domain(domid, name, how="obeys", state="running", uuid="-", **more):
    return {"domid": domid, "name": name, "how": how, "state": state, "uuid": uuid,
            "seq": 10 + domid, "instance": domid, "suspends": 0, "denied": 0,
            "paused": False, "asked": 0, "wakes": 0, "timeout": None, "comes": False,
            **more}


UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CONFIG = f"""# those of this test
timeout 7

guest my build box
  guest -dash\t
guest {UUID}
guest asleep
guest paused
guest nobody
guest evil", "suspends": 9, "
"""


def test_who():
    evil = 'evil", "suspends": 9, "'
    case = Case(domain(1, "my build box"), domain(2, "unmarked"), domain(3, "-dash"),
                domain(4, "by-uuid", uuid=UUID), domain(5, "asleep", state="suspended"),
                domain(6, "paused", paused=True), domain(7, evil),
                domain(8, "asleep, unmarked", state="suspended"), config=CONFIG)
    before = case.states()
    done = case.run("sleep")
    equal("sleep: status", 0, done.returncode)
    asleep = {name for name, state in case.states().items() if state == "suspended"}
    equal("... who sleeps now", {"my build box", "-dash", "by-uuid", evil, "asleep",
                                 "asleep, unmarked"}, asleep)
    equal("... who was asked", [1, 0, 1, 1, 0, 0, 1, 0], [d["asked"] for d in case.host.look()])
    equal("... the time limit", "7", case.get("my build box")["timeout"])
    ok("domain 'paused' (6) is paused, and left alone" in done.err, "... it says who was not",
       done.err)
    ok("domain 'my build box' (1) sleeps, seq 111" in done.err, "... and who sleeps", done.err)
    done = case.run("wake")
    equal("wake: status", 0, done.returncode)
    equal("... all is as before", before, case.states())
    equal("... who was woken", [1, 0, 1, 1, 0, 0, 1, 0], [d["wakes"] for d in case.host.look()])
    ok("woke domain 'my build box' (1)\n" in done.err, "... it says so", done.err)
    equal("... nothing is left", ["guest-suspend-host.lock"], sorted(os.listdir(case.folder / "run")))
    done = case.run("wake")
    equal("wake again: nothing", (0, "", [1, 0, 1, 1, 0, 0, 1, 0]),
          (done.returncode, done.err, [d["wakes"] for d in case.host.look()]))
    case.end()


def test_at_once():
    case = Case(*[domain(n, f"g{n}", "together") for n in range(1, 9)],
                config="".join(f"guest g{n}\n" for n in range(1, 9)) + "guest g1")
    equal("eight that sleep when all eight have been asked", 0, case.run("sleep").returncode)
    equal("... one that is named twice is asked once", 1, case.get("g1")["asked"])
    equal("... and woken", (0, {"running"}), (case.run("wake").returncode,
                                               set(case.states().values())))
    case.end()


def test_refusals():
    names = ["deaf", "cannot", "denied"]
    case = Case(domain(1, "deaf", "deaf"), domain(2, "cannot", "cannot"),
                domain(3, "denied", "denied"), domain(4, "good"), domain(5, "wakes", "wakes"),
                config="guest deaf\nguest cannot\nguest denied\nguest good\nguest wakes\n")
    case.feature(1)
    done = case.run("sleep")
    equal("some refuse: status", 1, done.returncode)
    equal("... the others sleep", "suspended", case.get("good")["state"])
    for name in names:
        ok(re.search(rf"^xen-guest-suspend-host: domain '{name}' \(\d\) was not put to sleep: "
                     rf"domain '\d': {name}$", done.err, re.M), f"... {name}: it says why", done.err)
    ok("domain 'wakes' (5) has slept, and is awake again" in done.err, "... one that woke", done.err)
    equal("... what is remembered", "4 4 1 good\n", case.state.read_text())
    # What they do later is their own sleep.
    for name in names:
        case.change(name, "suspended")
    done = case.run("wake")
    equal("wake: those that refused sleep on", (0, ["suspended"] * 3 + ["running"] * 2),
          (done.returncode, list(case.states().values())))
    case.end()


def test_late():
    case = Case(domain(1, "late", "late"), domain(2, "button", "button"),
                domain(3, "later", "late", comes=True), domain(4, "never", "late"),
                config="guest late\nguest button\nguest later\nguest never\n")
    case.feature(1)
    equal("taken, and too slow: status", 1, case.run("sleep").returncode)
    case.change("late", "suspended")
    case.change("button", "suspended")
    done = case.run("wake")
    equal("wake: also those that slept too late, or after it began", (0, {"running"}),
          (done.returncode, set(case.states().values())))
    equal("... who was woken", [1, 1, 1, 0], [d["wakes"] for d in case.host.look()])
    ok(not case.state.exists(), "... nothing is remembered")
    case.end()


def test_meanwhile():
    names = ["woken", "again", "gone", "replaced", "ours"]
    case = Case(*[domain(n, name) for n, name in enumerate(names, 1)],
                config="".join(f"guest {name}\n" for name in names))
    case.run("sleep")
    case.change("woken", "running")
    case.change("again", "running")
    case.change("again", "suspended")
    case.change("replaced", instance=77)
    with case.host.change() as domains:
        domains[:] = [d for d in domains if d["name"] != "gone"]
    done = case.run("wake")
    equal("what changed meanwhile is left alone",
          (0, {"woken": "running", "again": "suspended", "replaced": "suspended", "ours": "running"},
           [0, 0, 0, 1]), (done.returncode, case.states(), [d["wakes"] for d in case.host.look()]))
    ok("domain 'again' (2) has been woken meanwhile, and is left alone" in done.err,
       "... it says so", done.err)
    case.end()


def test_twice():
    case = Case(domain(1, "first"), domain(2, "second"), domain(3, "third"),
                config="guest first\nguest second\n")
    case.run("sleep")
    case.change("second", "running")
    case.config.write_text("guest second\nguest third\n")
    equal("sleep again: status", 0, case.run("sleep").returncode)
    equal("... who was asked", [1, 2, 1], [d["asked"] for d in case.host.look()])
    equal("... one that is no longer named is remembered", "1 1 1 first\n2 2 2 second\n3 3 1 third\n",
          case.state.read_text())
    case.config.unlink()
    equal("wake: all of them, without a configuration", (0, {"running"}),
          (case.run("wake").returncode, set(case.states().values())))
    case.end()

    case = Case(domain(1, "g", "slow"), config="guest g\n")
    first = case.start("sleep")
    case.wait_asked("g")
    second = case.start("sleep")
    third = case.start("wake")
    case.go()
    for child in (first, second, third):
        child.communicate(timeout=LIMIT_S)
    equal("two sleeps and a wake at once", [0, 0, 0],
          [child.returncode for child in (first, second, third)])
    case.run("wake")
    equal("... it is awake in the end", ("running", False),
          (case.get("g")["state"], case.state.exists()))
    case.end()


def test_killed():
    case = Case(domain(1, "slow", "slow"), domain(2, "quick"), config="guest slow\nguest quick\n")
    child = case.start("sleep")
    case.wait_asked("slow")
    case.wait_asked("quick")
    child.kill()
    child.wait()
    waiting = case.start("wake")
    case.go()
    equal("sleep is killed, then wake: status", 0, (waiting.communicate(), waiting.returncode)[1])
    equal("... both were asleep and are awake", [("running", 1)] * 2,
          [(d["state"], d["suspends"]) for d in case.host.look()])
    child.stdout.close(), child.stderr.close()
    case.end()

    case = Case(domain(1, "slow", "slow"), config="guest slow\n")
    child = case.start("sleep")
    case.wait_asked("slow")
    child.kill()
    child.wait()
    case.go()
    equal("sleep is killed, then sleep: status", 0, case.run("sleep").returncode)
    equal("... it is remembered", "1 1 1 slow\n", case.state.read_text())
    case.run("wake")
    equal("... and woken", "running", case.get("slow")["state"])
    child.stdout.close(), child.stderr.close()
    case.end()

    case = Case(domain(1, "one"), domain(2, "two"), config="guest one\nguest two\n")
    case.run("sleep")
    (case.folder / "slow-wake").write_text("")
    child = case.start("wake")
    until(lambda: set(case.states().values()) == {"running"})
    child.kill()
    child.wait()
    case.change("two", "suspended")
    case.go()
    equal("wake is killed, then wake: no second wake", (0, "running", "suspended", [1, 1]),
          (case.run("wake").returncode, *case.states().values(),
           [d["wakes"] for d in case.host.look()]))
    child.stdout.close(), child.stderr.close()
    case.end()


def test_signal():
    for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        case = Case(domain(1, "slow", "slow"), domain(2, "quick"),
                    config="guest slow\nguest quick\n")
        child = case.start("sleep")
        case.wait_asked("slow")
        until(lambda: case.get("quick")["state"] == "suspended")
        child.send_signal(number)
        child.communicate(timeout=LIMIT_S)
        equal(f"signal {number} during sleep: status", status, child.returncode)
        equal("... who sleeps is remembered", True, "2 2 1 quick\n" in case.state.read_text())
        equal("... nobody is asked any more", "running", case.get("slow")["state"])
        case.run("wake")
        equal("... wake", {"running"}, set(case.states().values()))
        case.end()


def test_wake_fails():
    case = Case(domain(1, "stuck", "obeys"), domain(2, "good"), config="guest stuck\nguest good\n")
    case.run("sleep")
    case.change("stuck", how="stuck")
    done = case.run("wake")
    equal("one is not woken: status", 1, done.returncode)
    ok("domain 'stuck' (1) was not woken: domain '1' sleeps on" in done.err, "... it says so", done.err)
    equal("... the other is, and it is tried again", ("running", "1 1 1 stuck\n"),
          (case.get("good")["state"], case.state.read_text()))
    case.change("stuck", how="obeys")
    equal("... with success", (0, "running", False),
          (case.run("wake").returncode, case.get("stuck")["state"], case.state.exists()))
    case.end()


def test_no_answer():
    case = Case(domain(1, "away", "away"), config="guest away\n")
    done = case.run("sleep")
    ok(done.returncode == 1 and "domain 'away' (1): xenstored does not answer" in done.err,
       "asked, and then xl knows nothing", (done.returncode, done.err))
    for word in ("wake", "sleep", "wake"):
        done = case.run(word)
        equal(f"... {word}: it is remembered", (1, "1 1 1 away\n"),
              (done.returncode, case.state.read_text()))
    (case.folder / "xenstore-is-away").unlink()
    equal("... and woken when xl knows more", (0, "running", False),
          (case.run("wake").returncode, case.get("away")["state"], case.state.exists()))
    case.end()


def test_errors():
    case = Case(domain(1, "g"))
    equal("no configuration: nothing", (0, "", "running"),
          (*(lambda d: (d.returncode, d.err))(case.run("sleep")), case.get("g")["state"]))
    for text, words in (("guest\n", "1: 'guest' without a name"),
                        ("guest g\nguest 12\n", "2: guest '12': a name or a UUID is wanted"),
                        ("timeout 0\n", "1: timeout '0' is not"),
                        ("timeout 12s\n", "1: timeout '12s' is not"),
                        ("timeout\n", "1: timeout '' is not"),
                        ("timeout 10000\n", "1: timeout '10000' is not"),
                        ("gest g", "1: 'gest' is neither")):
        case.config.write_text(text)
        done = case.run("sleep")
        ok(done.returncode == 2 and f"{case.config}:{words}" in done.err,
           f"configuration {text!r}", (done.returncode, done.err))
    equal("... nobody was asked", 0, case.get("g")["asked"])
    for words in ([], ["nap"], ["sleep", "now"], ["--sleep"]):
        done = case.run(*words)
        ok(done.returncode == 2 and done.err.startswith("usage:"), f"usage: {words}", done.err)
    done = case.run("--help")
    ok(done.returncode == 0 and done.out.startswith("usage:"), "--help", done.out)
    case.config.write_text("guest g\n")
    case.change("g", how="unpatched")
    done = case.run("sleep")
    ok(done.returncode == 6 and "lacks the patch" in done.err, "an unpatched hypervisor", done.err)
    (case.folder / "xenstore-is-away").write_text("")
    done = case.run("sleep")
    ok(done.returncode == 1 and "'g': xenstored does not answer" in done.err,
       "no answer about a domain", done.err)
    case.end()


def test_hook():
    case = Case(domain(1, "g"), config="guest g\n")
    run = lambda *words: case.run(*words, program="system-sleep").returncode
    equal("hook, this is no Xen host", (0, "running"), (run("pre", "suspend"), case.get("g")["state"]))
    (case.folder / "capabilities").write_text("control_d\n")
    equal("hook pre", (0, "suspended"), (run("pre", "suspend"), case.get("g")["state"]))
    equal("hook post", (0, "running"), (run("post", "suspend"), case.get("g")["state"]))
    equal("hook, another word", (0, 1), (run("other"), case.get("g")["asked"]))
    case.config.unlink()
    equal("hook, no configuration", (0, 0, 1), (run("pre", "suspend"), run("post", "suspend"),
                                                case.get("g")["asked"]))
    case.end()


def test_real_xl():
    """What our own xl prints is what is read."""
    case = Case(config="guest asleep\nguest awake\nguest evil\n")
    host = case.folder / "host"
    host.write_text("domain 3 asleep - 1 1 42 7 3 1 32 1 600 900 400 0 0\n"
                    "domain 4 awake - 0 1 50 8 1 2 4294967295 4294967295 60 120 0 0 0\n"
                    'domain 5 evil - 0 0 9 9 0 0 4294967295 4294967295 0 0 0 0 0\n')
    case.script("bin/xl", f"[ \"$1\" = list ] || GS_FAKE_HOST={host} exec {XL_FAKE} \"$@\"")
    done = case.run("sleep")
    ok(done.returncode == 1 and "domain 'awake' (4) was not put to sleep: domain '4'" in done.err
       and "domain 'evil' (5) was not put" in done.err and "asleep'" not in done.err,
       "with our xl on its fake host", (done.returncode, done.err))
    case.end()


def main():
    if sys.argv[1:2] == ["--xl"]:
        return fake_xl(sys.argv[2], sys.argv[3:])
    for test in (test_who, test_at_once, test_refusals, test_late, test_meanwhile, test_twice,
                 test_killed, test_signal, test_wake_fails, test_no_answer, test_errors, test_hook, test_real_xl):
        test()
    return end()


if __name__ == "__main__":
    sys.exit(main())
