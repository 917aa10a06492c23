/* SPDX-License-Identifier: ISC */
/*
 * The client's end of a stream: a reply that goes on until somebody has enough.
 */
#ifndef CTL_FOLLOW_H
#define CTL_FOLLOW_H

#include "ctl/client.h"

/* Who takes it. */
struct follower {
	/* Takes one part, which ends in a NUL behind `len` bytes. False: it is
	 * enough, and no other part is wanted. */
	bool (*take)(void *context, char *part, size_t len);
	void *context;
	int out_fd; /* the stream ends when nobody reads this pipe; or -1 */
};

/*
 * Sends one request and hands over each part of its reply, until the daemon
 * ends it, the follower has enough, or SIGINT, SIGTERM or SIGHUP comes; then
 * the daemon is asked for the end, and what it still has is handed over too.
 * True when it has come, in *ret: no other request can follow on this
 * connection. The signals stay blocked.
 */
must_check bool follow_stream(int fd, const struct control_request *request,
    int timeout_ms, const struct follower *follower, struct client_reply *ret);

#endif
