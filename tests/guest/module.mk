# tests/guest: bare-metal arm64 and arm guests, and two for x86, each a test of its own or
# the load of one.  They need cross compilers and run on the end-to-end rig alone, so
# that neither "make" nor "make check" builds them:
#
#   make guests           tests/guest/NAME.bin in the build directory, for xl's
#                         kernel=
#   make guests-x86       likewise, for x86
#
# Nothing here depends on what configure finds, and the same works without it:
#
#   make -f SRCDIR/tests/guest/module.mk srcdir=SRCDIR guests
#
# SPDX-License-Identifier: GPL-2.0-only

# Where Xen's public headers are, as the folder xen.
GUEST_XEN_INCLUDE ?= /usr/include
GUEST_CC64 ?= aarch64-linux-gnu-gcc
GUEST_CC32 ?= arm-linux-gnueabihf-gcc
GUEST_OBJCOPY64 ?= aarch64-linux-gnu-objcopy
GUEST_OBJCOPY32 ?= arm-linux-gnueabihf-objcopy

# Where the domain builder loads a kernel: RAM begins at 1 GiB, and to that it
# adds the text_offset of a 64-bit image's header, or 32 KiB.
guest_address64 := 0x40080000
guest_address32 := 0x40008000

GUESTS64 := bench chase conformance hammer paths storm
guest_common64 := start.o vcpu.o guest.o gic.o uart.o xen.o console.o
guest_conformance := $(guest_common64) conformance.o report.o
guest_chase := $(guest_common64) chase.o
guest_storm := $(guest_common64) storm.o
guest_hammer := $(guest_common64) hammer.o
guest_bench := $(guest_common64) bench.o
guest_paths := $(guest_common64) paths.o

# Without its compiler, all but the 32-bit guest is there; its test skips.
GUESTS32 := $(if $(shell command -v $(GUEST_CC32)),aarch32)
guest_aarch32 := start32.o aarch32.o guest.o xen.o console.o report.o

guest_machine64 := -mgeneral-regs-only -mstrict-align -mno-outline-atomics
guest_machine32 := -march=armv7ve+nosimd -mfloat-abi=soft -marm \
    -mno-unaligned-access

# The compiler's own headers and Xen's, and none of the machine's: these guests
# have no C library, and the machine need not be an Arm one.
# __XEN_TOOLS__: a guest tries what is the toolstack's, to be refused.
guest_cppflags = -D__XEN_TOOLS__ \
    -isystem $(shell $(1) -print-file-name=include) \
    -I$(srcdir)/hypervisor/xen/include/public \
    -idirafter $(GUEST_XEN_INCLUDE) -idirafter $(GUEST_XEN_INCLUDE)/xen
guest_cflags := -std=gnu11 -O2 -g -ffreestanding -nostdinc -fno-pic -fno-pie \
    -fno-stack-protector -fno-asynchronous-unwind-tables \
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -Wpointer-arith -Wvla -Wwrite-strings -Werror

guest_headers := $(addprefix $(srcdir)/,$(addprefix tests/guest/,guest.h \
    bench-page.h report.h sleep-layout.h module.mk) \
    hypervisor/xen/include/public/guest_suspend.h)

guest_images := $(patsubst %,tests/guest/%.bin,$(GUESTS64) $(GUESTS32))

.PHONY: guests
guests: $(guest_images)

# $(call guest_rules,BITS): objects of either kind have a folder of their own.
define guest_rules
guest_objects$(1) := $(sort $(foreach g,$(GUESTS$(1)),\
    $(guest_$(g):%=tests/guest/obj$(1)/%)))

$$(guest_objects$(1)): $$(guest_headers)

tests/guest/obj$(1)/%.o: $(srcdir)/tests/guest/%.c
	@command -v $$(GUEST_CC$(1)) >/dev/null || \
	    { echo "$$(GUEST_CC$(1)) not found: install" \
	    "gcc-aarch64-linux-gnu, or set GUEST_CC$(1)" >&2; exit 1; }
	@mkdir -p $$(@D)
	$$(GUEST_CC$(1)) $$(call guest_cppflags,$$(GUEST_CC$(1))) \
	    $$(guest_cflags) $$(guest_machine$(1)) -c -o $$@ $$<

tests/guest/obj$(1)/%.o: $(srcdir)/tests/guest/%.S
	@mkdir -p $$(@D)
	$$(GUEST_CC$(1)) -nostdinc -c -o $$@ $$<

$(GUESTS$(1):%=tests/guest/%.elf): tests/guest/%.elf: \
    $$(guest_objects$(1)) $(srcdir)/tests/guest/image.lds
	$$(GUEST_CC$(1)) -nostdlib -static -no-pie -Wl,--build-id=none \
	    -Wl,--no-warn-rwx-segments -Wl,-z,norelro \
	    -Wl,--defsym=LOAD_ADDRESS=$$(guest_address$(1)) \
	    -T $(srcdir)/tests/guest/image.lds -o $$@ \
	    $$(guest_$$*:%=tests/guest/obj$(1)/%)

$(GUESTS$(1):%=tests/guest/%.bin): %.bin: %.elf
	$$(GUEST_OBJCOPY$(1)) -O binary $$< $$@

CLEAN_FILES += $$(guest_objects$(1))
endef

$(eval $(call guest_rules,64))
ifneq ($(GUESTS32),)
$(eval $(call guest_rules,32))
endif

# For x86: a few instructions in an ELF image that a PVH domain is built from, and an HVM
# guest, which QEMU starts as it does Linux.
GUEST_CCX86 ?= x86_64-linux-gnu-gcc
GUEST_OBJCOPYX86 ?= x86_64-linux-gnu-objcopy

.PHONY: guests-x86
guests-x86: tests/guest/s3count.bin tests/guest/s3hvm.bin

guest_machinex86 := -m32 -mgeneral-regs-only -mregparm=0
guest_linkx86 := -m32 -nostdlib -static -no-pie -Wl,-m,elf_i386 \
    -Wl,--build-id=none -Wl,--no-warn-rwx-segments

tests/guest/s3count.bin: $(srcdir)/tests/guest/s3count.S \
    $(srcdir)/tests/guest/s3count.lds
	@mkdir -p $(@D)
	$(GUEST_CCX86) $(guest_linkx86) -T $(srcdir)/tests/guest/s3count.lds -o $@ $<

guest_sources3hvm := $(addprefix $(srcdir)/tests/guest/,s3hvm.S s3hvm.c x86-rtc.c console.c)
tests/guest/s3hvm.elf: $(guest_sources3hvm) $(srcdir)/tests/guest/s3hvm.lds $(guest_headers)
	@mkdir -p $(@D)
	$(GUEST_CCX86) $(call guest_cppflags,$(GUEST_CCX86)) $(guest_cflags) $(guest_machinex86) \
	    $(guest_linkx86) -T $(srcdir)/tests/guest/s3hvm.lds -o $@ $(guest_sources3hvm)
tests/guest/s3hvm.bin: tests/guest/s3hvm.elf
	$(GUEST_OBJCOPYX86) -O binary $< $@

CLEAN_FILES += tests/guest/s3count.bin tests/guest/s3hvm.bin tests/guest/s3hvm.elf
CLEAN_FILES += $(guest_images) $(guest_images:%.bin=%.elf)
