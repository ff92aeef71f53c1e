# docs/examples: built and run by the tests, and not installed.
# SPDX-License-Identifier: GPL-2.0-only

EXAMPLES += docs/examples/max-sleep
docs/examples/max-sleep_SRCS := docs/examples/max-sleep.c
docs/examples/max-sleep_LDDEPS = tools/libs/light/libxlguestsuspend.so
docs/examples/max-sleep_LDLIBS = -Ltools/libs/light -lxlguestsuspend \
    $(XENLIGHT_LIBS) $(XENTOOLLOG_LIBS)
LINT_SH += docs/examples/clock-catch-up docs/examples/while-asleep
