/* SPDX-License-Identifier: ISC */
/* What `vpnctl filter show` and `filter export` read: the rules with their
 * counters, schema vpnd.filter/1, and as nft has them, vpnd.filter_nft/1. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nft.h"
#include "core/state.h"

#define FIELD_BYTES   256  /* of what a rule wants of a field */
#define MATCHES_BYTES 1024 /* of all of them */
#define LINE_BYTES    4096 /* for nft; a rule has at most 16 ranges of each */

static void write_counters(
    struct reply *reply, uint64_t packets, uint64_t bytes)
{
	reply_unsigned(reply, "packets", packets);
	reply_unsigned(reply, "bytes", bytes);
}

/* "from @admins proto tcp dport 22"; cut where the room ends. */
static const char *format_matches(
    const struct rule_spec *spec, char *text, size_t room)
{
	char field[FIELD_BYTES];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < RULE_FIELDS && len < room; i++) {
		if (!rule_has_field(spec, i))
			continue;
		rule_field_format(spec, i, field, sizeof(field));
		len += (size_t)snprintf(text + len, room - len, "%s%s %s",
		    len ? " " : "", rule_field_name(i), field);
	}
	return text;
}

static void write_rule(struct reply *reply, const struct rule *rule)
{
	char matches[MATCHES_BYTES];

	reply_open_object(reply, "");
	reply_string(reply, "name", rule->spec.name);
	reply_string(reply, "hook", hook_name(rule->spec.hook));
	reply_string(reply, "action", rule_action_name(rule->spec.action));
	reply_string(reply, "matches",
	    format_matches(&rule->spec, matches, sizeof(matches)));
	reply_bool(reply, "log", rule->spec.has_log);
	reply_unsigned(reply, "line", rule->spec.line);
	write_counters(reply, rule->packets, rule->bytes);
	if (rule->spec.rate.rate)
		reply_unsigned(
		    reply, "packets_over_rate", rule->packets_over_rate);
	reply_close_object(reply);
}

static void write_policy(
    struct reply *reply, enum hook hook, const struct rule_policy *policy)
{
	reply_open_object(reply, "");
	reply_string(reply, "hook", hook_name(hook));
	reply_string(reply, "action", rule_action_name(policy->action));
	if (policy->line)
		reply_unsigned(reply, "line", policy->line);
	write_counters(reply, policy->packets, policy->bytes);
	reply_close_object(reply);
}

void filter_reply(const struct core *core, struct reply *reply)
{
	const struct ruleset *rules = core->filter.rules;
	const struct rule *rule;

	reply_string(reply, "schema", "vpnd.filter/1");
	reply_unsigned(reply, "generation", ruleset_generation(rules));
	reply_bool(reply, "stateful", core->filter.flows);
	reply_open_array(reply, "rules");
	for (size_t i = 0; (rule = ruleset_rule(rules, i)); i++)
		write_rule(reply, rule);
	reply_close_array(reply);
	reply_open_array(reply, "policies");
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
		write_policy(reply, hook, ruleset_policy(rules, hook));
	reply_close_array(reply);
}

/* ---- for nft ---- */

struct lines {
	const struct core *core;
	const struct core_peer **peers; /* by id */
	struct reply *reply;
	char line[LINE_BYTES]; /* the one that is not complete yet */
	size_t len;
};

static void end_line(struct lines *lines)
{
	lines->line[lines->len] = '\0';
	reply_string(lines->reply, "", lines->line);
	lines->len = 0;
}

static void write_text(void *context, const char *text)
{
	struct lines *lines = context;

	for (; *text; text++) {
		if (*text == '\n') {
			end_line(lines);
			continue;
		}
		assert(lines->len < sizeof(lines->line) - 1);
		lines->line[lines->len++] = *text;
	}
}

static const struct prefix *prefixes_of(
    void *context, uint32_t peer_id, size_t *ret_count)
{
	const struct lines *lines = context;
	const struct core_peer *peer = lines->peers[peer_id];
	const struct config_peer *conf;

	*ret_count = 0;
	if (!peer)
		return NULL;
	conf = peers_conf(lines->core, peer);
	*ret_count = conf->allowed_ips_count;
	return conf->allowed_ips;
}

int filter_export_reply(const struct core *core, struct reply *reply)
{
	struct lines lines = {
	    .core = core, .peers = ids_index(core), .reply = reply};
	char table[sizeof("vpnd_") + CONFIG_NAME_BYTES];
	const struct nft_setup setup = {.table = table,
	    .device = core->config->device,
	    .is_stateful = core->filter.flows,
	    .prefixes = prefixes_of,
	    .write = write_text,
	    .context = &lines};

	if (!lines.peers)
		return -ENOMEM;
	snprintf(table, sizeof(table), "vpnd_%s", core->config->name);
	reply_string(reply, "schema", "vpnd.filter_nft/1");
	reply_open_array(reply, "lines");
	nft_export(core->filter.rules, &setup);
	reply_close_array(reply);
	free(lines.peers);
	return 0;
}
