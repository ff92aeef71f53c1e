#!/bin/sh
# Build the fuzzer of the domctl and run it: for a moment, always the same, as
# a test; or with the arguments that are given, which are libFuzzer's.
#
# SPDX-License-Identifier: GPL-2.0-only

set -u
# shellcheck source=tests/fuzz/fuzz.sh
. "${GS_SRCDIR:-.}/tests/fuzz/fuzz.sh"
fake=$src/tests/unit/fake_xen
xen=$src/hypervisor/xen

fuzz_build -D__XEN_TOOLS__ \
    -iquote "$src/tools/include" -iquote "$xen/include" \
    -iquote "$src/tests/unit" -I"$fake" -I"$xen/include" \
    -I"$xen/arch/arm/include" \
    "$src/tests/fuzz/fuzz-domctl.c" "$fake/fake.c" "$fake/guest-suspend.c" \
    "$fake/fake_arm.c" "$fake/arm-guest-suspend.c"

if [ $# -gt 0 ]; then
    "$tmp/fuzzer" "$@"
    exit
fi
fuzz_run "the domctl does as the model says" \
    -runs=30000 -max_len=1024 -len_control=0
