/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a bare-metal test guest stands on: its vCPUs, interrupt controller,
 * timers, console and hypervisor.  There is no C library.  Interrupts are
 * masked except inside irq_window().  The parts of guest.c, xen.c and console.c
 * serve 32-bit guests as well; those have nothing else (see aarch32.c).
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sleep-layout.h"

/* PSCI, Arm DEN0022 */
#define PSCI_VERSION                0x84000000U
#define PSCI_CPU_OFF                0x84000002U
#define PSCI_CPU_ON_64              0xc4000003U
#define PSCI_AFFINITY_INFO_64       0xc4000004U
#define PSCI_SYSTEM_OFF             0x84000008U
#define PSCI_FEATURES               0x8400000aU
#define PSCI_SYSTEM_SUSPEND_32      0x8400000eU
#define PSCI_SYSTEM_SUSPEND_64      0xc400000eU

#define PSCI_SUCCESS                0
#define PSCI_NOT_SUPPORTED          (-1)
#define PSCI_INVALID_PARAMETERS     (-2)
#define PSCI_DENIED                 (-3)
#define PSCI_INVALID_ADDRESS        (-9)

/* Interrupts of a guest of Xen (its public header keeps them to itself). */
#define IRQ_SGI(n)                  (n)
#define IRQ_VTIMER                  27
#define IRQ_PTIMER                  30
#define IRQ_EVTCHN                  31
#define IRQ_SPI(n)                  (32 + (n))
#define IRQ_VUART                   IRQ_SPI(0)
#define IRQ_NONE                    1023

/* The distributor, at one place for GICv2 and GICv3. */
#define GUEST_GICD_BASE             0x03001000UL

/* guest.c */

struct gic_place {
    unsigned int version;           /* 2 or 3; 0: none found */
    uint64_t distributor, cpus;     /* cpus: GICC, or GICR of vCPU 0 */
};
/* What the device tree says. */
void device_tree_read(const uint8_t *dtb);
extern const char *bootargs;        /* "" without one */
extern uint64_t ram_base, ram_size;
extern struct gic_place gic_place;
/* The value of WORD= in the boot arguments, or otherwise. */
uint64_t bootarg_number(const char *word, uint64_t otherwise);
/* Whether the boot arguments have WORD=VALUE, or (NULL) any WORD=. */
bool bootarg_is(const char *word, const char *value);
/* Whether the boot arguments have this very word. */
bool bootarg_flag(const char *word);

size_t string_length(const char *s);
bool string_starts(const char *s, const char *with);
void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);

/* vcpu.c */

void guest_main(const void *dtb);
/* What the program that this image is does; defined by each of them. */
void program(void);
void power_off(void) __attribute__((noreturn));

int64_t smccc_call(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3,
                   bool smc);
static inline int64_t psci(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
    return smccc_call(fn, a1, a2, a3, false);
}

/* Another vCPU of this guest: runs fn on its own stack. */
struct vcpu_start {
    uint64_t stack_top;
    void (*fn)(void);
};
extern const char secondary_entry[];
unsigned int vcpu_id(void);
int64_t vcpu_start(unsigned int id, void (*fn)(void));
bool vcpu_is_off(unsigned int id);

/* A SYSTEM_SUSPEND: the call, and what became of it. */
struct sleep_call {
    uint64_t arg[4];                /* x0 to x3 of the call */
    uint64_t smc;                   /* by SMC, not HVC */
    uint64_t resumed;               /* by the entry point, not by returning */
    uint64_t saved[14];             /* for start.S alone */
    /*
     * Of a call that returns: x0 to x30 before (from x4 on, chosen by the
     * caller) and after it.
     */
    uint64_t x[32];
    struct {                        /* At resume_entry, before anything else */
        uint64_t x0, current_el, daif, spsel, sctlr, cntvct;
        uint64_t mark_at_entry, mark_before;
    } entry;
    uint64_t q[64];                 /* q0 to q31 before, and after a resume */
};
extern const char resume_entry[];
void sleep_call(struct sleep_call *s);
/* As a big-endian guest calls: by HVC; x and q play no part in it. */
void sleep_call_big_endian(struct sleep_call *s);

