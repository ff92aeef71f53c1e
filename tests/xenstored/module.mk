# tests/xenstored: what the proposals in docs/xenstored gain; scripts/check
# xenstored-trixie runs it.
# SPDX-License-Identifier: GPL-2.0-only

LINT_SH += tests/xenstored/run
LINT_PY += tests/xenstored/measure.py
LINT_C += tests/xenstored/fake_xen.c
