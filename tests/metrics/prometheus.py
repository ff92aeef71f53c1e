#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""prometheus.py PROGRAMS SOURCE BUILD: promtool checks the metrics and tests the
alerts; write-metrics writes the file, node_exporter reads it, and prometheus
scrapes that.  What prometheus then knows is what xl printed.  TAP."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

PROGRAMS, SOURCE, BUILD = (pathlib.Path(arg) for arg in sys.argv[1:])
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "tests/unit"))

import tap  # noqa: E402
from tap import end, ok  # noqa: E402

PREFIX = "xen_guest_suspend_"
WAIT_S = 120
NONE = 0xFFFFFFFF
NAME = 'we"b\\?'
HOST = f"""\
domain 0 Domain-0 - 0 0 1 1 0 0 {NONE} {NONE} 0 5400000000000 0 0 0
domain 3 we%22b%5c%0a - 1 1 42 7 3 1 32 1 600000000000 900500000000 400 2 1
ready {os.getpid()}
"""

scratch = pathlib.Path(tempfile.mkdtemp())
children = []


def promtool(*args, **more):
    got = subprocess.run([PROGRAMS / "promtool", *args], text=True, timeout=60,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         **more)
    return got.returncode == 0, got.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(name, *args):
    log = open(scratch / f"{name}.log", "wb")
    children.append(subprocess.Popen([PROGRAMS / name, *args], cwd=scratch,
                                     stdout=log, stderr=log))


def wait_for(take):
    """take() until it gives something, or None after a long time."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        try:
            got = take()
        except (urllib.error.URLError, ConnectionError):
            got = None
        if got:
            return got
        if any(child.poll() is not None for child in children):
            return None
        time.sleep(.1)
    return None


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def write_metrics():
    """The file, with xl on the fake host.  Gives its text."""
    (scratch / "host").write_text(HOST)
    xl = scratch / "xl"
    xl.write_text(f'#!/bin/sh\nGS_FAKE_HOST="{scratch}/host" '
                  f'exec "{BUILD}/tests/unit/xl-fake" "$@"\n')
    xl.chmod(0o755)
    writer = (BUILD / "tools/metrics/write-metrics").read_text()
    (scratch / "write").write_text(
        re.sub(r"^\S+/xl ", f"{xl} ", writer, flags=re.MULTILINE))
    (scratch / "files").mkdir()
    subprocess.run(["sh", scratch / "write", scratch / "files"], check=True,
                   timeout=60)
    return (scratch / "files/xen-guest-suspend.prom").read_text()


def samples_of(text):
    """{(name, label values in the order of label names): value}"""
    found = {}
    for name, labels, value in re.findall(
            rf"^({PREFIX}\w+)(?:{{(.*)}})? (\S+)$", text, re.MULTILINE):
        pairs = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)
        key = tuple(sorted((k, re.sub(r"\\(.)", r"\1", v)) for k, v in pairs))
        found[name, key] = float(value)
    return found


def scrape(text):
    exporter, port = f"127.0.0.1:{free_port()}", free_port()
    start("prometheus-node-exporter", "--collector.disable-defaults",
          "--collector.textfile", f"--web.listen-address={exporter}",
          f"--collector.textfile.directory={scratch}/files")
    page = wait_for(lambda: get(f"http://{exporter}/metrics")) or ""
    ok(samples_of(page) == samples_of(text),
       "node_exporter tells what the file does", page)
    ok("node_textfile_scrape_error 0" in page, "... and finds no error", page)
    ok(re.search(r'node_textfile_mtime_seconds{file="[^"]*/xen-guest-suspend\.prom"}', page),
       "... and its age, under the name that the alert looks for", page)

    shutil.copy(SOURCE / "docs/examples/xen-guest-suspend.rules.yml", scratch)
    (scratch / "prometheus.yml").write_text(f"""\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [xen-guest-suspend.rules.yml]
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ["{exporter}"]}}]
""")
    start("prometheus", f"--config.file={scratch}/prometheus.yml",
          f"--storage.tsdb.path={scratch}/data",
          f"--web.listen-address=127.0.0.1:{port}")

    query = urllib.parse.quote(f'{{__name__=~"{PREFIX}.*"}}')
    url = f"http://127.0.0.1:{port}/api/v1/query?query={query}"
    result = wait_for(lambda: json.loads(get(url))["data"]["result"]) or []
    known = {}
    for series in result:
        labels = series["metric"]
        name = labels.pop("__name__")
        # The scrape's own.
        del labels["job"], labels["instance"]
        known[name, tuple(sorted(labels.items()))] = float(series["value"][1])
    ok(known == samples_of(text), "prometheus knows what the file told", known)
    ok((f"{PREFIX}asleep", (("domain", NAME), ("domid", "3"))) in known,
       "... and a name with quotes and backslashes as it is", known)


def main():
    text = write_metrics()
    good, said = promtool("check", "metrics", input=text)
    ok(good and not said, "promtool check metrics", said)
    for metric, fault in (("_total counter", "_total gauge"),
                          ("# HELP", "# HELQ")):
        good, said = promtool("check", "metrics",
                              input=text.replace(metric, fault))
        ok(not good or said, f"... which objects to '{fault}'")

    rules = SOURCE / "docs/examples/xen-guest-suspend.rules.yml"
    good, said = promtool("check", "rules", rules)
    ok(good, "promtool check rules", said)
    tests = rules.with_suffix(".test.yml")
    good, said = promtool("test", "rules", tests)
    ok(good, "promtool test rules", said)
    shutil.copy(tests, scratch)
    (scratch / rules.name).write_text(
        rules.read_text().replace("8 * 3600", "9 * 3600"))
    good, said = promtool("test", "rules", scratch / tests.name)
    ok(not good, "... which notices another limit", said)

    scrape(text)


try:
    main()
finally:
    for child in children:
        child.terminate()
        child.wait()
    if tap.failed:
        for path in scratch.glob("*.log"):
            print(f"# {path.name}:")
            for line in path.read_text().splitlines()[-20:]:
                print(f"#   {line}")
    shutil.rmtree(scratch)
sys.exit(end())
