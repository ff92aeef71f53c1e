/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An x86 HVM guest that sleeps by itself: its beginning, from the firmware and from its
 * waking vector.  The image is what Linux' boot protocol calls a bzImage: QEMU puts
 * .setup at 0x10000, and what follows at 1 MiB.  See s3hvm.c.
 */

        .section .setup, "awx", @progbits
        .code16
        .org    0x1f1
        .byte   1                       /* setup_sects */
        .org    0x1fe
        .word   0xaa55
        .org    0x200
        jmp     boot
        .ascii  "HdrS"
        .word   0x204                   /* The protocol's version */
        .org    0x211
        .byte   1                       /* LOADED_HIGH */
        .org    0x214
        .long   0x100000                /* code32_start */
        .org    0x22c
        .long   0x37ffffff              /* initrd_addr_max */

        .org    0x240
boot:   xor     %ebx, %ebx
        jmp     1f

/* SeaBIOS goes here after S3: see WAKING_VECTOR in s3hvm.c. */
        .org    0x280
        mov     $1, %ebx
1:      cli
        cld
        mov     $0x1000, %ax
        mov     %ax, %ds
        lgdtl   gdt_place
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $8, $start

        .balign 8
/* Of code and of data, each of 4 GiB from 0. */
gdt:    .quad   0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_place:
        .word   . - gdt - 1
        .long   0x10000 + gdt

        .section .start, "ax", @progbits
        .code32
        .globl  start
/* %ebx: whether it was woken.  Then the variables stay. */
start:  mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $stack_top, %esp
        test    %ebx, %ebx
        jnz     1f
        mov     $bss, %edi
        mov     $bss_end, %ecx
        sub     %edi, %ecx
        xor     %eax, %eax
        rep stosb
1:      push    %ebx
        call    program_start
        ud2

        .section .note.GNU-stack, "", @progbits
