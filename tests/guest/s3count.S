/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An x86 PVH guest that counts its own wake-ups.
 *
 * A PVH guest cannot enter ACPI S3, but dom0 can put it there by
 * HVM_PARAM_ACPI_S_STATE.  Ended the same way, its first vCPU goes on as
 * firmware does, in real mode at f000:fff0, which is RAM here.  Each start there
 * asks Xen for the vCPU's times, and then adds one to the number of wake-ups.
 * dom0 reads both: see hv-probe.c.
 */

        .section .note.Xen, "a", @note
        .align  4
        .long   4, 4, 18                /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz  "Xen"
        .long   _start

        .text
        .code32
        .globl  _start
/* With interrupts on, and none that could come: or it would be powered off. */
_start:
        sti
1:      hlt
        jmp     1b

        .code16
wake:
        mov     %cs, %ax
        mov     %ax, %ds
        /* Both as s3count.lds places them; Xen takes the linear address. */
        movl    $24, %eax               /* __HYPERVISOR_vcpu_op */
        movl    $4, %ebx                /* VCPUOP_get_runstate_info */
        xorl    %ecx, %ecx
        movl    $0xff900, %edx
        vmmcall                         /* The rig's CPU has SVM. */
        incl    0xf800
        sti
1:      hlt
        jmp     1b

        .section .counter, "awx", @progbits
        .long   0                       /* The number of wake-ups. */
        .org    0x100
        .skip   48                      /* struct vcpu_runstate_info */

        .section .reset, "awx", @progbits
        .code16
        jmp     wake
