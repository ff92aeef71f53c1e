/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_host.c: see fake_host.h.
 *
 * The file that $GS_FAKE_HOST names has a line per fact, words parted by
 * blanks, "%XX" in a name for a byte:
 *
 *   domain DOMID NAME UUID STATE KIND SEQ INSTANCE SUSPENDS WAKE VIRQ VCPU
 *          SINCE_NS NOW_NS ASLEEP_NS DENIED DENIED_REASON      (one line)
 *   no-hypervisor        xencall_open fails
 *   no-xenstore          xenstore cannot be opened
 *   xenstore NUMBER      each of its answers is this errno
 *   published DOMID TEXT     what xensuspendd's node of a domain above says
 *   errno OP NUMBER      operation 0, 1 or 2 fails so
 *   x86                  domains wake through their device models
 *   stock                there is no guest suspend; kind 100 is a PV domain,
 *                        and 101 one that may not be looked at; without x86, a
 *                        domain in state 2 has shut down to power off
 *   device-model DOMID PID   of a domain above
 *   ready TEXT           xensuspendd's node of its pid
 *   replace NUMBER       all domains are others once so many were asked for
 *   node DOMID PATH VALUE    in xenstore, below the domain's directory; VALUE
 *                            "-" is ""
 *   flaps                a domain that is woken sleeps again at once
 *   says-calls           each hypercall, and each node that is read, is written to
 *                        standard error: "call LIST", "read PATH"
 *   answers DOMID WHAT   to a request to sleep: "takes" it, "sleeps", is "denied"
 *
 * A resume that was accepted is written to standard error, as
 * "resume DOMID FLAGS VIRQ SEQ INSTANCE"; without the patch on Arm as
 * "resumedomain DOMID" and, what xenstored hears of it, "XS_RESUME DOMID".  A node
 * of a domain that was written is there as "write PATH VALUE".
 */

#include "fake_host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/domctl.h>
#include <xen/hvm/hvm_op.h>
#include <xen/sched.h>
#include <xen/xen.h>
#include "guest_suspend_stock.h"
#include "guest_suspend_xenstore.h"
#include "public/guest_suspend.h"

#define MAX_DOMAINS 256

static struct domain {
    struct xen_guest_suspend_record record;
    char name[64], uuid[40];
    char published[200];
    unsigned int device_model;
} domains[MAX_DOMAINS];

static unsigned int nr_domains;

/* Those of the file, until they are written. */
static struct node {
    char path[64], value[16];
} nodes[16];
static unsigned int nr_nodes;
static bool nodes_read;
static unsigned int answers_domid;
static char answers[16];
static bool answered;
static int op_errno[3];
static bool no_xenstore;
static int xenstore_errno;
static char ready[16];
static unsigned int replace_after = UINT_MAX, nr_got;
static bool stock;
static bool flaps, says_calls;
/* By this process. */
static unsigned int nr_woken[MAX_DOMAINS];

static void unescape(char *text)
{
    char *to = text;
    unsigned int byte;

    for (; *text; text++, to++) {
        if (*text == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
            *to = (char)byte;
            text += 2;
        } else {
            *to = *text;
        }
    }
    *to = 0;
}

static void read_domain(const char *line)
{
    struct domain *domain = &domains[nr_domains];
    struct xen_guest_suspend_record *r = &domain->record;
    uint64_t seq, instance, suspends, since, now, asleep, denied;

    if (nr_domains == MAX_DOMAINS ||
        sscanf(line, "domain %" SCNu16 " %63s %39s %" SCNu8 " %" SCNu8
               " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu8 " %" SCNu32
               " %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu8 " %" SCNu8, &r->domid, domain->name, domain->uuid, &r->state,
               &r->kind, &seq, &instance, &suspends, &r->wake_reason,
               &r->wake_virq, &r->wake_vcpu, &since, &now, &asleep, &denied,
               &r->denied_reason, &r->wake_due) < 16) {
        fprintf(stderr, "fake_host: bad line: %s", line);
        exit(99);
    }
    r->seq = seq;
    r->instance = instance;
    r->nr_suspends = suspends;
    r->since_ns = since;
    r->now_ns = now;
    r->asleep_ns = asleep;
    r->nr_denied = denied;
    unescape(domain->name);
    if (nr_woken[nr_domains]) {
        r->seq += 1000 * (uint64_t)nr_woken[nr_domains];
        if (!flaps)
            r->state = XEN_GUEST_SUSPEND_STATE_RUNNING;
    }
    nr_domains++;
}

static void read_published(unsigned int domid, const char *text)
{
    for (unsigned int i = 0; i < nr_domains; i++)
        if (domains[i].record.domid == domid)
            snprintf(domains[i].published, sizeof(domains[i].published), "%.*s",
                     (int)strcspn(text, "\n"), text);
}

