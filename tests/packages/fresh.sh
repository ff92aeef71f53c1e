#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# fresh.sh RELEASE: README's two commands, scripts/demo and scripts/check, run by an
# ordinary user of a new Debian (machine.sh).  Run by run.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/scripts/lib/rig.sh"
export RIG_RELEASE="$1" RIG_ARCH=amd64
. "$top/scripts/lib/profile.sh"
. "$top/scripts/lib/apt.sh"
. "$top/scripts/lib/chroot.sh"
chroot_require

. "$top/tests/packages/machine.sh"

# readme COMMAND: README has it, and as the user on the machine it succeeds.
readme() {
    log=$logs/fresh-$RIG_RELEASE-${1##*/}.log
    readme_rc=0
    grep -qx "    $1" "$root/home/user/xen-guest-suspend/README.md" &&
        in_machine su - user -c "cd xen-guest-suspend && exec timeout 10800 $1" \
            </dev/null >"$log" 2>&1 || readme_rc=$?
    # What failed, and the last lines, which say how many.
    grep -n '^not ok' "$log" | sed 's/^/# /' || :
    tail -n 3 "$log" | sed 's/^/# /'
    echo "# the whole log: $log"
    if [ "$readme_rc" -eq 0 ]; then
        echo "ok - a new $RIG_RELEASE, an ordinary user: $1"
        return
    fi
    [ "$readme_rc" -ne "$ENVIRONMENT" ] || exit "$ENVIRONMENT"
    echo "not ok - a new $RIG_RELEASE, an ordinary user: $1 (status $readme_rc)"
    rm -rf "$logs/fresh-$RIG_RELEASE"
    cp -r "$root/home/user/xen-guest-suspend/build/logs" "$logs/fresh-$RIG_RELEASE" || :
    echo "# its logs: $logs/fresh-$RIG_RELEASE"
    rc=1
}

rc=0
readme scripts/demo
readme scripts/check
exit "$rc"
