/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The assembly of a test guest: image header, start of each vCPU, exception
 * vectors, hypercalls, and the call that goes to sleep together with the place
 * where the guest wakes.
 */
#include "sleep-layout.h"

#define SCTLR_RES1       0x30d00800
#define SCTLR_EE         (1 << 25)
#define SCTLR_ON         (SCTLR_RES1 | (1 << 12) | (1 << 2) | (1 << 0))

/* 4 KiB granule, 39-bit addresses, inner shareable write-back table walks,
 * no TTBR1, 40-bit physical addresses. */
#define TCR_VALUE        ((25 << 0) | (1 << 8) | (1 << 10) | (3 << 12) | \
                          (1 << 23) | (2 << 32))
/* Attribute 0: device nGnRE.  Attribute 1: normal, write-back. */
#define MAIR_VALUE       0xff04

#define BLOCK_DEVICE     (0x1 | (0 << 2) | (1 << 10) | (3 << 53))
#define BLOCK_NORMAL     (0x1 | (1 << 2) | (3 << 8) | (1 << 10))
#define TABLE            0x3

#define STACK_SIZE       4096

/* q0 to q31, from or to [x9] on. */
    .macro  pairs_q op
    \op     q0, q1, [x9]
    \op     q2, q3, [x9, #32]
    \op     q4, q5, [x9, #64]
    \op     q6, q7, [x9, #96]
    \op     q8, q9, [x9, #128]
    \op     q10, q11, [x9, #160]
    \op     q12, q13, [x9, #192]
    \op     q14, q15, [x9, #224]
    \op     q16, q17, [x9, #256]
    \op     q18, q19, [x9, #288]
    \op     q20, q21, [x9, #320]
    \op     q22, q23, [x9, #352]
    \op     q24, q25, [x9, #384]
    \op     q26, q27, [x9, #416]
    \op     q28, q29, [x9, #448]
    \op     q30, q31, [x9, #480]
    .endm

/* x4 to x29, from or to their places in the array at [x1]. */
    .macro  pairs_x op
    \op     x4, x5, [x1, #32]
    \op     x6, x7, [x1, #48]
    \op     x8, x9, [x1, #64]
    \op     x10, x11, [x1, #80]
    \op     x12, x13, [x1, #96]
    \op     x14, x15, [x1, #112]
    \op     x16, x17, [x1, #128]
    \op     x18, x19, [x1, #144]
    \op     x20, x21, [x1, #160]
    \op     x22, x23, [x1, #176]
    \op     x24, x25, [x1, #192]
    \op     x26, x27, [x1, #208]
    \op     x28, x29, [x1, #224]
    .endm

/* What is needed to come back to the C code; x0 is the struct sleep_call. */
    .macro  leave_c
    add     x9, x0, #SLEEP_SAVED
    stp     x19, x20, [x9]
    stp     x21, x22, [x9, #16]
    stp     x23, x24, [x9, #32]
    stp     x25, x26, [x9, #48]
    stp     x27, x28, [x9, #64]
    stp     x29, x30, [x9, #80]
    mov     x10, sp
    str     x10, [x9, #96]
    ldr     x9, =sleeping
    str     x0, [x9]
    .endm

    .section .text.head, "ax"
    .globl _start
_start:                             /* The header of an arm64 Linux image. */
    b       boot
    .long   0
    .quad   0x80000                 /* text_offset: see module.mk */
    .quad   _image_end - _start
    .quad   (1 << 1)                /* little endian, 4 KiB pages */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

boot:
    mov     x19, x0
    bl      mmu_on
    ldr     x9, =stack_top
    mov     sp, x9
    mov     x0, x19
    bl      guest_main
1:  wfi
    b       1b

/*
 * From MMU off to MMU and caches on, with a flat map.  The tables are data of
 * the image and never change, so that there is nothing to write with the
 * caches off.  Uses x11 and x30.
 */
mmu_on:
    ldr     x11, =level1
    msr     ttbr0_el1, x11
    ldr     x11, =MAIR_VALUE
    msr     mair_el1, x11
    ldr     x11, =TCR_VALUE
    msr     tcr_el1, x11
    ldr     x11, =vectors
    msr     vbar_el1, x11
    mov     x11, #(3 << 20)         /* FP registers: the tests look at them. */
    msr     cpacr_el1, x11
    isb
    tlbi    vmalle1
    ic      iallu
    dsb     nsh
    isb
    ldr     x11, =SCTLR_ON
    msr     sctlr_el1, x11
    isb
    ret

/*
 * Where CPU_ON starts a vCPU.  The context id, x0, is not looked at: Xen takes a
 * vCPU for off while its CPU_OFF still has a result to write, to x0, and that can
 * come after what CPU_ON puts there.
 */
    .globl secondary_entry
secondary_entry:
    mrs     x9, mpidr_el1           /* As in vcpu_id(). */
    ubfx    x10, x9, #8, #8
    and     x9, x9, #0xff
    add     x9, x9, x10, lsl #4
    adrp    x19, vcpu_starts
    add     x19, x19, :lo12:vcpu_starts
    add     x19, x19, x9, lsl #4
    bl      mmu_on
    ldp     x9, x10, [x19]
    mov     sp, x9
    blr     x10
1:  wfi
    b       1b

/* int64_t smccc_call(x0, x1, x2, x3, smc) */
    .globl smccc_call
smccc_call:
    cbnz    x4, 1f
    hvc     #0
    ret
1:  smc     #0
    ret

/* long xen_call(a0, a1, a2, nr) */
    .globl xen_call
xen_call:
    mov     x16, x3
    hvc     #0xea1                  /* XEN_HYPERCALL_TAG */
    ret

/*
 * void sleep_call(struct sleep_call *s)
 *
 * Loads every register that the call should keep with the pattern of s->x and
 * s->q, and makes it.  If it returns, s->x is what the registers hold then.  If
 * the guest resumes, it comes back here through resume_entry.  TPIDR_EL1 and
 * TPIDRRO_EL0 are scratch: at the return there is no general register to spare.
 */
    .globl sleep_call
sleep_call:
    leave_c
    msr     tpidr_el1, x0
    ldr     x9, [x0, #SLEEP_SMC]
    cmp     x9, #0
    add     x9, x0, #SLEEP_Q
    pairs_q ldp
    add     x1, x0, #SLEEP_X
    pairs_x ldp
    ldr     x30, [x1, #240]
    ldp     x2, x3, [x0, #(SLEEP_ARG + 16)]
    ldp     x0, x1, [x0, #SLEEP_ARG]
    b.ne    1f
    hvc     #0
    b       2f
1:  smc     #0
2:  msr     tpidrro_el0, x0
    mrs     x0, tpidr_el1
    str     x1, [x0, #(SLEEP_X + 8)]
    add     x1, x0, #SLEEP_X
    stp     x2, x3, [x1, #16]
    pairs_x stp
    str     x30, [x1, #240]
    mrs     x2, tpidrro_el0
    str     x2, [x1]
    str     xzr, [x0, #SLEEP_RESUMED]
    b       back

/*
 * void sleep_call_big_endian(struct sleep_call *s)
 *
 * The same by HVC, with EE set and the call's registers alone.  The MMU is off,
 * as its tables are little-endian, and there is no data access until it is back.
 */
    .globl sleep_call_big_endian
sleep_call_big_endian:
    leave_c
    mov     x19, x0
    ldr     x2, [x0, #(SLEEP_ARG + 16)]
    ldp     x0, x1, [x0, #SLEEP_ARG]
    mrs     x20, sctlr_el1
    bic     x21, x20, #(1 << 2)
    bic     x21, x21, #(1 << 0)
    orr     x21, x21, #SCTLR_EE
    msr     sctlr_el1, x21
    isb
    hvc     #0
    msr     sctlr_el1, x20
    isb
    str     x0, [x19, #SLEEP_X]
    str     xzr, [x19, #SLEEP_RESUMED]
    mov     x0, x19
    b       back

/*
 * Resumed one instruction early or late, the marks tell.  The state is kept in
 * registers until the caches are on: the C code's data may still be in them.
 */
    mov     x10, #MARK_BEFORE
    .globl resume_entry
resume_entry:
    mov     x9, #MARK_AT_ENTRY
    mov     x20, x0
    mrs     x21, currentel
    mrs     x22, daif
    mrs     x23, spsel
    mrs     x24, sctlr_el1
    mrs     x25, cntvct_el0
    mov     x26, x9
    mov     x27, x10
    bic     x11, x24, #SCTLR_EE     /* What follows is little-endian. */
    msr     sctlr_el1, x11
    isb
    bl      mmu_on
    ldr     x0, =sleeping
    ldr     x0, [x0]
    add     x1, x0, #SLEEP_ENTRY
    stp     x20, x21, [x1]
    stp     x22, x23, [x1, #16]
    stp     x24, x25, [x1, #32]
    stp     x26, x27, [x1, #48]
    add     x9, x0, #SLEEP_Q
    pairs_q stp
    mov     x1, #1
    str     x1, [x0, #SLEEP_RESUMED]
back:
    msr     spsel, #1
    add     x9, x0, #SLEEP_SAVED
    ldp     x19, x20, [x9]
    ldp     x21, x22, [x9, #16]
    ldp     x23, x24, [x9, #32]
    ldp     x25, x26, [x9, #48]
    ldp     x27, x28, [x9, #64]
    ldp     x29, x30, [x9, #80]
    ldr     x10, [x9, #96]
    mov     sp, x10
    ret

    .ltorg

/* An unexpected exception: tell the C code which, and never come back. */
    .macro  fatal
    .balign 128
    mrs     x0, esr_el1
    mrs     x1, elr_el1
    mrs     x2, far_el1
    b       guest_exception
    .endm

    .balign 2048
vectors:
    fatal
    fatal
    fatal
    fatal
    fatal
    .balign 128
    b       interrupted
    fatal
    fatal
    fatal
    fatal
    fatal
    fatal
    fatal
    fatal
    fatal
    fatal

interrupted:
    sub     sp, sp, #192
    stp     x0, x1, [sp]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x30, [sp, #144]
    mrs     x0, elr_el1
    mrs     x1, spsr_el1
    stp     x0, x1, [sp, #160]
    bl      irq_handler
    ldp     x0, x1, [sp, #160]
    msr     elr_el1, x0
    msr     spsr_el1, x1
    ldp     x0, x1, [sp]
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x30, [sp, #144]
    add     sp, sp, #192
    eret

    .data
    .balign 4096
/* Level 1, 1 GiB each: devices and Xen's pages, then three GiB of RAM. */
level1:
    .quad   level2 + TABLE
    .quad   BLOCK_NORMAL + (1 << 30)
    .quad   BLOCK_NORMAL + (2 << 30)
    .quad   BLOCK_NORMAL + (3 << 30)
    .fill   508, 8, 0

/* Level 2 of the first GiB: devices, but for the 16 MiB at 0x39000000, where
 * the rings that the guest shares with dom0 are. */
level2:
    .set    block, 0
    .rept   512
    .if     block >= 456 && block < 464
    .quad   BLOCK_NORMAL + (block << 21)
    .else
    .quad   BLOCK_DEVICE + (block << 21)
    .endif
    .set    block, block + 1
    .endr

    .balign 8
sleeping:
    .quad   0

    .bss
    .balign 4096
    .skip   STACK_SIZE
stack_top:
