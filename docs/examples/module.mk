# docs/examples: built and run by the tests, and not installed.
# SPDX-License-Identifier: GPL-2.0-only

example_DEPS := tools/libs/light/libxlguestsuspend.so
example_LIBS = -Ltools/libs/light -lxlguestsuspend $(XENLIGHT_LIBS) \
    $(XENTOOLLOG_LIBS)

EXAMPLES += docs/examples/max-sleep docs/examples/sleep-for
docs/examples/max-sleep_SRCS := docs/examples/max-sleep.c
docs/examples/max-sleep_LDDEPS = $(example_DEPS)
docs/examples/max-sleep_LDLIBS = $(example_LIBS)
docs/examples/sleep-for_SRCS := docs/examples/sleep-for.c
docs/examples/sleep-for_LDDEPS = $(example_DEPS)
docs/examples/sleep-for_LDLIBS = $(example_LIBS)

LINT_SH += docs/examples/clock-catch-up docs/examples/while-asleep
