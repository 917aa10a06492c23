/* SPDX-License-Identifier: ISC */
/* The client's end of the control socket: frames and time limits. */
#include "ctl/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cursor.h"

#define END_EXIT_BYTES 4

void client_reply_clear(struct client_reply *reply)
{
	free(reply->text);
	*reply = (struct client_reply){0};
}

int client_reply_fail(
    struct client_reply *reply, enum control_exit exit, const char *format, ...)
{
	va_list arguments;

	reply->exit = exit;
	va_start(arguments, format);
	vsnprintf(reply->message, sizeof(reply->message), format, arguments);
	va_end(arguments);
	return -1;
}

void client_set_timeout(int fd, int timeout_ms)
{
	struct timeval time = {
	    .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

static bool has_lost(struct client_reply *reply, int error)
{
	if (error == EAGAIN || error == EWOULDBLOCK)
		client_reply_fail(
		    reply, CONTROL_TIMEOUT, "vpnd does not answer");
	else
		client_reply_fail(reply, CONTROL_FAILED,
		    "the connection to vpnd broke: %s",
		    error ? strerror(error) : "vpnd closed it");
	return false;
}

static bool send_all(
    int fd, const uint8_t *bytes, size_t len, struct client_reply *reply)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return has_lost(reply, errno);
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static void keep_passed(struct msghdr *message, struct client_reply *reply)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);

	if (head && head->cmsg_level == SOL_SOCKET &&
	    head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&reply->passed_fd, CMSG_DATA(head), sizeof(int));
}

/* With the descriptor that vpnd may have passed. */
static ssize_t receive(
    int fd, uint8_t *bytes, size_t len, struct client_reply *reply)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {bytes, len};
	struct msghdr message = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (got > 0)
		keep_passed(&message, reply);
	return got;
}

static bool receive_all(
    int fd, uint8_t *bytes, size_t len, struct client_reply *reply)
{
	while (len > 0) {
		ssize_t got = receive(fd, bytes, len, reply);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return has_lost(reply, got < 0 ? errno : 0);
		bytes += got;
		len -= (size_t)got;
	}
	return true;
}

/* The body: the verb and its arguments, each ended by a NUL. */
static void write_body(
    struct writer *writer, const struct control_request *request)
{
	writer_bytes(writer, request->verb, strlen(request->verb) + 1);
	for (size_t i = 0; i < request->arguments_count; i++)
		writer_bytes(writer, request->arguments[i],
		    strlen(request->arguments[i]) + 1);
}

static bool send_attached(
    int fd, const struct control_request *request, struct client_reply *reply)
{
	for (size_t at = 0; at < request->attached_len;) {
		uint8_t bytes[CONTROL_HEADER_BYTES];
		size_t left = request->attached_len - at;
		struct control_header header = {CONTROL_VERSION, CONTROL_PART,
		    left < CONTROL_PART_BYTES ? (uint32_t)left
					      : CONTROL_PART_BYTES};

		control_header_write(bytes, &header);
		if (!send_all(fd, bytes, sizeof(bytes), reply) ||
		    !send_all(fd, (const uint8_t *)request->attached + at,
			header.length, reply))
			return false;
		at += header.length;
	}
	return true;
}

bool client_send(
    int fd, const struct control_request *request, struct client_reply *reply)
{
	uint8_t frame[CONTROL_HEADER_BYTES + CONTROL_REQUEST_BYTES];
	struct control_header header = {
	    .version = CONTROL_VERSION, .kind = CONTROL_REQUEST};
	struct writer body =
	    writer_of(frame + CONTROL_HEADER_BYTES, CONTROL_REQUEST_BYTES);

	write_body(&body, request);
	if (body.has_failed) {
		client_reply_fail(
		    reply, CONTROL_USAGE, "too long: %s ...", request->verb);
		return false;
	}
	header.length = (uint32_t)(CONTROL_REQUEST_BYTES - body.left);
	control_header_write(frame, &header);
	return send_attached(fd, request, reply) &&
	       send_all(fd, frame, CONTROL_HEADER_BYTES + header.length, reply);
}

static bool is_sane(
    const struct control_header *header, struct client_reply *reply)
{
	if (header->version != CONTROL_VERSION)
		client_reply_fail(reply, CONTROL_FAILED,
		    "vpnd speaks version %u of the control protocol, vpnctl "
		    "version %d: use the vpnctl that came with it",
		    header->version, CONTROL_VERSION);
	else if (header->kind == CONTROL_REQUEST ||
		 header->length > CONTROL_PART_BYTES ||
		 (header->kind == CONTROL_END &&
		     header->length < END_EXIT_BYTES))
		client_reply_fail(reply, CONTROL_FAILED,
		    "vpnd's answer is not in the control protocol");
	else
		return true;
	return false;
}

bool client_receive_header(
    int fd, struct control_header *ret, struct client_reply *reply)
{
	uint8_t bytes[CONTROL_HEADER_BYTES];

	if (!receive_all(fd, bytes, sizeof(bytes), reply))
		return false;
	if (control_header_read(ret, bytes) < 0) {
		client_reply_fail(reply, CONTROL_FAILED,
		    "what answers on the control socket is not vpnd");
		return false;
	}
	return is_sane(ret, reply);
}

bool client_receive_part(int fd, size_t len, struct client_reply *reply)
{
	char *text = NULL;

	if (reply->len + len <= CLIENT_REPLY_BYTES_MAX)
		text = realloc(reply->text, reply->len + len + 1);
	if (!text) {
		client_reply_fail(reply, CONTROL_FAILED,
		    "no memory for vpnd's answer, or it is endless");
		return false;
	}
	reply->text = text;
	if (!receive_all(fd, (uint8_t *)text + reply->len, len, reply))
		return false;
	reply->len += len;
	text[reply->len] = '\0';
	return true;
}

/* is_sane has bounded `len`: the message fits, with its NUL. */
bool client_receive_end(int fd, size_t len, struct client_reply *reply)
{
	uint8_t code[END_EXIT_BYTES];
	struct cursor cursor = cursor_of(code, sizeof(code));
	size_t message_len = len - sizeof(code);

	if (!receive_all(fd, code, sizeof(code), reply) ||
	    !receive_all(fd, (uint8_t *)reply->message, message_len, reply))
		return false;
	reply->exit = (enum control_exit)cursor_le32(&cursor);
	reply->message[message_len] = '\0';
	if (reply->exit != CONTROL_OK && message_len == 0)
		client_reply_fail(
		    reply, reply->exit, "vpnd refused without a reason");
	return true;
}

/* Who refuses what is attached does not read all of it, but says why. */
static bool may_have_answered(const struct client_reply *reply)
{
	return reply->exit == CONTROL_FAILED;
}

bool client_ask(int fd, const struct control_request *request, int timeout_ms,
    struct client_reply *ret)
{
	struct control_header header;

	client_reply_clear(ret);
	client_set_timeout(fd, timeout_ms);
	if (!client_send(fd, request, ret)) {
		if (!may_have_answered(ret))
			return false;
		client_reply_clear(ret);
	}
	do {
		if (!client_receive_header(fd, &header, ret))
			return false;
		if (header.kind == CONTROL_PART &&
		    !client_receive_part(fd, header.length, ret))
			return false;
	} while (header.kind != CONTROL_END);
	return client_receive_end(fd, header.length, ret);
}
