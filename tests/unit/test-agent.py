#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""xen-guest-suspend-agent against a xenstored that is played at the other end of a
terminal, and a kernel made of files."""

import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import tty

sys.dont_write_bytecode = True

from tap import end, ok  # noqa: E402

AGENT = pathlib.Path(os.environ["GS_BUILDDIR"]).resolve() / "tests/unit/agent-fake"
READ, WATCH, START, END, WRITE, EVENT, ERROR = 2, 4, 6, 7, 11, 15, 16
FEATURE, REQUEST = "control/feature-s3", "control/shutdown"
PATIENCE = 60


class Host:
    """Nodes, the agent on them, and the folder with the files that it sees."""

    def __init__(self, *args, feature="", request="", mem_sleep="s2idle [deep]",
                 files=()):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        (self.path / "power").mkdir()
        (self.path / "power/mem_sleep").write_text(mem_sleep + "\n")
        (self.path / "power/state").write_text("")
        for name, text in files:
            (self.path / name).write_text(text)
            (self.path / name).chmod(0o755)
        self.nodes = {REQUEST: request.encode()}
        if feature is not None:
            self.nodes[FEATURE] = feature.encode()
        self.started = None         # called at the next transaction's start
        self.conflicts = 0          # transactions to fail
        self.looks = 0              # of the agent's at whether it is asked
        self.reply = None           # bytes to send instead of the next reply
        self.transaction = None
        self.end, slave = pty.openpty()
        tty.setraw(slave)
        self.device = os.ttyname(slave)
        self.slave = slave
        self.log = open(self.path / "log", "w+b")
        self.agent = self.run(*args, stderr=self.log)

    def run(self, *args, **more):
        return subprocess.Popen([AGENT, f"--device={self.device}", *args],
                                cwd=self.path, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.agent.kill()
        self.agent.wait()
        os.close(self.slave)
        if self.end >= 0:
            os.close(self.end)
        self.log.close()
        self.folder.cleanup()

    def said(self, text):
        return text in (self.path / "log").read_text()

    def slept(self):
        return (self.path / "power/state").read_text()

    def send(self, kind, body, tx=0):
        data = struct.pack("=IIII", kind, 0, tx, len(body)) + body
        while data:
            data = data[os.write(self.end, data):]

    def event(self, node):
        self.send(EVENT, f"{node}\0{node}\0".encode())

    def set(self, node, value):
        self.nodes[node] = value if isinstance(value, bytes) else value.encode()
        self.event(node)

    def get(self, size):
        data = b""
        while len(data) < size:
            data += os.read(self.end, size - len(data))
        return data

    def answer(self):
        kind, _, tx, size = struct.unpack("=IIII", self.get(16))
        body = self.get(size)
        if self.reply is not None:
            os.write(self.end, self.reply)
            self.reply = None
            return
        node, _, value = body.partition(b"\0")
        node = node.decode()
        if kind == START:
            if self.started:
                self.started()
                self.started = None
            self.transaction = {}
            return self.send(START, b"7\0")
        if kind == END:
            written, self.transaction = self.transaction, None
            if body[:1] == b"T" and self.conflicts:
                self.conflicts -= 1
                return self.send(ERROR, b"EAGAIN\0", tx)
            if body[:1] == b"T":
                self.nodes.update(written)
            return self.send(END, b"OK\0", tx)
        if kind == WATCH:
            self.send(WATCH, b"OK\0")
            return self.event(node)
        if kind == READ:
            self.looks += node == REQUEST and not tx
            if node not in self.nodes:
                return self.send(ERROR, b"ENOENT\0", tx)
            return self.send(READ, (self.transaction or {}).get(
                node, self.nodes[node]) if tx else self.nodes[node], tx)
        if kind == WRITE and node not in self.nodes:
            return self.send(ERROR, b"EACCES\0", tx)
        assert kind == WRITE, kind
        if tx:
            self.transaction[node] = value
        else:
            self.nodes[node] = value
            self.event(node)
        return self.send(WRITE, b"OK\0", tx)

    def until(self, condition):
        """Serve the agent until then.  Whether it came to that."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                return False
            if self.end >= 0 and select.select([self.end], [], [], 0.01)[0]:
                self.answer()
        return True

    def ready(self):
        return self.until(lambda: self.nodes.get(FEATURE) == b"1")

    def settle(self):
        """It has done all that it was told of so far."""
        for _ in range(3):
            looks = self.looks
            self.event(FEATURE)
            if not self.until(lambda: self.looks > looks):
                return False
        return True

    def ended(self):
        self.until(lambda: self.agent.poll() is not None)
        return self.agent.returncode


with Host(feature=None) as host:
    ok(host.until(lambda: host.said("dom0 has not made control/feature-s3")),
       "without the node it waits, and says so")
    host.set(FEATURE, "")
    ok(host.ready(), "and sets it when it is there")
    host.set(FEATURE, "")
    ok(host.ready(), "and again, when it is made anew, as by a migration")

    status = pathlib.Path(f"/proc/{host.agent.pid}/status")

    def switches():
        return re.findall(r"ctxt_switches:\t(\d+)", status.read_text())

    def still():
        """For a second: its last step may be yet to come at the first."""
        before = switches()
        time.sleep(1)
        return before == switches()
    ok(host.settle() and any(still() for _ in range(10)),
       "then it does nothing at all")
    print("#", re.search(r"VmRSS:.*", status.read_text())[0])

    second = host.run(stderr=subprocess.PIPE)
    ok(b"another xen-guest-suspend-agent runs" in second.communicate(
        timeout=PATIENCE)[1] and second.returncode == 1,
       "a second agent is refused")

    host.set(REQUEST, "s3")
    ok(host.until(lambda: host.slept() == "mem"), "asked, it writes mem")
    ok(host.nodes[REQUEST] == b"", "and has emptied the node before")

    host.agent.send_signal(signal.SIGTERM)
    ok(host.ended() == 0, "SIGTERM ends it")
    ok(host.nodes[FEATURE] == b"0", "and it can no longer be asked")

