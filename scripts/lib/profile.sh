# SPDX-License-Identifier: GPL-2.0-only
#
# Which host the rig builds: RIG_RELEASE (trixie, bookworm), RIG_ARCH (arm64,
# amd64; armhf has the hypervisor only), RIG_DEBUG (n, y: the hypervisor's debug
# build), RIG_GIC (3, 2: an arm64 machine's interrupt controller, and so the
# guests'), RIG_CPU (an arm64 machine's CPUs, as QEMU calls them), RIG_XEN_ARGS (more of
# Xen's command line), RIG_ICOUNT (n, y: the machine's time counts its instructions),
# RIG_XENSTORED (empty: Debian's xenstored; built, patched: see build-xenstored),
# RIG_PYTHON (n, y: dom0 has Python, and scripts/bench), RIG_LIBVIRT (n, y: dom0 has
# libvirt, with our driver), RIG_GUEST (rig, debian: a whole Debian besides the rig's
# guest), RIG_TEST_PARTS (n, y: what only tests use), RIG_TOOLS (the release that our
# tools are built for and with, if it is another one),
# RIG_XEN_SOURCE (a source tree of Xen, in place of Debian's),
# RIG_XEN_TOOLS (that Xen's tools for dom0, as
# "make install-tools DESTDIR=" leaves them, in place of Debian's).  Everything that
# differs between releases and architectures stands here.  Sourced after rig.sh.

RIG_RELEASE=${RIG_RELEASE:-trixie}
RIG_ARCH=${RIG_ARCH:-arm64}
RIG_DEBUG=${RIG_DEBUG:-n}
RIG_GIC=${RIG_GIC:-3}
RIG_CPU=${RIG_CPU:-cortex-a57}
RIG_XEN_ARGS=${RIG_XEN_ARGS-}
RIG_ICOUNT=${RIG_ICOUNT:-n}
RIG_XENSTORED=${RIG_XENSTORED-}
RIG_PYTHON=${RIG_PYTHON:-n}
RIG_LIBVIRT=${RIG_LIBVIRT:-n}
RIG_TEST_PARTS=${RIG_TEST_PARTS:-n}
RIG_GUEST=${RIG_GUEST:-rig}
RIG_TOOLS=${RIG_TOOLS:-$RIG_RELEASE}
RIG_XEN_SOURCE=${RIG_XEN_SOURCE-}
RIG_XEN_TOOLS=${RIG_XEN_TOOLS-}
export RIG_RELEASE RIG_TOOLS RIG_ARCH RIG_DEBUG RIG_GIC RIG_CPU RIG_XEN_ARGS RIG_ICOUNT RIG_PYTHON RIG_XEN_SOURCE RIG_XEN_TOOLS
export RIG_TEST_PARTS RIG_LIBVIRT RIG_GUEST RIG_XENSTORED

# profile_directory NAME DIR FILE: DIR as an absolute path, if there is one.
profile_directory() {
    [ -n "$2" ] || return 0
    [ -e "$2/$3" ] || die "$1 '$2' is not what it should be: it has no $3"
    (cd "$2" && pwd)
}
RIG_XEN_SOURCE=$(profile_directory RIG_XEN_SOURCE "$RIG_XEN_SOURCE" xen/common/domain.c)
RIG_XEN_TOOLS=$(profile_directory RIG_XEN_TOOLS "$RIG_XEN_TOOLS" usr/sbin/xl)

case $RIG_RELEASE in
trixie) RIG_XEN=4.20 ;;
bookworm) RIG_XEN=4.17 ;;
*) die "RIG_RELEASE '$RIG_RELEASE' is not known; it is trixie or bookworm" ;;
esac

case $RIG_ARCH in
arm64)
    rig_triplet=aarch64-linux-gnu
    rig_xen_arch=arm64
    rig_kernel_package=linux-image-arm64
    ;;
amd64)
    rig_triplet=x86_64-linux-gnu
    rig_xen_arch=x86_64
    rig_kernel_package=linux-image-amd64
    ;;
armhf)
    rig_triplet=arm-linux-gnueabihf
    rig_xen_arch=arm32
    rig_kernel_package=linux-image-armmp
    ;;
*) die "RIG_ARCH '$RIG_ARCH' is not known; it is arm64, amd64 or armhf" ;;
esac

rig_profile=$RIG_RELEASE-$RIG_ARCH
rig_headers_package=linux-headers-${rig_kernel_package#linux-image-}

# What an x86 HVM guest's device model and firmware are made of.
case $RIG_ARCH in
amd64) rig_dom0_packages="+qemu-system-xen" ;;
*) rig_dom0_packages= ;;
esac
# Debian's xen-utils depends on it, and its init scripts on the others; the rig's dom0 has
# no other use for them.
[ "$RIG_PYTHON" = n ] || rig_dom0_packages="$rig_dom0_packages +python3 bash sysvinit-utils"
[ "$RIG_LIBVIRT" = n ] || rig_dom0_packages="$rig_dom0_packages +libvirt-daemon +libvirt-clients"

# The packages of a root by its name.  "+NAME" brings what it depends on too,
# "@NAME" is what a meta package stands for, and "@NAME/PREFIX" what that package
# depends on and has a name with that prefix.
profile_packages() {
    case $1 in
    dom0) echo "+xenstore-utils +libxenmisc$RIG_XEN +busybox-static +libc-bin +libtinfo6 +libncurses6" \
        "$rig_dom0_packages xen-utils-$RIG_XEN xen-utils-common" ;;
    sysroot) echo "+libxen-dev +libyajl-dev +libc6-dev" ;;
    kernel) echo "@$rig_kernel_package" ;;
    # What a module of that kernel is built from, and with: the programs are this
    # machine's (RIG_ARCH=amd64), with the C library of their release.
    headers) echo "@$rig_headers_package @$rig_headers_package/linux-headers-" ;;
    kbuild) echo "@$rig_headers_package/linux-kbuild- +libc6" ;;
    guest) echo "util-linux +libc6" ;;
    # A whole Debian as a guest.
    debian-guest) echo "+systemd +systemd-sysv +udev +dbus +kmod +dash +bash +coreutils +base-files +base-passwd" \
        "+libc-bin +util-linux +mount +grep +sed +sysvinit-utils" ;;
    # A client of xen-guest-wol.
    client) echo "etherwake" ;;
    # What reads the metrics; it runs on this machine.
    monitoring) echo "prometheus prometheus-node-exporter" ;;
    *) die "no package set '$1'" ;;
    esac
}
