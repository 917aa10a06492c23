/* SPDX-License-Identifier: ISC */
/* Whether a key file is there, and readable by those only who should. */
#include "conf/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE "vpnd" /* the user and the group that the daemon runs as */

static bool is_our_group(gid_t gid)
{
	const struct group *group = getgrnam(SERVICE);

	return gid == 0 || gid == getegid() || (group && gid == group->gr_gid);
}

static bool is_our_user(uid_t uid)
{
	const struct passwd *user = getpwnam(SERVICE);

	return uid == 0 || uid == geteuid() || (user && uid == user->pw_uid);
}

/* What is wrong with it; NULL: nothing. */
static const char *status_problem(const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return "is not a file";
	if (status->st_mode & S_IRWXO)
		return "can be used by everybody";
	if (status->st_mode & S_IWGRP)
		return "can be written by its group";
	if (status->st_mode & S_IRWXG && !is_our_group(status->st_gid))
		return "can be read by a foreign group";
	if (!is_our_user(status->st_uid))
		return "belongs to a foreign user";
	return NULL;
}

/* `verb`: the file is missing, and this makes one; or NULL. */
static void give_remedy(
    struct conf_messages *messages, const char *path, const char *verb)
{
	if (verb)
		conf_hint(messages,
		    "make one: (umask 077; vpnctl %s > %s); "
		    "chown root:" SERVICE " %s; chmod 0640 %s",
		    verb, path, path, path);
	else
		conf_hint(messages, "chown root:" SERVICE " %s; chmod 0640 %s",
		    path, path);
}

void conf_keyfile_check(struct conf_messages *messages,
    struct config_place place, const char *object, const char *path,
    const char *verb)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int error = fd < 0 ? errno : 0;
	const char *problem = NULL;
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		problem = strerror(errno);
	else
		problem = status_problem(&status);
	if (problem) {
		conf_error(messages, place, object, "%s: %s", path, problem);
		give_remedy(messages, path, error == ENOENT ? verb : NULL);
	}
	if (fd >= 0)
		close(fd);
}
