/* SPDX-License-Identifier: GPL-2.0-only */
/* Tell the service manager; see report.h. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"
#include "report.h"
#include "tree.h"

#define STATUS_READY   "STATUS=Publishing in " TREE_ROOT
#define STATUS_REBUILD "STATUS=Rebuilding " TREE_ROOT
#define STATUS_WAITING "STATUS=Waiting for xenstored to come back"

static int write_pidfile(const char *path)
{
    FILE *file = fopen(path, "we");
    bool ok;

    if (file) {
        ok = fprintf(file, "%ld\n", (long)getpid()) > 0;
        ok = !fclose(file) && ok;
        if (ok)
            return 0;
    }
    log_msg(LOG_ERR, "cannot write pidfile %s: %s", path, strerror(errno));
    return -1;
}

static void notify(const char *text)
{
    if (notify_manager(text))
        log_msg(LOG_WARNING, "cannot notify the service manager: %s",
                strerror(errno));
}

int report_ready(struct report *report, bool ready, bool connected)
{
    if (ready == report->said_ready)
        return 0;
    report->said_ready = ready;
    if (report->said) {
        /* Now nobody need listen: start-stop-daemon has ended. */
        notify_manager(ready ? STATUS_READY :
                       connected ? STATUS_REBUILD : STATUS_WAITING);
        return 0;
    }
    if (report->pidfile && write_pidfile(report->pidfile))
        return -1;
    report->said = true;
    notify("READY=1\n" STATUS_READY);
    return 0;
}

void report_failed(int errnum)
{
    char text[128];

    snprintf(text, sizeof(text), "ERRNO=%d\nSTATUS=Failed: %s", errnum,
             strerror(errnum));
    notify(text);
}

void report_end(const struct report *report)
{
    if (report->said && report->pidfile)
        unlink(report->pidfile);
}
