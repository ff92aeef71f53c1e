#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# driver.sh: libvirt's Xen driver with our series, in Debian's own libvirtd, on a
# fake libxl (fake_libxl.c): states, events, dompmwakeup, dompmsuspend, restarts.
# Run by tests/packages/libvirt.sh in a Debian of its own.
#
# driver.sh [MODULE [SANITIZER]]: MODULE, if it is not empty, is tested in place of the
# driver that is installed; SANITIZER is the library that it was compiled for.
# /mnt has the preloaded fake_libxl.so, and modules/stock and modules/none: Debian's
# driver, and one that was compiled without libxlguestsuspend.
# CYCLES: how many sleeps there are in the case with many.
# shellcheck disable=SC2317 # run_case calls the cases by name
set -u
export FAKE_HOST=/run/fake-host
failed=0
n=0
work=$(mktemp -d)
sanitizer=${2-}
preload=${sanitizer:+$sanitizer:}/mnt/fake_libxl.so
driver=driver${sanitizer:+ with $sanitizer}
cycles=${CYCLES:-60}
installed=/usr/lib/x86_64-linux-gnu/libvirt/connection-driver

# What went wrong in the case that runs; the case ends there.
fail() {
    echo "$*" >&2
    exit 1
}
expect() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }

# A condition's deadline is long: it is reached only by a test that fails.
wait_for() {
    wait_n=0
    until "$@"; do
        wait_n=$((wait_n + 1))
        [ "$wait_n" -lt 200 ] || fail "not in time: $*"
        sleep 0.05
    done
}

# case NAME: run case_NAME, with a host and a libvirtd of its own.
run_case() {
    n=$((n + 1))
    host_begin
    if (case_"$1") >"$work/out" 2>&1; then
        echo "ok - $driver: $2"
    else
        echo "not ok - $driver: $2"
        { cat "$work/out"; echo "events:"; cat "$work/events"; echo "calls:"; cat "$FAKE_HOST/calls"; tail -n 12 "$work/log"; } | sed 's/^/# /'
        failed=1
    fi
    host_end
    if grep -q 'Sanitizer' "$work/log"; then
        echo "not ok - $driver: $2: no report of a sanitizer"
        grep -A 40 'Sanitizer' "$work/log" | head -n 60 | sed 's/^/# /'
        failed=1
    fi
}

# The host

