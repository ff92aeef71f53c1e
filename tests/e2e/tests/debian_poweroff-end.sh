# SPDX-License-Identifier: GPL-2.0-only
#
# The end of debian_poweroff.test: systemd runs this when it has stopped xendomains, and
# before it stops the Xen daemons.  The test is gone by then.

# shellcheck shell=sh

set -u
. /run/e2e/poweroff
. /e2e/lib.sh
# shellcheck disable=SC2154 # of that file
took_ms=$(($(uptime_ms) - from))
exec >/dev/hvc0 2>&1
cd /run/e2e/test || exit 1
said() { echo; echo "@@$order end $1"; }
trap 'said 1; exit 1' USR1

journal=$(journalctl --no-pager -o short-monotonic --after-cursor="$cursor" -u xendomains.service -u xen-guest-suspend-wake.service)
echo "$journal"
note "$guests guests, $last, $how, wake $wake: $took_ms ms; awake: $awake_ms ms; ratio $(ratio "$took_ms" "$awake_ms")"
# One that is down is there until its xl create removes it, which systemd may have ended.
expect_eq "guests that are not down" "" \
    "$(timeout 20 xl list | awk 'NR > 1 && $(NF - 4) > 0 && $(NF - 1) !~ /s/')"
want=0 by_xl=0 woken=0
[ "$last" = awake ] || want=$guests
# xendomains prints nothing of a save that succeeds.
[ "$wake-$how" != alone-shutdown ] || by_xl=$want
for n in $(seq "$guests"); do
    [ "$(guest_awake "last$n")" -ne 1 ] || woken=$((woken + 1))
done
expect_eq "guests that were woken" "$want" "$woken"
expect_eq "guests that xendomains' xl had to wake" "$by_xl" "$(echo "$journal" | grep -c "' was asleep: woken first")"
[ "$how" != save ] || expect_eq "guests that were saved" "$guests" "$(find /var/lib/xen/save -type f | wc -l)"
said 0
