# tests/e2e: the end-to-end harness.  What runs on the rig is not run by make
# (see scripts/check); what tests the harness itself is.
# SPDX-License-Identifier: GPL-2.0-only

UNIT_SCRIPTS += tests/unit/test-e2e-harness.py

LINT_PY += tests/e2e/rig.py tests/e2e/run scripts/lib/check.py
LINT_SH += $(patsubst $(srcdir)/%,%,$(shell grep -lE '^\#!/bin/(ba)?sh' \
    $(srcdir)/scripts/* $(srcdir)/.ci/run 2>/dev/null) \
    $(wildcard $(addprefix $(srcdir)/,scripts/lib/*.sh tests/e2e/*.sh \
        tests/e2e/dom0/* tests/e2e/guest/* tests/e2e/tests/*.sh \
        tests/e2e/tests/*.test tests/packages/*)))
