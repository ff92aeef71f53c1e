/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent, with a kernel and a logind that are files of test-agent.py's. */
#define POWER_DIR "power"
#define LOGIND_DIR "logind"
#define BUSCTL "./busctl"
#include "../../guest/agent/xen-guest-suspend-agent.c"