/* Time: ticks of the virtual counter, or of the physical one. */
uint64_t vcount(void);
uint64_t pcount(void);
uint64_t ms_to_ticks(uint64_t ms);
#define TIMER_ENABLE                1U
#define TIMER_IMASK                 2U
#define TIMER_ISTATUS               4U
void vtimer_set(uint64_t at, unsigned int ctl);
void vtimer_move(uint64_t at);      /* Its control register untouched */
void ptimer_set(uint64_t at, unsigned int ctl);
unsigned int vtimer_ctl(void);
unsigned int ptimer_ctl(void);
/* Wait with interrupts masked until the condition holds; false: it took 2 s. */
#define WAIT_UNTIL(condition)                                           \
    ({                                                                  \
        const uint64_t until_ = vcount() + ms_to_ticks(2000);           \
                                                                        \
        while (!(condition) && vcount() < until_)                       \
            ;                                                           \
        (condition);                                                    \
    })

/* gic.c */

void gic_init(void);
void gic_init_vcpu(void);
void gic_enable(unsigned int irq);
/* Which vCPU an SPI goes to; gic_enable() says the first. */
void gic_route(unsigned int spi, unsigned int vcpu);
void gic_disable(unsigned int irq);
void gic_send(unsigned int sgi, unsigned int vcpu);
void gic_send_self(unsigned int sgi);
unsigned int gic_highest_pending(void);
unsigned int gic_nr_irqs(void);
/* Lower the line of a level interrupt, if irq is one. */
void gic_quieten(unsigned int irq);
void irq_handler(void);
/*
 * What the handler does to the next interrupt before it ends it: stop its
 * source, as it does to all after that; nothing; or disable it, source and all.
 */
enum irq_answer { IRQ_QUIETEN, IRQ_LEAVE, IRQ_DISABLE };
extern volatile enum irq_answer irq_answer;
/* How often each interrupt was taken; an unmasked moment, until one comes. */
#define NR_COUNTED_IRQS             1020
extern volatile uint32_t irq_count[NR_COUNTED_IRQS];
/* Take what is pending, for up to timeout_ms, until irq was taken. */
bool irq_window(unsigned int irq, uint64_t timeout_ms);
/* Take what is pending this very moment, if anything is. */
void irq_window_now(void);

/* xen.c */

struct shared_info;
extern struct shared_info *const shared;
void xen_init(void);
long xen_call(unsigned long a0, unsigned long a1, unsigned long a2,
              unsigned long nr);
int xen_param(unsigned int index, uint64_t *value);
int xen_evtchn_to_self(void);       /* A port, masked; or -errno */
int xen_evtchn_virq(unsigned int virq);
void xen_evtchn_close(unsigned int port);
void xen_evtchn_send(unsigned int port);
void xen_evtchn_mask(unsigned int port);
void xen_evtchn_unmask(unsigned int port);
void xen_evtchn_clear(unsigned int port);
bool xen_evtchn_pending(unsigned int port);
bool xen_upcall_pending(void);
void xen_upcall_clear(void);
void xen_upcall_set(void);
/*
 * Give vCPU 1, which is off, a place where Xen tells it of events.  Xen marks one
 * as pending there.
 */
int xen_upcall_second_vcpu(void);
void xen_upcall_clear_second_vcpu(void);
/* Sleep, as far as Xen is concerned, until the port has an event. */
void xen_poll(unsigned int port);
/* End, for a reason of Xen's; SHUTDOWN_suspend returns, once it is resumed. */
void xen_shutdown(unsigned int reason);
/* Arm Xen's watchdog of this guest, or (0) stop it. */
int xen_watchdog(unsigned int id, unsigned int seconds);
/*
 * A guest suspend operation as the toolstack would call it: on dom0, the one
 * domain that every guest knows to exist.
 */
long xen_guest_suspend_op(unsigned int op);
/*
 * How a vCPU, the first or the second, spent its time, in ns: as of its last
 * start, or for one that is not running as of the last xen_times_start().
 */
struct times {
    uint64_t running, runnable, blocked, offline;
};
int xen_times_start(unsigned int vcpu);
struct times xen_times(unsigned int vcpu);

/* uart.c: the SBSA UART of a guest with vuart="sbsa_uart" */

#define UART_RECEIVED               (1U << 6)   /* Receive timeout */
#define UART_CAN_SEND               (1U << 5)
#define UART_RECEIVE                (1U << 4)
/* Which of these raise the UART's interrupt. */
void uart_enable(uint32_t causes);
void uart_send(char c);

/* console.c */

extern unsigned int console_port;
void console_init(void);
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool console_has_input(void);
int console_getchar(void);          /* -1: nothing there */

#endif
