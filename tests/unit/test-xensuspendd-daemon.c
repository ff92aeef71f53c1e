/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole of xensuspendd but its hypercalls: it runs in a child, against a
 * fake xenstored and a fake hypervisor in memory that survives it, and is killed
 * before each of its requests in turn.
 */

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../tools/libs/light/guest_suspend_names.h"
#include "../../tools/libs/light/guest_suspend_time.h"
#include "../../tools/libs/light/guest_suspend_times.h"
#include "../../tools/xenstore-hooks/daemon.h"
#include "../../tools/xenstore-hooks/log.h"
#include "../../tools/xenstore-hooks/source.h"
#include "../../tools/xenstore-hooks/tree.h"

#include "fake_xenstore.h"
#include "tap.h"

#define RUNNING   XEN_GUEST_SUSPEND_STATE_RUNNING
#define SUSPENDED XEN_GUEST_SUSPEND_STATE_SUSPENDED

#define MAX_DOMAINS 64

/* The fake hypervisor; domids are positions, instance 0 is no domain. */
static struct fake_hypervisor {
    struct xen_guest_suspend_record records[MAX_DOMAINS];
    uint64_t seq;
    unsigned int moves;     /* Changes when all domains are listed, before the
                               listing gets to it; 0: none does. */
    unsigned int moves_too; /* Changes before the record of moves is got. */
    unsigned int early;     /* Times that it was ready too early. */
    int open_errno;
    int event_fds[2];

    /* Of test_flood(). */
    unsigned int listings;  /* So far. */
    bool pending;           /* The event is raised, and not taken. */
    unsigned int waiting;   /* The domain whose change is awaited; 0: none. */
    unsigned int waits_from;    /* The listings when it changed, */
    uint64_t waits_from_ns;     /* and the time. */
    unsigned int nr_seen, longest;  /* Such changes; their wait, in listings, */
    uint64_t longest_ns;            /* and in time. */
    size_t memory_first, memory_last;   /* What the daemon has allocated. */
} *hv;

static pid_t daemon_pid;
static int daemon_end_fd;   /* Readable when it has ended. */
static const char *hooks_dir;   /* Of the daemon that is started next. */
static const char *log_to;      /* Likewise; NULL: it logs nothing. */
static const char *xl;          /* Likewise. */

struct source {
    int unused;
};

struct source *source_open(void)
{
    if (hv->open_errno) {
        errno = hv->open_errno;
        return NULL;
    }
    return calloc(1, sizeof(struct source));
}

void source_close(struct source *s)
{
    free(s);
}

int source_fd(const struct source *s)
{
    (void)s;
    return hv->event_fds[0];
}

int source_take(struct source *s)
{
    char byte;

    (void)s;
    if (read(hv->event_fds[0], &byte, 1) != 1)
        return -1;
    __atomic_store_n(&hv->pending, false, __ATOMIC_SEQ_CST);
    return 0;
}

int source_unmask(struct source *s)
{
    (void)s;
    return 0;
}

static void change(unsigned int domid)
{
    struct xen_guest_suspend_record *rec = &hv->records[domid];

    rec->state = !rec->state;
    rec->wake_due = XEN_GUEST_SUSPEND_WAKE_NONE;
    rec->seq = ++hv->seq;
    rec->nr_suspends += rec->state;
}

int source_list(struct source *s, uint64_t after_seq,
                int (*fn)(void *arg,
                          const struct xen_guest_suspend_record *rec),
                void *arg)
{
    const uint64_t until_seq = hv->seq;

    (void)s;
    hv->listings++;
    if (hv->moves && !after_seq)
        change(hv->moves);
    for (;;) {
        const struct xen_guest_suspend_record *next = NULL;
        unsigned int i;

        for (i = 0; i < MAX_DOMAINS; i++) {
            const struct xen_guest_suspend_record *rec = &hv->records[i];

            if (rec->instance && rec->seq > after_seq &&
                rec->seq <= until_seq && (!next || rec->seq < next->seq))
                next = rec;
        }
        if (!next)
            return 0;
        after_seq = next->seq;
        if (fn(arg, next))
            return -1;
    }
}

int source_list_due(struct source *s,
                    int (*fn)(void *arg,
                              const struct xen_guest_suspend_record *rec),
                    void *arg)
{
    unsigned int i;

    (void)s;
    for (i = 0; i < MAX_DOMAINS; i++) {
        const struct xen_guest_suspend_record *rec = &hv->records[i];

        if (rec->instance && rec->wake_due && fn(arg, rec))
            return -1;
    }
    return 0;
}

int source_get(struct source *s, uint32_t domid,
               struct xen_guest_suspend_record *rec)
{
    (void)s;
    if (domid == hv->moves && hv->moves_too) {
        change(hv->moves_too);
        change(hv->moves);
        hv->moves_too = 0;
    }
    if (domid < MAX_DOMAINS && hv->records[domid].instance) {
        *rec = hv->records[domid];
        return 0;
    }
    errno = ESRCH;
    return -1;
}

static void create(unsigned int domid)
{
    hv->records[domid] = (struct xen_guest_suspend_record){
        .domid = (domid_t)domid, .seq = ++hv->seq, .instance = hv->seq,
        .wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE,
    };
    fake_xs->introduced[domid] = true;
}

static void destroy(unsigned int domid)
{
    hv->records[domid].instance = 0;
    fake_xs->introduced[domid] = false;
}

static void must(bool good, const char *what)
{
    if (!good) {
        printf("Bail out! %s: %s\n", what, strerror(errno));
        if (daemon_pid > 0)
            kill(daemon_pid, SIGKILL);
        exit(2);
    }
}

