/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The assembly of a 32-bit test guest: header, start, hypercalls, and the call
 * that goes to sleep with the two places where the guest wakes, one in ARM and
 * one in Thumb state.
 */
#include "sleep-layout.h"

/* MMU, caches and branch prediction on; the rest as an Armv7 core resets. */
#define SCTLR_ON         (0x00c50078 | (1 << 12) | (1 << 11) | (1 << 2) | 1)
/* Sections of 1 MiB, for EL1 alone: shareable write-back, and device. */
#define SECTION_NORMAL   0x0001140e
#define SECTION_DEVICE   0x00000416
/* Shareable write-back table walks. */
#define TTBR_FLAGS       0x4a

    .syntax unified
    .arch   armv7ve
    .arch_extension virt
    .arch_extension sec
    .arm

    .section .text.head, "ax"
    .globl _start
_start:                             /* The header of an arm zImage. */
    b       boot
    .space  0x20
    .word   0x016f2818
    .word   0                       /* start: where it is loaded */
    .word   _image_end - _start

boot:
    mov     r4, r2
    bl      mmu_on
    ldr     sp, =stack_top
    mov     r0, r4
    bl      guest_main
1:  wfi
    b       1b

/* As in start.S: a flat map, and nothing is written.  Uses r12 and lr. */
mmu_on:
    mov     r12, #0
    mcr     p15, 0, r12, c2, c0, 2  /* TTBCR */
    mov     r12, #1
    mcr     p15, 0, r12, c3, c0, 0  /* DACR: domain 0 by the tables */
    ldr     r12, =sections + TTBR_FLAGS
    mcr     p15, 0, r12, c2, c0, 0  /* TTBR0 */
    ldr     r12, =vectors
    mcr     p15, 0, r12, c12, c0, 0 /* VBAR */
    isb
    mcr     p15, 0, r12, c8, c7, 0  /* TLBIALL */
    mcr     p15, 0, r12, c7, c5, 0  /* ICIALLU */
    mcr     p15, 0, r12, c7, c5, 6  /* BPIALL */
    dsb
    isb
    ldr     r12, =SCTLR_ON
    mcr     p15, 0, r12, c1, c0, 0
    isb
    bx      lr

/* int32_t smccc_call32(r0, r1, r2, smc) */
    .globl smccc_call32
smccc_call32:
    cmp     r3, #0
    mov     r3, #0
    bne     1f
    hvc     #0
    bx      lr
1:  smc     #0
    bx      lr

/* long xen_call(a0, a1, a2, nr) */
    .globl xen_call
xen_call:
    mov     r12, r3
    hvc     #0xea1                  /* XEN_HYPERCALL_TAG */
    bx      lr

/* void sleep_call32(struct sleep_call32 *s) */
    .globl sleep_call32
sleep_call32:
    mov     r2, sp
    mov     r3, lr
    add     r1, r0, #SLEEP32_SAVED
    stmia   r1, {r2-r11}
    ldr     r1, =sleeping
    str     r0, [r1]
    mcr     p15, 0, r0, c13, c0, 4  /* TPIDRPRW: no register to spare */
    ldr     r5, [r0, #SLEEP32_SMC]
    cmp     r5, #0
    add     r5, r0, #SLEEP32_KEPT
    ldmia   r5, {r4-r11}
    ldmia   r0, {r0-r3}
    bne     1f
    hvc     #0
    b       2f
1:  smc     #0
2:  mrc     p15, 0, r1, c13, c0, 4
    str     r0, [r1, #SLEEP32_RESULT]
    add     r2, r1, #SLEEP32_KEPT
    stmia   r2, {r4-r11}
    mov     r2, #0
    str     r2, [r1, #SLEEP32_RESUMED]
    mov     r0, r1
    b       back

    movw    r9, #MARK_BEFORE
    .globl resume_entry_arm
    .type resume_entry_arm, %function
resume_entry_arm:
    movw    r8, #MARK_AT_ENTRY
    mov     r4, r0
    mrs     r5, cpsr
    mrc     p15, 0, r6, c1, c0, 0   /* SCTLR */
    mov     r7, #0
    b       resumed

    .thumb
    .balign 4
    nop                             /* Thumb code need not be word-aligned. */
    movw    r9, #MARK_BEFORE
    .globl resume_entry_thumb
    .type resume_entry_thumb, %function
    .thumb_func
resume_entry_thumb:
    movw    r8, #MARK_AT_ENTRY
    mov     r4, r0
    mrs     r5, cpsr
    mrc     p15, 0, r6, c1, c0, 0
    mov     r7, #1
    ldr     r10, =resumed
    bx      r10
    .ltorg

    .arm
    .balign 4
resumed:
    bl      mmu_on
    ldr     r0, =sleeping
    ldr     r0, [r0]
    add     r1, r0, #SLEEP32_ENTRY
    stmia   r1, {r4-r9}
    mov     r1, #1
    str     r1, [r0, #SLEEP32_RESUMED]
back:
    add     r1, r0, #SLEEP32_SAVED
    ldmia   r1, {r2-r11}
    mov     sp, r2
    bx      r3

    .ltorg

    .balign 32
vectors:
    .rept   8
    b       fatal
    .endr

/* Whatever it was, it was not to happen. */
fatal:
    mov     r0, lr
    mrs     r1, spsr
    cps     #0x13
    ldr     sp, =stack_top
    b       guest_exception

    .ltorg

    .data
    .balign 16384
/* RAM, and the 16 MiB at 0x39000000 with the rings shared with dom0; devices. */
sections:
    .set    section, 0
    .rept   4096
    .if     section >= 0x400 || (section >= 0x390 && section < 0x3a0)
    .word   SECTION_NORMAL + (section << 20)
    .else
    .word   SECTION_DEVICE + (section << 20)
    .endif
    .set    section, section + 1
    .endr

sleeping:
    .word   0

    .bss
    .balign 4096
    .skip   4096
stack_top:

    .section .note.GNU-stack, "", %progbits
