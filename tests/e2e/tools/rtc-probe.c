/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rtc-probe: in a guest that has an RTC, sets alarms and says how late they came.
 *
 *   rtc-probe time             the RTC's time, in seconds since the epoch
 *   rtc-probe set-time T       the same, set
 *   rtc-probe alarm T          an alarm at T; print its time as the RTC has it
 *   rtc-probe wait SECONDS     wait for the alarm's interrupt
 *   rtc-probe past             an alarm that was due a minute ago: comes at once
 *   rtc-probe hold             always have an alarm timer due within a second: Linux
 *       refuses to sleep with one that is that near
 *   rtc-probe late HOW N S     N times: wait for a point of time S seconds ahead,
 *       by HOW: awake (an alarm), timer (a timer of the system's), mem (asleep,
 *       for an alarm), boottime (asleep, for a CLOCK_BOOTTIME_ALARM timer), and by the
 *       RTC's own time, as an x86 guest's clock is set anew after a sleep: rtc (as
 *       awake), s3 (as mem).
 *       Print by how many us each was late, and their spread.
 *
 * A sleep for an alarm that may come while it is entered follows the protocol
 * of /sys/power/wakeup_count: then no alarm is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL
/* How long after its time an alarm counts as lost, while the guest is awake. */
#define LOST_S 30

static int rtc_fd = -1;
/* What the RTC's time is ahead of CLOCK_BOOTTIME. */
static int64_t rtc_ahead_ns;

static void die(const char *what)
{
    fprintf(stderr, "rtc-probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t boottime_ns(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_BOOTTIME, &now))
        die("clock_gettime");
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static time_t to_seconds(const struct rtc_time *rtc)
{
    struct tm tm = {
        .tm_sec = rtc->tm_sec, .tm_min = rtc->tm_min, .tm_hour = rtc->tm_hour,
        .tm_mday = rtc->tm_mday, .tm_mon = rtc->tm_mon, .tm_year = rtc->tm_year,
    };

    return timegm(&tm);
}

static struct rtc_time from_seconds(time_t seconds)
{
    struct tm tm;

    if (!gmtime_r(&seconds, &tm))
        die("gmtime_r");
    return (struct rtc_time){
        .tm_sec = tm.tm_sec, .tm_min = tm.tm_min, .tm_hour = tm.tm_hour,
        .tm_mday = tm.tm_mday, .tm_mon = tm.tm_mon, .tm_year = tm.tm_year,
    };
}

static time_t rtc_seconds(void)
{
    struct rtc_time now;

    if (ioctl(rtc_fd, RTC_RD_TIME, &now))
        die("RTC_RD_TIME");
    return to_seconds(&now);
}

static void rtc_set_alarm(time_t seconds)
{
    struct rtc_wkalrm alarm = { .enabled = 1, .time = from_seconds(seconds) };

    if (ioctl(rtc_fd, RTC_WKALM_SET, &alarm))
        die("RTC_WKALM_SET");
}

/* The alarm came; false: not in that time. */
static bool rtc_wait(int seconds)
{
    struct pollfd rtc = { .fd = rtc_fd, .events = POLLIN };
    unsigned long data;
    int r = poll(&rtc, 1, seconds * 1000);

    if (r < 0)
        die("poll");
    if (!r)
        return false;
    if (read(rtc_fd, &data, sizeof(data)) != sizeof(data))
        die("read of the RTC");
    if (!(data & RTC_AF)) {
        errno = EPROTO;
        die("the RTC's interrupt is not that of its alarm");
    }
    return true;
}

/*
 * Find where the RTC's seconds begin: after the last look that did not show the new
 * one.  A busy host takes the CPU away between two looks, so the narrowest of some counts.
 */
static void measure_rtc(void)
{
    int64_t narrowest_ns = NS_PER_S;
    int i;

    for (i = 0; i < 5; i++) {
        int64_t last_ns, look_ns = boottime_ns();
        time_t before = rtc_seconds(), now;

        do {
            last_ns = look_ns;
            look_ns = boottime_ns();
            now = rtc_seconds();
        } while (now == before);
        if (boottime_ns() - last_ns < narrowest_ns) {
            narrowest_ns = boottime_ns() - last_ns;
            rtc_ahead_ns = now * NS_PER_S - last_ns;
        }
    }
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written;

    if (fd < 0)
        die(path);
    written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return written;
}

static void read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

    if (length < 0)
        die(path);
    text[length] = 0;
    close(fd);
}

static int set_timer(clockid_t clock, int64_t at_ns)
{
    struct itimerspec at = {
        .it_value = { .tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S },
    };
    int fd = timerfd_create(clock, TFD_CLOEXEC);

    if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL))
        die("timerfd");
    return fd;
}

static void wait_timer(int fd)
{
    struct pollfd timer = { .fd = fd, .events = POLLIN };
    uint64_t expirations;

    if (poll(&timer, 1, LOST_S * 1000) != 1 ||
        read(fd, &expirations, sizeof(expirations)) != sizeof(expirations))
        die("the timer did not come");
    close(fd);
}

/* Sleeps, unless a wake-up event came since the count was read. */
static int64_t sleep_until_woken(const char *count)
{
    if (write_file("/sys/power/wakeup_count", count))
        write_file("/sys/power/state", "mem");
    return boottime_ns();
}

static int64_t wait_awake(time_t at)
{
    rtc_set_alarm(at);
    if (!rtc_wait(LOST_S)) {
        errno = ETIMEDOUT;
        die("the alarm did not come");
    }
    return boottime_ns();
}

