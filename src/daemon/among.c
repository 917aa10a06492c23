/* SPDX-License-Identifier: ISC */
/* Which one of the vpnd's on this host a placed one is. */
#include "daemon/among.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int take(int fd, const char *name, unsigned number)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int len = snprintf(
	    at.sun_path + 1, sizeof(at.sun_path) - 1, "%s-%u", name, number);

	return bind(fd, (const struct sockaddr *)&at,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			(size_t)len));
}

int among_take(const char *name, unsigned *ret)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (*ret = 0; fd >= 0 && *ret < AMONG_MAX; ++*ret)
		if (take(fd, name, *ret) == 0)
			return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}
