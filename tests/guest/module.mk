# tests/guest: bare-metal arm64 guests, each a test of its own or the load of
# one.  They need a cross compiler and run on the end-to-end rig alone, so that
# neither "make" nor "make check" builds them:
#
#   make guests           tests/guest/NAME.bin in the build directory, for xl's
#                         kernel=
#
# SPDX-License-Identifier: GPL-2.0-only

GUEST_CC ?= aarch64-linux-gnu-gcc
GUEST_OBJCOPY ?= aarch64-linux-gnu-objcopy
# Where Xen's public headers are, as the folder xen.
GUEST_XEN_INCLUDE ?= /usr/include

GUESTS := conformance storm
guest_common := start.o guest.o gic.o xen.o console.o
guest_conformance := conformance.o report.o $(guest_common)
guest_storm := storm.o $(guest_common)

guest_images := $(GUESTS:%=tests/guest/%.bin)
guest_objects := $(sort $(foreach g,$(GUESTS),$(guest_$(g):%=tests/guest/%)))

# The compiler's own headers and Xen's, and none of the machine's: these guests
# have no C library, and the machine need not be an arm64 one.
GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdinc -fno-pic -fno-pie \
    -mgeneral-regs-only -mstrict-align -mno-outline-atomics \
    -fno-stack-protector -fno-asynchronous-unwind-tables \
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -Wpointer-arith -Wvla -Wwrite-strings -Werror
# __XEN_TOOLS__: a guest tries what is the toolstack's, to be refused.
GUEST_CPPFLAGS = -D__XEN_TOOLS__ \
    -isystem $(shell $(GUEST_CC) -print-file-name=include) \
    -I$(srcdir)/hypervisor/xen/include/public \
    -idirafter $(GUEST_XEN_INCLUDE) -idirafter $(GUEST_XEN_INCLUDE)/xen

.PHONY: guests
guests: $(guest_images)

$(filter tests/guest/%,$(guest_objects)): tests/guest/%.o: \
    $(srcdir)/tests/guest/guest.h $(srcdir)/tests/guest/sleep-layout.h \
    $(srcdir)/tests/guest/report.h $(srcdir)/tests/guest/module.mk \
    $(srcdir)/hypervisor/xen/include/public/guest_suspend.h

$(filter-out %/start.o,$(guest_objects)): tests/guest/%.o: \
    $(srcdir)/tests/guest/%.c
	@command -v $(GUEST_CC) >/dev/null || \
	    { echo "$(GUEST_CC) not found: install gcc-aarch64-linux-gnu," \
	    "or set GUEST_CC" >&2; exit 1; }
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CPPFLAGS) $(GUEST_CFLAGS) -c -o $@ $<

tests/guest/start.o: $(srcdir)/tests/guest/start.S
	@mkdir -p $(@D)
	$(GUEST_CC) -nostdinc -c -o $@ $<

$(GUESTS:%=tests/guest/%.elf): tests/guest/%.elf: \
    $(guest_objects) $(srcdir)/tests/guest/image.lds
	$(GUEST_CC) -nostdlib -static -no-pie -Wl,--build-id=none \
	    -Wl,--no-warn-rwx-segments -Wl,-z,norelro \
	    -T $(srcdir)/tests/guest/image.lds -o $@ \
	    $(guest_$*:%=tests/guest/%)

$(guest_images): %.bin: %.elf
	$(GUEST_OBJCOPY) -O binary $< $@

CLEAN_FILES += $(guest_images) $(guest_images:%.bin=%.elf) $(guest_objects)
