# tests/unit/fake_xen: the hypervisor's common/guest-suspend.c in user space,
# and the tests of it.
# SPDX-License-Identifier: GPL-2.0-only

FAKE_XEN := tests/unit/fake_xen
FAKE_XEN_SRCS := $(FAKE_XEN)/fake.c $(FAKE_XEN)/guest-suspend.c
# Before the system's directories: libxen-dev has a <xen/errno.h>, too.
FAKE_XEN_CPPFLAGS = -I$(srcdir)/$(FAKE_XEN) -I$(srcdir)/hypervisor/xen/include

$(FAKE_XEN)/fake.o_CPPFLAGS = $(FAKE_XEN_CPPFLAGS)
$(FAKE_XEN)/guest-suspend.o_CPPFLAGS = $(FAKE_XEN_CPPFLAGS)
$(FAKE_XEN)/fake_arch.o_CPPFLAGS = $(FAKE_XEN_CPPFLAGS)

UNIT_PROGRAMS += tests/unit/test-guest-suspend-state
tests/unit/test-guest-suspend-state_SRCS := \
    tests/unit/test-guest-suspend-state.c $(FAKE_XEN)/fake_arch.c \
    $(FAKE_XEN_SRCS)
tests/unit/test-guest-suspend-state.o_CPPFLAGS = $(FAKE_XEN_CPPFLAGS)
