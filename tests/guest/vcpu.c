/* SPDX-License-Identifier: GPL-2.0-only */
/* arm64's own part of a test guest: its vCPUs, its time, its start and end. */
#include "guest.h"

_Static_assert(offsetof(struct sleep_call, arg) == SLEEP_ARG, "start.S");
_Static_assert(offsetof(struct sleep_call, smc) == SLEEP_SMC, "start.S");
_Static_assert(offsetof(struct sleep_call, resumed) == SLEEP_RESUMED,
               "start.S");
_Static_assert(offsetof(struct sleep_call, saved) == SLEEP_SAVED, "start.S");
_Static_assert(offsetof(struct sleep_call, x) == SLEEP_X, "start.S");
_Static_assert(offsetof(struct sleep_call, entry) == SLEEP_ENTRY, "start.S");
_Static_assert(offsetof(struct sleep_call, q) == SLEEP_Q, "start.S");

#define MAX_VCPUS           128
/* By vCPU, for start.S. */
struct vcpu_start vcpu_starts[MAX_VCPUS];
_Static_assert(sizeof(vcpu_starts[0]) == 16, "start.S");
static uint8_t stacks[MAX_VCPUS][4096] __attribute__((aligned(16)));

uint64_t vcount(void)
{
    uint64_t value;

    asm volatile ("isb\n\tmrs %0, cntvct_el0" : "=r" (value) :: "memory");
    return value;
}

uint64_t pcount(void)
{
    uint64_t value;

    asm volatile ("isb\n\tmrs %0, cntpct_el0" : "=r" (value) :: "memory");
    return value;
}

static uint64_t frequency(void)
{
    uint64_t value;

    asm ("mrs %0, cntfrq_el0" : "=r" (value));
    return value;
}

uint64_t ms_to_ticks(uint64_t ms)
{
    return ms * frequency() / 1000;
}

void vtimer_set(uint64_t at, unsigned int ctl)
{
    asm volatile ("msr cntv_ctl_el0, xzr\n\tmsr cntv_cval_el0, %0\n\t"
                  "msr cntv_ctl_el0, %1\n\tisb"
                  :: "r" (at), "r" ((uint64_t)ctl) : "memory");
}

void vtimer_move(uint64_t at)
{
    asm volatile ("msr cntv_cval_el0, %0\n\tisb" :: "r" (at) : "memory");
}

void ptimer_set(uint64_t at, unsigned int ctl)
{
    asm volatile ("msr cntp_ctl_el0, xzr\n\tmsr cntp_cval_el0, %0\n\t"
                  "msr cntp_ctl_el0, %1\n\tisb"
                  :: "r" (at), "r" ((uint64_t)ctl) : "memory");
}

unsigned int vtimer_ctl(void)
{
    uint64_t value;

    asm volatile ("isb\n\tmrs %0, cntv_ctl_el0" : "=r" (value) :: "memory");
    return value;
}

unsigned int ptimer_ctl(void)
{
    uint64_t value;

    asm volatile ("isb\n\tmrs %0, cntp_ctl_el0" : "=r" (value) :: "memory");
    return value;
}

unsigned int vcpu_id(void)
{
    uint64_t mpidr;

    asm ("mrs %0, mpidr_el1" : "=r" (mpidr));
    return (mpidr & 0xff) + (mpidr >> 8 & 0xff) * 16;
}

/* What PSCI calls it: the reverse of vcpu_id(). */
static uint64_t affinity(unsigned int id)
{
    return (id / 16) << 8 | id % 16;
}

int64_t vcpu_start(unsigned int id, void (*fn)(void))
{
    vcpu_starts[id].stack_top = (uint64_t)stacks[id] + sizeof(stacks[id]);
    vcpu_starts[id].fn = fn;
    return psci(PSCI_CPU_ON_64, affinity(id), (uint64_t)secondary_entry, 0);
}

bool vcpu_is_off(unsigned int id)
{
    return psci(PSCI_AFFINITY_INFO_64, affinity(id), 0, 0) == 1;
}

void power_off(void)
{
    psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        asm volatile ("wfi");
}

void guest_exception(uint64_t esr, uint64_t elr, uint64_t far)
    __attribute__((noreturn));
void guest_exception(uint64_t esr, uint64_t elr, uint64_t far)
{
    print("Bail out! exception: esr %lx, elr %lx, far %lx\n", esr, elr, far);
    power_off();
}

void guest_main(const void *dtb)
{
    device_tree_read(dtb);
    xen_init();
    console_init();
    if (!gic_place.version) {
        print("Bail out! no interrupt controller in the device tree\n");
        power_off();
    }
    gic_init();
    program();
    power_off();
}
