/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl's parts that need no host: numbers, options, and text for people.
 */

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "tap.h"
#include "../../tools/xl/xl_options.h"
#include "../../tools/xl/xl_text.h"

static void test_numbers(void)
{
    static const struct {
        const char *text;
        uint64_t min, max;
        bool good;
        uint64_t value;
        const char *why;
    } table[] = {
        { "0", 0, 10, true, 0, NULL },
        { "10", 0, 10, true, 10, NULL },
        { "007", 0, 10, true, 7, NULL },
        { "18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX, NULL },
        { "11", 0, 10, false, 0, "vIRQ '11' is too large (the largest is 10)" },
        { "0", 1, 10, false, 0, "vIRQ '0' is too small (the smallest is 1)" },
        { "4294967296", 0, 4294967294, false, 0,
          "vIRQ '4294967296' is too large (the largest is 4294967294)" },
        { "4294967295", 0, 4294967294, false, 0,
          "vIRQ '4294967295' is too large (the largest is 4294967294)" },
        { "18446744073709551616", 0, UINT64_MAX, false, 0,
          "vIRQ '18446744073709551616' is too large"
          " (the largest is 18446744073709551615)" },
        { "18446744073709551616", 1, 10, false, 0,
          "vIRQ '18446744073709551616' is too large (the largest is 10)" },
        { "99999999999999999999999", 0, 10, false, 0,
          "vIRQ '99999999999999999999999' is too large (the largest is 10)" },
        { "", 0, 10, false, 0, "empty vIRQ" },
        { "-1", 0, 10, false, 0, "negative vIRQ '-1'" },
        { "-", 0, 10, false, 0, "vIRQ '-' is no number" },
        { "+1", 0, 10, false, 0, "vIRQ '+1' is no number" },
        { " 1", 0, 10, false, 0, "vIRQ ' 1' is no number" },
        { "x", 0, 10, false, 0, "vIRQ 'x' is no number" },
        { "27x", 0, 100, false, 0, "trailing garbage in vIRQ '27x'" },
        { "0x10", 0, 100, false, 0, "trailing garbage in vIRQ '0x10'" },
        { "1 ", 0, 10, false, 0, "trailing garbage in vIRQ '1 '" },
        { "1.5", 0, 10, false, 0, "trailing garbage in vIRQ '1.5'" },
    };
    char why[XL_WHY_SIZE];
    uint64_t value;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        bool good;

        value = 12345;
        why[0] = 0;
        good = xl_parse_number("vIRQ", table[i].text, table[i].min,
                               table[i].max, &value, why);
        TAP_OK(good == table[i].good &&
               value == (good ? table[i].value : 12345),
               "number '%s'", table[i].text);
        if (!good)
            TAP_EQ_STR(why, table[i].why, "... and what is said of it");
    }

    memset(why, 'x', sizeof(why));
    value = 0;
    {
        char lots[1000];

        memset(lots, '9', sizeof(lots) - 1);
        lots[sizeof(lots) - 1] = 0;
        TAP_OK(!xl_parse_number("vIRQ", lots, 0, 1, &value, why) &&
               strlen(why) < XL_WHY_SIZE, "999 digits");
    }
}

static const struct xl_option options[] = {
    { 'a', 'a', "all", NULL, "" },
    { 'n', 'n', "number", "N", "" },
    { 300, 0, "number-two", "N", "" },
    { 0, 0, NULL, NULL, NULL }
};

/* All that is read, as one string: "a n=5 <operand> !why" */
static const char *read_all(const char *line)
{
    static char result[512];
    char copy[256], *words[16], *save = NULL, *word;
    struct xl_option_reader reader;
    int nr = 0, id;
    FILE *out;

    snprintf(copy, sizeof(copy), "%s", line);
    for (word = strtok_r(copy, " ", &save); word && nr < 16;
         word = strtok_r(NULL, " ", &save)) {
        /* A word alone that stands for the empty one. */
        words[nr++] = strcmp(word, "EMPTY") ? word : word + strlen(word);
    }

    out = fmemopen(result, sizeof(result), "w");
    if (!out)
        return "no memory";
    xl_options_start(&reader, options, nr, words);
    do {
        id = xl_options_next(&reader);
        if (id == XL_OPT_OPERAND)
            fprintf(out, "<%s> ", reader.arg);
        else if (id == XL_OPT_BAD)
            fprintf(out, "!%s", reader.why);
        else if (id != XL_OPT_END && reader.arg)
            fprintf(out, "%d=%s ", id, reader.arg);
        else if (id != XL_OPT_END)
            fprintf(out, "%d ", id);
    } while (id != XL_OPT_END && id != XL_OPT_BAD);
    fputc(0, out);
    fclose(out);
    return result;
}

