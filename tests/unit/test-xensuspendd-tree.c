/* SPDX-License-Identifier: GPL-2.0-only */
/* xensuspendd's nodes in xenstore, and what its refusals do. */

#include <errno.h>
#include <stdlib.h>

#include "../../tools/xenstore-hooks/nodes.h"
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
    .since_wall_ns = 1700000000000000042,
};

static void begin(const char *what)
{
    printf("# %s\n", what);
    tree_close(tree);
    fake_xs_reset();
    tree = tree_open();
    TAP_OK(tree && !tree_prepare(tree), "connected");
}

static void test_values(void)
{
    static const struct {
        const char *name, *value;
    } wanted[] = {
        { "state", "suspended" }, { "seq", "12" }, { "instance", "9" },
        { "kind", "psci" }, { "since", "1700000000.000000042" },
        { "since-ns", "5000" }, { "asleep-ns", "500" }, { "suspends", "2" },
        { "denied", "4" }, { "denied-reason", "vcpu-online" },
        { "wake-reason", "interrupt" }, { "wake-virq", "32" },
        { "wake-vcpu", "1" },
    };
    struct node nodes[NODES_MAX];
    unsigned int i;
    char path[96];

    begin("values");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/version"), "1", "version");
    fake_xs->commits = 0;
    TAP_OK(!tree_publish(tree, &domain, false), "published");
    TAP_EQ_INT(fake_xs->commits, 1, "in one transaction");
    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        snprintf(path, sizeof(path), TREE_ROOT "/3/%s", wanted[i].name);
        TAP_EQ_STR(fake_xs_get(path), wanted[i].value, wanted[i].name);
    }
    TAP_EQ_INT(nodes_of_record(&domain.rec, 0, nodes), i, "that is all");
    TAP_OK(!fake_xs_get(TREE_ROOT "/3/hooks-seq"), "hooks are still to run");
    TAP_OK(!tree_hooks_done(tree, 3, 9, 12), "hooks ran");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/hooks-seq"), "12", "as the tree says");
    TAP_OK(!tree_hooks_done(tree, 3, 8, 7), "those of a dead domain");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/hooks-seq"), "12", "are not noted");
    TAP_OK(!tree_hooks_done(tree, 4, 8, 7) && !fake_xs_get(TREE_ROOT "/4"),
           "nor make a directory of their own");

    TAP_OK(!tree_set_ready(tree, 1234), "ready");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/ready"), "1234", "with the pid");
    TAP_OK(!tree_set_ready(tree, 0) && !fake_xs_get(TREE_ROOT "/ready"),
           "no more");
    TAP_OK(!tree_remove(tree, 3) && !fake_xs_get(TREE_ROOT "/3") &&
           !fake_xs_get(TREE_ROOT "/3/state"), "removed");
    TAP_OK(!tree_remove(tree, 3), "twice is no failure");
}

static void test_hostile_values(void)
{
    struct domain d = domain;

    begin("values that no hypervisor has today");
    d.rec.state = d.rec.kind = d.rec.wake_reason = d.rec.denied_reason = 255;
    d.rec.wake_virq = XEN_GUEST_SUSPEND_VIRQ_NONE;
    d.rec.seq = d.rec.instance = UINT64_MAX;
    d.since_wall_ns = UINT64_MAX;
    TAP_OK(!tree_publish(tree, &d, true), "published");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/state"), "unknown", "state");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/kind"), "unknown", "kind");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/wake-reason"), "unknown", "reason");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/wake-virq"), "none", "no vIRQ");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/seq"), "18446744073709551615", "seq");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/since"), "18446744073.709551615",
               "since");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/hooks-seq"), "18446744073709551615",
               "no hooks to run");
}

static void test_reuse(void)
{
    struct domain d = domain;

    begin("a reused domid");
    fake_xs_put(TREE_ROOT "/3/instance", "5");
    fake_xs_put(TREE_ROOT "/3/seq", "6");
    fake_xs_put(TREE_ROOT "/3/hooks-seq", "6");
    d.shown = (struct shown){ .present = true, .seq = 6, .instance = 5 };
    TAP_OK(!tree_publish(tree, &d, false), "published");
    TAP_OK(!fake_xs_get(TREE_ROOT "/3/hooks-seq"),
           "nothing of the other domain is left");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/instance"), "9", "instance");
}

