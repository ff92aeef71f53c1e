# tools/xl: the xl front end.
# SPDX-License-Identifier: GPL-2.0-only

# The front: see tools/xl/xl_front.h.  -O1: from -O2 on, gcc makes calls of the
# libc's functions out of loops.  Coverage is counted by a libc's functions.
PROGRAMS += tools/xl/xl
tools/xl/xl_INSTALLDIR = $(sbindir)
XL_FRONT_SRCS := $(addprefix tools/xl/,xl_calls.c xl_front.c xl_kernel.c)
tools/xl/xl_SRCS = $(XL_FRONT_SRCS)
ifneq ($(and $(filter x86_64-% aarch64-%,$(host)),$(if $(filter --coverage,$(CFLAGS)),,y)),)
XL_FRONT_CFLAGS := -O1 -ffreestanding -fPIE -fno-stack-protector \
    -fno-sanitize=all -fno-lto
XL_FRONT_LDFLAGS := -nostdlib -static-pie -fno-lto -Wl,-z,noseparate-code
tools/xl/xl_kernel.o_CPPFLAGS = -DXL_WITHOUT_LIBC
endif
$(foreach src,$(XL_FRONT_SRCS),$(eval $(src:.c=.o)_CFLAGS = $(XL_FRONT_CFLAGS)))
tools/xl/xl_LDFLAGS = $(XL_FRONT_LDFLAGS)

# What it runs for our commands.
PROGRAMS += tools/xl/xl-guest-suspend
tools/xl/xl-guest-suspend_INSTALLDIR = $(libexecdir)/xen-guest-suspend
XL_SRCS := $(addprefix tools/xl/, \
    xl.c xl_calls.c xl_cmdtable.c xl_domains.c xl_handover.c xl_metrics.c \
    xl_options.c xl_rows.c xl_suspend_status.c xl_suspend_watch.c xl_text.c \
    xl_trigger_sleep.c xl_trigger_wake.c xl_wake.c xl_wake_first.c)
# The library goes in, instead of being loaded: our commands would be lost with
# it until ldconfig has run, or after it is removed.
# Without what needs yajl: see guest_suspend_members.h.
XL_LIBRARY_SRCS := $(filter-out %_json.c,$(tools/libs/light/libxlguestsuspend_SRCS)) \
    $(addprefix tools/libs/light/guest_suspend_,time.c times.c)
tools/xl/xl-guest-suspend_SRCS = $(XL_SRCS) $(XL_LIBRARY_SRCS)
tools/xl/xl-guest-suspend_LDLIBS = $(XENCALL_LIBS)

# FORCE: prefix may be another one with each make.
tools/xl/xl_paths.h: FORCE
	@mkdir -p $(@D)
	@echo '#define XL_OURS "$(tools/xl/xl-guest-suspend_INSTALLDIR)/xl-guest-suspend"' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
tools/xl/xl_front.o: tools/xl/xl_paths.h
CLEAN_FILES += tools/xl/xl_paths.h

tools/xl/xl_front.o_CPPFLAGS = -DSTOCK_XL='"$(STOCK_XL)"'
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
