/* SPDX-License-Identifier: ISC */
/* The verbs that need nothing but the core. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/filter_change.h"
#include "core/sockets.h"
#include "core/state.h"
#include "core/trace.h"

void answer_set(
    struct core_answer *answer, enum control_exit exit, const char *format, ...)
{
	va_list arguments;

	answer->exit = exit;
	va_start(arguments, format);
	vsnprintf(answer->message, sizeof(answer->message), format, arguments);
	va_end(arguments);
}

struct core_peer *answer_find_peer(
    const struct core *core, const char *name, struct core_answer *answer)
{
	struct core_peer *peer = peers_find(core, name);
	const char *nearest;

	if (peer)
		return peer;
	nearest = peers_nearest(core, name);
	if (nearest)
		answer_set(answer, CONTROL_NO_OBJECT,
		    "there is no peer \"%.*s\"; did you mean \"%s\"?",
		    CONFIG_NAME_BYTES, name, nearest);
	else
		answer_set(answer, CONTROL_NO_OBJECT,
		    "there is no peer \"%.*s\"", CONFIG_NAME_BYTES, name);
	return NULL;
}

struct call {
	struct core *core;
	const struct control_request *request;
	enum control_rights rights;
	const uint8_t *preshared_key;
	const struct moment *now;
	struct reply *reply;
	struct core_answer *answer;
};

/* The peer that an argument names, NULL without one; false: there is none. */
static bool find_only(struct call *call, const struct core_peer **ret)
{
	*ret = NULL;
	if (!call->request->arguments_count)
		return true;
	*ret = answer_find_peer(
	    call->core, call->request->arguments[0], call->answer);
	return *ret;
}

static void run_status(struct call *call)
{
	const struct core_peer *only;

	if (find_only(call, &only))
		status_reply(
		    call->core, only, call->rights, call->now, call->reply);
}

static bool has_switch(struct call *call)
{
	if (!call->core->bridge)
		answer_set(call->answer, CONTROL_FAILED,
		    "there is no switch: the tunnel's device is a tun");
	return call->core->bridge;
}

static void run_fdb(struct call *call)
{
	const struct core_peer *only;

	if (has_switch(call) && find_only(call, &only))
		fdb_reply(call->core, only, call->now, call->reply);
}

static void run_fdb_flush(struct call *call)
{
	const struct core_peer *only;

	if (has_switch(call) && find_only(call, &only))
		fdb_flush_reply(call->core, only, call->now, call->reply);
}

static void run_sockets(struct call *call)
{
	sockets_reply(call->core, call->reply);
}

static void out_of_memory(struct call *call)
{
	answer_set(call->answer, CONTROL_FAILED, "out of memory");
}

static bool has_flows(struct call *call)
{
	if (!call->core->filter.rules)
		answer_set(call->answer, CONTROL_FAILED,
		    "there is no filter, so no flow is looked at");
	else if (!call->core->filter.flows)
		answer_set(call->answer, CONTROL_FAILED,
		    "the filter does not look at flows: stateful is false");
	return call->core->filter.flows;
}

static void run_flows(struct call *call)
{
	const struct core_peer *only;

	if (has_flows(call) && find_only(call, &only) &&
	    flows_reply(call->core, only, call->now, call->reply))
		out_of_memory(call);
}

static bool has_filter(struct call *call)
{
	if (!call->core->filter.rules)
		answer_set(call->answer, CONTROL_FAILED,
		    "there is no filter: the configuration has no section "
		    "\"filter\", and all packets are accepted");
	return call->core->filter.rules;
}

static void run_filter_show(struct call *call)
{
	if (has_filter(call))
		filter_reply(call->core, call->reply);
}

static void run_filter_log(struct call *call)
{
	filter_log_reply(call->core, call->now, call->reply);
}

static void run_filter_export(struct call *call)
{
	const char *format = call->request->arguments[0];

	if (strcmp(format, "nft") != 0)
		answer_set(call->answer, CONTROL_USAGE,
		    "there is no export to \"%.32s\", only to \"nft\"", format);
	else if (has_filter(call) &&
		 filter_export_reply(call->core, call->reply))
		out_of_memory(call);
}

static void run_drops(struct call *call)
{
	const struct core_peer *only;

	if (find_only(call, &only))
		drops_reply(
		    call->core, only, call->rights, call->now, call->reply);
}

static void run_filter_test(struct call *call)
{
	filter_change(call->core, call->request, false, call->now, call->reply,
	    call->answer);
}

static void run_filter_replace(struct call *call)
{
	filter_change(call->core, call->request, true, call->now, call->reply,
	    call->answer);
}

/* The peer's name, or "" for the host; how the packet is given; the packet. */
static void run_trace(struct call *call)
{
	const char *const *arguments = call->request->arguments;
	const struct core_peer *peer = NULL;

	if (*arguments[0])
		peer = answer_find_peer(call->core, arguments[0], call->answer);
	if (peer || !*arguments[0])
		trace_reply(call->core, peer, arguments[1], arguments[2],
		    call->now, call->reply, call->answer);
}

