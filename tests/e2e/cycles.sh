# SPDX-License-Identifier: GPL-2.0-only
#
# cycles VCPUS COUNT: a Linux guest sleeps COUNT times and is woken each time.
# Each wake is the toolstack's and each is counted by the guest itself: the
# guest never woke of its own accord if and only if the two agree all the way.

awake_at_least() { [ "$(guest_awake g)" -ge "$1" ]; }
cycles() {
    guest_boot g "vcpus=$1"
    guest_type g "sleep-now $2"
    cycle=0
    while [ "$cycle" -lt "$2" ]; do
        wait_suspended "$domid" $((cycle + 1))
        expect_eq "wakes that the guest saw before wake $((cycle + 1))" \
            "$cycle" "$(guest_awake g)"
        cycle=$((cycle + 1))
        xl trigger g wake || fail "wake $cycle"
        wait_until 30 awake_at_least "$cycle"
        expect_eq "wakes that the guest saw after wake $cycle" "$cycle" "$(guest_awake g)"
        expect_eq "reason of wake $cycle" "$trigger_wake" "$(gs "$domid" wake-reason)"
        [ $((cycle % 25)) -ne 0 ] || note "$cycle cycles"
    done
    wait_running "$domid"
    expect_eq "suspends" "$2" "$(gs "$domid" suspends)"
    expect_eq "denied attempts" 0 "$(gs "$domid" denied)"
    expect_eq "refusals that the guest saw" 0 "$(guest_count g refused)"
    expect_eq "the guest's vCPUs" "$1" "$(guest_run g 20 nproc)"
}
