/* SPDX-License-Identifier: GPL-2.0-only */
/* xensuspendd's model: what is to be published, when, and in which order. */

#include <stdlib.h>

#include "../../tools/xenstore-hooks/model.h"

#include "tap.h"

#define RUNNING   XEN_GUEST_SUSPEND_STATE_RUNNING
#define SUSPENDED XEN_GUEST_SUSPEND_STATE_SUSPENDED

static struct model m;
static int64_t time_now = 10000;
static uint64_t took_ms;    /* By each publication. */

static bool see(uint32_t domid, uint64_t instance, uint64_t seq, uint8_t state,
                uint64_t now_ms)
{
    struct xen_guest_suspend_record rec = {
        .domid = (domid_t)domid, .instance = instance, .seq = seq,
        .state = state, .now_ns = 5000, .since_ns = 2000,
    };
    bool fresh;

    if (model_seen(&m, &rec, time_now, now_ms, &fresh))
        return false;
    return fresh;
}

/* Publish what is due: its domid, or -1. */
static int publish(uint64_t now_ms)
{
    struct domain *d = model_next(&m, now_ms);
    int domid;

    if (!d)
        return -1;
    domid = (int)d->domid;
    if (d->gone)
        model_removed(&m, d);
    else
        model_published(&m, d, true, now_ms, took_ms);
    return domid;
}

static void begin(const char *what)
{
    printf("# %s\n", what);
    model_free(&m);
    model_init(&m);
}

static void test_bucket(void)
{
    struct bucket b = { .burst = 3, .period_ms = 10 };
    unsigned int i;

    begin("bucket");
    for (i = 0; i < 3; i++) {
        TAP_OK(bucket_ready(&b, 1000), "burst %u", i);
        bucket_take(&b, 1000);
    }
    TAP_OK(!bucket_ready(&b, 1009), "empty until a period has passed");
    TAP_EQ_INT(bucket_ready_ms(&b), 1010, "and says when");
    bucket_take(&b, 1010);
    TAP_OK(!bucket_ready(&b, 1019) && bucket_ready(&b, 1020), "one per period");
    bucket_take(&b, 5000);
    bucket_take(&b, 5000);
    TAP_OK(bucket_ready(&b, 5000), "full again after a rest, not fuller");
    bucket_take(&b, 5000);
    TAP_OK(!bucket_ready(&b, 5000), "burst is the most");
}

static void test_changes(void)
{
    struct domain *d;

    begin("changes");
    TAP_OK(see(5, 10, 10, RUNNING, 0), "a new domain is fresh");
    TAP_EQ_INT(publish(0), 5, "it is published");
    TAP_EQ_INT(publish(0), -1, "once");
    TAP_OK(model_next_ms(&m) == UINT64_MAX, "nothing else is due");
    TAP_OK(!see(5, 10, 10, RUNNING, 0), "the same again is not fresh");
    TAP_EQ_INT(publish(0), -1, "nor published");

    see(5, 10, 11, SUSPENDED, 1);
    d = model_find(&m, 5);
    TAP_EQ_INT(d->since_time_ns, 7000, "since as a time of day");
    TAP_EQ_INT(model_previous_seq(d), 10, "previous seq");
    TAP_EQ_INT(publish(1), 5, "a change is published");
    see(5, 10, 13, SUSPENDED, 2);
    TAP_EQ_INT(publish(2), 5, "also one that came back to the same state");

    TAP_OK(see(5, 20, 20, SUSPENDED, 3), "a reused domid is fresh");
    TAP_EQ_INT(model_previous_seq(model_find(&m, 5)), 20,
               "and knows nothing of the other's seq");
    TAP_EQ_INT(publish(3), 5, "and is published");
}

