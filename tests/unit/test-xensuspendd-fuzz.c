/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What xensuspendd parses, given nonsense: nodes that it finds in xenstore, names
 * of domains, and its command line.  A bounded run, the same each time;
 * test-xensuspendd-fuzz ROUNDS [SEED] makes another.  A crash, or what the
 * sanitizers find, is a failure as well.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "guest_suspend_names.h"

#include "../../tools/xenstore-hooks/options.h"
#include "../../tools/xenstore-hooks/tree.h"

#include "fake_xenstore.h"
#include "tap.h"

static uint64_t random_state;

/* xorshift64* */
static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1dULL) >> 33) % limit;
}

/* What is nearly right gets further than noise. */
static void random_text(char *text, size_t size)
{
    static const char *const seeds[] = {
        "0", "1", "42", "007", "-1", "+1", " 1", "1 ", "0x10", "30", "86400",
        "86401", "18446744073709551615", "18446744073709551616",
        "99999999999999999999999", "running", "suspended", "Suspended",
        "unknown", "", "32751", "32752", "/", "/a", "..",
    };
    size_t len, i;

    snprintf(text, size, "%s",
             seeds[random_below(sizeof(seeds) / sizeof(seeds[0]))]);
    for (i = random_below(3); i; i--) {
        len = strlen(text);
        if (random_below(2) && len + 1 < size) {
            text[len] = (char)(1 + random_below(255));
            text[len + 1] = '\0';
        } else if (len) {
            text[random_below((uint32_t)len)] = (char)(1 + random_below(255));
        }
    }
}

/* How the daemon writes the value, if it wrote it; else it is damaged. */
static bool is_canonical(const char *text)
{
    char again[32];

    if (!text)
        return false;
    snprintf(again, sizeof(again), "%"PRIu64, (uint64_t)strtoull(text, NULL, 10));
    return !strcmp(again, text);
}

/*
 * What is taken for a record must say so itself: the number is the last of that
 * name, as nothing was written but whole records with some of it changed.
 */
static bool says(const char *text, const char *name, uint64_t wanted)
{
    char number[32], *copy = strdup(text), *rest, *word;
    size_t len = strlen(name);
    bool said = false;

    snprintf(number, sizeof(number), "%"PRIu64, wanted);
    for (word = strtok_r(copy, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        if (!strncmp(word, name, len) && word[len] == '=')
            said = is_canonical(&word[len + 1]) &&
                   !strcmp(&word[len + 1], number);
    }
    free(copy);
    return said;
}

static unsigned int wrong_domains(struct model *m, unsigned int *whole)
{
    unsigned int i, wrong = 0;

    for (i = 0; i < m->nr; i++) {
        const struct domain *d = m->domains[i];
        const char *text, *state;
        char path[96];

        if (!d->shown.seq)
            continue;
        ++*whole;
        snprintf(path, sizeof(path), TREE_ROOT "/%"PRIu32"/state", d->domid);
        text = fake_xs_get(path);
        state = fake_xs_field(path, "state");
        if (!text || !says(text, "seq", d->shown.seq) ||
            !says(text, "instance", d->shown.instance) ||
            !says(text, "suspends", d->shown.suspends) ||
            gsuspend_value(gsuspend_state_names, state) != d->shown.state ||
            (d->shown.hooks_seq && d->shown.hooks_seq > d->shown.seq))
            wrong++;
    }
    return wrong;
}

/* Of a whole record: a word may be another, and two blanks may be one. */
static void random_record(char *text, size_t size)
{
    static const char *const words[] = {
        "suspended", "seq=42", "instance=7", "suspends=3", "since=-5.250000000",
        "hooks=due",
    };
    size_t i, len = 0;
    char odd[32];

    *text = '\0';
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *word = words[i];

        if (!random_below(6)) {
            random_text(odd, sizeof(odd));
            word = odd;
        }
        len += (size_t)snprintf(&text[len], size - len, "%s%s%s",
                                i && random_below(20) ? " " : "",
                                random_below(10) || !strchr(word, '=') ? "" :
                                "seq=", word);
    }
}

