/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench: measure guest suspend against what comes with Xen, on this host.  Run
 * by scripts/bench; docs/performance.md says what each figure is.
 *
 *   bench [-n SAMPLES] [-d GUESTS[,GUESTS...]] [-g IMAGE] [-x XL] [-s XL]
 *         [-f] [FIGURE...]
 *   bench -r DOMID
 *
 * Each sample is a line "@ FIGURE CASE METRIC UNIT GUESTS VALUE".  The program
 * makes and destroys guests named gs-bench-*, writes its configuration file
 * into the working directory, and touches no other guest.  Activity of other
 * guests makes the figures wrong.  With -r it resumes a domain.  With -f (arm64)
 * all guests but the first are a fleet (fleet.h): a thousand are there in minutes,
 * and have no xl process.
 *
 * Exit status: 0 done, 1 it could not measure, 2 usage, 3 this is no host to
 * measure on.
 */
#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <xentoollog.h>

#define MOST_GUESTS  1000
#define MOST_SAMPLES 10000
#define MOST_COUNTS  16

struct gsuspend_call *bench_call;
struct xs_handle *bench_xs;
libxl_ctx *bench_ctx;
const char *bench_xl = "/usr/local/sbin/xl";
const char *bench_stock_xl = "/usr/sbin/xl";
#ifdef __aarch64__
const char *bench_image = "tests/guest/bench.bin";
#else
const char *bench_image = "tests/guest/s3count.bin";
#endif
unsigned int bench_samples = 25;

void broken(const char *format, ...)
{
    const int saved_errno = errno;
    static bool once;
    va_list args;

    fflush(stdout);
    fputs("bench: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " (%s)\n", strerror(saved_errno));
    xensuspendd_continue();
    if (!once && bench_ctx) {
        once = true;
        guests_end_all();
    }
    exit(1);
}

#ifdef __aarch64__
uint64_t ticks(void)
{
    uint64_t value;

    __asm__ volatile ("isb\n\tmrs %0, cntvct_el0" : "=r" (value) :: "memory");
    return value;
}

uint64_t ticks_hz(void)
{
    uint64_t value;

    __asm__ ("mrs %0, cntfrq_el0" : "=r" (value));
    return value;
}
#else
/* It is not compared with a guest's clock. */
uint64_t ticks(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t ticks_hz(void)
{
    return 1000000000;
}
#endif

double ticks_us(uint64_t nr)
{
    /* What came before, but for the error of a clock, is shown as it is. */
    return (double)(int64_t)nr * 1e6 / (double)ticks_hz();
}

void sleep_ms(unsigned int ms)
{
    const struct timespec ts = { .tv_sec = ms / 1000,
                                 .tv_nsec = ms % 1000 * 1000000L };

    nanosleep(&ts, NULL);
}

void sample(const char *figure, const char *which, const char *metric,
            const char *unit, unsigned int domains, double value)
{
    printf("@ %s %s %s %s %u %.3f\n", figure, which, metric, unit, domains,
           value);
    fflush(stdout);
}

__attribute__((noreturn, format(printf, 1, 2)))
static void unfit(const char *format, ...)
{
    va_list args;

    fputs("bench: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(3);
}

/* Check for what the figures need, which otherwise fail after minutes, or hang. */
static void look_at_host(void)
{
    static const int needed[] = { XENSTORED, XENCONSOLED, XENSUSPENDD };
    const char *const files[] = { bench_xl, bench_stock_xl, bench_image };
    struct xen_guest_suspend_record dom0;
    static struct usage now;

    if (geteuid())
        unfit("it takes root");
    bench_call = gsuspend_call_open(NULL);
    if (!bench_call)
        unfit("this is no domain of Xen's that may make hypercalls (%s)",
              strerror(errno));
    if (gsuspend_call_get(bench_call, 0, &dom0))
        unfit(errno == ENOSYS ? "this hypervisor has no guest suspend" :
                                "this is not the control domain");
    usage_now(&now);
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!usage_has(&now, needed[i]))
            unfit("no %s runs here", program_names[needed[i]]);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (access(files[i], R_OK))
            unfit("%s: %s", files[i], strerror(errno));
    bench_xs = xs_open(0);
    if (!bench_xs)
        unfit("xenstored does not answer (%s)", strerror(errno));
}

/* A line for the reader of the result. */
static void print_host(void)
{
    const libxl_version_info *xen = libxl_get_version_info(bench_ctx);
    struct utsname linux_version;

    if (!xen || uname(&linux_version))
        broken("the versions");
    printf("bench: on Xen %d.%d%s, Linux %s, %ld CPUs in dom0\n",
           xen->xen_version_major, xen->xen_version_minor,
           xen->xen_version_extra, linux_version.release,
           sysconf(_SC_NPROCESSORS_ONLN));
    fflush(stdout);
}

static unsigned int number(const char *text, unsigned int most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end || !value || value > most) {
        fprintf(stderr, "bench: '%s' is no number from 1 to %u\n", text, most);
        exit(2);
    }
    return (unsigned int)value;
}

/* Numbers of guests, in ascending order: guests are only added. */
static unsigned int numbers(char *list, unsigned int found[MOST_COUNTS])
{
    unsigned int nr = 0;
    char *count, *rest;

    for (count = strtok_r(list, ",", &rest); count;
         count = strtok_r(NULL, ",", &rest)) {
        if (nr == MOST_COUNTS) {
            fprintf(stderr, "bench: more than %u numbers of guests\n", nr);
            exit(2);
        }
        found[nr] = number(count, MOST_GUESTS);
        if (nr && found[nr] <= found[nr - 1]) {
            fprintf(stderr, "bench: '%s' guests after %u\n", count,
                    found[nr - 1]);
            exit(2);
        }
        nr++;
    }
    if (!nr)
        number("", MOST_GUESTS);
    return nr;
}

static void one_of_many(struct guest *all, unsigned int *nr, bool fleet)
{
    char name[16];

    snprintf(name, sizeof(name), "%u", *nr);
    if (fleet && *nr)
        guest_new_of_fleet(&all[*nr], name);
    else
        guest_new(&all[*nr], name, !*nr);
    if (!*nr)
        guest_sleep(&all[0]);
    ++*nr;
}

/*
 * What "xl resume" does: Xen's xl has that command only on x86, but its library
 * resumes any domain.
 */
static int resume(const char *domid)
{
    libxl_ctx *ctx;

    return libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0,
                           (xentoollog_logger *)xtl_createlogger_stdiostream(
                               stderr, XTL_ERROR, 0)) ||
           libxl_domain_resume(ctx, number(domid, DOMID_FIRST_RESERVED), 1,
                               NULL);
}

