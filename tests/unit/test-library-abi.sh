#!/bin/sh
# libxlguestsuspend as others link with it: its exported symbols against the
# recorded list, its soname, what it needs; its headers, each included alone,
# from C and from C++; and a program built by what pkg-config says.
#
# SPDX-License-Identifier: GPL-2.0-only

set -u
src=${GS_SRCDIR:?is set by make check}
build=${GS_BUILDDIR:?is set by make check}
lib=$build/tools/libs/light/libxlguestsuspend.so.1
recorded=$src/tests/unit/libxlguestsuspend.symbols
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

n=0
failed=0
# result STATUS WHAT
result() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        failed=1
    fi
}
skip() {
    n=$((n + 1))
    echo "ok $n - $1 # skip $2"
}

# Weak symbols are a sanitizer's, if any.
nm -D --defined-only --with-symbol-versions "$lib" |
    awk '$2 != "A" && $2 != "W" && $2 != "V" { print $3 }' |
    sed 's/@@/ /' | LC_ALL=C sort >"$tmp/symbols"
grep -v '^#' "$recorded" >"$tmp/recorded"
diff -u "$tmp/recorded" "$tmp/symbols" >"$tmp/diff"
result $? "the exported symbols are those recorded in ${recorded#"$src/"}"
sed 's/^/# /' "$tmp/diff"

soname=$(readelf -d "$lib" | sed -n 's/.*SONAME.*\[\(.*\)\].*/\1/p')
[ "$soname" = libxlguestsuspend.so.1 ]
result $? "the soname is libxlguestsuspend.so.1"

# libxenlight's soname changes with every Xen.
! readelf -d "$lib" | grep -E 'NEEDED.*(xenlight|xenctrl|xenguest)'
result $? "it needs no library that is bound to one Xen version"

nm -D --undefined-only "$lib" | grep -q '^ *w libxl_send_trigger$'
result $? "it takes libxl_send_trigger from a program that has it"

# Every function of the headers is exported, and nothing else.
cat "$src/tools/libs/light/libxl_guest_suspend.h" \
    "$src/tools/libs/light/libxl_guest_suspend_json.h" |
    sed -e ':a' -e 's|/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/||g' -e '/\/\*/{N;ba}' |
    grep -o 'libxl_[a-z0-9_]*(' | tr -d '(' | LC_ALL=C sort -u >"$tmp/declared"
cut -d' ' -f1 "$tmp/symbols" >"$tmp/exported"
diff -u "$tmp/declared" "$tmp/exported" >"$tmp/diff"
result $? "what the headers declare is what is exported"
sed 's/^/# /' "$tmp/diff"

for header in libxl_guest_suspend.h libxl_guest_suspend_json.h; do
    for language in c c++; do
        what="$header alone, from $language"
        case $language in
        c) compiler=cc ;;
        *) compiler=c++ ;;
        esac
        if ! command -v $compiler >/dev/null; then
            skip "$what" "no $compiler here"
            continue
        fi
        echo "#include <$header>" >"$tmp/include.$language"
        $compiler -x $language -fsyntax-only -Wall -Wextra -Werror \
            -I"$src/tools/libs/light" "$tmp/include.$language" >"$tmp/log" 2>&1
        result $? "$what"
        sed 's/^/# /' "$tmp/log"
    done
done

# As its comment says, but for where things are before they are installed.
what="docs/examples/max-sleep.c by pkg-config"
if flags=$(PKG_CONFIG_PATH=$build/tools/libs/light pkg-config \
    --define-variable=includedir="$src/tools/libs/light" \
    --define-variable=libdir="$build/tools/libs/light" \
    --cflags --libs xlguestsuspend xenlight xentoollog 2>"$tmp/log"); then
    # shellcheck disable=SC2086 # words; and what sanitizers need comes later
    cc -o "$tmp/max-sleep" "$src/docs/examples/max-sleep.c" $flags \
        -Wl,--unresolved-symbols=ignore-in-shared-libs >"$tmp/log" 2>&1 &&
        readelf -d "$tmp/max-sleep" | grep -q 'NEEDED.*libxlguestsuspend.so.1]'
    result $? "$what"
elif command -v pkg-config >/dev/null; then
    result 1 "$what"
else
    skip "$what" "no pkg-config here"
fi
sed 's/^/# /' "$tmp/log"

echo "1..$n"
exit $failed
