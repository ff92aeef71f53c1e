#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# libvirt.sh RELEASE: Debian's package of libvirt's Xen driver with our series.
# libvirt's own tests pass, and its checks of the source; it is the stock package but
# for the driver and a library; it is installed beside Debian's libvirt, and there it
# passes tests/libvirt/driver.sh, also when it is compiled for ASan and for TSan.  Run
# by run.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/scripts/lib/rig.sh"
export RIG_RELEASE="$1" RIG_ARCH=amd64 RIG_TEST_PARTS=y
. "$top/scripts/lib/profile.sh"
# shellcheck disable=SC2034 # see xen-source.sh
apt_arch=arm64
. "$top/scripts/lib/apt.sh"
. "$top/scripts/lib/chroot.sh"
. "$top/scripts/lib/xen-source.sh"
. "$top/scripts/lib/libvirt-source.sh"
work=$(mktemp -d "$build/tmp/libvirt-package-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
rc=0
module=usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_libxl.so

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
stock=$(chroot_extended "libvirt-host" "" "$work" sh -euc '
    timeout 900 apt-get -q -y --no-install-recommends install libvirt-daemon libvirt-clients libvirt-daemon-driver-xen gcc libc6-dev libxen-dev libyajl-dev
    mkdir /opt/stock && cd /opt/stock && timeout 300 apt-get -q download libvirt-daemon-driver-xen
    dpkg-query -W | LC_ALL=C sort >/opt/stock/packages
') || exit
root=$work/root
cp -a "$stock" "$root"
# shellcheck disable=SC2016
install_ours() {
    chroot_run "$root" "$work" sh -euc '
        timeout 900 apt-get -q -y --no-install-recommends install /mnt/debs/*.deb
        dpkg-query -W | LC_ALL=C sort >/opt/stock/packages.ours
    '
}
result "it is installed" install_ours
[ "$rc" -eq 0 ] || exit 1

# What differs in the two packages, their versions apart.
differences() (
    cd "$work"
    for which in stock with; do
        case "$which" in
        stock) deb=$(echo "$root"/opt/stock/libvirt-daemon-driver-xen_*.deb) ;;
        with) deb=$(echo debs/libvirt-daemon-driver-xen_*.deb) ;;
        esac
        dpkg-deb -x "$deb" "$which" && dpkg-deb -e "$deb" "$which/DEBIAN" || exit 1
        # Debian may have built it with an earlier one of its Xen's libraries; and what we
        # add may need a newer GLib than the rest.
        sed -i '/^Version:/d; /^Installed-Size:/d; s/libxlguestsuspend1 ([^)]*), //
            s/\(libxen[a-z0-9.]*\|libglib2[-.a-z0-9]*\) ([^)]*)/\1/g' "$which/DEBIAN/control"
        rm "$which/DEBIAN/md5sums"
        # Ours are in them. In Debian 13 another package has them.
        rm -f "$which"/usr/share/doc/libvirt-daemon-driver-xen/NEWS.gz \
            "$which"/usr/share/doc/libvirt-daemon-driver-xen/changelog.Debian.gz
    done
    diff -r --no-dereference stock with
)
only_the_driver() {
    differences >"$work/differ" || :
    cat "$work/differ"
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
        dpkg-query -W | LC_ALL=C sort | grep -v libxlguestsuspend | diff /opt/stock/packages -
        dpkg -i /mnt/debs/libvirt-daemon-driver-xen_*.deb
    '
}
result "the stock package, but for the driver" only_the_driver
result "no other package of Debian's changes" only_one_package
result "the stock package takes its place again" back_and_forth

# Its checks ask git which files there are: those of the original source, which has
# copies of other projects as well.  Those for Python are left out.
source_checks() (
    libvirt_source "package-libvirt-$RIG_RELEASE-amd64"
    mkdir "$work/source" && cd "$work/source" || exit
    tar -x -f "$(xen_source_field orig)" --strip-components=1 && git init -q . && git add . &&
        git rm -r -q --cached --ignore-unmatch subprojects || exit
    check_source >"$work/checks.stock"
    git apply --index "$top/patches/libvirt-$libvirt_version-guest-suspend.patch" || exit
    check_source >"$work/checks"
    wc -l "$work/checks.stock" "$work/checks"
    [ "$(wc -l <"$work/checks")" -gt 100 ] || exit
    diff "$work/checks.stock" "$work/checks"
)
check_source() {
    sed "s|@top_srcdir@|$PWD|; s|@top_builddir@|$PWD|; s|@flake8_path@||; s|@black_path@||
        s|@runutf8@|LC_ALL=C.UTF-8|; s|@PYTHON3@|python3|; s|@\(GREP\|SED\|AWK\)@|\L\1|" \
        build-aux/Makefile.in >"$work/Makefile"
    sed -n 's/^\(sc_[a-zA-Z0-9_-]*\):.*/\1/p' build-aux/syntax-check.mk | while read -r check; do
        check_rc=0
        timeout 120 make -s -f "$work/Makefile" "$check" >"$work/check.out" 2>&1 </dev/null || check_rc=$?
        echo "$check: $check_rc"
        [ "$check_rc" -eq 0 ] || cat "$work/check.out"
    done
}
result "libvirt's checks of the source find nothing that they did not find before" source_checks

mkdir "$work/modules"
cp -r "$(cat "$work/where")/variants/none" "$work/modules/"
for v in address thread; do cp -r "$(cat "$work/where")/variants/$v" "$work/modules/"; done
dpkg-deb -x "$root"/opt/stock/libvirt-daemon-driver-xen_*.deb "$work/stock.deb"
install -D -m 644 -t "$work/modules/stock" "$work/stock.deb/$module"
cp "$top/tests/libvirt/fake_libxl.c" "$top/tests/libvirt/driver.sh" "$work/"
result "the fake libxl is built" chroot_run "$root" "$work" gcc -std=gnu11 -Wall -Wextra -Werror \
    -DLIBXL_API_VERSION=0x041300 -g -shared -fPIC -o /mnt/fake_libxl.so /mnt/fake_libxl.c -lpthread
[ -e "$work/fake_libxl.so" ] || exit 1
# libvirt.so, which TSan does not see, counts a connection's references, and calls this
# when the last one is gone: not before the others are done.
echo "race:libxlConnectClose" >"$work/tsan"
# driver [VARIABLE=VALUE...] [ARG...]: tests/libvirt/driver.sh, with these.
driver() {
    driver_rc=0
    chroot_run "$root" "$work" env "$@" || driver_rc=$?
    [ "$driver_rc" -eq 0 ] || rc=1
}
run="timeout 900 sh /mnt/driver.sh"
# shellcheck disable=SC2086 # words are wanted
{
    driver $run
    # libvirtd itself is not compiled for them, and leaks when it ends.
    driver ASAN_OPTIONS=detect_leaks=0 $run /mnt/modules/address/libvirt_driver_libxl.so libasan.so.8
    driver TSAN_OPTIONS="ignore_noninstrumented_modules=1 suppressions=/mnt/tsan" setarch -R $run /mnt/modules/thread/libvirt_driver_libxl.so libtsan.so.2
}
exit "$rc"
