/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_domains.c: see xl_domains.h.
 */

#include "xl_domains.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <xenstore.h>
#include <xenstore_lib.h>

#include "xl.h"
#include "xl_options.h"

#define XENSTORED_PATH "XENSTORED_PATH"

void xl_domains_init(struct xl_domains *domains)
{
    domains->xs = NULL;
    domains->tried = false;
    domains->failed = 0;
    domains->name = NULL;
}

void xl_domains_dispose(struct xl_domains *domains)
{
    if (domains->xs)
        xs_close(domains->xs);
    free(domains->name);
    xl_domains_init(domains);
}

/*
 * Where nobody serves xenstored's socket, xs_open() turns to the kernel's device,
 * and a request there waits for the next xenstored.  It takes a path from the
 * environment for both.
 */
static struct xs_handle *open_xenstore(void)
{
    const char *socket = xs_daemon_socket();
    bool ours = !getenv(XENSTORED_PATH) && !access(socket, F_OK) &&
                !setenv(XENSTORED_PATH, socket, 1);
    struct xs_handle *xs = xs_open(0);
    int saved_errno = errno;

    /* The stock xl is to have the environment that we had. */
    if (ours)
        unsetenv(XENSTORED_PATH);
    errno = saved_errno;
    return xs;
}

static struct xs_handle *xenstore(struct xl_domains *domains)
{
    if (!domains->tried) {
        domains->tried = true;
        domains->xs = open_xenstore();
        if (!domains->xs)
            domains->failed = errno;
    }

    return domains->xs;
}

/* The string at /local/domain/DOMID/NODE, or NULL. */
static char *read_node(struct xl_domains *domains, uint32_t domid,
                       const char *node)
{
    struct xs_handle *xs = xenstore(domains);
    char path[64], *value;
    unsigned int len;

    if (!xs)
        return NULL;

    snprintf(path, sizeof(path), "/local/domain/%" PRIu32 "/%s", domid, node);
    value = xs_read(xs, XBT_NULL, path, &len);
    if (!value && errno != ENOENT)
        domains->failed = errno;
    return value;
}

char *xl_domains_name(struct xl_domains *domains, uint32_t domid)
{
    char *name = domains->name;

    if (!name || domains->name_of != domid)
        return read_node(domains, domid, "name");

    domains->name = NULL;
    return name;
}

/* Keeps the name: whoever looks for it is likely to print it. */
static bool has_name(struct xl_domains *domains, uint32_t domid,
                     const char *name)
{
    free(domains->name);
    domains->name = read_node(domains, domid, "name");
    domains->name_of = domid;
    return domains->name && !strcmp(domains->name, name);
}

/* The node holds "/vm/UUID". */
static bool has_uuid(struct xl_domains *domains, uint32_t domid,
                     const char *uuid)
{
    char *its = read_node(domains, domid, "vm");
    bool same = its && !strncmp(its, "/vm/", 4) && !strcasecmp(its + 4, uuid);

    free(its);
    return same;
}

typedef bool has_fn(struct xl_domains *domains, uint32_t domid,
                    const char *value);

/* The first whose domain has the value; NULL: none. */
static const libxl_guest_suspend_info *
search(struct xl_domains *domains, const libxl_guest_suspend_info *list, int nb,
       has_fn *has, const char *value)
{
    int i;

    for (i = 0; i < nb; i++)
        if (has(domains, list[i].domid, value))
            return &list[i];

    return NULL;
}

static int get_record(const char *which, uint32_t domid,
                      libxl_guest_suspend_info *info)
{
    int rc = libxl_domain_suspend_state(NULL, domid, info);

    if (rc == ERROR_DOMAIN_NOTFOUND)
        xl_error("no such domain: '%s' (\"xl list\" shows those there are)",
                 which);
    else if (rc)
        xl_error("domain '%s': %s", which, libxl_guest_suspend_strerror(rc));

    return rc;
}

/* Domain 0, which is hardly ever meant, is the last. */
static int by_domid(const void *a, const void *b)
{
    const libxl_guest_suspend_info *info_a = a, *info_b = b;
    uint32_t x = info_a->domid - 1, y = info_b->domid - 1;

    return (x > y) - (x < y);
}

static int find_by_value(struct xl_domains *domains, const char *which,
                         libxl_guest_suspend_info *info)
{
    libxl_guest_suspend_info *list;
    const libxl_guest_suspend_info *found;
    int rc, nb;

    /* A hypercall, and thus quicker than xenstore's list of domains. */
    list = libxl_list_domain_suspend_state(NULL, 0, &nb);
    if (!list) {
        rc = nb;
        xl_error("domain '%s': %s", which, libxl_guest_suspend_strerror(rc));
        goto out;
    }

    /* By the last change, what this costs would vary with that. */
    qsort(list, (size_t)nb, sizeof(*list), by_domid);
    found = search(domains, list, nb, has_name, which);
    if (!found)
        found = search(domains, list, nb, has_uuid, which);
    if (!found && domains->failed) {
        xl_error("cannot look up domain '%s': xenstore: %s"
                 " (a domid needs no xenstore)", which,
                 strerror(domains->failed));
        rc = ERROR_FAIL;
        goto out;
    }
    if (!found) {
        xl_error("no such domain: '%s' (\"xl list\" shows those there are)",
                 which);
        rc = ERROR_DOMAIN_NOTFOUND;
        goto out;
    }

    rc = get_record(which, found->domid, info);
    if (rc)
        goto out;

    /* The value was read in between: it was not a successor's then. */
    if (info->instance != found->instance) {
        xl_error("no such domain: '%s' (it has just gone)", which);
        rc = ERROR_DOMAIN_NOTFOUND;
    }

out:
    libxl_guest_suspend_info_list_free(list, nb);
    return rc;
}

int xl_domains_find(struct xl_domains *domains, const char *which,
                    libxl_guest_suspend_info *info)
{
    char why[XL_WHY_SIZE];
    uint64_t domid;

    if (*which && !which[strspn(which, "0123456789")]) {
        /* Beyond 32 bits is as far from any domid as UINT32_MAX is. */
        if (!xl_parse_number("domid", which, 0, UINT32_MAX, &domid, why))
            domid = UINT32_MAX;
        return get_record(which, (uint32_t)domid, info);
    }

    return find_by_value(domains, which, info);
}
