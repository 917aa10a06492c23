/* SPDX-License-Identifier: ISC */
/* Whether this is the only busy vpnd of the host. */
#include "daemon/alone.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUSY_NS NS_PER_S
#define NUMBERS 2

void alone_init(struct alone *alone, const char *name)
{
	*alone = (struct alone){.name = name, .fd = -1};
}

/* A descriptor that keeps it; -1: another one has it. */
static int take(const char *name, unsigned number)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = (size_t)snprintf(
	    at.sun_path + 1, sizeof(at.sun_path) - 1, "%s-%u", name, number);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&at,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			    len)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool is_free(const char *name, unsigned number)
{
	int fd = take(name, number);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void come(struct alone *alone)
{
	for (unsigned i = 0; i < NUMBERS && alone->fd < 0; i++) {
		alone->number = i;
		alone->fd = take(alone->name, i);
	}
}

void alone_leave(struct alone *alone)
{
	if (alone->fd >= 0)
		close(alone->fd);
	alone->fd = -1;
}

bool alone_note(struct alone *alone, bool is_busy, struct instant now)
{
	if (is_busy) {
		alone->until = instant_after(now, BUSY_NS);
		come(alone);
	} else if (instant_has_come(alone->until, now)) {
		alone_leave(alone);
	}
	return alone->fd >= 0 && is_free(alone->name, !alone->number);
}

struct instant alone_deadline(const struct alone *alone)
{
	return alone->fd >= 0 ? alone->until : INSTANT_NEVER;
}
