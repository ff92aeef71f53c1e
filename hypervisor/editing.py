# SPDX-License-Identifier: GPL-2.0-only
"""The edits that guest suspend makes to a source tree of Xen.

edits/*.toml describe them (edits/README.md says how); here they are read, their
places are found in a tree, and the result is rendered, as files or as a patch.
Nothing here writes to the tree but write_changes().
"""

import contextlib
import difflib
import hashlib
import pathlib
import re
import sys

try:
    import tomllib
except ModuleNotFoundError:
    sys.exit("the edits are read with a Python of 3.11 or later, and this is "
             + sys.version.split(maxsplit=1)[0])

HERE = pathlib.Path(__file__).resolve().parent
EDITS = HERE / "edits"
SURROUNDINGS = "surroundings.toml"
FEATURES = "features.toml"
# A file is written under its name with this, and then renamed.
UNFINISHED = ".guest-suspend-new"
CONTEXT = 3

STEP_KEYS = {"subject", "message", "new", "edit"}
EDIT_KEYS = {"name", "why", "file", "in", "find", "when",
             "before", "after", "instead", "word", "becomes"}
FEATURE_KEYS = {"what", "file", "has"}
WORD_KEYS = {"what", "file", "is"}
WORD = re.compile(r"@([a-z-]+)@")


class Trouble(Exception):
    """What keeps the edits from being made.  Its text is for the user."""


class HalfDone(Trouble):
    """The same, with some of the files written."""


# Read the description.

def read_text(path):
    return path.read_bytes().decode("utf-8", "surrogateescape")


def lines_of(text):
    """As C has them: splitlines() would cut at form feeds, too."""
    return re.findall(r"[^\n]*\n|[^\n]+$", text)


def read_toml(path):
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise Trouble(f"{path}: {error}") from None


def check_keys(where, table, known, needed):
    unknown, missing = set(table) - known, needed - set(table)
    if unknown:
        raise Trouble(f"{where}: unknown key: {', '.join(sorted(unknown))}")
    if missing:
        raise Trouble(f"{where}: missing key: {', '.join(sorted(missing))}")


def check_pattern(where, pattern):
    try:
        re.compile(pattern)
    except re.error as error:
        raise Trouble(f"{where}: /{pattern}/: {error}") from None


def as_list(value):
    return value if isinstance(value, list) else [value]


class Edit:
    """One change of one place."""

    def __init__(self, table, step):
        where = f"{step}: edit '{table.get('name', '?')}'"
        check_keys(where, table, EDIT_KEYS, {"name", "why", "file", "find"})
        self.name, self.why, self.step = table["name"], table["why"], step
        self.files = as_list(table["file"])
        self.block = table.get("in")
        self.find = table["find"]
        self.when = as_list(table.get("when", []))
        self.texts = {key: table[key] for key in ("before", "after", "instead")
                      if key in table}
        self.word, self.becomes = table.get("word"), table.get("becomes")
        if (self.word is None) != (self.becomes is None):
            raise Trouble(f"{where}: 'word' and 'becomes' go together")
        if self.word is not None and "instead" in self.texts:
            raise Trouble(f"{where}: 'word' and 'instead' exclude each other")
        if self.word is None and not self.texts:
            raise Trouble(f"{where}: changes nothing")
        for text in self.texts.values():
            if not text.endswith("\n"):
                raise Trouble(f"{where}: an added text does not end its line")
        for key in ("in", "find", "word"):
            check_pattern(f"{where}: {key}", table.get(key, ""))


class Step:
    """One patch of the series: its message, its new files, its edits."""

    def __init__(self, path):
        table = read_toml(path)
        check_keys(path.name, table, STEP_KEYS, {"subject", "message"})
        self.name = path.stem
        self.subject, self.message = table["subject"], table["message"]
        self.new = table.get("new", [])
        self.edits = [Edit(t, self.name) for t in table.get("edit", [])]


