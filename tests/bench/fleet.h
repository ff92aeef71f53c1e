/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many small guests, made fast: arm64 only.
 *
 * xl takes a second for a guest on an emulated host, the more the more there are,
 * and leaves a process behind for it.  These guests have 8 KiB of memory, one vCPU,
 * and what makes them domains to xenstored, libxl and xensuspendd: a ring, an
 * event channel, a name.  They have no device tree, console or xl process.  Such a
 * guest sleeps, and when it is woken it sleeps again.
 *
 * It is linked into the benchmark and into a tool of end-to-end tests.
 */

#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include <stdint.h>

struct fleet;

/* NULL with errno. */
struct fleet *fleet_open(void);
void fleet_close(struct fleet *fleet);

/* The last step that was tried, for whoever reports an error. */
const char *fleet_step(const struct fleet *fleet);

/* Make a guest of this name, and start it.  -1 with errno: nothing is left of it. */
int fleet_create(struct fleet *fleet, const char *name, uint32_t *domid);

/* -1 with errno. */
int fleet_destroy(struct fleet *fleet, uint32_t domid);

#endif
