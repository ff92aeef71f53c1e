#!/bin/sh
# Build the fuzzer of what the agent reads and run it: for a moment, always the same, as
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

command -v clang >/dev/null || skip "no clang (Debian package clang)"
echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n);
int LLVMFuzzerTestOneInput(const char *d, unsigned long n)
{ return d && n > 9 && d[9] == 42 ? 0 : 0; }' >"$tmp/probe.c"
clang -fsanitize=fuzzer,address,undefined -o "$tmp/probe" "$tmp/probe.c" \
    2>"$tmp/log" ||
    skip "clang without libFuzzer (Debian package libclang-rt-N-dev, N as in clang --version)"

# What the agent finds of the kernel, and nothing of this machine's.
mkdir "$tmp/power" "$tmp/corpus" || exit 1
echo '[deep]' >"$tmp/power/mem_sleep"
: >"$tmp/power/state"

if ! clang -g -O1 -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=all -Wall -Werror -D_GNU_SOURCE \
    -iquote "${GS_BUILDDIR:-$src}" -iquote "$src/guest/agent" \
    -o "$tmp/fuzz-agent" "$src/tests/fuzz/fuzz-agent.c" \
    "$src/guest/agent/xenbus.c" >"$tmp/log" 2>&1; then
    sed 's/^/# /' "$tmp/log"
    echo "not ok 1 - the fuzzer is built"
    echo "1..1"
    exit 1
fi

cd "$tmp" || exit 1
if [ $# -gt 0 ]; then
    ./fuzz-agent "$@"
    exit
fi

# One that goes all the way: two watches, an event, the feature is "1", the request "s3", a
# transaction and its reply, "s3" again, the write and the end of the transaction.
printf '\1\0\1\0\0\0\2\0011\2\2s3\4\0027\0\2\2s3\3\0\5\0' >corpus/whole
if ./fuzz-agent -seed=1 -runs=30000 -max_len=512 -len_control=0 \
    -artifact_prefix="$tmp/" "$tmp/corpus" >"$tmp/log" 2>&1; then
    grep '#[0-9]*.DONE' "$tmp/log" | sed 's/^/# /'
    echo "ok 1 - the agent survives what a xenstored may send"
    status=0
else
    tail -n 60 "$tmp/log" | sed 's/^/# /'
    for input in "$tmp"/crash-* "$tmp"/leak-* "$tmp"/timeout-*; do
        [ -e "$input" ] && base64 "$input" | sed 's/^/# input: /'
    done
    echo "not ok 1 - the agent survives what a xenstored may send"
    status=1
fi
echo "1..1"
exit "$status"
