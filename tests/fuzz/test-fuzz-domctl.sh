#!/bin/sh
# Build the fuzzer of the domctl and run it: for a moment, always the same, as
# a test; or with the arguments that are given, which are libFuzzer's.
#
# SPDX-License-Identifier: GPL-2.0-only

set -u

skip()
{
    echo "1..0 # skip $1"
    exit 0
}

src=${GS_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)} || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
fake=$src/tests/unit/fake_xen
xen=$src/hypervisor/xen

command -v clang >/dev/null || skip "no clang (Debian package clang)"
echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n);
int LLVMFuzzerTestOneInput(const char *d, unsigned long n)
{ return d && n > 9 && d[9] == 42 ? 0 : 0; }' >"$tmp/probe.c"
clang -fsanitize=fuzzer,address,undefined -o "$tmp/probe" "$tmp/probe.c" \
    2>"$tmp/log" ||
    skip "clang without libFuzzer (Debian package libclang-rt-N-dev, N as in clang --version)"

if ! clang -g -O1 -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=all -Wall -Werror -D_GNU_SOURCE -D__XEN_TOOLS__ \
    -iquote "$src/tools/include" -iquote "$xen/include" \
    -iquote "$src/tests/unit" -I"$fake" -I"$xen/include" \
    -I"$xen/arch/arm/include" -o "$tmp/fuzz-domctl" \
    "$src/tests/fuzz/fuzz-domctl.c" "$fake/fake.c" "$fake/guest-suspend.c" \
    "$fake/fake_arm.c" "$fake/arm-guest-suspend.c" >"$tmp/log" 2>&1; then
    sed 's/^/# /' "$tmp/log"
    echo "not ok 1 - the fuzzer is built"
    echo "1..1"
    exit 1
fi

if [ $# -gt 0 ]; then
    "$tmp/fuzz-domctl" "$@"
    exit
fi

mkdir "$tmp/corpus" || exit 1
if "$tmp/fuzz-domctl" -seed=1 -runs=30000 -max_len=1024 -len_control=0 \
    -artifact_prefix="$tmp/" "$tmp/corpus" >"$tmp/log" 2>&1; then
    grep '#[0-9]*.DONE' "$tmp/log" | sed 's/^/# /'
    echo "ok 1 - the domctl does as the model says"
    status=0
else
    tail -n 60 "$tmp/log" | sed 's/^/# /'
    for input in "$tmp"/crash-* "$tmp"/leak-* "$tmp"/timeout-*; do
        [ -e "$input" ] && base64 "$input" | sed 's/^/# input: /'
    done
    echo "not ok 1 - the domctl does as the model says"
    status=1
fi
echo "1..1"
exit "$status"
