/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_calls.h: which command lines are ours.
 *
 * The front (xl_front.h) and the program that it runs for our commands both
 * decide by this file.  It needs no libc.
 */

#ifndef XL_CALLS_H
#define XL_CALLS_H

#include <stdbool.h>

enum xl_call_id {
    XL_CALL_SUSPEND_STATUS,
    XL_CALL_TRIGGER_WAKE,
    XL_CALL_TRIGGER_SLEEP,
    XL_NR_CALLS
};

/*
 * The words that make a command ours.  Arrays, not pointers: the front has
 * nobody who would relocate a pointer.
 */
struct xl_call {
    char name[16];                  /* argv[0], exactly */
    char trigger[8];                /* of "trigger": argv[2], exactly; or "" */
    bool takes_all;                 /* -a in the place of the domain */
};

/* By enum xl_call_id. */
extern const struct xl_call xl_calls[XL_NR_CALLS];

/* stock xl's options in front of the command that mean something to ours */
struct xl_globals {
    bool dryrun;                    /* -N */
};

/* What a command was given, behind the words that name it. */
struct xl_words {
    const char *domain;             /* of a trigger; NULL: of all */
    bool all;                       /* -a was in the domain's place */
    int argc;
    char **argv;                    /* options and operands */
    bool operands_only;             /* "--" was before them */
};

/*
 * Where the command is, behind the global options; argc or more: there is none.
 * 0: there is an option that only the stock xl can judge.
 */
int xl_skip_globals(int argc, char **argv, struct xl_globals *globals);

/*
 * The id of our command; -1: none of ours.  argv begins behind the global
 * options.
 */
int xl_find_call(int argc, char **argv, struct xl_words *words);

/* A command of the stock xl before which a guest that sleeps is woken. */
bool xl_needs_guest_awake(const char *name);

/* True: only our program can run this, and not the stock xl alone. */
bool xl_is_ours(int argc, char **argv);

/* strcmp(), where there is no libc */
bool xl_same_text(const char *one, const char *other);

#endif
