/* SPDX-License-Identifier: ISC */
/*
 * What vpnctl asks for: verbs that concern the daemon are answered here, the
 * others by the core.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/verbs.h"
#include "core/capture.h"
#include "daemon/daemon.h"
#include "daemon/follow.h"
#include "daemon/keys.h"

#define PING_MIN_MS	1
#define PING_MAX_MS	60000
#define PING_DEFAULT_MS 1000

struct call {
	struct daemon *daemon;
	uint64_t client;
	enum control_rights rights;
	const struct control_request *request;
};

static void answer(const struct call *call, const struct reply *reply,
    enum control_exit exit, const char *message)
{
	struct client_result result = {exit, message};

	control_answer(call->daemon->control, call->client, reply, &result);
}

/* ---- ping ---- */

static bool parse_timeout(const struct control_request *request, long *ret_ms)
{
	char *end;

	*ret_ms = PING_DEFAULT_MS;
	if (request->arguments_count < 2)
		return true;
	*ret_ms = strtol(request->arguments[1], &end, 10);
	return end != request->arguments[1] && !*end &&
	       *ret_ms >= PING_MIN_MS && *ret_ms <= PING_MAX_MS;
}

static struct waiter *free_waiter(struct waiter *waiters)
{
	for (size_t i = 0; i < DAEMON_WAITERS; i++)
		if (!waiters[i].client)
			return &waiters[i];
	return NULL;
}

static void run_ping(const struct call *call)
{
	struct daemon *daemon = call->daemon;
	struct waiter *waiter = free_waiter(daemon->pings);
	struct core_answer result = {.exit = CONTROL_OK};
	long timeout_ms;

	if (call->request->arguments_count < 1 ||
	    call->request->arguments_count > 2 ||
	    !parse_timeout(call->request, &timeout_ms)) {
		answer(call, NULL, CONTROL_USAGE,
		    "ping: PEER and at most a time in ms are wanted");
		return;
	}
	if (!waiter) {
		answer(call, NULL, CONTROL_FAILED, "too many pings at once");
		return;
	}
	core_ping(daemon->core, call->request->arguments[0],
	    ++daemon->last_ping, timeout_ms * NS_PER_MS, &daemon->moment,
	    &result);
	if (result.exit != CONTROL_OK) {
		answer(call, NULL, result.exit, result.message);
		return;
	}
	*waiter = (struct waiter){call->client, daemon->last_ping};
}

void verbs_ping_done(struct daemon *daemon, const struct core_event *event)
{
	struct client_result result = {CONTROL_OK, NULL};
	struct reply reply;

	for (size_t i = 0; i < DAEMON_WAITERS; i++) {
		struct waiter *waiter = &daemon->pings[i];

		if (!waiter->client || waiter->number != event->ping)
			continue;
		reply_init(&reply);
		reply_string(&reply, "schema", "vpnd.echo/1");
		reply_string(&reply, "peer", event->peer);
		reply_bool(&reply, "answered", event->rtt_ns >= 0);
		if (event->rtt_ns >= 0)
			reply_unsigned(
			    &reply, "rtt_ns", (uint64_t)event->rtt_ns);
		control_answer(
		    daemon->control, waiter->client, &reply, &result);
		reply_clear(&reply);
		waiter->client = 0;
	}
}

/* ---- socket attach ---- */

static bool parse_port(const struct control_request *request, uint16_t *ret)
{
	const char *text;
	char *end;
	unsigned long port;

	if (request->arguments_count != 1)
		return false;
	text = request->arguments[0];
	port = strtoul(text, &end, 10);
	*ret = (uint16_t)port;
	return *text >= '0' && *text <= '9' && !*end && port > 0 &&
	       port <= UINT16_MAX;
}

/* No verb of vpnctl's own, so its rights are not in the table. */
static void run_attach(const struct call *call)
{
	struct core_answer why = {.exit = CONTROL_OK};
	struct client_result result = {CONTROL_OK, NULL};
	uint16_t port;
	int fd;

	if (call->rights != CONTROL_RIGHTS_ALL) {
		answer(call, NULL, CONTROL_NOT_PERMITTED,
		    "socket attach: only root and members of the group vpnd "
		    "may do this");
		return;
	}
	if (!parse_port(call->request, &port)) {
		answer(call, NULL, CONTROL_USAGE,
		    "socket attach: a port from 1 to 65535 is wanted");
		return;
	}
	fd = attach_open(call->daemon->attachments, port, &why);
	if (fd < 0)
		answer(call, NULL, why.exit, why.message);
	else
		control_answer_with(
		    call->daemon->control, call->client, NULL, &result, fd);
}

