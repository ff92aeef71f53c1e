/* SPDX-License-Identifier: GPL-2.0-only */
/* The SBSA UART: as much of it as a test of its interrupt needs. */
#include "guest.h"

#define UART_BASE   0x22000000UL
#define UART_DR     0x00
#define UART_IMSC   0x38

/* See write32() in gic.c. */
static void write32(uint64_t address, uint32_t value)
{
    asm volatile ("str %w0, [%1]" :: "r" (value), "r" (address) : "memory");
}

void uart_enable(uint32_t causes)
{
    write32(UART_BASE + UART_IMSC, causes);
}

void uart_send(char c)
{
    write32(UART_BASE + UART_DR, (uint8_t)c);
}
