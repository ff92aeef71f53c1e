#!/bin/sh
# Is each patch under patches/ what hypervisor/ gives today?  And does each
# version's patch that hypervisor/ can give exist?  Can it be cut into a series?
#
# SPDX-License-Identifier: GPL-2.0-only

set -u
src=${GS_SRCDIR:?is set by make check}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# A "---" alone ends a message.
changes() { grep '^[-+@]' | grep -vx -e '---' | sort; }

n=0
failed=0
for changes in "$src"/hypervisor/xen-*.patch; do
    version=${changes##*/xen-}
    version=${version%.patch}
    patch=patches/xen-$version-guest-suspend.patch
    n=$((n + 1))
    if ! "$src/hypervisor/assemble" "$version" >"$tmp/new"; then
        echo "not ok $n - $patch can be assembled"
        failed=1
    elif ! diff -u "$src/$patch" "$tmp/new" >"$tmp/diff" 2>&1; then
        echo "not ok $n - $patch is fresh (run make and commit it)"
        sed 's/^/# /' "$tmp/diff" | head -n 40
        failed=1
    else
        echo "ok $n - $patch is fresh"
    fi
    n=$((n + 1))
    # The mails together are all of the patch, and nothing else.
    rm -rf "$tmp/series"
    if "$src/hypervisor/make-series" "$version" "$tmp/series" >"$tmp/out" 2>&1 &&
        cat "$tmp/series"/*.patch | changes >"$tmp/cut" &&
        changes <"$tmp/new" | diff - "$tmp/cut" >"$tmp/out"; then
        echo "ok $n - $patch can be cut into a series"
    else
        echo "not ok $n - $patch can be cut into a series"
        sed 's/^/# /' "$tmp/out" | head -n 20
        failed=1
    fi
done
for patch in "$src"/patches/*.patch; do
    version=${patch##*/xen-}
    version=${version%-guest-suspend.patch}
    n=$((n + 1))
    if [ -e "$src/hypervisor/xen-$version.patch" ]; then
        echo "ok $n - ${patch#"$src/"} has its source"
    else
        echo "not ok $n - ${patch#"$src/"} has no hypervisor/xen-$version.patch"
        failed=1
    fi
done
echo "1..$n"
exit "$failed"
