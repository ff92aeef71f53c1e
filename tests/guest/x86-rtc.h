/* SPDX-License-Identifier: GPL-2.0-only */
/* The alarm of a PC's clock, the RTC. */
#ifndef X86_RTC_H
#define X86_RTC_H

#include <stdbool.h>

/* An alarm so many seconds ahead, less than a day.  One that has come is forgotten. */
void rtc_arm(unsigned int seconds);
/* The same alarm once more: what rtc_arm() costs, and no change. */
void rtc_arm_again(void);
/* Whether the alarm has come; then it is off. */
bool rtc_alarm_came(void);

#endif
