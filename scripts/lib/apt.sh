# SPDX-License-Identifier: GPL-2.0-only
#
# Debian packages of another release and architecture, through apt with state
# of its own: the machine's Debian sources with the suite changed.  The
# machine's apt state is not touched.  Sourced after profile.sh.

# Whose packages: the rig's architecture, unless the caller has set another.
apt_arch=${apt_arch:-$RIG_ARCH}
apt_state=$build/apt/$RIG_RELEASE-$apt_arch
apt_pool=$build/debs

apt_options() {
    printf '%s\n' -q \
        -o "Dir::State::lists=$apt_state/lists" \
        -o "Dir::State::status=$apt_state/status" \
        -o "Dir::Cache=$apt_state/cache" \
        -o "Dir::Etc::sourcelist=$apt_state/sources.list" \
        -o "Dir::Etc::sourceparts=-" \
        -o "Dir::Etc::preferences=-" \
        -o "Dir::Etc::preferencesparts=-" \
        -o "APT::Architecture=$apt_arch" \
        -o "APT::Architectures=$apt_arch" \
        -o "APT::Sandbox::User=" \
        -o "Acquire::Languages=none" \
        -o "Dir::Cache::pkgcache=pkgcache.bin" \
        -o "Dir::Cache::srcpkgcache=srcpkgcache.bin" \
        -o "Acquire::Retries=3"
}

# Paths in the options are free of white space: apt_prepare sees to it.
# shellcheck disable=SC2046
apt_get() { apt-get $(apt_options) "$@"; }
# shellcheck disable=SC2046
apt_cache() { apt-cache $(apt_options) "$@"; }

# The machine's Debian archives, one "URI LABEL" a line.  Third parties' lists
# carry another origin.
apt_host_archives() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(LABEL)' \
        'Created-By: Packages' 'Origin: Debian' | sort -u
}

# apt_sources: the machine's Debian archives with the rig's release, as lines of a
# sources.list.
apt_sources() {
    apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$apt_keyring" ] || die_environment "$apt_keyring is missing: install debian-archive-keyring"
    apt_host_archives | while read -r uri label; do
        case $label in
        Debian) suite=$RIG_RELEASE ;;
        Debian-Security) suite=$RIG_RELEASE-security ;;
        *) continue ;;
        esac
        echo "deb [signed-by=$apt_keyring] $uri $suite main"
        echo "deb-src [signed-by=$apt_keyring] $uri $suite main"
    done
}

# apt_prepare: make the state, and take its lock (fd 9), for one apt at a time.
# apt_release releases the lock.
apt_release() { exec 9>&-; }
apt_prepare() {
    case $build in
    *[[:space:]]*) die "the path '$build' has white space in it, which apt's options cannot carry; move the tree" ;;
    esac
    mkdir -p "$apt_state/lists/partial" "$apt_state/cache/archives/partial" "$apt_pool"
    exec 9>"$apt_state/lock"
    flock 9
    : >"$apt_state/status"
    apt_sources >"$apt_state/sources.list.new"
    [ -s "$apt_state/sources.list.new" ] ||
        die_environment "this machine's apt knows no Debian archive; run apt-get update, or scripts/setup"
    if ! cmp -s "$apt_state/sources.list.new" "$apt_state/sources.list"; then
        rm -f "$apt_state/updated"
        mv "$apt_state/sources.list.new" "$apt_state/sources.list"
    else
        rm -f "$apt_state/sources.list.new"
    fi
}

# apt_fresh: the index is less than a day old.
apt_fresh() { [ -n "$(find "$apt_state/updated" -mtime -1 2>/dev/null)" ]; }
# apt_current FILE: FILE was made from this index, and the index is fresh.
apt_current() { apt_fresh && [ -n "$(find "$1" -newer "$apt_state/updated" 2>/dev/null)" ]; }

# apt_update: get the index.  Without a network the old one is used: everything that
# it names is verified by digest.
apt_update() {
    # shellcheck disable=SC2046
    if timeout 300 apt-get $(apt_options) update -o APT::Update::Error-Mode=any; then
        touch "$apt_state/updated"
    elif [ -e "$apt_state/updated" ]; then
        echo "no fresh package index; going on with the one that is here"
    else
        echo "no package index for $rig_profile"
        return "$ENVIRONMENT"
    fi
}

# apt_depends PACKAGE PREFIX: the first of those that it depends on.
apt_depends() { apt_cache depends "$1" | sed -n "s/^ *Depends: \($2.*\)/\1/p" | head -n 1; }

# apt_resolve SPEC...: package names, one a line, of profile_packages' specs.
apt_resolve() {
    resolve_deep=
    for spec; do
        case $spec in
        +*) resolve_deep="$resolve_deep ${spec#+}" ;;
        @*) # Without the rest that it wants.
            resolve_name=${spec#@}
            resolve_name=$(apt_depends "${resolve_name%%/*}" "")
            case $spec in
            */*) resolve_name=$(apt_depends "$resolve_name" "${spec#*/}") ;;
            esac
            echo "$resolve_name" | grep . || {
                echo "cannot resolve ${spec#@} of $rig_profile" >&2
                return "$ENVIRONMENT"
            }
            ;;
        *) echo "$spec" ;;
        esac
    done
    [ -n "$resolve_deep" ] || return 0
    # shellcheck disable=SC2086 # words are wanted
    apt_get install --print-uris --no-install-recommends -y $resolve_deep |
        sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p" | grep . || {
        echo "cannot resolve$resolve_deep of $rig_profile" >&2
        return "$ENVIRONMENT"
    }
}

# apt_list PACKAGE...: "URI FILE SIZE DIGEST" a line; this is what is hashed.
apt_list() {
    apt_get download --print-uris "$@" | sed "s/'//g"
}

# apt_fetch PACKAGE...: download them into the pool.  apt verifies them.
apt_fetch() {
    fetch_tmp=$(mktemp -d "$apt_pool/part.XXXXXX")
    missing=
    for line in $(apt_list "$@" | awk '{ print $2 }'); do
        [ -e "$apt_pool/$line" ] || missing="$missing ${line%%_*}"
    done
    fetch_rc=0
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2046,SC2086
        (cd "$fetch_tmp" && timeout 900 apt-get $(apt_options) download $missing) || fetch_rc=$?
        if [ "$fetch_rc" -eq 0 ]; then
            mv "$fetch_tmp"/*.deb "$apt_pool/"
        fi
    fi
    rm -rf "$fetch_tmp"
    [ "$fetch_rc" -eq 0 ] || return "$ENVIRONMENT"
}
