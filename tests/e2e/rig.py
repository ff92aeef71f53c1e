# SPDX-License-Identifier: GPL-2.0-only
"""The rig's machine: a Xen host under QEMU, driven over its serial line.

Every wait has a limit, and no outcome is guessed: only what the machine printed
counts.
"""

import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

BOOT_S = int(os.environ.get("RIG_BOOT_S", "120"))
# dom0 reports the end of a test, and has a timer of its own.  This much later the
# host asks dom0, and after the same time again it takes dom0 for dead.
GRACE_S = int(os.environ.get("RIG_GRACE_S", "60"))

# How long an amd64 host stays asleep when dom0 puts it to sleep (ACPI S3).
HOST_SLEEP_S = 5
# How often the machine's local APIC is looked at: see Attendant.
LOOK_S = 5

# What Xen says when it dies, has found itself wrong, or sees dom0 die.  Only lines
# of Xen's own count: a test may print what a guest said when that died.  dom0's
# last words look like a guest's, so dom0 is told to reboot, and Xen tells of that.
PANIC = re.compile(
    r"\(XEN\) (\[[^]]*\] )?(Panic on CPU|Xen BUG at|Xen WARN at"
    r"|Assertion '.*' failed|UBSAN:|Hardware Dom0 (crashed|shutdown))")
DOM0_DIES = "oops=panic panic=-1"
# A device that dom0 does not use: a guest can have its interrupt.
SPARE_DEVICE = "/virtio_mmio@a003e00"
# A guest that Xen itself starts, before dom0: where its image lies, and its node.
DOM0LESS_IMAGE = 0x78000000
DOM0LESS_NODE = "/chosen/domU1"
# Ctrl-\: not Ctrl-], which leaves xl console.
ESCAPE = b"\x1c"

QEMU = {
    "arm64": {
        "program": "qemu-system-aarch64",
        # Two CPUs: one for dom0, so that a guest that never sleeps can't
        # starve what watches it.  bootscrub=0 saves ten seconds a boot.
        "args": ["-machine", "virt,virtualization=on,gic-version={gic}",
                 "-cpu", "{cpu}", "-smp", "2"],
        # MiB: of the machine, and of dom0.
        "memory": (3072, 1024),
        # sched_credit2_migrate_resist=0: see docs/testing.md.
        "xen": "dom0_mem={dom0}M dom0_max_vcpus=1 console=dtuart bootscrub=0 "
               "sched_credit2_migrate_resist=0",
        "load": lambda d, xen: [
            "-kernel", f"{d}/xen", "-append", xen,
            "-device", f"guest-loader,addr=0x50000000,kernel={d}/kernel,"
                       f"bootargs=console=hvc0 rdinit=/init quiet {DOM0_DIES}",
            "-device", f"guest-loader,addr=0x60000000,initrd={d}/initrd"],
    },
    "amd64": {
        "program": "qemu-system-x86_64",
        # SVM with nested paging, so that a host has HVM guests.  Each feature
        # that is left out trips over an emulation fault of QEMU 7.2; a second
        # CPU makes this machine slower.
        "args": ["-machine", "pc", "-smp", "1", "-vga", "none",
                 "-cpu", "EPYC,-monitor,-smap,-rdtscp,-xsave,-avx,-avx2"],
        "memory": (2048, 1024),
        "attended": True,
        "xen": "dom0_mem={dom0}M,max:{dom0}M dom0_max_vcpus=1 com1=115200,8n1 "
               "console=com1 bootscrub=0 spec-ctrl=no sched-ratelimit-us=0",
        "load": lambda d, xen: [
            "-kernel", f"{d}/xen", "-append", xen,
            "-initrd", f"{d}/kernel console=hvc0 rdinit=/init quiet "
                       f"mitigations=off {DOM0_DIES},{d}/initrd"],
    },
}


class EnvironmentTrouble(Exception):
    """The environment's fault: nothing is known about the product."""


class MachineDied(Exception):
    """Xen or dom0 died, or does not answer."""


def order(connection, command, arguments=None):
    """Give QEMU an order, in one write: two threads do."""
    text = json.dumps({"execute": command, "arguments": arguments or {}})
    connection.sendall(text.encode() + b"\n")


