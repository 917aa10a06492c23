/* SPDX-License-Identifier: ISC */
/* Key files: from disk into locked memory, and nowhere else. */
#include "daemon/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/keymem.h"
#include "daemon/socket.h"

#define SERVICE_USER "vpnd"
/* A key's line with CR and LF; one byte more shows what is too long. */
#define FILE_BYTES (KEY_TEXT_BYTES + 2)

static int complain(
    int code, const char *path, const char *text, char *error, size_t room)
{
	snprintf(error, room, "%s: %s", path, text);
	return code;
}

/* Whom the service runs as; root may check or use the same files. */
static uid_t service_uid = (uid_t)-1;
static gid_t service_gid = (gid_t)-1;

void keys_init(void)
{
	const struct passwd *user = getpwnam(SERVICE_USER);

	if (user)
		service_uid = user->pw_uid;
	service_gid = socket_find_group();
}

static bool is_foreign_group(const struct stat *file)
{
	return (file->st_mode & S_IRWXG) && file->st_gid != 0 &&
	       file->st_gid != getegid() && file->st_gid != service_gid &&
	       file->st_gid != file->st_uid;
}

static bool is_foreign_user(const struct stat *file)
{
	return file->st_uid != 0 && file->st_uid != geteuid() &&
	       file->st_uid != service_uid;
}

static const char *complaint_of(const struct stat *file)
{
	if (!S_ISREG(file->st_mode))
		return "not a regular file";
	if (file->st_mode & S_IRWXO)
		return "others may read or write it: chmod o= it";
	if (file->st_mode & (S_IWGRP | S_IXGRP))
		return "its group may write it: chmod g-w it";
	if (is_foreign_group(file))
		return "a foreign group may read it: chgrp or chmod g= it";
	if (is_foreign_user(file))
		return "it belongs to another user: chown it";
	return NULL;
}

static int open_checked(const char *path, char *error, size_t room)
{
	/* O_NONBLOCK: opening a FIFO must not wait */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *complaint;
	struct stat file;

	if (fd < 0 || fstat(fd, &file)) {
		int code = -errno;

		if (fd >= 0)
			close(fd);
		return complain(code, path, strerror(-code), error, room);
	}
	complaint = complaint_of(&file);
	if (!complaint)
		return fd;
	close(fd);
	return complain(-EPERM, path, complaint, error, room);
}

/* Cuts one end of line off; false: more than one line, or none. */
static bool cut_line(char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		len--;
	if (len && text[len - 1] == '\r')
		len--;
	text[len] = '\0';
	return len == KEY_TEXT_BYTES - 1 && strlen(text) == len;
}

static int read_key(uint8_t *ret, int fd, char *text)
{
	ssize_t len = read(fd, text, FILE_BYTES);

	if (len < 0)
		return -errno;
	if ((size_t)len >= FILE_BYTES || !cut_line(text, (size_t)len))
		return -EINVAL;
	return key_parse(ret, text);
}

/* The reason as a sentence about the file. */
static int explain(int code, const char *path, char *error, size_t room)
{
	const char *text = strerror(-code);

	if (code == -EINVAL)
		text = "it holds no key: one line of 44 characters of base64, "
		       "as vpnctl genkey writes it";
	if (code == -EDOM)
		text = "the key is all zeros";
	return complain(code, path, text, error, room);
}

int keys_read_file(
    uint8_t ret[CONFIG_KEY_BYTES], const char *path, char *error, size_t room)
{
	char *text = memory_alloc(&keymem, FILE_BYTES + 1);
	int fd, code;

	if (!text)
		return complain(-ENOMEM, path, "out of memory", error, room);
	fd = open_checked(path, error, room);
	if (fd < 0) {
		memory_release(&keymem, text, FILE_BYTES + 1);
		return fd;
	}
	code = read_key(ret, fd, text);
	close(fd);
	memory_release(&keymem, text, FILE_BYTES + 1);
	/* As a pre-shared key it would mean "none", silently. */
	if (!code && sodium_is_zero(ret, CONFIG_KEY_BYTES))
		code = -EDOM;
	return code ? explain(code, path, error, room) : 0;
}

/* What is wrong so far, in the form of a compiler. */
struct findings {
	const struct config *config;
	char *text;
	size_t room, at;
	int code;
};

static void note(struct findings *findings, const struct config_place *place,
    const char *setting, int code, const char *complaint)
{
	int len = snprintf(findings->text + findings->at,
	    findings->room - findings->at, "%s%s:%u:%u: error: %s: %s",
	    findings->at ? "\n" : "", findings->config->file, place->line,
	    place->column, setting, complaint);

	findings->code = code;
	if (len > 0)
		findings->at += (size_t)len;
	if (findings->at >= findings->room)
		findings->at = findings->room - 1;
}

static void read_noted(struct findings *findings, uint8_t *key,
    const char *path, const struct config_place *place, const char *setting)
{
	char complaint[CONFIG_PATH_BYTES + 128];
	int code = keys_read_file(key, path, complaint, sizeof(complaint));

	if (code)
		note(findings, place, setting, code, complaint);
}

int keys_read(struct core_keys **ret, const struct memory *memory,
    const struct config *config, char *error, size_t room)
{
	struct findings findings = {
	    .config = config, .text = error, .room = room};
	struct core_keys *keys = core_keys_new(memory, config->peers_count);

	if (!keys)
		return complain(
		    -ENOMEM, config->file, "out of memory", error, room);
	read_noted(&findings, keys->private_key, config->private_key_file,
	    &config->private_key_place, "private_key_file");
	for (size_t i = 0; i < config->peers_count; i++) {
		const struct config_peer *peer = &config->peers[i];

		if (peer->preshared_key_file)
			read_noted(&findings, keys->preshared[i],
			    peer->preshared_key_file,
			    &peer->preshared_key_place, "preshared_key_file");
	}
	if (findings.code) {
		core_keys_free(memory, keys);
		return findings.code;
	}
	*ret = keys;
	return 0;
}
