# tests/fuzz: fuzzers of the domctl and of what the agent reads; "make check" runs a
# SPDX-License-Identifier: GPL-2.0-only

UNIT_SCRIPTS += tests/fuzz/test-fuzz-domctl.sh
UNIT_SCRIPTS += tests/fuzz/test-fuzz-agent.sh
LINT_SH += tests/fuzz/fuzz.sh
