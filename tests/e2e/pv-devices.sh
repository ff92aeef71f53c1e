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
    # shellcheck disable=SC2154 # libxl sets it
    ifconfig "$vif" "$(xenstore-read "$XENBUS_PATH/ip")" netmask 255.255.255.0 up &&
        xenstore-write "$XENBUS_PATH/hotplug-status" connected
    ;;
esac
