/* SPDX-License-Identifier: GPL-2.0-only */
/* See x86-rtc.h. */

#include <stdint.h>

#include "x86-rtc.h"

#define SECONDS                     0
#define SECONDS_ALARM               1
#define MINUTES                     2
#define MINUTES_ALARM               3
#define HOURS                       4
#define HOURS_ALARM                 5
#define REG_B                       11
#define B_BINARY                    0x04
#define B_ALARM                     0x20
#define REG_C                       12
#define C_ALARM                     0x20

#define DAY                         86400U

/* As they are in the registers. */
static uint8_t alarm_hours, alarm_minutes, alarm_seconds;

static uint8_t get(uint8_t reg)
{
    uint8_t value;

    asm volatile("outb %1, $0x70; inb $0x71, %0" : "=a"(value) : "0"(reg));
    return value;
}

static void put(uint8_t reg, uint8_t value)
{
    asm volatile("outb %0, $0x70" : : "a"(reg));
    asm volatile("outb %0, $0x71" : : "a"(value));
}

static unsigned int get_number(uint8_t reg)
{
    uint8_t value = get(reg);

    return get(REG_B) & B_BINARY ? value : (value >> 4) * 10U + (value & 15);
}

static uint8_t to_register(unsigned int number)
{
    if (get(REG_B) & B_BINARY)
        return (uint8_t)number;
    return (uint8_t)(number / 10 << 4 | number % 10);
}

static unsigned int now(void)
{
    return get_number(HOURS) * 3600 + get_number(MINUTES) * 60 +
           get_number(SECONDS);
}

void rtc_arm_again(void)
{
    put(HOURS_ALARM, alarm_hours);
    put(MINUTES_ALARM, alarm_minutes);
    put(SECONDS_ALARM, alarm_seconds);
}

void rtc_arm(unsigned int seconds)
{
    unsigned int first, at;

    /* Twice the same: no register has changed between two looks. */
    do {
        first = now();
        at = now();
    } while (at != first);
    at = (at + seconds) % DAY;
    alarm_hours = to_register(at / 3600);
    alarm_minutes = to_register(at / 60 % 60);
    alarm_seconds = to_register(at % 60);

    put(REG_B, get(REG_B) & ~B_ALARM);
    get(REG_C);
    rtc_arm_again();
    put(REG_B, get(REG_B) | B_ALARM);
}

bool rtc_alarm_came(void)
{
    if (!(get(REG_B) & B_ALARM) || !(get(REG_C) & C_ALARM))
        return false;
    put(REG_B, get(REG_B) & ~B_ALARM);
    return true;
}