static void raise_event(void)
{
    must(write(hv->event_fds[1], "", 1) == 1, "event");
}

static void raise_watch(const char *what)
{
    must(write(fake_xs->watch_fds[1], what, 1) == 1, "watch");
}

/* As a hypervisor does: one that is pending is not raised again. */
static void raise_event_once(void)
{
    if (!__atomic_exchange_n(&hv->pending, true, __ATOMIC_SEQ_CST))
        raise_event();
}

static void begin(const char *what)
{
    printf("# %s\n", what);
    fake_xs_reset();
    if (hv)
        munmap(hv, sizeof(*hv));
    hv = mmap(NULL, sizeof(*hv), PROT_READ | PROT_WRITE,
              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(hv != MAP_FAILED, "mmap");
    must(!pipe2(hv->event_fds, O_CLOEXEC), "pipe");
}

static void end(void)
{
    close(hv->event_fds[0]);
    close(hv->event_fds[1]);
}

static void start(void)
{
    const struct options o = {
        .action = ACTION_RUN, .log_level = LOG_ERR, .hooks_dir = hooks_dir,
        .hook_timeout_ms = 60000, .xl = xl,
    };
    int fds[2];

    must(!pipe2(fds, O_CLOEXEC), "pipe");
    fflush(stdout);
    daemon_pid = fork();
    must(daemon_pid >= 0, "fork");
    if (!daemon_pid) {
        /* What goes wrong on purpose is no news. */
        log_setup(false, log_to ? LOG_INFO : -1);
        must(!log_to || freopen(log_to, "w", stderr), "log");
        fake_xs_in_child();
        close(fds[0]);
        exit(daemon_run(&o));
    }
    close(fds[1]);
    daemon_end_fd = fds[0];
}

static const char *field(unsigned int domid, const char *name)
{
    char path[96];

    snprintf(path, sizeof(path), TREE_ROOT "/%u/state", domid);
    return fake_xs_field(path, name);
}

static bool has_directory(unsigned int domid)
{
    char path[96];

    snprintf(path, sizeof(path), TREE_ROOT "/%u", domid);
    return fake_xs_find(path);
}

static bool number_is(unsigned int domid, const char *name, uint64_t wanted)
{
    const char *text = field(domid, name);

    return text && strtoull(text, NULL, 10) == wanted;
}

static char times_file[64];

/* Whether the file of times has the time that the node of this record has. */
static bool time_is_in_file(const struct xen_guest_suspend_record *rec)
{
    const struct gsuspend_change shown = {
        .domid = rec->domid, .seq = rec->seq, .instance = rec->instance,
        .since_ns = rec->since_ns,
    };
    const char *since = field(rec->domid, "since");
    int fd = gsuspend_times_open_to_read();
    int64_t in_node, in_file;
    bool same;

    same = since && fd >= 0 && gsuspend_time_parse(since, &in_node) &&
           gsuspend_times_read(fd, &shown, &in_file) && in_file == in_node;
    if (fd >= 0)
        close(fd);
    return same;
}

/* What the daemon has counted, as a reader of its file has it. */
static struct gsuspend_counters counters(void)
{
    struct gsuspend_counters found = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
    int fd = gsuspend_times_open_to_read();

    gsuspend_counters_read(fd, &found);
    close(fd);
    return found;
}

/* Whether the tree says what the hypervisor does, and no more. */
static bool shows_all(bool (*is_shown)(unsigned int domid))
{
    unsigned int i;

    for (i = 0; i < MAX_DOMAINS; i++) {
        const struct xen_guest_suspend_record *rec = &hv->records[i];
        const char *state;

        if (!rec->instance || !is_shown(i)) {
            if (has_directory(i))
                return false;
            continue;
        }
        state = field(i, "state");
        if (!state ||
            strcmp(state, gsuspend_name(gsuspend_state_names, rec->state)) ||
            !number_is(i, "seq", rec->seq) ||
            !number_is(i, "instance", rec->instance) ||
            !number_is(i, "suspends", rec->nr_suspends) ||
            (times_file[0] && !time_is_in_file(rec)))
            return false;
    }
    return true;
}

static bool is_introduced(unsigned int domid)
{
    return fake_xs->introduced[domid];
}

static bool tree_is_true(void)
{
    return shows_all(is_introduced);
}

static bool is_any(unsigned int domid)
{
    (void)domid;
    return true;
}

/* As it has to be when a new xenstored does not know the domains. */
static bool is_all_there(void)
{
    return shows_all(is_any);
}

/* Ready, and by the daemon that runs now. */
static bool is_ready(void)
{
    const char *ready = fake_xs_get(TREE_ROOT "/ready");

    return ready && atoi(ready) == daemon_pid;
}

/* In the daemon itself, since a moment later it may be so. */
static void look_when_ready(const char *path)
{
    unsigned int domid;
    int end = 0;

    /* Whoever hears of the change finds its time in the file. */
    if (sscanf(path, TREE_ROOT "/%u/state%n", &domid, &end) == 1 && end)
        hv->early += !time_is_in_file(&hv->records[domid]);
    if (!strcmp(path, TREE_ROOT "/ready"))
        hv->early += !tree_is_true();
}

static bool is_ready_and_true(void)
{
    return is_ready() && tree_is_true();
}

static bool is_ready_and_all_there(void)
{
    return is_ready() && is_all_there();
}

static bool never(void)
{
    return false;
}

/* Wait until the nodes are so, or the daemon has ended or is to be killed. */
static bool wait_until(bool (*condition)(void))
{
    struct pollfd fds[] = {
        { .fd = fake_xs->change_fds[0], .events = POLLIN },
        { .fd = daemon_end_fd, .events = POLLIN },
    };
    char buf[64];
    bool met;

    while (!(met = condition()) && !fds[1].revents && !fake_xs->stopped) {
        must(poll(fds, 2, -1) > 0, "poll");
        must(read(fds[0].fd, buf, sizeof(buf)) > 0 || errno == EAGAIN, "read");
    }
    return met;
}

/* Its exit status, or -1: it was killed. */
static int wait_for_exit(void)
{
    int status;

    wait_until(never);
    if (fake_xs->stopped)
        kill(daemon_pid, SIGKILL);
    must(waitpid(daemon_pid, &status, 0) == daemon_pid, "waitpid");
    daemon_pid = 0;
    close(daemon_end_fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int stop(void)
{
    kill(daemon_pid, SIGTERM);
    return wait_for_exit();
}

/*
 * It has met the fault that was ordered: twice, since the first may be in the
 * reading of a name, which nothing depends on.
 */
static bool has_failed(void)
{
    return fake_xs->faults >= 2;
}

/* Without the file all goes on; SIGHUP makes it anew. */
static void test_times(void)
{
    begin("times");
    create(0);
    create(1);
    start();
    TAP_OK(wait_until(is_ready_and_true), "ready");
    must(!unlink(times_file), times_file);
    change(1);
    raise_event();
    times_file[0] = '\0';
    TAP_OK(wait_until(tree_is_true), "a change is published without it");
    times_file[0] = '/';
    fake_xs_remove(TREE_ROOT "/1/state");
    kill(daemon_pid, SIGHUP);
    TAP_OK(wait_until(tree_is_true), "SIGHUP: each time is in it again");
    TAP_EQ_INT(stop(), 0, "exit status");

    setenv("XENSUSPENDD_TIMES", "/nowhere/times", 1);
    times_file[0] = '\0';
    start();
    TAP_OK(wait_until(is_ready_and_true), "nowhere to write it: ready");
    change(1);
    raise_event();
    TAP_OK(wait_until(tree_is_true), "and a change is published");
    TAP_EQ_INT(stop(), 0, "exit status");
    times_file[0] = '/';
    setenv("XENSUSPENDD_TIMES", times_file, 1);
    end();
}

static void test_life(void)
{
    unsigned int writes;

    begin("life");
    create(0);
    create(1);
    create(2);
    change(2);
    start();
    TAP_OK(wait_until(is_ready), "ready");
    TAP_OK(tree_is_true(), "the tree is true by then");

    change(1);
    raise_event();
    TAP_OK(wait_until(tree_is_true), "a change is published");
    writes = fake_xs_find(TREE_ROOT "/1/state")->writes;
    change(1);
    change(1);
    raise_event();
    TAP_OK(wait_until(tree_is_true), "a change and back");
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/1/state")->writes, writes + 1,
               "fires the watch of state once");
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/2/state")->writes, 1,
               "and another domain's not at all");

    create(3);
    raise_watch("i");
    TAP_OK(wait_until(tree_is_true), "a new domain has nodes");
    destroy(2);
    raise_watch("r");
    TAP_OK(wait_until(tree_is_true), "a dead one has none");

    fake_xs->introduced[3] = false;
    raise_watch("r");
    TAP_OK(wait_until(tree_is_true), "nor has one that is still being torn "
                                     "down");
    destroy(1);
    create(1);
    raise_watch("r");
    TAP_OK(wait_until(tree_is_true), "a domid is reused at once");

    TAP_EQ_INT(stop(), 0, "SIGTERM ends it well");
    TAP_OK(!fake_xs_get(TREE_ROOT "/ready") && field(1, "state"), "not ready, records left");
    end();
}

static bool gone(void)
{
    return !has_directory(1);
}

static bool has_moved(void)
{
    return !number_is(hv->moves, "seq", hv->records[hv->moves].instance);
}

static bool has_fourth(void)
{
    return has_directory(4);
}

/* A domain that changes before a listing of all domains gets to it. */
static void test_moves(void)
{
    begin("a domain that changes while it is listed");
    create(1);
    create(2);
    create(3);
    start();
    wait_until(is_ready);
    hv->moves = 2;
    hv->moves_too = 3;
    destroy(1);
    raise_watch("r");
    TAP_OK(wait_until(gone), "a dead domain's nodes go");
    wait_until(has_moved);

    /* What it was asked for alone must not end the next listing too late. */
    create(4);
    raise_event();
    wait_until(has_fourth);
    TAP_EQ_INT(stop(), 0, "ends well");
    /* Nodes that were removed in between would count from 1 again. */
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/2/state")->writes, 2,
               "the nodes of one that lives stayed");
    TAP_OK(tree_is_true(), "and no change of another is lost");
    end();
}

