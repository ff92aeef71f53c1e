# SPDX-License-Identifier: GPL-2.0-only
"""Run the benchmarks, and print medians and ratios of their samples.

The program tests/bench/bench measures, in dom0, and prints samples; this runs
it (on the rig, or on this very host), prints a table and writes JSON.  What is
ours and what it is held against are samples of the same boot, taken in turn.
Absolute times of an emulated host mean nothing: ratios do.

Exit status: 0 measured, 1 the measurement broke, 2 usage, 3 the environment is
at fault (a host that can't be built or booted).
"""

import argparse
import collections
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("RIG_BUILD", os.path.join(TOP, "build"))
FAILED, ENVIRONMENT = 1, 3
# They compare two hypervisors, so they are for the rig only.
HYPERVISORS = ("paths", "sizes")
FIGURES = ("memory", "commands", "handover", "wake", "events", "xenstore",
           "daemon", *HYPERVISORS)
# They need no guest that reports when it started to run.
FIGURES_X86 = tuple(f for f in FIGURES if f not in ("wake", "paths"))
# The limits of tests/bench/bench.
MOST_SAMPLES, MOST_GUESTS = 10000, 1000
SAMPLE = re.compile(
    r"@ (?P<figure>\S+) (?P<case>\S+) (?P<metric>\S+) (?P<unit>\S+)"
    r" (?P<guests>\d+) (?P<value>-?[\d.]+)$")

# What is compared: a title, the samples' figure, our case, the other case, and the
# metrics.  Some figures have no other case.
COST = ("wall", "cpu", "faults", "system-calls", "hypercalls", "xenstore")
REQUESTS = ("request", "write", "transaction-1", "transaction-6")
PROGRAMS = tuple(f"{program}-{what}"
                 for program in ("xenconsoled", "xl", "xenstored",
                                 "xensuspendd")
                 for what in ("runs", "cpu"))
COMPARED = [
    ("guest's call to watcher's event", "events", "suspend", "shutdown",
     ("event", "known")),
    ("another program's part in it", "events", "suspend", "shutdown",
     PROGRAMS),
    ("the same, upstream's way", "events", "suspend", "upstream",
     ("event", "known", "recorded")),
    ("another program's part in it", "events", "suspend", "upstream",
     PROGRAMS),
    ("watcher's event, a bare write's", "events", "suspend",
     "write", ("recorded", "beyond-xenstored", "xenstored-runs",
               "xenstored-cpu")),
    ("nodes that xensuspendd writes for it", "events", "suspend", None,
     ("nodes",)),
    ("xenstored with 200 more connections", "xenstore", "connections", "alone",
     REQUESTS),
    ("xenstored with 200 more watches", "xenstore", "watches", "alone",
     REQUESTS),
    ("wake against unpause", "wake", "wake", "unpause",
     ("library", "command")),
    ("wake against upstream's resume", "wake", "wake", "resume",
     ("library", "command")),
    ("suspend-status NAME, xl list NAME", "status-one", "suspend-status",
     "list", COST),
    ("suspend-status NAME, xl domid NAME", "status-one", "suspend-status",
     "domid", COST),
    ("suspend-status NAME, xenstore-read", "status-one", "suspend-status",
     "xenstore-read", COST),
    ("suspend-status DOMID, xenstore-read", "status-one", "suspend-status-id",
     "xenstore-read", COST),
    ("suspend-status DOMID, true", "status-one", "suspend-status-id", "true",
     COST),
    ("suspend-status, xl list", "status-all", "suspend-status", "list", COST),
    ("xl list through ours, stock's", "handover", "ours", "stock", COST),
    ("xensuspendd, for one sleep", "daemon", "one-sleep", None,
     ("system-calls", "hypercalls", "xenstore")),
    ("xensuspendd, for one wake", "daemon", "one-wake", None,
     ("system-calls", "hypercalls", "xenstore")),
    ("burst", "daemon", "burst", None,
     ("published", "lost", "wakes-published", "sleeps-published")),
    ("CPU for each change of a burst", "daemon", "burst", None,
     ("xensuspendd-cpu", "xenstored-cpu", "xenconsoled-cpu", "xl-cpu")),
    ("storm", "daemon", "storm", None,
     ("changes", "published", "settled", "lost", "xensuspendd-share",
      "xenstored-share", "xenconsoled-share", "xl-share")),
    ("xensuspendd, xenconsoled", "memory", "xensuspendd", "xenconsoled",
     ("rss", "pss")),
    ("xensuspendd, xenstored", "memory", "xensuspendd", "xenstored",
     ("rss", "pss")),
    ("a guest's path when nobody sleeps", "paths", "patched", "stock",
     ("hypercall", "inject", "switch")),
    ("a sleep, of 64 vCPUs and of 2", "paths", "64-vcpus", "2-vcpus",
     ("suspend", "wake")),
    ("the hypervisor's memory", "sizes", "patched", "stock",
     ("domain", "vcpu", "text", "data")),
    ("dom0's counter against the guest's", "clock", "error", None, ("most",)),
]


