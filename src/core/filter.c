/* SPDX-License-Identifier: ISC */
/* The filter in use, and how the next one takes its place. */
#include "core/filter.h"

#include <errno.h>
#include <sodium.h>

#include "core/filter_spec.h"
#include "core/state.h"
#include "net/flow.h"
#include "net/rule.h"

static const enum rule_action actions[] = {
    [CONFIG_ACTION_ACCEPT] = RULE_ACCEPT,
    [CONFIG_ACTION_DROP] = RULE_DROP,
    [CONFIG_ACTION_REJECT] = RULE_REJECT,
    [CONFIG_ACTION_COUNT] = RULE_COUNT,
};

_Static_assert((int)HOOK_PREROUTING == CONFIG_HOOK_PREROUTING &&
		   (int)HOOK_INPUT == CONFIG_HOOK_INPUT &&
		   (int)HOOK_FORWARD == CONFIG_HOOK_FORWARD &&
		   (int)HOOK_OUTPUT == CONFIG_HOOK_OUTPUT &&
		   (int)HOOK_POSTROUTING == CONFIG_HOOK_POSTROUTING,
    "the hooks of api are those of net");

/* ---- what can fail ---- */

static void place_policies(
    struct ruleset *rules, const struct config_filter *filter)
{
	for (int hook = 0; hook < HOOK_COUNT; hook++)
		ruleset_place_policy(rules, (enum hook)hook,
		    filter->policy_places[hook].line,
		    filter->policy_places[hook].column);
}

static int make_rules(struct core *core, struct ruleset **ret,
    const struct filter_peers *from, struct instant now)
{
	const struct config_filter *filter = &from->config->filter;
	struct ruleset_setup setup = {
	    .generation = core->filter.generation + 1,
	    .last_peer_id = core->last_id,
	};
	struct filter_specs specs;
	int err = filter_specs_make(&specs, from);

	if (err)
		return err;
	for (int hook = 0; hook < HOOK_COUNT; hook++)
		setup.policy[hook] = actions[filter->policy[hook]];
	setup.specs = specs.list;
	setup.count = specs.count;
	err = ruleset_new(ret, &setup, now);
	if (!err)
		place_policies(*ret, filter);
	filter_specs_clear(&specs);
	return err;
}

static int make_flows(struct flows **ret, const struct config_filter *filter)
{
	struct flows_limits limits = {
	    filter->flows_max, filter->flows_per_peer};
	uint8_t secret[FLOWS_SECRET_BYTES];
	int err;

	randombytes_buf(secret, sizeof(secret));
	err = flows_new(ret, &limits, secret);
	sodium_memzero(secret, sizeof(secret));
	return err;
}

/* The table in use goes on while its limits are the same. */
static bool can_keep_flows(
    const struct core *core, const struct config_filter *filter)
{
	struct flows_status status;

	if (!core->filter.flows)
		return false;
	flows_status(core->filter.flows, &status);
	return status.flows_max == filter->flows_max &&
	       status.flows_per_peer == filter->flows_per_peer;
}

/* Its flows go on in any case, as many as there is room for. */
static int take_flows(struct core *core, struct filter_next *next,
    const struct config_filter *filter, struct instant now)
{
	int err;

	if (!filter->is_stateful)
		return 0;
	next->has_own_flows = !can_keep_flows(core, filter);
	if (!next->has_own_flows) {
		next->flows = core->filter.flows;
		return flows_set_last_peer(next->flows, core->last_id);
	}
	err = make_flows(&next->flows, filter);
	if (!err)
		err = flows_set_last_peer(next->flows, core->last_id);
	if (!err && core->filter.flows)
		flows_inherit(next->flows, core->filter.flows, now);
	return err;
}

int filter_prepare(struct core *core, struct filter_next *ret,
    const struct filter_peers *from, struct instant now)
{
	const struct config_filter *filter = &from->config->filter;
	int err;

	*ret = (struct filter_next){0};
	if (!filter->is_on)
		return 0;
	err = make_rules(core, &ret->rules, from, now);
	if (!err)
		err = take_flows(core, ret, filter, now);
	if (err)
		filter_discard(ret);
	return err;
}

void filter_discard(struct filter_next *next)
{
	ruleset_free(next->rules);
	if (next->has_own_flows)
		flows_free(next->flows);
	*next = (struct filter_next){0};
}

/* ---- what can not ---- */

void filter_commit(struct core *core, struct filter_next *next)
{
	struct core_filter *filter = &core->filter;
	struct ruleset *old_rules = filter->rules;
	struct flows *old_flows = filter->flows;

	filter->rules = next->rules;
	filter->flows = next->flows;
	if (filter->rules)
		filter->generation = ruleset_generation(filter->rules);
	if (filter->rules && old_rules)
		ruleset_inherit(filter->rules, old_rules);
	if (filter->flows)
		flows_set_generation(filter->flows, filter->generation);
	path_set_filter(core->path, filter->rules, filter->flows);
	ruleset_free(old_rules);
	if (old_flows != filter->flows)
		flows_free(old_flows);
	*next = (struct filter_next){0};
}

void filter_forget_peer(struct core *core, uint32_t id)
{
	if (core->filter.flows)
		flows_remove_peer(core->filter.flows, id);
}

void filter_free(struct core *core)
{
	ruleset_free(core->filter.rules);
	flows_free(core->filter.flows);
}
