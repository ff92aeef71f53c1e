/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_json.c: the types of libxl_guest_suspend.h as JSON.
 */

#include "libxl_guest_suspend_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guest_suspend_members.h"

static yajl_gen_status gen_string(yajl_gen hand, const char *s)
{
    return yajl_gen_string(hand, (const unsigned char *)s, strlen(s));
}

static yajl_gen_status gen_value(yajl_gen hand,
                                 const struct gsuspend_member *member)
{
    char digits[24];
    int len;

    if (member->text)
        return gen_string(hand, member->text);
    if (member->number == LIBXL_GUEST_SUSPEND_UNKNOWN)
        return yajl_gen_null(hand);

    /* yajl_gen_integer is signed, and half of our counters' range short. */
    len = snprintf(digits, sizeof(digits), "%" PRIu64, member->number);
    return yajl_gen_number(hand, digits, (size_t)len);
}

static yajl_gen_status gen_members(yajl_gen hand,
                                   const struct gsuspend_member *members,
                                   size_t nr)
{
    yajl_gen_status s;
    size_t i;

    for (i = 0; i < nr; i++)
        if ((s = gen_string(hand, members[i].key)) ||
            (s = gen_value(hand, &members[i])))
            return s;

    return yajl_gen_status_ok;
}

/*
 * Call fn, which makes one JSON value of p, and give its text.  A pointer to
 * an enumeration's value stands for the value.
 */
static char *text_of(yajl_gen_status (*fn)(yajl_gen hand, void *p), void *p)
{
    const unsigned char *text;
    char *result = NULL;
    size_t len;
    yajl_gen hand;

    hand = yajl_gen_alloc(NULL);
    if (!hand) {
        errno = ENOMEM;
        return NULL;
    }
    yajl_gen_config(hand, yajl_gen_beautify, 1);
    yajl_gen_config(hand, yajl_gen_indent_string, "    ");

    if (fn(hand, p) != yajl_gen_status_ok ||
        yajl_gen_get_buf(hand, &text, &len) != yajl_gen_status_ok) {
        errno = EIO;
        goto out;
    }
    result = strndup((const char *)text, len);

 out:
    yajl_gen_free(hand);
    return result;
}

#define ENUM_JSON(type)                                                    \
    yajl_gen_status libxl_guest_suspend_##type##_gen_json(                 \
        yajl_gen hand, libxl_guest_suspend_##type p)                       \
    {                                                                      \
        return gen_string(hand,                                            \
                          libxl_guest_suspend_##type##_to_string(p));      \
    }                                                                      \
                                                                           \
    static yajl_gen_status type##_gen(yajl_gen hand, void *p)              \
    {                                                                      \
        libxl_guest_suspend_##type *value = p;                             \
                                                                           \
        return libxl_guest_suspend_##type##_gen_json(hand, *value);        \
    }                                                                      \
                                                                           \
    char *libxl_guest_suspend_##type##_to_json(                            \
        libxl_ctx *ctx, libxl_guest_suspend_##type p)                      \
    {                                                                      \
        (void)ctx;                                                         \
        return text_of(type##_gen, &p);                                    \
    }

ENUM_JSON(state)
ENUM_JSON(kind)
ENUM_JSON(wake)
ENUM_JSON(denied)

yajl_gen_status
libxl_guest_suspend_info_gen_json(yajl_gen hand, libxl_guest_suspend_info *p)
{
    struct gsuspend_member members[GSUSPEND_INFO_MEMBERS];
    yajl_gen_status s;

    gsuspend_info_members(p, members);
    if ((s = yajl_gen_map_open(hand)) ||
        (s = gen_members(hand, members, GSUSPEND_INFO_MEMBERS)))
        return s;

    return yajl_gen_map_close(hand);
}

static yajl_gen_status info_gen(yajl_gen hand, void *p)
{
    return libxl_guest_suspend_info_gen_json(hand, p);
}

char *libxl_guest_suspend_info_to_json(libxl_ctx *ctx,
                                       libxl_guest_suspend_info *p)
{
    (void)ctx;
    return text_of(info_gen, p);
}

yajl_gen_status
libxl_domain_resume_virq_opts_gen_json(yajl_gen hand,
                                       libxl_domain_resume_virq_opts *p)
{
    const struct gsuspend_member members[] = {
        { "seq", NULL, p->seq },
        { "instance", NULL, p->instance },
    };
    yajl_gen_status s;

    if ((s = yajl_gen_map_open(hand)) || (s = gen_members(hand, members, 2)))
        return s;

    return yajl_gen_map_close(hand);
}

static yajl_gen_status opts_gen(yajl_gen hand, void *p)
{
    return libxl_domain_resume_virq_opts_gen_json(hand, p);
}

char *libxl_domain_resume_virq_opts_to_json(libxl_ctx *ctx,
                                            libxl_domain_resume_virq_opts *p)
{
    (void)ctx;
    return text_of(opts_gen, p);
}

/* Negative: none. */
static uint64_t int_or_null(int value)
{
    return value < 0 ? LIBXL_GUEST_SUSPEND_UNKNOWN : (uint64_t)value;
}

yajl_gen_status libxl_domain_suspend_request_opts_gen_json(
    yajl_gen hand, libxl_domain_suspend_request_opts *p)
{
    const struct gsuspend_member members[] = {
        { "timeout_ms", NULL, int_or_null(p->timeout_ms) },
        { "cancel_fd", NULL, int_or_null(p->cancel_fd) },
        { "instance", NULL, p->instance },
    };
    yajl_gen_status s;

    if ((s = yajl_gen_map_open(hand)) || (s = gen_members(hand, members, 3)) ||
        (s = gen_string(hand, "no_wait")) ||
        (s = yajl_gen_bool(hand, p->no_wait)))
        return s;

    return yajl_gen_map_close(hand);
}

static yajl_gen_status request_opts_gen(yajl_gen hand, void *p)
{
    return libxl_domain_suspend_request_opts_gen_json(hand, p);
}

char *libxl_domain_suspend_request_opts_to_json(
    libxl_ctx *ctx, libxl_domain_suspend_request_opts *p)
{
    (void)ctx;
    return text_of(request_opts_gen, p);
}
