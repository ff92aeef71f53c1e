#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# xen.sh RELEASE: Debian's hypervisor package with our patch, built and booted.
# Run by run.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/scripts/lib/rig.sh"
export RIG_RELEASE="$1" RIG_ARCH=arm64
work=$(mktemp -d "$build/tmp/xen-package-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

# xen_package ARCH: built, and unpacked to $work/xen-ARCH.
xen_package() {
    xen_rc=0
    RIG_ARCH=$1 "$top/scripts/build-xen-package" >"$work/where" || xen_rc=$?
    [ "$xen_rc" -ne "$ENVIRONMENT" ] || exit "$ENVIRONMENT"
    if [ "$xen_rc" -ne 0 ] || ! dpkg-deb -x "$(cat "$work/where")"/xen-hypervisor-*.deb "$work/xen-$1"; then
        echo "not ok - $RIG_RELEASE: the hypervisor's package for $1"
        return 1
    fi
    echo "ok - $RIG_RELEASE: the hypervisor's package for $1"
}

# The image of the rig's host, with the package's hypervisor.
package_image() {
    mkdir "$work/hypervisor" && cp "$work"/xen-arm64/boot/xen-*-arm64 "$work/hypervisor/xen" &&
        dpkg-deb -f "$(cat "$work/where")"/xen-hypervisor-*.deb Version >"$work/hypervisor/version" || return
    sysroot=$("$top/scripts/rig-root" sysroot) && tools=$("$top/scripts/build-tools" "$sysroot") &&
        dom0=$("$top/scripts/rig-root" dom0) && kernel=$("$top/scripts/rig-root" kernel) &&
        "$top/scripts/build-image" "$work/hypervisor" "$dom0" "$kernel" "$tools"
}

rc=0
xen_package amd64 || rc=1
xen_package arm64 || exit 1
image=$(package_image) || exit "$ENVIRONMENT"
boot_rc=0
RIG_IMAGE=$image "$top/tests/e2e/run" demo >"$work/boot" || boot_rc=$?
sed 's/^/# /' "$work/boot"
[ "$boot_rc" -ne "$ENVIRONMENT" ] || exit "$ENVIRONMENT"
if [ "$boot_rc" -eq 0 ]; then
    echo "ok - $RIG_RELEASE: the package's hypervisor boots, and passes the demo"
else
    echo "not ok - $RIG_RELEASE: the package's hypervisor boots, and passes the demo"
    rc=1
fi
exit "$rc"
