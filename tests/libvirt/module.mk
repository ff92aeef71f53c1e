# libvirt's driver on a fake libxl: see scripts/check libvirt-trixie libvirt-bookworm.
#
# SPDX-License-Identifier: GPL-2.0-only

LINT_SH += tests/libvirt/driver.sh tests/packages/libvirt.sh
