/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_domains.c: see xl_domains.h.
 */

#include "xl_domains.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "guest_suspend_number.h"
#include "guest_suspend_poll.h"
#include "guest_suspend_stock.h"
#include "guest_suspend_time.h"
#include "guest_suspend_times.h"
#include "guest_suspend_xenstore.h"
#include "xl.h"
#include "xl_options.h"
#include "xl_text.h"

/* The longest is "/tool/guest-suspend/4294967295/state". */
#define PATH_SIZE 64

/* Domains that are looked at together, at most. */
#define SEARCH_MAX 32

/* What was read of a domain. */
struct xl_ahead {
    uint32_t domid;
    bool is_read;
    bool wants_published;           /* the time of day is nowhere else */
    char *name, *published;         /* NULL: it is not there */
};

void xl_domains_init(struct xl_domains *domains, int64_t deadline_ms)
{
    memset(domains, 0, sizeof(*domains));
    domains->deadline_ms = deadline_ms;
    domains->times_fd = -1;
}

void xl_domains_dispose(struct xl_domains *domains)
{
    size_t i;

    for (i = 0; i < domains->nr_ahead; i++) {
        free(domains->ahead[i].name);
        free(domains->ahead[i].published);
    }
    free(domains->ahead);
    if (domains->times_fd >= 0)
        close(domains->times_fd);
    gsuspend_xenstore_close(domains->xs);
    free(domains->name);
    xl_domains_init(domains, -1);
}

static int64_t deadline_of(const struct xl_domains *domains)
{
    if (domains->deadline_ms >= 0)
        return domains->deadline_ms;

    return gsuspend_now_ms() + GSUSPEND_XENSTORE_MS;
}

static void set_failed(struct xl_domains *domains, int errnoval)
{
    domains->failed = errnoval;
    /* One that does not answer is not waited for again and again. */
    if (errnoval == ETIMEDOUT)
        domains->silent_until_ms = gsuspend_now_ms() + GSUSPEND_XENSTORE_MS;
}

/* False: xenstore does not answer. */
static bool is_open(struct xl_domains *domains, int64_t deadline_ms)
{
    if (gsuspend_now_ms() < domains->silent_until_ms)
        return false;

    if (!domains->tried) {
        domains->xs = gsuspend_xenstore_open(deadline_ms);
        domains->tried = true;
        if (!domains->xs)
            set_failed(domains, errno);
    }

    return domains->xs;
}

/* The value of a node, or NULL. */
static char *read_node(struct xl_domains *domains, const char *path)
{
    int64_t deadline_ms = deadline_of(domains);
    char *value;

    if (!is_open(domains, deadline_ms))
        return NULL;

    value = gsuspend_xenstore_read(domains->xs, path, deadline_ms);
    if (!value && errno != ENOENT)
        set_failed(domains, errno);
    return value;
}

static void domain_node(char path[PATH_SIZE], uint32_t domid, const char *node)
{
    snprintf(path, PATH_SIZE, "/local/domain/%" PRIu32 "/%s", domid, node);
}

static void published_node(char path[PATH_SIZE], uint32_t domid)
{
    snprintf(path, PATH_SIZE, "/tool/guest-suspend/%" PRIu32 "/state", domid);
}

/* /local/domain/DOMID/NODE */
static char *read_domain_node(struct xl_domains *domains, uint32_t domid,
                              const char *node)
{
    char path[PATH_SIZE];

    domain_node(path, domid, node);
    return read_node(domains, path);
}

static bool has_times_file(struct xl_domains *domains)
{
    if (!domains->times_tried) {
        domains->times_fd = gsuspend_times_open_to_read();
        domains->times_tried = true;
    }

    return domains->times_fd >= 0;
}

/* False: xensuspendd has put no time of this change into its file. */
static bool time_in_file(struct xl_domains *domains,
                         const libxl_guest_suspend_info *info,
                         int64_t *since_time_ns)
{
    const struct gsuspend_change change = {
        .domid = info->domid, .seq = info->seq, .instance = info->instance,
        .since_ns = info->since_ns,
    };

    return has_times_file(domains) &&
           gsuspend_times_read(domains->times_fd, &change, since_time_ns);
}

/* Of each domain its name and, where it is needed for the time, its state. */
struct ahead_request {
    char (*paths)[PATH_SIZE];
    const char **wanted;
    char **values;
    size_t nr;
};

static void want(struct ahead_request *request)
{
    request->wanted[request->nr] = request->paths[request->nr];
    request->nr++;
}

static void want_nodes(const struct xl_domains *domains,
                       struct ahead_request *request)
{
    size_t i;

    for (i = 0; i < domains->nr_ahead; i++) {
        const struct xl_ahead *ahead = &domains->ahead[i];

        domain_node(request->paths[request->nr], ahead->domid, "name");
        want(request);
        if (!ahead->wants_published)
            continue;
        published_node(request->paths[request->nr], ahead->domid);
        want(request);
    }
}

