# man: the library's and xl's manual pages.  Those of the daemon are listed in
# its own fragment.
# SPDX-License-Identifier: GPL-2.0-only

MANPAGES += man/libxl_domain_resume_virq.3
MANPAGES += man/libxl_domain_suspend_request.3
MANPAGES += man/libxl_domain_suspend_state.3
MANPAGES += man/libxl_domain_suspend_wait.3
MANPAGES += man/xl-suspend-status.1
MANPAGES += man/xl-trigger-sleep.1
MANPAGES += man/xl-trigger-wake.1