static void test_missed(void)
{
    unsigned int i;

    begin("what was missed");
    create(1);
    create(2);
    create(3);
    create(4);
    start();
    wait_until(is_ready);
    kill(daemon_pid, SIGKILL);
    wait_for_exit();
    TAP_OK(fake_xs_get(TREE_ROOT "/ready"), "kill -9 leaves ready");
    change(1);
    destroy(2);
    destroy(3);
    create(3);
    create(5);
    /* More than are published without a look at anything else. */
    for (i = 10; i < 60; i++)
        create(i);
    fake_xs_put(TREE_ROOT "/4/state", "running seq= instance=1");
    fake_xs_put(TREE_ROOT "/version", "0");
    fake_xs_remove(TREE_ROOT "/ready");
    fake_xs_written = look_when_ready;
    start();
    fake_xs_written = NULL;
    TAP_OK(wait_until(is_ready), "ready");
    TAP_EQ_INT(hv->early, 0, "the tree is true by then, and the file before");
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/1/state")->writes, 2,
               "the watch of state fired for what was missed");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/version"), "1", "version");
    stop();
    end();
}

/* A host that has just begun. */
static void make_anew(void)
{
    end();
    fake_xs_reset();
    must(!pipe2(hv->event_fds, O_CLOEXEC), "pipe");
    memset(hv->records, 0, sizeof(hv->records));
    hv->seq = 0;
}

