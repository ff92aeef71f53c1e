#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The table and the picture of docs/performance.md are those of the JSON beside
it.  The points are read from the picture itself, so gnuplot need not be here."""

import importlib.machinery
import importlib.util
import math
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True

from tap import end, ok  # noqa: E402

SOURCE = pathlib.Path(os.environ["GS_SRCDIR"])


def load_script():
    """It has no .py in its name."""
    loader = importlib.machinery.SourceFileLoader(
        "page", str(SOURCE / "scripts/performance-page"))
    spec = importlib.util.spec_from_loader("page", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def drawn(svg):
    """Title and points, in pixels, of each line of gnuplot's."""
    for group in svg.split('<g id="gnuplot_plot_')[1:]:
        title = re.search(r"<title>(.*?)</title>", group, re.DOTALL).group(1)
        marks = re.findall(r"<use [^>]*transform='translate\(([\d.]+),([\d.]+)\)",
                           group)
        yield title, [(float(x), float(y)) for x, y in marks]


def straight(pairs):
    """How far, in pixels, the worst one is from the line through the first and
    the last, of (logarithm, pixel)."""
    pairs = sorted(pairs)
    (a, pixel_a), (b, pixel_b) = pairs[0], pairs[-1]
    slope = (pixel_b - pixel_a) / (b - a)
    return max(abs(pixel - pixel_a - slope * (at - a)) for at, pixel in pairs)


page = load_script()
medians = page.load()
text = (SOURCE / "docs/performance.md").read_text(encoding="utf-8")
svg = (SOURCE / "docs/performance.svg").read_text(encoding="utf-8")

ok(page.page(text, medians) == text, "the table is that of the JSON",
   "scripts/performance-page makes it anew")
ok("(performance.svg)" in text.split("\n## ")[0], "the picture is shown first")
ok(text.index(page.END) < 3500, "the table is on the first screen")

lines = list(drawn(svg))
wanted = page.points(medians)
ok([title for title, _ in lines] ==
   [title.replace("'", "&apos;") for title, _, _ in page.LINES] or
   [title.replace("&apos;", "'") for title, _ in lines] ==
   [title for title, _, _ in page.LINES], "the picture's lines", lines)
x, y = [], []
for (title, pixels), values in zip(lines, wanted):
    # The mark of the key comes last.
    ok(len(pixels) == len(values) + 1, f"points of {title}", pixels)
    for (px, py), (guests, us) in zip(pixels, values):
        x.append((math.log10(guests), px))
        y.append((math.log10(us), py))
ok(straight(x) < 1, "their numbers of guests are those of the JSON", x)
ok(straight(y) < 1, "their times are those of the JSON", y)

sys.exit(end())