/* ---- capture ---- */

static size_t take_records(void *context, uint8_t *to, size_t room)
{
	return capture_take(context, to, room);
}

static bool is_capture_over(void *context, struct client_result *ret)
{
	*ret = (struct client_result){CONTROL_OK, NULL};
	return capture_is_over(context);
}

static void stop_capture(void *context)
{
	capture_stop(context);
}

static void close_capture(void *context)
{
	capture_free(context);
}

static void run_capture(const struct call *call)
{
	struct stream_source source = {.take = take_records,
	    .is_over = is_capture_over,
	    .stop = stop_capture,
	    .close = close_capture};
	struct core_answer result;

	source.context =
	    core_capture(call->daemon->core, call->request, &result);
	if (source.context)
		control_stream(call->daemon->control, call->client, &source);
	else
		answer(call, NULL, result.exit, result.message);
}

/* ---- reload, stop ---- */

static void run_reload(const struct call *call)
{
	reload_begin(call->daemon, call->client);
}

static void run_stop(const struct call *call)
{
	answer(call, NULL, CONTROL_OK, NULL);
	daemon_finish(call->daemon);
}

/* ---- the core's ---- */

static const char *preshared_file(const struct control_request *request)
{
	for (size_t i = 1; i + 1 < request->arguments_count; i += 2)
		if (strcmp(request->arguments[i], "preshared-key-file") == 0)
			return request->arguments[i + 1];
	return NULL;
}

static void run_core(const struct call *call, const uint8_t *preshared_key)
{
	struct core_answer result = {.exit = CONTROL_OK};
	struct reply reply;

	device_count_drops(call->daemon);
	device_tell_core(call->daemon);
	reply_init(&reply);
	core_command(call->daemon->core, call->request, call->rights,
	    preshared_key, &call->daemon->moment, &reply, &result);
	answer(call, &reply, result.exit, result.message);
	reply_clear(&reply);
}

/* What it shows may be looked at by those with all rights only. */
static void run_followed(const struct call *call)
{
	struct core_answer result = {.exit = CONTROL_OK};

	if (!follow_is_wanted(call->request)) {
		run_core(call, NULL);
		return;
	}
	if (call->rights != CONTROL_RIGHTS_ALL) {
		answer(call, NULL, CONTROL_NOT_PERMITTED,
		    "only root and members of the group vpnd may follow");
		return;
	}
	follow_begin(call->daemon, call->client, call->request, &result);
	if (result.exit != CONTROL_OK)
		answer(call, NULL, result.exit, result.message);
}

static void run_others(const struct call *call)
{
	run_core(call, NULL);
}

static void run_peer_add(const struct call *call)
{
	const char *file = preshared_file(call->request);
	char error[CONFIG_PATH_BYTES + 128];
	uint8_t *key;

	if (!file || call->rights != CONTROL_RIGHTS_ALL) {
		run_core(call, NULL);
		return;
	}
	key = memory_alloc(&keymem, CONFIG_KEY_BYTES);
	if (!key)
		answer(call, NULL, CONTROL_FAILED, "out of memory");
	else if (keys_read_file(key, file, error, sizeof(error)))
		answer(call, NULL, CONTROL_FAILED, error);
	else
		run_core(call, key);
	memory_release(&keymem, key, CONFIG_KEY_BYTES);
}

static const struct {
	const char *verb;
	void (*run)(const struct call *call);
} runners[] = {
    {"capture", run_capture},
    {"ping", run_ping},
    {"socket attach", run_attach},
    {"reload", run_reload},
    {"stop", run_stop},
    {"peer add", run_peer_add},
    {"drops", run_followed},
    {"trace", run_followed},
};

static void (*runner_of(const char *verb))(const struct call *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(runners); i++)
		if (strcmp(runners[i].verb, verb) == 0)
			return runners[i].run;
	return run_others;
}

void verbs_run(void *context, uint64_t client, enum control_rights rights,
    const struct control_request *request)
{
	const struct verb *verb = verb_find(request->verb);
	struct call call = {context, client, rights, request};
	char message[160];

	if (verb && verb->rights > rights) {
		snprintf(message, sizeof(message),
		    "%s: only root and members of the group vpnd may do this",
		    verb->name);
		answer(&call, NULL, CONTROL_NOT_PERMITTED, message);
		return;
	}
	runner_of(request->verb)(&call);
}