/* What was never shown, by what the tree shows and what the record says. */
static void test_coalesced(void)
{
    static const struct {
        uint64_t shown_instance, shown_seq, shown_suspends;
        uint8_t shown_state;
        uint64_t suspends;
        uint8_t state;
        uint64_t wanted;
    } cases[] = {
        { 10, 11, 0, RUNNING, 1, SUSPENDED, 0 },
        { 10, 11, 1, SUSPENDED, 1, RUNNING, 0 },
        { 10, 11, 0, RUNNING, 1, RUNNING, 1 },
        { 10, 11, 1, SUSPENDED, 2, SUSPENDED, 1 },
        { 10, 11, 1, SUSPENDED, 2, RUNNING, 2 },
        { 10, 11, 7, RUNNING, 107, SUSPENDED, 198 },
        /* The same, read again. */
        { 10, 11, 1, SUSPENDED, 1, SUSPENDED, 0 },
        /* Nothing, another domain, and what is damaged: not known. */
        { 0, 0, 0, RUNNING, 5, RUNNING, 0 },
        { 9, 9, 3, SUSPENDED, 5, RUNNING, 0 },
        { 10, 0, 0, RUNNING, 5, RUNNING, 0 },
        /* More than there have been: somebody has edited the node. */
        { 10, 11, 6, RUNNING, 5, RUNNING, 0 },
        { 10, 11, UINT64_MAX, RUNNING, 5, RUNNING, 0 },
    };

    begin("coalesced");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct domain d = {
            .shown = { .seq = cases[i].shown_seq,
                       .instance = cases[i].shown_instance,
                       .suspends = cases[i].shown_suspends,
                       .state = cases[i].shown_state },
            .rec = { .instance = 10, .seq = 20, .state = cases[i].state,
                     .nr_suspends = cases[i].suspends },
        };

        TAP_OK(model_coalesced(&d) == cases[i].wanted, "case %zu", i);
    }
}

static void test_rate(void)
{
    uint64_t now, last = 0, seq = 100;
    unsigned int published = 0, quiet = 0;

    begin("rate limits");
    see(1, 1, 1, RUNNING, 0);
    see(2, 2, 2, RUNNING, 0);
    while (publish(0) >= 0)
        continue;

    /* Domain 1 changes every ms for 10 s; domain 2 once in a while. */
    for (now = 1000; now < 11000; now++) {
        seq++;
        see(1, 1, seq, seq & 1, now);
        if (now % 1000 == 500) {
            seq++;
            see(2, 2, seq, seq & 1, now);
            quiet += publish(now) == 2;
        }
        while (publish(now) == 1) {
            published++;
            last = now;
        }
    }
    TAP_EQ_INT(quiet, 10, "the quiet domain is always first, and at once");
    TAP_OK(published >= 50 && published <= PUBLISH_BURST + 50 + 1,
           "10,000 changes in 10 s make %u publications", published);
    TAP_OK(last > 11000 - 2 * PUBLISH_PERIOD_MS, "they are spread over the time");
    TAP_OK(model_next_ms(&m) < UINT64_MAX, "the final state is still due");
    TAP_OK(model_next_ms(&m) <= 11000 + PUBLISH_PERIOD_MS,
           "within one period");
    TAP_EQ_INT(publish(model_next_ms(&m)), 1, "it arrives");
    TAP_EQ_INT(model_find(&m, 1)->shown.seq, model_find(&m, 1)->rec.seq,
               "and is the last one");
    TAP_OK(model_next_ms(&m) == UINT64_MAX,
           "then nothing is to be waited for");
}

static void test_rate_of_all(void)
{
    unsigned int i, published = 0;

    begin("rate limit of all domains together");
    for (i = 0; i < 1000; i++)
        see(i, i + 1, i + 1, RUNNING, 0);
    while (publish(0) >= 0)
        published++;
    TAP_EQ_INT(published, PUBLISH_ALL_BURST, "a burst");
    TAP_OK(model_next_ms(&m) == PUBLISH_ALL_PERIOD_MS, "then one per period");
    model_list_begin(&m);
    model_list_end(&m);
    TAP_EQ_INT(m.nr, PUBLISH_ALL_BURST, "what the tree never had just goes");
    published = 0;
    while (publish(0) >= 0)
        published++;
    TAP_EQ_INT(published, PUBLISH_ALL_BURST, "removals have no limit");
    TAP_EQ_INT(m.nr, 0, "nothing is left");
}