/* Kill it before each request of a start that has everything to do. */
static void test_cuts(void)
{
    unsigned int cut, wrong = 0, early = 0;
    int status;

    begin("killed at every request");
    for (cut = 1;; cut++) {
        make_anew();
        create(1);
        create(2);
        create(3);
        start();
        wait_until(is_ready);
        stop();
        change(1);
        destroy(2);
        destroy(3);
        create(3);
        change(3);
        create(4);

        fake_xs->requests = 0;
        fake_xs->stop_at = cut;
        start();
        wait_until(is_ready);
        /* One that gets through has to be told to end. */
        if (is_ready()) {
            early += !tree_is_true();
            kill(daemon_pid, SIGTERM);
        }
        status = wait_for_exit();
        fake_xs->stop_at = 0;
        fake_xs->stopped = false;

        start();
        if (!wait_until(is_ready_and_true) || stop())
            wrong++;
        if (status != -1)
            break;
    }
    TAP_OK(cut > 20, "%u cuts", cut - 1);
    TAP_EQ_INT(early, 0, "never ready before the tree is true");
    TAP_EQ_INT(wrong, 0, "always true after the next start");
    TAP_EQ_INT(status, 0, "and the last one ended well");
    end();
}

/* What somebody else did to the tree. */
static void test_hangup(void)
{
    begin("SIGHUP");
    create(1);
    create(2);
    create(3);
    create(4);
    start();
    wait_until(is_ready);
    fake_xs_put(TREE_ROOT "/1/state", "suspended seq=1 instance=1");
    fake_xs_put(TREE_ROOT "/2/state", "running seq=2 instance=1");
    fake_xs_remove(TREE_ROOT "/3");
    fake_xs_put(TREE_ROOT "/5/state", "running seq=5 instance=5");
    kill(daemon_pid, SIGHUP);
    TAP_OK(wait_until(tree_is_true), "the tree is compared, and put right");
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/4/state")->writes, 1,
               "where it was not");

    fake_xs_put(TREE_ROOT "/version", "0");
    fake_xs_put(TREE_ROOT "/ready", "1");
    kill(daemon_pid, SIGHUP);
    TAP_OK(wait_until(is_ready), "ready is put right");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/version"), "1", "and version");
    fake_xs_remove(TREE_ROOT);
    kill(daemon_pid, SIGHUP);
    TAP_OK(wait_until(is_ready_and_true), "a tree that was removed is rebuilt");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/version"), "1", "with version");
    TAP_OK(fake_xs_find(TREE_ROOT "/1/state")->private,
           "for domain 0 alone");
    TAP_EQ_INT(stop(), 0, "ends well");
    end();
}

static bool hooks_noted(void)
{
    unsigned int i;

    for (i = 1; i <= 2; i++) {
        const struct xen_guest_suspend_record *rec = &hv->records[i];
        const char *hooks, *seq;
        char path[96];

        if (!number_is(i, "seq", rec->seq))
            return false;
        hooks = field(i, "hooks");
        snprintf(path, sizeof(path), TREE_ROOT "/%u/hooks-seq", i);
        seq = fake_xs_get(path);
        if (strcmp(hooks, "none") &&
            (!seq || strtoull(seq, NULL, 10) != rec->seq))
            return false;
    }
    return true;
}

/* What hooks were given, in that order. */
struct given {
    unsigned int domid;
    uint64_t seq, previous_seq;
};

static unsigned int read_given(const char *path, struct given *given,
                               unsigned int room)
{
    FILE *f = fopen(path, "r");
    unsigned int nr = 0;

    while (f && nr < room &&
           fscanf(f, "%u %"SCNu64" %"SCNu64"\n", &given[nr].domid,
                  &given[nr].seq, &given[nr].previous_seq) == 3)
        nr++;
    if (f)
        fclose(f);
    return nr;
}

/* How many before nr were for that seq of that domain. */
static unsigned int nr_given(const struct given *given, unsigned int nr,
                             unsigned int domid, uint64_t seq)
{
    unsigned int i, found = 0;

    for (i = 0; i < nr; i++)
        found += given[i].domid == domid && given[i].seq == seq;
    return found;
}

static char dir[] = "/tmp/test-xensuspendd-daemon-XXXXXX";
static char hook[sizeof(dir) + 8], out[sizeof(dir) + 8];

static void begin_hooks(void)
{
    FILE *f;

    must(mkdtemp(dir) && !chmod(dir, 0755), dir);
    snprintf(hook, sizeof(hook), "%s/a", dir);
    snprintf(out, sizeof(out), "%s/out", dir);
    f = fopen(hook, "w");
    must(f, hook);
    fprintf(f, "#!/bin/sh\necho $GUEST_SUSPEND_DOMID $GUEST_SUSPEND_SEQ "
            "$GUEST_SUSPEND_PREVIOUS_SEQ >>%s\n", out);
    must(!fclose(f) && !chmod(hook, 0755), hook);
    hooks_dir = dir;
}

static void end_hooks(void)
{
    hooks_dir = NULL;
    must(!unlink(hook) && !unlink(out) && !rmdir(dir), dir);
}

/* Two domains, and hooks that have had the first one's sleep. */
static void start_with_hooks(void)
{
    unlink(out);
    create(1);
    create(2);
    start();
    wait_until(is_ready);
    change(1);
    raise_event();
    wait_until(hooks_noted);
}

