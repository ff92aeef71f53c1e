/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What xen-guest-suspend-agent reads, by libFuzzer: a xenstored that answers what it
 * likes.  The input is messages: a byte for the type, a byte for the length (in steps
 * of 1, or of 32 with the type's high bit), the payload.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <syslog.h>

#define POWER_DIR "power"
#define LOGIND_DIR "logind"
#define BUSCTL "./busctl"
#define main agent_main
/* Nothing is printed, and all of it is formatted. */
#define vsyslog(priority, format, al) \
    ((void)(priority), (void)vsnprintf(said, sizeof(said), format, al))
static char said[8192];
#include "../../guest/agent/xen-guest-suspend-agent.c"
#undef main

#include <xen/io/xs_wire.h>

static const uint32_t types[] = {
    XS_WATCH_EVENT, XS_WATCH, XS_READ, XS_WRITE, XS_TRANSACTION_START,
    XS_TRANSACTION_END, XS_ERROR, 0xffffffff
};

/* The bytes that xenstored sends. */
static size_t make_messages(const uint8_t *data, size_t size, char *to,
                            size_t room)
{
    struct xsd_sockmsg head = { 0 };
    size_t used = 0, len, here;

    while (size >= 2 && used + sizeof(head) + 8192 < room) {
        head.type = types[*data & 7];
        len = data[1] * (*data & 0x80 ? 32U : 1U);
        head.len = (uint32_t)len;
        data += 2;
        size -= 2;
        here = len < size ? len : size;
        memcpy(to + used, &head, sizeof(head));
        used += sizeof(head);
        memcpy(to + used, data, here);
        /* What the input lacks is zeros. */
        memset(to + used + here, 0, len - here);
        used += len;
        data += here;
        size -= here;
    }

    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char messages[65536];
    struct agent agent = { .bus = { .fd = -1 }, .signal_fd = -1 };
    size_t len = make_messages(data, size, messages, sizeof(messages));
    int fds[2], rc;

    use_syslog = true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ||
        write(fds[1], messages, len) != (ssize_t)len ||
        shutdown(fds[1], SHUT_WR))
        abort();
    agent.bus.fd = fds[0];
    rc = serve(&agent);
    /* The end of what there is to read ends it, if nothing did before. */
    if (!rc || agent.stop)
        abort();

    xenbus_close(&agent.bus);
    close(fds[1]);
    return 0;
}
