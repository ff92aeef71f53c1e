#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Do xl's manual pages say what the program does?  Options, exit statuses and
synopsis against "--help", which is made from the table that the program runs
by; JSON keys against the program's JSON; and the examples are run."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from tap import end, same  # noqa: E402

SOURCE = pathlib.Path(os.environ["GS_SRCDIR"])
XL = pathlib.Path(os.environ["GS_BUILDDIR"]) / "tests/unit/xl-fake"
PAGES = {
    "xl-suspend-status.1": ["suspend-status"],
    "xl-trigger-wake.1": ["trigger", "x", "wake"],
    "xl-trigger-sleep.1": ["trigger", "x", "sleep"],
}
# Statuses that a command cannot end with, and does not list.
NEVER = {"xl-suspend-status.1": {8, 9}, "xl-trigger-wake.1": {8, 9},
         "xl-trigger-sleep.1": {3}}


def section(pod, title):
    return re.search(rf"^=head1 {title}\n(.*?)(?=^=head1|\Z)", pod,
                     re.MULTILINE | re.DOTALL).group(1)


def plain(pod):
    return re.sub(r"[BICFL]<([^<>]*)>", r"\1", pod)


def options_of(lines):
    """Each option as (letter, name, argument), from "-x, --name=ARG" lines."""
    return [(m[1], m[2], m[3]) for m in
            (re.match(r"(?:-(\w), +)?--([\w-]+)(?:=(\w+))?(?:\s|$)", line)
             for line in lines) if m]


for page, words in PAGES.items():
    pod = (SOURCE / "man" / f"{page}.pod").read_text()
    usage = subprocess.run([XL, *words, "--help"], check=True, timeout=60,
                           stdout=subprocess.PIPE, text=True).stdout

    items = re.findall(r"^=item (.*)$", section(pod, "OPTIONS"), re.MULTILINE)
    same(options_of(plain(item) for item in items),
         options_of(line.strip() for line in usage.splitlines()),
         f"{page}: options")

    items = re.findall(r"^=item B<(\d+)>\n\n(.*?)(?=^=)",
                       section(pod, "EXIT STATUS"), re.MULTILINE | re.DOTALL)
    told = [(int(status), meaning) for status, meaning in
            re.findall(r"^  (\d)  (.*)$", usage, re.MULTILINE)]
    same([int(status) for status, _ in items],
         [status for status, _ in told if status not in NEVER[page]],
         f"{page}: exit statuses")
    for (_, text), (status, meaning) in zip(
            items, (t for t in told if t[0] not in NEVER[page])):
        first = meaning.split(";")[0]
        same(plain(text).lower().startswith(first.lower()), True,
             f"{page}: exit status {status}: '{first}'")

    same(plain(section(pod, "SYNOPSIS")).strip(),
         usage.splitlines()[0].removeprefix("Usage: "), f"{page}: synopsis")
    same(plain(section(pod, "NAME")).strip().split(" - ")[1].lower(),
         usage.splitlines()[2].rstrip(".").lower(), f"{page}: what it is for")


def rows_of(*lines):
    with tempfile.NamedTemporaryFile("w") as host:
        host.write("".join(f"{line}\n" for line in lines))
        host.flush()
        return json.loads(subprocess.run(
            [XL, "suspend-status", "--json"], check=True, timeout=60,
            stdout=subprocess.PIPE,
            env=dict(os.environ, GS_FAKE_HOST=host.name)).stdout)


pod = (SOURCE / "man/xl-suspend-status.1.pod").read_text()
told = {}
for item, text in re.findall(r"^=item (.*?)\n\n(.*?)(?=^=)",
                             section(pod, "JSON"), re.MULTILINE | re.DOTALL):
    for key in re.findall(r"C<(\w+)>", item):
        told[key] = text

# Each word that there is, and one that a newer hypervisor may have.
NAMES = (SOURCE / "tools/libs/light/guest_suspend_names.c").read_text()
WORDS = {key: re.findall(r'"([\w-]+)"', re.search(
    rf"gsuspend_{table}_names\[\] = {{(.*?)}};", NAMES, re.DOTALL).group(1))
    for key, table in (("state", "state"), ("kind", "kind"),
                       ("wake_reason", "wake"), ("denied_reason", "denied"))}
