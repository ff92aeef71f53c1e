#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Configured as README says, are hooks where the manual says?
set -u
src=${GS_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# hooks_in NUMBER EXPECTED OPTION...
hooks_in() {
    number=$1 expected=$2
    shift 2
    words="configure $*: hooks are in $expected"
    if (cd "$dir" && "$src/configure" -q "$@") >"$dir/log" 2>&1 &&
        grep -qxF "sysconfdir = ${expected%/xen/*}" "$dir/config/config.mk"; then
        echo "ok $number - $words"
    else
        echo "not ok $number - $words"
        grep -h sysconfdir "$dir/config/config.mk" "$dir/log" | sed 's/^/# /'
        failed=1
    fi
}

manual=$(sed -n 's/^=item F<\(.*guest-suspend\.d\)>$/\1/p' "$src/man/xensuspendd.8.pod")
readme=$(sed -n 's/^ *autoreconf -i && \.\/configure *\(.*\) && make && .*/\1/p' "$src/README.md")
# shellcheck disable=SC2086 # words are wanted
hooks_in 1 "$manual" $readme
# As packages are.
hooks_in 2 "$manual" --prefix=/usr
hooks_in 3 /opt/etc/xen/guest-suspend.d --sysconfdir=/opt/etc
# shellcheck disable=SC2016 # make's variable
hooks_in 4 '${prefix}/etc/xen/guest-suspend.d' --prefix=/opt/guest-suspend

# Where nothing of Xen's is installed, as in a guest.
without_xen() (cd "$dir" && PKG_CONFIG_LIBDIR=/nowhere PKG_CONFIG_PATH='' "$src/configure" -q "$@") >"$dir/log" 2>&1
agent_is_built() { make -C "$dir" >>"$dir/log" 2>&1 && "$dir/guest/agent/xen-guest-suspend-agent" --version >>"$dir/log"; }
words="without Xen's libraries, --enable-guest-only builds the agent; anything else is refused"
if without_xen --enable-guest-only && agent_is_built && ! without_xen && grep -q 'Debian package libxen-dev' "$dir/log"; then
    echo "ok 5 - $words"
else
    echo "not ok 5 - $words"
    tail -n 20 "$dir/log" | sed 's/^/# /'
    failed=1
fi
echo 1..5
exit "$failed"
