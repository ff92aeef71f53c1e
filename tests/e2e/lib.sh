# SPDX-License-Identifier: GPL-2.0-only
#
# The helpers of end-to-end tests.  Sourced in dom0, before the test.
# When a helper finds something wrong, it prints what was expected and what was
# seen, and ends the test.

. /e2e/daemon.sh

gs_root=/tool/guest-suspend
sbsa_uart='vuart="sbsa_uart"'
# The interrupt of that UART.
sbsa_virq=32

# trigger_wake: the wake reason after `xl trigger DOMAIN wake`.
# guest_boot_s: the limit for a Linux guest's boot; bookworm's QEMU copies an HVM
# guest's kernel byte by byte.
case $(uname -m) in
x86_64) trigger_wake=device-model guest_boot_s=600 ;;
*) trigger_wake=toolstack guest_boot_s=120 ;;
esac

note() { echo "# $*"; }
# It ends the test also from inside $(...): run-test has a trap for the signal.
fail() {
    echo "FAIL: $*" >&2
    kill -USR1 $$
    exit 1
}
skip() {
    echo "SKIP: $*"
    exit 77
}

# show COMMAND...: as a person would run it: the command, and what it prints.
show() {
    echo "\$ $*"
    "$@"
}

# wait_until SECONDS COMMAND...: until COMMAND succeeds; the test fails after
# SECONDS.  COMMAND is tried once more then: dom0 may just have been busy.
wait_until() {
    wait_start=$(uptime_s)
    wait_limit=$1
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $(($(uptime_s) - wait_start)) -ge "$wait_limit" ]; then
            "$@" >/dev/null 2>&1 || fail "not within $wait_limit s: $*"
            break
        fi
        usleep 50000
    done
}
uptime_s() {
    read -r uptime _ </proc/uptime
    echo "${uptime%.*}"
}
uptime_ms() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }
# took COMMAND...: leaves in $took_ms how long it ran.
took() {
    took_from=$(uptime_ms)
    "$@"
    took_ms=$(($(uptime_ms) - took_from))
}
# ratio A B: to two decimals.
ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

# expect_eq WHAT EXPECTED SEEN
expect_eq() { [ "$2" = "$3" ] || fail "$1: expected '$2', saw '$3'"; }
# expect_match WHAT EXTENDED_REGEX SEEN (any of its lines)
expect_match() {
    printf '%s\n' "$3" | grep -Eq -- "$2" || fail "$1: expected a match of '$2', saw '$3'"
}
# expect_status STATUS COMMAND...: the output is left in $output, stderr in $errors.
expect_status() {
    expect_want=$1
    shift
    expect_got=0
    "$@" >out.txt 2>err.txt || expect_got=$?
    output=$(cat out.txt) errors=$(cat err.txt)
    [ "$expect_got" -eq "$expect_want" ] ||
        fail "exit status of '$*': expected $expect_want, saw $expect_got; printed '$output', '$errors'"
}

# domids: of the guests.
domids() { timeout 20 xl list | awk 'NR > 1 && $(NF - 4) > 0 { print $(NF - 4) }'; }

# guest_create NAME [CONFIG_LINE...]: a Linux guest, unless the lines say
# otherwise; each replaces the default of its key.  Sets domid.
guest_create() {
    guest_config "$@"
    show xl create "$1.cfg" || fail "xl create $1.cfg"
    domid=$(xl domid "$1") || fail "xl domid $1"
}
# guest_machine: what a Linux guest is on this host, as lines of its
# configuration.  A test that saves and restores an HVM guest sets guest_restorable=y
# first.
guest_machine() {
    case $(uname -m) in
    x86_64)
        # Direct kernel boot of an HVM guest that knows ACPI S3.
        echo 'type="hvm"'
        echo 'acpi=1'
        echo 'acpi_s3=1'
        echo 'hap=1'
        echo 'vga="none"'
        echo 'vnc=0'
        echo 'usb=0'
        guest_options="nokaslr mitigations=off"
        # With the upcall vector about one resume in five hung: S3 resets the
        # local APIC, and an event is lost.  Without it no guest answers after a
        # restore.
        [ "${guest_restorable-n}" = y ] || guest_options="$guest_options xen_no_vector_callback"
        ;;
    *) guest_options= ;;
    esac
    echo "cmdline=\"console=hvc0 rdinit=/init no_console_suspend quiet${guest_options:+ $guest_options}\""
}
guest_config() {
    guest_name=$1
    shift
    {
        echo "name=\"$guest_name\""
        echo 'kernel="/boot/guest/kernel"'
        echo 'ramdisk="/boot/guest/initrd"'
        echo 'memory=256'
        guest_machine
        echo 'vcpus=1'
    } >default.cfg
    for line; do
        sed -i "/^${line%%=*}=/d" default.cfg
        printf '%s\n' "$line" >>default.cfg
    done
    mv default.cfg "$guest_name.cfg"
    show cat "$guest_name.cfg"
}
# guest_boot NAME [CONFIG_LINE...]: create it and wait for its shell.
guest_boot() {
    guest_create "$@"
    guest_says "$1" "$guest_boot_s" '^guest: up'
}

