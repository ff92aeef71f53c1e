#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does scripts/bench say what its samples come to, and nothing else?"""

import contextlib
import importlib.util
import io
import json
import os
import re
import stat
import sys
import tempfile

sys.dont_write_bytecode = True

from tap import end, same  # noqa: E402

SRC = os.environ.get("GS_SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
SPEC = importlib.util.spec_from_file_location(
    "bench", os.path.join(SRC, "scripts", "lib", "bench.py"))
bench = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bench)

LINES = """\
@ wake wake library us 1 100.000
@ wake unpause library us 1 400.000
@ wake wake library us 1 300.000
@ wake unpause library us 1 1200.000
@ wake wake library us 1 200.000
@ wake unpause library us 1 800.000
@ wake wake library us 20 7.000
@ events suspend xl-runs times 1 0.000
@ events shutdown xl-runs times 1 0.000
words
@ wake wake library us 1
""".splitlines()


def check(what, expected, seen):
    same(seen, expected, what)


def samples_are_told_from_words():
    samples = bench.Samples()
    taken = [samples.add(line) for line in LINES]
    check("samples are told from words", [True] * 9 + [False] * 2, taken)
    return bench.results(samples)


def what_they_come_to(found):
    one = next(r for r in found if r["metric"] == "library"
               and r["guests"] == 1)
    check("median, ours", 200.0, one["ours"]["median"])
    check("middle half, ours", (150.0, 250.0),
          (one["ours"]["low"], one["ours"]["high"]))
    check("samples", (3, 3), (one["ours"]["samples"], one["stock"]["samples"]))
    check("ratio", 0.25, one["ratio"])
    alone = next(r for r in found if r["guests"] == 20)
    check("nothing to be held against", (None, None),
          (alone["stock"], alone["ratio"]))
    none = [r for r in found if r["metric"] == "xl-runs"]
    check("nothing against nothing has no ratio", None, none[0]["ratio"])
    check("what was not measured at all is held against nothing",
          ["shutdown"], [r["stock"] and r["stock"]["case"] for r in none])
    text = "\n".join(bench.table(found))
    check("the table has the ratio", True,
          any(line.split()[:4] == ["library", "1", "us", "200"] and
              line.split()[-1] == "0.25" for line in text.splitlines()))


def the_program_has_them():
    """Each figure but those of two hypervisors, by the same name."""
    with open(f"{SRC}/tests/bench/bench.c", encoding="ascii") as f:
        program = f.read()
    known = re.findall(r'{ "(\w+)", bench_', program)
    check("the figures are the program's",
          sorted(set(bench.FIGURES) - set(bench.HYPERVISORS)), sorted(known))
    for name in ("MOST_SAMPLES", "MOST_GUESTS"):
        check(f"{name} is the program's", str(getattr(bench, name)),
              re.search(rf"#define {name} +(\d+)", program).group(1))


def what_is_wrong_is_named():
    for words, named in ((["-n", "0"], "'0' samples"),
                         (["-n", "10001"], "'10001' samples"),
                         (["-n", "many"], "'many'"),
                         (["-d", "0"], "'0' is no list"),
                         (["-d", "1,,2"], "'1,,2' is no list"),
                         (["-d", "9" * 5000], "is no list"),
                         (["-d", "1,1001"], "'1001' guests"),
                         (["-d", "20,1"], "'1' guests after 20"),
                         (["-d", "2,2"], "'2' guests after 2"),
                         (["nonsense"], "no figure 'nonsense'"),
                         (["--arch=x86_64", "wake"], "no figure 'wake'"),
                         (["--fleet"], "name the figures"),
                         (["--fleet", "events", "daemon"], "not for 'daemon'"),
                         (["--fleet", "--arch=x86_64", "events"], "arm64's"),
                         (["--here", ".", "paths"], "no figure 'paths'")):
        said = io.StringIO()
        status = None
        with contextlib.redirect_stderr(said):
            try:
                bench.parse(words)
            except SystemExit as end:
                status = end.code
        check(f"{' '.join(words)[:20]}: status, and the value",
              (2, True), (status, named in said.getvalue()))


def the_machine_is_the_one_asked_for():
    for words, name in ((["events"], "bench"),
                        (["--counting", "events"], "bench@counting"),
                        (["--arch=x86_64", "commands"], "bench@x86"),
                        (["--arch=x86_64"], "bench@x86")):
        check(f"what runs for {' '.join(words)}", [name],
              [c[-1] for c in bench.commands(bench.parse(words))])
    for words, given in ((["events"], False), (["--fleet", "events"], True)):
        command = bench.commands(bench.parse(words))[0]
        check(f"the program's -f for {' '.join(words)}", given,
              any(" -f " in word for word in command))


def run(folder, status, lines, words=()):
    """scripts/bench --here, with a program that says these lines."""
    os.makedirs(f"{folder}/tests/bench", exist_ok=True)
    program = f"{folder}/tests/bench/bench"
    with open(program, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\ncat <<'END'\n" + "\n".join(lines) +
                f"\nEND\nexit {status}\n")
    os.chmod(program, stat.S_IRWXU)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), \
            contextlib.redirect_stderr(io.StringIO()):
        got = bench.main(["--here", folder, "-o", f"{folder}/out.json", *words])
    return got, out.getvalue()


def whole_runs():
    with tempfile.TemporaryDirectory() as folder:
        status, out = run(folder, 0, LINES)
        check("a good run's status", 0, status)
        with open(f"{folder}/out.json", encoding="utf-8") as f:
            written = json.load(f)
        check("the JSON's results", bench.read(f"{folder}/out.json"),
              written["results"])
        check("the JSON's samples", [100.0, 300.0, 200.0],
              next(s["values"] for s in written["samples"]
                   if (s["case"], s["metric"], s["guests"]) ==
                   ("wake", "library", 1)))
        again = io.StringIO()
        with contextlib.redirect_stdout(again):
            bench.main(["--read", f"{folder}/out.json"])
        check("read again, it is the same table", out, again.getvalue())
        check("a run that broke, with samples", 1,
              run(folder, 1, LINES)[0])
        check("a run without samples is none", 1, run(folder, 0, ["words"])[0])
        check("a result that has no place, at once", (1, ""),
              run(folder, 0, LINES, ["-o", f"{folder}/out.json/in-a-file"]))
        check("nor has one that is a directory", (1, ""),
              run(folder, 0, LINES, ["-o", folder]))
        check("a full disk, where the table is out already", (1, out),
              run(folder, 0, LINES, ["-o", "/dev/full"]))
        for text in ("", "{}", '{"samples": [1]}', "words"):
            with open(f"{folder}/odd", "w", encoding="ascii") as f:
                f.write(text)
            with contextlib.redirect_stderr(io.StringIO()) as said:
                status = bench.main(["--read", f"{folder}/odd"])
            check(f"reading '{text}'", (1, True),
                  (status, f"{folder}/odd" in said.getvalue()))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            status = bench.main(["--read", f"{folder}/none"])
        check("reading what is not there", (1, True),
              (status, "No such file" in said.getvalue()))
        os.unlink(f"{folder}/tests/bench/bench")
        with contextlib.redirect_stderr(io.StringIO()) as said:
            status = bench.main(["--here", folder, "-o", f"{folder}/x.json"])
        check("nothing built there: its status", 3, status)
        check("and why", f"bench: {folder}/tests/bench/bench: "
              "No such file or directory", said.getvalue().splitlines()[0])


what_they_come_to(samples_are_told_from_words())
the_program_has_them()
the_machine_is_the_one_asked_for()
what_is_wrong_is_named()
whole_runs()
sys.exit(end())
