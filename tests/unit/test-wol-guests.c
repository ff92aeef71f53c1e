/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which guest a MAC wakes, and which sleep of it: guests.c on a made-up xenstore and
 * a made-up library.  The x86 wake runs this program itself as xl.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <libxl_guest_suspend.h>

#include "tools/libs/light/guest_suspend_poll.h"
#include "tools/libs/light/guest_suspend_xenstore.h"
#include "tools/xen-guest-wol/guests.h"
#include "tap.h"

#define MAC "00:16:3e:00:00:07"
static const uint8_t mac[] = { 0x00, 0x16, 0x3e, 0x00, 0x00, 0x07 };
static char *all[] = { NULL };

/* xenstore: PATH, and its value or, with a 0 after each, its children. */
static const struct {
    const char *path;
    const char *value;
    size_t length;
} nodes[] = {
#define NODE(path, value) { path, value, sizeof(value) }
    NODE("/libxl", "1\0002\0003\0004"),
    /* No vif. */
    NODE("/local/domain/1/name", "one"),
    /* The guest can write that one. */
    NODE("/local/domain/1/device/vif", "0"),
    NODE("/local/domain/1/device/vif/0/mac", MAC),
    NODE("/libxl/2/device/vif", "0\0001"),
    NODE("/libxl/2/device/vif/0/mac", "00:16:3e:00:00:17"),
    NODE("/libxl/2/device/vif/1/mac", MAC),
    NODE("/local/domain/2/name", "two\n"),
    NODE("/libxl/3/device/vif", "0"),
    NODE("/libxl/3/device/vif/0/mac", "00:16:3e:00:00:08"),
    NODE("/local/domain/3/name", "three"),
    /* Its name has gone: it ends. */
    NODE("/libxl/4/device/vif", "0"),
    NODE("/libxl/4/device/vif/0/mac", MAC),
};

static const char *broken;      /* a path that cannot be read */
static int nr_open;

struct gsuspend_xenstore *gsuspend_xenstore_open(int64_t deadline_ms)
{
    static int it;

    (void)deadline_ms;
    if (broken && !*broken) {
        errno = ENOTCONN;
        return NULL;
    }
    nr_open++;
    return (struct gsuspend_xenstore *)&it;
}

void gsuspend_xenstore_close(struct gsuspend_xenstore *xs)
{
    if (xs)
        nr_open--;
}

char *gsuspend_xenstore_directory(struct gsuspend_xenstore *xs,
                                  const char *path, int64_t deadline_ms,
                                  size_t *len_r)
{
    size_t i;

    (void)xs;
    (void)deadline_ms;
    errno = broken && !strcmp(path, broken) ? ETIMEDOUT : ENOENT;
    for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        char *copy;

        if (errno == ETIMEDOUT || strcmp(nodes[i].path, path))
            continue;
        *len_r = nodes[i].length;
        copy = malloc(nodes[i].length);
        return copy ? memcpy(copy, nodes[i].value, nodes[i].length) : NULL;
    }
    return NULL;
}

char *gsuspend_xenstore_read(struct gsuspend_xenstore *xs, const char *path,
                             int64_t deadline_ms)
{
    size_t length;

    return gsuspend_xenstore_directory(xs, path, deadline_ms, &length);
}

int64_t gsuspend_now_ms(void)
{
    return 0;
}

/* The library: each domain is in this state, and each wake ends with that rc. */
static libxl_guest_suspend_state state;
static int state_rc, wake_rc, nr_wakes;
static libxl_domid woken;
static uint64_t seq, woken_seq, woken_instance;

int libxl_domain_suspend_state(libxl_ctx *ctx, libxl_domid domid,
                               libxl_guest_suspend_info *info_r)
{
    (void)ctx;
    libxl_guest_suspend_info_init(info_r);
    info_r->domid = domid;
    info_r->state = state;
    info_r->seq = seq;
    info_r->instance = 2;
    return state_rc;
}

int libxl_domain_resume_virq(libxl_ctx *ctx, libxl_domid domid, uint32_t virq,
                             const libxl_domain_resume_virq_opts *opts)
{
    (void)ctx;
    TAP_EQ_INT(virq, LIBXL_RESUME_VIRQ_NONE, "no vIRQ is injected");
    nr_wakes++;
    woken = domid;
    woken_seq = opts->seq;
    woken_instance = opts->instance;
    return wake_rc;
}

