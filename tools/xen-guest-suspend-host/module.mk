# xen-guest-suspend-host: guests that sleep while the host sleeps; and the host's
# shutdown: its order, and the wake of all guests before it.
# SPDX-License-Identifier: GPL-2.0-only

host_DIR := tools/xen-guest-suspend-host
host_SCRIPTS := $(addprefix $(host_DIR)/,xen-guest-suspend-host system-sleep)
host_MADE := $(host_SCRIPTS) $(addprefix $(host_DIR)/,wake.init wake.service)
host_unitdir = $(prefix)/lib/systemd/system

MANPAGES += man/xen-guest-suspend-host.8
ALL_TARGETS += $(host_MADE)
$(host_MADE): %: $(srcdir)/%.in config/config.mk
	@mkdir -p $(@D)
	$(call step,SED,$@) sed 's|@sbindir@|$(sbindir)|g; s|@sysconfdir@|$(sysconfdir)|g' $< >$@
LINT_SH += $(addsuffix .in,$(host_SCRIPTS)) $(host_DIR)/wake.init.in

INSTALL_FILES += \
    755:$(host_DIR)/xen-guest-suspend-host:$(sbindir)/xen-guest-suspend-host \
    755:$(host_DIR)/system-sleep:$(prefix)/lib/systemd/system-sleep/xen-guest-suspend-host \
    644:$(srcdir)/$(host_DIR)/session.conf:$(host_unitdir)/session-.scope.d/xen-guest-suspend.conf \
    644:$(srcdir)/$(host_DIR)/xendomains.conf:$(host_unitdir)/xendomains.service.d/xen-guest-suspend.conf \
    644:$(host_DIR)/wake.service:$(host_unitdir)/xen-guest-suspend-wake.service \
    755:$(host_DIR)/wake.init:$(sysconfdir)/init.d/xen-guest-suspend-wake

UNIT_DEPS += $(host_SCRIPTS)
UNIT_SCRIPTS += tests/unit/test-suspend-host.py
