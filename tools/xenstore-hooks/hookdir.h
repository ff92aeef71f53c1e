/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which files in the hooks directory are run.  A hook's name consists of
 * letters, digits, '-' and '_', which leaves out what editors and package
 * managers put beside it.
 */

#ifndef GS_HOOKDIR_H
#define GS_HOOKDIR_H

#include <stdbool.h>

struct hookdir {
    char **names;       /* In the order in which they run. */
    unsigned int nr;
};

/*
 * Read dir, which need not exist.  left_out is told of each file that is left
 * out, by a name that is fit for a log, and why; refused: it is unsafe rather
 * than no hook.  NULL; or why there are no hooks from it.
 */
const char *hookdir_scan(struct hookdir *hookdir, const char *dir,
                         void (*left_out)(const char *name, const char *why,
                                        bool refused));
void hookdir_free(struct hookdir *hookdir);

/* NULL: fit to run.  Else why not, and *refused as above. */
const char *hookdir_unfit(const char *path, bool *refused);

#endif
