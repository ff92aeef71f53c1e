#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""measure.py TREE: what the two patches in docs/xenstored gain.

The xenstored of TREE, a source tree of Xen, is built without and with them, with a
fake Xen below it, and runs under callgrind: so many instructions and poll() calls
for each request, with 1, 20 and 100 guests.  A guest has a ring
and a node, and two connections of its "xl create" process, each with a watch.
Prints TAP, then a table.

Exit status: 0 both patches apply and gain, 1 they do not, 3 the environment is at
fault.
"""

import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "tests/unit"))

from tap import end, ok  # noqa: E402

PATCHES = sorted((TOP / "docs/xenstored").glob("*.patch"))
GUESTS = (1, 20, 100)
REQUESTS = 100
READ, WATCH, INTRODUCE, WRITE, SET_PERMS = 2, 4, 8, 11, 14
XS_ERROR, WATCH_EVENT = 16, 15
WRAPPED = ("poll", "xenbus_map", "get_xenbus_evtchn")
WHAT = {"a question": READ, "a write": WRITE}

class Environment(Exception):
    pass


def must(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False, **more)
    if done.returncode:
        raise Environment(f"{command[0]}: {done.stdout}")
    return done.stdout


def build(source, work):
    """xenstored, from that tree."""
    include = source / "inc"
    include.mkdir()
    (include / "xen").symlink_to(source / "xen/include/public")
    (include / "_paths.h").write_text(
        f'#define XEN_RUN_DIR "{work}"\n#define XEN_LIB_DIR "{work}"\n'
        "#define INCLUDE_ENDIAN_H <endian.h>\n"
        f'#define XEN_LOG_DIR "{work}"\n#define XEN_RUN_STORED "{work}"\n')
    tree = source / "tools/xenstored"
    files = [str(f) for f in tree.glob("*.c")
             if f.name not in ("minios.c", "lu_minios.c")]
    program = source / "xenstored"
    must(["gcc", "-O2", "-g", "-std=gnu99", "-w", "-D_DEFAULT_SOURCE",
          "-D__XEN_TOOLS__", "-include", str(include / "_paths.h"),
          f"-I{include}", f"-I{source}/tools/include",
          f"-I{source}/tools/include/xen-sys/Linux", f"-I{tree}", *files,
          str(TOP / "tests/xenstored/fake_xen.c"),
          "-Wl," + ",".join(f"--wrap={w}" for w in WRAPPED),
          "-o", str(program)])
    return program


class Client:
    """One connection."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))

    def receive(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise Environment("xenstored has ended")
            data += more
        return data

    def ask(self, kind, *words, last=b"\0"):
        body = b"\0".join(w.encode() for w in words) + last
        self.socket.sendall(struct.pack("=4I", kind, 1, 0, len(body)) + body)
        while True:
            got, _, _, size = struct.unpack("=4I", self.receive(16))
            answer = self.receive(size)
            if got == XS_ERROR:
                raise Environment(f"{kind} {words}: {answer}")
            if got != WATCH_EVENT:
                return answer


def guests(path, nr):
    """Connections, to be kept."""
    client = Client(path)
    kept = [client]
    for domid in range(1, nr + 1):
        home = f"/local/domain/{domid}"
        client.ask(WRITE, f"{home}/name", f"guest{domid}", last=b"")
        client.ask(SET_PERMS, home, "n0", f"r{domid}")
        client.ask(INTRODUCE, str(domid), "1", str(domid + 1))
        for what in ("@releaseDomain", home):
            xl = Client(path)
            xl.ask(WATCH, what, "token")
            kept.append(xl)
    client.ask(WRITE, "/tool/node", "x" * 200, last=b"")
    client.ask(SET_PERMS, "/tool/node", "n0")
    client.ask(SET_PERMS, "/tool", "n0")
    return kept


def wait_for(path, child):
    """Until the socket takes connections; 60 s at most.  It is there before it
    does."""
    for _ in range(600):
        try:
            Client(path).socket.close()
            return
        except OSError:
            pass
        try:
            child.wait(0.1)
            return
        except subprocess.TimeoutExpired:
            pass


def ask(client, kind):
    if kind == READ:
        client.ask(READ, "/tool/node")
    else:
        client.ask(WRITE, "/tool/node", "y" * 200, last=b"")


def count_anew(polls, client):
    """See fake_xen.c."""
    with open(polls, "r+b") as f:
        f.seek(8)
        f.write(struct.pack("=Q", 1))
        f.flush()
    while struct.unpack("=2Q", polls.read_bytes()[:16])[1]:
        ask(client, READ)


def run(program, work, nr, kind):
    """Instructions and polls of one request."""
    path, out, polls = work / "socket", work / "callgrind.out", work / "polls"
    for stale in (path, out, polls):
        stale.unlink(missing_ok=True)
    child = subprocess.Popen(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
         str(program), "-N"], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, "POLLS": str(polls), "XENSTORED_RUNDIR": str(work),
             "XENSTORED_PATH": str(path)})
    try:
        wait_for(path, child)
        kept = guests(path, nr)
        count_anew(polls, kept[0])
        for _ in range(REQUESTS):
            ask(kept[0], kind)
    except OSError as why:
        child.kill()
        raise Environment(f"{why}: {child.stderr.read()}") from why
    finally:
        child.terminate()
        child.wait()
        child.stderr.close()
    total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(),
                      re.MULTILINE)
    return (int(total.group(1)) / REQUESTS,
            struct.unpack("=Q", polls.read_bytes()[:8])[0] / REQUESTS)


def measure(program, work):
    """By (what, guests): instructions and polls of one request."""
    return {(what, nr): run(program, work, nr, kind)
            for nr in GUESTS for what, kind in WHAT.items()}


def main(argv):
    if not shutil.which("valgrind"):
        raise Environment("there is no valgrind")
    work = pathlib.Path(tempfile.mkdtemp(prefix="xs"))
    try:
        base = pathlib.Path(argv[0])
        found = {}
        for name, patches in (("as it is", []), ("1", PATCHES[:1]),
                              ("2", PATCHES[1:]), ("1 and 2", PATCHES)):
            tree = work / f"tree{len(found)}"
            for part in ("tools/xenstored", "tools/include",
                         "xen/include/public"):
                shutil.copytree(base / part, tree / part, symlinks=True)
            for patch in patches:
                done = subprocess.run(
                    ["patch", "-s", "-p1", "-F0", "-i", str(patch)], cwd=tree,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    check=False, text=True)
                ok(not done.returncode, f"{patch.name} applies", done.stdout)
            found[name] = measure(build(tree, work), work)
    finally:
        shutil.rmtree(work)
    for nr in GUESTS:
        for what in WHAT:
            before, one, two, both = (found[name][what, nr] for name in found)
            ok(before[1] > 2.9 and one[1] < 1.1 and one[0] < before[0],
               f"reply without another poll: {what}, {nr} guests",
               (before, one))
            if what == "a write":
                ok(two[0] < before[0], f"watches first: {what}, {nr} guests",
                   (before, two))
            ok(both[0] < min(one[0], two[0]) * 1.1,
               f"both: {what}, {nr} guests", (one, two, both))
    status = end()
    print("# | instructions; polls | " + " | ".join(found) + " |")
    for what in WHAT:
        for nr in GUESTS:
            print(f"# | {what}, {nr} guests | " + " | ".join(
                f"{found[name][what, nr][0]:.0f}; "
                f"{found[name][what, nr][1]:.2g}" for name in found) + " |")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Environment as why:
        print(f"measure.py: {why}", file=sys.stderr)
        sys.exit(3)
