/* SPDX-License-Identifier: GPL-2.0-only */
/* Wakes that are due; see wakes.h. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "log.h"
#include "wakes.h"

#define LINE_MAX 400

/* xl's exit status where the sleep is over; xl(1) has them all. */
enum {
    XL_DONE = 0,
    XL_NOT_SUSPENDED = 3,
    XL_NO_DOMAIN = 5,
    XL_STALE = 7,
};

struct wake {
    struct wake *next;
    uint32_t domid;
    uint64_t seq;
    uint64_t not_before_ms;
    uint32_t failures;
    bool listed;
    bool over;                  /* It is not to be tried again. */
    pid_t pid;                  /* 0: no xl runs. */
    int fd;                     /* Its output. */
    bool killed;                /* Its time was up. */
    uint64_t deadline_ms;
};

struct wakes {
    const char *xl;
    struct wake *list;          /* In the order in which they became known. */
    unsigned int nr_running;
};

struct wakes *wakes_new(const char *xl)
{
    struct wakes *wakes = calloc(1, sizeof(*wakes));

    if (wakes)
        wakes->xl = xl;
    return wakes;
}

void wakes_list_begin(struct wakes *wakes)
{
    struct wake *wake;

    for (wake = wakes->list; wake; wake = wake->next)
        wake->listed = false;
}

static void free_those_over(struct wakes *wakes)
{
    struct wake **link = &wakes->list, *wake;

    while ((wake = *link)) {
        if (wake->over && !wake->pid) {
            *link = wake->next;
            free(wake);
        } else
            link = &wake->next;
    }
}

void wakes_list_end(struct wakes *wakes)
{
    struct wake *wake;

    for (wake = wakes->list; wake; wake = wake->next)
        wake->over |= !wake->listed;
    free_those_over(wakes);
}

int wakes_due(struct wakes *wakes, uint32_t domid, uint64_t seq,
              uint64_t not_before_ms)
{
    struct wake **link, *wake;

    for (link = &wakes->list; (wake = *link); link = &wake->next) {
        if (wake->domid == domid && wake->seq == seq) {
            wake->listed = true;
            return 0;
        }
    }

    wake = calloc(1, sizeof(*wake));
    if (!wake)
        return -1;
    *wake = (struct wake){
        .domid = domid, .seq = seq, .not_before_ms = not_before_ms,
        .listed = true,
    };
    *link = wake;
    return 1;
}

/* Only the first failure is logged: there may be no end to them. */
static void fail(struct wake *wake, const char *why, uint64_t now_ms)
{
    uint64_t pause_ms = WAKES_RETRY_MAX_MS;

    log_msg(wake->failures ? LOG_DEBUG : LOG_WARNING,
            "cannot wake domid=%"PRIu32" seq=%"PRIu64" for its alarm: %s; "
            "trying again", wake->domid, wake->seq, why);
    if (wake->failures < 9)
        pause_ms = (uint64_t)WAKES_RETRY_MIN_MS << wake->failures;
    if (pause_ms > WAKES_RETRY_MAX_MS)
        pause_ms = WAKES_RETRY_MAX_MS;
    wake->failures++;
    wake->not_before_ms = now_ms + pause_ms;
}

static void start(struct wakes *wakes, struct wake *wake, uint64_t now_ms)
{
    char domid[16], seq[32], path[] = CHILD_PATH;
    char xl[] = "xl", trigger[] = "trigger", wake_word[] = "wake";
    char *argv[] = { xl, trigger, domid, wake_word, seq, NULL };
    char *env[] = { path, NULL };
    pid_t pid;

    snprintf(domid, sizeof(domid), "%"PRIu32, wake->domid);
    snprintf(seq, sizeof(seq), "--seq=%"PRIu64, wake->seq);
    pid = child_start(wakes->xl, argv, env, &wake->fd);
    if (pid < 0) {
        fail(wake, strerror(errno), now_ms);
        return;
    }
    log_msg(LOG_DEBUG, "waking domid=%"PRIu32" seq=%"PRIu64" for its alarm",
            wake->domid, wake->seq);
    wake->pid = pid;
    wake->killed = false;
    wake->deadline_ms = now_ms + WAKES_LIMIT_MS;
    wakes->nr_running++;
}

