/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch-probe: what a watcher of xenstore sees, against the hypervisor's word.
 *
 *   watch-probe settle TIMES BURST DOMID
 *       TIMES times: wake the domain, which goes back to sleep at once, BURST
 *       times as fast as a program can; then wait until the tree shows what
 *       the hypervisor says, suspended and counted.  Prints the sleeps and how
 *       long the tree took, at the median and at most
 *   watch-probe fair TIMES MOST DOMID [FLAPPER...]
 *       TIMES times, a while apart: wake the domain, and count how often a change
 *       of a FLAPPER's that came later is published before the domain's is; wrong
 *       if more than MOST times, or if a flapper is never published.  Prints how
 *       long the domain's changes took, at the median and at most
 *   watch-probe agree
 *       compare what /tool/guest-suspend says with the records; prints what
 *       differs, and how many domains there are
 *
 * Exit status: 0 all good, 1 not, 2 usage.
 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "guest_suspend_call.h"
#include "guest_suspend_list.h"
#include "guest_suspend_names.h"

#define ROOT "/tool/guest-suspend"
#define RECORD_SIZE 1024
#define LIMIT_MS 30000
/* Slow enough that no rate limit of the daemon's has a say, for two changes. */
#define APART_US 400000
#define MOST_FLAPPERS 16

static struct gsuspend_call *call;
static struct xs_handle *xs;

__attribute__((noreturn))
static void broken(const char *what)
{
    fprintf(stderr, "watch-probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint32_t number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end || value > 1000000) {
        fprintf(stderr, "watch-probe: '%s' is not a number\n", text);
        exit(2);
    }
    return (uint32_t)value;
}

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void watch(const char *path)
{
    if (!xs_watch(xs, path, path))
        broken(path);
}

/* The next event of a watch, to be freed. */
static char **next_event(void)
{
    struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
    char **event;

    while (!(event = xs_check_watch(xs))) {
        if (errno != EAGAIN)
            broken("xs_check_watch");
        if (poll(&fd, 1, LIMIT_MS) <= 0) {
            errno = ETIMEDOUT;
            broken("no event");
        }
    }
    return event;
}

static void get(uint32_t domid, struct xen_guest_suspend_record *rec)
{
    if (gsuspend_call_get(call, domid, rec))
        broken("the record");
}

/* Wake it; it may have to fall asleep yet.  The seq of that wake. */
static uint64_t wake(uint32_t domid, uint64_t *at_us)
{
    const uint64_t until = now_us() + LIMIT_MS * 1000ULL;
    struct xen_guest_suspend_record rec;

    do {
        *at_us = now_us();
        if (!gsuspend_call_resume(call, domid, 0, 0, 0, 0, &rec))
            return rec.seq;
    } while (errno == ENODATA && now_us() < until);
    broken("a wake");
}

static void state_path(uint32_t domid, char path[96])
{
    snprintf(path, 96, ROOT "/%"PRIu32"/state", domid);
}

/* What the tree says of a domain; "": nothing. */
static void read_record(uint32_t domid, char record[RECORD_SIZE])
{
    char path[96], *text;

    state_path(domid, path);
    text = xs_read(xs, XBT_NULL, path, NULL);
    snprintf(record, RECORD_SIZE, "%s", text ? text : "");
    free(text);
}

/* A field of it; "": there is none.  "state" is the first word. */
static void word_of(const char *record, const char *name, char value[64])
{
    const char *text = record;
    char prefix[32];

    if (strcmp(name, "state")) {
        snprintf(prefix, sizeof(prefix), " %s=", name);
        text = strstr(record, prefix);
        text = text ? text + strlen(prefix) : "";
    }
    snprintf(value, 64, "%.*s", (int)strcspn(text, " "), text);
}

static uint64_t number_of(const char *record, const char *name)
{
    char value[64];

    word_of(record, name, value);
    return strtoull(value, NULL, 10);
}

