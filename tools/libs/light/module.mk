# tools/libs/light: libxlguestsuspend, and the hypercall core that the daemon
# shares with it.
# SPDX-License-Identifier: GPL-2.0-only

SHLIBS += tools/libs/light/libxlguestsuspend
tools/libs/light/libxlguestsuspend_SOVERSION := 1
tools/libs/light/libxlguestsuspend_MINOR := 1
tools/libs/light/libxlguestsuspend_MAP := tools/libs/light/libxlguestsuspend.map
tools/libs/light/libxlguestsuspend_LDLIBS = $(XENCALL_LIBS) \
    $(YAJL_LIBS) -pthread
tools/libs/light/libxlguestsuspend_SRCS := $(addprefix tools/libs/light/, \
    bucket.c guest_suspend.c guest_suspend_call.c guest_suspend_event.c \
    guest_suspend_json.c guest_suspend_list.c guest_suspend_members.c \
    guest_suspend_names.c guest_suspend_number.c guest_suspend_poll.c \
    guest_suspend_request.c guest_suspend_stock.c guest_suspend_trigger.c \
    guest_suspend_types.c \
    guest_suspend_watch.c guest_suspend_xenstore.c)

ALL_TARGETS += tools/libs/light/xlguestsuspend.pc
INSTALL_FILES += 644:tools/libs/light/xlguestsuspend.pc:$(libdir)/pkgconfig/xlguestsuspend.pc

# FORCE: prefix may be another one with each make.
tools/libs/light/xlguestsuspend.pc: $(srcdir)/tools/libs/light/xlguestsuspend.pc.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@prefix@|$(prefix)|' -e 's|@includedir@|$(includedir)|' \
	    -e 's|@libdir@|$(libdir)|' -e 's|@version@|$(PACKAGE_VERSION)|' \
	    $< > $@

INSTALL_FILES += $(foreach header,libxl_guest_suspend.h libxl_guest_suspend_json.h, \
    644:$(srcdir)/tools/libs/light/$(header):$(includedir)/$(header))
