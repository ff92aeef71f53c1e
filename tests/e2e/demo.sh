# SPDX-License-Identifier: GPL-2.0-only
#
# What scripts/demo shows on every architecture, and its words.  Sourced by the
# demo's tests, which set demo_shows to how many observations they are made of.

seen=0
part() {
    echo
    echo "=== $*"
}
observed() {
    seen=$((seen + 1))
    eval "seen_$seen=\$*"
    echo "--> seen: $*"
}
summary() {
    echo
    echo "=== Summary: $seen of $demo_shows seen"
    i=0
    while [ "$i" -lt "$seen" ]; do
        i=$((i + 1))
        eval "echo \"  \$i. \$seen_$i\""
    done
}
trap summary EXIT
# in_guest LINE: type it on the guest's console, and show it.
in_guest() {
    echo "[demo] # $1"
    guest_type demo "$1"
}
# shellcheck disable=SC2016 # the guest expands it
sleep_line='echo mem > /sys/power/state; echo "guest: awake, up $(cut -d" " -f1 /proc/uptime) s"'
awake_is() { [ "$(guest_count demo '^guest: awake, up')" -eq "$1" ]; }
watch_is() { [ "$(wc -l <watch)" -ge "$1" ]; }

# demo_path [CONFIG_LINE...]: the first four.
demo_path() {
    part "A stock Debian Linux guest, on this patched host"
    show xl info | grep -E '^(host|release|machine|xen_version|xen_caps)'
    guest_boot demo "$@"
    guest_show demo | grep 'guest:'
    show xl suspend-status demo

    part "Watch its state in xenstore, and let it sleep"
    echo "\$ xenstore-watch $gs_root/$domid/state &"
    xenstore-watch "$gs_root/$domid/state" | while read -r node; do
        echo "[xenstore-watch] $node"
        echo "$node" >>watch
    done &
    # The first line only says that it watches.
    wait_until 30 watch_is 1
    in_guest "$sleep_line"
    wait_suspended "$domid" 1
    wait_until 30 watch_is 2
    observed "a Linux guest put itself to sleep"
    guest_show demo
    show xenstore-read "$gs_root/$domid/state"
    status=$(xl suspend-status demo)
    show xl suspend-status demo
    expect_match "xl suspend-status" 'demo.* suspended' "$status"
    observed "xenstore-watch and xl suspend-status reported it"

    part "The stock xl works as before: the guest is blocked (b), not shut down (s)"
    show /usr/sbin/xl list
    expect_eq "state in stock xl list" -b---- \
        "$(/usr/sbin/xl list demo | awk 'NR == 2 { print $(NF - 1) }')"
    observed "stock xl list shows the guest blocked"

    part "Wake it"
    show xl trigger demo wake || fail "xl trigger demo wake"
    wait_until 30 awake_is 1
    wait_running "$domid"
    guest_show demo
    status=$(xl suspend-status demo)
    show xl suspend-status demo
    expect_match "xl suspend-status" 'demo.* running' "$status"
    expect_eq "suspends" 1 "$(gs "$domid" suspends)"
    expect_eq "wake reason" "$trigger_wake" "$(gs "$domid" wake-reason)"
    observed "xl trigger woke it, and the guest says so"
}
# demo_end: nothing was left out.
demo_end() { [ "$seen" -eq "$demo_shows" ] || fail "$demo_shows observations, saw $seen"; }
