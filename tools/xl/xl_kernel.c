/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_kernel.c: where the front begins, and its system calls.
 *
 * Linked without a libc.  On an architecture that is not listed here, the libc
 * does the same (module.mk chooses).
 */

#include "xl_kernel.h"

#include "xl_front.h"

#ifdef XL_WITHOUT_LIBC

#include <sys/syscall.h>

/* The kernel's own start of a program: the stack pointer is at argc. */
void xl_kernel_start(long *stack) __attribute__((noreturn, used));

#if defined(__x86_64__)

__asm__(".pushsection .text\n"
        ".globl _start\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call xl_kernel_start\n"
        ".popsection\n");

static long system_call(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a" (result)
                     : "a" (number), "D" (a), "S" (b), "d" (c)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

__asm__(".pushsection .text\n"
        ".globl _start\n"
        "_start:\n"
        "    mov x29, xzr\n"
        "    mov x30, xzr\n"
        "    mov x0, sp\n"
        "    b xl_kernel_start\n"
        ".popsection\n");

static long system_call(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;

    __asm__ volatile("svc #0"
                     : "+r" (x0)
                     : "r" (x8), "r" (x1), "r" (x2)
                     : "memory");
    return x0;
}

#endif

void xl_kernel_execve(const char *path, char **argv, char **env)
{
    system_call(SYS_execve, (long)path, (long)argv, (long)env);
}

int xl_kernel_getpid(void)
{
    return (int)system_call(SYS_getpid, 0, 0, 0);
}

void xl_kernel_write(int fd, const char *text, size_t len)
{
    system_call(SYS_write, fd, (long)text, (long)len);
}

void xl_kernel_start(long *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    int status = xl_front(argc, argv, argv + argc + 1);

    for (;;)
        system_call(SYS_exit_group, status, 0, 0);
}

#else

#include <unistd.h>

void xl_kernel_execve(const char *path, char **argv, char **env)
{
    execve(path, argv, env);
}

int xl_kernel_getpid(void)
{
    return (int)getpid();
}

void xl_kernel_write(int fd, const char *text, size_t len)
{
    /* There is nobody else to tell. */
    if (write(fd, text, len) < 0)
        return;
}

int main(int argc, char **argv, char **env)
{
    return xl_front(argc, argv, env);
}

#endif
