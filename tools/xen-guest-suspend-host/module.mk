# xen-guest-suspend-host: guests that sleep while the host sleeps; and the order in
# which systemd shuts the host down.
# SPDX-License-Identifier: GPL-2.0-only

host_DIR := tools/xen-guest-suspend-host
host_SCRIPTS := $(addprefix $(host_DIR)/,xen-guest-suspend-host system-sleep)

MANPAGES += man/xen-guest-suspend-host.8
ALL_TARGETS += $(host_SCRIPTS)
$(host_SCRIPTS): %: $(srcdir)/%.in config/config.mk
	@mkdir -p $(@D)
	$(call step,SED,$@) sed 's|@sbindir@|$(sbindir)|g; s|@sysconfdir@|$(sysconfdir)|g' $< >$@
LINT_SH += $(addsuffix .in,$(host_SCRIPTS))

INSTALL_FILES += \
    755:$(host_DIR)/xen-guest-suspend-host:$(sbindir)/xen-guest-suspend-host \
    755:$(host_DIR)/system-sleep:$(prefix)/lib/systemd/system-sleep/xen-guest-suspend-host \
    644:$(srcdir)/$(host_DIR)/session.conf:$(prefix)/lib/systemd/system/session-.scope.d/xen-guest-suspend.conf

UNIT_DEPS += $(host_SCRIPTS)
UNIT_SCRIPTS += tests/unit/test-suspend-host.py
