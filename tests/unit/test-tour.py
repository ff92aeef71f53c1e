#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Are the commands in README and docs/ those that the end-to-end tests run?"""

import os
import pathlib
import re
import sys

SRC = pathlib.Path(os.environ.get("GS_SRCDIR", "."))


def found(pattern, path, begin=""):
    """What the pattern finds in a file, from a line on, up to the next section."""
    text = (SRC / path).read_text()
    text = text[text.index(begin):]
    if begin:
        text = text.split("\n## ", 1)[0]
    return re.findall(pattern, text, flags=re.MULTILINE)


def main():
    # What it is; as written; as tested.
    cases = (
        ("the tour's commands", found(r"^    # (.*)$", "docs/tour.md"),
         found(r"^tour '(.*)'$", "tests/e2e/tests/tour.test")),
        ("the commands of README and docs/xenstore-paths.md",
         found(r"^    (.*?)(?: +#.*)?$", "README.md", "## Use it")
         + found(r"^    (\w+=.*)$", "docs/xenstore-paths.md"),
         found(r"^try(?:_on)? '(.*)'$", "tests/e2e/tests/readme.test")),
    )
    failed = 0
    for number, (what, told, run) in enumerate(cases, 1):
        good = told == run and told
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {what} are tested")
        if good:
            continue
        for n in range(max(len(told), len(run))):
            pair = [c[n] if n < len(c) else "(none)" for c in (told, run)]
            if pair[0] != pair[1]:
                print(f"# written: {pair[0]}\n# tested:  {pair[1]}")
                break
    print(f"1..{len(cases)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