static bool read_node_line(const char *line)
{
    char path[40], value[16];
    unsigned int domid;

    if (sscanf(line, "answers %u %15s", &answers_domid, answers) == 2)
        return true;
    if (sscanf(line, "node %u %39s %15s", &domid, path, value) != 3)
        return false;
    if (nodes_read || nr_nodes == 16)
        return true;
    snprintf(nodes[nr_nodes].path, sizeof(nodes[0].path),
             "/local/domain/%u/%s", domid, path);
    if (strcmp(value, "-"))
        strcpy(nodes[nr_nodes].value, value);
    nr_nodes++;
    return true;
}

/* What the guest that was asked has done since. */
static void answer(struct xen_guest_suspend_record *record)
{
    if (!answered || record->domid != answers_domid)
        return;
    if (!strcmp(answers, "sleeps")) {
        record->state = XEN_GUEST_SUSPEND_STATE_SUSPENDED;
        record->nr_suspends++;
    } else if (!strcmp(answers, "denied")) {
        record->nr_denied++;
        record->denied_reason = XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE;
    }
}

/* Anew for each call: a test may put another file in its place. */
static void read_host(void)
{
    const char *path = getenv("GS_FAKE_HOST");
    FILE *file = path ? fopen(path, "re") : NULL;
    char line[512];
    unsigned int op;
    int number;

    nr_domains = 0;
    memset(domains, 0, sizeof(domains));
    memset(op_errno, 0, sizeof(op_errno));
    gsuspend_x86 = stock = false;
    while (file && fgets(line, sizeof(line), file)) {
        if (!strncmp(line, "domain ", 7)) {
            read_domain(line);
        } else if (!strcmp(line, "no-hypervisor\n")) {
            fake_xencall_open_errno = ENOENT;
        } else if (!strcmp(line, "no-xenstore\n")) {
            no_xenstore = true;
        } else if (sscanf(line, "ready %15s", ready) == 1) {
            continue;
        } else if (sscanf(line, "xenstore %d", &xenstore_errno) == 1) {
            continue;
        } else if (sscanf(line, "device-model %u %d", &op, &number) == 2) {
            for (unsigned int i = 0; i < nr_domains; i++)
                if (domains[i].record.domid == op)
                    domains[i].device_model = (unsigned int)number;
        } else if (sscanf(line, "published %u %n", &op, &number) == 1) {
            read_published(op, line + number);
        } else if (!strcmp(line, "flaps\n")) {
            flaps = true;
        } else if (!strcmp(line, "says-calls\n")) {
            says_calls = true;
        } else if (!strcmp(line, "x86\n")) {
            gsuspend_x86 = true;
        } else if (!strcmp(line, "stock\n")) {
            stock = true;
        } else if (sscanf(line, "replace %u", &op) == 1) {
            replace_after = op;
        } else if (read_node_line(line)) {
            continue;
        } else if (sscanf(line, "errno %u %d", &op, &number) == 2 && op < 3) {
            op_errno[op] = number;
        } else {
            fprintf(stderr, "fake_host: bad line: %s", line);
            exit(99);
        }
    }
    if (file)
        fclose(file);
    nodes_read = true;
}

/* HVMOP_get_param of HVM_PARAM_ACPI_S_STATE */
static int hvm_op(unsigned int nr, unsigned int cmd, void *arg)
{
    struct xen_hvm_param *param = arg;

    read_host();
    errno = nr != 34 || cmd != 1 || param->index != 14 ? EFAULT : ESRCH;
    for (unsigned int i = 0; errno == ESRCH && i < nr_domains; i++) {
        if (domains[i].record.domid != param->domid)
            continue;
        param->value = domains[i].record.state ? 3 : 0;
        errno = domains[i].record.kind == 100 ? EINVAL :
                domains[i].record.kind == 101 ? EPERM : 0;
    }
    return errno ? -1 : 0;
}

__attribute__((constructor))
static void start(void)
{
    fake_xencall_handler_fn = fake_host_hypercall;
    fake_xencall_handler2_fn = hvm_op;
    read_host();
}