class Samples:
    """All samples, by figure, case, metric and guests; and the host's name."""

    def __init__(self):
        self.values = collections.defaultdict(list)
        self.units = {}
        self.host = ""

    def add(self, line):
        """Whether the line is a sample."""
        if line.startswith("bench: on "):
            self.host = line[len("bench: on "):]
        found = SAMPLE.match(line)
        if not found:
            return False
        s = found.groupdict()
        key = (s["figure"], s["case"], s["metric"], int(s["guests"]))
        self.values[key].append(float(s["value"]))
        self.units[key] = s["unit"]
        return True

    def guests(self, figure, case, metric):
        return sorted(g for f, c, m, g in self.values
                      if (f, c, m) == (figure, case, metric))


def quantile(ordered, part):
    """Of sorted values, interpolated."""
    at = part * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def summary(values):
    ordered = sorted(values)
    return {"median": quantile(ordered, 0.5), "low": quantile(ordered, 0.25),
            "high": quantile(ordered, 0.75), "least": ordered[0],
            "most": ordered[-1], "samples": len(ordered)}


def results(samples):
    """One for each thing compared and each number of guests."""
    found = []
    measured = {(figure, case) for figure, case, _, _ in samples.values}
    for title, figure, ours, stock, metrics in COMPARED:
        # On x86 there is no upstream's way.
        if stock and (figure, stock) not in measured:
            continue
        for metric in metrics:
            for guests in samples.guests(figure, ours, metric):
                key = (figure, ours, metric, guests)
                other = (figure, stock, metric, guests)
                r = {"title": title, "figure": figure, "metric": metric,
                     "unit": samples.units[key], "guests": guests,
                     "ours": {"case": ours, **summary(samples.values[key])},
                     "stock": None, "ratio": None}
                if other in samples.values:
                    r["stock"] = {"case": stock,
                                  **summary(samples.values[other])}
                    if r["stock"]["median"]:
                        r["ratio"] = r["ours"]["median"] / r["stock"]["median"]
                found.append(r)
    return found


def number(value):
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def columns(side):
    """A median, the spread of the middle half, and how many there were."""
    if not side:
        return "-", "", ""
    spread = f"{number(side['low'])}..{number(side['high'])}"
    return number(side["median"]), spread, str(side["samples"])


