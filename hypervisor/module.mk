# The hypervisor side: patches/ is what users apply.
#
# SPDX-License-Identifier: GPL-2.0-only

XEN_VERSIONS := $(sort $(patsubst $(srcdir)/hypervisor/xen-%.patch,%, \
    $(wildcard $(srcdir)/hypervisor/xen-*.patch)))
XEN_NEW_FILES := $(shell find $(srcdir)/hypervisor/xen -type f)
XEN_PATCHES := $(XEN_VERSIONS:%=$(srcdir)/patches/xen-%-guest-suspend.patch)

# Assembled beside the target first, so that a failure leaves the old patch.
$(srcdir)/patches/xen-%-guest-suspend.patch: $(srcdir)/hypervisor/assemble \
    $(srcdir)/hypervisor/xen-%.patch $(XEN_NEW_FILES)
	$(srcdir)/hypervisor/assemble $* >$@.new
	mv $@.new $@

# Not among ALL_TARGETS, which "make clean" removes: these are committed.
all: $(XEN_PATCHES)
LINT_SH += hypervisor/assemble
LINT_PY += hypervisor/make-series
UNIT_SCRIPTS += tests/unit/test-patches.sh
