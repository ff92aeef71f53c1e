# The build of everything: one non-recursive GNU make, fed by one fragment per
# directory (DIR/module.mk; see "Fragments" below).  Run configure first, here
# or in a build directory of your own.
#
#   make                  all that is installed
#   make check            unit tests; make check TESTS="NAME..." runs some
#   make check-sanitize   the same, built with ASan and UBSan (in sanitize/)
#   make check-valgrind   the C unit tests under valgrind
#   make bench            scripts/bench: measure, on the rig
#   make lint             static checks of C, scripts and man pages
#   make install          DESTDIR= and prefix= as usual;  make uninstall
#   make dist             a source archive that needs neither git nor network
#   make clean, make distclean
#
# SPDX-License-Identifier: GPL-2.0-only
#
# Fragments
#
# Names are paths relative to the top, and products land at the same path in
# the build directory.  $(srcdir) is the top of the sources.  A fragment
# appends to:
#
#   PROGRAMS += DIR/prog        a program, built from these variables:
#     DIR/prog_SRCS             C files; one may be shared by many programs
#     DIR/prog_LDLIBS           e.g. $(XENCALL_LIBS)
#     DIR/prog_LDFLAGS          more flags for the linker, behind all others
#     DIR/prog_INSTALLDIR       e.g. $(sbindir)
#   SHLIBS += DIR/libname       a shared library:
#     DIR/libname_SRCS, DIR/libname_LDLIBS
#     DIR/libname_MAP           its symbol map
#     DIR/libname_SOVERSION     1 for libname.so.1
#     DIR/libname_MINOR         0 for the file libname.so.1.0
#     DIR/libname_LDDEPS        what else must be there before it is linked
#   MANPAGES += man/name.N      from man/name.N.pod
#   INSTALL_FILES += MODE:FILE:TARGET
#                               any other file, from the build directory or
#                               written $(srcdir)/FILE; TARGET without DESTDIR
#   INSTALL_DIRS += MODE:TARGET     an empty directory; uninstall leaves one that
#                               is no longer empty
#   INSTALL_LINKS += TEXT:TARGET    a symbolic link to TEXT
#   ALL_TARGETS += FILE         built by "make", with rules of the fragment's
#   UNIT_PROGRAMS += tests/unit/test-x    like PROGRAMS; built and run by check
#   UNIT_HELPERS += tests/unit/x          like PROGRAMS; built by check for others
#   UNIT_SCRIPTS += tests/unit/test-x.sh  or .py; run by check from the sources
#   UNIT_DEPS += FILE           what the scripts need built
#   RIG_PROGRAMS += DIR/prog    like PROGRAMS; for the dom0 of end-to-end tests,
#                               built by "make rig-programs"
#   EXAMPLES += DIR/prog        like PROGRAMS, and not installed; built by check,
#                               and for the dom0 of end-to-end tests
#   FILE.o_CPPFLAGS             more flags for one C file (also for FILE.pic.o)
#   FILE.o_CFLAGS               likewise, behind CFLAGS (not for FILE.pic.o)
#   LINT_C, LINT_SH, LINT_PY += FILE    more files to lint; the C files of
#                               programs, libraries and tests, and UNIT_SCRIPTS,
#                               are there by themselves
#   CLEAN_FILES += FILE         more products to remove

ifeq ($(wildcard config/config.mk),)
$(error not configured: run configure first ("autoreconf -i" makes it))
endif
include config/config.mk

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all check check-programs rig-programs FORCE check-sanitize check-valgrind lint install \
    uninstall dist clean distclean
all:

PROGRAMS :=
SHLIBS :=
MANPAGES :=
INSTALL_FILES :=
INSTALL_LINKS :=
INSTALL_DIRS :=
ALL_TARGETS :=
UNIT_PROGRAMS :=
UNIT_HELPERS :=
UNIT_SCRIPTS :=
UNIT_DEPS :=
RIG_PROGRAMS :=
EXAMPLES :=
LINT_C :=
LINT_SH :=
LINT_PY :=
CLEAN_FILES :=

