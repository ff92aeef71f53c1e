# tests/bench: what the benchmarks run in dom0 (see scripts/bench), and
# "make bench".
# SPDX-License-Identifier: GPL-2.0-only

# It reads Arm's counter.
RIG_PROGRAMS += $(if $(filter aarch64-%,$(host)),tests/bench/bench)
tests/bench/bench_SRCS = $(addprefix tests/bench/, \
    bench.c commands.c daemon.c events.c guests.c processes.c wake.c \
    xenstore.c) \
    $(tools/libs/light/libxlguestsuspend_SRCS)
# It compares with libxl's own calls, and maps its guests' memory.
tests/bench/bench_LDLIBS = $(XENLIGHT_LIBS) -lxenforeignmemory \
    $(XENCALL_LIBS) $(XENSTORE_LIBS) $(YAJL_LIBS) $(XENTOOLLOG_LIBS)

LINT_C += $(filter tests/bench/%,$(tests/bench/bench_SRCS))

UNIT_SCRIPTS += tests/unit/test-bench.py
LINT_PY += scripts/lib/bench.py

# On the rig, whatever this tree was configured for.
.PHONY: bench
bench:
	$(srcdir)/scripts/bench
