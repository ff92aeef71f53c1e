# SPDX-License-Identifier: GPL-2.0-only
#
# Storms: guests that sleep again as soon as they are woken; in the end the counts
# must agree.  Sourced by tests.

. /e2e/bare-guest.sh

# storm NAME SLEEPS CONFIG_LINE...: a guest that is preserved after its power-off, so
# that its counts can be read.
storm() {
    storm_name=$1
    shift
    bare_create "$storm_name" storm 'memory=4' 'on_poweroff="preserve"' "$@"
}
# storm_counts NAME DOMID SLEEPS IRQS: guest, hypervisor and xenstore agree.
storm_counts() {
    expect_match "the counts of $1" \
        "^storm: sleeps=$3 resumes=$3 refused=0 irqs=$4 early=0\$" \
        "$(guest_lines "$1" | grep '^storm: sleeps=')"
    expect_eq "the hypervisor's suspends of $1" "$3" "$(field suspends "$2")"
    expect_eq "the hypervisor's refusals of $1" 0 "$(field denied "$2")"
    wait_until 30 gs_is "$2" suspends "$3"
    wait_until 30 gs_is "$2" state running
}

# storm_alone NAME SLEEPS BOOT_ARGUMENTS: one that wakes itself each time.
storm_alone() {
    storm_begin=$(uptime_s)
    storm "$1" "cmdline=\"$3 sleeps=$2\""
    guest_says "$1" 900 '^storm: sleeps='
    storm_counts "$1" "$domid" "$2" "$2"
    note "$1: $2 sleeps in $(($(uptime_s) - storm_begin)) s"
    xl destroy "$1"
}

# storm_woken GUESTS SLEEPS WAKERS: WAKERS processes wake GUESTS guests at the same
# time; each process tries all guests, which are paused and unpaused meanwhile.  Each
# sleep ends once, and exactly one waker ended it.
storm_woken() {
    storm_begin=$(uptime_s)
    storm_domids=
    n=0
    while [ "$n" -lt "$1" ]; do
        n=$((n + 1))
        storm "s$n" "cmdline=\"sleeps=$2\"" >/dev/null
        storm_domids="$storm_domids $domid"
    done
    note "$1 guests are there after $(($(uptime_s) - storm_begin)) s"
    storm_begin=$(uptime_s)
    wakers=
    n=0
    while [ "$n" -lt "$3" ]; do
        n=$((n + 1))
        # shellcheck disable=SC2086 # words are wanted
        $probe wake "$2" $storm_domids >"woke.$n" &
        wakers="$wakers $!"
    done
    # shellcheck disable=SC2086
    $probe pause $storm_domids >paused &
    pauser=$!
    for w in $wakers; do wait "$w" || fail "a waker"; done
    storm_took=$(($(uptime_s) - storm_begin))
    kill "$pauser"
    wait "$pauser" || fail "the pauses"
    n=0
    for d in $storm_domids; do
        n=$((n + 1))
        guest_says "s$n" 60 '^storm: sleeps='
        storm_counts "s$n" "$d" "$2" 0
        expect_eq "wakes of s$n, of all wakers" "$2" \
            "$(cat woke.* | awk -v d="$d" '$2 == d { n += $3 } END { print n }')"
    done
    note "$1 guests, $3 wakers: $(($1 * $2)) sleeps in $storm_took s, $(cat paused) pauses"
    n=0
    for d in $storm_domids; do
        n=$((n + 1))
        xl destroy "s$n"
        rm -f "$(guest_log "s$n")"
    done
    rm -f paused woke.*
}