/* Kill it before each request of a run with hooks. */
static void test_hook_cuts(void)
{
    unsigned int cut, i, nr, lost = 0, again = 0, unheard = 0;
    struct given given[64];
    int status;

    begin("killed at every request, with hooks");
    for (cut = 1;; cut++) {
        make_anew();
        start_with_hooks();
        stop();

        change(1);
        change(2);
        fake_xs->requests = 0;
        fake_xs->stop_at = cut;
        start();
        wait_until(hooks_noted);
        if (!fake_xs->stopped)
            kill(daemon_pid, SIGTERM);
        status = wait_for_exit();
        fake_xs->stop_at = 0;
        fake_xs->stopped = false;

        change(1);
        start();
        wait_until(hooks_noted);
        must(!stop(), "the end");

        nr = read_given(out, given, sizeof(given) / sizeof(given[0]));
        for (i = 1; i <= 2; i++)
            lost += !nr_given(given, nr, i, hv->records[i].seq);
        for (i = 0; i < nr; i++) {
            const struct given *g = &given[i];

            again += status != -1 && nr_given(given, i, g->domid, g->seq);
            unheard += g->previous_seq != hv->records[g->domid].instance &&
                       !nr_given(given, i, g->domid, g->previous_seq);
        }
        if (status != -1)
            break;
    }
    TAP_OK(cut > 20, "%u cuts", cut - 1);
    TAP_EQ_INT(lost, 0, "hooks run for the last change of each domain");
    TAP_EQ_INT(unheard, 0, "and are told of no earlier one that they had not");
    TAP_EQ_INT(again, 0, "without a kill, they run once");
    TAP_EQ_INT(status, 0, "and the last one ended well");
    end();
}

/* Requests of a restart, with so many domains, of which some are asleep. */
static unsigned int restart_requests(unsigned int nr, unsigned int nr_asleep)
{
    unsigned int i, requests;
    char path[64];

    make_anew();
    for (i = 1; i <= nr; i++) {
        create(i);
        snprintf(path, sizeof(path), "/local/domain/%u/control/feature-s3", i);
        fake_xs_put(path, "");
    }
    for (i = 1; i <= nr_asleep; i++)
        change(i);
    start();
    TAP_OK(wait_until(is_ready_and_true), "ready with %u domains", nr);
    stop();
    fake_xs->requests = 0;
    start();
    TAP_OK(wait_until(is_ready_and_true), "... and again");
    requests = fake_xs->requests;
    stop();
    return requests;
}

static void test_restart_cost(void)
{
    unsigned int few;

    begin("what a restart asks xenstored");
    few = restart_requests(10, 0);
    TAP_EQ_INT(restart_requests(50, 0) - few, 40 * 3,
               "3 requests for each domain: its record, whether it is there,"
               " and whether it can be asked to sleep");
    TAP_EQ_INT(restart_requests(10, 5) - few, 5,
               "1 more, the name, for each that is asleep");
    end();
}

static void test_refusals(void)
{
    begin("refusals");
    create(1);
    start();
    wait_until(is_ready);

    fake_xs->fail_errno = ENOSPC;
    fake_xs->fail_on = true;
    fake_xs->fail_at = fake_xs->requests + 1;
    change(1);
    raise_event();
    wait_until(has_failed);
    TAP_OK(!tree_is_true(), "a full xenstored");
    fake_xs->fail_at = 0;
    TAP_OK(wait_until(tree_is_true), "gets the change once it has room");

    fake_xs->faults = 0;
    fake_xs->fail_at = fake_xs->requests + 1;
    destroy(1);
    raise_watch("r");
    wait_until(has_failed);
    TAP_OK(!tree_is_true(), "and the end of a domain");
    fake_xs->fail_at = 0;
    TAP_OK(wait_until(tree_is_true), "later as well");
    create(1);
    raise_watch("i");
    wait_until(tree_is_true);

    fake_xs->faults = 0;
    fake_xs->fail_errno = EPIPE;
    fake_xs->fail_at = fake_xs->requests + 1;
    change(1);
    raise_event();
    wait_until(has_failed);
    fake_xs_remove(TREE_ROOT);
    fake_xs->fail_at = 0;
    TAP_OK(wait_until(is_ready_and_true),
           "an xenstored that went away and lost everything has it again");
    TAP_EQ_INT(counters().losses, 1, "that is counted");
    TAP_OK(counters().failures >= 2, "and so are the refusals");
    TAP_EQ_INT(stop(), 0, "ends well");
    end();
}

static unsigned int handles_before;

/* It has let go of a xenstored that has ended. */
static bool has_let_go(void)
{
    return fake_xs->handles < handles_before;
}

/* How many lines of the log have that text. */
static unsigned int nr_logged(const char *text)
{
    FILE *f = fopen(log_to, "r");
    char line[1024];
    unsigned int nr = 0;

    must(f, log_to);
    while (fgets(line, sizeof(line), f))
        nr += strstr(line, text) != NULL;
    fclose(f);
    return nr;
}

#define STATUS_PUBLISHING "STATUS=Publishing in " TREE_ROOT

/* A service manager's socket, for the daemon that is started next. */
static int open_manager(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(addr);

    /* Without a name, the kernel finds one. */
    must(fd >= 0 && !bind(fd, (struct sockaddr *)&addr, sizeof(sa_family_t)),
         "socket");
    must(!getsockname(fd, (struct sockaddr *)&addr, &len), "getsockname");
    addr.sun_path[0] = '@';
    must(!setenv("NOTIFY_SOCKET", addr.sun_path, 1), "setenv");
    return fd;
}