static void run_snmp(struct call *call)
{
	snmp_reply(call->core, call->reply);
}

static void run_version(struct call *call)
{
	reply_string(call->reply, "schema", "vpnd.version/1");
	reply_string(call->reply, "version", call->core->version);
	reply_string(call->reply, "tunnel", call->core->config->name);
	reply_string(
	    call->reply, "link", call->core->bridge ? "ethernet" : "ip");
}

static void write_peer_done(
    struct call *call, const char *action, const char *name, bool is_in_file)
{
	reply_string(call->reply, "schema", "vpnd.peer/1");
	reply_string(call->reply, "action", action);
	reply_string(call->reply, "peer", name);
	reply_bool(call->reply, "in_file", is_in_file);
}

static void run_peer_add(struct call *call)
{
	struct config_peer conf;
	int err = add_parse(call->core, &conf, call->request,
	    call->preshared_key != NULL, call->answer);

	if (!err) {
		err = peers_add(
		    call->core, &conf, call->preshared_key, call->now);
		if (err == -EINVAL)
			answer_set(call->answer, CONTROL_USAGE,
			    "public-key: no host can have this key");
		if (err == -EEXIST)
			answer_set(call->answer, CONTROL_USAGE,
			    "macs: another port has one of them already");
		if (err == -ENOSPC)
			answer_set(call->answer, CONTROL_FAILED,
			    "macs: l2.max_macs is %u, and that many are there",
			    call->core->config->l2.macs_max);
	}
	if (err == -ENOMEM)
		out_of_memory(call);
	if (!err)
		write_peer_done(call, "added", conf.name, false);
	config_peer_clear(&conf);
}

static void run_peer_remove(struct call *call)
{
	char name[CONFIG_NAME_BYTES];
	struct core_peer *peer = answer_find_peer(
	    call->core, call->request->arguments[0], call->answer);
	bool is_in_file;

	if (!peer)
		return;
	memcpy(name, peer->name, sizeof(name));
	is_in_file = !peer->is_runtime;
	if (peers_remove(call->core, peer, call->now)) {
		out_of_memory(call);
		return;
	}
	write_peer_done(call, "removed", name, is_in_file);
}

static const struct command {
	const char *verb;
	enum control_rights rights;
	size_t arguments_min, arguments_max;
	void (*run)(struct call *call);
} commands[] = {
    {"status", CONTROL_RIGHTS_READ, 0, 1, run_status},
    {"drops", CONTROL_RIGHTS_READ, 0, 1, run_drops},
    {"sockets", CONTROL_RIGHTS_READ, 0, 0, run_sockets},
    {"flows", CONTROL_RIGHTS_ALL, 0, 1, run_flows},
    {"fdb", CONTROL_RIGHTS_READ, 0, 1, run_fdb},
    {"fdb flush", CONTROL_RIGHTS_ALL, 0, 1, run_fdb_flush},
    {"trace", CONTROL_RIGHTS_ALL, 3, 3, run_trace},
    {"snmp", CONTROL_RIGHTS_READ, 0, 0, run_snmp},
    {"filter show", CONTROL_RIGHTS_ALL, 0, 0, run_filter_show},
    {"filter export", CONTROL_RIGHTS_ALL, 1, 1, run_filter_export},
    {"filter log", CONTROL_RIGHTS_ALL, 0, 0, run_filter_log},
    {"filter test", CONTROL_RIGHTS_ALL, 0, 0, run_filter_test},
    {"filter replace", CONTROL_RIGHTS_ALL, 0, 0, run_filter_replace},
    {"version", CONTROL_RIGHTS_READ, 0, 0, run_version},
    {"peer add", CONTROL_RIGHTS_ALL, 1, CONTROL_ARGUMENTS, run_peer_add},
    {"peer remove", CONTROL_RIGHTS_ALL, 1, 1, run_peer_remove},
};

static const struct command *command_find(const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].verb, verb) == 0)
			return &commands[i];
	return NULL;
}

static bool has_arguments(
    const struct command *command, const struct control_request *request)
{
	return request->arguments_count >= command->arguments_min &&
	       request->arguments_count <= command->arguments_max;
}

void core_command(struct core *core, const struct control_request *request,
    enum control_rights rights, const uint8_t *preshared_key,
    const struct moment *now, struct reply *reply, struct core_answer *ret)
{
	const struct command *command = command_find(request->verb);
	struct call call = {
	    core, request, rights, preshared_key, now, reply, ret};

	answer_set(ret, CONTROL_OK, "%s", "");
	if (!command)
		answer_set(ret, CONTROL_USAGE, "unknown verb \"%.64s\"",
		    request->verb);
	else if (command->rights > rights)
		answer_set(ret, CONTROL_NOT_PERMITTED,
		    "\"%s\" is not permitted on this socket", command->verb);
	else if (!has_arguments(command, request))
		answer_set(ret, CONTROL_USAGE,
		    "\"%s\" takes %s arguments than that", command->verb,
		    request->arguments_count < command->arguments_min
			? "more"
			: "fewer");
	else
		command->run(&call);
	if (reply->has_failed)
		out_of_memory(&call);
}
