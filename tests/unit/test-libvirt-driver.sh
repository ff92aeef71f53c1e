#!/bin/sh
# What our series adds to libvirt's Xen driver in a file of its own, libxl_pm.c, on a
# made-up libvirt and a made-up host (tests/libvirt/test_pm.c): with ASan and UBSan, and
# with TSan.
#
# SPDX-License-Identifier: GPL-2.0-only

set -u
src=${GS_SRCDIR:?is set by make check}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failed=0

# The file as the whole series leaves it.
for patch in "$src"/patches/libvirt-*-guest-suspend.patch; do
    version=${patch##*/libvirt-}
    version=${version%-guest-suspend.patch}
    mkdir "$version"
    awk '/^diff --git / { ours = /libxl_pm\.[ch]$/ } /^From 0+ / { ours = 0 } ours' "$patch" |
        (cd "$version" && patch -s -p3) >log 2>&1 || failed=1
    cmp 11.3/libxl_pm.c "$version/libxl_pm.c" >>log 2>&1 || failed=1
done
if [ "$failed" -ne 0 ]; then
    sed 's/^/# /' log
    echo "not ok 1 - libxl_pm.c comes of each series, and is the same in all"
    echo "1..1"
    exit 1
fi
echo "ok 1 - libxl_pm.c comes of each series, and is the same in all"
n=1

mkdir include
for header in config.h libxl_conf.h domain_event.h viralloc.h virerror.h virfile.h virlog.h \
    virthread.h virutil.h; do
    echo '#include "fake_libvirt.h"' >"include/$header"
done

# build NAME FLAG...
build() {
    build_name=$1
    shift
    cc -std=gnu11 -O1 -g -Wall -Wextra -Werror -D_GNU_SOURCE "$@" -Iinclude -I11.3 \
        -I"$src/tests/libvirt" -I"$src/tools/libs/light" -o "$build_name" \
        11.3/libxl_pm.c "$src/tests/libvirt/fake_libvirt.c" "$src/tests/libvirt/test_pm.c" \
        -pthread >log 2>&1
}
# run NAME COMMAND...: its results, numbered on.
run() {
    run_name=$1
    shift
    run_rc=0
    "$@" >out 2>err || run_rc=$?
    # A report of a sanitizer ends it.
    if [ "$run_rc" -gt 1 ] || ! grep -q "^1\.\." out; then echo "not ok - it gets to its end: status $run_rc" >>out; fi
    awk -v n="$n" -v name="$run_name" '/^(not )?ok / { sub(/ok [0-9]*( - )?/, "ok " ++n " - " name ": ") } !/^1\.\./' out
    n=$((n + $(grep -c -E '^(not )?ok ' out)))
    sed 's/^/# /' err
    ! grep -q '^not ok' out || failed=1
}

for kind in address,undefined thread; do
    flags="-fsanitize=$kind -fno-sanitize-recover=all"
    # A compiler without it, or a machine on which it cannot run, is not at fault.
    echo 'int main(void) { return 0; }' >nothing.c
    # shellcheck disable=SC2086 # words
    if ! cc $flags -o nothing nothing.c >log 2>&1 || ! setarch -R ./nothing >>log 2>&1; then
        n=$((n + 1))
        sed 's/^/# /' log
        echo "ok $n # skip -fsanitize=$kind does not work here"
        continue
    fi
    # shellcheck disable=SC2086
    if build "test-$kind" $flags; then
        TSAN_OPTIONS=exitcode=66 ASAN_OPTIONS=exitcode=66 run "$kind" setarch -R "./test-$kind"
    else
        n=$((n + 1))
        sed 's/^/# /' log
        echo "not ok $n - it builds with -fsanitize=$kind"
        failed=1
    fi
done
echo "1..$n"
exit "$failed"
