/* SPDX-License-Identifier: ISC */
/* Which socket to ask: of the tunnel named, or of the only one that runs. */
#include "ctl/place.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/config.h"

#define CONNECT_TIMEOUT_S 5

/* A tunnel that answers, as far as is known while looking for the only one. */
struct found {
	int fd;
	char names[512]; /* of all, joined by ", " */
	size_t count;
};

/* A socket, or negative errno; a full backlog is waited for. */
static int connect_path(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct timeval time = {.tv_sec = CONNECT_TIMEOUT_S};
	int fd, error;

	if (strlen(path) >= sizeof(name.sun_path))
		return -ENAMETOOLONG;
	strcpy(name.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

static int connect_file(
    const char *run_dir, const char *tunnel, const char *file)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int len =
	    snprintf(path, sizeof(path), "%s/%s/%s", run_dir, tunnel, file);

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	return connect_path(path);
}

static int connect_tunnel(
    const char *run_dir, const char *tunnel, enum control_rights rights)
{
	int fd = connect_file(run_dir, tunnel, "ctl.sock");

	if (fd == -EACCES && rights == CONTROL_RIGHTS_READ)
		fd = connect_file(run_dir, tunnel, "ro.sock");
	return fd;
}

static bool is_absent(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED || error == -ENOTDIR;
}

static bool is_tunnel_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/') &&
	       strlen(name) < CONFIG_NAME_BYTES;
}

/* `what` is a tunnel's name or a path. */
static int refuse(struct client_reply *reply, const char *what, int error)
{
	if (is_absent(error) && is_tunnel_name(what))
		return client_reply_fail(reply, CONTROL_NOT_RUNNING,
		    "%s: vpnd is not running: "
		    "\"systemctl status vpnd@%s\" may say why",
		    what, what);
	if (is_absent(error))
		return client_reply_fail(reply, CONTROL_NOT_RUNNING,
		    "%s: vpnd is not running", what);
	if (error == -EACCES)
		return client_reply_fail(reply, CONTROL_NOT_PERMITTED,
		    "%s: only root and members of the group vpnd may do this",
		    what);
	if (error == -EAGAIN)
		return client_reply_fail(reply, CONTROL_TIMEOUT,
		    "%s: vpnd takes no connection", what);
	return client_reply_fail(
	    reply, CONTROL_FAILED, "%s: %s", what, strerror(-error));
}

static void note_found(struct found *found, const char *tunnel, int fd)
{
	size_t len = strlen(found->names);

	snprintf(found->names + len, sizeof(found->names) - len, "%s%s",
	    found->count ? ", " : "", tunnel);
	if (found->count++ == 0)
		found->fd = fd;
	else if (fd >= 0)
		close(fd);
}

/* A directory whose daemon is gone is passed over. */
static void look_for_tunnels(
    const char *run_dir, enum control_rights rights, struct found *found)
{
	struct dirent **entries;
	int count = scandir(run_dir, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		int fd = -ENOENT;

		if (is_tunnel_name(name))
			fd = connect_tunnel(run_dir, name, rights);
		if (!is_absent(fd))
			note_found(found, name, fd);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static int connect_only(
    const char *run_dir, enum control_rights rights, struct client_reply *ret)
{
	struct found found = {.fd = -1};

	look_for_tunnels(run_dir, rights, &found);
	if (found.count == 0)
		return client_reply_fail(ret, CONTROL_NOT_RUNNING,
		    "vpnd is not running: no tunnel in %s", run_dir);
	if (found.count == 1 && found.fd >= 0)
		return found.fd;
	if (found.count == 1)
		return refuse(ret, found.names, found.fd);
	if (found.fd >= 0)
		close(found.fd);
	return client_reply_fail(ret, CONTROL_USAGE,
	    "several tunnels are running, choose one with -n: %s", found.names);
}

int place_connect(const struct place *place, enum control_rights rights,
    struct client_reply *ret)
{
	const char *what = place->socket ? place->socket : place->tunnel;
	int fd;

	if (!what)
		return connect_only(place->run_dir, rights, ret);
	if (!place->socket && !is_tunnel_name(what))
		return client_reply_fail(ret, CONTROL_USAGE,
		    "\"%s\" can not be the name of a tunnel", what);
	fd = place->socket ? connect_path(what)
			   : connect_tunnel(place->run_dir, what, rights);
	return fd < 0 ? refuse(ret, what, fd) : fd;
}