/* What the manager is told next. */
static const char *told(int fd)
{
    static char text[128];
    ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

    must(got >= 0, "recv");
    text[got] = '\0';
    return text;
}

static void test_xenstored_ends(void)
{
    char path[] = "/tmp/test-xensuspendd-log-XXXXXX";
    int manager = open_manager();

    begin("xenstored ends, and nothing else happens");
    must(close(mkstemp(path)) == 0, path);
    log_to = path;
    create(1);
    create(2);
    change(1);
    start();
    unsetenv("NOTIFY_SOCKET");
    wait_until(is_ready);
    TAP_EQ_STR(told(manager), "READY=1\n" STATUS_PUBLISHING,
               "the service manager is told");
    handles_before = fake_xs->handles;
    fake_xs_kill();
    TAP_OK(wait_until(has_let_go), "it is noticed");
    TAP_EQ_STR(told(manager), "STATUS=Waiting for xenstored to come back",
               "the service manager as well");
    fake_xs_start();
    TAP_OK(!field(1, "state"), "another one knows nothing");
    TAP_OK(wait_until(is_ready_and_all_there), "until it is told again");
    TAP_EQ_STR(told(manager), STATUS_PUBLISHING, "and the service manager");
    close(manager);
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/1/state")->writes, 1, "once");

    create(3);
    raise_watch("i");
    TAP_OK(wait_until(is_all_there), "a new domain has nodes");
    destroy(3);
    raise_watch("r");
    TAP_OK(wait_until(is_all_there), "a dead one has none");
    destroy(2);
    raise_watch("r");
    TAP_OK(wait_until(is_all_there), "nor one from before, once it is dead");

    handles_before = fake_xs->handles;
    fake_xs_kill();
    wait_until(has_let_go);
    change(1);
    raise_event();
    fake_xs_start();
    TAP_OK(wait_until(is_ready_and_all_there), "a change in between arrives");

    handles_before = fake_xs->handles;
    fake_xs_kill();
    wait_until(has_let_go);
    TAP_EQ_INT(stop(), 0, "while there is none, it ends well");
    TAP_EQ_INT(nr_logged("domid=1 state=suspended seq=3 "), 1,
               "a change is logged once, however many xenstoreds there were");
    TAP_EQ_INT(nr_logged("domid=1 state=running "), 1, "and so is the next");
    log_to = NULL;
    unlink(path);
    end();
}

/* Its sleep, and that this was ended. */
static void wait_death_given(unsigned int domid, uint64_t seq)
{
    struct given given[64];
    unsigned int nr;

    do {
        poll(NULL, 0, 10);
        nr = read_given(out, given, 64);
    } while (nr_given(given, nr, domid, seq) != 2);
    TAP_OK(given[nr - 1].domid == domid && given[nr - 1].previous_seq == seq,
           "the end of a sleep by death follows the sleep");
}

/* What hooks are given of a domain that xenstored's end and its own befall. */
static void test_hook_life(void)
{
    struct given given[64];
    unsigned int nr;

    begin("hooks, when xenstored ends and when the domain does");
    start_with_hooks();
    handles_before = fake_xs->handles;
    fake_xs_kill();
    wait_until(has_let_go);
    fake_xs_start();
    wait_until(is_ready_and_all_there);
    fake_xs->introduced[1] = fake_xs->introduced[2] = true;
    change(2);
    raise_event();
    wait_until(hooks_noted);
    nr = read_given(out, given, 64);
    TAP_EQ_INT(nr, 2, "a tree that is made anew is no news");

    destroy(1);
    raise_watch("r");
    wait_until(gone);
    wait_death_given(1, 3);
    destroy(2);
    create(2);
    raise_watch("r");
    wait_death_given(2, 4);
    stop();
    end();
}

/* What stands for xl: says what it was asked for, and then does that. */
static char xl_script[sizeof(dir) + 8], asked_fifo[sizeof(dir) + 8];
static int asked_fd;

static void begin_alarms(const char *xl_does)
{
    FILE *f;

    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    must(mkdtemp(dir), dir);
    snprintf(xl_script, sizeof(xl_script), "%s/xl", dir);
    snprintf(asked_fifo, sizeof(asked_fifo), "%s/asked", dir);
    must(!mkfifo(asked_fifo, 0600), asked_fifo);
    /* Open for writing, too: it has no end between two of them. */
    asked_fd = open(asked_fifo, O_RDWR | O_CLOEXEC);
    must(asked_fd >= 0, asked_fifo);
    f = fopen(xl_script, "w");
    must(f, xl_script);
    fprintf(f, "#!/bin/sh\necho \"$*\" >%s\n%s\n", asked_fifo, xl_does);
    must(!fclose(f) && !chmod(xl_script, 0755), xl_script);
    xl = xl_script;
}

static void end_alarms(void)
{
    close(asked_fd);
    xl = NULL;
    must(!unlink(xl_script) && !unlink(asked_fifo) && !rmdir(dir), dir);
}

/* What xl is asked for next. */
static const char *asked(void)
{
    static char text[64];
    ssize_t got = read(asked_fd, text, sizeof(text) - 1);

    must(got > 0, "read");
    text[got] = '\0';
    return text;
}

static bool is_asked(void)
{
    struct pollfd fd = { .fd = asked_fd, .events = POLLIN };

    return poll(&fd, 1, 0) > 0;
}

static void alarm_comes(unsigned int domid)
{
    hv->records[domid].wake_due = XEN_GUEST_SUSPEND_WAKE_ALARM;
    raise_event();
}