host_begin() {
    rm -rf "$FAKE_HOST" /etc/libvirt/libxl /run/libvirt/libxl /var/lib/libvirt/libxl/save
    mkdir -p "$FAKE_HOST/domains"
    : >"$FAKE_HOST/changes"
    : >"$FAKE_HOST/calls"
    : >"$work/events"
    : >"$work/log"
    echo 1 >"$FAKE_HOST/next"
    echo 10 >"$FAKE_HOST/next_seq"
    [ -z "${unpatched-}" ] || : >"$FAKE_HOST/unpatched"
    ready
    daemon_start
}
host_end() {
    events_end
    for stuck in "$FAKE_HOST"/domains/*/stuck; do rm -f "$stuck"; done
    daemon_end TERM
}
# drivers MODULE: libvirtd is to take this one, and no other.  Debian 12's libvirt-daemon
# has several, which do not all start on such a host.
drivers() {
    rm -rf "$work/drivers"
    mkdir "$work/drivers"
    ln -s "$1" "$work/drivers/libvirt_driver_libxl.so"
}
ready() { echo 1 >"$FAKE_HOST/ready.new" && mv "$FAKE_HOST/ready.new" "$FAKE_HOST/ready"; }
away() { rm "$FAKE_HOST/ready"; }

daemon_start() {
    LIBVIRT_DRIVER_DIR=$work/drivers LD_PRELOAD=$preload libvirtd >>"$work/log" 2>&1 &
    echo $! >"$work/pid"
    wait_for answers
    virsh -q event --all --loop >>"$work/events" 2>&1 &
    echo $! >"$work/events.pid"
    # It has a connection of its own: nothing is to happen before it is registered.
    wait_for events_ready
}
answers() { virsh -q uri >/dev/null 2>&1; }
probe="<domain type='xen'><name>probe</name><memory>1024</memory><os><type>hvm</type><loader>/l</loader></os><devices><emulator>/bin/true</emulator></devices></domain>"
probe() {
    echo "$probe" >"$work/probe.xml"
    virsh -q define "$work/probe.xml" >/dev/null
    virsh -q undefine probe >/dev/null
}
probes_told() { grep -c "'probe'.* Undefined" "$work/events"; }
events_ready() {
    probe
    [ "$(probes_told)" -gt 0 ]
}
events_end() { kill "$(cat "$work/events.pid")" 2>/dev/null; }
daemon_pid() { cat "$work/pid"; }
# Nobody may have waited for it yet.  As long as one of its threads is left, it may have
# the lock on its pid file.
daemon_gone() {
    [ -e "/proc/$(daemon_pid)" ] || return 0
    [ "$(find "/proc/$(daemon_pid)/task" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ] &&
        grep -q '^State:[[:space:]]*Z' "/proc/$(daemon_pid)/status"
}
daemon_end() {
    kill "-$1" "$(daemon_pid)" 2>/dev/null
    wait_for daemon_gone
    rm -f /run/libvirtd.pid
}
threads() { find "/proc/$(daemon_pid)/task" -mindepth 1 -maxdepth 1 -exec cat {}/comm \; 2>/dev/null | grep -c "^${1-.*}"; }

# Guests

# guest_define NAME [PM]
guest_define() {
    cat >"$work/$1.xml" <<XML
<domain type='xen'>
  <name>$1</name>
  <memory>65536</memory>
  <vcpu>1</vcpu>
  <os><type>hvm</type><loader>/usr/lib/xen/boot/hvmloader</loader></os>
  <features><acpi/><apic/></features>
  ${2-}
  <devices><emulator>/bin/true</emulator></devices>
</domain>
XML
    virsh -q define "$work/$1.xml" >/dev/null || fail "define $1"
}
guest_start() {
    guest_define "$@"
    virsh -q start "$1" >/dev/null || fail "start $1"
}
domid() { virsh -q domid "$1"; }
state() { virsh -q domstate "$1" --reason | head -n 1; }
state_is() { [ "$(state "$1")" = "$2" ]; }
with_pm="<pm><suspend-to-mem enabled='yes'/></pm>"

# record NAME quiet|told sleep|wake [REASON]: the guest itself does it.  Quiet: the
# driver is not told yet.
record() {
    record_dir=$FAKE_HOST/domains/$(domid "$1")
    read -r _ suspends _ instance wake <"$record_dir/record"
    seq=$(cat "$FAKE_HOST/next_seq")
    echo $((seq + 1)) >"$FAKE_HOST/next_seq"
    case $3 in
    sleep) echo "1 $((suspends + 1)) $seq $instance $wake" ;;
    wake) echo "0 $suspends $seq $instance ${4-1}" ;;
    esac >"$record_dir/record.new"
    mv "$record_dir/record.new" "$record_dir/record"
    [ "$2" = quiet ] || echo "$1" >>"$FAKE_HOST/changes"
}
asleep() { record "$1" told sleep && wait_for state_is "$1" "pmsuspended (unknown)"; }

# events NAME: what was told of the domain, one a line, from when it was started.
events() {
    sed -n "s/^event '\([^']*\)' for domain '$1':\{0,1\}/\1/p" "$work/events" | grep -E '^(lifecycle|pm)' |
        grep -v -E '^lifecycle ((Und|D)efined|Started Booted)' | sed 's/ *$//' | tr '\n' ';'
}
events_are() { [ "$(events "$1")" = "$2" ]; }
# The events come by another connection: the last of them is waited for, and what
# else came is seen then.
expect_events() {
    wait_n=0
    until events_are "$1" "$2"; do
        wait_n=$((wait_n + 1))
        [ "$wait_n" -lt 100 ] || fail "events of $1: expected '$2', got '$(events "$1")'"
        sleep 0.05
    done
}
calls() { grep -c "^$1 " "$FAKE_HOST/calls"; }
called() { [ "$(calls "$1")" -ge "$2" ]; }

slept="pm-suspend;lifecycle PMSuspended Memory;"
woke="pm-wakeup;lifecycle Started Event wakeup;"

case_sleep_and_wake() {
    guest_start a
    id=$(domid a)
    record a told sleep
    wait_for state_is a "pmsuspended (unknown)"
    expect_events a "$slept"
    grep -q "state='pmsuspended'" /run/libvirt/libxl/a.xml || fail "the status file does not have it"
    record a told wake
    wait_for state_is a "running (event wakeup)"
    expect_events a "$slept$woke"
    # A hint without a change tells nothing.
    echo a >>"$FAKE_HOST/changes"
    asleep a
    expect_events a "$slept$woke$slept"
    expect "id" "$id" "$(domid a)"
}

case_missed() {
    guest_start a
    # The driver looks only after both.
    record a quiet sleep
    record a told wake
    expect_events a "$slept$woke"
    expect state "running (event wakeup)" "$(state a)"
    asleep a
    record a quiet wake
    record a told sleep
    expect_events a "$slept$woke$slept$woke$slept"
    expect state "pmsuspended (unknown)" "$(state a)"
}

case_wakeup() {
    guest_start a
    ! virsh -q dompmwakeup a 2>"$work/err" || fail "dompmwakeup of a running domain"
    grep -q "Domain is not suspended" "$work/err" || fail "$(cat "$work/err")"
    asleep a
    virsh -q dompmwakeup a || fail "dompmwakeup"
    expect state "running (event wakeup)" "$(state a)"
    ! virsh -q dompmwakeup a 2>/dev/null || fail "a second dompmwakeup"
    expect_events a "$slept$woke"
    expect "calls" 1 "$(calls libxl_domain_resume_virq)"
    # Not told yet: the record is what counts.
    record a quiet sleep
    virsh -q dompmwakeup a || fail "dompmwakeup of a sleep that was not told yet"
    expect_events a "$slept$woke$slept$woke"
    expect "libxl_domain_resume" 0 "$(calls libxl_domain_resume)"
}

case_request() {
    guest_start a "$with_pm"
    expect "acpi_s3" True "$(cat "$FAKE_HOST/domains/$(domid a)/s3")"
    answer=$FAKE_HOST/domains/$(domid a)/answer
    ! virsh -q dompmsuspend a mem 2>"$work/err" || fail "a guest that cannot be asked"
    grep -q "'a': the guest" "$work/err" || fail "$(cat "$work/err")"
    echo sleep >"$answer"
    virsh -q dompmsuspend a mem || fail "dompmsuspend"
    expect state "pmsuspended (unknown)" "$(state a)"
    expect_events a "$slept"
    virsh -q dompmsuspend a mem || fail "dompmsuspend of a sleeper"
    expect_events a "$slept"
    expect "requests" 2 "$(calls libxl_domain_suspend_request)"
    virsh -q dompmwakeup a || fail "dompmwakeup"
    virsh -q suspend a
    ! virsh -q dompmsuspend a mem 2>/dev/null || fail "dompmsuspend of a paused domain"
    expect "requests" 2 "$(calls libxl_domain_suspend_request)"
    ! virsh -q dompmsuspend a mem --duration 5 2>/dev/null || fail "a duration"
    expect "libxl_domain_suspend_only" 0 "$(calls libxl_domain_suspend_only)"
}

case_deaf() {
    guest_start a "$with_pm"
    echo deaf >"$FAKE_HOST/domains/$(domid a)/answer"
    virsh -q dompmsuspend a mem 2>"$work/err" &
    asking=$!
    wait_for called libxl_domain_suspend_request 1
    virsh -q destroy a || fail "destroy"
    expect "the request when the domain is gone" 0 "$(calls request_done)"
    ! wait "$asking" || fail "dompmsuspend"
    grep -q "domain is not running" "$work/err" || fail "$(cat "$work/err")"
    expect state "shut off (destroyed)" "$(state a)"
    guest_start b "$with_pm"
    echo deaf >"$FAKE_HOST/domains/$(domid b)/answer"
    ! virsh -q dompmsuspend b mem 2>"$work/err" || fail "dompmsuspend"
    grep -qi "time" "$work/err" || fail "$(cat "$work/err")"
    expect state "running (booted)" "$(state b)"
    # The daemon can end meanwhile.
    virsh -q dompmsuspend b mem 2>/dev/null &
    wait_for called libxl_domain_suspend_request 3
    daemon_end TERM
    expect "requests that were cancelled" 1 "$(calls request_cancelled)"
    daemon_start
}

case_legacy() {
    guest_start a "<pm><suspend-to-mem enabled='no'/></pm>"
    expect "acpi_s3" False "$(cat "$FAKE_HOST/domains/$(domid a)/s3")"
    guest_start b
    expect "acpi_s3" "<default>" "$(cat "$FAKE_HOST/domains/$(domid b)/s3")"
    : >"$FAKE_HOST/calls"
    virsh -q dompmsuspend b mem || fail "dompmsuspend"
    expect state "pmsuspended (unknown)" "$(state b)"
    virsh -q dompmwakeup b || fail "dompmwakeup"
    expect state "running (event wakeup)" "$(state b)"
    expect_events b "lifecycle PMSuspended Memory;lifecycle Started Event wakeup;"
    id=$(domid b)
    expect "calls" "libxl_domain_suspend_only $id;libxl_domain_resume $id;" "$(tr '\n' ';' <"$FAKE_HOST/calls")"
    # The same across a restart.
    virsh -q dompmsuspend b mem || fail "dompmsuspend"
    events_end
    daemon_end KILL
    daemon_start
    expect state "pmsuspended (unknown)" "$(state b)"
    virsh -q dompmwakeup b || fail "dompmwakeup"
    expect "libxl_domain_resume" 2 "$(calls libxl_domain_resume)"
    expect "libxl_domain_resume_virq" 0 "$(calls libxl_domain_resume_virq)"
    # Its own sleep is no reason to freeze it.
    asleep b
    virsh -q dompmsuspend b mem || fail "dompmsuspend of a sleeper"
    expect "libxl_domain_suspend_only" 2 "$(calls libxl_domain_suspend_only)"
}

case_paused() {
    guest_start a
    asleep a
    virsh -q suspend a || fail "suspend"
    expect state "paused (user)" "$(state a)"
    virsh -q resume a || fail "resume"
    expect state "pmsuspended (unknown)" "$(state a)"
    expect_events a "${slept}lifecycle Suspended Paused;lifecycle Resumed Unpaused;lifecycle PMSuspended Memory;"
    virsh -q suspend a
    record a told wake
    before="${slept}lifecycle Suspended Paused;lifecycle Resumed Unpaused;lifecycle PMSuspended Memory;lifecycle Suspended Paused;"
    expect_events a "${before}pm-wakeup;"
    expect state "paused (user)" "$(state a)"
    virsh -q resume a
    expect state "running (unpaused)" "$(state a)"
    # It fell asleep right before it was paused.
    guest_start b
    record b quiet sleep
    virsh -q suspend b
    echo b >>"$FAKE_HOST/changes"
    expect_events b "lifecycle Suspended Paused;pm-suspend;"
    expect state "paused (user)" "$(state b)"
    virsh -q dompmwakeup b || fail "dompmwakeup"
    expect state "paused (user)" "$(state b)"
    expect_events b "lifecycle Suspended Paused;pm-suspend;pm-wakeup;"
}

case_ends() {
    guest_start a
    asleep a
    virsh -q destroy a || fail "destroy"
    expect state "shut off (destroyed)" "$(state a)"
    expect_events a "${slept}lifecycle Stopped Destroyed;"
    guest_start b
    asleep b
    echo 0 >"$FAKE_HOST/domains/$(domid b)/shutdown"
    record b told wake 4
    wait_for state_is b "shut off (shutdown)"
    expect_events b "${slept}lifecycle Stopped Shutdown;"
    # What a guest has to take part in wakes it.
    guest_start c
    asleep c
    virsh -q save c "$work/image" >/dev/null || fail "save"
    expect state "shut off (saved)" "$(state c)"
    expect_events c "$slept${woke}lifecycle Stopped Saved;"
    guest_start d
    asleep d
    virsh -q shutdown d >/dev/null || fail "shutdown"
    expect state "running (event wakeup)" "$(state d)"
    expect "libxl_domain_shutdown" 1 "$(calls libxl_domain_shutdown)"
}

case_restart() {
    guest_start a
    guest_start b
    guest_start c
    asleep a
    asleep b
    asleep c
    virsh -q suspend c
    events_end
    daemon_end KILL
    record_of_b=$FAKE_HOST/domains/2/record
    read -r _ suspends _ instance _ <"$record_of_b"
    echo "0 $suspends 90 $instance 1" >"$record_of_b"
    : >"$work/events"
    daemon_start
    expect "state of a" "pmsuspended (unknown)" "$(state a)"
    expect "state of b" "running (unknown)" "$(state b)"
    expect "state of c" "paused (unknown)" "$(state c)"
    virsh -q dompmwakeup a || fail "dompmwakeup"
    virsh -q resume c || fail "resume"
    expect "state of c" "pmsuspended (unknown)" "$(state c)"
    expect_events a "$woke"
    expect_events b ""
}

case_domid_again() {
    guest_start a
    asleep a
    id=$(domid a)
    virsh -q destroy a
    echo "$id" >"$FAKE_HOST/next"
    guest_start b
    expect "domid" "$id" "$(domid b)"
    # Told to the last: the new domain has never slept.
    echo b >>"$FAKE_HOST/changes"
    record b told sleep
    expect_events b "$slept"
    # The same domain, started again while its sleep was not over.
    virsh -q destroy b
    echo "$id" >"$FAKE_HOST/next"
    virsh -q start b >/dev/null || fail "start b"
    expect state "running (booted)" "$(state b)"
    record b told sleep
    expect_events b "${slept}lifecycle Stopped Destroyed;$slept"
}

case_daemon_away() {
    guest_start a
    wait_for called libxl_suspend_watch_open 1
    away
    wait_for called libxl_suspend_watch_close 1
    record a told sleep
    record a told wake
    record a told sleep
    ready
    wait_for state_is a "pmsuspended (unknown)"
    expect_events a "$slept"
    expect "watched" /tool/guest-suspend/ready "$(cat "$FAKE_HOST/watched")"
}

told_both() { events_are "$1" "lifecycle Suspended Paused;pm-suspend;" || events_are "$1" "pm-suspend;lifecycle Suspended Paused;"; }
case_stuck() {
    # Their domids are 1 to 7.  As many as may be stuck at once, and several others:
    # libvirtd looks for a domain in an order of its own.
    for i in 1 2 3 4 5 6 7; do guest_start "g$i"; done
    for i in 1 2 3 4; do
        : >"$FAKE_HOST/domains/$i/stuck"
        virsh -q suspend "g$i" &
    done
    wait_for called libxl_domain_pause 4
    # virsh would wait for those that are stuck.
    for i in 1 2 3 4 5 6 7; do
        read -r _ _ _ instance _ <"$FAKE_HOST/domains/$i/record"
        echo "1 1 $((80 + i)) $instance 0" >"$FAKE_HOST/domains/$i/record"
        echo "$i" >>"$FAKE_HOST/changes"
    done
    for i in 5 6 7; do expect_events "g$i" "$slept"; done
    rm "$FAKE_HOST"/domains/*/stuck
    wait
    # The call sends its event when the domain is no longer locked: either may be first.
    for i in 1 2 3 4; do wait_for told_both "g$i"; done
    expect state "paused (user)" "$(state g1)"
}

