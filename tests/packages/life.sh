#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# life.sh RELEASE XEN-VERSION: a package's life, in a Debian with the stock
# tools in which nothing else goes on: install, the stock tools upgraded, ours
# upgraded, removed, installed again, purged.  Run by run; the packages are
# under /mnt, the stock ones under /stock.
set -u
release=$1
xen=$2
failed=0

check() {
    check_words=$1
    shift
    if "$@" >/tmp/check.out 2>&1; then
        echo "ok - $release: $check_words"
    else
        echo "not ok - $release: $check_words"
        sed 's/^/# /' /tmp/check.out | head -n 20
        failed=1
    fi
}

# Every file, link and mode, but what every use of dpkg changes.
snapshot() {
    find / -xdev \( -path /proc -o -path /mnt -o -path /tmp -o -path /var/log -o -path /var/cache \
        -o -path /var/lib/dpkg -o -path /etc/ld.so.cache -o -path /var/lib/systemd/deb-systemd-helper-enabled \) \
        -prune -o -printf '%p %y %m %u %g %l\n' | LC_ALL=C sort
    find /var/lib/dpkg/info -printf '%f\n' | LC_ALL=C sort
    dpkg-divert --list | LC_ALL=C sort
    dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'
    find /var/lib/systemd/deb-systemd-helper-enabled -type f 2>/dev/null
    find /usr /etc /boot -xdev -type f ! -path /etc/ld.so.cache -print0 | LC_ALL=C sort -z |
        xargs -0r sha256sum
}

