/* SPDX-License-Identifier: ISC */
/*
 * One control client: bytes in, requests out; replies in, bytes out.
 *
 * How it works: a request is collected in a fixed buffer and handed out once;
 * what is attached to it, by a client with all rights, as it comes.
 * While it is answered (perhaps much later: reload, ping) the client is
 * waiting and nothing more is read. The reply is written as the socket takes
 * it. Whoever is slow in the middle of a frame is dropped.
 */
#ifndef DAEMON_CLIENT_H
#define DAEMON_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/control.h"
#include "api/reply.h"
#include "base/instant.h"

#define CLIENT_TIMEOUT_NS (5 * NS_PER_S)
/* Between two requests of one with all rights: vpnctl ping -i. */
#define CLIENT_IDLE_NS (600 * NS_PER_S)

enum client_state {
	CLIENT_READING,
	CLIENT_WAITING, /* the daemon owes a reply */
	CLIENT_WRITING,
	CLIENT_STREAMING, /* see stream.h */
	CLIENT_CLOSED,	  /* the owner frees it */
};

struct stream_source;

struct client {
	enum client_state state;
	int fd;
	enum control_rights rights;
	struct instant deadline;
	uint8_t header[CONTROL_HEADER_BYTES];
	char *body; /* CONTROL_REQUEST_BYTES, only while a request comes */
	size_t got; /* of header and body */
	size_t body_len;
	enum control_kind kind; /* of the frame that comes */
	/* Before the request; the owner may lower what it may have. */
	char *attached;
	size_t attached_len, attached_room, attached_most;
	uint8_t *out;
	size_t out_len, out_at;
	bool must_close;	      /* once the reply is out */
	int passed_fd;		      /* goes with the next byte; -1: none */
	struct stream_source *source; /* NULL: it is not streaming */
	bool is_stopping;	      /* `source` was told to stop */
};

/* Takes fd, non-blocking. NULL: no memory, and fd is closed. */
struct client *client_new(
    int fd, enum control_rights rights, struct instant now);
void client_free(struct client *client);

/*
 * Reads what is there. True: *ret is a complete request, valid until the
 * reply, and the client is waiting. A bad frame is answered and closed.
 */
must_check bool client_read(
    struct client *client, struct control_request *ret, struct instant now);

/* What a verb came to. */
struct client_result {
	enum control_exit exit;
	const char *message; /* for people, "" or NULL: nothing to say */
};

/* Answers; consumes nothing. `reply` may be NULL. */
void client_answer(struct client *client, const struct reply *reply,
    const struct client_result *result, struct instant now);

/* The next answer has this descriptor with it, which is closed then. */
void client_pass(struct client *client, int fd);

/* Hands what is in `out` to the socket; true: all of it. */
must_check bool client_flush(struct client *client, struct instant now);

/* Writes what the socket takes. */
void client_write(struct client *client, struct instant now);

/* When client_expire has to be called; INSTANT_NEVER: not at all. */
struct instant client_deadline(const struct client *client);
/* Drops the client when its time is over. */
void client_expire(struct client *client, struct instant now);

#endif