static void test_only_changes(void)
{
    struct domain d = domain;

    begin("a change, when the tree shows the one before");
    TAP_OK(!tree_publish(tree, &d, false), "published");
    d.written = d.rec;
    d.written_wall_ns = d.since_wall_ns;
    d.shown = (struct shown){ .present = true, .seq = 12, .instance = 9 };
    d.rec.seq = 14;
    d.rec.nr_suspends = 3;
    TAP_OK(!tree_publish(tree, &d, false), "published again");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/seq"), "14", "seq");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/suspends"), "3", "suspends");
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/3/kind")->writes, 1,
               "what is the same is not written");
    TAP_EQ_INT(fake_xs_find(TREE_ROOT "/3/state")->writes, 2,
               "but state is, for watchers");

    d.written = d.rec;
    fake_xs->requests = 0;
    d.rec.seq++;
    d.rec.since_ns++;
    d.since_wall_ns++;
    d.rec.asleep_ns += 1000;
    d.rec.nr_suspends++;
    TAP_OK(!tree_publish(tree, &d, true), "published once more");
    TAP_EQ_INT(fake_xs->requests, 9, "requests of an ordinary change");
    d.written = d.rec;
    d.written_wall_ns = d.since_wall_ns;
    fake_xs->requests = 0;
    d.rec.seq++;
    d.rec.since_ns++;
    d.since_wall_ns++;
    d.rec.asleep_ns += 1000;
    d.rec.nr_suspends++;
    d.rec.nr_denied++;
    d.rec.denied_reason = XEN_GUEST_SUSPEND_DENIED_BAD_ENTRY;
    d.rec.wake_reason = XEN_GUEST_SUSPEND_WAKE_TOOLSTACK;
    d.rec.wake_virq++;
    d.rec.wake_vcpu++;
    TAP_OK(!tree_publish(tree, &d, true), "and one that changes all it can");
    TAP_EQ_INT(fake_xs->requests, 14, "requests of that");

    fake_xs_remove(TREE_ROOT "/3/kind");
    d.rec.seq = 16;
    d.written.seq = 0;
    TAP_OK(!tree_publish(tree, &d, false), "published, the tree unknown");
    TAP_EQ_STR(fake_xs_get(TREE_ROOT "/3/kind"), "psci", "whole again");
}

static void test_refusals(void)
{
    static const int errnos[] = { ENOSPC, EACCES, EDQUOT, EINVAL };
    unsigned int i, e, requests, lost = 0;

    begin("refusals");
    fake_xs->conflicts = TREE_ATTEMPTS - 1;
    TAP_OK(!tree_publish(tree, &domain, false), "conflicts are tried again");
    tree_remove(tree, 3);
    fake_xs->conflicts = TREE_ATTEMPTS;
    errno = 0;
    TAP_OK(tree_publish(tree, &domain, false) && errno == EAGAIN,
           "but not for ever");
    fake_xs->conflicts = 0;

    fake_xs->requests = 0;
    TAP_OK(!tree_publish(tree, &domain, false), "published");
    requests = fake_xs->requests;
    for (e = 0; e < sizeof(errnos) / sizeof(errnos[0]); e++) {
        for (i = 1; i <= requests; i++) {
            fake_xs_remove(TREE_ROOT "/3");
            fake_xs->requests = 0;
            fake_xs->fail_at = i;
            fake_xs->fail_errno = errnos[e];
            errno = 0;
            if (!tree_publish(tree, &domain, false) || errno != errnos[e] ||
                fake_xs_get(TREE_ROOT "/3"))
                lost++;
        }
    }
    fake_xs->fail_at = 0;
    TAP_EQ_INT(lost, 0, "any refusal at any request is reported, and leaves "
                        "nothing half-done");

    TAP_EQ_INT(tree_introduced(tree, 0), 1, "domain 0 is introduced");
    TAP_EQ_INT(tree_introduced(tree, 7), 0, "domain 7 is not");
    fake_xs->requests = 0;
    fake_xs->fail_at = 1;
    fake_xs->fail_errno = EIO;
    TAP_EQ_INT(tree_introduced(tree, 0), -1, "a failure is no answer");
}

static void test_scan(void)
{
    static const char *const odd[] = {
        "version", "ready", "07", "0x3", "-1", "32752", "4294967299",
        "18446744073709551617", "3a", "state",
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

    TAP_OK(!tree_publish(tree, &domain, true), "published");
    fake_xs_put(TREE_ROOT "/4/state", "running");
    fake_xs_put(TREE_ROOT "/4/seq", "1x");
    fake_xs_put(TREE_ROOT "/4/instance", "1");
    fake_xs_put(TREE_ROOT "/5/state", "asleep");
    fake_xs_put(TREE_ROOT "/5/seq", "1");
    fake_xs_put(TREE_ROOT "/5/instance", "1");
    fake_xs_put(TREE_ROOT "/0", "");
    TAP_OK(!tree_scan(tree, &m), "read");
    TAP_EQ_INT(m.nr, 4, "four domains");
    shown = &model_find(&m, 3)->shown;
    TAP_OK(shown->present && shown->seq == 12 && shown->instance == 9 &&
           shown->state == XEN_GUEST_SUSPEND_STATE_SUSPENDED &&
           shown->hooks_seq == 12, "as published");
    for (i = 0; i < 6; i++) {
        if (i == 3 || !model_find(&m, i))
            continue;
        shown = &model_find(&m, i)->shown;
        TAP_OK(shown->present && !shown->seq, "%u is damaged", i);
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
    char name[DOMAIN_NAME_MAX] = "before";
    char longest[64];

    begin("names");
    tree_domain_name(tree, 3, name);
    TAP_EQ_STR(name, "before", "none: the one before stays");
    fake_xs_put("/local/domain/3/name", "a\"b\\c\nstate=\033[1m\x7f\xc3\xa4");
    tree_domain_name(tree, 3, name);
    TAP_EQ_STR(name, "a?b?c?state=?[1m???", "cannot forge a log line");
    memset(longest, 'x', 63);
    longest[63] = '\0';
    fake_xs_put("/local/domain/3/name", longest);
    tree_domain_name(tree, 3, name);
    TAP_EQ_STR(name, longest, "long");
}

int main(void)
{
    test_values();
    test_hostile_values();
    test_reuse();
    test_only_changes();
    test_refusals();
    test_scan();
    test_names();
    tree_close(tree);
    fake_xs_free();
    return tap_done();
}
