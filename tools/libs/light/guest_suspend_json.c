/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * guest_suspend_json.c: the types of libxl_guest_suspend.h as JSON.
 */

#include "libxl_guest_suspend_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static yajl_gen_status gen_string(yajl_gen hand, const char *s)
{
    return yajl_gen_string(hand, (const unsigned char *)s, strlen(s));
}

/* yajl_gen_integer is signed, and half of our counters' range short. */
static yajl_gen_status gen_u64(yajl_gen hand, uint64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);

    return yajl_gen_number(hand, digits, (size_t)len);
}

/* LIBXL_GUEST_SUSPEND_UNKNOWN is null. */
static yajl_gen_status member_u64(yajl_gen hand, const char *key,
                                  uint64_t value)
{
    yajl_gen_status s = gen_string(hand, key);

    if (s != yajl_gen_status_ok)
        return s;
    return value == LIBXL_GUEST_SUSPEND_UNKNOWN ? yajl_gen_null(hand)
                                                : gen_u64(hand, value);
}

/* UINT32_MAX, which stands for "none" in each of the fields, is null. */
static yajl_gen_status member_u32_or_null(yajl_gen hand, const char *key,
                                          uint32_t value)
{
    yajl_gen_status s = gen_string(hand, key);

    if (s != yajl_gen_status_ok)
        return s;
    return value == UINT32_MAX ? yajl_gen_null(hand) : gen_u64(hand, value);
}

static yajl_gen_status member_string(yajl_gen hand, const char *key,
                                     const char *value)
{
    yajl_gen_status s = gen_string(hand, key);

    return s == yajl_gen_status_ok ? gen_string(hand, value) : s;
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
libxl_guest_suspend_info_gen_members(yajl_gen hand,
                                     libxl_guest_suspend_info *p)
{
    yajl_gen_status s;

    /* The order of the structure, but for the state, which people look for. */
    if ((s = member_u64(hand, "domid", p->domid)) ||
        (s = member_string(hand, "state",
                           libxl_guest_suspend_state_to_string(p->state))) ||
        (s = member_u64(hand, "seq", p->seq)) ||
        (s = member_u64(hand, "instance", p->instance)) ||
        (s = member_u64(hand, "now_ns", p->now_ns)) ||
        (s = member_u64(hand, "since_ns", p->since_ns)) ||
        (s = member_u64(hand, "asleep_ns", p->asleep_ns)) ||
        (s = member_u64(hand, "suspends", p->suspends)) ||
        (s = member_u64(hand, "denied", p->denied)) ||
        (s = member_string(hand, "kind",
                           libxl_guest_suspend_kind_to_string(p->kind))) ||
        (s = member_string(hand, "wake_reason",
                           libxl_guest_suspend_wake_to_string(
                               p->wake_reason))) ||
        (s = member_u32_or_null(hand, "wake_virq", p->wake_virq)) ||
        (s = member_u32_or_null(hand, "wake_vcpu", p->wake_vcpu)) ||
        (s = member_string(hand, "denied_reason",
                           libxl_guest_suspend_denied_to_string(
                               p->denied_reason))))
        return s;

    return yajl_gen_status_ok;
}

yajl_gen_status
libxl_guest_suspend_info_gen_json(yajl_gen hand, libxl_guest_suspend_info *p)
{
    yajl_gen_status s;

    if ((s = yajl_gen_map_open(hand)) ||
        (s = libxl_guest_suspend_info_gen_members(hand, p)))
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
    yajl_gen_status s;

    if ((s = yajl_gen_map_open(hand)) ||
        (s = member_u64(hand, "seq", p->seq)) ||
        (s = member_u64(hand, "instance", p->instance)))
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
