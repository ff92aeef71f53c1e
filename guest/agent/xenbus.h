/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenbus.h: xenstore through the kernel's device, /dev/xen/xenbus.
 *
 * Without libxenstore: the protocol is a header and a payload (xen/io/xs_wire.h), a
 * guest then needs no package of Xen's, and one thread does.
 *
 * The kernel registers watches anew after a restore or a migration.  Paths that do not
 * begin with "/" are below the guest's own directory, whatever its domid is by then.
 *
 * int functions: -errno on failure.  After -EPROTO, -ETIMEDOUT, -EPIPE or -EIO the
 * connection is of no more use; see xenbus_is_lost().
 */

#ifndef XENBUS_H
#define XENBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any value that xenstore sends, and a NUL. */
#define XENBUS_VALUE_SIZE 4097

struct xenbus {
    int fd;
    bool changed;                   /* a watched node changed */
};

/* One process at a time: -EBUSY while another has it. */
int xenbus_open(struct xenbus *bus, const char *path);
void xenbus_close(struct xenbus *bus);

bool xenbus_is_lost(int rc);

/* Sets bus->changed at once, and at each change. */
int xenbus_watch(struct xenbus *bus, const char *path);

/* Take one message that nobody asked for: bus->fd is readable. */
int xenbus_take(struct xenbus *bus);

/* The value's length; a NUL follows it. */
int xenbus_read(struct xenbus *bus, uint32_t transaction, const char *path,
                char value[XENBUS_VALUE_SIZE]);
int xenbus_write(struct xenbus *bus, uint32_t transaction, const char *path,
                 const char *value);

int xenbus_transaction_start(struct xenbus *bus, uint32_t *transaction);
/* -EAGAIN: another's change got in between, and nothing was done. */
int xenbus_transaction_end(struct xenbus *bus, uint32_t transaction,
                           bool commit);

#endif