static void test_share(void)
{
    uint64_t now = 0, busy_ms = 0, seq = 1000;
    unsigned int i, published = 0;

    begin("a slow xenstored");
    took_ms = 10;
    for (i = 0; i < 100; i++)
        see(i, i + 1, i + 1, RUNNING, 0);
    while (now < 100000) {
        for (i = 0; i < 100; i++) {
            seq++;
            see(i, i + 1, seq, seq & 1, now);
        }
        if (publish(now) >= 0) {
            published++;
            busy_ms += took_ms;
            now += took_ms;
        } else
            now++;
    }
    took_ms = 0;
    TAP_OK(busy_ms <= 100000 / PUBLISH_SHARE + 1000,
           "of 100 s, 100 flapping domains get %u ms", (unsigned int)busy_ms);
    TAP_OK(busy_ms >= 100000 / PUBLISH_SHARE - 1000, "and not less");

    begin("a slow xenstored, after a gap");
    took_ms = 50;
    for (i = 0; i < 100; i++)
        see(i, i + 1, i + 1, RUNNING, now);
    model_missed(&m);
    for (published = 0; publish(now) >= 0; published++)
        now += took_ms;
    TAP_EQ_INT(published, 100, "what was missed is published at once");
    see(7, 8, 200, SUSPENDED, now);
    TAP_EQ_INT(publish(now), 7, "and no later change waits for that");

    begin("a xenstored that stood still");
    see(1, 1, 1, RUNNING, now);
    took_ms = 30000;
    TAP_EQ_INT(publish(now), 1, "a publication of 30 s");
    for (i = 2; publish(now) >= 0 || i == 2; i++)
        see(i, i, i, RUNNING, now);
    TAP_OK(model_next_ms(&m) <= now + PUBLISH_COST_MAX_MS,
           "holds up the others for a second, not for four times as long");
    took_ms = 0;
}

static void test_order(void)
{
    begin("order");
    see(1, 1, 5, RUNNING, 0);
    see(2, 2, 4, RUNNING, 0);
    see(3, 3, 6, RUNNING, 0);
    TAP_EQ_INT(publish(10), 2, "the oldest change first");
    TAP_EQ_INT(publish(10), 1, "then the next");
    see(2, 2, 7, SUSPENDED, 0);
    TAP_EQ_INT(publish(11), 3, "one never published before one that was");
    TAP_EQ_INT(publish(11), 2, "which is last");
}

/* Domains that are looked at for one change, with nr domains. */
static unsigned int looked_at(unsigned int nr)
{
    uint64_t before;
    unsigned int i;

    begin("what an event costs");
    took_ms = 0;
    for (i = 0; i < nr; i++) {
        see(i, i + 1, i + 1, RUNNING, 0);
        model_introduced(&m, model_find(&m, i), true);
    }
    model_missed(&m);
    while (publish(0) >= 0)
        ;

    before = m.looked_at;
    for (i = 0; i < 10; i++) {
        see(i * 7, i * 7 + 1, 10000 + i, SUSPENDED, 1000000);
        TAP_EQ_INT(publish(1000000), (int)i * 7, "a change is published");
        TAP_OK(publish(1000000) < 0 && model_next_ms(&m) == UINT64_MAX &&
               model_recheck_ms(&m, 1000000) == UINT64_MAX,
               "... and nothing else is due");
    }
    return (unsigned int)(m.looked_at - before);
}

static void test_cost(void)
{
    unsigned int few = looked_at(100);

    TAP_EQ_INT(few, 10, "each change looks at one domain");
    TAP_EQ_INT(looked_at(10000), few, "... with 10,000 domains, too");

    /* A dead one leaves no trace. */
    model_introduced(&m, model_find(&m, 5000), false);
    TAP_EQ_INT(publish(1000000), 5000, "one is gone");
    TAP_EQ_INT(m.nr_dirty, 0, "... and nothing is dirty");
    model_list_begin(&m);
    model_list_end(&m);
    TAP_EQ_INT(m.nr_dirty, m.nr, "all are gone");
    while (publish(1000000) >= 0)
        ;
    TAP_OK(!m.nr && !m.nr_dirty && !m.nr_unknown, "... and removed");
}