for key, words in WORDS.items():
    same(re.findall(r'C<"([\w-]+)">', told[key]), words, f"the words of {key}")
# Of the reasons of a wake, it can be due for one only.
WORDS["wake_due"] = ["none", "alarm"]
same(re.findall(r'C<"([\w-]+)">', told["wake_due"]), WORDS["wake_due"],
     "the words of wake_due")

rows = rows_of("domain 1 x - 0 0 1 1 0 0 4294967295 4294967295 0 0 0 0 0",
               "domain 2 - - 1 1 2 2 1 1 32 0 5 6 7 8 1")
same(list(rows[0]), list(rows[1]), "each object has the same keys")
same(sorted(told), sorted(rows[0]), "the keys of the JSON")
for row in rows:
    for key, value in row.items():
        if key in WORDS:
            good = value in WORDS[key]
        elif value is None:
            good = "or null" in told[key]
        else:
            good = told[key].startswith(
                "Number" if isinstance(value, int) else "String")
        same(good, True, f"domain {row['domid']}: {key} is what is told of it")

# Without the patch: null or "unknown", but for what is said to be known.
for row in rows_of("x86", "stock", "domain 3 x - 1 0 0 0 0 0 0 0 0 0 0 0 0"):
    same({key for key, value in row.items() if value not in (None, "unknown")},
         {"name", "domid", "state", "kind"}, "what is known without the patch")


# The host of the examples that show what is printed, but for the date.
EXAMPLE_HOST = (
    "domain 0 Domain-0 - 0 0 1 1 0 0 4294967295 4294967295 0 55000000000 0 0 0",
    "domain 1 web - 1 1 6 2 2 2 4294967295 0 41531227408 56159703760 "
    "35571771792 0 0",
    "domain 2 db - 0 0 4 4 0 0 4294967295 4294967295 0 35000000000 0 0 0",
)
DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+Z)?")


def examples(pod):
    """Each command after a "# ", and what the page has it print."""
    for block in re.findall(r"(?:^ {4}.*\n)+", section(pod, "EXAMPLES"),
                            re.MULTILINE):
        text = re.sub("^ {4}", "", block, flags=re.MULTILINE)
        yield from re.findall(r"^# (.*)\n((?:(?!# ).*\n)*)", text, re.MULTILINE)


def printed(command, folder):
    """What it prints; of a watch, which goes on, the first line."""
    env = dict(os.environ, GS_FAKE_HOST=f"{folder}/host", TZ="UTC0",
               PATH=f"{folder}:{os.environ['PATH']}")
    watch = command.endswith("--watch")
    with subprocess.Popen(["sh", "-c", f"exec {command}" if watch else command],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=env) as child:
        if watch:
            text = child.stdout.readline()
            child.kill()
            return text
        text = child.communicate(timeout=60)[0]
    # The fake host's own word for a wake.
    return re.sub(r"^resume .*\n", "", text, flags=re.MULTILINE)


def scripts(pod):
    """The examples that are not sessions: what a script has."""
    for block in re.findall(r"(?:^ {4}.*\n)+", section(pod, "EXAMPLES"),
                            re.MULTILINE):
        text = re.sub("^ {4}", "", block, flags=re.MULTILINE)
        if not re.match("# |Name |web ", text):
            yield text


def put_host(folder, *lines):
    new = pathlib.Path(folder) / "host.new"
    new.write_text("".join(f"{line}\n" for line in lines))
    new.rename(pathlib.Path(folder) / "host")


def a_guest(name, state, seq, suspends, since="0"):
    return (f"domain 1 {name} - {state} 1 {seq} 5 {suspends} 0 4294967295 "
            f"4294967295 {since} 9000000000000 0 0 0")


