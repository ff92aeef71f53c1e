# SPDX-License-Identifier: GPL-2.0-only
#
# For tests with libvirt: its daemon, its guests and its events.  Sourced.

# libvirt_prepare: what libvirtd needs on this host, once.
libvirt_prepare() {
    # libvirt finds a CPU model for each host, or gives up.  The emulated CPU has no vme,
    # which even a 486 has.
    find /usr/share/libvirt/cpu_map -name '*486*.xml' -exec sed -i "/name='vme'/d" {} +
    if libvirt_by_systemd; then
        # It was started at boot; and a test says when it is started again.
        mkdir -p /run/systemd/system/libvirtd.service.d
        printf '[Service]\nRestart=no\n' >/run/systemd/system/libvirtd.service.d/test.conf
        systemctl daemon-reload
        systemctl stop libvirtd.service
        return
    fi
    mkdir -p /run/libvirt /var/lib/libvirt /var/log/libvirt/libxl
    echo 'auth_unix_rw = "none"' >/etc/libvirt/libvirtd.conf
    # The rig's dom0 knows no users.
    [ -e /etc/passwd ] || echo 'root:x:0:0:root:/root:/bin/sh' >/etc/passwd
    [ -e /etc/group ] || echo 'root:x:0:' >/etc/group
}
libvirt_by_systemd() { [ -d /run/systemd/system ]; }
libvirt_start() {
    [ -e libvirtd.pid ] || libvirt_prepare
    if libvirt_by_systemd; then
        systemctl start libvirtd.service || fail "libvirtd.service does not start"
        systemctl show -p MainPID --value libvirtd.service >libvirtd.pid
    else
        rm -f /run/libvirtd.pid
        libvirtd >>libvirtd.log 2>&1 &
        echo $! >libvirtd.pid
    fi
    if ! show wait_for_libvirt; then
        libvirt_log
        fail "libvirtd does not answer"
    fi
    virsh -q event --all --loop >>events 2>&1 &
    # Its connection is not this shell's: nothing may happen before it is registered.
    wait_until 60 libvirt_hears
}
libvirt_log() {
    if libvirt_by_systemd; then journalctl --no-pager -o cat -u libvirtd.service; else cat libvirtd.log; fi
}
wait_for_libvirt() {
    libvirt_n=0
    until virsh -q uri 2>virsh.err; do
        libvirt_n=$((libvirt_n + 1))
        [ "$libvirt_n" -lt 60 ] || {
            cat virsh.err
            return 1
        }
        sleep 1
    done
}
libvirt_hears() {
    libvirt_xml probe 1 "$(libvirt_type)<kernel>/boot/guest/kernel</kernel>"
    virsh -q define probe.xml >/dev/null && virsh -q undefine probe >/dev/null
    grep -q "'probe'.* Undefined" events
}
libvirt_kill() {
    kill -KILL "$(cat libvirtd.pid)"
    # A connection would start it.
    ! libvirt_by_systemd || systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
    # virsh ends with it.
    wait_until 30 libvirt_gone
    : >events
}
libvirt_gone() { ! kill -0 "$(cat libvirtd.pid)" 2>/dev/null && ! pidof virsh >/dev/null; }

# libvirt_machine: what kind of domain a Linux guest is on this host.
libvirt_machine() {
    case $(uname -m) in
    x86_64)
        echo "<features><acpi/><apic/><pae/></features>"
        echo "<devices><emulator>/usr/libexec/xen-qemu-system-i386</emulator></devices>"
        ;;
    *) echo "<devices/>" ;;
    esac
}
libvirt_type() {
    case $(uname -m) in
    x86_64) echo "<type arch='x86_64' machine='xenfv'>hvm</type>" ;;
    *) echo "<type arch='aarch64' machine='xenpv'>xen</type>" ;;
    esac
}
# libvirt_xml NAME MIB OS [MORE]: NAME.xml describes a domain; OS and MORE are XML.
libvirt_xml() {
    cat >"$1.xml" <<XML
<domain type='xen'>
  <name>$1</name>
  <memory unit='MiB'>$2</memory>
  <vcpu>1</vcpu>
  <os>$3</os>
  ${4-}
</domain>
XML
}
# libvirt_start_domain NAME: by NAME.xml; sets domid.
libvirt_start_domain() {
    virsh -q define "$1.xml" || fail "virsh define $1.xml"
    if ! show virsh start "$1"; then
        libvirt_log | tail -n 20
        fail "virsh start $1"
    fi
    domid=$(virsh -q domid "$1")
}
# libvirt_boot NAME [PM]: guest_boot, by libvirt.
libvirt_boot() {
    guest_machine >/dev/null
    libvirt_xml "$1" 160 "$(libvirt_type)
    <kernel>/boot/guest/kernel</kernel>
    <initrd>${libvirt_initrd:-/boot/guest/initrd}</initrd>
    <cmdline>console=hvc0 rdinit=/init no_console_suspend quiet $guest_options</cmdline>" \
        "${2-<pm><suspend-to-mem enabled='yes'/></pm>}$(libvirt_machine)"
    show cat "$1.xml"
    libvirt_start_domain "$1"
    guest_says "$1" "$guest_boot_s" '^guest: up'
}
# libvirt_s3_create NAME: s3_create, by libvirt.
libvirt_s3_create() {
    libvirt_xml "$1" 4 "<type arch='x86_64' machine='xenpvh'>xenpvh</type>
    <kernel>/e2e/guests/s3count.bin</kernel>" "<on_poweroff>destroy</on_poweroff>"
    libvirt_start_domain "$1"
}

domstate() { virsh -q domstate "$1" --reason | head -n 1; }
domstate_is() { [ "$(domstate "$1")" = "$2" ]; }
# The events of sleep and wake, one after the other.
events() {
    sed -n "s/^event '\([^']*\)' for domain '$1':\{0,1\}/\1/p" events | grep -E '^(lifecycle|pm)' |
        grep -v -E '^lifecycle ((Und|D)efined|Started Booted)' | sed 's/ *$//' | tr '\n' ';'
}
events_are() { [ "$(events "$1")" = "$2" ]; }
expect_events() {
    wait_until 30 events_are "$1" "$2" || true
    expect_eq "events of $1" "$2" "$(events "$1")"
}
slept="pm-suspend;lifecycle PMSuspended Memory;"
woke="pm-wakeup;lifecycle Started Event wakeup;"
