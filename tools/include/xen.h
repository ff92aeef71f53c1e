/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What public/guest_suspend.h includes as "xen.h".  Within Xen's own tree, and
 * once installed, that file is its neighbour; while it lives in this
 * repository, the installed one stands in.
 */
#include <xen/xen.h>