static void test_asking(void)
{
    unsigned int i, asked = 0;
    uint64_t now_ms = 1000;

    begin("xenstored releases domains");
    TAP_OK(model_ask_ms(&m) == UINT64_MAX, "nothing to ask");
    model_released(&m, now_ms);
    TAP_EQ_INT(model_ask_ms(&m), 1000, "the first release is asked about at once");
    model_released(&m, now_ms + 5);
    TAP_EQ_INT(model_ask_ms(&m), 1000, "another one does not put that off");

    /* A release each millisecond, and questions that take 100 ms. */
    for (i = 0; i < 4000; i++, now_ms++) {
        model_released(&m, now_ms);
        if (model_ask_ms(&m) > now_ms)
            continue;
        i += 100;
        now_ms += 100;
        model_asked(&m, now_ms, 100);
        asked++;
    }
    TAP_OK(asked >= 9 && asked <= 11, "a quarter of the time: %u times", asked);
    TAP_OK(model_ask_ms(&m) != UINT64_MAX, "the last release is asked about");

    model_asked(&m, now_ms, 60000);
    TAP_OK(model_ask_ms(&m) == UINT64_MAX, "all is asked");
    model_released(&m, now_ms);
    TAP_EQ_INT(model_ask_ms(&m), now_ms + ASK_WAIT_MAX_MS,
               "however long it takes, not for longer than this");
    model_asked(&m, now_ms, 100);
    model_released(&m, now_ms + 1000);
    TAP_EQ_INT(model_ask_ms(&m), now_ms + 1000, "a later one is not kept waiting");
}

static void test_missed(void)
{
    uint64_t seq = 1000;
    unsigned int i, published = 0;

    begin("what was missed, while all domains flap");
    for (i = 0; i < 500; i++)
        see(i, i + 1, i + 1, RUNNING, 0);
    model_missed(&m);
    while (!model_settled(&m) && publish(0) >= 0) {
        published++;
        for (i = 0; i < 500; i++) {
            seq++;
            see(i, i + 1, seq, seq & 1, 0);
        }
    }
    TAP_OK(model_settled(&m), "the tree has been given all of it");
    TAP_EQ_INT(published, 500, "at once, past the rate limits");
    TAP_OK(model_next_ms(&m) > 0, "which hold for what came later");
    model_missed(&m);
    TAP_OK(!model_settled(&m), "missed again");
    model_list_begin(&m);
    model_list_end(&m);
    while (publish(0) >= 0)
        continue;
    TAP_OK(model_settled(&m), "what died needs no publication");
}

static void test_failures(void)
{
    struct domain *d;
    uint64_t now = 0, last = 0;
    unsigned int i;

    begin("failures");
    see(1, 1, 1, RUNNING, 0);
    see(2, 2, 2, RUNNING, 0);
    d = model_next(&m, 0);
    model_failed(d, 0);
    TAP_EQ_INT(publish(0), 2, "a failure holds up nobody else");
    TAP_EQ_INT(publish(RETRY_MIN_MS - 1), -1, "not at once again");
    TAP_EQ_INT(model_next_ms(&m), RETRY_MIN_MS, "but soon");
    for (i = 0; i < 40; i++) {
        now = model_next_ms(&m);
        TAP_OK(now - last <= RETRY_MAX_MS, "attempt %u is in time", i);
        last = now;
        model_failed(model_next(&m, now), now);
    }
    TAP_EQ_INT(publish(model_next_ms(&m)), 1, "never given up");
}

static void test_tree(void)
{
    struct shown shown = { .seq = 8, .instance = 7, .state = SUSPENDED };

    begin("what an earlier tree shows");
    model_adopt(&m, 1, &shown);
    model_adopt(&m, 2, &shown);
    model_adopt(&m, 3, &shown);
    model_adopt(&m, 4, &(struct shown){ 0 });
    model_list_begin(&m);
    see(1, 7, 8, SUSPENDED, 0);     /* as shown */
    see(3, 7, 9, RUNNING, 0);       /* missed */
    see(4, 10, 10, RUNNING, 0);     /* damaged */
    model_list_end(&m);
    TAP_EQ_INT(model_previous_seq(model_find(&m, 3)), 8, "what was missed");
    TAP_EQ_INT(publish(0), 2, "the dead domain's nodes go");
    TAP_EQ_INT(publish(0), 3, "what was missed is published");
    TAP_EQ_INT(publish(0), 4, "what is damaged is written again");
    TAP_EQ_INT(publish(0), -1, "what is right is left alone");
    TAP_OK(!model_find(&m, 2), "the dead one is forgotten");

    model_forget_tree(&m);
    TAP_OK(model_next_ms(&m) < UINT64_MAX,
           "all is to be shown again in an empty tree");
}

