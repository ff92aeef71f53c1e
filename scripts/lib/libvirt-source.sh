# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's source of the libvirt of RIG_RELEASE, that libvirt/VERSION is a series for.
# Sourced after profile.sh and xen-source.sh, whose functions for one source package and
# its archives serve here: libvirt_source sets what they look at.

case $RIG_RELEASE in
bookworm) libvirt_version=9.0 ;;
*) libvirt_version=11.3 ;;
esac

# As xen_source_versions, of that libvirt.
libvirt_source_versions() {
    {
        apt_cache showsrc libvirt | xen_source_index
        sed '/^#/d; /^$/d' "$top/patches/sources"
    } | grep "^$libvirt_version\..* libvirt_[^ ]*\.tar\.[a-z]* " | sort -u | sort -t ' ' -k1,1 -r -V
}

libvirt_source_fetch() {
    if ! apt_fresh; then
        apt_update || return
    fi
    libvirt_source_versions >"$build/tmp/$libvirt_source_name.files"
    newest=$(sed 's/ .*//; q' "$build/tmp/$libvirt_source_name.files")
    {
        echo "version $newest"
        # A file can be in more than one place: in two archives, say.
        while read -r version dir file sum; do
            if [ "$version" = "$newest" ] && xen_source_file "$dir" "$file" "$sum" >&2; then
                case $file in
                *.orig.*) echo "orig $xen_source_store/$sum/$file" ;;
                *) echo "debian $xen_source_store/$sum/$file" ;;
                esac
            fi
        done <"$build/tmp/$libvirt_source_name.files" | sort -u
    } >"$xen_source_list.new"
    if [ "$(sed 's/ .*//' "$xen_source_list.new" | tr '\n' ' ')" = "version debian orig " ]; then
        mv "$xen_source_list.new" "$xen_source_list"
        return 0
    fi
    echo "no source of libvirt $libvirt_version in $RIG_RELEASE could be fetched"
    return "$ENVIRONMENT"
}

# libvirt_source NAME: have the source; as xen_source.
libvirt_source() {
    libvirt_source_name=$1
    xen_source_list=$build/tmp/$libvirt_source_name.source
    mkdir -p "$xen_source_store" "$build/tmp"
    apt_prepare
    if ! apt_current "$xen_source_list" || [ ! -e "$(xen_source_field orig)" ] ||
        [ ! -e "$(xen_source_field debian)" ]; then
        step "libvirt $libvirt_version: fetching Debian's source" "fetch-$libvirt_source_name" \
            libvirt_source_fetch || die_environment "no source of libvirt $libvirt_version"
    fi
    apt_release
}
