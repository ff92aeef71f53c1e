# The hypervisor side: patches/ is what users apply.
#
# SPDX-License-Identifier: GPL-2.0-only

XEN_NEW_FILES := $(shell find $(srcdir)/hypervisor/xen -type f)
XEN_PATCHES := $(wildcard $(srcdir)/patches/xen-*-guest-suspend.patch)

# A patch takes Xen's source to make (scripts/make-patches), which "make" has
# not got: here only the files that are new in Xen are put in anew.
$(XEN_PATCHES): $(XEN_NEW_FILES)
	$(srcdir)/hypervisor/maintain renew $@

# Not among ALL_TARGETS, which "make clean" removes: these are committed.
all: $(XEN_PATCHES)
LINT_PY += hypervisor/apply hypervisor/editing.py hypervisor/maintain hypervisor/make-series tests/unit/fake_xen_tree.py
LINT_SH += tests/edits/run
UNIT_SCRIPTS += tests/unit/test-patches.sh
UNIT_SCRIPTS += tests/unit/test-apply.py
