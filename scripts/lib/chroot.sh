# SPDX-License-Identifier: GPL-2.0-only
#
# A whole Debian of the rig's release in a directory, of this machine's
# architecture: where packages are built, and where they are installed to be
# tested.  Needs root.  Sourced after apt.sh.

chroot_require() {
    [ "$(id -u)" -eq 0 ] || die_environment "a chroot needs root: run this as root, or with sudo"
    command -v debootstrap >/dev/null || die_environment "debootstrap is missing: run scripts/setup"
}

# chroot_run DIR WORK COMMAND...: run COMMAND in DIR, with the directory WORK of
# the machine at /mnt, and with nothing of the caller's environment.  It has
# terminals and shared memory, as in a package builder's chroot.  No process and
# no mount outlives it.
chroot_run() {
    # shellcheck disable=SC2016 # the inner shell's variables
    unshare --mount --pid --fork --kill-child sh -c '
        set -e
        mount -t proc proc "$1/proc"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
        mount -t tmpfs tmpfs "$1/dev/shm"
        mkdir -p "$1/mnt"
        mount --bind "$2" "$1/mnt"
        dir=$1
        shift 2
        exec chroot "$dir" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
            PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
    ' chroot_run "$@"
}

# Nothing that is installed in it is started.
chroot_bootstrap() {
    chroot_archive=$(apt_host_archives | sed -n 's/ Debian$//p' | head -n 1)
    [ -n "$chroot_archive" ] || {
        echo "this machine's apt knows no Debian archive; run apt-get update, or scripts/setup"
        return "$ENVIRONMENT"
    }
    timeout 900 debootstrap --variant=minbase "$RIG_RELEASE" "$out" "$chroot_archive" ||
        return "$ENVIRONMENT"
    rm -f "$out"/var/cache/apt/archives/*.deb
    apt_sources >"$out/etc/apt/sources.list"
    # The machine's own way to its archives.
    apt-config dump | grep '^Acquire::.*[Pp]roxy' >"$out/etc/apt/apt.conf.d/90proxy" || :
    printf '#!/bin/sh\nexit 101\n' >"$out/usr/sbin/policy-rc.d" &&
        chmod 755 "$out/usr/sbin/policy-rc.d"
}

# chroot_base: print the release's minimal Debian.
chroot_base() {
    base_dir=$build/chroot/$RIG_RELEASE-base-$({
        apt_sources
        sed -n '/^chroot_bootstrap()/,/^}/p' "$top/scripts/lib/chroot.sh"
    } | digest)
    cached "$base_dir" step "$RIG_RELEASE: debootstrap" "debootstrap-$RIG_RELEASE" \
        chroot_bootstrap || die_environment "no $RIG_RELEASE could be had"
    echo "$base_dir"
}

# chroot_extended NAME KEY WORK COMMAND...: print a Debian in which COMMAND was
# run, with the directory WORK at /mnt, after the package index was made fresh.
# KEY is what the result depends on, besides COMMAND and the release.
chroot_extended() {
    extended_name=$RIG_RELEASE-$1
    extended_key=$2
    extended_work=$3
    shift 3
    extended_from=$(chroot_base) || exit
    extended_dir=$build/chroot/$extended_name-$(echo "$extended_from $extended_key $*" | digest)
    cached "$extended_dir" step "$extended_name: installing" "chroot-$extended_name" \
        chroot_extend "$@" || die_environment "no $extended_name could be had"
    echo "$extended_dir"
}
chroot_extend() {
    cp -a "$extended_from/." "$out/" &&
        cp -L /etc/resolv.conf "$out/etc/resolv.conf" &&
        chroot_run "$out" "$extended_work" timeout 300 \
            apt-get -q update -o APT::Update::Error-Mode=any || return
    chroot_run "$out" "$extended_work" "$@" && rm -f "$out"/var/cache/apt/archives/*.deb
}
