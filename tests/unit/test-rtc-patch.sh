#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest/rtc/make-patch: its patch applies to a tree, and puts the driver there.
set -u
src=${GS_SRCDIR:?is set by make check}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/linux/drivers/rtc" "$tmp/other/drivers/rtc"
cd "$tmp" || exit 1

echo 1..3
printf 'config RTC_DRV_MT7622\n\ttristate "a"\n\nconfig RTC_DRV_XGENE\n\ttristate "b"\n' >linux/drivers/rtc/Kconfig
# shellcheck disable=SC2016 # make expands it
printf 'obj-$(CONFIG_RTC_DRV_X1205)\t+= rtc-x1205.o\nobj-$(CONFIG_RTC_DRV_XGENE)\t+= rtc-xgene.o\n' >linux/drivers/rtc/Makefile
if "$src/guest/rtc/make-patch" linux >series.patch &&
    patch -d linux -p1 -s --fuzz=0 -i "$tmp/series.patch"; then
    echo "ok 1 - the patch is made, and applies"
else
    echo "not ok 1 - the patch is made, and applies"
fi
if grep -A 1 -x 'config RTC_DRV_XEN_ARM' linux/drivers/rtc/Kconfig &&
    grep rtc-xen-arm.o linux/drivers/rtc/Makefile &&
    grep -q '^Subject: ' series.patch &&
    cmp linux/drivers/rtc/rtc-xen-arm.c "$src/guest/rtc/rtc-xen-arm.c"; then
    echo "ok 2 - driver, Kconfig and Makefile are there"
else
    echo "not ok 2 - driver, Kconfig and Makefile are there"
fi
touch other/drivers/rtc/Kconfig other/drivers/rtc/Makefile
if ! "$src/guest/rtc/make-patch" other >out 2>err && grep -q RTC_DRV_XGENE err; then
    echo "ok 3 - a tree without the place for it is refused"
else
    echo "not ok 3 - a tree without the place for it is refused"
fi