static int by_seq(const void *a, const void *b)
{
    const struct xen_guest_suspend_record *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int list(struct xen_domctl_guest_suspend *op)
{
    static struct xen_guest_suspend_record sorted[MAX_DOMAINS];
    unsigned int nr = 0;

    for (unsigned int i = 0; i < nr_domains; i++)
        if (domains[i].record.seq > op->u.list.after_seq)
            sorted[nr++] = domains[i].record;
    qsort(sorted, nr, sizeof(*sorted), by_seq);
    if (nr > op->u.list.nr)
        nr = op->u.list.nr;
    memcpy(op->u.list.records.p, sorted, nr * sizeof(*sorted));
    op->u.list.nr = nr;
    return 0;
}

static int resume(struct xen_domctl_guest_suspend *op, struct domain *domain)
{
    struct xen_guest_suspend_record *r = &domain->record;

    if (!r->domid)
        return EINVAL;
    if (gsuspend_x86)
        return EOPNOTSUPP;
    if ((op->u.resume.instance && op->u.resume.instance != r->instance) ||
        (op->u.resume.seq && op->u.resume.seq != r->seq))
        return ESTALE;
    if (r->state != XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        return ENODATA;
    /* Private interrupts. */
    if (op->u.resume.virq >= 16 && op->u.resume.virq < 31)
        return EINVAL;

    fprintf(stderr, "resume %u %u %u %" PRIu64 " %" PRIu64 "\n", r->domid,
            op->u.resume.flags, op->u.resume.virq, op->u.resume.seq,
            op->u.resume.instance);
    nr_woken[domain - domains]++;
    return 0;
}

/* Interface version 0x17, as of Xen 4.19 to 4.21. */
static int unstable_domctl(const unsigned char *domctl,
                           const struct domain *domain,
                           struct xen_domctl_getdomaininfo *info)
{
    uint32_t cmd, version;

    memcpy(&cmd, domctl, sizeof(cmd));
    memcpy(&version, domctl + 4, sizeof(version));
    if (gsuspend_x86 || version != 0x17)
        return EACCES;
    if (!domain)
        return ESRCH;
    if (domain->record.kind == 101)
        return EACCES; /* as Flask refuses */

    if (cmd == XEN_DOMCTL_resumedomain) {
        fprintf(stderr, "resumedomain %u\n", domain->record.domid);
        nr_woken[domain - domains]++;
    } else {
        info->domain = domain->record.domid;
        info->flags = !domain->record.state ? 0 : XEN_DOMINF_shutdown |
            (domain->record.state == 1 ? SHUTDOWN_suspend : SHUTDOWN_poweroff)
            << XEN_DOMINF_shutdownshift;
    }
    return 0;
}

int fake_host_hypercall(unsigned int nr, void *arg)
{
    unsigned char *domctl = arg;
    struct xen_domctl_guest_suspend *op = (void *)(domctl + 16);
    struct domain *domain = NULL;
    uint16_t domid;

    read_host();
    memcpy(&domid, domctl + 8, sizeof(domid));
    for (unsigned int i = 0; i < nr_domains; i++)
        if (domains[i].record.domid == domid)
            domain = &domains[i];

    if (nr == 36 && *(uint32_t *)arg != XEN_DOMCTL_guest_suspend) {
        errno = stock ? unstable_domctl(domctl, domain, (void *)op) : EACCES;
        return errno ? -1 : 0;
    }
    if (says_calls)
        fprintf(stderr, "call %s\n", (const char *[]){ "GET", "LIST", "RESUME" }
                [op->op > 2 ? 0 : op->op]);
    errno = nr != 36 || op->op > 2 ? EFAULT :
            stock ? EACCES : op_errno[op->op];
    if (!errno && op->op == XEN_GUEST_SUSPEND_OP_LIST)
        return list(op);
    if (!errno && !domain)
        errno = ESRCH;
    if (errno)
        return -1;

    if (op->op == XEN_GUEST_SUSPEND_OP_RESUME) {
        errno = resume(op, domain);
        return errno ? -1 : 0;
    }
    op->u.get.record = domain->record;
    answer(&op->u.get.record);
    if (nr_got++ >= replace_after)
        op->u.get.record.instance++;
    return 0;
}

/* xenstore */

struct gsuspend_xenstore {
    int fd; /* a real one, as the real one has */
    bool watched;
};

struct gsuspend_xenstore *gsuspend_xenstore_open(int64_t deadline_ms)
{
    struct gsuspend_xenstore *xs;

    (void)deadline_ms;
    if (no_xenstore) {
        errno = ENOENT;
        return NULL;
    }
    xs = calloc(1, sizeof(*xs));
    if (xs)
        xs->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return xs;
}

void gsuspend_xenstore_close(struct gsuspend_xenstore *xs)
{
    if (!xs)
        return;
    if (xs->fd <= STDERR_FILENO)
        fprintf(stderr, "fake_host: xenstore is also stdio's %d\n", xs->fd);
    close(xs->fd);
    free(xs);
}

static struct node *find_node(const char *path)
{
    for (unsigned int i = 0; i < nr_nodes; i++)
        if (!strcmp(nodes[i].path, path))
            return &nodes[i];
    return NULL;
}

static const struct domain *find_domain(unsigned int domid)
{
    for (unsigned int i = 0; i < nr_domains; i++)
        if (domains[i].record.domid == domid)
            return &domains[i];
    return NULL;
}

char *gsuspend_xenstore_read(struct gsuspend_xenstore *xs, const char *path,
                             int64_t deadline_ms)
{
    const struct domain *domain = NULL;
    const struct node *written = find_node(path);
    char node[32], value[256] = "";
    unsigned int domid;

    (void)xs;
    (void)deadline_ms;
    if (says_calls)
        fprintf(stderr, "read %s\n", path);
    if (xenstore_errno) {
        errno = xenstore_errno;
        return NULL;
    }
    if (written)
        return strdup(written->value);
    if (*ready && !strcmp(path, "/tool/guest-suspend/ready"))
        return strdup(ready);
    if (sscanf(path, "/local/domain/%u/%31s", &domid, node) == 2)
        domain = find_domain(domid);
    if (domain && !strcmp(node, "image/device-model-pid")) {
        if (domain->device_model)
            snprintf(value, sizeof(value), "%u", domain->device_model);
    } else if (domain && !strchr(node, '/') && strcmp(domain->name, "-"))
        snprintf(value, sizeof(value), "%s%s", strcmp(node, "vm") ? "" : "/vm/",
                 strcmp(node, "vm") ? domain->name : domain->uuid);
    if (sscanf(path, "/tool/guest-suspend/%u/%31s", &domid, node) == 2)
        domain = find_domain(domid);
    if (domain && !strcmp(node, "state"))
        snprintf(value, sizeof(value), "%s", domain->published);
    if (*value)
        return strdup(value);
    errno = ENOENT;
    return NULL;
}

int gsuspend_xenstore_read_many(struct gsuspend_xenstore *xs,
                                const char *const *paths, char **values,
                                size_t nr, int64_t deadline_ms)
{
    int failed = 0;

    for (size_t i = 0; i < nr; i++) {
        values[i] = gsuspend_xenstore_read(xs, paths[i], deadline_ms);
        if (!values[i] && errno != ENOENT)
            failed = errno;
    }

    errno = failed;
    return failed ? -1 : 0;
}

int gsuspend_xenstore_transaction_start(struct gsuspend_xenstore *xs,
                                        int64_t deadline_ms)
{
    (void)xs;
    (void)deadline_ms;
    return 0;
}

int gsuspend_xenstore_transaction_end(struct gsuspend_xenstore *xs, bool commit,
                                      int64_t deadline_ms)
{
    (void)xs;
    (void)commit;
    (void)deadline_ms;
    return 0;
}

/* At once: a transaction here is never aborted after a write. */
int gsuspend_xenstore_write(struct gsuspend_xenstore *xs, const char *path,
                            const char *value, int64_t deadline_ms)
{
    struct node *node = find_node(path);
    unsigned int domid;

    (void)xs;
    (void)deadline_ms;
    if (!node || strlen(value) >= sizeof(node->value)) {
        errno = ENOENT;
        return -1;
    }
    strcpy(node->value, value);
    fprintf(stderr, "write %s '%s'\n", path, value);
    if (*value && *answers && sscanf(path, "/local/domain/%u/", &domid) == 1 &&
        domid == answers_domid) {
        answered = true;
        node->value[0] = 0;
    }
    return 0;
}

/* One block, as its callers expect it. */
char *gsuspend_xenstore_directory(struct gsuspend_xenstore *xs,
                                  const char *path, int64_t deadline_ms,
                                  size_t *len_r)
{
    char *ids = malloc(8 * nr_domains + 1);

    (void)xs;
    (void)deadline_ms;
    if (!ids || strcmp(path, "/local/domain"))
        abort();
    *len_r = 0;
    for (unsigned int i = 0; i < nr_domains; i++)
        *len_r += 1 + (size_t)snprintf(ids + *len_r, 8, "%u",
                                       domains[i].record.domid);
    return ids;
}

int gsuspend_xenstore_resume(struct gsuspend_xenstore *xs, uint32_t domid,
                             int64_t deadline_ms)
{
    (void)xs;
    (void)deadline_ms;
    fprintf(stderr, "XS_RESUME %u\n", domid);
    return 0;
}

/*
 * No epoll_wait() here, and nothing to watch but a domain's own nodes.  Nothing
 * fires: callers have to look now and then.
 */
int gsuspend_xenstore_fd(const struct gsuspend_xenstore *xs)
{
    return xs->watched ? -1 : xs->fd;
}

int gsuspend_xenstore_watch(struct gsuspend_xenstore *xs, const char *path)
{
    xs->watched = !strncmp(path, "/local/", 7);
    return xs->watched ? 0 : -1;
}

int gsuspend_xenstore_ask(struct gsuspend_xenstore *xs, const char *path)
{
    (void)xs;
    (void)path;
    return -1;
}

enum gsuspend_xenstore_event
gsuspend_xenstore_next(struct gsuspend_xenstore *xs, const char **text_r)
{
    *text_r = NULL;
    return xs->watched ? GSUSPEND_XENSTORE_NONE : GSUSPEND_XENSTORE_LOST;
}
