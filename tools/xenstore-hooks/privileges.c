/* SPDX-License-Identifier: GPL-2.0-only */
/* Give up what is not needed; see privileges.h. */

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privileges.h"

int privileges_drop(bool with_hooks)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
    unsigned int i;
    int cap;

    if (!with_hooks) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
            return -1;
        /* EINVAL: past the last one that this kernel has. */
        for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
            if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EPERM)
                return -1;
        }
    } else {
        /*
         * They stay permitted: otherwise a hook's execve() would gain them, and
         * the kernel would then clear the hook's PR_SET_PDEATHSIG.
         */
        if (syscall(SYS_capget, &header, kept))
            return -1;
        for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
            kept[i].effective = kept[i].inheritable = 0;
        /* A service manager may have left even this out. */
        kept[CAP_TO_INDEX(CAP_KILL)].effective =
            kept[CAP_TO_INDEX(CAP_KILL)].permitted & CAP_TO_MASK(CAP_KILL);
    }

    /* Also empties the ambient set, which is a subset of what goes. */
    return syscall(SYS_capset, &header, kept) ? -1 : 0;
}
