/* SPDX-License-Identifier: GPL-2.0-only */
/* Test results on the console; see report.h. */
#include "report.h"

static unsigned int number, passed, failed, skipped, errors;

static void line(bool ok, const char *prefix, const char *name)
{
    print("%s %u - %s%s", ok ? "ok" : "not ok", ++number, prefix, name);
}

/* Small numbers, as results are, in decimal; addresses and masks in hex. */
static void value(int64_t v)
{
    if (v > -100000 && v < 100000)
        print("%ld", (long)v);
    else
        print("0x%lx", (unsigned long)v);
}

void report_equal(const char *prefix, const char *name, int64_t expected,
                  int64_t got)
{
    line(expected == got, prefix, name);
    if (expected == got) {
        passed++;
    } else {
        failed++;
        print(": expected ");
        value(expected);
        print(", got ");
        value(got);
    }
    print("\n");
}

void report_true(const char *prefix, const char *name, bool good,
                 const char *otherwise)
{
    line(good, prefix, name);
    if (good) {
        passed++;
        print("\n");
    } else {
        failed++;
        print(": %s\n", otherwise);
    }
}

void report_skip(const char *prefix, const char *name, const char *why)
{
    line(true, prefix, name);
    skipped++;
    print(" # SKIP %s\n", why);
}

void report_error(const char *prefix, const char *name, const char *what)
{
    line(false, prefix, name);
    errors++;
    print(" # ERROR %s\n", what);
}

void report_done(void)
{
    print("1..%u\n", number);
    print("# done: %u passed, %u failed, %u skipped, %u errors\n", passed,
          failed, skipped, errors);
}
