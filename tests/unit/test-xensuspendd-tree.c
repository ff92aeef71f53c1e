/* SPDX-License-Identifier: GPL-2.0-only */
/* xensuspendd's nodes in xenstore, and what its refusals do. */

#include <errno.h>
#include <stdlib.h>

#include "../../tools/xenstore-hooks/fields.h"
#include "../../tools/xenstore-hooks/log.h"
#include "../../tools/xenstore-hooks/tree.h"

#include "fake_xenstore.h"
#include "tap.h"

static struct tree *tree;

static struct domain domain = {
    .domid = 3,
    .rec = {
        .domid = 3, .seq = 12, .instance = 9, .now_ns = 7000, .since_ns = 5000,
        .asleep_ns = 2500, .nr_suspends = 2, .nr_denied = 4,
        .state = XEN_GUEST_SUSPEND_STATE_SUSPENDED,
        .kind = XEN_GUEST_SUSPEND_KIND_PSCI,
        .wake_reason = XEN_GUEST_SUSPEND_WAKE_INTERRUPT,
        .denied_reason = XEN_GUEST_SUSPEND_DENIED_VCPU_ONLINE,
        .wake_virq = 32, .wake_vcpu = 1,
    },
    .since_time_ns = 1700000000000000042,
};

static void begin(const char *what)
{
    printf("# %s\n", what);
    tree_close(tree);
    fake_xs_reset();
    tree = tree_open();
    TAP_OK(tree && !tree_prepare(tree), "connected");
}

#define NODE TREE_ROOT "/3/state"

static void test_values(void)
{
    begin("values");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/version"), "1", "version");
    fake_xs->requests = 0;
    TAP_OK(!tree_publish(tree, &domain, true), "published");
    TAP_EQ_INT(fake_xs->requests, 1, "by one request");
    TAP_EQ_STR(fake_xs_get(NODE),
               "suspended seq=12 instance=9 kind=psci "
               "since=1700000000.000000042 since-ns=5000 asleep-ns=500 "
               "suspends=2 denied=4 denied-reason=vcpu-online "
               "wake-reason=interrupt wake-virq=32 wake-vcpu=1 hooks=due",
               "all of it");
    TAP_OK(fake_xs_find(NODE)->private &&
           fake_xs_find(TREE_ROOT "/version")->private, "for domain 0 alone");
    TAP_OK(!tree_hooks_done(tree, 3, 12), "hooks ran");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/hooks-seq"), "12", "as the tree says");
    TAP_EQ_INT(fake_xs_find(NODE)->writes, 1, "without a change of state");
    TAP_OK(!tree_publish(tree, &domain, false), "published, without hooks");
    TAP_EQ_STR(fake_xs_field(NODE, "hooks"), "none", "as the tree says");
    TAP_EQ_INT(fake_xs_find(NODE)->writes, 2, "a write tells watchers");

    TAP_OK(!tree_set_ready(tree, 1234), "ready");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/ready"), "1234", "with the pid");
    TAP_EQ_INT(tree_says_ready(tree, 1234), 1, "as it says");
    TAP_EQ_INT(tree_says_ready(tree, 123), 0, "and not another one's");
    TAP_OK(!tree_set_ready(tree, 12) && !tree_set_ready(tree, 0) &&
           !fake_xs_get(TREE_ROOT "/ready"), "not when it ends");
    TAP_EQ_INT(tree_says_ready(tree, 12), 0, "as it says");
    TAP_OK(!tree_remove(tree, 3) && !fake_xs_get(TREE_ROOT "/3") &&
           !fake_xs_get(NODE), "removed");
    TAP_OK(!tree_remove(tree, 3), "twice is no failure");
}

