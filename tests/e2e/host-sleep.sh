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