files() { find "/proc/$(daemon_pid)/fd" -mindepth 1 | wc -l; }
memory_kb() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(daemon_pid)/status"; }
case_many() {
    guest_start a
    asleep a
    virsh -q dompmwakeup a
    before="$(threads) $(files)"
    memory=$(memory_kb)
    i=0
    while [ "$i" -lt "$cycles" ]; do
        asleep a
        record a told wake
        wait_for state_is a "running (event wakeup)"
        i=$((i + 1))
    done
    i=$((i + 1))
    expect "pm-suspend" "$i" "$(grep -c "^event 'pm-suspend'" "$work/events")"
    expect "pm-wakeup" "$i" "$(grep -c "^event 'pm-wakeup'" "$work/events")"
    expect "PMSuspended" "$i" "$(grep -c "PMSuspended Memory" "$work/events")"
    expect "Started" "$i" "$(grep -c "Started Event wakeup" "$work/events")"
    expect "threads and files" "$before" "$(threads) $(files)"
    # A sanitizer keeps what is freed.
    [ -n "$sanitizer" ] || [ "$(memory_kb)" -lt $((memory + 2048)) ] || fail "memory: $memory kB, then $(memory_kb) kB"
}

case_unpatched() {
    events_end
    daemon_end TERM
    : >"$FAKE_HOST/unpatched"
    daemon_start
    expect "threads for guest suspend" 0 "$(threads guest-suspend)"
    guest_start a "$with_pm"
    record a told sleep
    guest_start b
    : >"$FAKE_HOST/calls"
    expect state "running (booted)" "$(state a)"
    ! virsh -q dompmwakeup a 2>/dev/null || fail "dompmwakeup"
    virsh -q dompmsuspend a mem || fail "dompmsuspend"
    virsh -q dompmwakeup a || fail "dompmwakeup"
    id=$(domid a)
    expect "calls" "libxl_domain_suspend_only $id;libxl_domain_resume $id;" "$(tr '\n' ';' <"$FAKE_HOST/calls")"
    expect_events a "lifecycle PMSuspended Memory;lifecycle Started Event wakeup;"
}

