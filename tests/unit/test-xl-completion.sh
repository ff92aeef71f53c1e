#!/bin/sh
# bash's completion of xl: ours, and what is left to the stock xl's.
#
# SPDX-License-Identifier: GPL-2.0-only

set -u
src=${GS_SRCDIR:?is set by make check}
build=${GS_BUILDDIR:?is set by make check}
command -v bash >/dev/null || {
    echo "1..0 # skip no bash here"
    exit 0
}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

ln -s "$build/tests/unit/xl-fake" "$tmp/xl"
cp "$src/tools/xl/xl-completion.bash" "$tmp/completion"
# The stock one is beside it, as Debian's diversion leaves it.
# shellcheck disable=SC2016 # bash is to expand it
echo '_xl() { COMPREPLY=("stock:${COMP_WORDS[COMP_CWORD]}"); }' \
    >"$tmp/completion.distrib"
cat >"$tmp/host" <<END
domain 0 Domain-0 - 0 0 1 1 0 0 0 0 0 0 0 0 0
domain 3 asleep - 1 1 42 7 3 0 0 0 0 0 0 0 0
domain 4 awake - 0 1 50 8 1 0 0 0 0 0 0 0 0
domain 5 x\$(>$tmp/ran) - 0 1 51 9 1 0 0 0 0 0 0 0 0
domain 6 my%20web - 0 1 52 10 1 0 0 0 0 0 0 0 0
domain 7 my - 0 1 53 11 1 0 0 0 0 0 0 0 0
domain 8 bad%01name - 0 1 54 12 1 0 0 0 0 0 0 0 0
domain 9 %c3%a9t%c3%a9%20%205%20running - 0 1 55 13 1 0 0 0 0 0 0 0 0
END
cat >"$tmp/complete" <<'END'
# complete WORD...: what the last of them may become
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_xl_guest_suspend "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s|' "${COMPREPLY[@]}"
END

n=0
failed=0
# completes WANTED WORD...
completes() {
    wanted=$1
    shift
    got=$(PATH=$tmp:$PATH GS_FAKE_HOST=$tmp/host bash "$tmp/complete" \
        "$tmp/completion" "$@")
    n=$((n + 1))
    if [ "$got" = "$wanted" ]; then
        echo "ok $n - $*"
    else
        echo "not ok $n - $*"
        echo "# got '$got', wanted '$wanted'"
        failed=1
    fi
}

completes 'stock:|' xl ''
completes 'stock:li|' xl li
completes 'stock:x|' xl list x
completes 'stock:|' xl -v ''
completes "Domain-0 |asleep |awake |x\\\$\\(\\>$tmp/ran\\) |my\\ web |my |été\\ \\ 5\\ running |" xl suspend-status ''
completes 'my\ web |my |' xl suspend-status m
completes 'my\ web |' xl trigger 'my\ w'
completes 'my\ web |' xl trigger 'my w'
completes '|' xl suspend-status --after = ''
completes '|' xl suspend-status --after ''
completes '|' xl suspend-status --wait = running --timeout = a
completes '|' xl trigger awake wake --seq = ''
completes '|' xl trigger awake wake --virq ''
completes 'asleep |awake |' xl suspend-status a
completes 'asleep |awake |' xl -v suspend-status awake a
completes '--json |' xl suspend-status --j
completes '--wait=|' xl suspend-status --wai
completes 'running |suspended |' xl suspend-status --wait =
completes 'suspended |' xl suspend-status --wait = s
completes 'asleep |awake |' xl suspend-status --wait = running a
completes 'asleep |awake |' xl trigger a
completes 'sleep |wake |' xl trigger awake ''
completes 'wake |' xl trigger awake w
completes '--all |' xl trigger -
completes 'wake |' xl trigger --all ''
completes 'wake |' xl trigger -a w
completes '--virq=|--if-suspended |--seq=|--wait |--help |' xl trigger --all wake --
completes '--if-suspended |' xl trigger awake wake --i
completes '--virq=|' xl trigger awake wake --v
completes '--timeout=|' xl trigger awake sleep --t
completes 'stock:|' xl trigger awake nmi ''

n=$((n + 1))
if [ -e "$tmp/ran" ]; then
    echo "not ok $n - a domain's name is not run"
    failed=1
else
    echo "ok $n - a domain's name is not run"
fi

echo "1..$n"
exit $failed
