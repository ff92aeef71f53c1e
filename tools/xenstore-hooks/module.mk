# xensuspendd, its hooks and its service files.
# SPDX-License-Identifier: GPL-2.0-only

xensuspendd_DIR := tools/xenstore-hooks
xensuspendd_PROG := $(xensuspendd_DIR)/xensuspendd

# Shared with the unit tests.
xensuspendd_model_SRCS := $(addprefix $(xensuspendd_DIR)/,bucket.c model.c)
xensuspendd_tree_SRCS := $(addprefix $(xensuspendd_DIR)/,log.c nodes.c tree.c) \
    tools/libs/light/guest_suspend_names.c
xensuspendd_hooks_SRCS := $(addprefix $(xensuspendd_DIR)/,hookdir.c hooks.c)

PROGRAMS += $(xensuspendd_PROG)
$(xensuspendd_PROG)_SRCS := $(xensuspendd_model_SRCS) \
    $(xensuspendd_tree_SRCS) $(xensuspendd_hooks_SRCS) \
    $(addprefix $(xensuspendd_DIR)/,daemon.c main.c notify.c options.c \
        privileges.c source.c) \
    tools/libs/light/guest_suspend_call.c
$(xensuspendd_PROG)_LDLIBS = $(XENEVTCHN_LIBS) $(XENSTORE_LIBS) \
    $(XENCALL_LIBS) $(XENTOOLLOG_LIBS)
$(xensuspendd_PROG)_INSTALLDIR = $(sbindir)

$(xensuspendd_DIR)/main.o_CPPFLAGS = \
    -DHOOKS_DIR='"$(sysconfdir)/xen/guest-suspend.d"'

UNIT_PROGRAMS += tests/unit/test-xensuspendd-model
tests/unit/test-xensuspendd-model_SRCS := \
    tests/unit/test-xensuspendd-model.c $(xensuspendd_model_SRCS)

UNIT_PROGRAMS += tests/unit/test-xensuspendd-tree
tests/unit/test-xensuspendd-tree_SRCS := \
    tests/unit/test-xensuspendd-tree.c tests/unit/fake_xenstore.c \
    $(xensuspendd_model_SRCS) $(xensuspendd_tree_SRCS)

UNIT_PROGRAMS += tests/unit/test-xensuspendd-daemon
tests/unit/test-xensuspendd-daemon_SRCS := \
    tests/unit/test-xensuspendd-daemon.c tests/unit/fake_xenstore.c \
    $(addprefix $(xensuspendd_DIR)/,daemon.c notify.c privileges.c) \
    $(xensuspendd_model_SRCS) $(xensuspendd_tree_SRCS) \
    $(xensuspendd_hooks_SRCS)
