/* SPDX-License-Identifier: ISC */
/* The client's end of a stream. */
#include "ctl/follow.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WAIT_REPLY,
	WAIT_SIGNAL,
	WAIT_OUT,
	WAIT_COUNT,
};

struct stream {
	struct pollfd waits[WAIT_COUNT];
	const struct follower *follower;
	struct client_reply *reply;
	bool is_enough;	  /* for the follower */
	bool is_stopping; /* the daemon was asked for the end */
};

static void stop(struct stream *stream)
{
	if (stream->is_stopping)
		return;
	stream->is_stopping = true;
	stream->waits[WAIT_SIGNAL].fd = stream->waits[WAIT_OUT].fd = -1;
	shutdown(stream->waits[WAIT_REPLY].fd, SHUT_WR);
}

/* Returns when there is something to receive; the time that a daemon has is
 * client_set_timeout's. */
static void wait_for_part(struct stream *stream)
{
	struct pollfd *waits = stream->waits;

	while (!stream->is_stopping) {
		if (poll(waits, WAIT_COUNT, -1) < 0)
			continue;
		if (waits[WAIT_SIGNAL].revents || waits[WAIT_OUT].revents)
			stop(stream);
		else if (waits[WAIT_REPLY].revents)
			return;
	}
}

static bool hand_over(struct stream *stream, size_t len)
{
	struct client_reply *reply = stream->reply;
	const struct follower *follower = stream->follower;

	reply->len = 0;
	if (!client_receive_part(stream->waits[WAIT_REPLY].fd, len, reply))
		return false;
	if (!stream->is_enough &&
	    !follower->take(follower->context, reply->text, len)) {
		stream->is_enough = true;
		stop(stream);
	}
	return true;
}

static bool follow(struct stream *stream)
{
	int fd = stream->waits[WAIT_REPLY].fd;
	struct control_header header;

	for (;;) {
		wait_for_part(stream);
		if (!client_receive_header(fd, &header, stream->reply))
			return false;
		if (header.kind == CONTROL_END)
			return client_receive_end(
			    fd, header.length, stream->reply);
		if (!hand_over(stream, header.length))
			return false;
	}
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

bool follow_stream(int fd, const struct control_request *request,
    int timeout_ms, const struct follower *follower, struct client_reply *ret)
{
	struct stream stream = {
	    .waits = {[WAIT_REPLY] = {fd, POLLIN, 0},
		[WAIT_SIGNAL] = {block_signals(), POLLIN, 0},
		[WAIT_OUT] = {follower->out_fd, 0, 0}},
	    .follower = follower,
	    .reply = ret,
	};
	int signals = stream.waits[WAIT_SIGNAL].fd;
	bool has_ended;

	client_reply_clear(ret);
	client_set_timeout(fd, timeout_ms);
	has_ended = client_send(fd, request, ret) && follow(&stream);
	if (signals >= 0)
		close(signals);
	return has_ended;
}
