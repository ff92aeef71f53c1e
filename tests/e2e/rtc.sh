# SPDX-License-Identifier: GPL-2.0-only
#
# A Linux guest that sets alarms: on Arm with guest/rtc, on x86 with the RTC that
# Xen has for it.

# The interrupt of the EL1 physical timer.
rtc_virq=30
rtc_device=/sys/devices/platform/timer

# rtc_boot NAME [CONFIG_LINE...]: guest_boot, with the driver loaded, and
# rtcwake and rtc-probe at hand.
rtc_boot() {
    cat /boot/guest/initrd /e2e/rtc.cpio >rtc-initrd
    rtc_name=$1 rtc_driver=
    shift
    [ "$(uname -m)" = x86_64 ] || rtc_driver='; insmod /rtc/rtc-xen-arm.ko'
    guest_boot "$rtc_name" "ramdisk=\"$PWD/rtc-initrd\"" "$@"
    # shellcheck disable=SC2016 # the guest expands it
    guest_run "$rtc_name" 20 'PATH=$PATH:/rtc'"$rtc_driver" ||
        fail "the driver does not load"
}

# rtc_sleep NAME: it sleeps until its alarm.  One that comes before the sleep keeps the
# guest awake, as rtc-probe has it: then the next one leaves more time.
rtc_sleep() {
    rtc_before=$(rtc_sleeps)
    for rtc_ahead in 3 10 30 90; do
        show guest_run "$1" 200 "rtc-probe late mem 1 $rtc_ahead" || fail "the alarm of $1"
        [ "$(rtc_sleeps)" -eq "$rtc_before" ] || return 0
    done
    fail "$1 does not get to sleep"
}
rtc_sleeps() { xl suspend-status --json "$domid" | sed -n 's/^ *"suspends": \([0-9]*\).*/\1/p'; }

# rtc_expect_woken COUNT: the guest $domid has woken for the COUNTth time, by its alarm.
rtc_expect_woken() {
    wait_running "$domid"
    wait_until 30 gs_is "$domid" suspends "$1"
    expect_eq "wake reason" interrupt "$(gs "$domid" wake-reason)"
    expect_eq "wake vIRQ" "$rtc_virq" "$(gs "$domid" wake-virq)"
}

# rtc_late NAME HOW COUNT SECONDS: of COUNT alarms (or timers) that far ahead none is
# missed and none is early.  Says how late they were.
rtc_late() {
    rtc_seen=$(guest_run "$1" $(($3 * ($4 + 120))) "rtc-probe late $2 $3 $4") ||
        fail "$2: $(printf '%s\n' "$rtc_seen" | tail -n 2)"
    printf '%s\n' "$rtc_seen" | tail -n 1
    expect_match "$2, $4 s ahead" "$3 times $4 s, 0 early" "$rtc_seen"
}
# rtc_late_all NAME HOW COUNT SECONDS [COUNT SECONDS]...
rtc_late_all() {
    rtc_name=$1 rtc_how=$2
    shift 2
    while [ $# -gt 1 ]; do
        rtc_late "$rtc_name" "$rtc_how" "$1" "$2"
        shift 2
    done
}
# rtc_expect_slept COUNT SECONDS [COUNT SECONDS]...: the guest $domid slept at least until
# those alarms that left it time enough.
rtc_expect_slept() {
    rtc_least=0
    while [ $# -gt 1 ]; do
        [ "$2" -lt 10 ] || rtc_least=$((rtc_least + $1))
        shift 2
    done
    rtc_slept=$(rtc_sleeps)
    [ "$rtc_slept" -ge "$rtc_least" ] || fail "it slept $rtc_slept times, not $rtc_least"
}
