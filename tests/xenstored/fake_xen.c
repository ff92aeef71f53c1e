/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What xenstored needs of Xen, for a machine without it: event channels that
 * nothing comes from, and rings in memory that nobody writes to.  Each domid that
 * is introduced exists.  So xenstored runs on any Linux, and serves its socket.
 *
 * The file that $POLLS names has two numbers of 64 bits: how many poll() calls there
 * were; and whether to count anew from the next one on, which whoever measures
 * sets.  callgrind counts anew then, too.
 */

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <valgrind/callgrind.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE_SIZE 4096

struct xenevtchn_handle {
    int fd;
};

static char something;

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    static struct xenevtchn_handle handle;

    (void)logger;
    (void)flags;
    handle.fd = eventfd(0, 0);
    return &handle;
}

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd,
                                   unsigned int flags)
{
    (void)fd;
    return xenevtchn_open(logger, flags);
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    return xce->fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
                                              unsigned int virq)
{
    (void)xce;
    return (xenevtchn_port_or_error_t)virq + 1;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce,
                                                     uint32_t domid,
                                                     evtchn_port_t port)
{
    (void)xce;
    (void)port;
    return (xenevtchn_port_or_error_t)domid + 100;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce;
    (void)port;
    return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce;
    (void)port;
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    (void)xce;
    return -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce;
    (void)port;
    return 0;
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild,
                                unsigned int flags)
{
    (void)logger;
    (void)dombuild;
    (void)flags;
    return (xc_interface *)&something;
}

int xc_interface_close(xc_interface *xch)
{
    (void)xch;
    return 0;
}

int xc_domain_getinfo_single(xc_interface *xch, uint32_t domid,
                             xc_domaininfo_t *info)
{
    (void)xch;
    *info = (xc_domaininfo_t){ .domain = (domid_t)domid };
    return 0;
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    (void)logger;
    (void)flags;
    return (xengnttab_handle *)&something;
}

int xengnttab_close(xengnttab_handle *xgt)
{
    (void)xgt;
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr)
{
    (void)xgt;
    (void)nr;
    return 0;
}

static void *new_page(void)
{
    void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? NULL : page;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid,
                              uint32_t ref, int prot)
{
    (void)xgt;
    (void)domid;
    (void)ref;
    (void)prot;
    return new_page();
}

int xengnttab_unmap(xengnttab_handle *xgt, void *address, uint32_t nr)
{
    (void)xgt;
    return munmap(address, nr * (size_t)PAGE_SIZE);
}

/* In place of xenstored's own, which look into /proc/xen (--wrap). */
void *__wrap_xenbus_map(void);
evtchn_port_t __wrap_get_xenbus_evtchn(void);
int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout);
int __real_poll(struct pollfd *fds, nfds_t nr, int timeout);

void *__wrap_xenbus_map(void)
{
    return new_page();
}

evtchn_port_t __wrap_get_xenbus_evtchn(void)
{
    return 1;
}

int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout)
{
    static uint64_t *counts;

    if (!counts) {
        int fd = open(getenv("POLLS"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0 || ftruncate(fd, PAGE_SIZE))
            abort();
        counts = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                      0);
        if (counts == MAP_FAILED)
            abort();
        close(fd);
    }
    if (counts[1]) {
        counts[0] = counts[1] = 0;
        CALLGRIND_ZERO_STATS;
    }
    counts[0]++;
    return __real_poll(fds, nr, timeout);
}
