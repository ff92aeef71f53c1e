/* SPDX-License-Identifier: GPL-2.0-only */
/* What a test guest reads from its device tree, and words. */
#include "guest.h"

#define FDT_BEGIN_NODE      1
#define FDT_END_NODE        2
#define FDT_PROP            3
#define FDT_NOP             4

const char *bootargs = "";
uint64_t ram_base, ram_size;
struct gic_place gic_place;

size_t string_length(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

bool string_starts(const char *s, const char *with)
{
    while (*with)
        if (*s++ != *with++)
            return false;
    return true;
}

/* The compiler calls these two by itself. */
void *memset(void *to, int byte, size_t size)
{
    uint8_t *p = to;

    while (size--)
        *p++ = byte;
    return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
    uint8_t *p = to;
    const uint8_t *q = from;

    while (size--)
        *p++ = *q++;
    return to;
}

/* Where the value of "WORD=" begins in the boot arguments, or NULL. */
static const char *bootarg(const char *word)
{
    const size_t n = string_length(word);

    for (const char *s = bootargs; *s; s++)
        if ((s == bootargs || s[-1] == ' ') && string_starts(s, word))
            return s + n;
    return NULL;
}

bool bootarg_flag(const char *word)
{
    const char *end = bootarg(word);

    return end && (*end == '\0' || *end == ' ');
}

bool bootarg_is(const char *word, const char *value)
{
    const char *s = bootarg(word);
    size_t n;

    if (!s || *s++ != '=')
        return false;
    if (!value)
        return true;
    n = string_length(value);
    return string_starts(s, value) && (s[n] == '\0' || s[n] == ' ');
}

uint64_t bootarg_number(const char *word, uint64_t otherwise)
{
    const char *s = bootarg(word);
    uint64_t value = 0;

    if (!s || *s != '=')
        return otherwise;
    while (*++s >= '0' && *s <= '9')
        value = value * 10 + (uint64_t)(*s - '0');
    return value;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
           (uint32_t)p[2] << 8 | p[3];
}

static uint64_t be64(const uint8_t *p)
{
    return (uint64_t)be32(p) << 32 | be32(p + 4);
}

/* A node's properties that matter here, seen when the node is left. */
struct node {
    const char *name, *compatible;
    const uint8_t *reg;
    uint32_t reg_size;
};

static void node_seen(const struct node *node)
{
    /* Xen's trees for guests have two cells for addresses and for sizes. */
    if (node->reg && node->reg_size >= 16 && string_starts(node->name, "memory")) {
        ram_base = be64(node->reg);
        ram_size = be64(node->reg + 8);
    }
    if (!node->reg || node->reg_size < 32 || !node->compatible)
        return;
    if (string_starts(node->compatible, "arm,gic-v3"))
        gic_place.version = 3;
    else if (string_starts(node->compatible, "arm,cortex-a15-gic") ||
             string_starts(node->compatible, "arm,gic-400"))
        gic_place.version = 2;
    else
        return;
    gic_place.distributor = be64(node->reg);
    gic_place.cpus = be64(node->reg + 16);
}

void device_tree_read(const uint8_t *dtb)
{
    const uint8_t *p = dtb + be32(dtb + 8);
    const char *strings = (const char *)dtb + be32(dtb + 12);
    struct node node = { .name = "" };

    for (;;) {
        const uint32_t token = be32(p);

        p += 4;
        if (token == FDT_BEGIN_NODE || token == FDT_END_NODE) {
            node_seen(&node);
            node = (struct node){ .name = "" };
        }
        if (token == FDT_BEGIN_NODE) {
            node.name = (const char *)p;
            p += (string_length(node.name) + 4) & ~3UL;
        } else if (token == FDT_PROP) {
            const uint32_t size = be32(p);
            const char *name = strings + be32(p + 4);

            p += 8;
            if (string_starts(name, "compatible")) {
                node.compatible = (const char *)p;
            } else if (string_starts(name, "bootargs")) {
                bootargs = (const char *)p;
            } else if (string_starts(name, "reg") && !name[3]) {
                node.reg = p;
                node.reg_size = size;
            }
            p += (size + 3) & ~3U;
        } else if (token != FDT_END_NODE && token != FDT_NOP) {
            return;
        }
    }
}