# For each script, by a word of it: the host, what is printed, and the status.
SCRIPTS = {
    "if xl": (a_guest("guest", 1, 9, 1), "resume 1 0 0 0 5\n", 0),
    "3600e9": (a_guest("old", 1, 9, 1), "old\n", 0),
    "logger": (a_guest("guest", 1, 9, 1), '"event":"state"', -15),
    "--virq=32": (a_guest("guest", 1, 9, 1),
                  "resume 1 0 0 0 5\nresume 1 1 32 0 5\n", 0),
    "sleep --wait": (a_guest("guest", 1, 9, 1), "", 0),
    "--all": (a_guest("guest", 1, 9, 1), "resume 1 0 0 0 5\nresume 1 0 0 9 5\n"
              "xl: domain 'guest' was asleep: woken first\nstock: shutdown -w "
              "guest\n", 0),
    "wake --seq": (a_guest("guest", 1, 9, 1), "resume 1 0 0 9 5\n", 0),
}


def run_script(text, folder):
    return subprocess.Popen(
        ["sh", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
        env=dict(os.environ, GS_FAKE_HOST=f"{folder}/host", TZ="UTC0",
                 PATH=f"{folder}:{os.environ['PATH']}"))


def check_script(page, text, folder):
    word = next(word for word in SCRIPTS if word in text)
    host, wanted, status = SCRIPTS[word]
    put_host(folder, host)
    with run_script(text, folder) as child:
        got = child.stdout.readline() if status < 0 else child.stdout.read()
        if status < 0:
            os.killpg(child.pid, -status)
        same((wanted in got, child.wait(60)), (True, status),
             f"{page}: {text.splitlines()[0]}: {got.strip()}")


def next_seq(child):
    """Of the next record that is printed; None: there is none."""
    for line in child.stdout:
        if '"seq": ' in line:
            return int(re.search(r"\d+", line)[0])
    return None


def check_loop(page, text, folder):
    """Each sleep of a guest, the first of which it had before or not."""
    for what, first in (("has slept", a_guest("guest", 0, 7, 1)),
                        ("has never slept", a_guest("guest", 0, 5, 0))):
        put_host(folder, first)
        with run_script(text.replace("done", "done\necho over", 1),
                        folder) as child:
            seen = []
            if "never" not in what:
                seen.append(next_seq(child))
            for seq in (20, 22, 24):
                put_host(folder, a_guest("guest", 1, seq, 1))
                seen.append(next_seq(child))
            put_host(folder, "domain 0 Domain-0 - 0 0 1 1 0 0 4294967295 "
                     "4294967295 0 55000000000 0 0 0")
            rest = child.stdout.read()
        same(seen, ([] if "never" in what else [7]) + [20, 22, 24],
             f"{page}: the loop, of a guest that {what}")
        same("over" in rest and "no such domain" in rest or
             "ceased to exist" in rest, True, f"{page}: ... and its end")


STOCK = XL.parent / "stock-xl/xl"

with tempfile.TemporaryDirectory() as folder:
    STOCK.parent.mkdir(exist_ok=True)
    STOCK.write_text('#!/bin/sh\necho "stock: $*"\n')
    STOCK.chmod(0o755)
    os.symlink(XL, f"{folder}/xl")
    pathlib.Path(f"{folder}/host").write_text(
        "".join(f"{line}\n" for line in EXAMPLE_HOST))
    for page in PAGES:
        shown = list(examples((SOURCE / f"man/{page}.pod").read_text()))
        same(len(shown) > 3, True, f"{page}: examples with what they print")
        for command, output in shown:
            got = printed(command, folder)
            if command.endswith("--watch"):
                output = output.splitlines(True)[0]
            same(DATE.sub("*", output), DATE.sub("*", got), f"{page}: {command}")

    # Every other example.
    pathlib.Path(f"{folder}/logger").write_text("#!/bin/sh\nexec cat\n")
    os.chmod(f"{folder}/logger", 0o755)
    # As if the time had come.
    pathlib.Path(f"{folder}/systemd-run").write_text(
        '#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\nexec "$@"\n')
    os.chmod(f"{folder}/systemd-run", 0o755)
    for page in PAGES:
        for text in scripts((SOURCE / f"man/{page}.pod").read_text()):
            if "jq" in text and not shutil.which("jq"):
                same(True, True, f"{page}: # skip no jq here")
            elif "while" in text:
                check_loop(page, text, folder)
            else:
                check_script(page, text, folder)

shutil.rmtree(STOCK.parent)
sys.exit(end())
