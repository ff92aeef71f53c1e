# SPDX-License-Identifier: GPL-2.0-only
"""wol-traffic.py [--packets=N] [--rounds=N] XEN_GUEST_WOL

What an idle xen-guest-wol costs while other packets arrive on its interface.  Needs
root, and no Xen: the filter of a packet socket is the kernel's matter.

The network is a veth pair in a network namespace of its own.  One thread sends on one
end, for a MAC that nobody has.  The kernel receives in the sender's context, or in
ksoftirqd of the same CPU.  The CPU time of both is what a packet costs.  Rounds with
and without the daemon take turns.
"""

import argparse
import ctypes
import os
import socket
import statistics
import struct
import subprocess
import sys
import time

RECEIVER, SENDER = "wol0", "veth0"
# Ethernet frames without their checksum.
KINDS = [("TCP, 60 bytes", 60, 6), ("UDP, 60 bytes", 60, 17),
         ("TCP, 1514 bytes", 1514, 6), ("UDP, 1514 bytes", 1514, 17)]
# Checksum, preamble and gap.
OVERHEAD = 24
GIGABIT = 1e9 / 8
BATCH = 256
LIBC = ctypes.CDLL(None, use_errno=True)
SOL_PACKET, PACKET_QDISC_BYPASS, ETH_P_IP = 263, 20, 0x0800


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Header(ctypes.Structure):
    """struct msghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint),
                ("iov", ctypes.POINTER(Iovec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class Message(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [("header", Header), ("len", ctypes.c_uint)]


def run(*command):
    subprocess.run(command, check=True)


def frame(length, protocol, port=5001, payload=b""):
    """An IPv4 packet for another host's MAC."""
    body = struct.pack("!HHHH", 40000, port, length - 34, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length - 14, 1, 0, 64, protocol, 0,
                     bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
    ethernet = bytes.fromhex("00163e0000aa" "00163e0000bb") + struct.pack("!H", ETH_P_IP)
    return (ethernet + ip + body).ljust(length, b"\0")


class Sender:
    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind((SENDER, 0))
        self.socket.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)

    def prepare(self, data):
        self.buffer = ctypes.create_string_buffer(data, len(data))
        self.iov = Iovec(ctypes.addressof(self.buffer), len(data))
        self.messages = (Message * BATCH)()
        for message in self.messages:
            message.header.iov, message.header.iovlen = ctypes.pointer(self.iov), 1

    def send(self, packets):
        """Until so many have arrived: the receiver's queue may be full meanwhile."""
        arrived, deadline = received(), time.monotonic() + 60
        while received() < arrived + packets:
            if time.monotonic() > deadline:
                sys.exit(f"{packets} packets did not arrive within 60 s")
            for _ in range(16):
                if LIBC.sendmmsg(self.socket.fileno(), self.messages, BATCH, 0) != BATCH:
                    time.sleep(0.001)
        return received() - arrived


def text(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def received():
    # sysfs would be the old namespace's.
    for line in text("/proc/self/net/dev").splitlines():
        interface, _, numbers = line.strip().partition(":")
        if interface == RECEIVER:
            return int(numbers.split()[1])
    sys.exit(f"no {RECEIVER}")


def ran_ns(pid):
    return int(text(f"/proc/{pid}/schedstat").split()[0])


def switches(pid):
    return sum(int(line.split()[1]) for line in text(f"/proc/{pid}/status").splitlines()
               if "ctxt_switches" in line)


def softirq_thread(cpu):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if text(f"/proc/{pid}/comm") == f"ksoftirqd/{cpu}\n":
                return pid
        except FileNotFoundError:
            pass
    sys.exit("no ksoftirqd")


def until(condition, what):
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"not within 10 s: {what}")
        time.sleep(0.01)


def listens():
    """A packet socket is bound to the interface, besides the sender's."""
    index = str(socket.if_nametoindex(RECEIVER))
    return any(line.split()[4] == index for line in text("/proc/self/net/packet").splitlines()[1:])


class Daemon:
    def __init__(self, program, **arguments):
        self.child = subprocess.Popen([program, RECEIVER], **arguments)
        until(listens, "the daemon listens")
        self.pid = self.child.pid
        self.before = (ran_ns(self.pid), switches(self.pid))

    def idle(self):
        """Whether it has run since."""
        return (ran_ns(self.pid), switches(self.pid)) == self.before

    def end(self):
        self.child.terminate()
        self.child.wait()
        until(lambda: not listens(), "the daemon's end")


def per_packet_ns(sender, packets, softirq):
    began = time.thread_time_ns() + ran_ns(softirq)
    arrived = sender.send(packets)
    return (time.thread_time_ns() + ran_ns(softirq) - began) / arrived


def measure(kind, arguments, sender, softirq):
    name, length, protocol = kind
    sender.prepare(frame(length, protocol))
    without, beside, ran = [], [], 0
    for _ in range(arguments.rounds):
        without.append(per_packet_ns(sender, arguments.packets, softirq))
        daemon = Daemon(arguments.program)
        beside.append(per_packet_ns(sender, arguments.packets, softirq))
        ran += not daemon.idle()
        daemon.end()
    off, on = statistics.median(without), statistics.median(beside)
    rate = GIGABIT / (length + OVERHEAD)
    differences = [b - a for a, b in zip(without, beside)]
    quartiles = statistics.quantiles(differences, n=4)
    print(f"{name}: without {off:.0f} ns a packet, with {on:.0f}; "
          f"difference {statistics.median(differences):.0f} ns "
          f"(quartiles {quartiles[0]:.0f}, {quartiles[2]:.0f}); "
          f"1 Gbit/s is {rate:.0f} packets a second: "
          f"{off * rate / 1e7:.1f} and {on * rate / 1e7:.1f} % of a CPU; "
          f"rounds in which the daemon ran: {ran} of {arguments.rounds}", flush=True)
    return ran


def magic_packet_arrives(arguments, sender):
    """Otherwise all this would say nothing."""
    # There is no xenstore here, which it says.
    daemon = Daemon(arguments.program, stderr=subprocess.DEVNULL)
    payload = b"\xff" * 6 + bytes.fromhex("00163e0000aa") * 16
    sender.prepare(frame(42 + len(payload), 17, 9, payload))
    sender.send(BATCH)
    until(lambda: not daemon.idle(), "the daemon takes a magic packet")
    daemon.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--packets", type=int, default=300000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("program")
    arguments = parser.parse_args()
    if "WOL_TRAFFIC_NETWORK" not in os.environ:
        os.environ["WOL_TRAFFIC_NETWORK"] = "y"
        os.execvp("unshare", ["unshare", "--net", "--", *sys.orig_argv])
    run("ip", "link", "add", RECEIVER, "type", "veth", "peer", "name", SENDER)
    for interface in RECEIVER, SENDER:
        run("ip", "link", "set", interface, "up")
    cpu = os.cpu_count() - 1
    os.sched_setaffinity(0, {cpu})
    softirq = softirq_thread(cpu)
    sender = Sender()
    ran = sum(measure(kind, arguments, sender, softirq) for kind in KINDS)
    magic_packet_arrives(arguments, sender)
    return 1 if ran else 0


sys.exit(main())
