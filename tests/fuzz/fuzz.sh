# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the tests that build and run a fuzzer share; sourced.  Sets src, and tmp, which is
# removed at the end.

fuzz_flags="-g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"

fuzz_skip()
{
    echo "1..0 # skip $1"
    exit 0
}

# shellcheck disable=SC2034 # for who sources it
src=${GS_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)} || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/corpus" || exit 1

command -v clang >/dev/null || fuzz_skip "no clang (Debian package clang)"
echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n);
int LLVMFuzzerTestOneInput(const char *d, unsigned long n)
{ return d && n > 9 && d[9] == 42 ? 0 : 0; }' >"$tmp/probe.c"
clang -fsanitize=fuzzer,address,undefined -o "$tmp/probe" "$tmp/probe.c" \
    2>"$tmp/log" ||
    fuzz_skip "clang without libFuzzer (Debian package libclang-rt-N-dev, N as in clang --version)"

# fuzz_build ARGUMENT...: clang's.  The result is $tmp/fuzzer.
fuzz_build()
{
    # shellcheck disable=SC2086 # words
    clang $fuzz_flags -Wall -Werror -D_GNU_SOURCE -o "$tmp/fuzzer" "$@" \
        >"$tmp/log" 2>&1 && return
    sed 's/^/# /' "$tmp/log"
    echo "not ok 1 - the fuzzer is built"
    echo "1..1"
    exit 1
}

# fuzz_run WHAT ARGUMENT...: libFuzzer's.  Does not return.
fuzz_run()
{
    fuzz_what=$1
    shift
    cd "$tmp" || exit 1
    if ./fuzzer -seed=1 -artifact_prefix="$tmp/" "$@" corpus >log 2>&1; then
        grep '#[0-9]*.DONE' log | sed 's/^/# /'
        echo "ok 1 - $fuzz_what"
        fuzz_status=0
    else
        tail -n 60 log | sed 's/^/# /'
        for fuzz_input in crash-* leak-* timeout-*; do
            [ -e "$fuzz_input" ] && base64 "$fuzz_input" | sed 's/^/# input: /'
        done
        echo "not ok 1 - $fuzz_what"
        fuzz_status=1
    fi
    echo "1..1"
    exit "$fuzz_status"
}
