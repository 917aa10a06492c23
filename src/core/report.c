/* SPDX-License-Identifier: ISC */
/* A plan for people and programs: schema vpnd.reload/1. */
#include <stdio.h>
#include <string.h>

#include "core/state.h"

static void say_restart(const struct plan_step *step, char *text, size_t room)
{
	if (*step->peer)
		snprintf(text, room,
		    "peer %s: it gets the key that is still this host's own; "
		    "restart vpnd for it",
		    step->peer);
	else
		snprintf(text, room,
		    "%s can not change while vpnd runs; restart vpnd for it",
		    step->setting);
}

static void say_key(const struct plan_step *step, char *text, size_t room)
{
	(void)step;
	snprintf(text, room, "private key changed; all sessions begin anew");
}

static void say_peer_add(const struct plan_step *step, char *text, size_t room)
{
	snprintf(text, room, "peer %s added", step->peer);
}

static void say_peer_remove(
    const struct plan_step *step, char *text, size_t room)
{
	snprintf(text, room, "peer %s removed%s", step->peer,
	    step->is_runtime ? ": it was added by vpnctl and is not in the file"
			     : "");
}

static void say_peer_change(
    const struct plan_step *step, char *text, size_t room)
{
	snprintf(text, room, "peer %s: %s changed", step->peer, step->setting);
}

static void say_address_add(
    const struct plan_step *step, char *text, size_t room)
{
	snprintf(text, room, "address %s added", step->setting);
}

static void say_address_remove(
    const struct plan_step *step, char *text, size_t room)
{
	snprintf(text, room, "address %s removed", step->setting);
}

static void say_setting(const struct plan_step *step, char *text, size_t room)
{
	snprintf(text, room, "%s changed", step->setting);
}

static const struct {
	const char *name;
	void (*say)(const struct plan_step *step, char *text, size_t room);
} kinds[] = {
    [PLAN_RESTART] = {"restart", say_restart},
    [PLAN_PRIVATE_KEY] = {"private_key", say_key},
    [PLAN_PEER_ADD] = {"peer_add", say_peer_add},
    [PLAN_PEER_REMOVE] = {"peer_remove", say_peer_remove},
    [PLAN_PEER_CHANGE] = {"peer_change", say_peer_change},
    [PLAN_ADDRESS_ADD] = {"address_add", say_address_add},
    [PLAN_ADDRESS_REMOVE] = {"address_remove", say_address_remove},
    [PLAN_LOG_LEVEL] = {"log_level", say_setting},
    [PLAN_SETTING] = {"setting", say_setting},
};

#define STEP_TEXT_BYTES 256

static void write_step(const struct plan_step *step, struct reply *reply)
{
	char text[STEP_TEXT_BYTES];

	kinds[step->kind].say(step, text, sizeof(text));
	reply_open_object(reply, "");
	reply_string(reply, "kind", kinds[step->kind].name);
	if (*step->setting)
		reply_string(reply, "setting", step->setting);
	if (*step->peer)
		reply_string(reply, "peer", step->peer);
	reply_bool(reply, "runtime", step->is_runtime);
	reply_string(reply, "text", text);
	reply_close_object(reply);
}

void core_plan_reply(
    struct core *core, const struct plan *plan, struct reply *reply)
{
	reply_string(reply, "schema", "vpnd.reload/1");
	reply_string(reply, "tunnel", core->config->name);
	reply_bool(reply, "refused", plan->restart_count > 0);
	reply_unsigned(reply, "restart_count", plan->restart_count);
	reply_open_array(reply, "steps");
	for (size_t i = 0; i < plan->count; i++)
		write_step(&plan->steps[i], reply);
	reply_close_array(reply);
}
