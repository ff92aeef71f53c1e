# SPDX-License-Identifier: GPL-2.0-only
#
# A Linux guest with guest/rtc.

# The interrupt of the EL1 physical timer.
rtc_virq=30
rtc_device=/sys/devices/platform/timer

# rtc_boot NAME [CONFIG_LINE...]: guest_boot, with the driver loaded, and
# rtcwake and rtc-probe at hand.
rtc_boot() {
    cat /boot/guest/initrd /e2e/rtc.cpio >rtc-initrd
    rtc_name=$1
    shift
    guest_boot "$rtc_name" "ramdisk=\"$PWD/rtc-initrd\"" "$@"
    # shellcheck disable=SC2016 # the guest expands it
    guest_run "$rtc_name" 20 'PATH=$PATH:/rtc; insmod /rtc/rtc-xen-arm.ko' ||
        fail "the driver does not load"
}

# rtc_expect_woken NAME COUNT: it has woken for the COUNTth time, by its alarm.
rtc_expect_woken() {
    wait_running "$domid"
    expect_eq "suspends" "$2" "$(gs "$domid" suspends)"
    expect_eq "wake reason" interrupt "$(gs "$domid" wake-reason)"
    expect_eq "wake vIRQ" "$rtc_virq" "$(gs "$domid" wake-virq)"
}
