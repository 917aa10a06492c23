/* SPDX-License-Identifier: ISC */
/*
 * Asks vpnd-conf what a configuration file says.
 *
 * The two processes share a stream: a question is one byte, an answer is the
 * status and two lengths (32 bits each, little-endian) and the two texts.
 */
#include "daemon/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cursor.h"
#include "daemon/loader_child.h"
#include "daemon/privileges.h"

struct loader {
	int fd;
	pid_t pid;
	uint8_t header[LOADER_HEADER_BYTES];
	size_t header_len;
	char *body; /* both texts, with room for a NUL */
	size_t body_len, body_at, text_len;
	int status;
};

static void be_child(int fd, const char *file)
{
	struct loader_program program;

	privileges_drop_all();
	prctl(PR_SET_NAME, "vpnd-loader");
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	loader_find_program(&program);
	while (loader_serve(fd, &program, file))
		;
	_exit(0);
}

int loader_start(struct loader **ret, const char *file)
{
	struct loader *loader = calloc(1, sizeof(*loader));
	int pair[2];

	if (!loader)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		free(loader);
		return -errno;
	}
	loader->pid = fork();
	if (loader->pid == 0) {
		close(pair[0]);
		be_child(pair[1], file);
	}
	close(pair[1]);
	loader->fd = pair[0];
	*ret = loader;
	if (loader->pid > 0)
		return 0;
	loader_stop(loader);
	return -EAGAIN;
}

void loader_stop(struct loader *loader)
{
	if (!loader)
		return;
	close(loader->fd);
	if (loader->pid > 0) {
		kill(loader->pid, SIGKILL);
		(void)waitpid(loader->pid, NULL, 0);
	}
	free(loader->body);
	free(loader);
}

int loader_fd(const struct loader *loader)
{
	return loader->fd;
}

int loader_ask(struct loader *loader)
{
	free(loader->body);
	loader->body = NULL;
	loader->header_len = loader->body_len = loader->body_at = 0;
	return send(loader->fd, "?", 1, MSG_NOSIGNAL) == 1 ? 0 : -EPIPE;
}

/* Bytes read now; 0: none; negative errno: the end. */
static ssize_t take(struct loader *loader, void *to, size_t len)
{
	ssize_t got = recv(loader->fd, to, len, MSG_DONTWAIT);

	if (got > 0)
		return got;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return -EPIPE;
}

static int parse_header(struct loader *loader)
{
	struct cursor cursor = cursor_of(loader->header, LOADER_HEADER_BYTES);
	size_t messages_len;

	loader->status = (int)cursor_le32(&cursor);
	loader->text_len = cursor_le32(&cursor);
	messages_len = cursor_le32(&cursor);
	if (loader->text_len > LOADER_TEXT_BYTES ||
	    messages_len > LOADER_MESSAGE_BYTES)
		return -EPROTO;
	loader->body_len = loader->text_len + messages_len;
	loader->body = malloc(loader->body_len + 1);
	return loader->body ? 0 : -ENOMEM;
}

static int finish(struct loader *loader, struct loader_answer *ret)
{
	size_t messages_len = loader->body_len - loader->text_len;

	ret->status = loader->status;
	ret->text_len = loader->text_len;
	ret->messages = calloc(1, messages_len + 1);
	ret->text = loader->body;
	loader->body = NULL;
	if (!ret->messages) {
		loader_answer_clear(ret);
		return -ENOMEM;
	}
	memcpy(ret->messages, ret->text + ret->text_len, messages_len);
	ret->text[ret->text_len] = '\0';
	return 1;
}

int loader_read(struct loader *loader, struct loader_answer *ret)
{
	ssize_t got = 1;
	int code;

	while (loader->header_len < LOADER_HEADER_BYTES && got > 0) {
		got = take(loader, loader->header + loader->header_len,
		    LOADER_HEADER_BYTES - loader->header_len);
		loader->header_len += got > 0 ? (size_t)got : 0;
	}
	if (loader->header_len < LOADER_HEADER_BYTES)
		return (int)got;
	if (!loader->body) {
		code = parse_header(loader);
		if (code)
			return code;
	}
	while (loader->body_at < loader->body_len && got > 0) {
		got = take(loader, loader->body + loader->body_at,
		    loader->body_len - loader->body_at);
		loader->body_at += got > 0 ? (size_t)got : 0;
	}
	if (loader->body_at < loader->body_len)
		return (int)got;
	return finish(loader, ret);
}

int loader_load(struct loader *loader, struct loader_answer *ret)
{
	struct pollfd ready = {.fd = loader->fd, .events = POLLIN};
	int code = loader_ask(loader);

	if (code)
		return code;
	do {
		(void)poll(&ready, 1, -1);
		code = loader_read(loader, ret);
	} while (code == 0);
	return code < 0 ? code : 0;
}

void loader_answer_clear(struct loader_answer *answer)
{
	free(answer->text);
	free(answer->messages);
	*answer = (struct loader_answer){0};
}
