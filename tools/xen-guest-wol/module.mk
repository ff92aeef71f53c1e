# xen-guest-wol: wakes sleeping guests by Wake-on-LAN.
# SPDX-License-Identifier: GPL-2.0-only

wol_DIR := tools/xen-guest-wol

PROGRAMS += $(wol_DIR)/xen-guest-wol
$(wol_DIR)/xen-guest-wol_INSTALLDIR = $(sbindir)
$(wol_DIR)/xen-guest-wol_SRCS = $(addprefix $(wol_DIR)/,guests.c main.c packet.c) \
    $(addprefix tools/xenstore-hooks/,log.c notify.c) $(XL_LIBRARY_SRCS)
$(wol_DIR)/xen-guest-wol_LDLIBS = $(XENCALL_LIBS)
$(wol_DIR)/guests.o_CPPFLAGS = -iquote $(srcdir) -DGUEST_SUSPEND_XL='"$(sbindir)/xl"'
$(wol_DIR)/main.o_CPPFLAGS = -iquote $(srcdir)

UNIT_PROGRAMS += tests/unit/test-wol-packet
tests/unit/test-wol-packet_SRCS := tests/unit/test-wol-packet.c $(wol_DIR)/packet.c
tests/unit/test-wol-packet.o_CPPFLAGS = -iquote $(srcdir)

UNIT_PROGRAMS += tests/unit/test-wol-guests
tests/unit/test-wol-guests_SRCS := tests/unit/test-wol-guests.c \
    $(addprefix $(wol_DIR)/,guests.c packet.c) tools/xenstore-hooks/log.c \
    $(addprefix tools/libs/light/guest_suspend_,types.c names.c number.c)
tests/unit/test-wol-guests.o_CPPFLAGS = -iquote $(srcdir)

MANPAGES += man/xen-guest-wol.8
ALL_TARGETS += $(wol_DIR)/xen-guest-wol.service
$(wol_DIR)/xen-guest-wol.service: %: $(srcdir)/%.in config/config.mk
	@mkdir -p $(@D)
	$(call step,SED,$@) sed 's|@sbindir@|$(sbindir)|g' $< >$@
INSTALL_FILES += 644:$(wol_DIR)/xen-guest-wol.service:$(prefix)/lib/systemd/system/xen-guest-wol.service

# The program, without Xen.
UNIT_HELPERS += tests/unit/xen-guest-wol-fake
tests/unit/xen-guest-wol-fake_SRCS := tests/unit/wol_fake.c \
    $(addprefix $(wol_DIR)/,main.c packet.c) \
    $(addprefix tools/libs/light/,bucket.c guest_suspend_poll.c) \
    tools/xenstore-hooks/notify.c
tests/unit/wol_fake.o_CPPFLAGS = -iquote $(srcdir)
UNIT_SCRIPTS += tests/unit/test-wol-program.py
