#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Are the commands of docs/tour.md those that tests/e2e/tests/tour.test runs?"""

import os
import pathlib
import re
import sys

SRC = pathlib.Path(os.environ.get("GS_SRCDIR", "."))


def main():
    tour = (SRC / "docs/tour.md").read_text()
    test = (SRC / "tests/e2e/tests/tour.test").read_text()
    told = re.findall(r"^    # (.*)$", tour, flags=re.MULTILINE)
    run = re.findall(r"^tour '(.*)'$", test, flags=re.MULTILINE)
    good = told == run and told
    print(f"{'ok' if good else 'not ok'} 1 - the tour's commands are tested")
    if not good:
        for n in range(max(len(told), len(run))):
            pair = [c[n] if n < len(c) else "(none)" for c in (told, run)]
            if pair[0] != pair[1]:
                print(f"# docs/tour.md: {pair[0]}\n# tour.test: {pair[1]}")
                break
    print("1..1")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
