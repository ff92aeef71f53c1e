#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# libxl's hotplug script for a guest's disk and network: tells the back ends
# what a bridge and a storage setup would.

case $1 in
add)
    disk=$(xenstore-read "$XENBUS_PATH/params") &&
        xenstore-write "$XENBUS_PATH/physical-device" "$(stat -c %t:%T "$disk")"
    ;;
online)
    # With an address it is routed.  Without one it is a port of its bridge.
    # shellcheck disable=SC2154 # libxl sets vif
    if address=$(xenstore-read "$XENBUS_PATH/ip" 2>/dev/null); then
        busybox ifconfig "$vif" "$address" netmask 255.255.255.0 up
    else
        busybox brctl addif "$(xenstore-read "$XENBUS_PATH/bridge")" "$vif" &&
            busybox ifconfig "$vif" up
    fi && xenstore-write "$XENBUS_PATH/hotplug-status" connected
    ;;
esac
