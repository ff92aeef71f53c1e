# SPDX-License-Identifier: GPL-2.0-only
#
# For tests with the bare-metal guests of tests/guest.  Sourced by them.

# shellcheck shell=sh

# bare_create NAME PROGRAM [CONFIG_LINE...]: start a bare-metal guest; sets domid.
bare_create() {
    bare_name=$1 bare_image=/e2e/guests/$2.bin
    shift 2
    [ -e "$bare_image" ] || skip "no $bare_image on this host: 'make guests' makes it, for arm64 and with the compiler for it"
    guest_config "$bare_name" "kernel=\"$bare_image\"" 'memory=16' 'cmdline=""' "$@" >/dev/null
    # It needs none, and a small guest has no room for one.
    sed -i '/^ramdisk=/d' "$bare_name.cfg"
    # Paused: it may be gone before its domid is read.
    show xl create -q -p "$bare_name.cfg" || fail "xl create $bare_name.cfg"
    domid=$(xl domid "$bare_name") || fail "xl domid $bare_name"
    xl unpause "$bare_name" || fail "xl unpause $bare_name"
}

# What the hypervisor itself reports, without xenstore and the library: hv-probe.c.
probe=/e2e/bin/hv-probe
# field NAME DOMID: of its record, a number.
field() { $probe call op=0 "domid=$2" | sed "s/.* $1=\([0-9]*\).*/\1/"; }
field_is() { [ "$(field "$1" "$2")" = "$3" ]; }
# asleep NAME PROGRAM [CONFIG_LINE...]: start one and wait for its first sleep.
asleep() {
    bare_create "$@"
    wait_until 30 field_is state "$domid" 1
}

bare_asleep() { xl suspend-status -q "$1"; }
# bare_answer NAME REQUEST: do what a line "REQ ..." of the guest asks for.  It
# comes just before the sleep: a wake is refused until the guest is asleep.
bare_answer() {
    case $2 in
    wake) wait_until 30 xl trigger "$1" wake ;;
    "wake virq="*) wait_until 30 xl trigger "$1" wake "--virq=${2#wake virq=}" ;;
    pause-unpause-wake)
        wait_until 30 bare_asleep "$1"
        xl pause "$1"
        xl unpause "$1"
        bare_asleep "$1" || fail "a pause and an unpause ended the sleep of $1"
        xl trigger "$1" wake || fail "waking $1 after a pause and an unpause"
        ;;
    pause-wake-unpause)
        wait_until 30 bare_asleep "$1"
        xl pause "$1"
        xl trigger "$1" wake || fail "waking $1 while it is paused"
        xl unpause "$1"
        ;;
    *) fail "guest $1 asks for something unknown: '$2'" ;;
    esac
}

# bare_run NAME LAST_LINE: answer the guest until it prints LAST_LINE (an
# extended regular expression).
bare_run() {
    bare_answered=0
    until guest_said "$1" "$2"; do
        bare_asked=$(guest_count "$1" '^REQ ')
        if [ "$bare_asked" -gt "$bare_answered" ]; then
            bare_answered=$((bare_answered + 1))
            bare_request=$(guest_lines "$1" |
                sed -n 's/^REQ //p' | sed -n "${bare_answered}p")
            note "$1 asks: $bare_request"
            bare_answer "$1" "$bare_request"
        elif ! xl domid "$1" >/dev/null 2>&1; then
            # Its last lines may not be in the log yet.
            guest_says "$1" 30 "$2"
        else
            usleep 200000
        fi
    done
}

# bare_results NAME: all its cases passed, and none was left out.
bare_results() {
    guest_lines "$1" | grep -E '^(not ok|# done|Bail out!)|# SKIP'
    expect_eq "cases of $1 that the rig kept from running" 0 "$(guest_count "$1" '^not ok .*# ERROR')"
    expect_eq "skipped cases of $1" 0 "$(guest_count "$1" '# SKIP')"
    expect_eq "failed cases of $1" 0 "$(guest_count "$1" '^not ok')"
    guest_said "$1" '^# done: [1-9][0-9]* passed, 0 failed' || fail "$1 did not get to its end"
}

# s3_create NAME [CONFIG_LINE...]: on x86, the PVH guest that dom0 puts into S3
# and out of it, and which counts its wake-ups.
s3_create() {
    s3_name=$1
    shift
    bare_create "$s3_name" s3count 'type="pvh"' "$@"
}
s3_counted() { [ "$($probe s-count "$domid")" = "$1" ]; }
s3_sleep() { expect_eq "HVM_PARAM_ACPI_S_STATE to 3" OK "$($probe s-state "$domid" 3)"; }
s3_wake() { expect_eq "HVM_PARAM_ACPI_S_STATE to 0" OK "$($probe s-state "$domid" 0)"; }
# s3_offline: for how many ms a sleep of 3 s was RUNSTATE_offline.  Time is the
# subject here, hence the sleep.
s3_offline() {
    s3_create times
    s3_sleep
    s3_wake
    wait_until 30 s3_counted 1
    s3_before=$($probe s-times "$domid")
    s3_sleep
    sleep 3
    s3_wake
    wait_until 30 s3_counted 2
    s3_after=$($probe s-times "$domid")
    note "blocked and offline, in ns: $s3_before before, $s3_after after a sleep of 3 s"
    s3_offline_ms=$(((${s3_after#* } - ${s3_before#* }) / 1000000))
    s3_blocked_ms=$(((${s3_after% *} - ${s3_before% *}) / 1000000))
}

# hvm_create NAME [CONFIG_LINE...]: on x86, a small HVM guest that sleeps by itself, when
# it gets a line on its console or a request of dom0's: see s3hvm.c.
hvm_create() {
    hvm_name=$1
    shift
    bare_create "$hvm_name" s3hvm "$@"
}

# light_create NAME [CONFIG_LINE...]: a guest for tests that need many, or are not about
# Linux: it goes to sleep at "sleep-now", and follows xl shutdown.  Linux on Arm; on x86
# s3hvm, as Linux needs a minute there, and several while this machine is busy.
light_create() {
    case $(uname -m) in
    x86_64) hvm_create "$@" ;;
    *) guest_create "$@" 'memory=80' >/dev/null ;;
    esac
}
