/* SPDX-License-Identifier: ISC */
/* The loader process's side: it runs vpnd-conf and collects what it says. */
#include "daemon/loader_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/cursor.h"
#include "base/sanitized.h"

/* What vpnd-conf printed so far; what is above `most` is not taken. */
struct stream {
	int fd;
	char *bytes;
	size_t len, room, most;
	bool is_cut;
};

void loader_find_program(struct loader_program *ret)
{
	const char *given = getenv("VPND_CONF");
	ssize_t len;
	char *slash;

	if (given && *given) {
		snprintf(ret->path, sizeof(ret->path), "%s", given);
		return;
	}
	len = readlink("/proc/self/exe", ret->path, sizeof(ret->path) - 16);
	ret->path[len > 0 ? len : 0] = '\0';
	slash = strrchr(ret->path, '/');
	if (slash)
		strcpy(slash, "/vpnd-conf");
	if (!slash || access(ret->path, X_OK))
		snprintf(ret->path, sizeof(ret->path), "%s",
		    LIBEXECDIR "/vpnd/vpnd-conf");
}

static void limit_resources(void)
{
	static const struct {
		int resource;
		rlim_t most;
	} limits[] = {
	    {RLIMIT_CORE, 0},
	    {RLIMIT_CPU, LOADER_SECONDS},
	    {RLIMIT_DATA, IS_SANITIZED ? RLIM_INFINITY : (rlim_t)1 << 30},
	    {RLIMIT_FSIZE, IS_SANITIZED ? RLIM_INFINITY : 0},
	    {RLIMIT_NOFILE, 32},
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit limit = {limits[i].most, limits[i].most};

		(void)setrlimit(
		    (__rlimit_resource_t)limits[i].resource, &limit);
	}
	/* wall time; the alarm outlives exec */
	alarm(LOADER_SECONDS);
}

static void run_program(
    const struct loader_program *program, const char *file, int out, int err)
{
	char *arguments[] = {
	    (char *)(uintptr_t)program->path, (char *)(uintptr_t)file, NULL};
	static const char path[] = "PATH=/usr/bin:/bin";
	char *environment[] = {(char *)(uintptr_t)path, NULL};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	limit_resources();
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(LOADER_STATUS_FAILED);
	execve(program->path, arguments, environment);
	dprintf(2, "%s: error: can not run %s: %s\n", file, program->path,
	    strerror(errno));
	_exit(LOADER_STATUS_FAILED);
}

/* False: no memory. */
static bool grow(struct stream *stream)
{
	size_t room = stream->room ? 2 * stream->room : 16384;
	char *more;

	if (stream->len < stream->room)
		return true;
	if (room > stream->most)
		room = stream->most;
	more = realloc(stream->bytes, room);
	if (!more)
		return false;
	stream->bytes = more;
	stream->room = room;
	return true;
}

/* False: its end. */
static bool read_some(struct stream *stream)
{
	char rest[4096];
	ssize_t len;

	stream->is_cut |= stream->len == stream->most || !grow(stream);
	if (stream->is_cut)
		len = read(stream->fd, rest, sizeof(rest));
	else
		len = read(stream->fd, stream->bytes + stream->len,
		    stream->room - stream->len);
	if (len > 0 && !stream->is_cut)
		stream->len += (size_t)len;
	return len > 0 || (len < 0 && errno == EINTR);
}

static void read_all(struct stream streams[2])
{
	struct pollfd ready[2] = {
	    {.fd = streams[0].fd, .events = POLLIN},
	    {.fd = streams[1].fd, .events = POLLIN},
	};

	while (ready[0].fd >= 0 || ready[1].fd >= 0) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			break;
		for (int i = 0; i < 2; i++)
			if (ready[i].revents && !read_some(&streams[i]))
				ready[i].fd = -1;
	}
}

static bool send_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		at += sent;
		len -= (size_t)sent;
	}
	return true;
}

static bool answer(int fd, int status, const struct stream streams[2])
{
	uint8_t header[LOADER_HEADER_BYTES];
	struct writer writer = writer_of(header, sizeof(header));

	writer_le(&writer, (uint32_t)status, 4);
	writer_le(&writer, streams[0].len, 4);
	writer_le(&writer, streams[1].len, 4);
	return send_all(fd, header, sizeof(header)) &&
	       send_all(fd, streams[0].bytes, streams[0].len) &&
	       send_all(fd, streams[1].bytes, streams[1].len);
}

static int status_of(pid_t pid, const struct stream *text)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    text->is_cut)
		return LOADER_STATUS_FAILED;
	return WEXITSTATUS(status);
}

static bool load(int fd, const struct loader_program *program, const char *file)
{
	struct stream streams[2] = {
	    {.most = LOADER_TEXT_BYTES}, {.most = LOADER_MESSAGE_BYTES}};
	int out[2], err[2], status;
	bool is_sent;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return false;
	pid = fork();
	if (pid == 0)
		run_program(program, file, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	streams[0].fd = out[0];
	streams[1].fd = err[0];
	read_all(streams);
	close(out[0]);
	close(err[0]);
	status = pid > 0 ? status_of(pid, &streams[0]) : LOADER_STATUS_FAILED;
	is_sent = answer(fd, status, streams);
	free(streams[0].bytes);
	free(streams[1].bytes);
	return is_sent;
}

bool loader_serve(
    int fd, const struct loader_program *program, const char *file)
{
	char question;
	ssize_t len;

	do
		len = recv(fd, &question, 1, 0);
	while (len < 0 && errno == EINTR);
	return len == 1 && load(fd, program, file);
}
