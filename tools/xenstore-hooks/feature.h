/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The node by which a guest says that it can be asked to sleep,
 * ~/control/feature-s3.  A guest cannot make it, and libxl does so for HVM only.
 */

#ifndef GS_FEATURE_H
#define GS_FEATURE_H

#include <stdint.h>

struct xs_handle;

/*
 * Make the node, empty and the guest's, if the domain has ~/control and lacks
 * it.  What is there is left as it is.  -1 with errno; EBUSY: others changed
 * ~/control all along.
 */
int feature_make(struct xs_handle *xs, uint32_t domid);

#endif