/* Whether the tree shows that sleep, or one later. */
static bool shows_sleep(uint32_t domid, uint64_t suspends)
{
    char record[RECORD_SIZE], state[64];

    read_record(domid, record);
    word_of(record, "state", state);
    return !strcmp(state, "suspended") &&
           number_of(record, "suspends") >= suspends;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void print_times(const char *what, uint64_t *us, uint32_t nr)
{
    qsort(us, nr, sizeof(us[0]), compare);
    printf("%s: median %"PRIu64" us, most %"PRIu64" us, of %"PRIu32"\n", what,
           us[nr / 2], us[nr - 1], nr);
}

static uint64_t *room_for(uint32_t nr)
{
    uint64_t *p = calloc(nr ? nr : 1, sizeof(*p));

    if (!p)
        broken("no memory");
    return p;
}

static void watch_state(uint32_t domid)
{
    char path[96];

    state_path(domid, path);
    watch(path);
}

static int do_settle(int argc, char **argv)
{
    struct xen_guest_suspend_record rec;
    uint64_t first, *us, begin;
    uint32_t times, burst, domid, i, j;
    char record[RECORD_SIZE];

    if (argc != 3)
        return 2;
    times = number(argv[0]);
    burst = number(argv[1]);
    domid = number(argv[2]);
    us = room_for(times);
    get(domid, &rec);
    first = rec.nr_suspends;
    watch_state(domid);
    for (i = 0; i < times; i++) {
        for (j = 0; j < burst; j++)
            wake(domid, &begin);
        begin = now_us();
        while (!shows_sleep(domid, first + (uint64_t)(i + 1) * burst))
            free(next_event());
        us[i] = now_us() - begin;
    }
    get(domid, &rec);
    read_record(domid, record);
    if (rec.state != XEN_GUEST_SUSPEND_STATE_SUSPENDED ||
        rec.seq != number_of(record, "seq") ||
        rec.nr_suspends != first + (uint64_t)times * burst ||
        rec.nr_suspends != number_of(record, "suspends")) {
        printf("wrong in the end: record state %u seq %"PRIu64" suspends "
               "%"PRIu64", expected %"PRIu64"; tree seq %"PRIu64" suspends "
               "%"PRIu64"\n", rec.state, rec.seq, rec.nr_suspends,
               first + (uint64_t)times * burst, number_of(record, "seq"),
               number_of(record, "suspends"));
        return 1;
    }
    printf("%"PRIu64" sleeps, all published in the end\n",
           rec.nr_suspends - first);
    print_times("wake to final state published", us, times);
    free(us);
    return 0;
}

/* Which of the flappers an event is of; nr: of none. */
static uint32_t flapper_of(char **event, char (*paths)[96], uint32_t nr)
{
    uint32_t i;

    for (i = 0; i < nr && strcmp(event[XS_WATCH_TOKEN], paths[i]); i++)
        ;
    return i;
}

static uint64_t seq_in_tree(const char *path)
{
    uint32_t domid = (uint32_t)strtoul(path + strlen(ROOT "/"), NULL, 10);
    char record[RECORD_SIZE];

    read_record(domid, record);
    return number_of(record, "seq");
}

/*
 * Wake it; how many later changes of the flappers are published before its own.
 * The events alone do not tell: some were on their way already.
 */
static uint32_t overtaken(uint32_t domid, char (*paths)[96], uint32_t nr,
                          uint64_t *us)
{
    uint32_t before = 0, of;
    char path[96];
    uint64_t begin, seq;

    state_path(domid, path);
    seq = wake(domid, &begin);
    do {
        char **event = next_event();

        of = flapper_of(event, paths, nr);
        /* In this order: what is not there yet was not there before, either. */
        before += of < nr && seq_in_tree(paths[of]) > seq &&
                  seq_in_tree(path) < seq;
        free(event);
    } while (of < nr);
    *us = now_us() - begin;
    return before;
}

static int do_fair(int argc, char **argv)
{
    uint32_t times, most, domid, nr, i, worst = 0, all = 0;
    uint32_t published[MOST_FLAPPERS] = { 0 };
    char flappers[MOST_FLAPPERS][96];
    bool good = true;
    uint64_t *us;

    if (argc < 3 || argc > 3 + MOST_FLAPPERS)
        return 2;
    times = number(argv[0]);
    most = number(argv[1]);
    domid = number(argv[2]);
    nr = (uint32_t)argc - 3;
    us = room_for(times);
    watch_state(domid);
    for (i = 0; i < nr; i++) {
        state_path(number(argv[3 + i]), flappers[i]);
        watch(flappers[i]);
    }
    /* A new watch fires once. */
    for (i = 0; i <= nr; i++)
        free(next_event());
    for (i = 0; i < times; i++) {
        uint32_t before;
        char **event;

        usleep(APART_US);
        while ((event = xs_check_watch(xs))) {
            const uint32_t of = flapper_of(event, flappers, nr);

            if (of < nr)
                published[of]++;
            free(event);
        }
        before = overtaken(domid, flappers, nr, &us[i]);
        if (before > worst)
            worst = before;
    }
    for (i = 0; i < nr; i++) {
        good &= published[i] != 0;
        all += published[i];
    }
    printf("%"PRIu32" changes: at most %"PRIu32" of the flappers' later ones came "
           "first; %"PRIu32" events of theirs in the pauses\n", times, worst, all);
    print_times("wake to event", us, times);
    free(us);
    return good && worst <= most ? 0 : 1;
}

static bool is_word(const char *record, const char *name, const char *wanted)
{
    char shown[64];

    word_of(record, name, shown);
    if (!strcmp(shown, wanted))
        return true;
    printf("%s is '%s', not '%s'\n", name, shown, wanted);
    return false;
}

static bool is(const char *record, const char *name, uint64_t wanted)
{
    char number[24];

    snprintf(number, sizeof(number), "%"PRIu64, wanted);
    return is_word(record, name, number);
}

static bool agrees(const struct xen_guest_suspend_record *r)
{
    uint64_t asleep_ns = r->asleep_ns;
    char record[RECORD_SIZE], virq[16] = "none";
    bool good;

    if (r->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED)
        asleep_ns -= r->now_ns - r->since_ns;
    if (r->wake_virq != XEN_GUEST_SUSPEND_VIRQ_NONE)
        snprintf(virq, sizeof(virq), "%"PRIu32, r->wake_virq);

    read_record(r->domid, record);
    good = is(record, "seq", r->seq);
    good &= is(record, "instance", r->instance);
    good &= is(record, "since-ns", r->since_ns);
    good &= is(record, "asleep-ns", asleep_ns);
    good &= is(record, "suspends", r->nr_suspends);
    good &= is(record, "wake-vcpu", r->wake_vcpu);
    good &= is_word(record, "wake-virq", virq);
    good &= is_word(record, "kind",
                    gsuspend_name(gsuspend_kind_names, r->kind));
    good &= is_word(record, "wake-reason",
                    gsuspend_name(gsuspend_wake_names, r->wake_reason));
    good &= is_word(record, "state",
                    gsuspend_name(gsuspend_state_names, r->state));
    if (!good)
        printf("domain %u: \"%s\"\n", r->domid, record);
    return good;
}

static int do_agree(int argc, char **argv)
{
    struct xen_guest_suspend_record *records;
    unsigned int nr_names, i, nr_dirs = 0;
    uint32_t nr, n;
    char **names;
    bool good = true;

    (void)argv;
    if (argc)
        return 2;
    if (gsuspend_list(call, 0, &records, &nr))
        broken("the records");
    for (n = 0; n < nr; n++)
        good &= agrees(&records[n]);

    names = xs_directory(xs, XBT_NULL, ROOT, &nr_names);
    if (!names)
        broken(ROOT);
    for (i = 0; i < nr_names; i++)
        nr_dirs += strspn(names[i], "0123456789") == strlen(names[i]);
    if (nr_dirs != nr) {
        printf("%u domains in the tree, %"PRIu32" records\n", nr_dirs, nr);
        good = false;
    }
    if (good)
        printf("%"PRIu32" domains, every field as the hypervisor says\n", nr);
    free(names);
    free(records);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct { const char *name; int (*fn)(int, char **); } all[] = {
        { "settle", do_settle }, { "fair", do_fair }, { "agree", do_agree },
    };
    int status = 2;
    size_t i;

    call = gsuspend_call_open(NULL);
    if (!call)
        broken("the hypervisor");
    xs = xs_open(0);
    if (!xs)
        broken("xenstored");
    for (i = 0; argc > 1 && i < sizeof(all) / sizeof(all[0]); i++) {
        if (!strcmp(all[i].name, argv[1]))
            status = all[i].fn(argc - 2, argv + 2);
    }
    if (status == 2)
        fprintf(stderr, "usage: the top of watch-probe.c has it\n");
    xs_close(xs);
    gsuspend_call_close(call);
    return status;
}
