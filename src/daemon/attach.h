/* SPDX-License-Identifier: ISC */
/*
 * Programs that are attached to sockets of type "client".
 *
 * How it works: a program has one end of a pair of SOCK_SEQPACKET sockets,
 * blocking, on which it may sleep in recvfrom or wait with epoll; each message
 * is a header and one datagram (api/datagram.h). The other end is here. When a
 * socket of the core is no longer empty, its datagrams move over until that end
 * takes no more; what is left waits in the core's receive buffer, and drops are
 * counted there. What the program writes is sent. A program that closes its
 * end, or whose socket a reload has taken away, is detached.
 */
#ifndef DAEMON_ATTACH_H
#define DAEMON_ATTACH_H

#include "api/control.h"
#include "core/core.h"
#include "daemon/loop.h"

struct attachments;

struct attach_setup {
	struct loop *loop;
	struct core *core;
	const struct moment *moment;
};

/* 0 or -ENOMEM. */
must_check int attach_new(
    struct attachments **ret, const struct attach_setup *setup);
/* Closes all; NULL is fine. */
void attach_free(struct attachments *attachments);

/* The program's end of a new pair for the socket of that port, the caller's to
 * pass on and to close; or -1 with *answer. */
must_check int attach_open(
    struct attachments *attachments, uint16_t port, struct core_answer *answer);

/* Moves what has come to sockets, at the end of a turn. */
void attach_turn(struct attachments *attachments);

#endif
