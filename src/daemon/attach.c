/* SPDX-License-Identifier: ISC */
/* Programs that are attached to sockets of type "client". */
#include "daemon/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/datagram.h"
#include "base/attributes.h"

#define ATTACHMENTS   64
#define MESSAGE_BYTES (DATAGRAM_HEADER_BYTES + DATAGRAM_PAYLOAD_MAX)
/* The largest message has to fit; what waits in the pair beyond the receive
 * buffer is no more than that. The kernel doubles it. */
#define PAIR_BYTES (MESSAGE_BYTES / 2 + 4096)
/* Messages of one program in one turn, so that others get theirs. */
#define BATCH 64

struct attachment {
	struct attachments *owner;
	int fd; /* -1: free */
	uint32_t number;
	struct loop_watch *watch;
	size_t held; /* bytes of a message that the pair did not take yet */
	uint8_t *message;
};

struct attachments {
	struct attach_setup setup;
	struct attachment list[ATTACHMENTS];
	uint8_t read[MESSAGE_BYTES];
};

int attach_new(struct attachments **ret, const struct attach_setup *setup)
{
	struct attachments *attachments = calloc(1, sizeof(*attachments));

	if (!attachments)
		return -ENOMEM;
	attachments->setup = *setup;
	for (size_t i = 0; i < ATTACHMENTS; i++)
		attachments->list[i].fd = -1;
	*ret = attachments;
	return 0;
}

static void detach(struct attachment *one)
{
	loop_unwatch(one->watch);
	close(one->fd);
	core_socket_detach(one->owner->setup.core, one->number);
	free(one->message);
	*one = (struct attachment){.fd = -1};
}

void attach_free(struct attachments *attachments)
{
	for (size_t i = 0; attachments && i < ATTACHMENTS; i++)
		if (attachments->list[i].fd >= 0)
			detach(&attachments->list[i]);
	free(attachments);
}

/* ---- to the program ---- */

static bool is_full(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ||
	       error == ENOBUFS;
}

/* False: the pair takes no more now, or the program is gone. */
static bool pass_on(struct attachment *one)
{
	ssize_t sent =
	    send(one->fd, one->message, one->held, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && is_full(errno))
		return false;
	if (sent < 0)
		detach(one);
	else
		one->held = 0;
	return sent >= 0;
}

static bool take_next(struct attachment *one)
{
	if (!one->held)
		one->held = core_socket_receive(one->owner->setup.core,
		    one->number, one->message, MESSAGE_BYTES);
	return one->held;
}

static void move(struct attachment *one)
{
	while (take_next(one))
		if (!pass_on(one))
			break;
	if (one->fd >= 0)
		loop_change(
		    one->watch, one->held ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* ---- from the program ---- */

/* False: there is nothing more now, or the program is gone. */
static bool read_message(struct attachment *one)
{
	struct attachments *owner = one->owner;
	ssize_t got =
	    recv(one->fd, owner->read, sizeof(owner->read), MSG_DONTWAIT);

	if (got < 0 && is_full(errno))
		return false;
	if (got <= 0) {
		detach(one);
		return false;
	}
	core_socket_send(owner->setup.core, one->number, owner->read,
	    (size_t)got, owner->setup.moment);
	return true;
}

static void ready(void *context, unsigned events)
{
	struct attachment *one = context;
	int messages = BATCH;

	if (events & LOOP_READ)
		while (messages-- && read_message(one))
			;
	if (one->fd >= 0 && events & LOOP_WRITE)
		move(one);
}

/* ---- opening ---- */

static struct attachment *find_free(struct attachments *attachments)
{
	for (size_t i = 0; i < ATTACHMENTS; i++)
		if (attachments->list[i].fd < 0)
			return &attachments->list[i];
	return NULL;
}

static int fail(struct core_answer *answer, const char *message)
{
	answer->exit = CONTROL_FAILED;
	snprintf(answer->message, sizeof(answer->message), "%s", message);
	return -1;
}

/* Ours must not block; the program's does, as it wants to sleep there. */
static int make_pair(int ends[2])
{
	int bytes = PAIR_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
	    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) ==
		0)
		return 0;
	close(ends[0]);
	close(ends[1]);
	return -EIO;
}

static bool watch(struct attachment *one, int fd)
{
	one->message = malloc(MESSAGE_BYTES);
	if (!one->message)
		return false;
	one->watch =
	    loop_watch(one->owner->setup.loop, fd, LOOP_READ, ready, one);
	if (!one->watch)
		free(one->message);
	return one->watch;
}

int attach_open(
    struct attachments *attachments, uint16_t port, struct core_answer *answer)
{
	struct attachment *one = find_free(attachments);
	struct core *core = attachments->setup.core;
	uint32_t number;
	int ends[2];

	if (!one)
		return fail(answer, "too many programs are attached already");
	if (core_socket_attach(core, port, &number, answer))
		return -1;
	*one = (struct attachment){
	    .owner = attachments, .fd = -1, .number = number};
	if (make_pair(ends)) {
		core_socket_detach(core, number);
		return fail(answer, "no socket pair can be made");
	}
	if (!watch(one, ends[0])) {
		core_socket_detach(core, number);
		close(ends[0]);
		close(ends[1]);
		return fail(answer, "out of memory");
	}
	one->fd = ends[0];
	return ends[1];
}

/* ---- the turn ---- */

static void detach_orphans(struct attachments *attachments)
{
	for (size_t i = 0; i < ATTACHMENTS; i++) {
		struct attachment *one = &attachments->list[i];

		if (one->fd >= 0 &&
		    !core_socket_is_there(attachments->setup.core, one->number))
			detach(one);
	}
}

void attach_turn(struct attachments *attachments)
{
	uint32_t number;

	detach_orphans(attachments);
	while (core_socket_take_ready(attachments->setup.core, &number))
		for (size_t i = 0; i < ATTACHMENTS; i++) {
			struct attachment *one = &attachments->list[i];

			if (one->fd >= 0 && one->number == number)
				move(one);
		}
}
