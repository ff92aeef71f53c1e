/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The node by which a guest says that it can be asked to sleep: when it is made, for
 * whom, and that nothing else ever is.
 */

#include <errno.h>

#include <xenstore.h>

#include "../../tools/xenstore-hooks/feature.h"

#include "fake_xenstore.h"
#include "tap.h"

#define CONTROL "/local/domain/7/control"
#define FEATURE CONTROL "/feature-s3"

static struct xs_handle *begin(const char *what)
{
    printf("# %s\n", what);
    fake_xs_reset();
    return xs_open(0);
}

static void test_made(void)
{
    struct xs_handle *xs = begin("a guest that lacks it");
    unsigned int nr;

    fake_xs_put(CONTROL "/shutdown", "");
    nr = fake_xs->nr;
    TAP_EQ_INT(feature_make(xs, 7), 0, "is served");
    TAP_EQ_STR(fake_xs_get(FEATURE), "", "the node is empty");
    TAP_OK(fake_xs_find(FEATURE) && fake_xs_find(FEATURE)->owner == 7,
           "and the guest's");
    TAP_EQ_INT(fake_xs->nr, nr + 1, "nothing else is new");
    xs_close(xs);
}

static void test_left_alone(void)
{
    struct xs_handle *xs = begin("what there is, is left alone");
    unsigned int nr;

    fake_xs_put(FEATURE, "1");
    fake_xs_find(FEATURE)->writes = 0;
    fake_xs->requests = 0;
    TAP_EQ_INT(feature_make(xs, 7), 0, "a guest that has it");
    TAP_EQ_STR(fake_xs_get(FEATURE), "1", "keeps what it says");
    TAP_EQ_INT(fake_xs_find(FEATURE)->writes, 0, "untouched");
    TAP_EQ_INT(fake_xs->requests, 1, "by one request");

    nr = fake_xs->nr;
    TAP_EQ_INT(feature_make(xs, 8), 0, "a domain without ~/control");
    TAP_EQ_INT(fake_xs->nr, nr, "gets nothing");
    fake_xs_put("/local/domain/0/control/shutdown", "");
    nr = fake_xs->nr;
    TAP_EQ_INT(feature_make(xs, 0), 0, "dom0");
    TAP_EQ_INT(fake_xs->nr, nr, "gets nothing");
    xs_close(xs);
}

static void test_conflicts(void)
{
    struct xs_handle *xs = begin("a guest that gets in the way");

    fake_xs_put(CONTROL "/shutdown", "");
    fake_xs->conflicts = 3;
    TAP_EQ_INT(feature_make(xs, 7), 0, "three times");
    TAP_OK(fake_xs_find(FEATURE) != NULL, "is served");

    fake_xs_remove(FEATURE);
    fake_xs->conflicts = 1000000;
    fake_xs->requests = 0;
    TAP_EQ_INT(feature_make(xs, 7), -1, "for ever");
    TAP_EQ_INT(errno, EBUSY, "EBUSY");
    TAP_OK(fake_xs->requests < 100, "after %u requests", fake_xs->requests);
    TAP_OK(!fake_xs_find(FEATURE), "has no node");
    xs_close(xs);
}

/* Each request fails in turn. */
static void test_failures(void)
{
    struct xs_handle *xs = begin("a xenstored that fails");
    unsigned int at;
    int r = -1;

    for (at = 1; r && at < 20; at++) {
        fake_xs_put(CONTROL "/shutdown", "");
        fake_xs->requests = 0;
        fake_xs->fail_at = at;
        fake_xs->fail_errno = ENOSPC;
        r = feature_make(xs, 7);
        if (r)
            TAP_OK(errno == ENOSPC && !fake_xs_find(FEATURE),
                   "request %u: an error, and no node", at);
    }
    TAP_OK(!r && at > 6, "%u requests", at - 2);
    xs_close(xs);
}

int main(void)
{
    test_made();
    test_left_alone();
    test_conflicts();
    test_failures();
    fake_xs_free();
    return tap_done();
}
