# SPDX-License-Identifier: GPL-2.0-only
#
# What tests of xen-guest-wol share: the bridge br0, with the port wol0, a "network card",
# and the guests' vifs.  What is sent on veth0 arrives on wol0.

# shellcheck shell=sh

# wol_network MODULE_LOADER: it loads modules in the order given here.
wol_network() {
    for module in xen-netback veth llc stp bridge; do
        [ -e "/sys/module/$(echo "$module" | tr - _)" ] || "$1" "$module" || fail "$1 $module"
    done
    [ -e /sys/class/net/wol0 ] || busybox ip link add name wol0 type veth || fail "no veth pair"
    # The kernel names its other end, and the first one is veth0.
    [ -e /sys/class/net/br0 ] || busybox brctl addbr br0 || fail "no bridge"
    [ -e /sys/class/net/br0/brif/wol0 ] || busybox brctl addif br0 wol0 || fail "no port"
    for interface in wol0 br0; do
        busybox ip link set "$interface" up || fail "$interface is not up"
    done
    busybox ifconfig veth0 10.99.0.1 netmask 255.255.255.0 up || fail "no network"
    sender_mac=$(cat /sys/class/net/veth0/address)
}
# wol_vif MAC: the line of a guest's configuration.  An HVM guest has no emulated card.
wol_vif() { echo "vif=[\"mac=$1,type=vif,bridge=br0,script=/e2e/pv-devices.sh\"]"; }
# wol_vif_up DOMID
wol_vif_up() { wait_until 60 [ -e "/sys/class/net/br0/brif/vif$1.0" ]; }
send() { /e2e/bin/wol-send veth0 "$@" || fail "wol-send $*"; }