static void test_hostile_values(void)
{
    struct domain d = domain;

    begin("values that no hypervisor has today");
    d.rec.state = d.rec.kind = d.rec.wake_reason = d.rec.denied_reason = 255;
    d.rec.wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE;
    d.rec.wake_vcpu = UINT32_MAX;
    d.rec.seq = d.rec.instance = d.rec.since_ns = d.rec.now_ns = UINT64_MAX;
    d.rec.asleep_ns = d.rec.nr_suspends = d.rec.nr_denied = UINT64_MAX;
    d.since_time_ns = INT64_MIN;
    TAP_OK(!tree_publish(tree, &d, true), "published");
    TAP_EQ_STR(fake_xs_field(NODE, "state"), "unknown", "state");
    TAP_EQ_STR(fake_xs_field(NODE, "kind"), "unknown", "kind");
    TAP_EQ_STR(fake_xs_field(NODE, "wake-reason"), "unknown", "reason");
    TAP_EQ_STR(fake_xs_field(NODE, "wake-virq"), "none", "no vIRQ");
    TAP_EQ_STR(fake_xs_field(NODE, "seq"), "18446744073709551615", "seq");
    TAP_EQ_STR(fake_xs_field(NODE, "since"), "-9223372036.854775808", "since");
    TAP_EQ_STR(fake_xs_field(NODE, "hooks"), "due", "and it is all there");

    d = domain;
    d.rec.asleep_ns = d.rec.now_ns - d.rec.since_ns - 1;
    TAP_OK(!tree_publish(tree, &d, true), "less time asleep than this sleep");
    TAP_EQ_STR(fake_xs_field(NODE, "asleep-ns"), "0", "does not wrap");
    d.rec.since_ns = d.rec.now_ns + 1;
    TAP_OK(!tree_publish(tree, &d, true), "a sleep that begins in the future");
    TAP_EQ_STR(fake_xs_field(NODE, "asleep-ns"), "1999", "adds nothing");
}

static void test_refusals(void)
{
    static const int errnos[] = { ENOSPC, EACCES, EDQUOT, EINVAL, EAGAIN };
    unsigned int e;

    begin("refusals");
    for (e = 0; e < sizeof(errnos) / sizeof(errnos[0]); e++) {
        fake_xs->requests = 0;
        fake_xs->fail_at = 1;
        fake_xs->fail_errno = errnos[e];
        errno = 0;
        TAP_OK(tree_publish(tree, &domain, true) && errno == errnos[e] &&
               !fake_xs_get(NODE), "%s is reported", strerror(errnos[e]));
    }

    TAP_EQ_INT(tree_introduced(tree, 0), 1, "domain 0 is introduced");
    TAP_EQ_INT(tree_introduced(tree, 7), 0, "domain 7 is not");
    fake_xs->requests = 0;
    fake_xs->fail_at = 1;
    fake_xs->fail_errno = EIO;
    TAP_EQ_INT(tree_introduced(tree, 0), -1, "a failure is no answer");
}

#define REST " suspends=2 since=1.000000000"

