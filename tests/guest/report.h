/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a test guest tells its results: TAP lines on its console, four verdicts
 * told apart, and a last line that counts them.
 *
 *   ok N - NAME
 *   not ok N - NAME: expected X, got Y          Xen (or this test) is wrong
 *   ok N - NAME # SKIP why                      not testable in this guest
 *   not ok N - NAME # ERROR what                the test's surroundings failed
 *   # done: P passed, F failed, S skipped, E errors
 */
#ifndef REPORT_H
#define REPORT_H

#include "guest.h"

/* All of a name is PREFIX NAME: a table's row and what was looked at. */
void report_equal(const char *prefix, const char *name, int64_t expected,
                  int64_t got);
void report_true(const char *prefix, const char *name, bool good,
                 const char *otherwise);
void report_skip(const char *prefix, const char *name, const char *why);
void report_error(const char *prefix, const char *name, const char *what);
void report_done(void);

#endif
