/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tap.h: what a C unit test prints its results with, as TAP.
 *
 *   TAP_OK(a == b, "sum of %d", n);      one result
 *   TAP_EQ_INT(got, wanted, "what");     the same, and says both on failure
 *   TAP_EQ_STR(got, wanted, "what");
 *   tap_skip("why", ...);
 *   tap_nr_fds()                         open files, to see that none is left open
 *   return tap_done();                   the plan, and the exit status
 */

#ifndef TAP_H
#define TAP_H

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned int tap_nr, tap_nr_failed;

__attribute__((format(printf, 4, 5), unused))
static bool tap_result(bool good, const char *file, int line,
                       const char *format, ...)
{
    va_list al;

    printf("%sok %u - ", good ? "" : "not ", ++tap_nr);
    va_start(al, format);
    vprintf(format, al);
    va_end(al);
    printf("\n");
    if (!good) {
        tap_nr_failed++;
        printf("# at %s:%d\n", file, line);
    }
    /* A crash right after it must not take the result away. */
    fflush(stdout);
    return good;
}

#define TAP_OK(cond, ...) tap_result((cond), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((unused))
static bool tap_eq_int(intmax_t got, intmax_t wanted, const char *what,
                       const char *file, int line)
{
    bool good = tap_result(got == wanted, file, line, "%s", what);

    if (!good)
        printf("# got %" PRIdMAX ", wanted %" PRIdMAX "\n", got, wanted);
    return good;
}

#define TAP_EQ_INT(got, wanted, what) \
    tap_eq_int((intmax_t)(got), (intmax_t)(wanted), (what), __FILE__, __LINE__)

__attribute__((unused))
static bool tap_eq_str(const char *got, const char *wanted, const char *what,
                       const char *file, int line)
{
    bool good = got && wanted ? !strcmp(got, wanted) : got == wanted;

    tap_result(good, file, line, "%s", what);
    if (!good)
        printf("# got '%s', wanted '%s'\n", got ? got : "(null)",
               wanted ? wanted : "(null)");
    return good;
}

#define TAP_EQ_STR(got, wanted, what) \
    tap_eq_str((got), (wanted), (what), __FILE__, __LINE__)

__attribute__((format(printf, 1, 2), unused))
static void tap_skip(const char *format, ...)
{
    va_list al;

    printf("ok %u # skip ", ++tap_nr);
    va_start(al, format);
    vprintf(format, al);
    va_end(al);
    printf("\n");
}

__attribute__((unused))
static int tap_done(void)
{
    printf("1..%u\n", tap_nr);
    return tap_nr_failed ? 1 : 0;
}

__attribute__((unused))
static unsigned int tap_nr_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned int nr = 0;

    while (dir && readdir(dir))
        nr++;
    if (dir)
        closedir(dir);
    return nr;
}

#endif
