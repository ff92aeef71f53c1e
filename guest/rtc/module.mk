# guest/rtc: a Linux driver.  It is built in the guest; scripts/build-rtc builds
# it for the rig.
# SPDX-License-Identifier: GPL-2.0-only

UNIT_SCRIPTS += tests/unit/test-rtc-patch.sh
LINT_SH += guest/rtc/make-patch
