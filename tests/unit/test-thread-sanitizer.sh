#!/bin/sh
# The library under thread-sanitizer: test-library-soak, built anew with it.
#
# SPDX-License-Identifier: GPL-2.0-only

set -u
src=${GS_SRCDIR:?is set by make check}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1

flags="-std=gnu11 -O1 -g -fsanitize=thread -D_GNU_SOURCE -D__XEN_TOOLS__"
# A compiler without it, or a machine on which it cannot run, is not at fault.
echo 'int main(void) { return 0; }' >nothing.c
# shellcheck disable=SC2086 # words
if ! cc $flags -o nothing nothing.c >log 2>&1 ||
    ! setarch -R ./nothing >>log 2>&1; then
    sed 's/^/# /' log
    echo "1..0 # skip thread-sanitizer does not work here"
    exit 0
fi
# fake_soak.c is the client of xenstore.
sources=$(find "$src/tools/libs/light" -name '*.c' ! -name guest_suspend_xenstore.c)
# shellcheck disable=SC2086
if ! cc $flags -iquote "$src/tools/include" -I"$src/tools/libs/light" \
    -iquote "$src/hypervisor/xen/include" -o soak \
    "$src/tests/unit/test-library-soak.c" "$src/tests/unit/fake_soak.c" \
    "$src/tests/unit/fake_read_only_xenstore.c" \
    $sources -lyajl -pthread >log 2>&1; then
    sed 's/^/# /' log
    echo "not ok 1 - it builds with thread-sanitizer"
    echo "1..1"
    exit 1
fi
# It ends with 66 where two threads got at something at once.
TSAN_OPTIONS=exitcode=66 exec setarch -R ./soak 400
