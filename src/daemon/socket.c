/* SPDX-License-Identifier: ISC */
/* The control sockets' files: making them, guarding them, who may use them. */
#include "daemon/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/config.h"

#define BACKLOG	   64
#define GROUPS_MAX 1024

static int complain(
    int code, const char *path, const char *text, char *error, size_t room)
{
	snprintf(error, room, "%s: %s", path, text);
	return code;
}

static int complain_errno(const char *path, char *error, size_t room)
{
	int code = -errno;

	return complain(code, path, strerror(-code), error, room);
}

/* /run/vpnd/NAME, when no service manager made it. */
static void make_directory(const char *path)
{
	char directory[CONFIG_PATH_BYTES];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return;
	*slash = '\0';
	if (mkdir(directory, 0755) == 0 || errno != ENOENT)
		return;
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return;
	*slash = '\0';
	(void)mkdir(directory, 0755);
	*slash = '/';
	(void)mkdir(directory, 0755);
}

static void lock_path(const char *path, char *lock, size_t room)
{
	snprintf(lock, room, "%s.lock", path);
}

int socket_lock(const char *path, char *error, size_t room)
{
	char lock[CONFIG_PATH_BYTES + 8];
	mode_t mask = umask(022);
	int fd;

	make_directory(path);
	umask(mask);
	lock_path(path, lock, sizeof(lock));
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return complain_errno(lock, error, room);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return complain(
	    -EADDRINUSE, path, "another vpnd serves this socket", error, room);
}

void socket_unlock(const char *path, int fd)
{
	char lock[CONFIG_PATH_BYTES + 8];

	if (fd < 0)
		return;
	lock_path(path, lock, sizeof(lock));
	(void)unlink(lock);
	close(fd);
}

/* With the lock held, a socket here has no daemon behind it. */
static int remove_stale(const char *path, char *error, size_t room)
{
	struct stat info;

	if (lstat(path, &info))
		return errno == ENOENT ? 0 : complain_errno(path, error, room);
	if (!S_ISSOCK(info.st_mode))
		return complain(-EEXIST, path,
		    "there is a file that is no socket; it stays", error, room);
	return unlink(path) ? complain_errno(path, error, room) : 0;
}

static int bind_to(int fd, const char *path, mode_t mode)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	mode_t mask;
	int failed;

	if (strlen(path) >= sizeof(name.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name.sun_path, path, strlen(path));
	mask = umask(~mode & 0777);
	failed = bind(fd, (struct sockaddr *)&name, sizeof(name));
	umask(mask);
	return failed ? failed : listen(fd, BACKLOG);
}

gid_t socket_find_group(void)
{
	const struct group *group = getgrnam("vpnd");

	return group ? group->gr_gid : (gid_t)-1;
}

int socket_listen(
    const char *path, mode_t mode, gid_t gid, char *error, size_t room)
{
	int code = remove_stale(path, error, room);
	int fd;

	if (code)
		return code;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return complain_errno(path, error, room);
	if (bind_to(fd, path, mode)) {
		code = complain_errno(path, error, room);
		close(fd);
		return code;
	}
	/* Under the service it has that group already. */
	if (gid != (gid_t)-1 && lchown(path, (uid_t)-1, gid))
		return fd;
	return fd;
}

gid_t socket_group(const char *path)
{
	struct stat info;

	return stat(path, &info) ? (gid_t)-1 : info.st_gid;
}

/* The groups at the time of connect(2), which can not be forged. */
static bool is_member(int fd, const struct ucred *peer, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (gid == 0 || gid == (gid_t)-1)
		return false;
	if (peer->gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

enum control_rights socket_rights(int fd, gid_t gid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return CONTROL_RIGHTS_READ;
	if (peer.uid == 0 || peer.uid == geteuid() || is_member(fd, &peer, gid))
		return CONTROL_RIGHTS_ALL;
	return CONTROL_RIGHTS_READ;
}