static void take_values(struct xl_domains *domains,
                        const struct ahead_request *request)
{
    size_t i, at = 0;

    for (i = 0; i < domains->nr_ahead; i++) {
        struct xl_ahead *ahead = &domains->ahead[i];

        ahead->name = request->values[at++];
        if (ahead->wants_published)
            ahead->published = request->values[at++];
    }
}

static void read_nodes(struct xl_domains *domains, int64_t deadline_ms)
{
    const size_t most = 2 * domains->nr_ahead;
    struct ahead_request request = {
        .paths = calloc(most, sizeof(*request.paths)),
        .wanted = calloc(most, sizeof(*request.wanted)),
        .values = calloc(most, sizeof(*request.values)),
    };
    bool failed;
    size_t i;

    if (!request.paths || !request.wanted || !request.values)
        goto out;

    want_nodes(domains, &request);
    failed = gsuspend_xenstore_read_many(domains->xs, request.wanted,
                                         request.values, request.nr,
                                         deadline_ms);
    if (failed)
        set_failed(domains, errno);
    take_values(domains, &request);
    for (i = 0; i < domains->nr_ahead; i++)
        domains->ahead[i].is_read = !failed;

 out:
    free(request.paths);
    free(request.wanted);
    free(request.values);
}

void xl_domains_read_ahead(struct xl_domains *domains,
                           const libxl_guest_suspend_info *list, int nb)
{
    int64_t deadline_ms = deadline_of(domains), since;
    int i;

    /* What cannot be read ahead is read when it is asked for. */
    if (nb <= 0 || domains->ahead || !is_open(domains, deadline_ms))
        return;
    domains->ahead = calloc((size_t)nb, sizeof(*domains->ahead));
    if (!domains->ahead)
        return;

    domains->nr_ahead = (size_t)nb;
    for (i = 0; i < nb; i++) {
        struct xl_ahead *ahead = &domains->ahead[i];

        ahead->domid = list[i].domid;
        ahead->wants_published = xl_since_is_known(&list[i]) &&
                                 !time_in_file(domains, &list[i], &since);
    }
    read_nodes(domains, deadline_ms);
}

static int by_domid(const void *a, const void *b)
{
    const struct xl_ahead *ahead_a = a, *ahead_b = b;

    return (ahead_a->domid > ahead_b->domid) -
           (ahead_a->domid < ahead_b->domid);
}

static const struct xl_ahead *find_ahead(const struct xl_domains *domains,
                                         uint32_t domid)
{
    const struct xl_ahead key = { .domid = domid }, *ahead = NULL;

    if (domains->nr_ahead)
        ahead = bsearch(&key, domains->ahead, domains->nr_ahead, sizeof(key),
                        by_domid);
    return ahead && ahead->is_read ? ahead : NULL;
}

char *xl_domains_name(struct xl_domains *domains, uint32_t domid)
{
    const struct xl_ahead *ahead = find_ahead(domains, domid);
    char *name = domains->name;

    if (ahead)
        return ahead->name ? strdup(ahead->name) : NULL;
    if (!name || domains->name_of != domid)
        return read_domain_node(domains, domid, "name");

    domains->name = NULL;
    return name;
}

/* The value of " NAME=VALUE" in what xensuspendd has published, or NULL. */
static const char *find_field(const char *text, const char *name)
{
    size_t len = strlen(name);

    while ((text = strchr(text, ' '))) {
        text++;
        if (!strncmp(text, name, len) && text[len] == '=')
            return text + len + 1;
    }

    return NULL;
}

static bool field_is(const char *text, const char *name, uint64_t wanted)
{
    const char *value = find_field(text, name);
    char digits[24];
    uint64_t number;

    snprintf(digits, sizeof(digits), "%.*s",
             value ? (int)strcspn(value, " ") : 0, value ? value : "");
    return gsuspend_parse_number(digits, UINT64_MAX, &number) &&
           number == wanted;
}

/* False: the text is of another change, or none. */
static bool since_in(const char *text, const libxl_guest_suspend_info *info,
                     int64_t *since_time_ns)
{
    const char *since = find_field(text, "since");

    return since && field_is(text, "seq", info->seq) &&
           field_is(text, "instance", info->instance) &&
           gsuspend_time_parse(since, since_time_ns);
}

/* False: xensuspendd has published nothing, or another change. */
static bool published_since(struct xl_domains *domains,
                            const libxl_guest_suspend_info *info,
                            int64_t *since_time_ns)
{
    const struct xl_ahead *ahead = find_ahead(domains, info->domid);
    char path[PATH_SIZE], *text;
    bool found;

    if (time_in_file(domains, info, since_time_ns))
        return true;
    if (ahead)
        return ahead->published &&
               since_in(ahead->published, info, since_time_ns);

    published_node(path, info->domid);
    text = read_node(domains, path);
    found = text && since_in(text, info, since_time_ns);
    free(text);
    return found;
}

