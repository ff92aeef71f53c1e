# tests/bench: what the benchmarks run in dom0 (see scripts/bench), and
# "make bench".
# SPDX-License-Identifier: GPL-2.0-only

RIG_PROGRAMS += tests/bench/bench
# Only arm64 has a guest that does what it is told, and says when.
bench_arm64 := fleet.c guest_page.c wake.c
bench_guest := $(if $(filter aarch64-%,$(host)),$(bench_arm64),guest_s3.c)
tests/bench/bench_SRCS = $(addprefix tests/bench/, \
    actor.c bench.c commands.c daemon.c events.c guests.c processes.c \
    xenstore.c $(bench_guest)) \
    $(tools/libs/light/libxlguestsuspend_SRCS)
# It compares with libxl's own calls, and maps its guests' memory.
tests/bench/bench_LDLIBS = $(XENLIGHT_LIBS) -lxenctrl -lxenforeignmemory \
    $(XENCALL_LIBS) $(XENSTORE_LIBS) $(YAJL_LIBS) $(XENTOOLLOG_LIBS)

LINT_C += $(bench_arm64:%=tests/bench/%)

UNIT_SCRIPTS += tests/unit/test-bench.py tests/unit/test-performance.py
LINT_PY += scripts/lib/bench.py scripts/performance-page tests/bench/wol-traffic.py

# On the rig, whatever this tree was configured for.
.PHONY: bench
bench:
	$(srcdir)/scripts/bench
