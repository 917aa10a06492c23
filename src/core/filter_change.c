/* SPDX-License-Identifier: ISC */
/* Another filter than that of the configuration file. */
#include "core/filter_change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Rules by their names, which tell them apart. */
struct rules {
	const struct config_rule **list; /* NULL: no memory */
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	const struct config_rule *const *rule = a, *const *other = b;

	return strcmp((*rule)->name, (*other)->name);
}

static struct rules sort_rules(const struct config_filter *filter)
{
	size_t count = filter->rules_count;
	struct rules rules = {calloc(count + 1, sizeof(*rules.list)), count};

	if (!rules.list)
		return rules;
	for (size_t i = 0; i < count; i++)
		rules.list[i] = &filter->rules[i];
	qsort(rules.list, count, sizeof(*rules.list), compare_names);
	return rules;
}

static const struct config_rule *counterpart(
    const struct rules *rules, const struct config_rule *rule)
{
	const struct config_rule **found = bsearch(&rule, rules->list,
	    rules->count, sizeof(*rules->list), compare_names);

	return found ? *found : NULL;
}

static void compare_sorted(struct change *change, const struct rules *olds,
    const struct rules *nexts)
{
	const struct config_filter *old = &change->core->config->filter;
	const struct config_filter *next = &change->next->filter;
	const struct config_rule *last = NULL;
	bool is_in_order = true;

	for (size_t i = 0; i < old->rules_count; i++)
		if (!counterpart(nexts, &old->rules[i]))
			say_rule(change, "removed", &old->rules[i]);
	for (size_t i = 0; i < next->rules_count; i++) {
		const struct config_rule *rule = &next->rules[i];
		const struct config_rule *before = counterpart(olds, rule);

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

static bool compare_rules(struct change *change)
{
	struct rules olds = sort_rules(&change->core->config->filter);
	struct rules nexts = sort_rules(&change->next->filter);
	bool is_done = olds.list && nexts.list;

	if (is_done)
		compare_sorted(change, &olds, &nexts);
	free(olds.list);
	free(nexts.list);
	return is_done;
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

/* False: no memory. */
static bool compare(struct change *change)
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
	return compare_rules(change);
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

static struct config *read_config(
    const struct control_request *request, struct core_answer *answer)
{
	struct config *config = NULL;

	if (!request->attached ||
	    config_decode(&config, request->attached, request->attached_len))
		answer_set(answer, CONTROL_USAGE,
		    "what vpnctl sent is no configuration");
	return config;
}

static void run(struct change *change, bool is_used, const struct moment *now)
{
	bool is_compared;

	reply_string(change->reply, "schema", "vpnd.filter_change/1");
	reply_string(change->reply, "tunnel", change->core->config->name);
	reply_string(change->reply, "file", change->next->file);
	reply_open_array(change->reply, "steps");
	is_compared = compare(change);
	reply_close_array(change->reply);
	if (!is_compared)
		answer_set(change->answer, CONTROL_FAILED, "out of memory");
	reply_bool(change->reply, "used",
	    is_compared && is_used && change->steps && use(change, now));
}

void filter_change(struct core *core, const struct control_request *request,
    bool is_used,
    const struct moment *now, struct reply *reply, struct core_answer *ret)
{
	struct change change = {.core = core, .reply = reply, .answer = ret};

	change.next = read_config(request, ret);
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