bool xl_domains_since(struct xl_domains *domains,
                      const libxl_guest_suspend_info *info,
                      int64_t *since_time_ns)
{
    int64_t time_now = gsuspend_time_now();

    if (!xl_since_is_known(info))
        return false;

    if (!published_since(domains, info, since_time_ns))
        *since_time_ns = gsuspend_time_since(time_now, info->now_ns,
                                             info->since_ns);
    return true;
}

/* A zombie has ended, too. */
static bool has_ended(uint64_t pid)
{
    char path[40], line[512], *state;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return errno == ENOENT;
    /* "PID (COMMAND) STATE ..." */
    state = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
    fclose(file);
    return state && (state[2] == 'Z' || state[2] == 'X');
}

bool xl_domains_daemon_is_ready(struct xl_domains *domains)
{
    char *text = read_node(domains, "/tool/guest-suspend/ready");
    uint64_t pid;
    bool ready;

    /* The node of a daemon that was killed stays. */
    ready = text && gsuspend_parse_number(text, INT_MAX, &pid) &&
            !has_ended(pid);
    free(text);
    return ready;
}

bool xl_domains_daemon_counters(struct xl_domains *domains,
                                struct gsuspend_counters *counters)
{
    return has_times_file(domains) &&
           gsuspend_counters_read(domains->times_fd, counters);
}

bool xl_domains_lacks_device_model(struct xl_domains *domains, uint32_t domid)
{
    char *text = read_domain_node(domains, domid, "image/device-model-pid");
    uint64_t pid;
    bool lacks;

    lacks = text && gsuspend_parse_number(text, INT_MAX, &pid) &&
            has_ended(pid);
    free(text);
    return lacks;
}

static bool is_name(const char *value, const char *name)
{
    return !strcmp(value, name);
}

/* The node holds "/vm/UUID". */
static bool is_uuid(const char *value, const char *uuid)
{
    return !strncmp(value, "/vm/", 4) && !strcasecmp(value + 4, uuid);
}

/* What is looked for, and in which node of each domain. */
struct search {
    const char *node;
    bool (*is)(const char *value, const char *wanted);
    const char *wanted;
    /* In the order of domids; domain 0 comes last: it is rarely meant. */
    const libxl_guest_suspend_info *list;
    int nb;
};

static const libxl_guest_suspend_info *searched(const struct search *search,
                                                int at)
{
    return &search->list[(at + !search->list[0].domid) % search->nb];
}

/*
 * Look at nr domains, from the one at this place on.  The place of the first one
 * that has the value, which is kept if it is a name: it is likely to be printed;
 * -1: none.
 */
static int search_some(struct xl_domains *domains, const struct search *search,
                       int from, int nr)
{
    char paths[SEARCH_MAX][PATH_SIZE], *values[SEARCH_MAX];
    const char *wanted[SEARCH_MAX];
    int64_t deadline_ms = deadline_of(domains);
    int i, found = -1;

    if (!is_open(domains, deadline_ms))
        return -1;

    for (i = 0; i < nr; i++) {
        domain_node(paths[i], searched(search, from + i)->domid, search->node);
        wanted[i] = paths[i];
    }
    if (gsuspend_xenstore_read_many(domains->xs, wanted, values, (size_t)nr,
                                    deadline_ms))
        set_failed(domains, errno);

    for (i = 0; i < nr; i++) {
        if (found < 0 && values[i] && search->is(values[i], search->wanted)) {
            found = from + i;
            if (search->is == is_name) {
                free(domains->name);
                domains->name = values[i];
                domains->name_of = searched(search, found)->domid;
                continue;
            }
        }
        free(values[i]);
    }

    return found;
}

/*
 * The first domain that has the value; NULL: none.  One is asked for alone, since
 * there may be one guest; and then more and more together.
 */
static const libxl_guest_suspend_info *
search_all(struct xl_domains *domains, const struct search *search)
{
    int at, nr = 1, found;

    for (at = 0; at < search->nb; at += nr) {
        if (at)
            nr = 2 * nr < SEARCH_MAX ? 2 * nr : SEARCH_MAX;
        if (nr > search->nb - at)
            nr = search->nb - at;
        found = search_some(domains, search, at, nr);
        if (found >= 0)
            return searched(search, found);
    }

    return NULL;
}

const libxl_guest_suspend_info *
xl_domains_by_name(struct xl_domains *domains,
                   const libxl_guest_suspend_info *list, int nb,
                   const char *name)
{
    return search_all(domains, &(struct search) { "name", is_name, name, list,
                                                  nb });
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
    qsort(list, (size_t)nb, sizeof(*list), gsuspend_by_domid);
    found = search_all(domains, &(struct search) { "name", is_name, which,
                                                   list, nb });
    if (!found)
        found = search_all(domains, &(struct search) { "vm", is_uuid, which,
                                                       list, nb });
    if (!found && domains->failed) {
        xl_error("cannot look up domain '%s': xenstore: %s"
                 " (a domid needs no xenstore)", which,
                 strerror(domains->failed));
        rc = domains->failed == ETIMEDOUT ? ERROR_TIMEDOUT : ERROR_FAIL;
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
