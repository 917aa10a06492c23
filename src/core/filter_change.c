/* SPDX-License-Identifier: ISC */
/* Another filter than that of the configuration file. */
#include "core/filter_change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/blob.h"

#define STEP_BYTES 160

struct change {
	struct core *core;
	struct config *next; /* whose rules mean the peers of core->config */
	struct reply *reply;
	struct core_answer *answer;
	size_t steps;
};

/* ---- peers by name ---- */

static bool find_peer(
    const struct config *config, const char *name, uint32_t *ret)
{
	for (size_t i = 0; i < config->peers_count; i++)
		if (strcmp(config->peers[i].name, name) == 0) {
			*ret = (uint32_t)i;
			return true;
		}
	return false;
}

static bool adopt_ends(struct change *change, struct config_ends *ends,
    const struct config_rule *rule)
{
	for (size_t i = 0; i < ends->peers_count; i++) {
		const char *name = change->next->peers[ends->peers[i]].name;

		if (find_peer(change->core->config, name, &ends->peers[i]))
			continue;
		answer_set(change->answer, CONTROL_NO_OBJECT,
		    "%.80s:%u:%u: the rule names the peer \"%s\", which the "
		    "running tunnel has not",
		    change->next->file, rule->place.line, rule->place.column,
		    name);
		return false;
	}
	return true;
}

static bool adopt_peers(struct change *change)
{
	struct config_filter *filter = &change->next->filter;

	for (size_t i = 0; i < filter->rules_count; i++) {
		struct config_rule *rule = &filter->rules[i];

		if (!adopt_ends(change, &rule->from, rule) ||
		    !adopt_ends(change, &rule->to, rule))
			return false;
	}
	return true;
}

/* ---- the difference ---- */

static void say(struct change *change, const char *kind, const char *text)
{
	reply_open_object(change->reply, "");
	reply_string(change->reply, "kind", kind);
	reply_string(change->reply, "text", text);
	reply_close_object(change->reply);
	change->steps++;
}

static void say_rule(
    struct change *change, const char *kind, const struct config_rule *rule)
{
	char text[STEP_BYTES];

	snprintf(text, sizeof(text), "rule \"%s\" %s", rule->name, kind);
	say(change, kind, text);
}

/* A rule is known by its name. */
static const struct config_rule *counterpart(
    const struct config_filter *filter, const struct config_rule *rule)
{
	for (size_t i = 0; i < filter->rules_count; i++)
		if (strcmp(rule->name, filter->rules[i].name) == 0)
			return &filter->rules[i];
	return NULL;
}

static void compare_rules(struct change *change)
{
	const struct config_filter *old = &change->core->config->filter;
	const struct config_filter *next = &change->next->filter;
	const struct config_rule *last = NULL;
	bool is_in_order = true;

	for (size_t i = 0; i < old->rules_count; i++)
		if (!counterpart(next, &old->rules[i]))
			say_rule(change, "removed", &old->rules[i]);
	for (size_t i = 0; i < next->rules_count; i++) {
		const struct config_rule *rule = &next->rules[i];
		const struct config_rule *before = counterpart(old, rule);

		if (!before)
			say_rule(change, "added", rule);
		else if (!filter_is_same_rule(before, rule))
			say_rule(change, "changed", rule);
		is_in_order &= !before || !last || before > last;
		if (before)
			last = before;
	}
	if (!is_in_order)
		say(change, "order", "the order of the rules changed");
}

static void compare_policies(struct change *change)
{
	const struct config_filter *old = &change->core->config->filter;
	const struct config_filter *next = &change->next->filter;
	char text[STEP_BYTES];

	for (size_t hook = 0; hook < CONFIG_HOOKS; hook++) {
		if (old->policy[hook] == next->policy[hook])
			continue;
		snprintf(text, sizeof(text), "policy.%s: %s instead of %s",
		    config_hook_names.names[hook],
		    config_action_names.names[next->policy[hook]],
		    config_action_names.names[old->policy[hook]]);
		say(change, "policy", text);
	}
}

static void compare(struct change *change)
{
	const struct config *old = change->core->config;
	const struct config *next = change->next;

	if (!old->filter.is_on && next->filter.is_on)
		say(change, "on", "there was no filter");
	if (old->filter.is_on && !next->filter.is_on)
		say(change, "off", "there is no filter any more");
	if (old->filter.is_on && next->filter.is_on)
		compare_policies(change);
	if (filter_stateful_differs(old, next) ||
	    filter_flows_differs(old, next))
		say(change, "flows",
		    "stateful, max_flows or max_flows_per_peer changed");
	compare_rules(change);
}

/* ---- in use ---- */

static void swap_filters(struct config *a, struct config *b)
{
	struct config_filter filter = a->filter;

	a->filter = b->filter;
	b->filter = filter;
}

static bool use(struct change *change, const struct moment *now)
{
	struct core *core = change->core;
	struct filter_peers from = {core->config, core->peers, NULL};
	struct filter_next next;
	int err;

	swap_filters(core->config, change->next);
	err = filter_prepare(core, &next, &from, now->now);
	if (err) {
		swap_filters(core->config, change->next);
		answer_set(change->answer, CONTROL_FAILED,
		    err == -ENOMEM ? "out of memory"
				   : "an expression of a rule is none that "
				     "vpnd runs");
		return false;
	}
	filter_commit(core, &next);
	snprintf(core->filter_file, sizeof(core->filter_file), "%s",
	    change->next->file);
	return true;
}

/* ---- all of it ---- */

static struct config *read_config(const char *blob, struct core_answer *answer)
{
	struct config *config = NULL;
	size_t len;
	char *text = blob_decode(blob, &len);

	if (!text || config_decode(&config, text, len))
		answer_set(answer, CONTROL_USAGE,
		    "what vpnctl sent is no configuration");
	free(text);
	return config;
}

static void run(struct change *change, bool is_used, const struct moment *now)
{
	reply_string(change->reply, "schema", "vpnd.filter_change/1");
	reply_string(change->reply, "tunnel", change->core->config->name);
	reply_string(change->reply, "file", change->next->file);
	reply_open_array(change->reply, "steps");
	compare(change);
	reply_close_array(change->reply);
	reply_bool(change->reply, "used",
	    is_used && change->steps && use(change, now));
}

void filter_change(struct core *core, const char *blob, bool is_used,
    const struct moment *now, struct reply *reply, struct core_answer *ret)
{
	struct change change = {.core = core, .reply = reply, .answer = ret};

	change.next = read_config(blob, ret);
	if (!change.next)
		return;
	if (change.next->device_type != core->config->device_type)
		answer_set(ret, CONTROL_USAGE,
		    "%.160s is for a %s, the running tunnel is a %s",
		    change.next->file,
		    config_device_type_names.names[change.next->device_type],
		    config_device_type_names.names[core->config->device_type]);
	else if (adopt_peers(&change))
		run(&change, is_used, now);
	config_free(change.next);
}
