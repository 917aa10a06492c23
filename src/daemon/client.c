/* SPDX-License-Identifier: ISC */
/* One control client: bytes in, requests out; replies in, bytes out. */
#include "daemon/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "daemon/stream.h"

#define END_EXIT_BYTES 4

struct client *client_new(
    int fd, enum control_rights rights, struct instant now)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client) {
		close(fd);
		return NULL;
	}
	client->fd = fd;
	client->passed_fd = -1;
	client->rights = rights;
	client->attached_most = CONTROL_ATTACHED_BYTES;
	client->deadline = instant_after(now, CLIENT_TIMEOUT_NS);
	return client;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	stream_close(client);
	if (client->passed_fd >= 0)
		close(client->passed_fd);
	close(client->fd);
	free(client->body);
	free(client->attached);
	free(client->out);
	free(client);
}

static void refuse_with(struct client *client, enum control_exit exit,
    const char *message, struct instant now)
{
	struct client_result result = {exit, message};

	client->must_close = true;
	client_answer(client, NULL, &result, now);
}

static void refuse(
    struct client *client, const char *message, struct instant now)
{
	refuse_with(client, CONTROL_FAILED, message, now);
}

/* False: nothing came; the client may be closed now. Descriptors that are sent
 * along are closed by the kernel, as no room is given for them. */