static void test_alarms(void)
{
    begin("alarms of sleeping domains");
    begin_alarms("exit 0");
    create(1);
    create(2);
    start();
    wait_until(is_ready);
    change(1);
    raise_event();
    wait_until(tree_is_true);
    TAP_OK(!is_asked(), "a sleep without an alarm");
    alarm_comes(1);
    TAP_EQ_STR(asked(), "trigger 1 wake --seq=3\n",
               "an alarm: the domain is woken, from that sleep");
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/1/state")->writes, 2,
               "and its node is left alone");
    change(1);
    raise_event();
    wait_until(tree_is_true);
    TAP_OK(!is_asked(), "once");

    change(2);
    alarm_comes(2);
    TAP_EQ_STR(asked(), "trigger 2 wake --seq=5\n",
               "an alarm that comes with the sleep");
    change(2);
    TAP_EQ_INT(stop(), 0, "the end");

    change(1);
    hv->records[1].wake_due = XEN_GUEST_SUSPEND_WAKE_ALARM;
    start();
    TAP_EQ_STR(asked(), "trigger 1 wake --seq=7\n",
               "what came due while it was away");
    wait_until(is_ready);
    kill(daemon_pid, SIGKILL);
    wait_for_exit();
    start();
    TAP_EQ_STR(asked(), "trigger 1 wake --seq=7\n",
               "killed before that was over: again");
    wait_until(is_ready);
    change(1);
    raise_event();
    wait_until(tree_is_true);

    fake_xs_kill();
    change(2);
    alarm_comes(2);
    TAP_EQ_STR(asked(), "trigger 2 wake --seq=9\n",
               "no wake waits for xenstored");
    TAP_EQ_INT(stop(), 0, "the end of it");
    end_alarms();
    end();
}

/* A domain whose alarm comes as soon as it sleeps. */
static void test_alarm_flood(void)
{
    unsigned int i;

    begin("a flood of alarms");
    begin_alarms("exit 0");
    create(1);
    create(2);
    start();
    wait_until(is_ready);
    for (i = 0; i < WAKE_BURST; i++) {
        change(1);
        alarm_comes(1);
        asked();
        change(1);
        raise_event();
    }
    change(1);
    alarm_comes(1);
    change(2);
    alarm_comes(2);
    TAP_OK(!strncmp(asked(), "trigger 2 ", 10),
           "after a burst of %u, another domain goes first", WAKE_BURST);
    TAP_OK(!strncmp(asked(), "trigger 1 ", 10), "and no alarm is lost");
    stop();
    end_alarms();
    end();
}

static void test_start_errors(void)
{
    begin("starts that fail");
    create(1);
    hv->open_errno = EEXIST;
    start();
    TAP_EQ_INT(wait_for_exit(), 1, "a second instance");
    TAP_EQ_INT(fake_xs->requests, 0, "touches nothing");
    hv->open_errno = ENOSYS;
    start();
    TAP_EQ_INT(wait_for_exit(), EXIT_UNSUPPORTED, "no guest suspend");
    hv->open_errno = 0;
    fake_xs_kill();
    start();
    TAP_EQ_INT(wait_for_exit(), 1, "no xenstored");
    end();
}

static void test_flapping(void)
{
    unsigned int i, writes, requests;

    begin("flapping");
    create(1);
    create(2);
    start();
    wait_until(is_ready);
    writes = fake_xs_find(TREE_ROOT "/1/state")->writes;
    requests = fake_xs->requests;
    for (i = 0; i < 5000; i++) {
        change(1);
        raise_event();
    }
    change(2);
    raise_event();
    TAP_OK(wait_until(tree_is_true), "the final state arrives");
    writes = fake_xs_find(TREE_ROOT "/1/state")->writes - writes;
    requests = fake_xs->requests - requests;
    TAP_OK(writes < 200, "5,000 changes make %u publications", writes);
    TAP_EQ_INT(counters().coalesced, 5000 - writes,
               "the changes that were not published are counted");
    TAP_EQ_INT(counters().failures + counters().losses, 0, "nothing failed");
    /* Another domain's, and a name for each, for the log. */
    TAP_OK(requests <= 2 * (writes + 1), "and %u requests", requests);
    TAP_OK(number_is(1, "suspends", 2500), "every sleep is counted");
    stop();
    end();
}

#define FEATURE "/local/domain/5/control/feature-s3"

static bool has_feature(void)
{
    return fake_xs_find(FEATURE) && fake_xs_find(FEATURE)->owner == 5;
}

static void test_feature(void)
{
    begin("guests are let say that they can be asked to sleep");
    fake_xs_put("/local/domain/5/control/shutdown", "");
    create(5);
    start();
    TAP_OK(wait_until(has_feature), "a guest that was there before");
    TAP_OK(wait_until(is_ready_and_true), "the tree is true");
    TAP_EQ_INT(stop(), 0, "exit status");

    fake_xs_put(FEATURE, "1");
    fake_xs_find(FEATURE)->writes = 0;
    start();
    TAP_OK(wait_until(is_ready_and_true), "a later daemon");
    TAP_EQ_STR(fake_xs_get(FEATURE), "1", "leaves alone what the guest wrote");
    TAP_EQ_INT(fake_xs_find(FEATURE)->writes, 0, "... altogether");

    destroy(5);
    fake_xs_remove("/local/domain/5");
    raise_watch("r");
    create(6);
    fake_xs_put("/local/domain/6/control/shutdown", "");
    raise_watch("i");
    TAP_OK(wait_until(tree_is_true), "another guest comes");
    TAP_OK(!fake_xs_find(FEATURE), "the node goes with its guest");
    fake_xs_remove("/local/domain/6/control/feature-s3");
    raise_watch("i");
    change(6);
    raise_event();
    TAP_OK(wait_until(tree_is_true), "later changes");
    TAP_OK(!fake_xs_find("/local/domain/6/control/feature-s3"),
           "a guest that removes its node does not get it back");
    TAP_EQ_INT(stop(), 0, "exit status");
    end();
}

