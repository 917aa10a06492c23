/* SPDX-License-Identifier: ISC */
/*
 * The control sockets and their clients.
 *
 * How it works: each complete request is handed to `run`, which answers it with
 * client_answer at once, or keeps the client's number and answers later with
 * control_answer, or for as long as the client wants with control_stream. At
 * most CONTROL_CLIENTS are connected; others wait in the kernel's queue.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "api/config.h"
#include "api/control.h"
#include "base/attributes.h"
#include "base/log.h"
#include "daemon/client.h"
#include "daemon/loop.h"
#include "daemon/stream.h"

#define CONTROL_CLIENTS 64
/* Anybody may connect to the read socket: it leaves places to the other. */
#define CONTROL_READERS 48

struct control;

struct control_setup {
	struct loop *loop;
	const struct log *log;
	const struct moment *moment;
	const char *path;      /* ctl.sock */
	const char *read_path; /* ro.sock */
	void (*run)(void *context, uint64_t client, enum control_rights rights,
	    const struct control_request *request);
	void *context;
};

/* 0, or negative errno with a sentence in `error`. */
must_check int control_open(struct control **ret,
    const struct control_setup *setup, char *error, size_t room);
/* Removes the sockets' files; NULL is fine. */
void control_close(struct control *control);

/* Answers a client by its number; it may have left meanwhile. */
void control_answer(struct control *control, uint64_t client,
    const struct reply *reply, const struct client_result *result);

/* The same with a descriptor, which is then no longer the caller's. */
void control_answer_with(struct control *control, uint64_t client,
    const struct reply *reply, const struct client_result *result, int fd);

/* Answers a client by a stream; a source whose client has left is closed. */
void control_stream(struct control *control, uint64_t client,
    const struct stream_source *source);
/* Stops all streams, and sends what the sockets take at once: the loop ends. */
void control_end_streams(struct control *control);

/* A socket's file that was deleted is made again. */
void control_repair(struct control *control);

/* Drops who is too slow, takes the next ones. */
void control_turn(struct control *control);
struct instant control_deadline(const struct control *control);

#endif
