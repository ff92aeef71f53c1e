# SPDX-License-Identifier: GPL-2.0-only
#
# cycles VCPUS COUNT: a Linux guest sleeps COUNT times and is woken each time.
# The toolstack causes each wake, and the guest counts its wakes.  If the guest woke
# by itself, the two counts differ.

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
        # It may be asleep again by now, with the same reason for its last wake.
        wait_until 30 gs_is "$domid" wake-reason "$trigger_wake"
        [ $((cycle % 25)) -ne 0 ] || note "$cycle cycles"
    done
    wait_running "$domid"
    expect_eq "suspends" "$2" "$(gs "$domid" suspends)"
    expect_eq "denied attempts" 0 "$(gs "$domid" denied)"
    expect_eq "refusals that the guest saw" 0 "$(guest_count g refused)"
    expect_eq "the guest's vCPUs" "$1" "$(guest_run g 20 nproc)"
}

# device_cycles VCPUS COUNT: a guest with a PV disk and a PV network sleeps and is
# woken COUNT times.  Each time a write to the disk is pending, and so is a request
# to its peer (this script).  In one cycle they are answered while the guest sleeps,
# in the next after its wake: no answer may wake it, and none may be lost.  Awake,
# the guest runs something on each vCPU and reads back its last two writes.
disk_serves() { [ "$(cat "/sys/block/nbd$1/size")" -gt 0 ]; }
guest_tells() {
    # shellcheck disable=SC3045 # busybox has -t
    read -r -t 120 line <&9 || line=
    expect_eq "what $g tells" "$*" "$line"
}
answer() {
    read -r _ writes <"/sys/block/nbd$vcpus/inflight"
    [ "$writes" -gt 0 ] || fail "the disk of $g had nothing to write $1"
    echo "answer $cycle" >&8
    echo r >&7
}
# told REGEX: wait for it on the guest's console, but not for long: the guest may not
# print it any more, and that is not the failure to report.
told() {
    asked=$(uptime_s)
    until guest_said "$g" "$1" || [ $(($(uptime_s) - asked)) -ge 20 ]; do usleep 200000; done
}
# Print the guest's console, and its waiting tasks, while the disk still holds its
# requests.
no_sleep() {
    guest_show "$g"
    show cat "/sys/block/nbd$vcpus/inflight" /proc/net/tcp /proc/net/arp
    xl sysrq "$g" 8 # All messages on its console, which is quiet.
    told "sysrq: Loglevel set"
    xl sysrq "$g" t
    told "Showing busy workqueues" # The end of what it shows.
    guest_show "$g"
    fail "no sleep $cycle"
}
device_cycles() {
    vcpus=$1 g=io-$1 all=$(seq -s ' ' 0 $(($1 - 1)))
    for module in xen-blkback xen-netback nbd; do
        [ -e "/sys/module/$(echo "$module" | tr - _)" ] || insmod "/lib/modules/$module.ko" ||
            fail "insmod $module"
    done
    mkfifo disk.in net.in net.out
    exec 7<>disk.in 8<>net.in 9<>net.out
    /e2e/bin/held-disk "/dev/nbd$vcpus" 16 <&7 &
    wait_until 30 disk_serves "$vcpus"
    guest_create "$g" "vcpus=$vcpus" \
        "disk=[\"format=raw,vdev=xvda,access=rw,script=/e2e/pv-devices.sh,target=/dev/nbd$vcpus\"]" \
        "vif=[\"mac=00:16:3e:00:00:0$vcpus,ip=10.77.$vcpus.1,script=/e2e/pv-devices.sh\"]"
    # With more vCPUs than the emulated host has CPUs this takes a while.
    guest_says "$g" 600 '^guest: up'
    guest_type "$g" "ifconfig eth0 10.77.$vcpus.2 netmask 255.255.255.0 up; io-sleep $2"
    # Refused until the guest listens.
    { until nc "10.77.$vcpus.2" 7 <&8 >&9; do usleep 500000; done; } 2>/dev/null &
    cycle=0
    while [ "$cycle" -lt "$2" ]; do
        cycle=$((cycle + 1))
        guest_tells "question $cycle"
        echo h >&7
        echo "later $cycle" >&8
        xl suspend-status -q --wait=suspended --timeout=120 "$g" || no_sleep
        wait_suspended "$domid" "$cycle"
        [ $((cycle % 2)) -eq 0 ] || answer "in sleep $cycle"
        expect_eq "wakes that $g saw before wake $cycle" $((cycle - 1)) "$(guest_awake "$g")"
        xl trigger "$g" wake || fail "wake $cycle"
        guest_tells "awake $cycle, ran on $all"
        [ $((cycle % 2)) -eq 1 ] || answer "after wake $cycle"
        guest_tells "disk $cycle good"
        guest_says "$g" 30 "^guest: awake $cycle\$"
        expect_eq "wakes that $g saw after wake $cycle" "$cycle" "$(guest_awake "$g")"
        expect_eq "reason of wake $cycle" toolstack "$(gs "$domid" wake-reason)"
        [ $((cycle % 25)) -ne 0 ] || note "$cycle cycles"
    done
    wait_running "$domid"
    expect_eq "suspends" "$2" "$(gs "$domid" suspends)"
    expect_eq "denied attempts" 0 "$(gs "$domid" denied)"
    expect_eq "refusals that $g saw" 0 "$(guest_count "$g" refused)"
    note "sectors read and written: $(awk '{ print $3, $7 }' "/sys/block/nbd$vcpus/stat")"
}
