/* SPDX-License-Identifier: ISC */
/* The file that remembers where peers were. */
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES ((size_t)STATE_ENTRIES * STATE_LINE_BYTES)

void state_file_init(struct state_file *file, const char *dir, const char *name,
    const struct log *log)
{
	int len = snprintf(
	    file->path, sizeof(file->path), "%s/%s.endpoints", dir, name);

	file->log = log;
	snprintf(
	    file->temporary, sizeof(file->temporary), "%s/%s.new", dir, name);
	if (len < 0 || (size_t)len >= sizeof(file->path))
		file->path[0] = '\0';
	(void)mkdir(dir, 0700);
}

/* The whole file, for the caller to free; NULL: it can not be read. */
static char *read_whole(int fd, size_t *ret_len)
{
	struct stat info;
	char *text = NULL;
	ssize_t len = -1;

	if (fstat(fd, &info) || !S_ISREG(info.st_mode) ||
	    (uint64_t)info.st_size > FILE_BYTES)
		return NULL;
	text = malloc((size_t)info.st_size + 1);
	if (text)
		len = read(fd, text, (size_t)info.st_size);
	if (len < 0) {
		free(text);
		return NULL;
	}
	*ret_len = (size_t)len;
	return text;
}

void state_file_read(const struct state_file *file, struct state *ret)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	char *text;

	*ret = (struct state){0};
	if (fd < 0) {
		if (errno != ENOENT)
			log_warning(file->log, "state file %s: %s", file->path,
			    strerror(errno));
		return;
	}
	text = read_whole(fd, &len);
	close(fd);
	if (!text || state_parse(ret, text, len))
		log_warning(file->log,
		    "state file %s: damaged, remembered endpoints are ignored",
		    file->path);
	free(text);
}

static int write_whole(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int code = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		code = errno ? -errno : -ENOSPC;
	if (close(fd) && !code)
		code = -errno;
	return code;
}

void state_file_write(const struct state_file *file, const struct state *state)
{
	char *text = state_format(state);
	int code = text ? 0 : -ENOMEM;

	errno = 0;
	if (!code)
		code = write_whole(file->temporary, text);
	if (!code && rename(file->temporary, file->path))
		code = -errno;
	if (code) {
		log_warning(file->log, "state file %s: %s", file->path,
		    strerror(-code));
		(void)unlink(file->temporary);
	}
	free(text);
}