/* What is logged for that MAC. */
static const char *log_of(char *const *names)
{
    static char text[512];
    int fd = dup(STDERR_FILENO), pipe_fds[2];
    ssize_t length;

    nr_wakes = 0;
    if (fd < 0 || pipe(pipe_fds) || dup2(pipe_fds[1], STDERR_FILENO) < 0)
        return NULL;
    close(pipe_fds[1]);
    wol_guests_wake(mac, names, "10.99.0.1");
    dup2(fd, STDERR_FILENO);
    close(fd);
    length = read(pipe_fds[0], text, sizeof(text) - 1);
    close(pipe_fds[0]);
    text[length < 0 ? 0 : length] = '\0';
    return text;
}

static void asleep(void)
{
    state = LIBXL_GUEST_SUSPEND_STATE_SUSPENDED;
    state_rc = wake_rc = 0;
    seq = 5;
    broken = NULL;
}

static void test_wake(void)
{
    char two[] = "two\n", three[] = "three";
    char *with[] = { three, two, NULL }, *without[] = { three, NULL };

    asleep();
    TAP_EQ_STR(log_of(all), "xen-guest-wol: woke domain \"two?\" (2), seq 5,"
               " asked by 10.99.0.1\n", "the guest that has the MAC, on one line");
    TAP_EQ_INT(nr_wakes, 1, "and no other one");
    TAP_EQ_INT(woken, 2, "by its domid");
    TAP_EQ_INT(woken_seq, 5, "the sleep that was seen");
    TAP_EQ_INT(woken_instance, 2, "of that instance of the domain");
    log_of(with);
    TAP_EQ_INT(nr_wakes, 1, "a guest that is on the list");
    TAP_EQ_STR(log_of(without), "", "a guest that is not on the list: no word");
    TAP_EQ_INT(nr_wakes, 0, "and no wake");
}

static void test_no_wake(void)
{
    asleep();
    state = LIBXL_GUEST_SUSPEND_STATE_RUNNING;
    TAP_EQ_STR(log_of(all), "", "a guest that runs: no word");
    TAP_EQ_INT(nr_wakes, 0, "and no wake");
    asleep();
    seq = LIBXL_GUEST_SUSPEND_UNKNOWN;
    log_of(all);
    TAP_EQ_INT(nr_wakes, 0, "a sleep without a seq: no wake");
}

static void test_errors(void)
{
    static const char *const paths[] = {
        "/libxl", "/libxl/2/device/vif", "/libxl/2/device/vif/1/mac",
        "/local/domain/2/name",
    };
    size_t i;

    asleep();
    wake_rc = ERROR_GUEST_SUSPEND_STALE;
    TAP_OK(strstr(log_of(all), "domain \"two?\" (2), asked by 10.99.0.1: ") &&
           !strstr(log_of(all), "woke"), "a wake that fails");
    asleep();
    state_rc = ERROR_FAIL;
    TAP_OK(strstr(log_of(all), "(2), asked by 10.99.0.1: ") && !nr_wakes,
           "a state that cannot be read");
    asleep();
    broken = "";
    TAP_OK(strstr(log_of(all), "xenstore: ") && !nr_wakes, "no xenstored");
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        broken = paths[i];
        TAP_OK(strstr(log_of(all), "xenstore: ") && !nr_wakes,
               "xenstored does not answer: %s", broken);
    }
    TAP_EQ_INT(nr_open, 0, "no connection is left open");
}

/* argv of the xl that guests.c started. */
static int run_as_xl(int argc, char **argv)
{
    return argc == 5 && !strcmp(argv[1], "trigger") && !strcmp(argv[2], "2") &&
           !strcmp(argv[3], "wake") && !strcmp(argv[4], "--seq=5") ? 0 : 1;
}

static void test_xl(void)
{
    wol_xl = "/proc/self/exe";
    asleep();
    wake_rc = ERROR_GUEST_SUSPEND_DEVICE_MODEL;
    TAP_OK(strstr(log_of(all), "woke domain"), "x86: woken by xl trigger");
    seq = 6;
    TAP_OK(strstr(log_of(all), "(2), asked by") &&
           !strstr(log_of(all), "woke domain"), "x86: xl trigger fails");
}

int main(int argc, char **argv)
{
    int nr_fds;

    if (argc > 1)
        return run_as_xl(argc, argv);
    nr_fds = tap_nr_fds();
    test_wake();
    test_no_wake();
    test_errors();
    test_xl();
    TAP_EQ_INT(tap_nr_fds(), nr_fds, "no file is left open");
    return tap_done();
}
