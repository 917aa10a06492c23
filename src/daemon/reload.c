/* SPDX-License-Identifier: ISC */
/*
 * Reading the configuration again.
 *
 * How it works: the loader is asked; meanwhile packets flow. Its answer is
 * compared with what runs. What needs a restart, or can not be done, refuses
 * the whole. Requests that come during a reload are served by one more.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/allocator.h"
#include "daemon/daemon.h"
#include "daemon/keys.h"
#include "io/clock.h"

static void ask(struct daemon *daemon)
{
	struct reload *reload = &daemon->reload;
	int code = loader_ask(daemon->loader);

	reload->number++;
	reload->is_loading = true;
	reload->is_wanted_again = false;
	notify_reloading(&daemon->notify, clock_monotonic_us());
	/* a dead loader shows itself when it is read, each time */
	loop_change(daemon->loader_watch, LOOP_READ);
	if (code)
		log_error(&daemon->logger.log,
		    "reload: the loader process is gone: %s", strerror(-code));
}

static void wait_for(struct reload *reload, uint64_t client)
{
	for (size_t i = 0; client && i < DAEMON_WAITERS; i++) {
		struct waiter *waiter = &reload->waiters[i];

		if (waiter->client)
			continue;
		waiter->client = client;
		waiter->number = reload->number + reload->is_wanted_again;
		return;
	}
}

void reload_begin(struct daemon *daemon, uint64_t client)
{
	if (daemon->reload.is_loading)
		daemon->reload.is_wanted_again = true;
	else
		ask(daemon);
	wait_for(&daemon->reload, client);
}

/* ---- the difference ---- */

/* The host first, as it may refuse; the core's part is all or nothing. */
static bool apply(struct daemon *daemon, const struct plan *plan,
    struct config *next, struct core_keys *keys)
{
	int code;

	host_forgive(daemon->host);
	code =
	    host_sync(daemon->host, next, daemon->error, sizeof(daemon->error));
	if (code) {
		core_keys_free(&keymem, keys);
		config_free(next);
	} else {
		code = core_apply(daemon->core, plan, next, keys,
		    &daemon->moment, daemon->error, sizeof(daemon->error));
	}
	daemon->are_routes_stale = true;
	return code == 0;
}

static void apply_log_level(struct daemon *daemon)
{
	if (!daemon->options.has_log_level)
		daemon->logger.log.level = core_config(daemon->core)->log_level;
}

static bool is_allowed(struct daemon *daemon, const struct plan *plan)
{
	size_t at;

	if (!plan->restart_count)
		return true;
	at = (size_t)snprintf(daemon->error, sizeof(daemon->error),
	    "nothing was changed, as a restart is needed for:");
	for (size_t i = 0; i < plan->count && at < sizeof(daemon->error); i++)
		if (plan->steps[i].kind == PLAN_RESTART)
			at += (size_t)snprintf(daemon->error + at,
			    sizeof(daemon->error) - at, " %s",
			    plan->steps[i].setting);
	return false;
}

/* Consumes both. */
static bool change_to(struct daemon *daemon, struct config *next,
    struct core_keys *keys, struct reply *reply)
{
	struct plan plan;
	bool is_done = false;

	if (core_plan(daemon->core, next, keys, &plan)) {
		snprintf(daemon->error, sizeof(daemon->error), "out of memory");
	} else {
		if (is_allowed(daemon, &plan)) {
			is_done = apply(daemon, &plan, next, keys);
			next = NULL;
			keys = NULL;
		}
		/* No steps of a plan that failed: none was done. */
		if (is_done || plan.restart_count)
			core_plan_reply(daemon->core, &plan, reply);
		plan_clear(&plan);
	}
	core_keys_free(&keymem, keys);
	config_free(next);
	if (is_done)
		apply_log_level(daemon);
	return is_done;
}

static bool reload_with(
    struct daemon *daemon, struct loader_answer *answer, struct reply *reply)
{
	struct config *next = daemon_take_config(daemon, answer);
	struct core_keys *keys = NULL;

	if (!next)
		return false;
	if (*daemon->error)
		log_warning(&daemon->logger.log, "%s", daemon->error);
	daemon->error[0] = '\0';
	if (keys_read(
		&keys, &keymem, next, daemon->error, sizeof(daemon->error))) {
		config_free(next);
		return false;
	}
	return change_to(daemon, next, keys, reply);
}

/* ---- the answer ---- */

static void answer_waiters(struct daemon *daemon, const struct reply *reply,
    const struct client_result *result)
{
	for (size_t i = 0; i < DAEMON_WAITERS; i++) {
		struct waiter *waiter = &daemon->reload.waiters[i];

		if (!waiter->client || waiter->number != daemon->reload.number)
			continue;
		control_answer(daemon->control, waiter->client, reply, result);
		waiter->client = 0;
	}
}

/* A log line is one line: the first of the messages. */
static void log_outcome(struct daemon *daemon, bool is_done)
{
	int len = (int)strcspn(daemon->error, "\n");

	if (is_done)
		log_info(&daemon->logger.log, "configuration reloaded");
	else
		log_error(&daemon->logger.log, "reload failed: %.*s", len,
		    daemon->error);
	snprintf(daemon->reload.sentence, sizeof(daemon->reload.sentence),
	    "%.*s", is_done ? 7 : len, is_done ? "applied" : daemon->error);
}

static void finish(
    struct daemon *daemon, const struct reply *reply, bool is_done)
{
	struct client_result result = {
	    is_done ? CONTROL_OK : CONTROL_FAILED, daemon->error};

	log_outcome(daemon, is_done);
	daemon->reload.is_loading = false;
	daemon->core_host.last_reload = daemon->reload.sentence;
	daemon->core_host.last_reload_failed = !is_done;
	daemon->is_status_stale = true;
	device_tell_core(daemon);
	control_repair(daemon->control);
	answer_waiters(daemon, reply, &result);
	notify_ready(&daemon->notify);
	if (daemon->reload.is_wanted_again)
		ask(daemon);
}

void reload_ready(void *context, unsigned events)
{
	struct daemon *daemon = context;
	struct loader_answer answer = {0};
	int code = loader_read(daemon->loader, &answer);
	struct reply reply;
	bool is_done = false;

	(void)events;
	if (code == 0)
		return;
	reply_init(&reply);
	daemon->error[0] = '\0';
	if (code == 1) {
		is_done = reload_with(daemon, &answer, &reply);
	} else {
		loop_change(daemon->loader_watch, 0);
		snprintf(daemon->error, sizeof(daemon->error),
		    "the loader process is gone: restart vpnd");
	}
	if (is_done)
		daemon->error[0] = '\0';
	if (daemon->reload.is_loading)
		finish(daemon, &reply, is_done);
	reply_clear(&reply);
	allocator_trim();
}
