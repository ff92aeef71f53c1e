#!/bin/sh
# Is each patch under patches/ made from today's hypervisor/, or from today's series
# in libvirt/?  (That Xen's source gives it is tests/edits' matter; that libvirt's
# takes it, scripts/build-libvirt-package's.)
#
# SPDX-License-Identifier: GPL-2.0-only

set -u
src=${GS_SRCDIR:?is set by make check}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

n=0
failed=0
# result WORDS COMMAND...
result() {
    words=$1
    shift
    n=$((n + 1))
    if "$@" >"$tmp/out" 2>&1; then
        echo "ok $n - $words"
    else
        echo "not ok $n - $words"
        sed 's/^/# /' "$tmp/out" | head -n 40
        failed=1
    fi
}
# shellcheck disable=SC2317 # called by result
same_new_files() {
    cp "$src/$1" "$tmp/patch" && "$src/hypervisor/maintain" renew "$tmp/patch" &&
        diff -u "$src/$1" "$tmp/patch"
}

for patch in "$src"/patches/xen-*-guest-suspend.patch; do
    patch=${patch#"$src/"}
    result "$patch has today's new files (else run make, and commit it)" same_new_files "$patch"
    result "$patch was made from today's edits" "$src/hypervisor/maintain" fresh "$src/$patch"
done
# shellcheck disable=SC2317 # called by result
same_series() { "$src/libvirt/series" "$1" | xargs cat | diff - "$2"; }
for version in "$src"/libvirt/[0-9]*; do
    version=${version##*/}
    patch=patches/libvirt-$version-guest-suspend.patch
    result "$patch is the series in libvirt/ (else run make, and commit it)" same_series "$version" "$src/$patch"
done
echo "1..$n"
exit "$failed"
