/* SPDX-License-Identifier: ISC */
/*
 * vpnd's own sockets: those of the configuration, and who reads them.
 *
 * How it works: the stages only queue (the soft interrupt of the kernel) and
 * mark the socket as ready; when the batch is through, core_settle serves the
 * built-in ones (the process context): sockets_serve. Programs are served by
 * the daemon, which asks which of their sockets are ready. A reload makes a
 * new set, whose sockets inherit from those on the same place.
 */
#ifndef CORE_SOCKETS_H
#define CORE_SOCKETS_H

#include "core/state.h"
#include "net/socket.h"

struct core_socket {
	struct socket *socket;
	const struct config_socket *conf; /* of the running configuration */
	uint32_t number; /* tells it from all others, before and after */
	bool is_ready;	 /* holds something that nobody was told of */
	uint64_t tx_packets, tx_failed;
	uint64_t unanswered; /* for the rate, the source, or a loop */
};

struct core_sockets {
	struct core *core;
	struct sockets *table;
	struct core_socket *list; /* config->sockets_count of them */
	size_t count;
	bool is_any_ready;
};

/* ---- sockets.c ---- */

/* The set of a configuration, whose peers are `peers`. 0; or -EINVAL or
 * -ENOMEM with `error`. */
must_check int sockets_make(struct core *core, struct core_sockets **ret,
    const struct config *config, struct core_peer **peers, char *error,
    size_t room);
void sockets_clear(struct core_sockets *set); /* NULL is fine */
/* Takes over what the running set holds, and becomes it. */
void sockets_take_over(struct core *core, struct core_sockets *next);
/* The peer is about to go, and its number with it. */
void sockets_forget_peer(struct core *core, const struct core_peer *peer);

/* ---- socket_serve.c ---- */

/* Serves the built-in sockets that are ready; true: packets were sent. */
bool sockets_serve(struct core *core, const struct moment *now);
/* One still holds what it could not read at once. */
bool sockets_are_behind(const struct core *core);

/* ---- socket_client.c ---- */

/* A program's socket holds something that core_socket_take_ready tells. */
must_check bool sockets_have_news(const struct core *core);

/* ---- socket_status.c ---- */

#define SOCKET_STATUS_BYTES 1200 /* an answer is no larger, with its NUL */

/* The metrics that a status socket answers with. */
size_t sockets_metrics(const struct core *core, const struct moment *now,
    char text[SOCKET_STATUS_BYTES]);
/* Schema vpnd.sockets/1. */
void sockets_reply(const struct core *core, struct reply *reply);

#endif