ifeq ($(GUEST_ONLY),yes)
MODULES := $(srcdir)/guest/agent/module.mk
else
MODULES := $(sort $(wildcard $(foreach glob,* */* */*/*, \
    $(srcdir)/$(glob)/module.mk)))
endif
include $(MODULES)

# Flags

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -Wpointer-arith -Wvla -Wwrite-strings -Wformat=2 $(WERROR)
# __XEN_TOOLS__ opens the parts of Xen's headers that are for the toolstack.
# -iquote: these directories have names that the system's headers have, too.
ALL_CPPFLAGS = -D_GNU_SOURCE -D__XEN_TOOLS__ -iquote . \
    -iquote $(srcdir)/tools/include -I$(srcdir)/tools/libs/light \
    -iquote $(srcdir)/hypervisor/xen/include \
    $(XENTOOLLOG_CFLAGS) $(XENCALL_CFLAGS) $(XENEVTCHN_CFLAGS) \
    $(XENSTORE_CFLAGS) $(XENLIGHT_CFLAGS) $(YAJL_CFLAGS) \
    $($*.o_CPPFLAGS) $(CPPFLAGS)
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(CFLAGS)
DEPFLAGS = -MMD -MP

# A short line per step; V=1 shows the whole command.
ifeq ($(V),1)
step =
else
step = @printf '  %-7s %s\n' $(1) $(2);
endif

# Rules

$(MANPAGES): %: $(srcdir)/%.pod config/config.mk
	@mkdir -p $(@D)
	$(call step,POD2MAN,$@) $(POD2MAN) --utf8 \
	    --section=$(patsubst .%,%,$(suffix $@)) \
	    --name=$(shell echo $(notdir $(basename $@)) | tr a-z A-Z) \
	    --center="Guest suspend for Xen" \
	    --release="$(PACKAGE_NAME) $(PACKAGE_VERSION)" $< $@

define program_rules
$(1): $$(patsubst %.c,%.o,$$($(1)_SRCS)) $$($(1)_LDDEPS)
	@mkdir -p $$(@D)
	$$(call step,LD,$$@) $$(CC) $$(ALL_CFLAGS) $$(LDFLAGS) -Wl,--as-needed \
	    $$($(1)_LDFLAGS) -o $$@ $$(patsubst %.c,%.o,$$($(1)_SRCS)) \
	    $$($(1)_LDLIBS) $$(LIBS)
OBJS += $$(patsubst %.c,%.o,$$($(1)_SRCS))
C_FILES += $$($(1)_SRCS)
endef

define shlib_rules
$(1)_FILE := $(1).so.$$($(1)_SOVERSION).$$($(1)_MINOR)
$$($(1)_FILE): $$(patsubst %.c,%.pic.o,$$($(1)_SRCS)) \
    $$(srcdir)/$$($(1)_MAP) $$($(1)_LDDEPS)
	$$(call step,LD,$$@) $$(CC) $$(ALL_CFLAGS) -shared $$(LDFLAGS) \
	    -Wl,--as-needed -Wl,-z,defs \
	    -Wl,-soname,$$(notdir $(1)).so.$$($(1)_SOVERSION) \
	    -Wl,--version-script=$$(srcdir)/$$($(1)_MAP) -o $$@ \
	    $$(patsubst %.c,%.pic.o,$$($(1)_SRCS)) $$($(1)_LDLIBS) $$(LIBS)
$(1).so.$$($(1)_SOVERSION): $$($(1)_FILE)
	@ln -sf $$(notdir $$<) $$@
$(1).so: $(1).so.$$($(1)_SOVERSION)
	@ln -sf $$(notdir $$<) $$@
OBJS += $$(patsubst %.c,%.pic.o,$$($(1)_SRCS))
C_FILES += $$($(1)_SRCS)
SHLIB_FILES += $(1).so $(1).so.$$($(1)_SOVERSION) $$($(1)_FILE)
INSTALL_FILES += 644:$$($(1)_FILE):$$(libdir)/$$(notdir $$($(1)_FILE))
INSTALL_LINKS += $$(notdir $$($(1)_FILE)):$$(libdir)/$$(notdir $(1)).so.$$($(1)_SOVERSION)
INSTALL_LINKS += $$(notdir $(1)).so.$$($(1)_SOVERSION):$$(libdir)/$$(notdir $(1)).so
endef

OBJS :=
C_FILES :=
SHLIB_FILES :=
$(foreach lib,$(SHLIBS),$(eval $(call shlib_rules,$(lib))))
$(foreach prog,$(PROGRAMS) $(UNIT_PROGRAMS) $(UNIT_HELPERS) $(RIG_PROGRAMS) $(EXAMPLES),\
    $(eval $(call program_rules,$(prog))))

$(sort $(filter-out %.pic.o,$(OBJS))): %.o: $(srcdir)/%.c config/config.mk
	@mkdir -p $(@D)
	$(call step,CC,$@) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $($@_CFLAGS) \
	    $(DEPFLAGS) -c -o $@ $<

$(sort $(filter %.pic.o,$(OBJS))): %.pic.o: $(srcdir)/%.c config/config.mk
	@mkdir -p $(@D)
	$(call step,CC,$@) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(DEPFLAGS) \
	    -fPIC -fvisibility=hidden -c -o $@ $<

INSTALL_FILES += $(foreach prog,$(PROGRAMS),755:$(prog):$($(prog)_INSTALLDIR)/$(notdir $(prog)))
INSTALL_FILES += $(foreach page,$(MANPAGES),644:$(page):$(mandir)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))

all: $(PROGRAMS) $(SHLIB_FILES) $(MANPAGES) $(ALL_TARGETS)

# Tests

TESTS :=
RUN_TESTS = $(PYTHON3) $(srcdir)/tests/unit/run.py --srcdir $(abs_srcdir) \
    --builddir $(abs_builddir)

rig-programs: $(RIG_PROGRAMS) $(EXAMPLES)

check-programs: $(UNIT_PROGRAMS) $(UNIT_HELPERS) $(EXAMPLES) $(UNIT_DEPS)
check: all check-programs
ifeq ($(cross_compiling),yes)
	@echo "check: built for $(host), cannot run here" >&2; exit 1
else
	$(RUN_TESTS) $(addprefix --only ,$(TESTS)) $(UNIT_PROGRAMS) \
	    $(addprefix $(srcdir)/,$(UNIT_SCRIPTS))
endif

check-valgrind: all check-programs
	$(RUN_TESTS) --valgrind $(addprefix --only ,$(TESTS)) $(UNIT_PROGRAMS)

# A build of its own, so that the objects of the two kinds never mix.
SANITIZE_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all
check-sanitize:
	mkdir -p sanitize
	test -e sanitize/config.status || { cd sanitize && \
	    $(abs_srcdir)/configure -q --with-stock-xl=$(STOCK_XL) \
	        CC="$(CC)" CFLAGS="$(SANITIZE_CFLAGS)"; }
	$(MAKE) -C sanitize check

# Lint

LINT_C += $(sort $(C_FILES))
LINT_SH += $(filter %.sh,$(UNIT_SCRIPTS))
LINT_PY += $(filter %.py,$(UNIT_SCRIPTS))
lint:
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	    --enable=warning,portability,performance \
	    --suppress=missingIncludeSystem -D__XEN_TOOLS__ -D_GNU_SOURCE \
	    -D__linux__ -D__GNUC__ -D__x86_64__ '-Dfor_each_vcpu(d,v)=for (;;)' \
	    -I. -I$(srcdir)/tools/libs/light -I$(srcdir)/tools/include \
	    -I$(srcdir)/hypervisor/xen/include \
	    $(addprefix $(srcdir)/,$(filter-out tests/guest/%,$(LINT_C)))
ifneq ($(LINT_SH),)
	shellcheck $(addprefix $(srcdir)/,$(sort $(LINT_SH)))
endif
ifneq ($(LINT_PY),)
	$(PYTHON3) -W error -c 'import ast, pathlib, sys; \
	    [ast.parse(pathlib.Path(n).read_text(), n) for n in sys.argv[1:]]' \
	    $(addprefix $(srcdir)/,$(sort $(LINT_PY)))
endif
ifneq ($(MANPAGES),)
	podchecker -warnings $(patsubst %,$(srcdir)/%.pod,$(MANPAGES))
endif

# Install

# Colons part the fields of INSTALL_FILES, INSTALL_DIRS and INSTALL_LINKS.
field = $(word $(1),$(subst :, ,$(2)))

define newline


endef

install: all
	@$(foreach d,$(INSTALL_DIRS),$(INSTALL) -d -m $(call field,1,$(d)) \
	    '$(DESTDIR)$(call field,2,$(d))'$(newline))
	@$(foreach f,$(INSTALL_FILES),$(call step,INSTALL,$(DESTDIR)$(call field,3,$(f))) \
	    mkdir -p '$(DESTDIR)$(dir $(call field,3,$(f)))' && \
	    $(INSTALL) -m $(call field,1,$(f)) '$(call field,2,$(f))' \
	        '$(DESTDIR)$(call field,3,$(f))'$(newline))
	@$(foreach l,$(INSTALL_LINKS), \
	    mkdir -p '$(DESTDIR)$(dir $(call field,2,$(l)))' && \
	    ln -sf '$(call field,1,$(l))' '$(DESTDIR)$(call field,2,$(l))'$(newline))

uninstall:
	rm -f $(foreach f,$(INSTALL_FILES),'$(DESTDIR)$(call field,3,$(f))') \
	    $(foreach l,$(INSTALL_LINKS),'$(DESTDIR)$(call field,2,$(l))')
	@$(foreach d,$(INSTALL_DIRS),rmdir '$(DESTDIR)$(call field,2,$(d))' 2>/dev/null || :$(newline))

# Archive

# The files that git knows, as they are now, and what autoreconf makes.  The same
# tree gives the same archive.
DIST := $(PACKAGE_NAME)-$(PACKAGE_VERSION)
dist:
	@git -C $(srcdir) rev-parse --git-dir >/dev/null || { \
	    echo "dist: $(abs_srcdir) is no git clone, so that nothing tells sources from products" >&2; exit 1; }
	rm -rf $(DIST)
	mkdir $(DIST)
	cd $(srcdir) && git ls-files | tar -c -T - -f - | tar -x -C $(abs_builddir)/$(DIST)
	cd $(DIST) && autoreconf -i && rm -rf autom4te.cache
	tar --sort=name --owner=0 --group=0 --numeric-owner --mode=go=u-w \
	    --mtime=@$(shell git -C $(srcdir) log -1 --format=%ct) \
	    -cJf $(DIST).tar.xz $(DIST)
	rm -rf $(DIST)

clean:
	rm -f $(sort $(OBJS) $(OBJS:.o=.d) $(PROGRAMS) $(UNIT_PROGRAMS) \
	    $(UNIT_HELPERS) $(EXAMPLES) $(SHLIB_FILES) $(MANPAGES) $(ALL_TARGETS) $(CLEAN_FILES))
	rm -rf sanitize

# Last, since the Makefile itself is a product where the build is out of tree.
distclean: clean
	rm -f config.status config.log config.h config/config.mk
	test $(srcdir) = . || rm -f Makefile
	rm -rf autom4te.cache

-include $(wildcard $(OBJS:.o=.d))