static int64_t wait_asleep(time_t at)
{
    char count[32];
    int64_t woken_ns;

    read_file("/sys/power/wakeup_count", count, sizeof(count));
    rtc_set_alarm(at);
    woken_ns = sleep_until_woken(count);
    if (!rtc_wait(LOST_S)) {
        errno = ETIMEDOUT;
        die("something else than the alarm woke the guest");
    }
    return woken_ns;
}

static int64_t wait_asleep_for_timer(int64_t at_ns)
{
    int fd = set_timer(CLOCK_BOOTTIME_ALARM, at_ns);
    int64_t woken_ns;
    char count[32];

    read_file("/sys/power/wakeup_count", count, sizeof(count));
    woken_ns = sleep_until_woken(count);
    wait_timer(fd);
    return woken_ns;
}

/* How long ago the RTC's time was at: wait for its next second. */
static int64_t ns_since(time_t at)
{
    time_t before = rtc_seconds(), now;
    int64_t begin_ns = boottime_ns(), late_ns;

    do
        now = rtc_seconds();
    while (now == before);
    late_ns = (now - at) * NS_PER_S - (boottime_ns() - begin_ns);
    /* The next second is seen a little late.  Whether this is early, seconds tell. */
    return late_ns < 0 && before >= at ? 0 : late_ns;
}

static int64_t wait_by_rtc(time_t at)
{
    wait_awake(at);
    return ns_since(at);
}

static int64_t wait_in_s3(time_t at)
{
    int64_t late_ns;
    char count[32];

    read_file("/sys/power/wakeup_count", count, sizeof(count));
    rtc_set_alarm(at);
    sleep_until_woken(count);
    late_ns = ns_since(at);
    /* What the firmware should have done; the next sleep would hang. */
    if (system("after-s3"))
        die("after-s3");
    if (!rtc_wait(LOST_S)) {
        errno = ETIMEDOUT;
        die("something else than the alarm woke the guest");
    }
    return late_ns;
}

/* Returns by how many ns it came late. */
static int64_t wait_for(const char *how, time_t at)
{
    int64_t at_ns = at * NS_PER_S - rtc_ahead_ns;

    if (!strcmp(how, "awake"))
        return wait_awake(at) - at_ns;
    if (!strcmp(how, "mem"))
        return wait_asleep(at) - at_ns;
    if (!strcmp(how, "rtc"))
        return wait_by_rtc(at);
    if (!strcmp(how, "s3"))
        return wait_in_s3(at);
    if (!strcmp(how, "boottime"))
        return wait_asleep_for_timer(at_ns) - at_ns;
    wait_timer(set_timer(CLOCK_BOOTTIME, at_ns));
    return boottime_ns() - at_ns;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void late(const char *how, int count, int seconds)
{
    int64_t *late_us = calloc(count, sizeof(*late_us));
    int early = 0, i;

    if (!late_us)
        die("calloc");
    measure_rtc();
    for (i = 0; i < count; i++) {
        int64_t late_ns = wait_for(how, rtc_seconds() + seconds);

        early += late_ns < 0;
        late_us[i] = late_ns / 1000;
        printf("late %d %lld us\n", i + 1, (long long)late_us[i]);
        fflush(stdout);
    }
    qsort(late_us, count, sizeof(*late_us), compare);
    printf("%s: %d times %d s, %d early; late by %lld us (median), "
           "%lld to %lld (tenth to ninth decile), %lld to %lld (all)\n",
           how, count, seconds, early, (long long)late_us[count / 2],
           (long long)late_us[count / 10], (long long)late_us[count * 9 / 10],
           (long long)late_us[0], (long long)late_us[count - 1]);
    free(late_us);
}

static void hold(void)
{
    printf("hold: begun\n");
    fflush(stdout);
    for (;;)
        wait_timer(set_timer(CLOCK_BOOTTIME_ALARM, boottime_ns() + NS_PER_S));
}

static void set_time(time_t seconds)
{
    struct rtc_time now = from_seconds(seconds);

    if (ioctl(rtc_fd, RTC_SET_TIME, &now))
        die("RTC_SET_TIME");
}

static void set_and_show_alarm(time_t seconds)
{
    struct rtc_wkalrm alarm;

    rtc_set_alarm(seconds);
    if (ioctl(rtc_fd, RTC_WKALM_RD, &alarm))
        die("RTC_WKALM_RD");
    printf("alarm %lld\n", (long long)to_seconds(&alarm.time));
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";

    rtc_fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);
    if (rtc_fd < 0)
        die("/dev/rtc0");
    if (!strcmp(command, "time"))
        printf("%lld\n", (long long)rtc_seconds());
    else if (!strcmp(command, "set-time") && argc == 3)
        set_time(atoll(argv[2]));
    else if (!strcmp(command, "alarm") && argc == 3)
        set_and_show_alarm(atoll(argv[2]));
    else if (!strcmp(command, "wait") && argc == 3)
        puts(rtc_wait(atoi(argv[2])) ? "alarm" : "no alarm");
    else if (!strcmp(command, "past")) {
        rtc_set_alarm(rtc_seconds() - 60);
        puts(rtc_wait(LOST_S) ? "alarm" : "no alarm");
    } else if (!strcmp(command, "hold"))
        hold();
    else if (!strcmp(command, "late") && argc == 5)
        late(argv[2], atoi(argv[3]), atoi(argv[4]));
    else {
        fprintf(stderr, "rtc-probe: what? See the top of rtc-probe.c\n");
        return 2;
    }
    return 0;
}