# step COMMAND...: what it says, its status, and the domain's state then.
step() {
    echo "$*"
    step_rc=0
    "$@" 2>&1 || step_rc=$?
    echo "$step_rc, $(state a)"
}
# no_sleeper PM: what all drivers do alike to a guest that does not sleep by itself: the
# words, the states, the events and the calls.
no_sleeper() {
    guest_start a "$1"
    : >"$FAKE_HOST/calls"
    step virsh -q dompmwakeup a
    step virsh -q dompmsuspend a mem
    step virsh -q dompmsuspend a mem
    step virsh -q dompmsuspend a mem --duration 5
    step virsh -q suspend a
    step virsh -q resume a
    step virsh -q dompmsuspend a mem
    step virsh -q dompmwakeup a
    step virsh -q dompmwakeup a
    step virsh -q dompmsuspend a disk
    events_all
    events a
    virsh -q dompmsuspend a mem
    events_end
    daemon_end KILL
    : >"$work/events"
    daemon_start
    step virsh -q dompmwakeup a
    step virsh -q save a "$work/image"
    step virsh -q start a
    step virsh -q shutdown a
    step virsh -q reboot a
    step virsh -q destroy a
    events_all
    events a
    echo
    grep -v libxl_suspend_watch "$FAKE_HOST/calls"
}
# Events come in their order: those of before have come when the probe's have.
events_all() {
    probes=$(probes_told)
    probe
    wait_for probe_told_since "$probes"
}
probe_told_since() { [ "$(probes_told)" -gt "$1" ]; }
# as_stock NAME PM: no_sleeper, with the module /mnt/modules/NAME, and what the stock
# driver does.  The host has guest suspend, unless it is unpatched.
as_stock() {
    drivers "$1"
    host_again
    no_sleeper "$2" >"$work/seen"
    drivers /mnt/modules/stock/libvirt_driver_libxl.so
    host_again
    no_sleeper "$2" >"$work/stock"
    diff "$work/stock" "$work/seen" || fail "the stock driver does (<) what this one does not (>)"
    [ "$(grep -c libxl_domain_suspend_only "$work/stock")" -ge 3 ] || fail "the stock driver does not do what it should: $(cat "$work/stock")"
}
# A new host, of the same kind.
host_again() {
    again=
    [ ! -e "$FAKE_HOST/unpatched" ] || again=y
    host_end
    unpatched=$again host_begin
}
case_as_stock() { as_stock "$module" ""; }
case_unpatched_as_stock() {
    : >"$FAKE_HOST/unpatched"
    as_stock "$module" "$with_pm"
}
case_none_as_stock() { as_stock /mnt/modules/none/libvirt_driver_libxl.so "$with_pm"; }

