# SPDX-License-Identifier: GPL-2.0-only
#
# What tests of xen-guest-suspend-host share.

# shellcheck shell=sh

. /e2e/request.sh

host_conf=/etc/xen/guest-suspend-host.conf
host_state=/run/xen/guest-suspend-host
# What systemd runs before and after the host's sleep.
host_hook=/usr/local/lib/systemd/system-sleep/xen-guest-suspend-host

# The rig's dom0 has no util-linux, which has flock on a real host.
mkdir -p /usr/local/bin
command -v flock >/dev/null || ln -s /e2e/bin/flock /usr/local/bin/flock
trap 'rm -f "$host_conf"' EXIT

# host_guests SECONDS NAME...: the configuration.
host_guests() {
    host_limit=$1
    shift
    {
        echo "timeout $host_limit"
        printf 'guest %s\n' "$@"
    } >"$host_conf"
}

# How long the rig lets a host sleep: see rig.py.
host_sleep_s=5

# host_sleep: dom0's clock tells how long it was: in seconds, $slept_s at least.
host_sleep() {
    host_from=$(date +%s) host_slept=$(cat /sys/power/suspend_stats/success)
    echo mem >/sys/power/state || fail "the host did not sleep"
    expect_eq "the host's sleeps" $((host_slept + 1)) "$(cat /sys/power/suspend_stats/success)"
    slept_s=$(($(date +%s) - host_from))
    [ "$slept_s" -ge "$host_sleep_s" ] || fail "the host's sleep took $slept_s s by dom0's clock"
}

# json KEY DOMID: of the record that xl prints.
json() { xl suspend-status --json "$2" | sed -n "s/^ *\"$1\": \"*\([^\",]*\).*/\1/p"; }
state_of() { json state "$1"; }
