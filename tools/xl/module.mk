# tools/xl: the xl front end.
# SPDX-License-Identifier: GPL-2.0-only

PROGRAMS += tools/xl/xl
tools/xl/xl_INSTALLDIR = $(sbindir)
XL_SRCS := $(addprefix tools/xl/, \
    xl.c xl_cmdtable.c xl_domains.c xl_handover.c xl_options.c \
    xl_rows.c xl_suspend_status.c xl_suspend_watch.c xl_text.c \
    xl_trigger_sleep.c xl_trigger_wake.c)
# The library goes in, instead of being loaded: all of xl would be lost with
# it, stock's commands too, until ldconfig has run or after it is removed.
# Without what needs yajl: see guest_suspend_members.h.
XL_LIBRARY_SRCS := $(filter-out %_json.c,$(tools/libs/light/libxlguestsuspend_SRCS)) \
    tools/libs/light/guest_suspend_time.c
tools/xl/xl_SRCS = $(XL_SRCS) $(XL_LIBRARY_SRCS)
tools/xl/xl_LDLIBS = $(XENCALL_LIBS) $(XENSTORE_LIBS)

tools/xl/xl_handover.o_CPPFLAGS = -DSTOCK_XL='"$(STOCK_XL)"'

# The stock xl is what most of ours is made of.
.PHONY: stock-xl-stays
install: stock-xl-stays
stock-xl-stays:
	@test '$(sbindir)/xl' != '$(STOCK_XL)' || { echo "install: $(sbindir)/xl is the stock xl and must stay:" \
	    "take another prefix, or configure --with-stock-xl=PATH" >&2; exit 1; }

# Found before the stock xl's, whose it reads: that one is never installed over.
ifneq ($(prefix),/usr)
INSTALL_FILES += 644:$(srcdir)/tools/xl/xl-completion.bash:$(datadir)/bash-completion/completions/xl
endif
LINT_SH += tools/xl/xl-completion.bash
