# What end-to-end tests run in the rig's dom0, besides what is installed.
# SPDX-License-Identifier: GPL-2.0-only

RIG_PROGRAMS += tests/e2e/tools/hv-probe
tests/e2e/tools/hv-probe_SRCS := tests/e2e/tools/hv-probe.c
tests/e2e/tools/hv-probe_LDLIBS = -lxenctrl -lxenforeignmemory $(XENCALL_LIBS)

RIG_PROGRAMS += tests/e2e/tools/watch-probe
tests/e2e/tools/watch-probe_SRCS := tests/e2e/tools/watch-probe.c \
    $(addprefix tools/libs/light/,guest_suspend_call.c guest_suspend_list.c \
    guest_suspend_names.c)
tests/e2e/tools/watch-probe_LDLIBS = $(XENSTORE_LIBS) $(XENCALL_LIBS) \
    $(XENTOOLLOG_LIBS)

# tests/unit/test-library-soak with the real libraries.
RIG_PROGRAMS += tests/e2e/tools/library-soak
tests/e2e/tools/library-soak_SRCS := tests/unit/test-library-soak.c \
    tests/e2e/tools/soak_ctx.c
tests/e2e/tools/library-soak_LDDEPS = tools/libs/light/libxlguestsuspend.so
tests/e2e/tools/library-soak_LDLIBS = -Ltools/libs/light -lxlguestsuspend \
    $(XENLIGHT_LIBS) $(XENTOOLLOG_LIBS) -pthread

RIG_PROGRAMS += tests/e2e/tools/held-disk
tests/e2e/tools/held-disk_SRCS := tests/e2e/tools/held-disk.c

RIG_PROGRAMS += tests/e2e/tools/flock
tests/e2e/tools/flock_SRCS := tests/e2e/tools/flock.c

# Runs in a guest.
RIG_PROGRAMS += tests/e2e/tools/rtc-probe
tests/e2e/tools/rtc-probe_SRCS := tests/e2e/tools/rtc-probe.c

# So does this one, in one without a C library.
RIG_PROGRAMS += tests/e2e/tools/request-fiend
tests/e2e/tools/request-fiend_SRCS := tests/e2e/tools/request-fiend.c guest/agent/xenbus.c
tests/e2e/tools/request-fiend_LDLIBS := -static

RIG_PROGRAMS += tests/e2e/tools/wol-send
tests/e2e/tools/wol-send_SRCS := tests/e2e/tools/wol-send.c

# arm64 only: see tests/bench/fleet.h.
ifneq ($(filter aarch64-%,$(host)),)
RIG_PROGRAMS += tests/e2e/tools/fleet
endif
tests/e2e/tools/fleet_SRCS := tests/e2e/tools/fleet.c tests/bench/fleet.c \
    tools/libs/light/guest_suspend_call.c
tests/e2e/tools/fleet_LDLIBS = -lxenctrl -lxenforeignmemory $(XENCALL_LIBS) \
    $(XENSTORE_LIBS) $(XENTOOLLOG_LIBS)
LINT_C += tests/e2e/tools/fleet.c