# repack DEB VERSION [COMMAND...]: a later DEB, changed by the command.
repack() {
    repack_deb=$1
    repack_version=$2
    shift 2
    rm -rf /tmp/repack
    dpkg-deb -R "$repack_deb" /tmp/repack || return 1
    sed -i "s/^Version: .*/Version: $repack_version/; s/(= [^)]*)/(= $repack_version)/" \
        /tmp/repack/DEBIAN/control
    if [ $# -gt 0 ]; then (cd /tmp/repack && "$@") || return 1; fi
    dpkg-deb -b /tmp/repack /tmp/later/
}

# What xl says: the wrapper must have found the stock xl by its name, whatever
# that then does without a hypervisor.
xl_says() { xl "$@" </dev/null 2>&1; echo "status $?"; }
ours_is_xl() {
    [ ! -L /usr/sbin/xl ] && dpkg-query -S /usr/sbin/xl | grep xen-guest-suspend &&
        [ "$(readlink /usr/sbin/xl.distrib)" = "$1" ] &&
        xl help | grep suspend-status &&
        [ "$(dpkg-divert --list | grep -c /usr/sbin/xl)" -eq 1 ]
}
stock_is_xl() {
    [ "$(readlink /usr/sbin/xl)" = "$1" ] && [ ! -e /usr/sbin/xl.distrib ] &&
        [ ! -L /usr/sbin/xl.distrib ] && ! dpkg-divert --list | grep /usr/sbin/xl
}
# Commands that are not ours, good and bad.
stock_commands() {
    for args in list "list --nonsense" "help create" "create -n /nonexistent" nonsense "vcpu-list -x"; do
        echo "# xl $args"
        # shellcheck disable=SC2086 # words are wanted
        xl_says $args
    done
}
same_as_stock() { stock_commands | diff /tmp/stock-commands -; }

mkdir -p /sys/hypervisor/version /tmp/later
echo xen >/sys/hypervisor/type
echo "${xen%.*}" >/sys/hypervisor/version/major
echo "${xen#*.}" >/sys/hypervisor/version/minor
link=../lib/xen-common/bin/xen-utils-wrapper
later_link=../lib/xen-common/bin/../bin/xen-utils-wrapper
stock_deb=$(echo /stock/*.deb)
# The stock version once, so that the snapshots before and after agree on
# whatever a reinstallation leaves.
dpkg -i "$stock_deb" >/dev/null 2>&1
# Not the wrapper's words, but those of the program that it found.
check "the stock xl runs, as far as it can without Xen" sh -c 'xl help 2>&1 | grep "xl context"'
check "and is the stock link" stock_is_xl "$link"
stock_commands >/tmp/stock-commands
snapshot >/tmp/before

ours=$(find /mnt/debs-amd64 -name '*.deb' ! -name '*-dbgsym_*')
# shellcheck disable=SC2086
install_ours() { dpkg -i $ours; }
check "install" install_ours
check "our xl is xl, and the stock one is kept" ours_is_xl "$link"
check "all else goes to the stock xl" same_as_stock
check "bash completes ours and stock commands" bash -c '
    . /usr/share/bash-completion/completions/xl && declare -F _xl _xl_guest_suspend'
check "the service is enabled" sh -c '
    [ -L /etc/systemd/system/multi-user.target.wants/xensuspendd.service ] &&
    [ -e "$(readlink -f /etc/systemd/system/multi-user.target.wants/xensuspendd.service)" ] &&
    ls /etc/rc2.d/S*xensuspendd /etc/rc0.d/K*xensuspendd'
check "guests are woken before xendomains stops" sh -c '
    ls /etc/rc0.d/K*xen-guest-suspend-wake /etc/rc6.d/K*xen-guest-suspend-wake \
        /usr/lib/systemd/system/xen-guest-suspend-wake.service \
        /usr/lib/systemd/system/xendomains.service.d/xen-guest-suspend.conf'
check "the guest's agent is a service, and ends where there is no Xen" sh -c '
    [ -e "$(readlink -f /etc/systemd/system/multi-user.target.wants/xen-guest-suspend-agent.service)" ] &&
    ls /etc/rc2.d/S*xen-guest-suspend-agent && xen-guest-suspend-agent --help &&
    ! xen-guest-suspend-agent --exec=/bin/true'
check "the daemon runs as far as it can without Xen" sh -c '
    xensuspendd --help && ! xensuspendd 2>&1 | grep "error while loading"'
check "the patches' package edits a source of Xen, and refuses what is none" sh -c '
    apply=/usr/share/xen-guest-suspend/hypervisor/apply
    $apply --help && ! $apply --check /tmp 2>/tmp/apply.err && grep "/tmp" /tmp/apply.err &&
    ls /usr/share/xen-guest-suspend/patches/*.patch'
for page in xl-suspend-status xl-trigger-wake xensuspendd xen-guest-suspend-paths \
    libxl_domain_suspend_state libxl_domain_resume_virq xl-trigger-sleep \
    xen-guest-suspend-agent libxl_domain_suspend_request; do
    check "man $page" man -w "$page"
done
check "man shows no page with a complaint" sh -c '
    for f in $(dpkg-query -L xen-guest-suspend xen-guest-suspend-agent libxlguestsuspend-dev | grep "/man/.*gz$"); do
        LC_ALL=C.UTF-8 MANROFFSEQ="" man --warnings -E UTF-8 -l -Tutf8 -Z "$f" >/dev/null 2>/tmp/man.err
        [ ! -s /tmp/man.err ] || { echo "$f"; cat /tmp/man.err; exit 1; }
    done'

upgrade_stock() {
    repack "$stock_deb" "$(dpkg-deb -f "$stock_deb" Version)+later" \
        ln -sfn "$later_link" usr/sbin/xl &&
        dpkg -i /tmp/later/xen-utils-common_*.deb
}
check "the stock tools are upgraded" upgrade_stock
check "their new xl is beside ours" ours_is_xl "$later_link"
check "and is the one that runs" same_as_stock

upgrade_ours() {
    rm -f /tmp/later/*
    for deb in $ours; do repack "$deb" "9$(dpkg-deb -f "$deb" Version)" || return 1; done
    dpkg -i /tmp/later/*.deb
}
check "ours are upgraded" upgrade_ours
check "our xl is still xl" ours_is_xl "$later_link"

check "what needs ours keeps it" sh -c '! dpkg -r xen-guest-suspend 2>/tmp/removed.err && grep xen-guest-wol /tmp/removed.err'
check "ours is removed" dpkg -r xen-guest-wol xen-guest-suspend
check "the stock xl has its name back" stock_is_xl "$later_link"
check "and runs" same_as_stock
check "ours is installed again" sh -c 'dpkg -i /tmp/later/xen-guest-suspend_*.deb /tmp/later/xen-guest-wol_*.deb'
check "our xl is xl again" ours_is_xl "$later_link"

names=$(for deb in $ours; do dpkg-deb -f "$deb" Package; done)
# shellcheck disable=SC2086
check "purge" dpkg -P $names
check "the stock xl is xl" stock_is_xl "$later_link"
dpkg -i "$stock_deb" >/dev/null 2>&1
snapshot >/tmp/after
check "nothing is left" diff /tmp/before /tmp/after
exit "$failed"
