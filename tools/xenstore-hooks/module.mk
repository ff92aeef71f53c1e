# xensuspendd, its hooks and its service files.
# SPDX-License-Identifier: GPL-2.0-only

xensuspendd_DIR := tools/xenstore-hooks
xensuspendd_PROG := $(xensuspendd_DIR)/xensuspendd

# Shared with the unit tests.
xensuspendd_model_SRCS := $(xensuspendd_DIR)/model.c \
    $(addprefix tools/libs/light/,bucket.c guest_suspend_time.c)
# What only the loop needs.
xensuspendd_daemon_SRCS := $(addprefix $(xensuspendd_DIR)/,changes.c daemon.c \
    notify.c privileges.c report.c) tools/libs/light/guest_suspend_times.c
xensuspendd_tree_SRCS := $(addprefix $(xensuspendd_DIR)/,feature.c fields.c log.c tree.c) \
    $(addprefix tools/libs/light/guest_suspend_,names.c number.c)
xensuspendd_list_SRCS := \
    $(addprefix tools/libs/light/,guest_suspend_call.c guest_suspend_list.c)
xensuspendd_options_SRCS := $(xensuspendd_DIR)/options.c tools/xl/xl_options.c
xensuspendd_hooks_SRCS := \
    $(addprefix $(xensuspendd_DIR)/,child.c hookdir.c hooks.c wakes.c)

PROGRAMS += $(xensuspendd_PROG)
$(xensuspendd_PROG)_SRCS := $(xensuspendd_model_SRCS) \
    $(xensuspendd_tree_SRCS) $(xensuspendd_hooks_SRCS) \
    $(xensuspendd_daemon_SRCS) $(addprefix $(xensuspendd_DIR)/,main.c source.c) \
    $(xensuspendd_options_SRCS) \
    $(xensuspendd_list_SRCS)
$(xensuspendd_PROG)_LDLIBS = $(XENEVTCHN_LIBS) $(XENSTORE_LIBS) \
    $(XENCALL_LIBS) $(XENTOOLLOG_LIBS)
$(xensuspendd_PROG)_INSTALLDIR = $(sbindir)

$(xensuspendd_DIR)/main.o_CPPFLAGS = \
    -DHOOKS_DIR='"$(sysconfdir)/xen/guest-suspend.d"' \
    -DOUR_XL='"$(sbindir)/xl"'

UNIT_PROGRAMS += tests/unit/test-xensuspendd-model
tests/unit/test-xensuspendd-model_SRCS := \
    tests/unit/test-xensuspendd-model.c $(xensuspendd_model_SRCS)

UNIT_PROGRAMS += tests/unit/test-xensuspendd-source
tests/unit/test-xensuspendd-source_SRCS := \
    tests/unit/test-xensuspendd-source.c tests/unit/fake_xencall.c \
    $(addprefix $(xensuspendd_DIR)/,log.c source.c) \
    $(xensuspendd_list_SRCS)

UNIT_PROGRAMS += tests/unit/test-xensuspendd-tree
tests/unit/test-xensuspendd-tree_SRCS := \
    tests/unit/test-xensuspendd-tree.c tests/unit/fake_xenstore.c \
    $(xensuspendd_model_SRCS) $(xensuspendd_tree_SRCS)

UNIT_PROGRAMS += tests/unit/test-xensuspendd-feature
tests/unit/test-xensuspendd-feature_SRCS := \
    tests/unit/test-xensuspendd-feature.c tests/unit/fake_xenstore.c \
    $(xensuspendd_DIR)/feature.c

UNIT_PROGRAMS += tests/unit/test-xensuspendd-fuzz
tests/unit/test-xensuspendd-fuzz_SRCS := \
    tests/unit/test-xensuspendd-fuzz.c tests/unit/fake_xenstore.c \
    $(xensuspendd_options_SRCS) \
    $(xensuspendd_model_SRCS) $(xensuspendd_tree_SRCS)

UNIT_PROGRAMS += tests/unit/test-xensuspendd-daemon
tests/unit/test-xensuspendd-daemon_SRCS := \
    tests/unit/test-xensuspendd-daemon.c tests/unit/fake_xenstore.c \
    $(xensuspendd_daemon_SRCS) \
    $(xensuspendd_model_SRCS) $(xensuspendd_tree_SRCS) \
    $(xensuspendd_hooks_SRCS)

# The whole program, on a fake host.
UNIT_HELPERS += tests/unit/xensuspendd-fake
tests/unit/xensuspendd-fake_SRCS := \
    tests/unit/xensuspendd_fake.c tests/unit/fake_xenstore.c \
    $(xensuspendd_daemon_SRCS) $(xensuspendd_DIR)/main.c \
    $(xensuspendd_options_SRCS) \
    $(xensuspendd_model_SRCS) $(xensuspendd_tree_SRCS) \
    $(xensuspendd_hooks_SRCS)
UNIT_SCRIPTS += tests/unit/test-xensuspendd-program.py

MANPAGES += man/xensuspendd.8 man/xen-guest-suspend-paths.7

# Service files, with the paths that were configured.
xensuspendd_SERVICES := $(addprefix $(xensuspendd_DIR)/,\
    xensuspendd.service xensuspendd.init)
ALL_TARGETS += $(xensuspendd_SERVICES)
$(xensuspendd_SERVICES): %: $(srcdir)/%.in config/config.mk
	@mkdir -p $(@D)
	$(call step,SED,$@) sed 's|@sbindir@|$(sbindir)|g' $< >$@

INSTALL_FILES += \
    644:$(xensuspendd_DIR)/xensuspendd.service:$(prefix)/lib/systemd/system/xensuspendd.service \
    755:$(xensuspendd_DIR)/xensuspendd.init:$(sysconfdir)/init.d/xensuspendd

INSTALL_DIRS += 755:$(sysconfdir)/xen/guest-suspend.d

# Examples, to be copied to the hooks directory by who wants them.
xensuspendd_HOOKS := $(addprefix $(xensuspendd_DIR)/hooks/,\
    10-syslog 50-wake-later)
LINT_SH += $(xensuspendd_HOOKS)
INSTALL_FILES += $(foreach hook,$(xensuspendd_HOOKS),\
    755:$(srcdir)/$(hook):$(docdir)/examples/hooks/$(notdir $(hook)))

UNIT_PROGRAMS += tests/unit/test-xensuspendd-hooks
tests/unit/test-xensuspendd-hooks_SRCS := \
    tests/unit/test-xensuspendd-hooks.c $(xensuspendd_hooks_SRCS) \
    $(xensuspendd_DIR)/log.c

UNIT_PROGRAMS += tests/unit/test-xensuspendd-wakes
tests/unit/test-xensuspendd-wakes_SRCS := \
    tests/unit/test-xensuspendd-wakes.c \
    $(addprefix $(xensuspendd_DIR)/,child.c log.c wakes.c)
