# tests/unit/fake_xen: the hypervisor's guest suspend in user space, and the
# tests of it.
# SPDX-License-Identifier: GPL-2.0-only

FAKE_XEN := tests/unit/fake_xen
FAKE_XEN_SRCS := $(FAKE_XEN)/fake.c $(FAKE_XEN)/guest-suspend.c
FAKE_XEN_ARM_SRCS := $(FAKE_XEN)/fake_arm.c $(FAKE_XEN)/arm-guest-suspend.c

UNIT_PROGRAMS += tests/unit/test-guest-suspend-state
tests/unit/test-guest-suspend-state_SRCS := \
    tests/unit/test-guest-suspend-state.c $(FAKE_XEN)/fake_arch.c \
    $(FAKE_XEN_SRCS)

UNIT_PROGRAMS += tests/unit/test-guest-suspend-arm
tests/unit/test-guest-suspend-arm_SRCS := \
    tests/unit/test-guest-suspend-arm.c $(FAKE_XEN_SRCS) $(FAKE_XEN_ARM_SRCS)

UNIT_PROGRAMS += tests/unit/test-guest-suspend-model
tests/unit/test-guest-suspend-model_SRCS := \
    tests/unit/test-guest-suspend-model.c $(FAKE_XEN_SRCS) $(FAKE_XEN_ARM_SRCS)

# Before the system's directories: libxen-dev has a <xen/errno.h>, too.  Xen
# itself is compiled without -Wextra: its stubs leave their parameters alone.
FAKE_XEN_CPPFLAGS = -I$(srcdir)/$(FAKE_XEN) -I$(srcdir)/hypervisor/xen/include \
    -I$(srcdir)/hypervisor/xen/arch/arm/include -Wno-unused-parameter

define fake_xen_flags
$(patsubst %.c,%.o,$(1))_CPPFLAGS = $$(FAKE_XEN_CPPFLAGS)
endef
$(foreach src,$(sort $(tests/unit/test-guest-suspend-state_SRCS) \
    tests/unit/test-guest-suspend-arm.c \
    $(tests/unit/test-guest-suspend-model_SRCS)), \
    $(eval $(call fake_xen_flags,$(src))))
