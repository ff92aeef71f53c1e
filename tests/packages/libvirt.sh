#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# libvirt.sh RELEASE: Debian's package of libvirt's Xen driver with our series.
# libvirt's own tests pass; it is the stock package but for the driver and a
# library; it is installed beside Debian's libvirt, and there it passes
# tests/libvirt/driver.sh.  Run by run.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/scripts/lib/rig.sh"
export RIG_RELEASE="$1" RIG_ARCH=amd64
. "$top/scripts/lib/profile.sh"
. "$top/scripts/lib/apt.sh"
. "$top/scripts/lib/chroot.sh"
work=$(mktemp -d "$build/tmp/libvirt-package-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
rc=0

result() {
    result_words=$1
    shift
    if "$@" >"$work/out" 2>&1; then
        echo "ok - $RIG_RELEASE: $result_words"
    else
        echo "not ok - $RIG_RELEASE: $result_words"
        sed 's/^/# /' "$work/out" | head -n 30
        rc=1
    fi
}

build_rc=0
"$top/scripts/build-libvirt-package" >"$work/where" || build_rc=$?
[ "$build_rc" -ne "$ENVIRONMENT" ] || exit "$ENVIRONMENT"
result "libvirt-daemon-driver-xen is built, and libvirt's tests of it pass" test "$build_rc" -eq 0
[ "$build_rc" -eq 0 ] || exit 1
ours=$("$top/scripts/build-packages")
mkdir "$work/debs"
cp "$(cat "$work/where")"/libvirt-daemon-driver-xen_*.deb "$ours"/libxlguestsuspend1_*.deb \
    "$ours"/libxlguestsuspend-dev_*.deb "$work/debs/"

# The stock package stays at hand, to go back to.
# shellcheck disable=SC2016 # the inner shell's variables
root=$(chroot_extended "libvirt-host" "$(digest_tree "$work/debs")" "$work" sh -euc '
    timeout 900 apt-get -q -y --no-install-recommends install libvirt-daemon libvirt-clients libvirt-daemon-driver-xen gcc libc6-dev
    mkdir /opt/stock && cd /opt/stock && timeout 300 apt-get -q download libvirt-daemon-driver-xen
    dpkg-query -W | sort >/opt/stock/packages
    timeout 900 apt-get -q -y --no-install-recommends install /mnt/debs/*.deb
    dpkg-query -W | sort >/opt/stock/packages.ours
') || exit

# What differs in the two packages, their versions apart.
differences() (
    cd "$work"
    for which in stock with; do
        case "$which" in
        stock) deb=$(echo "$root"/opt/stock/libvirt-daemon-driver-xen_*.deb) ;;
        with) deb=$(echo debs/libvirt-daemon-driver-xen_*.deb) ;;
        esac
        dpkg-deb -x "$deb" "$which" && dpkg-deb -e "$deb" "$which/DEBIAN" || exit 1
        # Debian may have built it with an earlier one of its Xen's libraries.
        sed -i '/^Version:/d; /^Installed-Size:/d; s/libxlguestsuspend1 ([^)]*), //
            s/\(libxen[a-z0-9.]*\) ([^)]*)/\1/g' "$which/DEBIAN/control"
        rm "$which/DEBIAN/md5sums"
    done
    diff -r --no-dereference stock with
)
only_the_driver() {
    differences >"$work/differ" || :
    cat "$work/differ"
    module=usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_libxl.so
    echo "Binary files stock/$module and with/$module differ" | diff - "$work/differ"
}
only_one_package() {
    diff "$root/opt/stock/packages" "$root/opt/stock/packages.ours" | grep '^[<>]' | sed 's/\t.*//; s/:amd64//' | sort >"$work/changed"
    cat "$work/changed"
    printf '%s\n' '< libvirt-daemon-driver-xen' '> libvirt-daemon-driver-xen' '> libxlguestsuspend-dev' \
        '> libxlguestsuspend1' | sort | diff - "$work/changed"
}
# shellcheck disable=SC2016
back_and_forth() {
    chroot_run "$root" "$work" sh -euc '
        dpkg -i /opt/stock/*.deb
        dpkg-query -W | grep -v libxlguestsuspend | diff /opt/stock/packages -
        dpkg -i /mnt/debs/libvirt-daemon-driver-xen_*.deb
    '
}
result "the stock package, but for the driver" only_the_driver
result "no other package of Debian's changes" only_one_package
result "the stock package takes its place again" back_and_forth

cp "$top/tests/libvirt/fake_libxl.c" "$top/tests/libvirt/driver.sh" "$work/"
result "the fake libxl is built" chroot_run "$root" "$work" gcc -std=gnu11 -Wall -Wextra -Werror \
    -DLIBXL_API_VERSION=0x041300 -g -shared -fPIC -o /mnt/fake_libxl.so /mnt/fake_libxl.c -lpthread
driver_rc=0
chroot_run "$root" "$work" timeout 600 sh /mnt/driver.sh || driver_rc=$?
[ "$driver_rc" -eq 0 ] || rc=1
exit "$rc"
