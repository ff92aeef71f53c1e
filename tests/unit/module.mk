# tests/unit: tests of our C and scripts that need no Xen.  Those of the daemon
# are listed in its own fragment.
# SPDX-License-Identifier: GPL-2.0-only

LINT_PY += tests/unit/run.py

UNIT_PROGRAMS += tests/unit/test-guest-suspend-call
tests/unit/test-guest-suspend-call_SRCS := \
    tests/unit/test-guest-suspend-call.c tests/unit/fake_xencall.c \
    tools/libs/light/guest_suspend_call.c

UNIT_PROGRAMS += tests/unit/test-libxlguestsuspend
tests/unit/test-libxlguestsuspend_SRCS = \
    tests/unit/test-libxlguestsuspend.c tests/unit/fake_xencall.c \
    $(tools/libs/light/libxlguestsuspend_SRCS)
tests/unit/test-libxlguestsuspend_LDLIBS = $(YAJL_LIBS)