static void test_scan(void)
{
    static const char *const odd[] = {
        "version", "ready", "07", "0x3", "-1", "32752", "4294967299",
        "18446744073709551617", "3a", "state",
    };
    static const char *const damaged[] = {
        "", " ", "running", "asleep seq=1 instance=1" REST,
        "running seq=1" REST, "running instance=1" REST,
        "running seq=1x instance=1" REST, "running seq= instance=1" REST,
        "running seq instance=1" REST, "running seq=1 instance=1 more" REST,
        "seq=1 instance=1 running" REST,
        "running seq=18446744073709551616 instance=1" REST,
        "running seq=1 instance=1 suspends=2",
        "running seq=1 instance=1 since=1.000000000",
        "running seq=1 instance=1 suspends=-1 since=1.000000000",
        "running seq=1 instance=1 suspends=2 since=5",
        "running seq=1 instance=1 suspends=2 since=18446743979.250000000",
    };
    static const struct {
        const char *state, *seq;
        uint64_t wanted;
    } hooks[] = {
        { "running seq=9 instance=4" REST " hooks=due", NULL, 0 },
        { "running seq=9 instance=4" REST, NULL, 9 },
        { "running seq=9 instance=4" REST " hooks=due", "8", 8 },
        { "running seq=9 instance=4" REST " hooks=none", "8", 9 },
        { "running seq=9 instance=4" REST " hooks=due more=x", "9", 9 },
        /* An earlier domain's, and what is not ours. */
        { "running seq=9 instance=4" REST " hooks=due", "3", 0 },
        { "running seq=9 instance=4" REST " hooks=due", "10", 0 },
        { "running seq=5 instance=4" REST " hooks=due", "9", 0 },
        { "running seq=9 instance=4" REST " hooks=due", "8x", 0 },
    };
    struct model m;
    struct shown *shown;
    unsigned int i;
    char path[96];

    begin("reading an earlier tree");
    model_init(&m);
    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        snprintf(path, sizeof(path), TREE_ROOT "/%s", odd[i]);
        fake_xs_put(path, "1");
    }
    TAP_OK(!tree_scan(tree, &m) && m.nr == 0, "what is no domid is not ours");

    TAP_OK(!tree_publish(tree, &domain, false), "published");
    fake_xs_put(TREE_ROOT "/0", "");
    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        snprintf(path, sizeof(path), TREE_ROOT "/%u/state", 10 + i);
        fake_xs_put(path, damaged[i]);
    }
    TAP_OK(!tree_scan(tree, &m), "read");
    TAP_EQ_INT(m.nr, 2 + i, "each domain");
    shown = &model_find(&m, 3)->shown;
    TAP_OK(shown->present && shown->seq == 12 && shown->instance == 9 &&
           shown->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED &&
           shown->hooks_seq == 12 &&
           shown->since_time_ns == domain.since_time_ns, "as published");
    shown = &model_find(&m, 0)->shown;
    TAP_OK(shown->present && !shown->seq, "one without a state");
    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        shown = &model_find(&m, 10 + i)->shown;
        TAP_OK(shown->present && !shown->seq && !shown->instance &&
               !shown->hooks_seq, "damaged: \"%s\"", damaged[i]);
    }

    for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        fake_xs_put(NODE, hooks[i].state);
        if (hooks[i].seq)
            fake_xs_put(TREE_ROOT "/3/hooks-seq", hooks[i].seq);
        TAP_OK(!tree_scan(tree, &m) &&
               model_find(&m, 3)->shown.hooks_seq == hooks[i].wanted,
               "hooks of \"%s\", %s", hooks[i].state,
               hooks[i].seq ? hooks[i].seq : "none");
    }

    fake_xs->requests = 0;
    fake_xs->fail_at = 4;
    fake_xs->fail_errno = EACCES;
    TAP_OK(tree_scan(tree, &m) && errno == EACCES, "a failure is reported");
    fake_xs->fail_at = 0;
    model_free(&m);
}

static void test_names(void)
{
    struct domain named = { .domid = 3, .name = strdup("before") };
    static const char cut[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...";
    char longest[256], line[LOG_NAME_MAX + 4];

    begin("names");
    tree_domain_name(tree, &named);
    TAP_EQ_STR(named.name, "before", "none: the one before stays");
    fake_xs_put("/local/domain/3/name", "a\"b\\c\nstate=\033[1m\x7f\xc3\xa4");
    tree_domain_name(tree, &named);
    TAP_EQ_STR(named.name, "a?b?c?state=?[1m???", "cannot forge a log line");
    memset(longest, 'x', 255);
    longest[255] = '\0';
    fake_xs_put("/local/domain/3/name", longest);
    tree_domain_name(tree, &named);
    TAP_EQ_STR(named.name, longest, "all of a long one");
    TAP_EQ_STR(log_name(line, named.name), cut, "which the log cuts visibly");
    free(named.name);
}

int main(void)
{
    test_values();
    test_hostile_values();
    test_refusals();
    test_scan();
    test_names();
    tree_close(tree);
    fake_xs_free();
    return tap_done();
}
