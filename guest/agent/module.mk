# guest/agent: the sleep agent, which runs inside a guest.
# SPDX-License-Identifier: GPL-2.0-only

agent_DIR := guest/agent
agent_SRCS := $(addprefix $(agent_DIR)/,xen-guest-suspend-agent.c xenbus.c)

PROGRAMS += $(agent_DIR)/xen-guest-suspend-agent
$(agent_DIR)/xen-guest-suspend-agent_SRCS := $(agent_SRCS)
$(agent_DIR)/xen-guest-suspend-agent_INSTALLDIR = $(sbindir)

MANPAGES += man/xen-guest-suspend-agent.8

# For the rig's guest, which has no C library.
RIG_PROGRAMS += tests/e2e/tools/xen-guest-suspend-agent
tests/e2e/tools/xen-guest-suspend-agent_SRCS := $(agent_SRCS)
tests/e2e/tools/xen-guest-suspend-agent_LDLIBS := -static
