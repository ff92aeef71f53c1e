#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Do the library's manual pages say what its header says?  Their synopses and
their examples are compiled; each error that there is has its entry, and the
words for it."""

import ctypes
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from tap import end, ok  # noqa: E402

SOURCE = pathlib.Path(os.environ["GS_SRCDIR"])
HEADERS = SOURCE / "tools/libs/light"
PAGES = ("libxl_domain_suspend_state", "libxl_domain_resume_virq",
         "libxl_domain_suspend_wait", "libxl_domain_suspend_request")
# What the examples take for granted.
EXAMPLE = """#include <stdio.h>
#include <libxl_guest_suspend.h>
int example(libxl_ctx *ctx, libxl_domid domid);
int example(libxl_ctx *ctx, libxl_domid domid)
{{
    {declared}
    (void)ctx;
    (void)domid;
    {{
{code}
    }}
    return 0;
}}
"""
VARIABLES = {"info": "libxl_guest_suspend_info info;", "rc": "int rc;",
             "watch": "libxl_suspend_watch *watch;"}


def compiles(code):
    """Nothing, or what the compiler has against it."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(code)
        file.flush()
        return subprocess.run(
            ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror",
             "-fsyntax-only", f"-I{HEADERS}", file.name], check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60).stdout


def section(pod, title):
    return re.search(rf"^=head1 {title}\n(.*?)(?=^=head1|\Z)", pod,
                     re.MULTILINE | re.DOTALL).group(1)


def verbatim(text):
    """The indented paragraphs, joined where only an empty line parts them."""
    return [block.strip("\n") for block in
            re.findall(r"(?:^[ ].*\n(?:\n(?=[ ]))?)+", text, re.MULTILINE)]


pods = {page: (SOURCE / f"man/{page}.3.pod").read_text() for page in PAGES}
header = (HEADERS / "libxl_guest_suspend.h").read_text()

for page, pod in pods.items():
    synopsis = verbatim(section(pod, "SYNOPSIS"))
    trouble = compiles("\n".join(synopsis))
    ok(synopsis and not trouble, f"{page}: the synopsis", trouble)
    named = re.findall(r"\blibxl_\w+",
                       section(pod, "NAME").split(" - ", maxsplit=1)[0])
    missing = [name for name in named if f"{name}(" not in "".join(synopsis)]
    ok(named and not missing, f"{page}: the synopsis has what it is about",
       missing)

    codes = [block for block in verbatim(section(pod, "EXAMPLES"))
             if not block.lstrip().startswith("$ ")]
    for nr, code in enumerate(codes, 1):
        declared = " ".join(text for name, text in VARIABLES.items()
                            if re.search(rf"\b{name}\b", code)
                            and not re.search(rf"^\s*[\w ]+\b[*]?{name};", code,
                                              re.MULTILINE))
        trouble = compiles(EXAMPLE.format(declared=declared, code=code))
        ok(not trouble, f"{page}: example {nr}", trouble)

ours = set(re.findall(r"^ {4}(ERROR_GUEST_SUSPEND_\w+) = ", header,
                      re.MULTILINE))
told = {page: set(re.findall(r"B<(ERROR_\w+)>", "".join(
    re.findall(r"^=item .*$", section(pod, "ERRORS"), re.MULTILINE))))
    for page, pod in pods.items()}
ok(len(ours) > 10 and ours <= set.union(*told.values()),
   "each error is in some page", ours - set.union(*told.values()))
for page, errors in told.items():
    about = re.search(rf"^ \* {page}: .*?\*/", header,
                      re.MULTILINE | re.DOTALL)[0]
    listed = re.findall(r"^ \* (ERROR_.*)$", about, re.MULTILINE)
    # "_DENIED" has the same beginning as the one before it.
    named = {name if name.startswith("E") else f"ERROR_GUEST_SUSPEND{name}"
             for line in listed
             for name in re.findall(r"(?<!\w)(?:ERROR)?_[A-Z_]+\b", line)}
    ok(len(named) > 5 and named <= errors,
       f"{page}: the errors that the header lists", named - errors)

# Words for each code of the libxl that is installed.
library = ctypes.CDLL(str(pathlib.Path(os.environ["GS_BUILDDIR"]) /
                          "tools/libs/light/libxlguestsuspend.so"))
library.libxl_guest_suspend_strerror.restype = ctypes.c_char_p
types = subprocess.run(["cc", "-E", "-include", "libxl.h", "-x", "c",
                        "/dev/null"], check=True, stdout=subprocess.PIPE,
                       text=True, timeout=60).stdout
codes = re.findall(r"^ *(ERROR_\w+) = (-\d+)", types, re.MULTILINE)
words = {name: library.libxl_guest_suspend_strerror(int(code))
         for name, code in codes}
ok(len(codes) > 30 and b"unknown error" not in words.values(),
   "strerror has words for each of libxl's codes", words)
ok(len(set(words.values())) == len(words), "... and other ones for each", words)

sys.exit(end())
