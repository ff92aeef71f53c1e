# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's source of the rig's Xen.  Sourced after apt.sh, with apt_arch=arm64
# set before that: source is the same for all architectures, and the index of
# one serves.

xen_source_store=$build/sources

# Each version of xen, newest first, by the Sources index's word and by
# patches/sources': "VERSION DIRECTORY FILE DIGEST", for the two files that a
# build needs.  The index is authenticated by apt, so the .dsc (which some
# mirrors lack) is not needed for the digests.  A mirror can lack a version that
# its index names, too, on the day of a point release for instance, and no
# longer name the one before: patches/sources does.
xen_source_versions() {
    {
        apt_cache showsrc xen | xen_source_index
        sed '/^#/d; /^$/d' "$top/patches/sources"
    } | sort -t ' ' -k1,1 -r -V
}

xen_source_index() {
    awk '
        /^Version:/ { version = $2 }
        /^Directory:/ { dir = $2 }
        /^Checksums-Sha256:/ { sums = 1; next }
        /^[^ ]/ { sums = 0 }
        sums && $3 ~ /\.(orig|debian)\.tar\./ { sum[$3] = $1 }
        /^$/ { flush_version() }
        END { flush_version() }
        function flush_version(   f) {
            for (f in sum) print version, dir, f, sum[f]
            delete sum
        }'
}

# xen_source_file DIRECTORY FILE DIGEST
xen_source_file() {
    [ -e "$xen_source_store/$3/$2" ] && return 0
    # shellcheck disable=SC2013 # no URI has white space in it
    for uri in $(sed -n 's/^deb-src \[[^]]*\] \([^ ]*\) .*/\1/p' "$apt_state/sources.list"); do
        # shellcheck disable=SC2046
        if (cd "$build/tmp" && timeout 300 /usr/lib/apt/apt-helper $(apt_options) \
            download-file "${uri%/}/$1/$2" "$2.part" "SHA256:$3"); then
            mkdir -p "$xen_source_store/$3" && mv "$build/tmp/$2.part" "$xen_source_store/$3/$2" && return 0
        fi
    done
    return 1
}

xen_source_fetch() {
    if ! apt_fresh; then
        apt_update || return
    fi
    xen_source_versions >"$build/tmp/$xen_source_name.versions"
    # shellcheck disable=SC2013
    for version in $(awk '!seen[$1]++ { print $1 }' "$build/tmp/$xen_source_name.versions"); do
        case $version in
        "$RIG_XEN".*) ;;
        *) continue ;;
        esac
        awk -v v="$version" '$1 == v { print $2, $3, $4 }' \
            "$build/tmp/$xen_source_name.versions" >"$build/tmp/$xen_source_name.files"
        # A file can be in more than one place: in two archives, say.
        while read -r dir file sum; do
            if xen_source_file "$dir" "$file" "$sum" >&2; then
                case $file in
                *.orig.*) echo "orig $xen_source_store/$sum/$file" ;;
                *) echo "debian $xen_source_store/$sum/$file" ;;
                esac
            fi
        done <"$build/tmp/$xen_source_name.files" | sort -u >"$build/tmp/$xen_source_name.have"
        if [ "$(sed 's/ .*//' "$build/tmp/$xen_source_name.have" | tr '\n' ' ')" = "debian orig " ]; then
            { echo "version $version"; cat "$build/tmp/$xen_source_name.have"; } >"$xen_source_list.new"
            mv "$xen_source_list.new" "$xen_source_list"
            return 0
        fi
        echo "the source of $version is not to be had, trying an older one"
    done
    echo "no source of Xen $RIG_XEN in $RIG_RELEASE could be fetched"
    return "$ENVIRONMENT"
}

# xen_source NAME: have the source.  NAME keeps what one caller looks at apart
# from what others fetch in the meantime.
xen_source() {
    xen_source_name=$1
    xen_source_list=$build/tmp/$xen_source_name.source
    mkdir -p "$xen_source_store" "$build/tmp"
    apt_prepare
    if ! apt_current "$xen_source_list" || [ ! -e "$(xen_source_field orig)" ] ||
        [ ! -e "$(xen_source_field debian)" ]; then
        step "Xen $RIG_XEN: fetching Debian's source" "fetch-$xen_source_name" xen_source_fetch ||
            die_environment "no source of Xen $RIG_XEN"
    fi
    apt_release
}

# xen_source_field version|orig|debian: the version, or one of its two archives.
xen_source_field() { sed -n "s/^$1 //p" "$xen_source_list"; }

# xen_source_unpack DIR: Debian's patches are in it, but not applied.
xen_source_unpack() {
    mkdir "$1" &&
        tar -x -f "$(xen_source_field orig)" -C "$1" --strip-components=1 &&
        tar -x -f "$(xen_source_field debian)" -C "$1"
}

# xen_source_debian_patches: apply Debian's, in the tree that is the current
# directory.
xen_source_debian_patches() {
    grep -v '^ *\(#\|$\)' debian/patches/series | while read -r p; do
        echo "Debian's $p"
        patch -p1 -s --fuzz=0 <"debian/patches/$p" || exit 1
    done
}

# xen_source_tree DIR: as Debian builds it.
xen_source_tree() {
    xen_source_unpack "$1" && (cd "$1" && xen_source_debian_patches)
}

# xen_source_patch: print which patch of ours is for it, if one is.  Security
# updates change the lines that the patch changes, so a branch of Xen can have
# several.  Each serves from the version that it names on.
xen_source_patch() {
    for p in "$top/patches/xen-$RIG_XEN"*-guest-suspend.patch; do
        from=${p##*/xen-}
        from=${from%-guest-suspend.patch}
        if dpkg --compare-versions "$from" le "$(xen_source_field version)"; then echo "$from $p"; fi
    done | sort -V | tail -n 1 | cut -d ' ' -f 2-
}

# xen_tree_version DIR: what a source tree calls itself.
xen_tree_version() {
    sed -n 's/^export XEN_VERSION *= *//p; s/^export XEN_SUBVERSION *= */./p
        s/^export XEN_EXTRAVERSION *?= *\([^$]*\).*/\1/p' "$1/xen/Makefile" | tr -d '\n'
}
