# SPDX-License-Identifier: GPL-2.0-only
#
# What the rig's hosts have in common: archives for the kernel's first process, and
# the Linux guest.  Sourced; the caller has set kernel_root to what rig-root fetched.

# Not compressed: the emulated machine reads it faster than it unpacks it.
archive() { (cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --reproducible --quiet); }

# copy_kernel_modules "MODULE..." DIR
copy_kernel_modules() {
    mkdir -p "$2"
    for m in $1; do
        find "$kernel_root/usr/lib/modules" -name "$m.ko" -exec cp {} "$2/" \;
        [ -e "$2/$m.ko" ] || die "the kernel package has no $m.ko"
    done
}

# guest_files BUSYBOX DIR: the Linux guest's kernel and initrd.
guest_files() {
    guest=$2/tree
    mkdir -p "$guest/bin" "$guest/lib/modules" &&
        cp "$1" "$guest/bin/busybox" &&
        cp "$top/tests/e2e/guest/init" "$guest/init" || return 1
    for f in sleep-now after-s3 io-sleep; do cp "$top/tests/e2e/guest/$f" "$guest/bin/" || return 1; done
    copy_kernel_modules "xen-netfront xen-blkfront" "$guest/lib/modules" &&
        archive "$guest" >"$2/initrd" && cp "$kernel_root"/boot/vmlinuz-* "$2/kernel" && rm -r "$guest"
}
