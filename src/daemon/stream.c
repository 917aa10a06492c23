/* SPDX-License-Identifier: ISC */
/* A reply that goes on until somebody has enough. */
#include "daemon/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FRAME_BYTES (CONTROL_HEADER_BYTES + CONTROL_PART_BYTES)

void stream_close(struct client *client)
{
	if (!client->source)
		return;
	client->source->close(client->source->context);
	free(client->source);
	client->source = NULL;
}

void stream_begin(struct client *client, const struct stream_source *source)
{
	client->source = malloc(sizeof(*client->source));
	client->out = malloc(FRAME_BYTES);
	client->out_len = client->out_at = 0;
	client->is_stopping = false;
	client->state = CLIENT_STREAMING;
	if (client->source)
		*client->source = *source;
	else
		source->close(source->context);
	if (!client->source || !client->out)
		client->state = CLIENT_CLOSED;
}

/* False: there is nothing now. */
static bool fill(struct client *client)
{
	const struct stream_source *source = client->source;
	size_t len = source->take(source->context,
	    client->out + CONTROL_HEADER_BYTES, CONTROL_PART_BYTES);
	struct control_header header = {.version = CONTROL_VERSION,
	    .kind = CONTROL_PART,
	    .length = (uint32_t)len};

	if (!len)
		return false;
	control_header_write(client->out, &header);
	client->out_at = 0;
	client->out_len = CONTROL_HEADER_BYTES + len;
	return true;
}

static void end_if_over(struct client *client, struct instant now)
{
	const struct stream_source *source = client->source;
	struct client_result result = {CONTROL_OK, NULL};

	if (!source->is_over(source->context, &result))
		return;
	/* who has shut down sends no other request */
	client->must_close |= client->is_stopping;
	client_answer(client, NULL, &result, now);
	stream_close(client);
}

void stream_send(struct client *client, struct instant now)
{
	while (client->state == CLIENT_STREAMING && client_flush(client, now)) {
		if (fill(client))
			continue;
		end_if_over(client, now);
		return;
	}
}

void stream_stop(struct client *client, struct instant now)
{
	if (client->is_stopping)
		return;
	client->is_stopping = true;
	client->deadline = instant_after(now, CLIENT_TIMEOUT_NS);
	client->source->stop(client->source->context);
}

/* In the middle of a stream there is nothing to say. */
void stream_hear(struct client *client, struct instant now)
{
	uint8_t byte;
	ssize_t got;

	if (client->state != CLIENT_STREAMING || client->is_stopping)
		return;
	got = recv(client->fd, &byte, 1, MSG_DONTWAIT);
	if (got == 0)
		stream_stop(client, now);
	else if (got > 0 || (errno != EAGAIN && errno != EINTR))
		client->state = CLIENT_CLOSED;
}
