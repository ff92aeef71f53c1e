# SPDX-License-Identifier: GPL-2.0-only
"""The results of a Python test, as TAP lines."""

count = failed = 0


def ok(good, what, detail=""):
    """A case; the detail is printed if it is not good."""
    global count, failed
    count += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {count} - {what}", flush=True)
    for line in "" if good else str(detail).splitlines():
        print(f"# {line}", flush=True)


def same(got, wanted, what):
    ok(got == wanted, what, f"saw:    {got!r}\nwanted: {wanted!r}")


def skip(what, why):
    global count
    count += 1
    print(f"ok {count} - {what} # skip {why}", flush=True)


def end():
    """The plan; returns the exit status."""
    print(f"1..{count}", flush=True)
    return 1 if failed else 0
