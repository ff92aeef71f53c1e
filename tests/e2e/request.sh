# SPDX-License-Identifier: GPL-2.0-only
#
# What tests of requests to sleep share: a Linux guest in which our agent runs.

agent=/e2e/bin/xen-guest-suspend-agent

# agent_ramdisk: the rig's guest, and the agent in it.
agent_ramdisk() {
    mkdir -p extra/bin
    cp "$agent" extra/bin/
    { cat /boot/guest/initrd && (cd extra && find . | cpio -o -H newc 2>/dev/null); } >agent.img
}

feature() { xenstore-read "/local/domain/$1/control/feature-s3" 2>/dev/null; }
feature_is() { [ "$(feature "$1")" = "$2" ]; }
request() { xenstore-read "/local/domain/$1/control/shutdown"; }
request_is() { [ "$(request "$1")" = "$2" ]; }
# feature_node DOMID: wait for it.  libxl makes it for an HVM guest, xensuspendd for others.
feature_node() {
    wait_until 20 xenstore-exists "/local/domain/$1/control/feature-s3"
}

# agent_boot NAME [CONFIG_LINE...]: a guest whose agent has said that it is there.
# x86: sleep-now does what the firmware of the emulated machine leaves undone.
agent_boot() {
    [ -e agent.img ] || agent_ramdisk
    guest_boot "$@" "ramdisk=\"$PWD/agent.img\""
    feature_node "$domid"
    agent_start "$1"
}
agent_start() {
    case $(uname -m) in
    x86_64) agent_options=--exec=/bin/sleep-now ;;
    *) agent_options= ;;
    esac
    # Not a child of the shell: the one of Debian 12 may take the end of a child for the end
    # of its input.
    guest_type "$1" "(xen-guest-suspend-agent $agent_options &)"
    wait_until 60 feature_is "$domid" 1
}

# record DOMID KEY: of the hypervisor's record: xensuspendd's may be late.
record() { xl suspend-status --json "$1" | sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\).*/\1/p"; }
suspends() { record "$1" suspends; }
denied() { record "$1" denied; }

# request_woken WHICH: $domid has been asked to sleep, and is woken.  On Arm it may have
# woken by an event channel, seen once in 353 sleeps: Linux leaves that interrupt (31)
# enabled in a sleep, and probably the event came in the moment before it was masked.
request_woken() {
    xl trigger "$domid" wake --wait --if-suspended || fail "wake $1"
    request_by=$(record "$domid" wake_reason)
    case $request_by-$(record "$domid" wake_virq) in
    "$trigger_wake"-*) ;;
    interrupt-31)
        by_event=$((by_event + 1))
        note "sleep $1: ended by an event channel, after $((($(record "$domid" asleep_ns) - asleep_before) / 1000)) us"
        ;;
    *) fail "wake $1: by $request_by $(record "$domid" wake_virq)" ;;
    esac
}

# request_cycles COUNT: asked COUNT times, with a wake after each.  Each request is one
# sleep, and nothing else is.
request_cycles() {
    agent_boot g
    cycle=0 by_event=0
    while [ "$cycle" -lt "$1" ]; do
        cycle=$((cycle + 1))
        asleep_before=$(record "$domid" asleep_ns)
        xl trigger g sleep --wait --timeout=60 || fail "request $cycle"
        expect_eq "suspends after request $cycle" "$cycle" "$(suspends "$domid")"
        request_woken "$cycle"
        # The next request would take a second sleep for the one that it asks for.
        guest_run g 60 'echo here' >/dev/null
        expect_eq "suspends after wake $cycle" "$cycle" "$(suspends "$domid")"
        [ $((cycle % 25)) -ne 0 ] || note "$cycle cycles"
    done
    # Rare: otherwise something else is wrong.
    [ $((by_event * 20)) -le $((cycle + 20)) ] || fail "$by_event of $cycle sleeps ended by an event channel"
    expect_eq "the request" "" "$(request "$domid")"
    expect_eq "denied attempts" 0 "$(denied "$domid")"
}

# request_race COUNT: a request and a wake at once, COUNT times.  The wake is too early,
# or ends the sleep that was asked for: in either case there is one sleep a round.
request_race() {
    agent_boot g
    round=0 early=0
    while [ "$round" -lt "$1" ]; do
        round=$((round + 1))
        xl trigger g sleep --wait --timeout=60 &
        asker=$!
        # Anywhere between the request and the sleep.
        usleep $((round * 7919 % 500000))
        xl trigger g wake 2>/dev/null || early=$((early + 1))
        wait "$asker" || fail "request $round"
        xl trigger g wake --if-suspended || fail "wake $round"
        expect_eq "suspends after round $round" "$round" "$(suspends "$domid")"
        expect_eq "the request after round $round" "" "$(request "$domid")"
        [ $((round % 25)) -ne 0 ] || note "$round rounds, in $early the wake came first"
    done
    guest_run g 60 'echo here' >/dev/null
    # Time for what must not happen.
    sleep 3
    expect_eq "suspends" "$1" "$(suspends "$domid")"
    expect_status 3 xl suspend-status -q g
}