class Attendant:
    """What a person does at the machine, by QEMU's monitor (QMP): wakes it
    HOST_SLEEP_S after each time that it went to sleep, and presses a key when it
    has lost an interrupt.

    The latter mends a fault of QEMU 7.2: its emulation of SVM and the thread of the
    timers change the CPU's flag for a pending interrupt without a lock.  A timer
    interrupt is lost now and then: pending in the local APIC, but never taken.
    Xen sets its timer again only in that interrupt, so all stands still until
    another one comes: the key's."""

    KEY = {"keys": [{"type": "qcode", "data": "shift"}]}

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rig-")
        path = os.path.join(self.folder, "qmp")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(1)
        self.args = ["-qmp", f"unix:{path}"]
        self.lost = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            connection, _ = self.listener.accept()
            with connection, connection.makefile(encoding="utf-8") as answers:
                order(connection, "qmp_capabilities")
                threading.Thread(target=self.look, args=(connection,),
                                 daemon=True).start()
                self.attend(connection, answers)
        except OSError:
            # QEMU is gone, or was never there.
            pass

    @staticmethod
    def look(connection):
        """Ask for the local APIC's state every LOOK_S."""
        try:
            while True:
                time.sleep(LOOK_S)
                order(connection, "human-monitor-command",
                      {"command-line": "info lapic"})
        except OSError:
            pass

    def attend(self, connection, answers):
        before = None
        for line in answers:
            message = json.loads(line)
            if message.get("event") == "SUSPEND":
                # The length of the host's sleep.
                time.sleep(HOST_SLEEP_S)
                order(connection, "system_wakeup")
            apic = message.get("return")
            if not isinstance(apic, str):
                continue
            # Its timer has run out, an interrupt is pending, and nothing has
            # changed since the last look.
            if (apic == before and "current_count = 0\r" in apic
                    and re.search(r"^IRR\s+\d", apic, re.MULTILINE)):
                self.lost += 1
                order(connection, "send-key", self.KEY)
            before = apic

    def close(self):
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Machine:
    """One boot.  Its serial line goes to log_path, all of it."""

    def __init__(self, image, log_path, tree=None):
        """tree: what is added to the machine's device tree, "spare" or
        "dom0less", or nothing."""
        self.image = image
        self.log_path = log_path
        self.tree = tree
        with open(os.path.join(image, "machine.json"), encoding="ascii") as f:
            self.about = json.load(f)
        self.child = None
        self.attendant = None
        self.log = None
        self.pending = b""
        self.panic = None
        self.orders = 0

    def boot(self):
        """Start it and wait for dom0.  Returns the seconds that it took."""
        qemu = QEMU[self.about["arch"]]
        if not shutil.which(qemu["program"]):
            raise EnvironmentTrouble(
                f"{qemu['program']} is missing: run scripts/setup")
        machine = [a.format(gic=self.about.get("gic", "3"),
                            cpu=self.about.get("cpu", "cortex-a57"))
                   for a in qemu["args"]]
        memory, dom0_memory = self.about.get("memory", qemu["memory"])
        machine += ["-m", str(memory)]
        xen = (qemu["xen"].format(dom0=dom0_memory) + " "
               + self.about.get("xen_args", "")).strip()
        if self.about.get("icount") == "y":
            # A nanosecond is an instruction, and idling takes no time.  One
            # CPU: two would take turns of 100 ms, and time is common to them.
            accel = ["-accel", "tcg,thread=single,tb-size=512", "-smp", "1",
                     "-icount", "shift=0,sleep=off"]
        else:
            accel = ["-accel", "tcg,thread=multi,tb-size=512"]
        command = [qemu["program"], *machine, *accel,
                   "-display", "none", "-monitor", "none", "-serial", "stdio",
                   "-net", "none", "-no-reboot",
                   *qemu["load"](self.image, xen)]
        if qemu.get("attended"):
            self.attendant = Attendant()
            command += self.attendant.args
        if self.tree == "dom0less":
            command += ["-device", f"loader,file={self.image}/dom0less,"
                                   f"addr={DOM0LESS_IMAGE:#x},force-raw=on"]
        if self.tree:
            command += ["-dtb", self.device_tree(command)]
        # Some hosts take longer: a whole Debian does.
        limit = max(BOOT_S, self.about.get("boot_s", 0))
        start = time.monotonic()
        self.log = open(self.log_path, "ab")
        # A session of its own: Ctrl-C is for the harness, which then ends it.
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        os.set_blocking(self.child.stdout.fileno(), False)
        try:
            for line in self.lines(start + limit):
                if "@@rig ready" in line:
                    return time.monotonic() - start
                if "@@rig broken" in line:
                    raise EnvironmentTrouble(line.strip())
        except MachineDied as death:
            if self.panic:
                raise
            raise EnvironmentTrouble(f"the boot failed: {death}") from death
        raise EnvironmentTrouble(f"no dom0 within {limit} s")

    def device_tree(self, command):
        """The machine's device tree, with what the host has besides."""
        changes = {"spare": self.spare_device, "dom0less": self.dom0less_guest}
        path = f"{self.log_path}.dtb"
        if not shutil.which("fdtput"):
            raise EnvironmentTrouble("fdtput is missing: run scripts/setup")
        steps = [[*command, "-machine", f"dumpdtb={path}"]]
        for kind, node, *property_values in changes[self.tree]():
            steps.append(["fdtput", "-p", "-t", kind, path, node,
                          *property_values])
        for step in steps:
            made = subprocess.run(step, stdin=subprocess.DEVNULL, check=False,
                                  capture_output=True, timeout=60)
            if made.returncode:
                raise EnvironmentTrouble(f"no device tree: {made.stderr}")
        return path

    @staticmethod
    def spare_device():
        """One that Xen keeps from dom0."""
        yield "s", SPARE_DEVICE, "xen,passthrough", ""

    def dom0less_guest(self):
        """One of 16 MiB and a vCPU: see Xen's docs/misc/arm/device-tree."""
        size = os.path.getsize(os.path.join(self.image, "dom0less"))
        kernel = f"{DOM0LESS_NODE}/module@{DOM0LESS_IMAGE:x}"
        for name, value in (("#address-cells", "2"), ("#size-cells", "2"),
                            ("cpus", "1"), ("memory", "0 4000")):
            yield "x", DOM0LESS_NODE, name, *value.split()
        yield "s", DOM0LESS_NODE, "compatible", "xen,domain"
        yield "x", kernel, "reg", "0", f"{DOM0LESS_IMAGE:x}", "0", f"{size:x}"
        yield "s", kernel, "compatible", "multiboot,kernel", "multiboot,module"

    def lines(self, deadline):
        """Lines as they come, until the deadline."""
        with selectors.DefaultSelector() as sel:
            sel.register(self.child.stdout, selectors.EVENT_READ)
            while True:
                while b"\n" in self.pending:
                    line, self.pending = self.pending.split(b"\n", 1)
                    text = line.decode("utf-8", "replace").replace("\r", "")
                    found = PANIC.search(text)
                    if found and not self.panic:
                        self.panic = text.strip()
                    yield text
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                if not sel.select(left):
                    continue
                data = os.read(self.child.stdout.fileno(), 65536)
                if not data:
                    status = self.child.wait()
                    raise MachineDied(
                        self.panic or f"QEMU ended, status {status}")
                self.log.write(data)
                self.log.flush()
                self.pending += data

    def say(self, text):
        # The serial line loses characters of long lines.
        assert len(text) < 120, text
        try:
            self.child.stdin.write(text.encode() + b"\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            raise MachineDied("QEMU is gone") from None

    def run_test(self, name, seconds, on_line, words=""):
        """Run a test in dom0, with these words as its parameters; its output
        goes to on_line.  Returns its status."""
        self.orders += 1
        order = f"{os.getpid()}.{self.orders}"
        begin = f"@@{order} begin"
        end = re.compile(rf"@@{re.escape(order)} end (\d+)")
        self.say(f"run {order} {name} {seconds} {words}")
        begun = False
        limit = seconds + GRACE_S
        for attempt in ("run", "again"):
            for line in self.lines(time.monotonic() + limit):
                found = end.search(line)
                if found:
                    return int(found.group(1))
                if begin in line:
                    begun = True
                elif begun:
                    on_line(line)
                if self.panic:
                    # Let it finish its last words.
                    for last in self.lines(time.monotonic() + 3):
                        on_line(last)
                    raise MachineDied(self.panic)
            if attempt == "run":
                # That line may have been damaged by another one.
                self.say(f"again {order}")
                limit = GRACE_S
        raise MachineDied("dom0 does not answer any more")

    def shell(self):
        """Hand the terminal to a shell in dom0, until it is left."""
        self.say("shell")
        stdin = sys.stdin.fileno()
        saved = termios.tcgetattr(stdin) if os.isatty(stdin) else None
        try:
            if saved:
                tty.setraw(stdin)
            self.relay(stdin)
        finally:
            if saved:
                termios.tcsetattr(stdin, termios.TCSADRAIN, saved)

    def relay(self, stdin):
        left = b"@@rig shell left"
        tail = b""
        out = sys.stdout.fileno()
        with selectors.DefaultSelector() as sel:
            sel.register(self.child.stdout, selectors.EVENT_READ)
            sel.register(stdin, selectors.EVENT_READ)
            while True:
                for key, _ in sel.select():
                    data = os.read(key.fd, 4096)
                    if key.fd == stdin:
                        if not data or ESCAPE in data:
                            return
                        self.child.stdin.write(data)
                        self.child.stdin.flush()
                        continue
                    if not data:
                        return
                    self.log.write(data)
                    os.write(out, data)
                    tail = (tail + data)[-200:]
                    if left in tail:
                        return

    def off(self):
        """Power off, and kill the machine if it does not end."""
        if not self.child:
            return
        if self.child.poll() is None:
            try:
                self.say("off")
                for _ in self.lines(time.monotonic() + 10):
                    pass
            except MachineDied:
                pass
        self.kill()

    def kill(self):
        if self.child and self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
        if self.attendant:
            self.attendant.close()
        if self.log:
            self.log.close()

    def lost_interrupts(self):
        """How many QEMU has lost so far: see Attendant."""
        return self.attendant.lost if self.attendant else 0

    def last_lines(self, count=25):
        with open(self.log_path, "rb") as f:
            f.seek(0, os.SEEK_END)
            f.seek(max(0, f.tell() - 8192))
            text = f.read().decode("utf-8", "replace").replace("\r", "")
        return text.splitlines()[-count:]