static void fuzz_tree(unsigned int rounds)
{
    unsigned int i, n, wrong = 0, failed = 0, unclean = 0, whole = 0;
    char path[96], text[32], record[256];
    struct domain named = { .domid = 3 };
    struct tree *tree;
    struct model m;
    const char *c;

    fake_xs_reset();
    tree = tree_open();
    if (!TAP_OK(tree != NULL, "connected"))
        return;
    for (i = 0; i < rounds; i++) {
        fake_xs_remove(TREE_ROOT);
        for (n = random_below(12); n; n--) {
            /* Directories with odd names among them. */
            random_text(text, sizeof(text));
            if (random_below(3) || !*text || strchr(text, '/'))
                snprintf(text, sizeof(text), "%"PRIu32, random_below(4));
            random_record(record, sizeof(record));
            snprintf(path, sizeof(path), TREE_ROOT "/%s/state", text);
            fake_xs_put(path, record);
            if (random_below(2)) {
                snprintf(path, sizeof(path), TREE_ROOT "/%s/hooks-seq", text);
                random_text(record, sizeof(record));
                fake_xs_put(path, record);
            }
        }
        fake_xs_put(TREE_ROOT "/version", "1");

        model_init(&m);
        failed += tree_scan(tree, &m) != 0;
        wrong += wrong_domains(&m, &whole);
        model_free(&m);

        random_text(text, sizeof(text));
        fake_xs_put("/local/domain/3/name", text);
        tree_domain_name(tree, &named);
        for (c = named.name; *c; c++)
            unclean += *c < ' ' || *c > '~' || *c == '"' || *c == '\\';
    }
    TAP_EQ_INT(failed, 0, "trees that could not be read");
    TAP_OK(whole > rounds / 10, "%u domains were taken for whole", whole);
    TAP_EQ_INT(wrong, 0, "domains taken for what they are not");
    TAP_EQ_INT(unclean, 0, "characters that do not belong in a log");
    free(named.name);
    tree_close(tree);
    fake_xs_free();
}

static void fuzz_options(unsigned int rounds)
{
    static const char *const words[] = {
        "-p", "-d", "-v", "-q", "-vq", "-dp", "--", "-", "---",
        "--hook-timeout", "--hook-timeout=", "--hooks-dir", "--no-hooks=",
        "--no-hooks", "--check", "--syslog", "--pidfile=", "--h", "--no",
        "-V", "-h", "/run/x",
    };
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    unsigned int i, n, wrong = 0, accepted = 0;

    /* Each refusal says why, and here nobody reads it. */
    dup2(null, STDERR_FILENO);
    for (i = 0; i < rounds; i++) {
        char text[6][64], program[] = "xensuspendd";
        char *argv[8] = { program };
        struct options o;

        for (n = 0; n < 1 + random_below(5); n++) {
            char tail[32] = "";

            if (random_below(2))
                random_text(tail, sizeof(tail));
            snprintf(text[n], sizeof(text[n]), "%s%s", random_below(4) ?
                     words[random_below(sizeof(words) / sizeof(words[0]))] : "",
                     tail);
            argv[n + 1] = text[n];
        }
        if (options_parse(&o, (int)n + 1, argv, "/default", "/xl"))
            continue;
        accepted++;
        wrong += o.hook_timeout_ms < 1000 || o.hook_timeout_ms > 86400000 ||
                 o.hook_timeout_ms % 1000 ||
                 (o.hooks_dir && *o.hooks_dir != '/') ||
                 (o.pidfile && *o.pidfile != '/');
    }
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    TAP_OK(accepted > 0, "of %u command lines %u were accepted", rounds,
           accepted);
    TAP_EQ_INT(wrong, 0, "accepted that should not be");
}

int main(int argc, char **argv)
{
    unsigned int rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 5000;

    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 20260701;
    fuzz_tree(rounds);
    fuzz_options(rounds);
    return tap_done();
}