class Description:
    """All that edits/ says, and the new files beside it."""

    def __init__(self, here=HERE):
        self.here = here
        folder = here / "edits"
        features = read_toml(folder / FEATURES)
        check_keys(FEATURES, features, {"feature", "word"}, set())
        self.features = features.get("feature", {})
        self.words = features.get("word", {})
        for name, table in self.features.items():
            check_keys(f"feature '{name}'", table, FEATURE_KEYS, FEATURE_KEYS)
        for name, table in self.words.items():
            check_keys(f"word '{name}'", table, WORD_KEYS, WORD_KEYS)
        self.steps = [Step(path) for path in sorted(folder.glob("[0-9]*.toml"))]
        self.edits = [edit for step in self.steps for edit in step.edits]
        known = folder / SURROUNDINGS
        self.surroundings = read_toml(known) if known.exists() else {}
        self.new_files = sorted(
            str(path.relative_to(here)) for path in (here / "xen").rglob("*")
            if path.is_file())
        self.check()

    def check(self):
        names = [edit.name for edit in self.edits]
        for name in names:
            if names.count(name) > 1:
                raise Trouble(f"two edits are named '{name}'")
        for edit in self.edits:
            for condition in edit.when:
                if condition.removeprefix("!") not in self.features:
                    raise Trouble(f"edit '{edit.name}': no feature "
                                  f"'{condition}' in {FEATURES}")
            for text in edit.texts.values():
                for word in WORD.findall(text):
                    if word not in self.words:
                        raise Trouble(f"edit '{edit.name}': no word "
                                      f"'@{word}@' in {FEATURES}")
        new = [name for step in self.steps for name in step.new]
        if sorted(new) != self.new_files:
            odd = set(new) ^ set(self.new_files) or \
                {name for name in new if new.count(name) > 1}
            raise Trouble("not in exactly one step's 'new': "
                          + ", ".join(sorted(odd)))

    def new_lines(self, name):
        return lines_of(read_text(self.here / name))

    def digest(self):
        """Of all that decides what the edits do to a tree."""
        said = repr([self.features, self.words] + [
            (e.files, e.block, e.find, e.when, sorted(e.texts.items()),
             e.word, e.becomes) for e in self.edits])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


# Look at the tree.

class Tree:
    """A source tree of Xen: its files' lines, read once, and our new files."""

    def __init__(self, top, description):
        self.top = pathlib.Path(top)
        self.description = description
        self.cache = {}
        if not (self.top / "xen/common/domain.c").is_file():
            hint = ": give the directory above it" \
                if (self.top / "common/domain.c").is_file() else ""
            raise Trouble(f"{top} is no source tree of Xen (it has no "
                          f"xen/common/domain.c){hint}")
        self.features = {name: self.has(table)
                         for name, table in description.features.items()}
        self.edits = [edit for edit in description.edits if self.wants(edit)]

    def original(self, name):
        """The tree's lines of a file; for one that is not there, None."""
        if name not in self.cache:
            path = self.top / name
            self.cache[name] = lines_of(read_text(path)) \
                if path.is_file() else None
        return self.cache[name]

    def lines(self, name):
        """The lines that the edits of a file begin with."""
        if name in self.description.new_files:
            return self.description.new_lines(name)
        return self.original(name)

    def has(self, table):
        lines = self.original(table["file"])
        return lines is not None and any(re.search(table["has"], line)
                                         for line in lines)

    def wants(self, edit):
        return all(not self.features[c[1:]] if c.startswith("!")
                   else self.features[c] for c in edit.when)

    def word(self, name):
        table = self.description.words[name]
        for line in self.original(table["file"]) or []:
            found = re.search(table["is"], line)
            if found:
                return found.group(1) or ""
        raise Trouble(f"word '@{name}@' ({table['what']}): nothing in "
                      f"{table['file']} matches /{table['is']}/")

    def fill(self, text):
        """A text's lines, with the tree's words in it."""
        return lines_of(WORD.sub(lambda m: self.word(m.group(1)), text))

    def version(self):
        """For people to read, never for decisions."""
        text = "".join(self.original("xen/Makefile") or [])
        found = [re.search(rf"^(?:export )?{name} *=\s*(\d+)", text, re.MULTILINE)
                 for name in ("XEN_VERSION", "XEN_SUBVERSION")]
        return ".".join(f.group(1) for f in found) if all(found) else "?"


# Find the places.