def table(found):
    """Lines of text."""
    rows = [("", "guests", "unit", "ours", "(middle half)", "n", "stock",
             "(middle half)", "n", "ratio")]
    title = None
    for r in found:
        if r["title"] != title:
            title = r["title"]
            rows.append((title, *[""] * 9))
        ratio = f"{r['ratio']:.3g}" if r["ratio"] is not None else ""
        rows.append((f"  {r['metric']}", str(r["guests"]), r["unit"],
                     *columns(r["ours"]), *columns(r["stock"]), ratio))
    widths = [max(len(row[i]) for row in rows if row[1])
              for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        if not row[1] and row[0]:
            lines.append(row[0])
            continue
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return lines


def figures_of(args):
    """All figures of that architecture, on the rig or --here."""
    return [f for f in (FIGURES_X86 if args.arch == "x86_64" else FIGURES)
            if not args.here or f not in HYPERVISORS]


def commands(args):
    """The commands that measure, and print samples."""
    wanted = args.figures or figures_of(args)
    words = ["-n", str(args.samples), "-d", args.guests,
             *(["-f"] if args.fleet else []),
             *(f for f in wanted if f not in HYPERVISORS)]
    if args.here:
        program = os.path.join(args.here, "tests", "bench", "bench")
        image = os.path.join(args.here, "tests", "guest",
                             "s3count.bin" if args.arch == "x86_64"
                             else "bench.bin")
        return [[program, "-g", image, "-x", args.xl, "-s", args.stock_xl,
                 *words]]
    run = [os.path.join(TOP, "tests", "e2e", "run"), "--plain"]
    found = []
    if "paths" in wanted:
        found.append([*run, "bench-paths@counting",
                      "bench-paths@counting-stock"])
    if set(wanted) - set(HYPERVISORS):
        host = ("@x86" if args.arch == "x86_64" else
                "@counting" if args.counting else "")
        found.append([*run, f"--words={' '.join(words)}", f"bench{host}"])
    return found


def measure(command, samples):
    """Run it; its exit status is the result."""
    try:
        child = subprocess.Popen(command, stdout=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL)
    except OSError as why:
        # Not built, or for another architecture.
        print(f"bench: {command[0]}: {why.strerror}", file=sys.stderr)
        return ENVIRONMENT
    last = None
    try:
        for raw in child.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if not samples.add(line):
                print(line, file=sys.stderr, flush=True)
                continue
            _, figure, _, _, _, guests, _ = line.split()
            if (figure, guests) != last and figure != "clock":
                print(f"==> {figure}, {guests} guests", file=sys.stderr,
                      flush=True)
                last = figure, guests
    except KeyboardInterrupt:
        # It ends its machine, too.
        child.terminate()
        child.wait()
        raise
    return child.wait()


def sizes(args, samples):
    """The sizes of structures and sections in the linked hypervisors."""
    status = 0
    for case, patch in (("patched", "y"), ("stock", "n")):
        built = subprocess.run(
            [os.path.join(TOP, "scripts", "build-hypervisor")],
            env={**os.environ, "RIG_PATCH": patch,
                 "RIG_ARCH": "amd64" if args.arch == "x86_64" else "arm64",
                 "RIG_XEN_CONFIG": "DEBUG_INFO=y"},
            stdout=subprocess.PIPE, check=False)
        status = status or built.returncode
        if built.returncode:
            continue
        image = os.path.join(built.stdout.decode().strip(), "xen-syms")
        for name, size in [*structures(image, ("domain", "vcpu")),
                           *sections(image, (".text", ".data"))]:
            samples.add(f"@ sizes {case} {name} bytes 0 {size}")
    return status


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True,
                          env={**os.environ, "LC_ALL": "C"}
                          ).stdout.decode("utf-8", "replace").splitlines()


def structures(image, names):
    """Their sizes, from the debugging information."""
    found = {}
    inside, at = False, {}
    for line in output_of("readelf", "-wi", image):
        if "(DW_TAG_" in line:
            inside, at = "(DW_TAG_structure_type)" in line, {}
        m = re.search(r"DW_AT_(name|byte_size) *:.* (\S+)$", line)
        if inside and m:
            at[m.group(1)] = m.group(2)
            if at.get("name") in names and "byte_size" in at:
                found[at["name"]] = int(at["byte_size"], 0)
    return [(name, found[name]) for name in names]


def sections(image, names):
    found = []
    for line in output_of("readelf", "-WS", image):
        m = re.search(r"\] (\.\w+) +\w+ +\w+ \w+ (\w+) ", line)
        if m and m.group(1) in names:
            found.append((m.group(1)[1:], int(m.group(2), 16)))
    return found


def read(path):
    """An earlier run's results, worked out again."""
    samples = Samples()
    with open(path, encoding="utf-8") as f:
        for s in json.load(f)["samples"]:
            key = (s["figure"], s["case"], s["metric"], s["guests"])
            samples.values[key] = s["values"]
            samples.units[key] = s["unit"]
    return results(samples)


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def load():
    with open("/proc/loadavg", encoding="ascii") as f:
        return f.read().split()[0]


