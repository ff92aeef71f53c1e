#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""xen-guest-wol on a network of its own: a veth pair, real clients, no Xen."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True

from tap import end, ok, same, skip  # noqa: E402

BUILD = pathlib.Path(os.environ["GS_BUILDDIR"])
PROGRAM = str(BUILD / "tests/unit/xen-guest-wol-fake")
HERE = os.path.abspath(__file__)
MAC, PASSWORD = "00:16:3e:00:00:07", "01:23:45:67:89:ab"
CLIENTS = {
    "etherwake": ["etherwake", "-i", "send", MAC],
    "etherwake, broadcast": ["etherwake", "-b", "-i", "send", MAC],
    "wakeonlan": ["wakeonlan", "-i", "10.99.0.255", MAC],
    "wakeonlan, port 7": ["wakeonlan", "-i", "10.99.0.255", "-p", "7", MAC],
}
SENDERS = {"etherwake": "02:00:00:00:00:01", "wakeonlan": "10.99.0.1"}


def in_network():
    """Run this again where there is a network of our own; None: cannot be."""
    for options in (["-n"], ["-rn"]):
        if subprocess.run(["unshare", *options, "ip", "link", "add", "x", "type",
                           "veth"], capture_output=True, check=False).returncode == 0:
            return subprocess.run(["unshare", *options, sys.executable, HERE, "inside"],
                                  check=False).returncode
    return None


def body(mac, repeats=16):
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * repeats


class Daemon:
    """One that listens, and what it says."""

    def __init__(self, *options):
        self.child = subprocess.Popen([PROGRAM, *options, "listen"],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True)
        # Ends the wait for a line that does not come.
        timer = threading.Timer(60, self.child.kill)
        timer.daemon = True
        timer.start()
        deadline = time.monotonic() + 30
        while "listening" not in packet_sockets():
            assert self.child.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)

    def line(self):
        return self.child.stdout.readline().strip()

    def stop(self):
        self.child.terminate()
        left = self.child.stdout.read()
        self.child.wait()
        return left


def packet_sockets():
    """Whether a socket is bound to an interface: the one of ours."""
    lines = pathlib.Path("/proc/net/packet").read_text().splitlines()[1:]
    return ["listening" for line in lines if line.split()[4] != "0"]


def send(port, payload):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.sendto(payload, ("10.99.0.255", port))


def test_clients():
    daemon = Daemon()
    for what, command in CLIENTS.items():
        if not shutil.which(command[0]):
            skip(what, f"{command[0]} is not installed")
            continue
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        same(daemon.line(), f"wake {MAC} of all asked by {SENDERS[command[0]]}", what)
    # Of these only the last is one.
    send(9, body(MAC, 15))
    send(10, body(MAC))
    send(9, b"x" * 1000)
    send(9, b"x" * 1000 + body("00:16:3e:00:00:08"))
    same(daemon.line(), "wake 00:16:3e:00:00:08 of all asked by 10.99.0.1",
         "what is no magic packet is passed over")
    same(daemon.stop(), "", "nothing besides")


def test_password(folder):
    path = os.path.join(folder, "password")
    pathlib.Path(path).write_text(PASSWORD + "\n", encoding="ascii")
    daemon = Daemon(f"--password-file={path}", "--guest=web")
    password = bytes.fromhex(PASSWORD.replace(":", ""))
    send(9, body(MAC))
    send(9, body(MAC) + password[:5] + b"\0")
    send(9, body(MAC) + password[:5])
    send(9, body("00:16:3e:00:00:09") + password)
    same(daemon.line(), "wake 00:16:3e:00:00:09 of web asked by 10.99.0.1",
         "only the packet with the password")
    same(daemon.stop(), "", "nothing besides")
    for text in ("", "01:23:45:67:89", "01:23:45:67:89:ab x"):
        pathlib.Path(path).write_text(text, encoding="ascii")
        tried = subprocess.run([PROGRAM, f"--password-file={path}", "listen"],
                               capture_output=True, text=True, check=False)
        ok(tried.returncode == 2 and path in tried.stderr,
           f"password file of {text!r}: refused")


def test_flood():
    daemon = Daemon()
    for _ in range(200):
        send(9, body(MAC))
    said = daemon.line()
    count = 0
    while said.startswith("wake "):
        count += 1
        said = daemon.line()
    ok(16 <= count < 200, f"a flood of 200: {count} served before the limit")
    same(said, "xen-guest-wol: too many packets, the last by 10.99.0.1:"
         " some are ignored", "and it says so")
    daemon.stop()
    # It goes on, and some are served again, one at a time: that is still one flood.
    daemon = Daemon()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        send(9, body(MAC))
        time.sleep(0.001)
    same(daemon.stop().count("too many"), 1, "once for the whole flood")


def test_interfaces():
    tried = subprocess.run([PROGRAM, "nosuch"], capture_output=True, text=True, check=False)
    ok(tried.returncode == 1 and "'nosuch'" in tried.stderr, "no such interface")
    tried = subprocess.run([PROGRAM], capture_output=True, text=True, check=False)
    same(tried.returncode, 2, "no interface")
    daemon = Daemon()
    subprocess.run(["ip", "link", "set", "listen", "down"], check=True)
    subprocess.run(["ip", "link", "set", "listen", "up"], check=True)
    subprocess.run(["ip", "link", "set", "send", "up"], check=True)
    deadline = time.monotonic() + 30
    while ("LOWER_UP" not in subprocess.run(["ip", "link", "show", "send"], check=True,
                                            capture_output=True, text=True).stdout
           and time.monotonic() < deadline):
        time.sleep(0.01)
    send(9, body(MAC))
    same(daemon.line(), f"wake {MAC} of all asked by 10.99.0.1",
         "an interface that was down")
    # Most likely it sees that the interface is down before that one is removed.
    subprocess.run(["ip", "link", "set", "listen", "down"], check=True)
    time.sleep(0.2)
    subprocess.run(["ip", "link", "del", "listen"], check=True)
    ok("'listen'" in daemon.line() and daemon.child.wait() == 1,
       "an interface that is gone: it ends, and says so")


def inside():
    for command in ("link add listen type veth peer name send",
                    "link set send address 02:00:00:00:00:01",
                    "link set lo up", "link set listen up", "link set send up",
                    "addr add 10.99.0.1/24 brd 10.99.0.255 dev send"):
        subprocess.run(["ip", *command.split()], check=True)
    test_clients()
    with tempfile.TemporaryDirectory() as folder:
        test_password(folder)
    test_flood()
    test_interfaces()
    return end()


def main():
    if sys.argv[1:] == ["inside"]:
        return inside()
    status = in_network() if shutil.which("ip") else None
    if status is None:
        print("1..0 # skip no network namespace with a veth pair can be had here")
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())