def has_body(lines, first):
    """Does what begins here have a body, or is it a declaration?"""
    for line in lines[first:]:
        head = line.split("/*")[0].rstrip()
        if head.endswith(("{", "`")):
            return True
        if head.endswith(";"):
            break
    return False


def blocks_of(lines, pattern):
    """The blocks whose first line matches, as (first, past the last).

    A block begins in the first column: a function, a structure, a class of
    Flask's, a macro of m4's.  It ends with the next line that has a closing
    brace or quote there.
    """
    ends = [i for i, line in enumerate(lines) if line[0] in "}'"]
    return [(first, min(end for end in ends if end > first) + 1)
            for first, line in enumerate(lines)
            if not line[0].isspace() and line[0] not in "#/*}"
            and re.search(pattern, line) and has_body(lines, first)
            and ends and ends[-1] > first]


def matches_of(lines, first, past, pattern):
    """Where the pattern matches: the first line, and how many there are."""
    height = pattern.count(r"\n") + 1
    return [(i, height) for i in range(first, past - height + 1)
            if re.search(pattern, "".join(lines[i:i + height]).rstrip("\n"))]


class Place:
    """An edit's place in a file of the tree."""

    def __init__(self, tree, edit):
        self.tree, self.edit = tree, edit
        self.file = next((f for f in edit.files if tree.lines(f) is not None),
                         None)
        if self.file is None:
            raise Trouble(f"{edit.name}: the tree has no "
                          f"{' or '.join(edit.files)}")
        self.lines = tree.lines(self.file)
        where, first, past = self.file, 0, len(self.lines)
        if edit.block is not None:
            blocks = blocks_of(self.lines, edit.block)
            if len(blocks) != 1:
                raise Trouble(f"{edit.name}: {self.file}: {len(blocks)} blocks "
                              f"match /{edit.block}/, not one")
            (first, past), = blocks
            where += f", in /{edit.block}/"
        found = matches_of(self.lines, first, past, edit.find)
        if len(found) != 1:
            at = ", ".join(str(i + 1) for i, _ in found)
            raise Trouble(f"{edit.name}: {where}: {len(found)} lines match "
                          f"/{edit.find}/, not one" + (f" ({at})" if at else ""))
        (self.line, self.height), = found

    def is_ours(self):
        return self.file in self.tree.description.new_files

    def surroundings(self):
        """A digest of the place and two lines before and after it."""
        def near(indexes):
            text = (" ".join(self.lines[i].split()) for i in indexes)
            return [t for _, t in zip(range(2), filter(None, text))]
        end = self.line + self.height
        said = near(range(self.line - 1, -1, -1))[::-1] + \
            [" ".join(line.split()) for line in self.lines[self.line:end]] + \
            near(range(end, len(self.lines)))
        text = "\n".join(said).encode(errors="surrogateescape")
        return hashlib.sha256(text).hexdigest()[:8]


def find_places(tree):
    """The places of all the tree's edits; Trouble names all that have none."""
    places, trouble = [], []
    for edit in tree.edits:
        try:
            place = Place(tree, edit)
            for text in edit.texts.values():
                tree.fill(text)
            if edit.word is not None and not any(
                    re.search(edit.word, line) for line in
                    place.lines[place.line:place.line + place.height]):
                raise Trouble(f"{edit.name}: {place.file}:{place.line + 1}: "
                              f"has no /{edit.word}/")
            places.append(place)
        except Trouble as error:
            trouble.append(str(error))
    trouble += conflicts(places)
    if trouble:
        raise Trouble("\n".join(trouble))
    return places


def conflicts(places):
    """Lines that more than one edit changes."""
    changed = {}
    for place in places:
        if "instead" in place.edit.texts or place.edit.word is not None:
            for line in range(place.line, place.line + place.height):
                changed.setdefault((place.file, line), []).append(place.edit.name)
    return [f"{' and '.join(names)}: {file}:{line + 1}: all change this line"
            for (file, line), names in changed.items() if len(names) > 1]


def unknown_surroundings(tree, places):
    known = tree.description.surroundings
    return [place for place in places if not place.is_ours()
            and place.surroundings() not in known.get(place.edit.name, [])]


