#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""xensuspendd as a program, on a fake host: does it do what its manual page
says, and do its service files start and stop it?"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True

from tap import end, ok, same  # noqa: E402

SOURCE = pathlib.Path(os.environ["GS_SRCDIR"])
BUILD = pathlib.Path(os.environ["GS_BUILDDIR"])
DAEMON = BUILD / "tests/unit/xensuspendd-fake"
POD = (SOURCE / "man/xensuspendd.8.pod").read_text()
LIMIT_S = 60

# Not the file of what runs here.
os.environ["XENSUSPENDD_TIMES"] = "/dev/null"


def section(title):
    return re.search(rf"^=head1 {title}\n(.*?)(?=^=head1|\Z)", POD,
                     re.MULTILINE | re.DOTALL).group(1)


def run(*args, **env):
    return subprocess.run([DAEMON, *args], timeout=LIMIT_S, text=True,
                          env={**os.environ, **env}, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def hook(path, mode, text="#!/bin/sh\n"):
    path.write_text(text)
    path.chmod(mode)


def test_options():
    told = re.findall(r"^ +(?:-(\w), )?--([\w-]+)(?: (\w+))? ",
                      run("--help").stdout, re.MULTILINE)
    items = [re.sub(r"[BI]<([^<>]*)>", r"\1", item) for item in
             re.findall(r"^=item (.*)$", section("OPTIONS"), re.MULTILINE)]
    same([re.match(r"(?:-(\w), )?--([\w-]+)(?: (\w+))?", item).groups("")
          for item in items], told, "options are those of --help")
    seen = run("--version")
    ok(seen.returncode == 0 and
       re.fullmatch(r"xensuspendd \(.+\) \d+\.\d+.*\n", seen.stdout),
       "--version", seen)
    for args, word in ((["--nonsense"], "--nonsense"), (["x"], "'x'"),
                       (["--hook-timeout", "0"], "'0'"),
                       (["--hook-timeout", "5m"], "'5m'"),
                       (["--pidfile", "p"], "'p'"), (["-d"], "'-d'"),
                       (["-xv"], "'-x'"), (["-vx"], "'-x'"),
                       (["--verbose", "-xq"], "'-x'"), (["-qd"], "'-d'"),
                       (["-v", "--verbose=3"], "--verbose"),
                       (["--hook-timeout="], "seconds"), (["--verb"], "--verb"),
                       (["-q", "--hooks-dir"], "--hooks-dir")):
        seen = run(*args)
        ok(seen.returncode == 2 and word in seen.stderr,
           f"{' '.join(args)} is refused by name", seen)
    for number, wanted in ((17, 1), (38, 6)):
        seen = run("--no-hooks", GS_FAKE_ERRNO=str(number))
        same(seen.returncode, wanted, f"exit status for errno {number}")


def test_closed(tmp):
    """Started without stdin, stdout and stderr, it writes into nothing that it
    opens."""
    hooks = tmp / "closed-hooks"
    hooks.mkdir(mode=0o755)
    hook(hooks / "a", 0o755, f"#!/bin/sh\nls -l /proc/$PPID/fd >{tmp}/fds.new\n"
         f"mv {tmp}/fds.new {tmp}/fds\n")
    pid = subprocess.run(
        ["sh", "-c", f"'{DAEMON}' --hooks-dir '{hooks}' <&- >&- 2>&- &"
         " echo $!"], stdout=subprocess.PIPE, check=True, text=True).stdout
    limit = time.monotonic() + LIMIT_S
    while not (tmp / "fds").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    os.kill(int(pid), signal.SIGTERM)
    seen = (tmp / "fds").read_text() if (tmp / "fds").exists() else ""
    same(re.findall(r" ([012]) -> (\S+)", seen),
         [(str(fd), "/dev/null") for fd in range(3)], "closed, 0 to 2 are nothing")
    seen = subprocess.run(["sh", "-c", f"'{DAEMON}' --version >&-"], check=False)
    same(seen.returncode, 1, "a closed stdout is a failure of --version")


def test_check(tmp):
    example = re.search(r"^    # xensuspendd --check\n((?:    .*\n)+)",
                        section("EXAMPLES"), re.MULTILINE).group(1)
    hooks = tmp / "hooks"
    hooks.mkdir(mode=0o755)
    hook(hooks / "10-syslog", 0o755)
    hook(hooks / "README", 0o644)
    seen = run("--check", "--hooks-dir", hooks)
    same((seen.returncode, seen.stdout.replace(str(hooks), "DIR")),
         (0, re.sub(r"^    ", "", example, flags=re.MULTILINE).replace(
             "/etc/xen/guest-suspend.d", "DIR")), "--check prints the example")
    hook(hooks / "20-open", 0o777)
    seen = run("--check", "--hooks-dir", hooks)
    ok(seen.returncode == 1 and "refused 20-open: " in seen.stdout,
       "--check fails for an unsafe hook", seen)
    hooks.chmod(0o775)
    seen = run("--check", "--hooks-dir", hooks)
    ok(seen.returncode == 1 and "no hooks from" in seen.stderr,
       "and for an unsafe directory", seen)
    hooks.chmod(0o755)
    shutil.rmtree(hooks)
    same(run("--check", "--hooks-dir", hooks).returncode, 0,
         "that there is no directory is no failure")
    with open("/dev/full", "w", encoding="ascii") as full:
        seen = subprocess.run([DAEMON, "--check"], stdout=full, check=False,
                              stderr=subprocess.DEVNULL, timeout=LIMIT_S)
    same(seen.returncode, 1, "that nobody could read it is one")


def test_life(tmp):
    hooks = tmp / "hooks"
    hooks.mkdir(mode=0o755)
    hook(hooks / "a", 0o755, f"#!/bin/sh\nenv >{tmp}/env\necho told\n")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.settimeout(LIMIT_S)
    notify.bind(str(tmp / "notify"))
    child = subprocess.Popen(
        [DAEMON, "--hooks-dir", hooks, "--pidfile", tmp / "pid"],
        env={**os.environ, "NOTIFY_SOCKET": str(tmp / "notify")},
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    same(notify.recv(100),
         b"READY=1\nSTATUS=Publishing in /tool/guest-suspend", "READY=1")

    def log_line(pattern):
        for line in child.stderr:
            if re.search(pattern, line):
                return True
        return False

    line = next(child.stderr)
    same(line, 'xensuspendd: domain="" domid=1 state=suspended seq=2 '
         "suspends=1 reason=none\n", "a line for a change")
    for example in re.findall(r"^    (xensuspendd: .*)$", section("LOG"),
                              re.MULTILINE):
        same(re.sub(r"=\S+", "=", example), re.sub(r"=\S+", "=", line.strip()),
             "an example of one")
    ok(log_line(r'hook=a domain="" domid=1 seq=2: told$'),
       "a line of a hook's")
    names = set(re.findall(r"^(GUEST_SUSPEND_\w+)=", (tmp / "env").read_text(),
                           re.MULTILINE))
    same(names, {name if name.startswith("GUEST") else "GUEST_SUSPEND" + name
                 for name in re.findall(r"B<((?:GUEST_SUSPEND)?_[A-Z_]+|"
                                        r"GUEST_SUSPEND_[A-Z_]+)>",
                                        section("HOOKS"))},
         "the environment is what the manual names")
    child.send_signal(signal.SIGHUP)
    ok(log_line("SIGHUP"), "SIGHUP")
    same((tmp / "pid").read_text(), f"{child.pid}\n", "the pidfile")
    child.send_signal(signal.SIGTERM)
    same(child.wait(LIMIT_S), 0, "SIGTERM ends it well")
    ok(not (tmp / "pid").exists(), "and takes the pidfile away")


def test_kill(tmp):
    """A hook that outlived kill -9 would run beside the next daemon's."""
    hooks = tmp / "kill-hooks"
    hooks.mkdir(mode=0o755)
    fifo = tmp / "fifo"
    os.mkfifo(fifo)
    hook(hooks / "a", 0o755, f"#!/bin/sh\necho $$ >{fifo}\nexec sleep 1000\n")
    child = subprocess.Popen([DAEMON, "--hooks-dir", hooks],
                             stdin=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    pid = int(fifo.read_text())

    def runs():
        # The parent that it has then may be in no hurry to take its exit.
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat.rsplit(")", 1)[1].split()[0] not in "ZX"

    ok(runs(), "a hook runs")
    child.kill()
    child.wait()
    limit = time.monotonic() + LIMIT_S
    while runs() and time.monotonic() < limit:
        time.sleep(0.01)
    ok(not runs(), "and ends with a daemon that is killed")
    if runs():
        os.kill(pid, signal.SIGKILL)


def test_other_user(tmp):
    """A hook that goes on as another user: its time limit holds, and it ends
    with the daemon."""
    if os.geteuid() or not shutil.which("setpriv"):
        ok(True, "a hook as another user # SKIP not root, or no setpriv here")
        return
    hooks = tmp / "user-hooks"
    hooks.mkdir(mode=0o755)
    tmp.chmod(0o755)
    hook(hooks / "a", 0o755,
         "#!/bin/sh\necho pid $$\nexec setpriv --reuid=65534 --regid=65534 "
         "--clear-groups sleep 1000\n")

    def start(seconds):
        child = subprocess.Popen(
            [DAEMON, "--hooks-dir", hooks, "--hook-timeout", str(seconds)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in child.stderr:
            found = re.search(r": pid (\d+)$", line)
            if found:
                return child, int(found.group(1))
        raise RuntimeError("no hook runs")

    def is_other(pid):
        return os.stat(f"/proc/{pid}").st_uid == 65534

    child, pid = start(2)
    timer = threading.Timer(LIMIT_S, child.kill)
    timer.start()
    seen = ""
    for line in child.stderr:
        seen += line
        if "killed by signal" in line or "cannot be sent" in line:
            break
    timer.cancel()
    ok("killed by signal 15, since its time was up" in seen,
       "a hook as another user is ended when its time is up", seen)
    child.terminate()
    child.wait(LIMIT_S)
    if os.path.exists(f"/proc/{pid}"):
        os.kill(pid, signal.SIGKILL)
    child, pid = start(1000)
    limit = time.monotonic() + LIMIT_S
    while not is_other(pid) and time.monotonic() < limit:
        time.sleep(0.01)
    child.terminate()
    same(child.wait(LIMIT_S), 0, "SIGTERM ends the daemon")
    left = os.path.exists(f"/proc/{pid}")
    ok(not left, "and the hook as another user with it")
    if left:
        os.kill(pid, signal.SIGKILL)


def test_wake_later(tmp):
    """The example hook: one process waits, whatever guests do."""
    if not shutil.which("flock") or not shutil.which("setsid"):
        ok(True, "50-wake-later # SKIP no flock or setsid here")
        return
    tmp = tmp / "later"
    (tmp / "bin").mkdir(parents=True)
    shutil.copy(SOURCE / "tools/xenstore-hooks/hooks/50-wake-later", tmp)
    hook(tmp / "bin/xl", 0o755, f"#!/bin/sh\necho $* >>{tmp}/woken\n")
    (tmp / "guests").write_text("flaps 600\nfirst 2\nsecond 3\n")

    def change(name, domid, state, seq):
        subprocess.run([tmp / "50-wake-later"], timeout=LIMIT_S, check=True,
                       stdin=subprocess.DEVNULL, env={
                           "PATH": f"{tmp}/bin:{os.environ['PATH']}",
                           "WAKE_LATER_GUESTS": str(tmp / "guests"),
                           "WAKE_LATER_RUN": str(tmp / "run"),
                           "GUEST_SUSPEND_DOMAIN": name,
                           "GUEST_SUSPEND_DOMID": str(domid),
                           "GUEST_SUSPEND_STATE": state,
                           "GUEST_SUSPEND_SEQ": str(seq)})

    def processes():
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                words = stat.read_text().rsplit(")", 1)[1].split()
                args = (stat.parent / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if bytes(tmp) in args and words[0] not in "ZX":
                found.append(int(stat.parent.name))
        return found

    def wait_until(condition):
        limit = time.monotonic() + LIMIT_S
        while not condition() and time.monotonic() < limit:
            time.sleep(0.05)
        return condition()

    def pending():
        return sorted(path.name for path in (tmp / "run/wakes").iterdir())

    def woken():
        path = tmp / "woken"
        return path.read_text().splitlines() if path.exists() else []

    for seq in range(10, 50, 2):
        change("flaps", 3, "suspended", seq)
        change("flaps", 3, "running", seq + 1)
    change("flaps", 3, "suspended", 50)
    change("unlisted", 4, "suspended", 51)
    same(pending(), ["3.50"], "one wake to come for a guest that flaps")
    same(len(processes()), 1, "for which one process waits")
    change("second", 2, "suspended", 60)
    change("first", 1, "suspended", 61)
    same(len(processes()), 1, "and for all others, too")
    wait_until(lambda: len(woken()) == 2)
    same(woken(), ["trigger 1 wake --seq=61", "trigger 2 wake --seq=60"],
         "that is no longer than the others' turn")
    change("flaps", 3, "running", 62)
    same(pending(), [], "what woke before is not woken")
    change("first", 1, "suspended", 63)
    ok(wait_until(lambda: not processes()),
       "nobody waits after the last wake", processes())
    same(woken()[2:], ["trigger 1 wake --seq=63"], "the last one was woken")


def test_paths_examples(tmp):
    """Scripts from the manual, with commands that it finds in their place."""
    if not shutil.which("bash"):
        ok(True, "example of a wait # SKIP no bash here")
        return
    pod = (SOURCE / "man/xen-guest-suspend-paths.7.pod").read_text()
    script = re.search(r"^    while read.*?^    done < .*?$", pod,
                       re.MULTILINE | re.DOTALL).group(0)
    node = "/tool/guest-suspend/3/state"
    bin_dir = tmp / "bin"
    bin_dir.mkdir()
    hook(bin_dir / "xenstore-watch", 0o755,
         f"#!/bin/sh\n[ $1 = /tool/guest-suspend ] || echo $$ >{tmp}/watcher\n"
         f"for _ in 1 2 3; do echo {node} token; done\n"
         "[ $# -eq 1 ] && [ $1 = /tool/guest-suspend ] && exit\n"
         "exec sleep 1000\n")
    hook(bin_dir / "xenstore-read", 0o755,
         f"#!/bin/sh\necho $1 >>{tmp}/reads\n"
         f"[ $(wc -l <{tmp}/reads) -lt 2 ] && state=running || state=suspended\n"
         "echo $state seq=5 instance=2 kind=psci since=1700000000.000000042"
         " since-ns=5000 asleep-ns=0 hooks=none\n")
    hook(bin_dir / "xl", 0o755, "#!/bin/sh\necho xl $*\n")
    try:
        subprocess.run(["bash", "-c", script], timeout=LIMIT_S, check=False,
                       env={"PATH": f"{bin_dir}:/usr/bin:/bin"})
        same((tmp / "reads").read_text(),
             2 * f"{node}\n", "example of a wait")
        for start, wanted, what in (
                (r"record=[^\n]*\n    since=", "suspended since 2023-11-14\n",
                 "since when"),
                (r"record=[^\n]*\n    seq=", "xl trigger 3 wake --seq=5\n",
                 "waking that sleep"),
                # This xenstore-watch says the same node three times, and ends.
                (r"xenstore-watch [^\n]*\| while",
                 3 * f"{node} suspended seq=5 instance=2 kind=psci since="
                 "1700000000.000000042 since-ns=5000 asleep-ns=0 hooks=none\n",
                 "printing changes")):
            script = re.search(rf"^    {start}.*?\n\n", pod,
                               re.MULTILINE | re.DOTALL).group(0)
            run = subprocess.run(
                ["sh", "-c", script.replace("date -d", "date +%F -d")],
                stdout=subprocess.PIPE, text=True, check=False,
                env={"PATH": f"{bin_dir}:/usr/bin:/bin", "TZ": "UTC"})
            same(run.stdout, wanted, f"example of {what}")
    except subprocess.TimeoutExpired:
        ok(False, "example of a wait", "it does not end")
    finally:
        os.kill(int((tmp / "watcher").read_text()), signal.SIGKILL)


def test_other_examples(tmp):
    """The hook of the manual, and the script of docs/xenstore-paths.md."""
    bin_dir = tmp / "bin2"
    bin_dir.mkdir()
    hook(bin_dir / "logger", 0o755, '#!/bin/sh\necho "logger $*"\n')
    hook(bin_dir / "xenstore-read", 0o755,
         "#!/bin/sh\necho running seq=7 instance=2 kind=psci\n")
    env = {"PATH": f"{bin_dir}:/usr/bin:/bin", "domid": "3",
           "GUEST_SUSPEND_DOMAIN": "web", "GUEST_SUSPEND_STATE": "running"}
    script = re.search(r"^    (#!/bin/sh\n.*?)\n\n", section("EXAMPLES"),
                       re.MULTILINE | re.DOTALL).group(1)
    run_ = subprocess.run(["sh", "-c", script], env=env, text=True,
                          stdout=subprocess.PIPE, check=False)
    same(run_.stdout, "logger -t guest-suspend web is running\n",
         "example of a hook")
    doc = (SOURCE / "docs/xenstore-paths.md").read_text()
    script = re.search(r"^    record=.*?\n\n", doc,
                       re.MULTILINE | re.DOTALL).group(0)
    run_ = subprocess.run(["sh", "-c", script + 'echo "$state $seq"'], env=env,
                          text=True, stdout=subprocess.PIPE, check=False)
    same(run_.stdout, "running 7\n", "example of docs/xenstore-paths.md")


def test_init(tmp):
    """The script as installed, but for where its daemon and its files are."""
    for need in ("/usr/sbin/start-stop-daemon", "/lib/lsb/init-functions"):
        if not os.path.exists(need):
            ok(True, f"init script # SKIP no {need} here")
            return
    daemon = tmp / "xensuspendd"
    shutil.copy(DAEMON, daemon)
    (tmp / "capabilities").write_text("control_d\n")
    pidfile = tmp / "init.pid"
    text = (BUILD / "tools/xenstore-hooks/xensuspendd.init").read_text()
    for old, new in ((r"^daemon=.*", f"daemon={daemon}"),
                     (r"^pidfile=.*", f"pidfile={pidfile}"),
                     ("/proc/xen/capabilities", f"{tmp}/capabilities")):
        text, times = re.subn(old, new, text, flags=re.MULTILINE)
        ok(times == 1, f"the script has one {old}")
    hook(tmp / "init", 0o755, text)

    def init(*words):
        return subprocess.run(
            [tmp / "init", *words], stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            timeout=LIMIT_S)

    def does(word, wanted):
        seen = init(word)
        same(seen.returncode, wanted, f"init script: {word} ({seen.stdout!r})")

    try:
        does("status", 3)
        does("stop", 0)
        does("start", 0)
        ok(pidfile.exists(), "started means ready")
        first = pidfile.read_text()
        does("status", 0)
        does("start", 0)
        same(pidfile.read_text(), first, "a second start changes nothing")
        does("reload", 0)
        does("restart", 0)
        ok(pidfile.read_text() != first, "another one runs after a restart")
        does("stop", 0)
        does("status", 3)
        does("nonsense", 2)
        os.environ["GS_FAKE_ERRNO"] = "38"
        ok(init("start").returncode != 0, "a daemon that fails is no success")
        del os.environ["GS_FAKE_ERRNO"]
        (tmp / "capabilities").write_text("\n")
        does("start", 0)
    finally:
        init("stop")


def test_unit():
    if not shutil.which("systemd-analyze"):
        ok(True, "systemd unit # SKIP no systemd-analyze here")
        return
    with tempfile.TemporaryDirectory() as tmp:
        unit = pathlib.Path(tmp) / "xensuspendd.service"
        text = (BUILD / "tools/xenstore-hooks/xensuspendd.service").read_text()
        # Installed it has this name; here it need not be.
        unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={DAEMON}", text,
                               flags=re.MULTILINE))
        # Without man pages, which are looked for where they would be installed.
        seen = subprocess.run(["systemd-analyze", "verify", "--man=no", unit],
                              stdout=subprocess.PIPE, text=True, check=False,
                              stderr=subprocess.STDOUT, timeout=LIMIT_S)
        ours = [line for line in seen.stdout.splitlines()
                if "xensuspendd" in line]
        same((seen.returncode, ours), (0, []), "systemd-analyze verify")
        seen = subprocess.run(["systemd-analyze", "security", "--offline=yes",
                               "--threshold=16", unit], check=False, text=True,
                              stdout=subprocess.PIPE, timeout=LIMIT_S,
                              stderr=subprocess.STDOUT)
        ok(seen.returncode == 0, "exposure of the service is 1.6 at most",
           seen.stdout.splitlines()[-1])


def main():
    with tempfile.TemporaryDirectory() as name:
        tmp = pathlib.Path(name)
        test_options()
        test_closed(tmp)
        test_check(tmp)
        test_life(tmp)
        test_kill(tmp)
        test_other_user(tmp)
        test_wake_later(tmp)
        test_paths_examples(tmp)
        test_other_examples(tmp)
        test_init(tmp)
    test_unit()
    return end()


sys.exit(main())
