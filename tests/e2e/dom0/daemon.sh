# SPDX-License-Identifier: GPL-2.0-only
#
# How the rig's dom0 runs xensuspendd.  Sourced by init and by tests.

daemon_log=/var/log/xen/xensuspendd.log

# In a session of its own: the end of a test ends that test's processes.
daemon_start() {
    if [ -d /run/systemd/system ]; then
        systemctl start xensuspendd.service
        daemon_child=$(systemctl show -p MainPID --value xensuspendd.service)
        return
    fi
    setsid /usr/local/sbin/xensuspendd >>"$daemon_log" 2>&1 </dev/null &
    daemon_child=$!
}
# A child that has ended has no program: it will not become ready.
daemon_ended() { ! readlink "/proc/$daemon_child/exe" >/dev/null; }
daemon_started() { daemon_alive || daemon_ended; }

# socket_only COMMAND...: with xenstored's socket only.  When xenstored was killed, the
# tools use the kernel's device instead, where a request may never return.  With this
# variable they use the socket in both places, and fail.
socket_only() { XENSTORED_PATH=/var/run/xenstored/socket "$@"; }
daemon_ready() { socket_only xenstore-exists /tool/guest-suspend/ready; }
daemon_pid() { socket_only xenstore-read /tool/guest-suspend/ready; }
# A daemon that was killed leaves its `ready` node.
daemon_alive() { daemon_ready && kill -0 "$(daemon_pid)" 2>/dev/null; }
