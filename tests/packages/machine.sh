# SPDX-License-Identifier: GPL-2.0-only
#
# A new Debian of RIG_RELEASE in a directory, $root: debootstrap's minimal set,
# sudo, the ordinary user "user" with a clone of the committed tree, and nothing
# else.  Sourced after chroot.sh.

mkdir -p "$build/tmp"
work=$(mktemp -d "$build/tmp/machine.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
# What apt has downloaded serves the next run, too.
archives=$build/chroot/archives-$RIG_RELEASE
mkdir -p "$archives"

# As root in the machine: with /sys, as a Debian has it, and apt's downloads.
in_machine() {
    chroot_run "$root" "$archives" sh -euc '
        mount -t sysfs -o ro sysfs /sys
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

base=$(chroot_base) || exit
step "a new $RIG_RELEASE" "machine-$RIG_RELEASE" make_machine || exit