static void test_options(void)
{
    static const struct {
        const char *line, *wanted;
    } table[] = {
        { "", "" },
        { "-a", "97 " },
        { "--all", "97 " },
        { "-n 5", "110=5 " },
        { "-n5", "110=5 " },
        { "-an5", "97 110=5 " },
        { "-an 5 -a", "97 110=5 97 " },
        { "--number=5", "110=5 " },
        { "--number 5", "110=5 " },
        { "--number=", "110= " },
        { "--number -5", "110=-5 " },
        { "--number EMPTY", "110= " },
        { "--number-two=5", "300=5 " },
        { "x -a y", "<x> 97 <y> " },
        { "-- -a --all", "<-a> <--all> " },
        { "- EMPTY", "<-> <> " },
        { "-x", "!unknown option '-x'" },
        { "-ax", "97 !unknown option '-x'" },
        { "--al", "!unknown option '--al'" },
        { "--allx", "!unknown option '--allx'" },
        { "--numbe=5", "!unknown option '--numbe'" },
        { "--=5", "!unknown option '--'" },
        { "--all=5", "!option '--all' takes no argument: '5'" },
        { "-n", "!option '-n' needs an argument: N" },
        { "--number", "!option '--number' needs an argument: N" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        TAP_EQ_STR(read_all(table[i].line), table[i].wanted, table[i].line);
}

static void test_durations(void)
{
    static const struct {
        uint64_t s;
        const char *text;
    } table[] = {
        { 0, "0s" }, { 59, "59s" }, { 60, "1m00s" }, { 3599, "59m59s" },
        { 3600, "1h00m" }, { 86399, "23h59m" }, { 86400, "1d00h" },
        { 1000000000, "11574d01h" },
    };
    char text[XL_TEXT_SIZE];

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        xl_text_duration(table[i].s * 1000000000 + 999999999, text);
        TAP_EQ_STR(text, table[i].text, "duration, cut off and not rounded");
    }
    xl_text_duration(UINT64_MAX, text);
    TAP_OK(strlen(text) < XL_TEXT_SIZE, "the longest duration: %s", text);

    xl_text_utc(1500000000123999999, text);
    TAP_EQ_STR(text, "2017-07-14T02:40:00.123Z", "UTC with milliseconds");
    xl_text_utc(-93344000001, text);
    TAP_EQ_STR(text, "1969-12-31T23:58:26.655Z", "UTC before 1970");
    setenv("TZ", "XXX-1", 1);
    tzset();
    xl_text_local_time(1500000000123999999, text);
    TAP_EQ_STR(text, "2017-07-14 03:40:00", "local time");
    xl_text_local_time(-1, text);
    TAP_EQ_STR(text, "1970-01-01 00:59:59", "local time before 1970");
}

static void test_clean(void)
{
    static const struct {
        const char *text, *wanted, *what;
        int width;
    } table[] = {
        { "guest-1.a", "guest-1.a", "ordinary", 9 },
        { "", "", "empty", 0 },
        { "\303\244\342\202\254\360\237\230\200", NULL, "UTF-8", 3 },
        { "a\nb\tc\033[1m", "a?b?c?[1m", "control characters", 9 },
        { "\177\302\205", "???", "DEL and C1", 3 },
        { "\302\240", NULL, "the first behind C1", 1 },
        { "\377\376", "??", "no UTF-8 at all", 2 },
        { "\303", "?", "cut off", 1 },
        { "\342\202", "??", "cut off later", 2 },
        { "\303x", "?x", "no continuation", 2 },
        { "\300\200\301\277", "????", "overlong", 4 },
        { "\301\201", "??", "overlong letter", 2 },
        { "\340\202\251", "???", "overlong, three bytes", 3 },
        { "\360\202\202\254", "????", "overlong, four bytes", 4 },
        { "\355\240\200", "???", "surrogate", 3 },
        { "\364\220\200\200", "????", "beyond Unicode", 4 },
        { "\370\210\200\200\200", "?????", "five bytes", 5 },
    };
    char text[32];

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        snprintf(text, sizeof(text), "%s", table[i].text);
        xl_text_clean(text);
        TAP_EQ_STR(text, table[i].wanted ? table[i].wanted : table[i].text,
                   table[i].what);
        TAP_EQ_INT(xl_text_width(text), table[i].width, "... and its width");
    }
}

int main(void)
{
    test_numbers();
    test_options();
    test_durations();
    test_clean();
    return tap_done();
}
