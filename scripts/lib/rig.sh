# SPDX-License-Identifier: GPL-2.0-only
#
# Common to all scripts of the rig: messages, long steps, and a cache keyed by
# content.  Sourced; the caller has set `top` to the source tree.
#
# Exit statuses of all rig scripts: 0 done; 1 the product is at fault (it does
# not build, a test fails); 2 usage; 3 the environment is at fault (no network,
# a package is missing).

build=${RIG_BUILD:-$top/build}
logs=$build/logs
mkdir -p "$build" "$logs"

ENVIRONMENT=3

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }
die_environment() { say "${0##*/}: environment error: $*"; exit "$ENVIRONMENT"; }

# step WORDS LOGNAME COMMAND...: run COMMAND with its output in the log LOGNAME,
# print its progress every 10 s, and how long it took.  The result is COMMAND's
# status.  `set -e` has no effect in COMMAND: a function handles its errors itself,
# and puts `timeout` before what may hang.
step() {
    step_words=$1 step_log=$logs/$2.log
    shift 2
    step_start=$(date +%s)
    say "==> $step_words ..."
    : >"$step_log"
    step_watch $$ &
    step_watcher=$!
    step_rc=0
    ("$@") >"$step_log" 2>&1 </dev/null || step_rc=$?
    kill "$step_watcher" 2>/dev/null || :
    wait "$step_watcher" 2>/dev/null || :
    step_took=$(($(date +%s) - step_start))
    if [ "$step_rc" -eq 0 ]; then
        say "    $step_words: done in $step_took s"
    else
        say "    $step_words: FAILED (status $step_rc) after $step_took s; the log's errors and end:"
        # In a parallel build the error is seldom in the last lines.
        { grep -n -E '(^|[: ])([Ee]rror|ERROR|E):' "$step_log" | head -n 8; tail -n 12 "$step_log"; } |
            sed 's/^/    | /' >&2
        say "    the whole log: $step_log"
    fi
    return "$step_rc"
}

# step_watch PID: print the progress of step while the process PID runs.
step_watch() {
    trap 'kill "$step_sleep"; exit 0' TERM
    while kill -0 "$1" 2>/dev/null; do
        sleep 10 &
        step_sleep=$!
        wait "$step_sleep"
        say "    $step_words: $(($(date +%s) - step_start)) s, $(wc -l <"$step_log") lines logged"
    done
}

# digest: of standard input, short enough for a file name.
digest() { sha256sum | cut -c1-20; }

# digest_files FILE...: of names and contents, relative to the source tree.
digest_files() {
    (cd "$top" && for f; do sha256sum "$f" || exit 1; done) | digest
}

# digest_tree DIR: of all names, modes and contents below it.
digest_tree() {
    (cd "$1" && {
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
        find . -printf '%p %m %l\n' | LC_ALL=C sort
    }) | digest
}

# cached DIR COMMAND...: make DIR unless it exists.  COMMAND fills the empty directory
# $out, which is renamed to DIR only if COMMAND succeeds.  So DIR is always
# complete.  Its name has the digest of all inputs.
cached() {
    cached_dir=$1
    shift
    mkdir -p "${cached_dir%/*}"
    if [ -d "$cached_dir" ]; then
        touch "$cached_dir"
        return 0
    fi
    exec 8>"$cached_dir.lock"
    flock 8
    # Another run may have made it while this one waited.
    if [ ! -d "$cached_dir" ]; then
        out=$cached_dir.part
        rm -rf "$out"
        mkdir "$out"
        export out
        cached_rc=0
        "$@" || cached_rc=$?
        if [ "$cached_rc" -ne 0 ]; then
            rm -rf "$out"
            exec 8>&-
            return "$cached_rc"
        fi
        mv "$out" "$cached_dir"
        cached_prune "${cached_dir%-*}"
    fi
    rm -f "$cached_dir.lock"
    exec 8>&-
}

# cached_prune PREFIX: keep the 8 directories PREFIX-DIGEST that were used last.
cached_prune() {
    # We choose their names, without white space.
    # shellcheck disable=SC2012
    ls -td "$1"-???????????????????? | tail -n +9 | while read -r old; do
        rm -rf "$old"
    done
}

# source_copy DIR PATH...: copy the tree's files below PATHs, as git knows them
# (tracked or new, not ignored), into DIR.  This copy is hashed and built: an edit
# during the build, or the products of a build in the tree, do not get into the
# cache.
source_copy() {
    source_to=$1
    shift
    (
        cd "$top" || exit
        if [ -e .git ] && command -v git >/dev/null; then
            git -c safe.directory="$top" ls-files -co --exclude-standard -- "$@"
        else
            find "$@" \( -path ./build -o -path ./.git \) -prune -o \
                -type f ! -name '*.o' ! -name '*.d' -print
        fi | while IFS= read -r f; do
            if [ -f "$f" ]; then printf '%s\n' "$f"; fi
        done | tar -c -T - -f -
    ) | tar -x -C "$source_to"
}
