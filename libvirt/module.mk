# libvirt: a series of patches for each version (libvirt/series says which they are),
# and patches/ has them in one file, which both "patch -p1" and "git am" take.
#
# SPDX-License-Identifier: GPL-2.0-only

LIBVIRT_VERSIONS := $(notdir $(wildcard $(srcdir)/libvirt/[0-9]*))

# As those for Xen, these are committed.
define LIBVIRT_PATCH
$(srcdir)/patches/libvirt-$(1)-guest-suspend.patch: $(shell $(srcdir)/libvirt/series $(1))
	cat $$^ >$$@
all: $(srcdir)/patches/libvirt-$(1)-guest-suspend.patch
endef
$(foreach version,$(LIBVIRT_VERSIONS),$(eval $(call LIBVIRT_PATCH,$(version))))

LINT_SH += libvirt/series scripts/build-libvirt-package
