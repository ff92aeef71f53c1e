#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# fresh.sh RELEASE: README's two commands, scripts/demo and scripts/check, on a
# new Debian: debootstrap's minimal set, sudo, an ordinary user with a clone of
# the committed tree, and nothing else.  Run by run.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/scripts/lib/rig.sh"
export RIG_RELEASE="$1" RIG_ARCH=amd64
. "$top/scripts/lib/profile.sh"
. "$top/scripts/lib/apt.sh"
. "$top/scripts/lib/chroot.sh"
chroot_require

mkdir -p "$build/tmp"
work=$(mktemp -d "$build/tmp/fresh.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
# What apt has downloaded serves the next run, too.
archives=$build/chroot/archives-$RIG_RELEASE
mkdir -p "$archives"

# As root in the machine: what a Debian has mounted, and apt's downloads.
in_machine() {
    chroot_run "$root" "$archives" sh -euc '
        mount -t sysfs -o ro sysfs /sys
        mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
        mount -t tmpfs tmpfs /dev/shm
        mkdir -p /var/cache/apt/archives
        mount --bind /mnt /var/cache/apt/archives
        umount /mnt
        exec "$@"
    ' in_machine "$@"
}

make_machine() {
    cp -a "$base" "$root" && cp -L /etc/resolv.conf "$root/etc/resolv.conf" || return
    in_machine sh -euc '
        timeout 300 apt-get -q update -o APT::Update::Error-Mode=any
        timeout 300 apt-get -q -y --no-install-recommends install sudo
        useradd --create-home --shell /bin/bash user
    ' || return "$ENVIRONMENT"
    echo "user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/user" || return
    echo "127.0.0.1 localhost $(hostname)" >"$root/etc/hosts" || return
    git -c safe.directory='*' clone -q --no-local "$top" "$root/home/user/xen-guest-suspend" &&
        in_machine chown -R user:user /home/user
}

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

base=$(chroot_base) || exit
step "a new $RIG_RELEASE" "fresh-$RIG_RELEASE" make_machine || exit
rc=0
readme scripts/demo
readme scripts/check
exit "$rc"
