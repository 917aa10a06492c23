/* SPDX-License-Identifier: ISC */
/* Reads a configuration file once, into memory, and refuses odd ones. */
#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/utf8.h"

#define BYTE_ORDER_MARK UINT32_C(0xfeff)

static const struct config_place whole_file;

struct kind {
	mode_t format;
	const char *name;
};

static const struct kind kinds[] = {
    {S_IFIFO, "a FIFO"},
    {S_IFDIR, "a directory"},
    {S_IFCHR, "a device"},
    {S_IFBLK, "a device"},
    {S_IFSOCK, "a socket"},
};

static const char *kind_name(mode_t mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((mode & S_IFMT) == kinds[i].format)
			return kinds[i].name;
	return "no file";
}

/* An open regular file of a fair size, or -1. */
static int file_open(struct conf_messages *messages, const char *path)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status)) {
		conf_error(messages, whole_file, "", "can not be opened: %s",
		    strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		conf_error(messages, whole_file, "", "is %s, not a file",
		    kind_name(status.st_mode));
	} else if (status.st_size > CONF_FILE_BYTES) {
		conf_error(messages, whole_file, "",
		    "is larger than 16 MiB (%lld bytes)",
		    (long long)status.st_size);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Bytes read, at most `room`; -1 with errno. */
static ssize_t read_all(int fd, char *to, size_t room)
{
	size_t len = 0;
	ssize_t got = 1;

	while (got && len < room) {
		got = read(fd, to + len, room - len);
		if (got < 0 && errno != EINTR)
			return -1;
		len += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)len;
}

struct scan {
	struct conf_messages *messages;
	const char *at, *end;
	struct config_place place;
};

static bool scan_refuse(struct scan *scan, const char *what)
{
	conf_error(scan->messages, scan->place, "", "%s", what);
	return false;
}

static bool is_line_end(const struct scan *scan)
{
	return *scan->at == '\r' && scan->at + 1 < scan->end &&
	       scan->at[1] == '\n';
}

/* One character; false when it may not be in a file. */
static bool scan_character(struct scan *scan)
{
	uint32_t character = 0;
	size_t left = (size_t)(scan->end - scan->at);
	size_t bytes = utf8_read(&character, scan->at, left);

	if (!bytes)
		return scan_refuse(scan, "this byte is no UTF-8");
	if (!character)
		return scan_refuse(scan, "there is a NUL byte in the file");
	if (character == BYTE_ORDER_MARK)
		return scan_refuse(scan,
		    "there is a UTF-8 byte order mark (BOM) in the file; save "
		    "it without one");
	if (utf8_is_control(character) && character != '\n' &&
	    character != '\t' && !is_line_end(scan))
		return scan_refuse(scan, "this is a control character");
	scan->at += bytes;
	scan->place.column += (uint32_t)bytes;
	if (character == '\n')
		scan->place = (struct config_place){scan->place.line + 1, 1};
	return true;
}

bool conf_text_check(
    struct conf_messages *messages, const char *text, size_t len)
{
	struct scan scan = {.messages = messages,
	    .at = text,
	    .end = text + len,
	    .place = {1, 1}};

	while (scan.at < scan.end)
		if (!scan_character(&scan))
			return false;
	return true;
}

char *conf_file_read(struct conf_messages *messages, const char *path)
{
	int fd = file_open(messages, path);
	char *text = NULL;
	ssize_t len;

	if (fd < 0)
		return NULL;
	text = malloc(CONF_FILE_BYTES + 1);
	len = text ? read_all(fd, text, CONF_FILE_BYTES + 1) : -1;
	if (len < 0)
		conf_error(messages, whole_file, "", "can not be read: %s",
		    strerror(errno));
	else if (len > (ssize_t)CONF_FILE_BYTES)
		conf_error(messages, whole_file, "", "is larger than 16 MiB");
	else if (conf_text_check(messages, text, (size_t)len))
		text[len] = '\0';
	close(fd);
	if (messages->errors) {
		free(text);
		return NULL;
	}
	return text;
}
