# What end-to-end tests run in the rig's dom0, besides what is installed.
# SPDX-License-Identifier: GPL-2.0-only

RIG_PROGRAMS += tests/e2e/tools/hv-probe
tests/e2e/tools/hv-probe_SRCS := tests/e2e/tools/hv-probe.c
tests/e2e/tools/hv-probe_LDLIBS = -lxenctrl -lxenforeignmemory $(XENCALL_LIBS)

RIG_PROGRAMS += tests/e2e/tools/watch-probe
tests/e2e/tools/watch-probe_SRCS := tests/e2e/tools/watch-probe.c \
    tools/libs/light/guest_suspend_call.c tools/libs/light/guest_suspend_names.c
tests/e2e/tools/watch-probe_LDLIBS = $(XENSTORE_LIBS) $(XENCALL_LIBS) \
    $(XENTOOLLOG_LIBS)
