/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PV console: a ring that dom0's console daemon reads.  What a guest prints
 * is a test's result, so nothing is dropped when the ring is full.
 */
#include <stdarg.h>
#include "guest.h"
#include <xen/xen.h>
#include <xen/hvm/params.h>
#include <xen/io/console.h>

unsigned int console_port;
static struct xencons_interface *ring;

void console_init(void)
{
    uint64_t pfn, port;

    if (xen_param(HVM_PARAM_CONSOLE_PFN, &pfn) ||
        xen_param(HVM_PARAM_CONSOLE_EVTCHN, &port) || !pfn)
        return;
    console_port = port;
    ring = (struct xencons_interface *)(uintptr_t)(pfn << 12);
}

static void put(char c)
{
    XENCONS_RING_IDX prod = ring->out_prod;

    while (prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) ==
           sizeof(ring->out)) {
        /* The reader's event comes after what it read, and so is not lost. */
        xen_evtchn_clear(console_port);
        if (prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) <
            sizeof(ring->out))
            break;
        xen_evtchn_send(console_port);
        xen_poll(console_port);
    }
    ring->out[MASK_XENCONS_IDX(prod, ring->out)] = c;
    __atomic_store_n(&ring->out_prod, prod + 1, __ATOMIC_RELEASE);
}

static void put_number(unsigned long value, unsigned int base, bool minus)
{
    char digits[24];
    unsigned int n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (minus)
        put('-');
    while (n)
        put(digits[--n]);
}

/* %s, and %d %u %x with or without l. */
void print(const char *format, ...)
{
    va_list args;

    if (!ring)
        return;
    va_start(args, format);
    for (; *format; format++) {
        bool is_long = false;
        long value;

        if (*format == '\n')
            put('\r');
        if (*format != '%') {
            put(*format);
            continue;
        }
        format++;
        if (*format == 'l') {
            is_long = true;
            format++;
        }
        switch (*format) {
        case 's':
            for (const char *s = va_arg(args, const char *); *s; s++)
                put(*s);
            break;
        case 'd':
            value = is_long ? va_arg(args, long) : va_arg(args, int);
            put_number(value < 0 ? -(unsigned long)value : (unsigned long)value, 10,
                       value < 0);
            break;
        case 'u':
        case 'x':
            put_number(is_long ? va_arg(args, unsigned long)
                               : va_arg(args, unsigned int),
                       *format == 'x' ? 16 : 10, false);
            break;
        default:
            put(*format);
        }
    }
    va_end(args);
    xen_evtchn_send(console_port);
}

bool console_has_input(void)
{
    return ring && __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) != ring->in_cons;
}

int console_getchar(void)
{
    XENCONS_RING_IDX cons;
    int c;

    if (!console_has_input())
        return -1;
    cons = ring->in_cons;
    c = (unsigned char)ring->in[MASK_XENCONS_IDX(cons, ring->in)];
    __atomic_store_n(&ring->in_cons, cons + 1, __ATOMIC_RELEASE);
    return c;
}
