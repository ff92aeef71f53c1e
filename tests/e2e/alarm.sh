# SPDX-License-Identifier: GPL-2.0-only
#
# An x86 guest that sleeps for an alarm: see also rtc.sh.

# json_field KEY: of the guest $domid, from the hypervisor.
json_field() { xl suspend-status --json "$domid" | sed -n "s/^ *\"$1\": \"\\{0,1\\}\\([^\",]*\\).*/\\1/p"; }
json_is() { [ "$(json_field "$1")" = "$2" ]; }
is_due() { json_is wake_due alarm; }

# alarm_sleep NAME SECONDS [HOW]: the guest $domid goes to sleep with an alarm that far
# ahead: by rtcwake, or by HOW, a command that takes the seconds.  Returns when it is
# asleep, also without xensuspendd.
alarm_sleep() {
    alarm_overs=$(guest_count "$1" '^alarm: over$')
    guest_type "$1" "${3-rtcwake -m mem -s} $2; after-s3; echo alarm: over"
    wait_until 60 json_is state suspended
}
alarm_is_over() { [ "$(guest_count "$1" '^alarm: over$')" -gt "$alarm_overs" ]; }
# alarm_over NAME: it is awake again, and that command has returned.
alarm_over() { wait_until 120 alarm_is_over "$1"; }
