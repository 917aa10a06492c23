/* SPDX-License-Identifier: ISC */
/* The flat form of the filter and of sockets: tables as in config_text.c. */
#include <errno.h>

#include "api/config_codec.h"

#define TEXT_MOST 4096 /* as written in the file */

/* clang-format off */
#define ENDS(type, member)                                                    \
	FIELD_AS(#member, type, member.text, heap_text, .most = TEXT_MOST),   \
	FIELD_AS(#member "_peers", type, member, peer_list, ),                \
	LIST_AS(#member "_prefixes", type, member.prefixes, prefixes, )
#define RANGES(type, member, ...)                                             \
	FIELD(type, member, ranges, __VA_ARGS__)
#define PROGRAM(type, member)                                                 \
	FIELD_AS(#member, type, member.text, heap_text,                       \
	    .most = CONFIG_EXPRESSION_BYTES),                                 \
	FIELD_AS(#member "_program", type, member, program, )
#define FILTER(member, codec_name, ...)                                       \
	FIELD_AS("filter_" #member, config, filter.member, codec_name,        \
	    __VA_ARGS__)
#define POLICY(name, hook)                                                    \
	FIELD_AS("policy_" name, config, filter.policy[hook], choice,         \
	    .names = &config_policy_names),                                   \
	FIELD_AS("policy_" name "_place_line", config,                        \
	    filter.policy_places[hook].line, u32, .most = UINT32_MAX),        \
	FIELD_AS("policy_" name "_place_column", config,                      \
	    filter.policy_places[hook].column, u32, .most = UINT32_MAX)

const struct config_field config_filter_fields[] = {
	FILTER(is_on, flag, ),
	FILTER(is_stateful, flag, ),
	FILTER(flows_max, u32, .least = CONFIG_FLOWS_MIN,
	    .most = CONFIG_FLOWS_MAX),
	FILTER(flows_per_peer, u32, .least = CONFIG_FLOWS_MIN,
	    .most = CONFIG_FLOWS_MAX),
	POLICY("prerouting", CONFIG_HOOK_PREROUTING),
	POLICY("input", CONFIG_HOOK_INPUT),
	POLICY("forward", CONFIG_HOOK_FORWARD),
	POLICY("output", CONFIG_HOOK_OUTPUT),
	POLICY("postrouting", CONFIG_HOOK_POSTROUTING),
	FILTER(rules, rules, ),
};
const size_t config_filter_fields_count = ARRAY_SIZE(config_filter_fields);

static const struct config_field rule_fields[] = {
	TEXT(config_rule, name),
	FIELD(config_rule, hook, choice, .names = &config_hook_names),
	FIELD(config_rule, action, choice, .names = &config_action_names),
	FIELD(config_rule, is_logged, flag, ),
	FIELD(config_rule, family, choice, .names = &config_family_names),
	ENDS(config_rule, from),
	ENDS(config_rule, to),
	RANGES(config_rule, protocols, .most = UINT8_MAX),
	RANGES(config_rule, sports, .most = UINT16_MAX),
	RANGES(config_rule, dports, .most = UINT16_MAX),
	RANGES(config_rule, icmp_types, .most = UINT16_MAX),
	RANGES(config_rule, icmp6_types, .most = UINT16_MAX),
	FIELD(config_rule, tcp_flags_mask, u32, .most = UINT8_MAX),
	FIELD(config_rule, tcp_flags_value, u32, .most = UINT8_MAX),
	FIELD(config_rule, states, u32, .most = (1u << CONFIG_STATES) - 1),
	FIELD(config_rule, rate, u32, .most = CONFIG_RATE_MAX),
	FIELD(config_rule, burst, u32, .most = CONFIG_RATE_MAX),
	FIELD(config_rule, is_rate_of_bytes, flag, ),
	FIELD(config_rule, is_rate_per_peer, flag, ),
	PROGRAM(config_rule, match),
	FIELD(config_rule, ethertype, u16, .most = UINT16_MAX),
	FIELD(config_rule, has_smac, flag, ),
	FIELD(config_rule, smac, mac, ),
	FIELD(config_rule, has_dmac, flag, ),
	FIELD(config_rule, dmac, mac, ),
	FIELD(config_rule, has_vlans, flag, ),
	FIELD(config_rule, vlans, vlans, ),
	PLACE(config_rule, place),
};

static const struct config_field socket_fields[] = {
	FIELD(config_socket, type, choice, .names = &config_socket_type_names),
	FIELD(config_socket, has_address, flag, ),
	FIELD(config_socket, address, address, ),
	FIELD(config_socket, port, u16, .most = UINT16_MAX),
	FIELD(config_socket, rcvbuf, u32, .least = CONFIG_RCVBUF_MIN,
	    .most = CONFIG_RCVBUF_MAX),
	PROGRAM(config_socket, filter),
	ENDS(config_socket, from),
	PLACE(config_socket, place),
};
/* clang-format on */

/* ---- what a table can not say ---- */

/* Prefixes are masked, peers are there. */
static bool ends_are_sound(
    const struct config_ends *ends, const struct config *config)
{
	for (size_t i = 0; i < ends->peers_count; i++)
		if (ends->peers[i] >= config->peers_count)
			return false;
	for (size_t i = 0; i < ends->prefixes_count; i++) {
		struct prefix prefix = ends->prefixes[i];

		if (prefix_mask(&prefix))
			return false;
	}
	return ends->text || (!ends->peers_count && !ends->prefixes_count);
}

static bool has_ethernet(const struct config_rule *rule)
{
	return rule->ethertype || rule->has_smac || rule->has_dmac ||
	       rule->has_vlans;
}

static bool rule_is_sound(
    const struct config_rule *rule, const struct config *config)
{
	return *rule->name &&
	       (!rule->ethertype || rule->ethertype >= CONFIG_ETHERTYPE_MIN) &&
	       !rule->rate == !rule->burst &&
	       !(rule->tcp_flags_value & ~rule->tcp_flags_mask) &&
	       ends_are_sound(&rule->from, config) &&
	       ends_are_sound(&rule->to, config) &&
	       (config->device_type == CONFIG_DEVICE_TAP ||
		   !has_ethernet(rule));
}

bool config_filter_is_sound(const struct config *config)
{
	const struct config_filter *filter = &config->filter;

	for (size_t i = 0; i < filter->rules_count; i++)
		if (!rule_is_sound(&filter->rules[i], config))
			return false;
	return (filter->is_on || !filter->rules_count) &&
	       filter->flows_per_peer <= filter->flows_max;
}

bool config_sockets_are_sound(const struct config *config)
{
	for (size_t i = 0; i < config->sockets_count; i++)
		if (!ends_are_sound(&config->sockets[i].from, config))
			return false;
	return true;
}

/* ---- lists ---- */

static void rules_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct config *config = object;

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < config->filter.rules_count; i++) {
		reply_open_object(reply, "");
		config_fields_write(reply, rule_fields, ARRAY_SIZE(rule_fields),
		    &config->filter.rules[i]);
		reply_close_object(reply);
	}
	reply_close_array(reply);
}

static int rules_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct config *config = object;
	struct config_rule *rule;
	struct reply_line item;
	int got;

	(void)field;
	(void)line;
	while ((got = config_item_read(&item, REPLY_OBJECT, text)) == 1) {
		if (config->filter.rules_count == CONFIG_RULES_MAX)
			return -EINVAL;
		rule = config_add_rule(&config->filter);
		if (!rule)
			return -ENOMEM;
		got = config_fields_read(
		    rule_fields, ARRAY_SIZE(rule_fields), rule, text);
		if (!got)
			got = config_object_end(text);
		if (got)
			return got;
	}
	return got;
}

static void sockets_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct config *config = object;

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < config->sockets_count; i++) {
		reply_open_object(reply, "");
		config_fields_write(reply, socket_fields,
		    ARRAY_SIZE(socket_fields), &config->sockets[i]);
		reply_close_object(reply);
	}
	reply_close_array(reply);
}

static int sockets_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct config *config = object;
	struct config_socket *socket;
	struct reply_line item;
	int got;

	(void)field;
	(void)line;
	while ((got = config_item_read(&item, REPLY_OBJECT, text)) == 1) {
		if (config->sockets_count == CONFIG_SOCKETS_MAX)
			return -EINVAL;
		socket = config_add_socket(config);
		if (!socket)
			return -ENOMEM;
		got = config_fields_read(
		    socket_fields, ARRAY_SIZE(socket_fields), socket, text);
		if (!got)
			got = config_object_end(text);
		if (got)
			return got;
	}
	return got;
}

const struct config_codec config_codec_rules = {
    REPLY_ARRAY, rules_write, rules_read};
const struct config_codec config_codec_sockets = {
    REPLY_ARRAY, sockets_write, sockets_read};
