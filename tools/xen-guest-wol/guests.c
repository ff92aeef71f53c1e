/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest that has a MAC, and its wake; see guests.h.  MACs are read from
 * /libxl, where libxl keeps what it was asked for: a guest cannot write there, as
 * it can in its own part of xenstore.
 */

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <libxl_guest_suspend.h>

#include "guests.h"
#include "tools/libs/light/guest_suspend_poll.h"
#include "tools/libs/light/guest_suspend_xenstore.h"
#include "tools/xenstore-hooks/log.h"

#define NAME_SIZE 128

extern char **environ;

const char *wol_xl = GUEST_SUSPEND_XL;

struct lookup {
    struct gsuspend_xenstore *xs;
    int64_t deadline_ms;
    int err;                    /* an errno of xenstore's; 0: all was read */
};

/* A node that is not there belongs to a guest that ends, or has no vif. */
static char *note_error(struct lookup *lookup, char *result)
{
    if (!result && errno != ENOENT)
        lookup->err = errno;
    return result;
}

__attribute__((format(printf, 2, 3)))
static char *read_node(struct lookup *lookup, const char *format, ...)
{
    char path[128];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    return note_error(lookup, gsuspend_xenstore_read(lookup->xs, path,
                                                     lookup->deadline_ms));
}

/* The children of a node, as gsuspend_xenstore_directory has them. */
static char *read_directory(struct lookup *lookup, const char *path,
                            size_t *length_r)
{
    *length_r = 0;
    return note_error(lookup,
                      gsuspend_xenstore_directory(lookup->xs, path,
                                                  lookup->deadline_ms,
                                                  length_r));
}

/* Whether one of the domain's vifs has that MAC. */
static bool has_mac(struct lookup *lookup, const char *domid,
                    const uint8_t mac[WOL_MAC_SIZE])
{
    uint8_t found[WOL_MAC_SIZE];
    const char *vif;
    bool is_it = false;
    size_t length;
    char path[128];
    char *vifs;

    snprintf(path, sizeof(path), "/libxl/%s/device/vif", domid);
    vifs = read_directory(lookup, path, &length);
    for (vif = vifs; vifs && vif < vifs + length && !is_it;
         vif += strlen(vif) + 1) {
        char *text = read_node(lookup, "%s/%s/mac", path, vif);

        is_it = text && wol_mac_parse(text, found) &&
                !memcmp(found, mac, WOL_MAC_SIZE);
        free(text);
    }
    free(vifs);
    return is_it;
}

static bool is_allowed(char *const *names, const char *name)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

/* x86: the domain's device model wakes it, and xl asks the device model. */
static int wake_by_xl(const libxl_guest_suspend_info *info)
{
    char domid[16], seq[32];
    char *argv[] = { (char *)"xl", (char *)"trigger", domid, (char *)"wake",
                     seq, NULL };
    int status;
    pid_t pid;

    snprintf(domid, sizeof(domid), "%" PRIu32, info->domid);
    snprintf(seq, sizeof(seq), "--seq=%" PRIu64, info->seq);
    if (posix_spawn(&pid, wol_xl, NULL, NULL, argv, environ))
        return ERROR_GUEST_SUSPEND_DEVICE_MODEL;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return ERROR_GUEST_SUSPEND_DEVICE_MODEL;
    return WIFEXITED(status) && !WEXITSTATUS(status) ?
           0 : ERROR_GUEST_SUSPEND_DEVICE_MODEL;
}

/* Its sleep of this moment, and no later one. */
static int wake(const libxl_guest_suspend_info *info)
{
    libxl_domain_resume_virq_opts opts;
    int rc;

    libxl_domain_resume_virq_opts_init(&opts);
    opts.seq = info->seq;
    opts.instance = info->instance;
    rc = libxl_domain_resume_virq(NULL, info->domid, LIBXL_RESUME_VIRQ_NONE,
                                  &opts);
    libxl_domain_resume_virq_opts_dispose(&opts);
    return rc == ERROR_GUEST_SUSPEND_DEVICE_MODEL ? wake_by_xl(info) : rc;
}

static void wake_if_asleep(libxl_domid domid, const char *name,
                           const char *sender)
{
    libxl_guest_suspend_info info;
    char plain[NAME_SIZE];
    int rc;

    log_sanitise(plain, sizeof(plain), name, strlen(name));
    libxl_guest_suspend_info_init(&info);
    rc = libxl_domain_suspend_state(NULL, domid, &info);
    if (rc || info.state != LIBXL_GUEST_SUSPEND_STATE_SUSPENDED ||
        info.seq == LIBXL_GUEST_SUSPEND_UNKNOWN)
        goto out;
    rc = wake(&info);
    if (!rc)
        fprintf(stderr, "xen-guest-wol: woke domain \"%s\" (%" PRIu32
                "), seq %" PRIu64 ", asked by %s\n", plain, domid, info.seq,
                sender);

 out:
    if (rc)
        fprintf(stderr, "xen-guest-wol: domain \"%s\" (%" PRIu32 "), asked by"
                " %s: %s\n", plain, domid, sender,
                libxl_guest_suspend_strerror(rc));
    libxl_guest_suspend_info_dispose(&info);
}

static void wake_by_mac(struct lookup *lookup,
                        const uint8_t mac[WOL_MAC_SIZE], char *const *names,
                        const char *sender)
{
    const char *domid;
    size_t length;
    char *domids, *name;

    domids = read_directory(lookup, "/libxl", &length);
    for (domid = domids; domids && domid < domids + length;
         domid += strlen(domid) + 1) {
        if (!has_mac(lookup, domid, mac))
            continue;
        name = read_node(lookup, "/local/domain/%s/name", domid);
        if (name && is_allowed(names, name))
            wake_if_asleep(strtoul(domid, NULL, 10), name, sender);
        free(name);
    }
    free(domids);
}

void wol_guests_wake(const uint8_t mac[WOL_MAC_SIZE], char *const *names,
                     const char *sender)
{
    struct lookup lookup = {
        .deadline_ms = gsuspend_now_ms() + GSUSPEND_XENSTORE_MS,
    };

    /* A connection for each packet, of which there are few: no stale one. */
    lookup.xs = gsuspend_xenstore_open(lookup.deadline_ms);
    if (lookup.xs)
        wake_by_mac(&lookup, mac, names, sender);
    else
        lookup.err = errno;
    if (lookup.err)
        fprintf(stderr, "xen-guest-wol: xenstore: %s\n", strerror(lookup.err));
    gsuspend_xenstore_close(lookup.xs);
}