/* The last line of what xl printed, fit for the log; NULL: nothing. */
static const char *last_line(int fd, char line[LINE_MAX])
{
    char text[LINE_MAX];
    ssize_t len = 0, got;
    char *begin;

    /* An xl that prints more than this has its first lines logged. */
    while (len < LINE_MAX - 1 &&
           (got = read(fd, text + len, (size_t)(LINE_MAX - 1 - len))) > 0)
        len += got;
    while (len && text[len - 1] == '\n')
        len--;
    text[len] = '\0';
    begin = strrchr(text, '\n');
    begin = begin ? begin + 1 : text;
    return *log_sanitise(line, LINE_MAX, begin, strlen(begin)) ? line : NULL;
}

static void take_status(struct wake *wake, int status, uint64_t now_ms)
{
    char line[LINE_MAX], text[48];
    const char *why = NULL;

    if (WIFEXITED(status)) {
        switch (WEXITSTATUS(status)) {
        case XL_DONE:
        case XL_NOT_SUSPENDED:
        case XL_NO_DOMAIN:
        case XL_STALE:
            wake->over = true;
            return;
        }
    }

    if (wake->killed)
        why = "xl has not ended in time";
    else
        why = last_line(wake->fd, line);
    if (!why) {
        why = text;
        if (WIFSIGNALED(status))
            snprintf(text, sizeof(text), "xl was killed by signal %d",
                     WTERMSIG(status));
        else
            snprintf(text, sizeof(text), "xl has exit status %d",
                     WEXITSTATUS(status));
    }
    fail(wake, why, now_ms);
}

static void kill_group(const struct wake *wake)
{
    kill(-wake->pid, SIGKILL);
    kill(wake->pid, SIGKILL);
}

static void take_exit(struct wakes *wakes, struct wake *wake, uint64_t now_ms)
{
    int status;

    /* The stock xl, should it be left. */
    kill_group(wake);
    if (waitpid(wake->pid, &status, 0) == wake->pid)
        take_status(wake, status, now_ms);
    close(wake->fd);
    wake->pid = 0;
    wakes->nr_running--;
}

static bool waits(const struct wakes *wakes, const struct wake *wake)
{
    return !wake->pid && !wake->over && wakes->nr_running < WAKES_PARALLEL;
}

/* Of those whose time has come: the one that has failed the least. */
static struct wake *next_to_start(const struct wakes *wakes, uint64_t now_ms)
{
    struct wake *wake, *best = NULL;

    for (wake = wakes->list; wake; wake = wake->next) {
        if (waits(wakes, wake) && wake->not_before_ms <= now_ms &&
            (!best || wake->failures < best->failures))
            best = wake;
    }
    return best;
}

void wakes_run(struct wakes *wakes, bool child_ended, uint64_t now_ms)
{
    struct wake *wake;

    for (wake = wakes->list; wake; wake = wake->next) {
        if (!wake->pid)
            continue;
        if (child_ended && child_has_ended(wake->pid))
            take_exit(wakes, wake, now_ms);
        else if (wake->deadline_ms <= now_ms) {
            wake->killed = true;
            wake->deadline_ms = now_ms + WAKES_LIMIT_MS;
            kill_group(wake);
        }
    }
    free_those_over(wakes);

    while ((wake = next_to_start(wakes, now_ms)))
        start(wakes, wake, now_ms);
}

uint64_t wakes_deadline_ms(const struct wakes *wakes)
{
    const struct wake *wake;
    uint64_t first_ms = UINT64_MAX, ms;

    for (wake = wakes->list; wake; wake = wake->next) {
        ms = wake->pid ? wake->deadline_ms
                       : waits(wakes, wake) ? wake->not_before_ms : UINT64_MAX;
        if (ms < first_ms)
            first_ms = ms;
    }
    return first_ms;
}

void wakes_free(struct wakes *wakes)
{
    struct wake *wake;

    if (!wakes)
        return;
    while ((wake = wakes->list)) {
        if (wake->pid) {
            kill_group(wake);
            close(wake->fd);
        }
        wakes->list = wake->next;
        free(wake);
    }
    free(wakes);
}