#define FLOOD_PER_S     200000
#define FLOOD_MS        2000
#define FLOOD_OTHERS    8
#define FLOOD_OTHER_MS  25

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* In the daemon: another's change is published. */
static void look_at_others(const char *path)
{
    unsigned int domid, waited;
    uint64_t took_ns;

    hv->memory_last = mallinfo2().uordblks;
    if (!hv->memory_first)
        hv->memory_first = hv->memory_last;
    if (sscanf(path, TREE_ROOT "/%u/state", &domid) != 1 ||
        domid != __atomic_load_n(&hv->waiting, __ATOMIC_SEQ_CST) ||
        !number_is(domid, "seq", hv->records[domid].seq))
        return;
    waited = hv->listings - hv->waits_from;
    took_ns = now_ns() - hv->waits_from_ns;
    hv->nr_seen++;
    if (waited > hv->longest)
        hv->longest = waited;
    if (took_ns > hv->longest_ns)
        hv->longest_ns = took_ns;
    __atomic_store_n(&hv->waiting, 0, __ATOMIC_SEQ_CST);
}

/* Domain 1 changes as fast as hardware lets it, the others now and then. */
static uint64_t flood(void)
{
    const uint64_t begin_ns = now_ns(), other_ns = FLOOD_OTHER_MS * 1000000ULL;
    uint64_t now = begin_ns, next_other_ns = begin_ns, changes = 0;
    unsigned int other = 0;

    while (now - begin_ns < FLOOD_MS * 1000000ULL) {
        while (changes < (now - begin_ns) * FLOOD_PER_S / 1000000000) {
            change(1);
            changes++;
            raise_event_once();
        }
        if (now >= next_other_ns &&
            !__atomic_load_n(&hv->waiting, __ATOMIC_SEQ_CST)) {
            unsigned int domid = 2 + other++ % FLOOD_OTHERS;

            next_other_ns = now + other_ns;
            hv->waits_from = hv->listings;
            hv->waits_from_ns = now;
            change(domid);
            __atomic_store_n(&hv->waiting, domid, __ATOMIC_SEQ_CST);
            raise_event_once();
        }
        now = now_ns();
    }
    return changes;
}

static uint64_t cpu_ns(pid_t pid)
{
    struct timespec used = { 0, 0 };
    clockid_t clock_of;

    must(!clock_getcpuclockid(pid, &clock_of), "clock");
    must(!clock_gettime(clock_of, &used), "clock");
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/*
 * What is checked are counts.  A limit of so many in a time is held against the
 * time that it took.
 */
static void test_flood(void)
{
    unsigned int listings, writes, i;
    uint64_t changes, begin_ns, cpu, took_ms;

    begin("a guest that changes its state 200,000 times a second");
    for (i = 1; i < 2 + FLOOD_OTHERS; i++)
        create(i);
    fake_xs_written = look_at_others;
    begin_ns = now_ns();
    start();
    wait_until(is_ready);
    hv->memory_first = 0;
    writes = fake_xs_find(TREE_ROOT "/1/state")->writes;
    listings = hv->listings;
    cpu = cpu_ns(daemon_pid);
    changes = flood();
    cpu = cpu_ns(daemon_pid) - cpu;
    raise_event_once();
    TAP_OK(wait_until(tree_is_true), "all final states arrive");
    took_ms = (now_ns() - begin_ns) / 1000000;
    writes = fake_xs_find(TREE_ROOT "/1/state")->writes - writes;
    listings = hv->listings - listings;

    printf("# %"PRIu64" changes in %d ms, %u publications, %u listings, "
           "%.1f %% of a CPU\n", changes, FLOOD_MS, writes, listings,
           (double)cpu / FLOOD_MS / 1e4);
    printf("# %u changes of others, the last to be seen after %.1f ms\n",
           hv->nr_seen, (double)hv->longest_ns / 1e6);
    TAP_OK(listings <= 64 + took_ms / 20 + 1,
           "listings: a burst of 64, and one in 20 ms");
    TAP_OK(writes <= 16 + took_ms / 200 + 1,
           "publications: a burst of 16, and five a second");
    TAP_OK(hv->nr_seen >= FLOOD_OTHERS && hv->longest <= 2,
           "others' changes wait for the next listing");
    TAP_OK(hv->memory_last <= hv->memory_first + 1024, "memory: %zu, %zu bytes",
           hv->memory_first, hv->memory_last);
    fake_xs_written = NULL;
    TAP_EQ_INT(stop(), 0, "exit status");
    end();
}

int main(void)
{
    /* The daemon must not talk to what runs the tests. */
    unsetenv("NOTIFY_SOCKET");
    snprintf(times_file, sizeof(times_file), "/tmp/xensuspendd-times-%ld",
             (long)getpid());
    setenv("XENSUSPENDD_TIMES", times_file, 1);
    /* Nothing here takes long: what hangs is to fail. */
    alarm(100);

    test_life();
    test_times();
    test_moves();
    test_missed();
    test_cuts();
    begin_hooks();
    test_hook_cuts();
    test_hook_life();
    end_hooks();
    test_restart_cost();
    test_refusals();
    test_hangup();
    test_xenstored_ends();
    test_alarms();
    test_alarm_flood();
    test_start_errors();
    test_flapping();
    test_flood();
    test_feature();
    unlink(times_file);
    fake_xs_free();
    munmap(hv, sizeof(*hv));
    return tap_done();
}
