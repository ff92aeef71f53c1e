# tests/unit: tests of our C and scripts that need no Xen.  Those of the daemon
# are listed in its own fragment.
# SPDX-License-Identifier: GPL-2.0-only

LINT_PY += tests/unit/run.py

UNIT_PROGRAMS += tests/unit/test-guest-suspend-call
tests/unit/test-guest-suspend-call_SRCS := \
    tests/unit/test-guest-suspend-call.c tests/unit/fake_xencall.c \
    tools/libs/light/guest_suspend_call.c

UNIT_PROGRAMS += tests/unit/test-guest-suspend-list
tests/unit/test-guest-suspend-list_SRCS := \
    tests/unit/test-guest-suspend-list.c tests/unit/fake_xencall.c \
    $(addprefix tools/libs/light/,guest_suspend_call.c guest_suspend_list.c)

UNIT_PROGRAMS += tests/unit/test-guest-suspend-time
tests/unit/test-guest-suspend-time_SRCS := \
    tests/unit/test-guest-suspend-time.c tools/libs/light/guest_suspend_time.c

UNIT_PROGRAMS += tests/unit/test-guest-suspend-times
tests/unit/test-guest-suspend-times_SRCS := \
    tests/unit/test-guest-suspend-times.c tools/libs/light/guest_suspend_times.c

UNIT_PROGRAMS += tests/unit/test-libxlguestsuspend
tests/unit/test-libxlguestsuspend_SRCS = \
    tests/unit/test-libxlguestsuspend.c tests/unit/fake_xencall.c \
    $(tools/libs/light/libxlguestsuspend_SRCS)
tests/unit/test-libxlguestsuspend_LDLIBS = $(XENSTORE_LIBS) $(YAJL_LIBS)

UNIT_PROGRAMS += tests/unit/test-suspend-watch
tests/unit/test-suspend-watch_SRCS = \
    tests/unit/test-suspend-watch.c tests/unit/fake_xencall.c \
    tests/unit/fake_read_only_xenstore.c \
    $(filter-out %_xenstore.c,$(tools/libs/light/libxlguestsuspend_SRCS))
tests/unit/test-suspend-watch_LDLIBS = $(YAJL_LIBS)

UNIT_PROGRAMS += tests/unit/test-suspend-request
tests/unit/test-suspend-request_SRCS = \
    tests/unit/test-suspend-request.c tests/unit/fake_xencall.c \
    $(filter-out %_xenstore.c,$(tools/libs/light/libxlguestsuspend_SRCS))
tests/unit/test-suspend-request_LDLIBS = $(YAJL_LIBS)

UNIT_PROGRAMS += tests/unit/test-guest-suspend-xenstore
tests/unit/test-guest-suspend-xenstore_SRCS := \
    tests/unit/test-guest-suspend-xenstore.c $(addprefix tools/libs/light/, \
    guest_suspend_number.c guest_suspend_poll.c guest_suspend_xenstore.c)
tests/unit/test-guest-suspend-xenstore_LDLIBS = $(XENSTORE_LIBS)

UNIT_PROGRAMS += tests/unit/test-library-soak
tests/unit/test-library-soak_SRCS = \
    tests/unit/test-library-soak.c tests/unit/fake_soak.c \
    tests/unit/fake_read_only_xenstore.c \
    $(filter-out %_xenstore.c,$(tools/libs/light/libxlguestsuspend_SRCS))
tests/unit/test-library-soak_LDLIBS = $(YAJL_LIBS) -pthread
UNIT_SCRIPTS += tests/unit/test-thread-sanitizer.sh

UNIT_PROGRAMS += tests/unit/test-xl-parts
tests/unit/test-xl-parts_SRCS = tests/unit/test-xl-parts.c \
    tools/xl/xl_options.c tools/xl/xl_text.c \
    $(addprefix tools/libs/light/,guest_suspend_names.c guest_suspend_time.c \
    guest_suspend_types.c)

# Our program on a fake host, with its stock xl where test-xl.py puts one.
UNIT_HELPERS += tests/unit/xl-fake
tests/unit/xl-fake_SRCS = $(filter-out %/xl_handover.c,$(XL_SRCS)) \
    tests/unit/xl_handover_fake.c tests/unit/fake_host.c \
    tests/unit/fake_xencall.c $(filter-out %_xenstore.c,$(XL_LIBRARY_SRCS))
fake_stock_xl := -DSTOCK_XL='"$(abs_builddir)/tests/unit/stock-xl/xl"'
tests/unit/xl_handover_fake.o_CPPFLAGS = $(fake_stock_xl)
# The front before it.
UNIT_HELPERS += tests/unit/xl-front-fake
tests/unit/xl-front-fake_SRCS = $(filter-out %/xl_front.c,$(XL_FRONT_SRCS)) \
    tests/unit/xl_front_fake.c
tests/unit/xl-front-fake_LDFLAGS = $(XL_FRONT_LDFLAGS)
tests/unit/xl_front_fake.o_CFLAGS = $(XL_FRONT_CFLAGS)
tests/unit/xl_front_fake.o_CPPFLAGS = $(fake_stock_xl) \
    -DXL_OURS='"$(abs_builddir)/tests/unit/xl-ours/xl"'
UNIT_PROGRAMS += tests/unit/test-xl-front
tests/unit/test-xl-front_SRCS := tests/unit/test-xl-front.c
UNIT_SCRIPTS += tests/unit/test-xl.py
UNIT_SCRIPTS += tests/unit/test-xl-completion.sh
UNIT_SCRIPTS += tests/unit/test-xl-manual.py
UNIT_SCRIPTS += tests/unit/test-configure.sh
UNIT_SCRIPTS += tests/unit/test-tour.py
UNIT_SCRIPTS += tests/unit/test-library-abi.sh
UNIT_SCRIPTS += tests/unit/test-library-manual.py