# Render.

def edit_lines(tree, lines, places):
    """For each line what stands in its place once the edits are made."""
    parts = [([], [line], []) for line in lines]
    for place in places:
        edit, texts = place.edit, place.edit.texts
        mine = parts[place.line:place.line + place.height]
        if "instead" in texts:
            for _, middle, _ in mine:
                middle.clear()
            mine[0][1].extend(tree.fill(texts["instead"]))
        if edit.word is not None:
            for _, middle, _ in mine:
                middle[:] = [re.sub(edit.word, lambda _: edit.becomes, line)
                             for line in middle]
        mine[0][0].extend(tree.fill(texts.get("before", "")))
        mine[-1][2].extend(tree.fill(texts.get("after", "")))
        _, middle, after = mine[-1]
        if middle and after and not middle[-1].endswith("\n"):
            middle[-1] += "\n"
    return [before + middle + after for before, middle, after in parts]


class FeaturesOnly(Tree):
    """What a patch's header tells of the tree that it was made for: enough for
    the new files."""

    def __init__(self, features, description):  # pylint: disable=W0231
        self.top, self.description, self.cache = None, description, {}
        self.features = dict.fromkeys(description.features, False)
        self.features.update(dict.fromkeys(features, True))
        self.edits = [edit for edit in description.edits if self.wants(edit)
                      and set(edit.files) <= set(description.new_files)]

    def original(self, name):
        return None


class Rendering:
    """The tree as it is with the edits of some steps."""

    def __init__(self, tree, places, steps):
        self.tree = tree
        self.steps = {step.name for step in steps}
        self.new = {name for step in steps for name in step.new}
        self.places = [p for p in places if p.edit.step in self.steps]

    def chunks(self, name):
        """The file's lines, in as many parts as it has without edits."""
        if name in self.tree.description.new_files and name not in self.new:
            return [[] for _ in self.tree.lines(name)]
        return edit_lines(self.tree, self.tree.lines(name),
                          [p for p in self.places if p.file == name])

    def text(self, name):
        return "".join(line for chunk in self.chunks(name) for line in chunk)

    def files(self):
        return sorted(self.new | {p.file for p in self.places})


def operations(old, new):
    """A file's lines as (' ' or '-' or '+', line)."""
    for before, after in zip(old, new):
        match = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for tag, first, past, new_first, new_past in match.get_opcodes():
            if tag == "equal":
                yield from ((" ", line) for line in before[first:past])
            else:
                yield from (("-", line) for line in before[first:past])
                yield from (("+", line) for line in after[new_first:new_past])


def settle(ops):
    """Removed lines before added ones, wherever they are side by side."""
    settled, run = [], []
    for op in [*ops, (" ", "")]:
        if op[0] != " ":
            run.append(op)
        else:
            settled += sorted(run, key=lambda o: o[0] == "+") + [op]
            run = []
    return settled[:-1]


def hunks(ops):
    """What of the operations a unified diff shows, as (first, past the last)."""
    spans = []
    for i, (sign, _) in enumerate(ops):
        if sign == " ":
            continue
        if spans and i - CONTEXT <= spans[-1][1] + CONTEXT:
            spans[-1][1] = i + 1
        else:
            spans.append([i, i + 1])
    return [(max(first - CONTEXT, 0), past + CONTEXT) for first, past in spans]


def span(ops, first, past, signs):
    """Where a hunk begins in a file and how many lines it has, as diff says."""
    before, count = (sum(1 for sign, _ in part if sign in signs)
                     for part in (ops[:first], ops[first:past]))
    start = before + (count > 0)
    return f"{start},{count}" if count != 1 else str(start)


def heading(ops):
    """The function that a hunk is in, as diff -p says."""
    for sign, line in reversed(ops):
        if sign != "+" and re.match(r"[A-Za-z_$]", line):
            return " " + line[:40].rstrip()
    return ""


