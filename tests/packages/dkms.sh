#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms.sh RELEASE: guest/rtc's DKMS package in a Debian: installed, it is built for the
# kernel of an arm64 guest from Debian's headers, put where modprobe finds it, and removed.
# The Debian is amd64, with the cross compiler and the pahole that those headers take.  Run by run.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/scripts/lib/rig.sh"
export RIG_RELEASE="$1" RIG_ARCH=amd64
. "$top/scripts/lib/profile.sh"
. "$top/scripts/lib/apt.sh"
. "$top/scripts/lib/chroot.sh"
chroot_require
work=$(mktemp -d "$build/tmp/dkms-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

ours=$("$top/scripts/build-packages") || exit
headers=$(RIG_ARCH=arm64 "$top/scripts/rig-root" headers) || exit
kbuild=$("$top/scripts/rig-root" kbuild) || exit
cp "$ours"/xen-guest-rtc-dkms_*.deb "$work/rtc.deb"
object_tree=$(echo "$headers"/usr/src/linux-headers-*-arm64)
kernel=${object_tree##*/linux-headers-}
compiler=$(sed -n 's/^CC = .*)\(gcc-[0-9]*\)$/\1/p' "$object_tree/.kernelvariables")

# shellcheck disable=SC2016 # the inner shell's variables
stock=$(chroot_extended dkms "" "$work" sh -euc '
    timeout 900 apt-get -q -y --no-install-recommends install dkms kmod make pahole "$1-aarch64-linux-gnu" libc6-dev-arm64-cross
' sh "$compiler") || exit
cp -a "$stock" "$work/debian"
cp -a "$headers/usr/src/." "$work/debian/usr/src/"
cp -a "$kbuild"/usr/lib/linux-kbuild-* "$work/debian/usr/lib/"
mkdir -p "$work/debian/usr/lib/modules/$kernel"
ln -s "/usr/src/linux-headers-$kernel" "$work/debian/usr/lib/modules/$kernel/build"

dkms_rc=0
# shellcheck disable=SC2016
chroot_run "$work/debian" "$work" env DEB_BUILD_ARCH=amd64 DEB_HOST_ARCH=arm64 \
    DEB_HOST_GNU_TYPE=aarch64-linux-gnu sh -uc '
    kernel=$1 release=$2 failed=0
    check() {
        words=$1
        shift
        if "$@" >/tmp/check.out 2>&1; then
            echo "ok - $release: $words"
        else
            echo "not ok - $release: $words"
            tail -n 20 /tmp/check.out /var/lib/dkms/xen-guest-rtc/*/build/make.log 2>/dev/null | sed "s/^/# /"
            failed=1
        fi
    }
    built() { find "/lib/modules/$kernel/updates/dkms" -name "rtc-xen-arm.ko*" | grep .; }
    for_kernel() { modinfo -F vermagic "$(built)" | grep "^$kernel .*aarch64"; }
    check "the DKMS package is installed" dpkg -i /mnt/rtc.deb
    version=$(dpkg-query -W -f "\${Version}" xen-guest-rtc-dkms)
    check "DKMS builds its driver for Linux $kernel" \
        dkms install "xen-guest-rtc/${version%-*}" -k "$kernel" -a aarch64
    check "and puts it below the modules of that kernel" built
    check "for which it is" for_kernel
    check "without a warning" sh -c "! grep -i warning: /var/lib/dkms/xen-guest-rtc/*/$kernel/aarch64/log/make.log"
    check "purge" dpkg -P xen-guest-rtc-dkms
    check "the driver goes with it" sh -c "! find /lib/modules/$kernel /var/lib/dkms -name \"*xen*\" | grep ."
    exit "$failed"
' sh "$kernel" "$RIG_RELEASE" || dkms_rc=$?
exit "$dkms_rc"
