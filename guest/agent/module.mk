# guest/agent: the sleep agent, which runs inside a guest.
# SPDX-License-Identifier: GPL-2.0-only

agent_DIR := guest/agent
agent_SRCS := $(addprefix $(agent_DIR)/,xen-guest-suspend-agent.c xenbus.c)

PROGRAMS += $(agent_DIR)/xen-guest-suspend-agent
$(agent_DIR)/xen-guest-suspend-agent_SRCS := $(agent_SRCS)
$(agent_DIR)/xen-guest-suspend-agent_INSTALLDIR = $(sbindir)

MANPAGES += man/xen-guest-suspend-agent.8

agent_SERVICES := $(addprefix $(agent_DIR)/xen-guest-suspend-agent,.service .init)
ALL_TARGETS += $(agent_SERVICES)
$(agent_SERVICES): %: $(srcdir)/%.in config/config.mk
	@mkdir -p $(@D)
	$(call step,SED,$@) sed 's|@sbindir@|$(sbindir)|g' $< >$@

INSTALL_FILES += \
    644:$(agent_DIR)/xen-guest-suspend-agent.service:$(prefix)/lib/systemd/system/xen-guest-suspend-agent.service \
    755:$(agent_DIR)/xen-guest-suspend-agent.init:$(sysconfdir)/init.d/xen-guest-suspend-agent
LINT_SH += $(agent_DIR)/xen-guest-suspend-agent.init.in

# For the rig's guest, which has no C library.
RIG_PROGRAMS += tests/e2e/tools/xen-guest-suspend-agent
tests/e2e/tools/xen-guest-suspend-agent_SRCS := $(agent_SRCS)
tests/e2e/tools/xen-guest-suspend-agent_LDLIBS := -static

UNIT_HELPERS += tests/unit/agent-fake
tests/unit/agent-fake_SRCS := tests/unit/agent_fake.c $(agent_DIR)/xenbus.c
UNIT_SCRIPTS += tests/unit/test-agent.py