static const struct figure {
    const char *name;
    void (*measure)(struct guest *all, unsigned int domains);
} figures[] = {
    { "memory", bench_memory },
    { "commands", bench_commands },
    { "handover", bench_handover },
    { "xenstore", bench_xenstore },
#ifdef __aarch64__      /* It needs a guest that reports when it started to run. */
    { "wake", bench_wake },
#endif
    { "events", bench_events },
    { "daemon", bench_daemon },
};
#define NR_FIGURES (sizeof(figures) / sizeof(figures[0]))

/* The figures that are named, or all. */
static void choose(bool wanted[NR_FIGURES], int argc, char **argv)
{
    for (size_t f = 0; f < NR_FIGURES; f++)
        wanted[f] = !argc;
    for (int i = 0; i < argc; i++) {
        size_t f = 0;

        while (f < NR_FIGURES && strcmp(argv[i], figures[f].name))
            f++;
        if (f == NR_FIGURES) {
            fprintf(stderr, "bench: no figure '%s'\n", argv[i]);
            exit(2);
        }
        wanted[f] = true;
    }
}

int main(int argc, char **argv)
{
    static struct guest all[MOST_GUESTS];
    static struct usage rest;
    char *list = strdup("1,20,100");
    unsigned int counts[MOST_COUNTS], nr_counts, nr = 0;
    bool wanted[NR_FIGURES], fleet = false;
    int option;

    while ((option = getopt(argc, argv, "n:d:fg:x:s:r:")) != -1) {
        switch (option) {
        case 'n': bench_samples = number(optarg, MOST_SAMPLES); break;
        case 'd': free(list); list = strdup(optarg); break;
        case 'f': fleet = true; break;
        case 'g': bench_image = optarg; break;
        case 'x': bench_xl = optarg; break;
        case 's': bench_stock_xl = optarg; break;
        case 'r': return resume(optarg);
        default:
            fprintf(stderr, "usage: the top of bench.c has it\n");
            return 2;
        }
    }
    nr_counts = numbers(list, counts);
    free(list);
    choose(wanted, argc - optind, argv + optind);
    look_at_host();
    if (libxl_ctx_alloc(&bench_ctx, LIBXL_VERSION, 0,
                        (xentoollog_logger *)xtl_createlogger_stdiostream(
                            stderr, XTL_ERROR, 0)))
        broken("libxl_ctx_alloc");
    print_host();
    guests_end_all();
    actor_begin();

    for (unsigned int i = 0; i < nr_counts; i++) {
        while (nr < counts[i])
            one_of_many(all, &nr, fleet);
        usage_quiet(&rest);
        for (size_t f = 0; f < NR_FIGURES; f++)
            if (wanted[f])
                figures[f].measure(all, nr);
    }
    while (nr)
        guest_end(&all[--nr]);
    actor_end();
    return 0;
}
