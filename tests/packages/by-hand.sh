#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# by-hand.sh RELEASE: what README says under "By hand", run to the letter by root of
# a new Debian (machine.sh); then the daemon reads hooks from where its manual
# says.  Run by run.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/scripts/lib/rig.sh"
export RIG_RELEASE="$1" RIG_ARCH=amd64
. "$top/scripts/lib/profile.sh"
# shellcheck disable=SC2034 # see xen-source.sh
apt_arch=arm64
. "$top/scripts/lib/apt.sh"
. "$top/scripts/lib/xen-source.sh"
. "$top/scripts/lib/chroot.sh"
chroot_require
. "$top/tests/packages/machine.sh"
tree=/home/user/xen-guest-suspend

# block N: the Nth block of commands under "By hand".
block() {
    sed -n '/^\*\*By hand:\*\*$/,/^## /p' "$root$tree/README.md" | awk -v want="$1" '
        /^        / { if (!on) n++; on = 1; if (n == want) print substr($0, 9); next }
        { on = 0 }'
}
# run_block N DIRECTORY: in the machine, as root; -e: each command succeeds.
run_block() {
    block "$1" | sed "s|/path/to/xen|/xen|; s/apt-get install /&-q -y /" >"$root/block"
    grep . "$root/block" || return
    in_machine timeout 3600 sh -euxc "cd $2; . /block"
}
the_hypervisor() {
    # What "apt-get source xen" leaves: its patches are applied.
    xen_source_unpack "$root/xen" && (cd "$root/xen" &&
        grep -v '^ *\(#\|$\)' debian/patches/series | while read -r p; do
            patch -p1 -s --fuzz=0 <"debian/patches/$p" || exit 1
        done) || return
    run_block 1 "$tree" && test -s "$root/xen/xen/xen"
}
the_tools() { run_block 2 "$tree"; }
# The manual's directory of hooks.
hooks_dir() { sed -n 's/^=item F<\(.*guest-suspend\.d\)\/\{0,1\}>.*/\1/p' "$root$tree/man/xensuspendd.8.pod" | head -n 1; }
the_hooks() {
    hooks=$(hooks_dir)
    test -n "$hooks" && test -d "$root$hooks" || return
    printf '#!/bin/sh\n' >"$root$hooks/10-mine" && chmod 755 "$root$hooks/10-mine" || return
    in_machine /usr/local/sbin/xensuspendd --check >"$work/check" && cat "$work/check" &&
        grep -qxF "runs $hooks/10-mine" "$work/check"
}
result() {
    result_words=$1
    shift
    log=$logs/by-hand-$RIG_RELEASE.log
    if (set -e; "$@") >"$log" 2>&1 </dev/null; then
        echo "ok - by hand, $RIG_RELEASE: $result_words"
        return
    fi
    echo "not ok - by hand, $RIG_RELEASE: $result_words"
    tail -n 20 "$log" | sed 's/^/# /'
    exit 1
}

xen_source "by-hand-$RIG_RELEASE"
result "Xen with our patch is built" the_hypervisor
result "the tools are built, tested, installed" the_tools
result "hooks are read from where the manual says" the_hooks
