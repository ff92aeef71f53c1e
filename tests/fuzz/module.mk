# tests/fuzz: a fuzzer of the domctl, of which "make check" runs a little.
# SPDX-License-Identifier: GPL-2.0-only

UNIT_SCRIPTS += tests/fuzz/test-fuzz-domctl.sh
