/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_options.c: see xl_options.h.
 */

#include "xl_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void xl_options_start(struct xl_option_reader *reader,
                      const struct xl_option *options, int argc, char **argv)
{
    memset(reader, 0, sizeof(*reader));
    reader->options = options;
    reader->argc = argc;
    reader->argv = argv;
}

/* The next word as the argument of option; false: there is none. */
static bool take_argument(struct xl_option_reader *reader,
                          const struct xl_option *option, const char *said)
{
    if (reader->index >= reader->argc) {
        snprintf(reader->why, sizeof(reader->why),
                 "option '%s' needs an argument: %s", said, option->arg);
        return false;
    }

    reader->arg = reader->argv[reader->index++];
    return true;
}

static int next_letter(struct xl_option_reader *reader)
{
    const struct xl_option *option;
    const char said[] = { '-', *reader->cluster, 0 };
    char letter = *reader->cluster++;

    for (option = reader->options; option->id; option++)
        if (option->letter == letter)
            break;
    if (!option->id) {
        snprintf(reader->why, sizeof(reader->why), "unknown option '%s'", said);
        return XL_OPT_BAD;
    }

    if (option->arg) {
        if (*reader->cluster) {
            reader->arg = reader->cluster;
            reader->cluster = NULL;
        } else if (!take_argument(reader, option, said)) {
            return XL_OPT_BAD;
        }
    }

    return option->id;
}

static int next_long(struct xl_option_reader *reader, const char *word)
{
    const struct xl_option *option;
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);

    for (option = reader->options; option->id; option++)
        if (option->name && strlen(option->name) + 2 == len &&
            !strncmp(word + 2, option->name, len - 2))
            break;
    if (!option->id) {
        snprintf(reader->why, sizeof(reader->why), "unknown option '%.*s'",
                 (int)len, word);
        return XL_OPT_BAD;
    }

    if (!option->arg) {
        if (!equals)
            return option->id;
        snprintf(reader->why, sizeof(reader->why),
                 "option '--%s' takes no argument: '%s'", option->name,
                 equals + 1);
        return XL_OPT_BAD;
    }

    if (equals)
        reader->arg = equals + 1;
    else if (!take_argument(reader, option, word))
        return XL_OPT_BAD;

    return option->id;
}

int xl_options_next(struct xl_option_reader *reader)
{
    const char *word;

    reader->arg = NULL;
    if (reader->cluster && *reader->cluster)
        return next_letter(reader);

    while (reader->index < reader->argc) {
        word = reader->argv[reader->index++];
        if (reader->operands_only || word[0] != '-' || !word[1]) {
            reader->arg = word;
            return XL_OPT_OPERAND;
        }
        if (word[1] != '-') {
            reader->cluster = word + 1;
            return next_letter(reader);
        }
        if (word[2])
            return next_long(reader, word);
        reader->operands_only = true;
    }

    return XL_OPT_END;
}

bool xl_parse_number(const char *what, const char *text, uint64_t min,
                     uint64_t max, uint64_t *value, char why[XL_WHY_SIZE])
{
    uint64_t number = 0;
    bool overflow = false;
    const char *at;

    if (!*text) {
        snprintf(why, XL_WHY_SIZE, "empty %s", what);
        return false;
    }
    if (text[0] == '-' && text[1] >= '0' && text[1] <= '9') {
        snprintf(why, XL_WHY_SIZE, "negative %s '%s'", what, text);
        return false;
    }

    for (at = text; *at >= '0' && *at <= '9'; at++) {
        unsigned int digit = (unsigned int)(*at - '0');

        overflow = overflow || number > (UINT64_MAX - digit) / 10;
        number = number * 10 + digit;
    }
    if (at == text) {
        snprintf(why, XL_WHY_SIZE, "%s '%s' is no number", what, text);
        return false;
    }
    if (*at) {
        snprintf(why, XL_WHY_SIZE, "trailing garbage in %s '%s'", what, text);
        return false;
    }
    if (number < min && !overflow) {
        snprintf(why, XL_WHY_SIZE,
                 "%s '%s' is too small (the smallest is %" PRIu64 ")", what,
                 text, min);
        return false;
    }
    if (number > max || overflow) {
        snprintf(why, XL_WHY_SIZE,
                 "%s '%s' is too large (the largest is %" PRIu64 ")", what,
                 text, max);
        return false;
    }

    *value = number;
    return true;
}