static bool take(struct client *client, void *to, size_t len)
{
	ssize_t got = recv(client->fd, to, len, MSG_DONTWAIT);

	if (got > 0) {
		client->got += (size_t)got;
		return true;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		client->state = CLIENT_CLOSED;
	return false;
}

static bool may_attach(const struct client *client)
{
	return client->rights == CONTROL_RIGHTS_ALL;
}

static bool begin_body(struct client *client, struct instant now)
{
	struct control_header header;
	char text[128];

	if (control_header_read(&header, client->header) ||
	    (header.kind != CONTROL_REQUEST && header.kind != CONTROL_PART)) {
		refuse(client, "not a request of vpnctl", now);
		return false;
	}
	if (header.version != CONTROL_VERSION) {
		snprintf(text, sizeof(text),
		    "this vpnd speaks version %d of the control protocol, "
		    "vpnctl version %u",
		    CONTROL_VERSION, header.version);
		refuse(client, text, now);
		return false;
	}
	if (header.kind == CONTROL_PART && !may_attach(client)) {
		refuse_with(client, CONTROL_NOT_PERMITTED,
		    "only root and members of the group vpnd may do this", now);
		return false;
	}
	client->kind = (enum control_kind)header.kind;
	client->body_len = header.length;
	client->body = calloc(1, header.length + 1);
	if (!client->body)
		refuse(client, "out of memory", now);
	return client->body != NULL;
}

static bool read_header(struct client *client, struct instant now)
{
	bool was_idle = client->got == 0;

	while (client->got < CONTROL_HEADER_BYTES) {
		if (!take(client, client->header + client->got,
			CONTROL_HEADER_BYTES - client->got))
			return false;
		if (was_idle)
			client->deadline =
			    instant_after(now, CLIENT_TIMEOUT_NS);
		was_idle = false;
	}
	return client->body || begin_body(client, now);
}

static bool read_body(struct client *client)
{
	size_t end = CONTROL_HEADER_BYTES + client->body_len;

	while (client->got < end)
		if (!take(client,
			client->body + client->got - CONTROL_HEADER_BYTES,
			end - client->got))
			return false;
	return true;
}

/* Room for `len` bytes more and a NUL; it doubles. */
static bool grow_attached(struct client *client, size_t len)
{
	size_t needed = client->attached_len + len + 1;
	size_t room =
	    client->attached_room ? client->attached_room : CONTROL_PART_BYTES;
	char *attached;

	if (needed <= client->attached_room)
		return true;
	while (room < needed)
		room *= 2;
	attached = realloc(client->attached, room);
	if (!attached)
		return false;
	client->attached = attached;
	client->attached_room = room;
	return true;
}

/* A frame of what comes before the request is there. */
static void attach(struct client *client, struct instant now)
{
	size_t len = client->body_len;

	if (len > client->attached_most - client->attached_len) {
		refuse(client, "too much is attached to the request", now);
		return;
	}
	if (!grow_attached(client, len)) {
		refuse(client, "out of memory", now);
		return;
	}
	memcpy(client->attached + client->attached_len, client->body, len);
	client->attached_len += len;
	client->attached[client->attached_len] = '\0';
	free(client->body);
	client->body = NULL;
	client->got = 0;
}

bool client_read(
    struct client *client, struct control_request *ret, struct instant now)
{
	if (client->state != CLIENT_READING || !read_header(client, now) ||
	    !read_body(client))
		return false;
	if (client->kind == CONTROL_PART) {
		attach(client, now);
		return false;
	}
	if (control_request_parse(ret, client->body, client->body_len)) {
		refuse(client, "malformed request", now);
		return false;
	}
	ret->attached = client->attached;
	ret->attached_len = client->attached_len;
	client->state = CLIENT_WAITING;
	return true;
}

static size_t put_part(uint8_t *to, const char *text, size_t len)
{
	struct control_header header = {.version = CONTROL_VERSION,
	    .kind = CONTROL_PART,
	    .length = (uint32_t)len};

	control_header_write(to, &header);
	memcpy(to + CONTROL_HEADER_BYTES, text, len);
	return CONTROL_HEADER_BYTES + len;
}

static size_t message_len(const struct client_result *result)
{
	return result->message ? strnlen(result->message,
				     CONTROL_PART_BYTES - END_EXIT_BYTES)
			       : 0;
}

static size_t put_end(uint8_t *to, const struct client_result *result)
{
	struct control_header header = {.version = CONTROL_VERSION,
	    .kind = CONTROL_END,
	    .length = (uint32_t)(END_EXIT_BYTES + message_len(result))};
	struct writer writer =
	    writer_of(to + CONTROL_HEADER_BYTES, header.length);

	control_header_write(to, &header);
	writer_le(&writer, result->exit, END_EXIT_BYTES);
	writer_bytes(&writer, result->message, message_len(result));
	return CONTROL_HEADER_BYTES + header.length;
}

static size_t put_parts(uint8_t *to, const struct reply *reply)
{
	size_t at = 0, done = 0;

	while (done < reply->len) {
		size_t len = reply->len - done;

		if (len > CONTROL_PART_BYTES)
			len = CONTROL_PART_BYTES;
		at += put_part(to + at, reply->text + done, len);
		done += len;
	}
	return at;
}

void client_answer(struct client *client, const struct reply *reply,
    const struct client_result *result, struct instant now)
{
	size_t len = reply && !reply->has_failed ? reply->len : 0;
	size_t parts = len / CONTROL_PART_BYTES + 1;

	free(client->body);
	client->body = NULL;
	client->got = 0;
	free(client->attached);
	client->attached = NULL;
	client->attached_len = client->attached_room = 0;
	free(client->out);
	client->out = malloc(len + (parts + 1) * CONTROL_HEADER_BYTES +
			     END_EXIT_BYTES + message_len(result));
	if (!client->out) {
		client->state = CLIENT_CLOSED;
		return;
	}
	client->out_at = 0;
	client->out_len = len ? put_parts(client->out, reply) : 0;
	client->out_len += put_end(client->out + client->out_len, result);
	client->state = CLIENT_WRITING;
	client->deadline = instant_after(now, CLIENT_TIMEOUT_NS);
	client_write(client, now);
}

static void finish_reply(struct client *client, struct instant now)
{
	free(client->out);
	client->out = NULL;
	client->state = client->must_close ? CLIENT_CLOSED : CLIENT_READING;
	client->deadline = instant_after(
	    now, client->rights == CONTROL_RIGHTS_ALL ? CLIENT_IDLE_NS
						      : CLIENT_TIMEOUT_NS);
}

void client_pass(struct client *client, int fd)
{
	client->passed_fd = fd;
}

static ssize_t send_some(struct client *client)
{
	struct iovec part = {
	    client->out + client->out_at, client->out_len - client->out_at};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			 .cmsg_level = SOL_SOCKET,
			 .cmsg_type = SCM_RIGHTS}};

	if (client->passed_fd >= 0) {
		memcpy(
		    CMSG_DATA(&control.head), &client->passed_fd, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	return sendmsg(client->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void have_passed(struct client *client)
{
	if (client->passed_fd >= 0)
		close(client->passed_fd);
	client->passed_fd = -1;
}

bool client_flush(struct client *client, struct instant now)
{
	while (client->out_at < client->out_len) {
		ssize_t sent = send_some(client);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			if (errno != EAGAIN)
				client->state = CLIENT_CLOSED;
			return false;
		}
		have_passed(client);
		client->deadline = instant_after(now, CLIENT_TIMEOUT_NS);
		client->out_at += (size_t)sent;
	}
	return true;
}

void client_write(struct client *client, struct instant now)
{
	if (client->state == CLIENT_WRITING && client_flush(client, now))
		finish_reply(client, now);
}

/* It owes us nothing: it waits for us, or takes its time with a stream. */
static bool has_time(const struct client *client)
{
	return client->state == CLIENT_WAITING ||
	       (client->state == CLIENT_STREAMING && !client->is_stopping);
}

struct instant client_deadline(const struct client *client)
{
	return has_time(client) ? INSTANT_NEVER : client->deadline;
}

void client_expire(struct client *client, struct instant now)
{
	if (instant_has_come(client_deadline(client), now))
		client->state = CLIENT_CLOSED;
}
