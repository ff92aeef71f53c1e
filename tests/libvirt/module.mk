# libvirt's driver on a fake libxl: see scripts/check libvirt-trixie libvirt-bookworm.
#
# SPDX-License-Identifier: GPL-2.0-only

LINT_SH += tests/libvirt/driver.sh tests/packages/libvirt.sh

# And the part of it that is a file of its own, without libvirt.
UNIT_SCRIPTS += tests/unit/test-libvirt-driver.sh
LINT_C += tests/libvirt/fake_libvirt.c tests/libvirt/test_pm.c