with Host(request="s3") as host:
    ok(host.until(lambda: host.slept() == "mem"),
       "a request that was there before it is taken")

with Host() as host:
    host.ready()
    host.settle()
    host.started = lambda: host.nodes.update({REQUEST: b""})
    host.set(REQUEST, "s3")
    ok(host.until(lambda: host.started is None) and host.settle() and
       host.slept() == "", "a request that is withdrawn at the last moment")
    host.started = lambda: host.nodes.update({REQUEST: b"poweroff"})
    host.set(REQUEST, "s3")
    ok(host.until(lambda: host.started is None) and host.settle() and
       host.nodes[REQUEST] == b"poweroff" and host.slept() == "",
       "and one that becomes another are not taken")
    host.conflicts = 2
    host.set(REQUEST, "s3")
    ok(host.until(lambda: host.slept() == "mem") and not host.conflicts,
       "a transaction in vain is done again")

for value in (b"poweroff", b"s3\0", b"s3 ", b"S3", b"s", b"s33", b"s3" * 2048,
              b"\0" * 4096, b"\xff" * 4096):
    with Host() as host:
        host.ready()
        host.set(REQUEST, value)
        ok(host.settle() and host.nodes[REQUEST] == value and
           host.slept() == "" and host.agent.poll() is None,
           f"{value[:8]!r}, {len(value)} bytes: not for it")

LOGIND = ("logind", ""), ("busctl", '#!/bin/sh\necho "$@" >told\nexit $(cat status)\n')
with Host(files=[*LOGIND, ("status", "0")]) as host:
    host.set(REQUEST, "s3")
    told = host.path / "told"
    ok(host.until(lambda: told.exists() and told.read_text().endswith("\n")) and
       told.read_text().split()[-4:] ==
       ["org.freedesktop.login1.Manager", "SuspendWithFlags", "t", "1"] and
       host.slept() == "", "with logind, that is asked, with inhibitors")
    (host.path / "status").write_text("1")
    host.settle()
    host.set(REQUEST, "s3")
    ok(host.until(lambda: host.said("no sleep: ./busctl has exited with status 1")),
       "and its refusal is logged")

with Host("--exec=./own", files=[("own", "#!/bin/sh\necho $# >own.ran\nkill -9 $$\n")],
          mem_sleep="[s2idle]") as host:
    host.set(REQUEST, "s3")
    ok(host.until(lambda: host.said("no sleep: signal 9 ended ./own")) and
       (host.path / "own.ran").read_text() == "0\n" and host.slept() == "",
       "a program of the admin's, with no arguments")

with Host("--exec=./own", files=[("own", "#!/bin/sh\n>own.ran\nexec sleep 1000\n")]) as host:
    host.set(REQUEST, "s3")
    host.until((host.path / "own.ran").exists)
    host.agent.send_signal(signal.SIGTERM)
    ok(host.ended() == 0 and host.nodes[FEATURE] == b"0",
       "SIGTERM ends such a program, too")

with Host(mem_sleep="[s2idle] deep") as host:
    host.set(REQUEST, "s3")
    ok(host.until(lambda: host.said("does not select 'deep'")) and
       host.slept() == "", "not into a sleep that nobody can end")
with Host(mem_sleep="[s2idle]") as host:
    ok(host.ended() == 6 and host.said("cannot sleep") and
       host.nodes[FEATURE] == b"", "where there is no other, it ends")

with Host() as host:
    host.ready()
    host.settle()
    os.remove(host.path / "power/state")
    host.set(REQUEST, "s3")
    ok(host.until(lambda: host.said("no sleep: power/state: No such file")),
       "a kernel that refuses is logged")

for what, reply in (
        ("a reply that is too long", struct.pack("=IIII", READ, 0, 0, 4097)),
        ("a reply of another kind", struct.pack("=IIII", WRITE, 0, 0, 0)),
        ("a length that overflows", struct.pack("=IIII", READ, 0, 0, 2**32 - 1))):
    with Host() as host:
        host.ready()
        host.settle()
        host.reply = reply
        host.event(REQUEST)
        ok(host.ended() == 1 and host.said("Protocol error"), what)
with Host() as host:
    host.ready()
    host.settle()
    host.send(READ, b"")
    ok(host.ended() == 1 and host.said("Protocol error"),
       "a reply that nothing was asked for")

with tempfile.TemporaryDirectory() as folder:
    for args, status in ((["--exec=/nowhere"], 2), (["word"], 2), (["--bad"], 2),
                         (["--help"], 0), (["--version"], 0),
                         (["--device=/nowhere"], 1)):
        ok(subprocess.run([AGENT, *args], cwd=folder, check=False, timeout=PATIENCE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                          ).returncode == status, f"{args}: status {status}")

sys.exit(end())
