/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_options.h: reading options and numbers from a command line, strictly.
 *
 * Not getopt_long(): it takes any beginning of a long option for the option,
 * and a script that uses one breaks when there is a second option like it.
 */

#ifndef XL_OPTIONS_H
#define XL_OPTIONS_H

#include "xl.h"

#define XL_WHY_SIZE 160

struct xl_option_reader {
    const struct xl_option *options;
    int argc;
    char **argv;
    int index;                      /* of the next word */
    const char *cluster;            /* rest of a word like -jq */
    bool operands_only;             /* "--" was seen */
    const char *arg;                /* of the option, or the operand */
    char why[XL_WHY_SIZE];          /* after XL_OPT_BAD */
};

enum {
    XL_OPT_END = 0,
    XL_OPT_OPERAND = -1,
    XL_OPT_BAD = -2
};

void xl_options_start(struct xl_option_reader *reader,
                      const struct xl_option *options, int argc, char **argv);

/* An option's id, or one of the above.  Options and operands may mix. */
int xl_options_next(struct xl_option_reader *reader);

/*
 * A decimal number of nothing but digits, from min to max.  what names it in
 * the message: "vIRQ".  False: why says what is wrong, with the value.
 */
bool xl_parse_number(const char *what, const char *text, uint64_t min,
                     uint64_t max, uint64_t *value, char why[XL_WHY_SIZE]);

#endif
