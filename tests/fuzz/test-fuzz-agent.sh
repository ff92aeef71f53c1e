#!/bin/sh
# Build the fuzzer of what the agent reads and run it: for a moment, always the same, as
# a test; or with the arguments that are given, which are libFuzzer's.
#
# SPDX-License-Identifier: GPL-2.0-only

set -u
# shellcheck source=tests/fuzz/fuzz.sh
. "${GS_SRCDIR:-.}/tests/fuzz/fuzz.sh"

# What the agent finds of the kernel, and nothing of this machine's.
mkdir "$tmp/power" || exit 1
echo '[deep]' >"$tmp/power/mem_sleep"
: >"$tmp/power/state"

fuzz_build -iquote "${GS_BUILDDIR:-$src}" -iquote "$src/guest/agent" \
    "$src/tests/fuzz/fuzz-agent.c" "$src/guest/agent/xenbus.c"

# One that goes all the way: two watches, an event, the feature is "1", the request "s3", a
# transaction and its reply, "s3" again, the write and the end of the transaction.
printf '\1\0\1\0\0\0\2\0011\2\2s3\4\0027\0\2\2s3\3\0\5\0' >"$tmp/corpus/whole"

if [ $# -gt 0 ]; then
    cd "$tmp" && ./fuzzer "$@"
    exit
fi
fuzz_run "the agent survives what a xenstored may send" \
    -runs=30000 -max_len=512 -len_control=0
