/* SPDX-License-Identifier: ISC */
/* What the service manager hears of us: sd_notify(3) in one datagram. */
#include "daemon/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The socket is connected at once: later the sandbox may hide its path. */
static int open_socket(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd;

	if (len < 2 || len >= sizeof(name.sun_path) ||
	    (*path != '/' && *path != '@'))
		return -1;
	memcpy(name.sun_path, path, len);
	if (*path == '@') /* the abstract namespace */
		name.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&name,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))) {
		close(fd);
		return -1;
	}
	return fd;
}

void notify_init(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *watchdog = getenv("WATCHDOG_USEC");

	*notify = (struct notify){.fd = path ? open_socket(path) : -1};
	if (watchdog && notify->fd >= 0)
		notify->watchdog_ns = strtoll(watchdog, NULL, 10) * 1000 / 2;
	if (notify->watchdog_ns < 0)
		notify->watchdog_ns = 0;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_clear(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* A manager that does not read is no reason to fail. */
static void say(struct notify *notify, const char *text)
{
	if (notify->fd >= 0)
		(void)send(notify->fd, text, strlen(text), MSG_NOSIGNAL);
}

void notify_ready(struct notify *notify)
{
	say(notify, "READY=1");
}

void notify_reloading(struct notify *notify, int64_t monotonic_us)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    monotonic_us);
	say(notify, text);
}

void notify_stopping(struct notify *notify)
{
	say(notify, "STOPPING=1");
}

void notify_watchdog(struct notify *notify)
{
	say(notify, "WATCHDOG=1");
}

void notify_status(struct notify *notify, const char *status)
{
	char text[sizeof(notify->status) + 16];

	if (strcmp(notify->status, status) == 0)
		return;
	snprintf(notify->status, sizeof(notify->status), "%s", status);
	snprintf(text, sizeof(text), "STATUS=%s", notify->status);
	say(notify, text);
}