mkdir -p /dev/xen
: >/dev/xen/xenstored
mkdir -p /etc/libvirt
echo 'auth_unix_rw = "none"' >>/etc/libvirt/libvirtd.conf
module=${1:-$installed/libvirt_driver_libxl.so}
drivers "$module"

run_case sleep_and_wake "a guest's own sleep and wake: states, and each event once"
run_case missed "changes that were missed are told once"
run_case wakeup "dompmwakeup, also before the sleep was told; a second one fails"
run_case request "dompmsuspend with <pm>: asks, and returns when it sleeps"
run_case deaf "a guest that does not answer: destroy, the daemon's end, an error"
run_case legacy "without <pm>: the stock calls and events"
run_case paused "pause and sleep, in both orders"
run_case ends "destroy, power-off, save and shutdown of a sleeper"
run_case restart "the daemon is killed, and started again"
run_case domid_again "a domid that is used again"
run_case daemon_away "xensuspendd away and back"
run_case stuck "a domain that is stuck does not delay another's events"
run_case many "$cycles sleeps: all told; threads, files and memory stay"
run_case unpatched "a hypervisor without guest suspend: no thread, and nothing is told"
run_case as_stock "a guest that does not sleep by itself, without <pm>: as the stock driver"
run_case unpatched_as_stock "a hypervisor without guest suspend: as the stock driver"
run_case none_as_stock "built without libxlguestsuspend: as the stock driver"
rm -rf "$work"
exit "$failed"
