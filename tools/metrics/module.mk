# tools/metrics: the file that node_exporter's textfile collector reads.
# SPDX-License-Identifier: GPL-2.0-only

metrics_DIR := tools/metrics
metrics_unitdir = $(prefix)/lib/systemd/system

ALL_TARGETS += $(metrics_DIR)/write-metrics $(metrics_DIR)/xen-guest-suspend-metrics.service
# FORCE: prefix may be another one with each make.
$(metrics_DIR)/write-metrics $(metrics_DIR)/xen-guest-suspend-metrics.service: %: $(srcdir)/%.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@sbindir@|$(sbindir)|g' -e 's|@libexecdir@|$(libexecdir)|g' $< >$@
INSTALL_FILES += 755:$(metrics_DIR)/write-metrics:$(libexecdir)/xen-guest-suspend/write-metrics
INSTALL_FILES += 644:$(metrics_DIR)/xen-guest-suspend-metrics.service:$(metrics_unitdir)/xen-guest-suspend-metrics.service
INSTALL_FILES += 644:$(srcdir)/$(metrics_DIR)/xen-guest-suspend-metrics.timer:$(metrics_unitdir)/xen-guest-suspend-metrics.timer
LINT_SH += $(metrics_DIR)/write-metrics.in

UNIT_SCRIPTS += tests/unit/test-metrics.py
LINT_PY += tests/metrics/prometheus.py
