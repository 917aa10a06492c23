/* SPDX-License-Identifier: ISC */
/* What the service manager hears of us: sd_notify(3) in one datagram. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

#include "base/attributes.h"

struct notify {
	int fd;		     /* -1: nobody listens */
	int64_t watchdog_ns; /* half of what the manager allows; 0: none */
	char status[128];
};

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC, and takes them out of the
 * environment. */
void notify_init(struct notify *notify);
void notify_clear(struct notify *notify);

void notify_ready(struct notify *notify);
void notify_reloading(struct notify *notify, int64_t monotonic_us);
void notify_stopping(struct notify *notify);
void notify_watchdog(struct notify *notify);
/* Sent when it differs from the last one. */
void notify_status(struct notify *notify, const char *status);

#endif
