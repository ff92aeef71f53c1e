/* SPDX-License-Identifier: GPL-2.0-only */
/* Fake Xen: guest memory is the test's own; fake.copies_left makes it fail. */

#ifndef FAKE_XEN_GUEST_ACCESS_H
#define FAKE_XEN_GUEST_ACCESS_H

#include <xen/config.h>

/* As Xen's: not zero when some of it could not be copied. */
#define copy_to_guest_offset(handle, offset, from, nr) \
    fake_copy_to_guest((handle).p + (offset), (from), (nr) * sizeof(*(from)))
size_t fake_copy_to_guest(void *to, const void *from, size_t size);

#endif