guest_log() { echo "/var/log/xen/guest-$1.log"; }
# guest_lines NAME: the whole lines that its console printed.  xenconsoled may have
# written only the beginning of the last line.
guest_lines() {
    guest_file=$(guest_log "$1")
    head -n "$(wc -l <"$guest_file")" "$guest_file" | tr -d '\r'
}
guest_said() { guest_lines "$1" | grep -Eq -- "$2"; }
# guest_says NAME SECONDS EXTENDED_REGEX: its console has, or gets, that line.
guest_says() { wait_until "$2" guest_said "$1" "$3"; }
# guest_count NAME EXTENDED_REGEX: how many such lines.
guest_count() { guest_lines "$1" | grep -Ec -- "$2"; }

# guest_type NAME LINE: on its console, as a person would.
guest_type() {
    guest_tty=$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty") ||
        fail "guest $1 has no console"
    printf '%s\n' "$2" >"$guest_tty"
}
# guest_run NAME SECONDS COMMAND: type it, wait for its end, print what it
# printed; its exit status is the result.
guest_run() {
    # Counted in the log, not in a variable: this is also called in $(...).
    # Not a number: awk would take 7.10 for 7.1.
    guest_mark="$$-$(guest_count "$1" '^@begin ')"
    guest_type "$1" "echo @begin $guest_mark; $3; echo @end $guest_mark \$?"
    guest_says "$1" "$2" "^@end $guest_mark [0-9]+\$"
    guest_lines "$1" | awk -v mark="$guest_mark" '
        $1 == "@end" && $2 == mark { exit $3 }
        on
        $1 == "@begin" && $2 == mark { on = 1 }'
}

# guest_show NAME: what its console said since the last guest_show.
guest_show() {
    guest_shown=$(cat "shown.$1" 2>/dev/null || echo 0)
    guest_size=$(wc -c <"$(guest_log "$1")")
    tail -c +$((guest_shown + 1)) "$(guest_log "$1")" | tr -d '\r' |
        grep -v -e '^$' -e '^@begin ' -e '^@end ' | sed "s/^/[$1] /"
    echo "$guest_size" >"shown.$1"
}

# gs DOMID KEY: a field of the guest's record, as xensuspendd published it.
gs() {
    gs_record=$(xenstore-read "$gs_root/$1/state") || return
    case $2 in
    state) gs_value=$gs_record ;;
    *)
        gs_value=${gs_record#* "$2="}
        [ "$gs_value" != "$gs_record" ] || return
        ;;
    esac
    echo "${gs_value%% *}"
}
gs_is() { [ "$(gs "$1" "$2")" = "$3" ]; }
# wait_suspended DOMID [COUNT]: asleep, for the COUNTth time.
wait_suspended() { wait_until 90 gs_suspended "$1" "${2-}"; }
gs_suspended() {
    gs_is "$1" state suspended || return 1
    [ -z "$2" ] || gs_is "$1" suspends "$2"
}
wait_running() { wait_until 60 gs_is "$1" state running; }

# xenstored_start: start it again after the test has killed it, and wait until it
# answers: it goes to the background before it listens.
xenstored_start() {
    xenstored --pid-file /run/xen/xenstored.pid
    wait_until 30 socket_only xenstore-read /
}

# guest_awake NAME: how often the guest itself said that it woke.
guest_awake() { guest_count "$1" '^guest: awake'; }
guest_awake_is() { [ "$(guest_awake "$1")" -eq "$2" ]; }

# vuart_arm NAME: let its UART wake it.
vuart_arm() {
    guest_run "$1" 20 'echo enabled >/sys/class/tty/ttyAMA0/power/wakeup' ||
        fail "the guest's UART cannot wake it"
}
# vuart_poke NAME: a key on its UART, and so that UART's interrupt.
vuart_poke() {
    vuart_tty=$(xenstore-read "/local/domain/$(xl domid "$1")/vuart/0/tty") ||
        fail "guest $1 has no UART"
    printf x >"$vuart_tty"
}

# guest_sleep NAME: put it to sleep once and wait until xensuspendd publishes that.
# The guest may be faster than xensuspendd: the published state can still be the
# last sleep's, and the published count that of the sleep before.
guest_sleep() {
    sleep_domid=$(xl domid "$1")
    sleep_count=$(($(xl suspend-status --json "$sleep_domid" |
        sed -n 's/^ *"suspends": \([0-9]*\).*/\1/p') + 1))
    guest_type "$1" sleep-now
    wait_suspended "$sleep_domid" "$sleep_count"
}
