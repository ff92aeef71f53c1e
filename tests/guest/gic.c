/* SPDX-License-Identifier: GPL-2.0-only */
/* The interrupt controller: as much of a GICv2 and a GICv3 as a test needs. */
#include "guest.h"

#define GICD_CTLR           0x000
#define GICD_TYPER          0x004
#define GIC_IGROUPR         0x080
#define GIC_ISENABLER       0x100
#define GIC_ICENABLER       0x180
#define GIC_IPRIORITYR      0x400
#define GICD_ITARGETSR      0x800
#define GICD_SGIR           0xf00
#define GICD_IROUTER        0x6000

#define GICC_CTLR           0x000
#define GICC_PMR            0x004
#define GICC_IAR            0x00c
#define GICC_EOIR           0x010
#define GICC_HPPIR          0x018

#define GICR_STRIDE         0x20000
#define GICR_SGI_FRAME      0x10000

#define ICC_PMR             "s3_0_c4_c6_0"
#define ICC_SGI1R           "s3_0_c12_c11_5"
#define ICC_IAR1            "s3_0_c12_c12_0"
#define ICC_EOIR1           "s3_0_c12_c12_1"
#define ICC_HPPIR1          "s3_0_c12_c12_2"
#define ICC_SRE             "s3_0_c12_c12_5"
#define ICC_IGRPEN1         "s3_0_c12_c12_7"

#define sysreg_write(name, value) \
    asm volatile ("msr " name ", %0" :: "r" ((uint64_t)(value)) : "memory")
#define sysreg_read(name)                                       \
    ({                                                          \
        uint64_t value_;                                        \
                                                                \
        asm volatile ("mrs %0, " name : "=r" (value_) :: "memory"); \
        value_;                                                 \
    })

volatile uint32_t irq_count[NR_COUNTED_IRQS];
volatile enum irq_answer irq_answer;

/*
 * Xen emulates the registers, for which it must know the instruction: a plain
 * load or store, never one with write-back that a compiler may choose.
 */
static void write32(uint64_t address, uint32_t value)
{
    asm volatile ("str %w0, [%1]" :: "r" (value), "r" (address) : "memory");
}

static void write8(uint64_t address, uint8_t value)
{
    asm volatile ("strb %w0, [%1]" :: "r" (value), "r" (address) : "memory");
}

static void write64(uint64_t address, uint64_t value)
{
    asm volatile ("str %0, [%1]" :: "r" (value), "r" (address) : "memory");
}

static uint32_t read32(uint64_t address)
{
    uint32_t value;

    asm volatile ("ldr %w0, [%1]" : "=r" (value) : "r" (address) : "memory");
    return value;
}

/* The frame that holds the registers of an interrupt, on this vCPU. */
static uint64_t frame(unsigned int irq)
{
    if (gic_place.version == 3 && irq < 32)
        return gic_place.cpus + vcpu_id() * GICR_STRIDE + GICR_SGI_FRAME;
    return gic_place.distributor;
}

void gic_init_vcpu(void)
{
    write32(frame(0) + GIC_ICENABLER, ~0U);
    if (gic_place.version == 3) {
        write32(frame(0) + GIC_IGROUPR, ~0U);
        sysreg_write(ICC_SRE, 1);
        asm volatile ("isb");
        sysreg_write(ICC_PMR, 0xff);
        sysreg_write(ICC_IGRPEN1, 1);
    } else {
        write32(gic_place.cpus + GICC_PMR, 0xff);
        write32(gic_place.cpus + GICC_CTLR, 1);
    }
    asm volatile ("isb");
}

void gic_init(void)
{
    /* GICv3: affinity routing and the groups of the non-secure side. */
    write32(gic_place.distributor + GICD_CTLR, gic_place.version == 3 ? 0x13 : 1);
    gic_init_vcpu();
}

unsigned int gic_nr_irqs(void)
{
    return 32 * ((read32(gic_place.distributor + GICD_TYPER) & 0x1f) + 1);
}

void gic_enable(unsigned int irq)
{
    if (irq >= 32) {
        write32(gic_place.distributor + GIC_IGROUPR + irq / 32 * 4, ~0U);
        if (gic_place.version == 3)
            write64(gic_place.distributor + GICD_IROUTER + irq * 8UL, 0);
    }
    write32(frame(irq) + GIC_ISENABLER + irq / 32 * 4, 1U << irq % 32);
}

void gic_route(unsigned int spi, unsigned int vcpu)
{
    if (gic_place.version == 3)
        write64(gic_place.distributor + GICD_IROUTER + spi * 8UL, vcpu);
    else
        write8(gic_place.distributor + GICD_ITARGETSR + spi, 1U << vcpu);
}

void gic_disable(unsigned int irq)
{
    write32(frame(irq) + GIC_ICENABLER + irq / 32 * 4, 1U << irq % 32);
}

void gic_send(unsigned int sgi, unsigned int id)
{
    /* Interrupt and time must not overtake what was written before. */
    asm volatile ("dsb ish" ::: "memory");
    if (gic_place.version == 3) {
        sysreg_write(ICC_SGI1R, (uint64_t)sgi << 24 | (uint64_t)(id / 16) << 16
                     | 1UL << id % 16);
        asm volatile ("isb");
    } else {
        write32(gic_place.distributor + GICD_SGIR, 1U << (16 + id) | sgi);
    }
}

void gic_send_self(unsigned int sgi)
{
    gic_send(sgi, vcpu_id());
}

unsigned int gic_highest_pending(void)
{
    /* Through Xen and back, which is where it fills the hardware's lists. */
    read32(gic_place.distributor + GICD_TYPER);
    if (gic_place.version == 3)
        return sysreg_read(ICC_HPPIR1) & 0xffffff;
    return read32(gic_place.cpus + GICC_HPPIR) & 0x3ff;
}

/*
 * A level-triggered interrupt has to be stopped at its source, or it comes at
 * once again.
 */
void gic_quieten(unsigned int irq)
{
    if (irq == IRQ_VTIMER)
        vtimer_set(0, 0);
    else if (irq == IRQ_PTIMER)
        ptimer_set(0, 0);
    else if (irq == IRQ_EVTCHN)
        xen_upcall_clear();
    else if (irq == IRQ_VUART)
        uart_enable(0);
}

static void answer(unsigned int irq)
{
    if (irq_answer == IRQ_QUIETEN)
        gic_quieten(irq);
    else if (irq_answer == IRQ_DISABLE)
        gic_disable(irq);
    irq_answer = IRQ_QUIETEN;
}

void irq_handler(void)
{
    uint32_t ack;
    unsigned int irq;

    ack = gic_place.version == 3 ? sysreg_read(ICC_IAR1)
                           : read32(gic_place.cpus + GICC_IAR);
    irq = ack & (gic_place.version == 3 ? 0xffffffU : 0x3ffU);
    if (irq >= NR_COUNTED_IRQS)
        return;
    irq_count[irq]++;
    answer(irq);
    if (gic_place.version == 3) {
        sysreg_write(ICC_EOIR1, ack);
        asm volatile ("isb");
    } else {
        write32(gic_place.cpus + GICC_EOIR, ack);
    }
}

void irq_window_now(void)
{
    asm volatile ("msr daifclr, #2\n\tisb\n\tmsr daifset, #2" ::: "memory");
}

bool irq_window(unsigned int irq, uint64_t timeout_ms)
{
    const uint64_t until = vcount() + ms_to_ticks(timeout_ms);
    const uint32_t before = irq_count[irq];

    do {
        irq_window_now();
        if (irq_count[irq] != before)
            return true;
    } while (vcount() < until);
    return false;
}
