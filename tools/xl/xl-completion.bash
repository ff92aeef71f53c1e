# bash completion of xl: our commands here, all others as the stock xl has them.
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash

# The stock xl's own, where there is one and it is not this file.
for _xl_guest_suspend_stock in "${BASH_SOURCE[0]}.distrib" \
    /usr/share/bash-completion/completions/xl; do
    if [[ -r $_xl_guest_suspend_stock &&
        ! $_xl_guest_suspend_stock -ef ${BASH_SOURCE[0]} ]]; then
        # shellcheck disable=SC1090 # whichever it is
        . "$_xl_guest_suspend_stock"
        break
    fi
done
unset _xl_guest_suspend_stock

# Words of "xl COMMAND --help" that are options.
_xl_guest_suspend_options() {
    "$@" --help 2>/dev/null |
        sed -n 's/^  [- ][^-][, ] \(--[a-z-]*=\{0,1\}\).*/\1/p'
}

# A name a line.  One with a "?" may stand for another name: xl puts it in the
# place of what a terminal must not see.
_xl_guest_suspend_domains() {
    "$1" suspend-status 2>/dev/null | LC_ALL=C sed -n -E '1d
        s/^(.*[^ ]) +[0-9]+ (running|suspended|unknown) +[^ ]+ ([0-9-]+ [0-9:]+|-) .*/\1/
        t good
        d
        : good
        /\?/!{ /^-$/!p; }'
}

# Sets words, a line each, and nothing where there are none to offer.
_xl_guest_suspend_words() {
    local xl=$1 cur=$2 prev=$3 options
    shift 3

    # bash takes "=" for a word: --wait=run is --wait, =, run.
    [[ $prev != = ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}
    options=$(_xl_guest_suspend_options "$@")
    if [[ $prev == --wait && $2 == suspend-status ]]; then
        words=$'running\nsuspended'
    elif [[ $'\n'$options$'\n' == *$'\n'"$prev="$'\n'* ]]; then
        # A number.
        words=
    elif [[ $cur == -* ]]; then
        # A trigger's --all goes before the trigger.
        words=$options
        [[ $2 != trigger ]] || words=$(grep -vx -e --all <<<"$options")
    elif [[ $2 == suspend-status ]]; then
        words=$(_xl_guest_suspend_domains "$xl")
    fi
}

_xl_guest_suspend() {
    local xl=$1 cur=$2 prev=$3 word quoted at=1 words=
    local -a command=() list=()

    # Global options before the command are not looked at.
    while ((at < COMP_CWORD)) && [[ ${COMP_WORDS[at]} == -* ]]; do
        at=$((at + 1))
    done
    if ((COMP_CWORD > at)); then
        if [[ ${COMP_WORDS[at]} == suspend-status ]]; then
            command=("$xl" suspend-status)
        elif [[ ${COMP_WORDS[at]} == trigger ]]; then
            case $((COMP_CWORD - at)) in
            1)
                words=--all
                [[ $cur == -* ]] || words=$(_xl_guest_suspend_domains "$xl")
                ;;
            2)
                words=$'sleep\nwake'
                [[ $prev != -a && $prev != --all ]] || words=wake
                ;;
            *) case ${COMP_WORDS[at + 2]} in
                sleep | wake) command=("$xl" trigger x "${COMP_WORDS[at + 2]}") ;;
                esac ;;
            esac
        fi
    fi

    if ((${#command[@]})); then
        [[ $cur != = ]] || cur=
        _xl_guest_suspend_words "$xl" "$cur" "$prev" "${command[@]}"
        # Not a file instead.
        compopt +o default 2>/dev/null
    fi

    COMPREPLY=()
    if [[ $words ]]; then
        # compgen -W would run what a domain's name has in $( ).
        mapfile -t list <<<"$words"
        for word in "${list[@]}"; do
            printf -v quoted %q "$word"
            # As typed: plain, or quoted already.
            [[ $word == "$cur"* || $quoted == "$cur"* ]] || continue
            [[ $quoted == *= ]] || quoted+=' '
            COMPREPLY+=("$quoted")
        done
    elif ! ((${#command[@]})) && declare -F _xl >/dev/null; then
        _xl "$@"
    fi
}

complete -F _xl_guest_suspend -o nospace -o default xl
