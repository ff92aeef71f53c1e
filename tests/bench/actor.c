/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another process, which does one thing at a given time.  So the process that
 * measures only waits, like any watcher.
 */
#include "bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct order {
    act_fn *act;
    uint32_t arg;
    uint64_t at;
};

static pid_t actor;
static int orders[2];
static uint64_t *began;

__attribute__((noreturn))
static void act_when_told(int from)
{
    struct order order;
    uint64_t now;

    /* If this fails, the parent ends the guests and the connection. */
    bench_ctx = NULL;
    bench_xs = NULL;
    while (read(from, &order, sizeof(order)) == sizeof(order)) {
        now = ticks();
        if (order.at > now)
            sleep_ms((unsigned int)(ticks_us(order.at - now) / 1000));
        order.act(order.arg);
    }
    _exit(0);
}

void actor_begin(void)
{
    began = mmap(NULL, sizeof(*began), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (began == MAP_FAILED || pipe2(orders, O_CLOEXEC))
        broken("a pipe to the actor");
    fflush(stdout);
    actor = fork();
    if (actor < 0)
        broken("fork");
    if (!actor) {
        close(orders[1]);
        act_when_told(orders[0]);
    }
    close(orders[0]);
}

void actor_do(act_fn *act, uint32_t arg, unsigned int delay_ms)
{
    const struct order order = {
        .act = act, .arg = arg, .at = ticks() + delay_ms * ticks_hz() / 1000,
    };

    if (write(orders[1], &order, sizeof(order)) != sizeof(order))
        broken("the actor");
}

void actor_begins(void)
{
    *began = ticks();
}

uint64_t actor_began(void)
{
    return *began;
}

void actor_end(void)
{
    int status;

    close(orders[1]);
    if (waitpid(actor, &status, 0) != actor || status)
        broken("the actor");
    munmap(began, sizeof(*began));
}