/* The clock is set between two readings of one change. */
static void test_since(void)
{
    struct shown shown = { .seq = 8, .instance = 7, .state = SUSPENDED,
                           .since_time_ns = 4000 };

    begin("the time of day of a change");
    time_now = 1000;
    see(1, 1, 2, SUSPENDED, 0);
    TAP_EQ_INT(model_find(&m, 1)->since_time_ns, -2000, "before 1970");
    publish(0);
    time_now = 10000;
    see(1, 1, 2, SUSPENDED, 0);
    TAP_EQ_INT(model_find(&m, 1)->since_time_ns, -2000,
               "is kept when the clock is set");
    model_forget_tree(&m);
    see(1, 1, 2, SUSPENDED, 0);
    TAP_EQ_INT(model_find(&m, 1)->since_time_ns, -2000,
               "and when xenstored is another one");
    see(1, 1, 3, RUNNING, 0);
    TAP_EQ_INT(model_find(&m, 1)->since_time_ns, 7000, "another change");
    publish(0);
    TAP_EQ_INT(model_find(&m, 1)->shown.since_time_ns, 7000, "is published");

    model_adopt(&m, 2, &shown);
    model_adopt(&m, 3, &shown);
    model_adopt(&m, 4, &shown);
    see(2, 7, 8, SUSPENDED, 0);
    see(3, 7, 9, SUSPENDED, 0);
    see(4, 8, 8, SUSPENDED, 0);
    TAP_EQ_INT(model_find(&m, 2)->since_time_ns, 4000,
               "the next daemon keeps what the tree shows");
    TAP_EQ_INT(model_find(&m, 3)->since_time_ns, 7000, "not for a later change");
    TAP_EQ_INT(model_find(&m, 4)->since_time_ns, 7000, "nor another domain");
}

static void test_introduced(void)
{
    struct domain *d;

    begin("introduced and released");
    see(1, 1, 1, RUNNING, 0);
    d = model_find(&m, 1);
    publish(0);
    model_introduced(&m, d, true);
    TAP_EQ_INT(model_recheck_ms(&m, 0) == UINT64_MAX, 1, "no recheck");
    model_introduced(&m, d, false);
    TAP_EQ_INT(publish(0), 1, "released: its nodes go");
    d = model_find(&m, 1);
    TAP_OK(d, "the hypervisor still lists it");
    see(1, 1, 2, RUNNING, 0);
    TAP_EQ_INT(publish(0), -1, "it is not shown again");
    model_introduced(&m, d, true);
    TAP_EQ_INT(publish(0), 1, "unless it is introduced again");
    model_introduced(&m, d, false);
    publish(0);
    model_list_begin(&m);
    model_list_end(&m);
    TAP_EQ_INT(m.nr, 0, "forgotten once the hypervisor has forgotten it");

    begin("another xenstored, which knows no domain");
    see(1, 1, 1, RUNNING, 0);
    d = model_find(&m, 1);
    publish(0);
    model_introduced(&m, d, true);
    model_forget_introduced(&m);
    model_introduced(&m, d, false);
    TAP_OK(!d->gone, "those that it does not know live");
    model_introduced(&m, d, true);
    model_introduced(&m, d, false);
    TAP_OK(d->gone, "those that it releases do not");

    begin("rechecks of domains that were never introduced");
    see(1, 1, 1, RUNNING, 500);
    model_introduced(&m, model_find(&m, 1), false);
    TAP_EQ_INT(publish(500), 1, "published all the same");
    TAP_EQ_INT(model_recheck_ms(&m, 500), 500 + RECHECK_MIN_MS, "recheck");
    model_rechecked(&m, 2000);
    TAP_EQ_INT(model_recheck_ms(&m, 2000), 2000 + 2 * RECHECK_MIN_MS,
               "less often each time");
    model_list_begin(&m);
    model_list_end(&m);
    TAP_EQ_INT(publish(2000), 1, "gone");
    TAP_OK(model_recheck_ms(&m, 2000) == UINT64_MAX, "no more rechecks");
}

int main(void)
{
    test_bucket();
    test_changes();
    test_coalesced();
    test_rate();
    test_rate_of_all();
    test_share();
    test_order();
    test_missed();
    test_cost();
    test_asking();
    test_failures();
    test_tree();
    test_since();
    test_introduced();
    model_free(&m);
    return tap_done();
}
