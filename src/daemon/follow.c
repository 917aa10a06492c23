/* SPDX-License-Identifier: ISC */
/* The verbs that go on: each drop, and what becomes of live packets. */
#include "daemon/follow.h"

#include <string.h>

#include "daemon/daemon.h"

static size_t take(void *context, uint8_t *to, size_t room)
{
	struct reply reply;
	size_t len = 0;

	reply_init(&reply);
	if (core_follower_take(context, &reply) && !reply.has_failed &&
	    reply.len <= room) {
		len = reply.len;
		memcpy(to, reply.text, len);
	}
	reply_clear(&reply);
	return len;
}

static bool is_over(void *context, struct client_result *ret)
{
	(void)ret;
	return core_follower_is_over(context);
}

static void stop(void *context)
{
	core_follower_stop(context);
}

static void leave(void *context)
{
	core_unfollow(context);
}

bool follow_is_wanted(const struct control_request *request)
{
	return request->arguments_count == 4 &&
	       strcmp(request->arguments[1], "follow") == 0;
}

void follow_begin(struct daemon *daemon, uint64_t client,
    const struct control_request *request, struct core_answer *ret)
{
	const char *const *arguments = request->arguments;
	struct stream_source source = {take, is_over, stop, leave, NULL};

	source.context =
	    core_follow(daemon->core, strcmp(request->verb, "drops") == 0,
		arguments[0], arguments[3], ret);
	if (source.context)
		control_stream(daemon->control, client, &source);
}