def commit():
    """The tree's commit, if there is one; "+": with changes since."""
    if not shutil.which("git"):
        return ""
    done = subprocess.run(["git", "-C", TOP, "describe", "--always",
                           "--dirty=+", "--exclude=*"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode().strip()


def document(args, samples, found, about):
    return {
        "format": 1,
        "about": {"host": samples.host, "emulated": not args.here,
                  "counting": args.counting, "commit": commit(),
                  "guests": args.guests, "fleet": args.fleet, **about},
        "results": found,
        "samples": [{"figure": f, "case": c, "metric": m, "guests": g,
                     "unit": samples.units[f, c, m, g], "values": values}
                    for (f, c, m, g), values in sorted(samples.values.items())],
    }


def can_write(path):
    """Checked before hours of measuring, not after them."""
    if not path or os.path.isdir(path):
        return False
    # A file that exists is overwritten: its directory may be read-only.
    if os.path.exists(path):
        return os.access(path, os.W_OK)
    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="bench", description="Measure guest suspend against what comes "
        "with Xen.", epilog=f"FIGURE: {', '.join(FIGURES)} (default: all)")
    parser.add_argument("-n", "--samples", type=int, default=25, metavar="N",
                        help="samples of each (25)")
    parser.add_argument("-d", "--guests", default="1,20,100", metavar="N,...",
                        help="numbers of guests on the host (1,20,100)")
    parser.add_argument("-o", "--output", metavar="FILE",
                        default=os.path.join(BUILD, "bench.json"),
                        help="where the JSON goes (build/bench.json)")
    parser.add_argument("--arch", choices=("arm64", "x86_64"), default=None,
                        help="the rig's (arm64); x86_64 has the figures "
                        f"{', '.join(FIGURES_X86)}")
    parser.add_argument("--counting", action="store_true",
                        help="on a machine whose time counts instructions: "
                        "others' work on this one does not show")
    parser.add_argument("--fleet", action="store_true",
                        help="all guests but one are small ones that are made "
                        "fast and only sleep (arm64; not daemon)")
    parser.add_argument("--here", metavar="BUILD_DIRECTORY",
                        help="on this host, with the programs built there by "
                        "'make rig-programs guests'")
    parser.add_argument("--xl", default="/usr/local/sbin/xl",
                        help="with --here: our xl (/usr/local/sbin/xl)")
    parser.add_argument("--stock-xl", default="/usr/sbin/xl",
                        help="with --here: Xen's xl (/usr/sbin/xl)")
    parser.add_argument("--read", metavar="FILE",
                        help="measure nothing: the table of an earlier run")
    parser.add_argument("figures", nargs="*", metavar="FIGURE")
    args = parser.parse_args(argv)
    if args.here and (args.arch or args.counting):
        parser.error("--here's machine is this one")
    if args.here and platform.machine() == "x86_64":
        args.arch = "x86_64"
    if args.fleet and (args.arch == "x86_64" or "daemon" in args.figures or
                       not args.figures):
        parser.error("--fleet's guests are arm64's, and not for 'daemon'; "
                     "name the figures")
    if args.arch == "x86_64" and args.counting:
        parser.error("only arm64's machine counts")
    for figure in args.figures:
        if figure not in figures_of(args):
            parser.error(f"no figure '{figure}'")
    if not 1 <= args.samples <= MOST_SAMPLES:
        parser.error(f"'{args.samples}' samples: from 1 to {MOST_SAMPLES}")
    if not re.fullmatch(r"[1-9]\d{,8}(,[1-9]\d{,8})*", args.guests):
        parser.error(f"'{args.guests}' is no list of numbers")
    before = 0
    for guests in map(int, args.guests.split(",")):
        if guests > MOST_GUESTS:
            parser.error(f"'{guests}' guests: {MOST_GUESTS} at most")
        if guests <= before:
            parser.error(f"'{guests}' guests after {before}: none is taken "
                         "away")
        before = guests
    return args


def main(argv):
    args = parse(argv)
    # After an interruption, what was measured is printed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if args.read:
        try:
            found = read(args.read)
        except (OSError, ValueError, LookupError, TypeError) as why:
            print(f"bench: {args.read} is no earlier run's result: {why}",
                  file=sys.stderr)
            return FAILED
        print("\n".join(table(found)))
        return 0
    if not can_write(args.output):
        print(f"bench: '{args.output}' can't be written", file=sys.stderr)
        return FAILED
    samples = Samples()
    about = {"begin": now(), "load_begin": load()}
    status = 0
    try:
        for command in commands(args):
            status = measure(command, samples) or status
        if "sizes" in (args.figures or figures_of(args)):
            status = sizes(args, samples) or status
    except KeyboardInterrupt:
        status = 130
    about.update({"end": now(), "load_end": load()})
    if not samples.values:
        print("bench: nothing was measured", file=sys.stderr)
        return status or FAILED
    found = results(samples)
    print("\n".join(table(found)))
    try:
        with open(args.output, "w", encoding="utf-8") as f:
            json.dump(document(args, samples, found, about), f, indent=1)
            f.write("\n")
        print(f"the samples, too: {args.output}", file=sys.stderr)
    except OSError as why:
        print(f"bench: '{args.output}' can't be written: {why.strerror}",
              file=sys.stderr)
        status = status or FAILED
    if status:
        print("bench: the measurement broke; what it had measured is above",
              file=sys.stderr)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
