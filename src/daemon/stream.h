/* SPDX-License-Identifier: ISC */
/*
 * A reply that goes on until somebody has enough: capture, and the like.
 *
 * How it works: a verb hands a source to control_stream, and its client is
 * streaming from then on. At the end of each turn of the loop, and when the
 * socket takes more again, the source is asked for parts. As long as the
 * socket takes none, nothing is asked: the source keeps what it has room for
 * (base/ring.h), loses the rest and counts it. So a slow client costs nobody
 * else anything, and has all the time it wants.
 *
 * An end comes from the source (is_over), from the client, who shuts down the
 * sending side of its connection, or from control_end_streams. In the latter
 * cases the source is told to stop; what it still has is sent before
 * CONTROL_END within CLIENT_TIMEOUT_NS. Who just hangs up gets nothing more.
 */
#ifndef DAEMON_STREAM_H
#define DAEMON_STREAM_H

#include "daemon/client.h"

/* `context` is the source's in all of them. */
struct stream_source {
	/* Writes the next part of the reply into `room` (CONTROL_PART_BYTES)
	 * bytes; returns its length, 0: there is none now. Each part is
	 * received as one: a document, or whole records. */
	size_t (*take)(void *context, uint8_t *to, size_t room);
	/* Asked after a take of 0. True: there will be none any more, and *ret
	 * is what CONTROL_END says; its message has to outlive the call. */
	bool (*is_over)(void *context, struct client_result *ret);
	/* No more is wanted than what is there: is_over, soon. */
	void (*stop)(void *context);
	/* The last call: the client has its end or is gone. */
	void (*close)(void *context);
	void *context;
};

/* ---- for control.c ---- */

/* A waiting client streams from now on. Without memory it is closed, and so is
 * the source. */
void stream_begin(struct client *client, const struct stream_source *source);

/* Sends what there is and the socket takes. */
void stream_send(struct client *client, struct instant now);

/* Hears what the client has to say: that it has enough, or is gone. */
void stream_hear(struct client *client, struct instant now);

/* Tells the source to stop. */
void stream_stop(struct client *client, struct instant now);

/* Ends it, if there is one. */
void stream_close(struct client *client);

#endif
