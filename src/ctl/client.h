/* SPDX-License-Identifier: ISC */
/*
 * The client's end of the control socket.
 *
 * Nothing here waits for ever: a daemon that is silent for longer than the
 * verb's time is CONTROL_TIMEOUT.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "api/control.h"
#include "base/attributes.h"

#define CLIENT_REPLY_BYTES_MAX ((size_t)64 << 20)

/* How a request ended. `text` is the reply document, NUL-terminated, or NULL;
 * `message` is for people, "" when there is nothing to say. */
struct client_reply {
	enum control_exit exit;
	char *text;
	size_t len;
	char message[CONTROL_PART_BYTES];
	/* A descriptor that came along, the caller's to close; 0: none */
	int passed_fd;
};

/* Releases the document and begins anew. */
void client_reply_clear(struct client_reply *reply);

/* Sets exit and message, and returns -1. */
int client_reply_fail(struct client_reply *reply, enum control_exit exit,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Sends one request over the connection `fd` and takes its reply. True when
 * the daemon answered, whatever it said; the connection is then ready for the
 * next request. Else *ret says what went wrong.
 */
must_check bool client_ask(int fd, const struct control_request *request,
    int timeout_ms, struct client_reply *ret);

/* ---- for follow.c: false with *reply filled when it failed ---- */

void client_set_timeout(int fd, int timeout_ms);
must_check bool client_send(
    int fd, const struct control_request *request, struct client_reply *reply);
must_check bool client_receive_header(
    int fd, struct control_header *ret, struct client_reply *reply);
/* Appends a part of `len` bytes to the reply's text. */
must_check bool client_receive_part(
    int fd, size_t len, struct client_reply *reply);
must_check bool client_receive_end(
    int fd, size_t len, struct client_reply *reply);

#endif