def diff(name, old, new, is_new):
    """A file's part of a patch, or nothing."""
    ops = settle(operations(old, new))
    text = []
    for first, past in hunks(ops):
        text.append(f"@@ -{span(ops, first, past, ' -')} "
                    f"+{span(ops, first, past, ' +')} @@"
                    f"{heading(ops[:first])}\n")
        for sign, line in ops[first:past]:
            end = "" if line.endswith("\n") else \
                "\n\\ No newline at end of file\n"
            text.append(sign + line + end)
    if not text:
        return ""
    head = f"diff --git a/{name} b/{name}\n" + (
        "new file mode 100644\n--- /dev/null\n" if is_new
        else f"--- a/{name}\n")
    return head + f"+++ b/{name}\n" + "".join(text)


def patch(old, new):
    """What leads from one rendering to another."""
    # Xen's own files first.
    names = sorted(new.files(), key=lambda n: (n in new.new, n))
    return "".join(diff(name, old.chunks(name), new.chunks(name),
                        name in new.new and name not in old.new)
                   for name in names)


# What has been done to the tree already.

OURS = re.compile(r"guest[ _-]suspend", re.IGNORECASE)


def has_lines(lines, part):
    return any(lines[i:i + len(part)] == part
               for i in range(len(lines) - len(part) + 1))


def has_edit(tree, edit, name):
    """Has the file what the edit adds?  None where that can't be told."""
    texts = [text for text in edit.texts.values() if OURS.search(text)]
    if not texts or name in tree.description.new_files:
        return None
    try:
        return all(has_lines(tree.original(name), tree.fill(text))
                   for text in texts)
    except Trouble:
        return None


def has_new(tree, name, places):
    """As has_edit(), of all that makes a new file."""
    there = tree.original(name)
    if there is None:
        return [False]
    mine = edit_lines(tree, tree.lines(name),
                      [p for p in places if p.file == name])
    return [True, there == [line for chunk in mine for line in chunk]]


def already(tree, new_places):
    """The files that have what is ours, some of it, and none of it."""
    state = {}
    for edit in tree.edits:
        name = next((f for f in edit.files if tree.original(f) is not None), "")
        there = has_edit(tree, edit, name) if name else None
        if there is not None:
            state.setdefault(name, []).append(there)
    for name in tree.description.new_files:
        state[name] = has_new(tree, name, new_places)
    return ([name for name, there in sorted(state.items()) if all(there)],
            [name for name, there in sorted(state.items())
             if any(there) and not all(there)],
            [name for name, there in sorted(state.items()) if not any(there)])


def expect_untouched(tree):
    """Trouble if the tree has guest suspend, whole, in part or another's."""
    done, part, undone = already(tree, [
        Place(tree, edit) for edit in tree.edits
        if set(edit.files) <= set(tree.description.new_files)])
    if not done and not part:
        kconfig = tree.original("xen/common/Kconfig") or []
        if any(re.match(r"config GUEST_SUSPEND\b", line) for line in kconfig):
            raise Trouble(f"{tree.top} has a GUEST_SUSPEND in "
                          "xen/common/Kconfig that is not ours")
        return
    if not part and not undone:
        raise Trouble(f"{tree.top} has these edits already")
    raise Trouble("\n".join(
        [f"{tree.top} has guest suspend in part: an apply that was interrupted,"
         " or another version of it; begin with a fresh tree"]
        + [f"  {name}: has it" for name in done]
        + [f"  {name}: has some of it" for name in part]
        + [f"  {name}: has none of it" for name in undone]))


# Write.

def rename_all(tree, names):
    for done, name in enumerate(names):
        path = tree.top / name
        try:
            path.with_name(path.name + UNFINISHED).replace(path)
        except OSError as error:
            if not done:
                raise
            raise HalfDone(f"{error}; {done} of {len(names)} files are changed: "
                           "begin with a fresh tree") from None


def write_changes(tree, rendering):
    """All files aside first, then each under its name."""
    names = rendering.files()
    try:
        for name in names:
            path = tree.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(path.name + UNFINISHED)
            aside.write_bytes(rendering.text(name).encode(
                "utf-8", "surrogateescape"))
            if path.exists():
                aside.chmod(path.stat().st_mode & 0o7777)
        rename_all(tree, names)
    finally:
        for name in names:
            path = tree.top / name
            with contextlib.suppress(OSError):
                path.with_name(path.name + UNFINISHED).unlink()
