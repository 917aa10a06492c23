/* SPDX-License-Identifier: ISC */
/* Rules that no packet can meet, and what the type of the device allows. */
#include "conf/filter.h"

#include <stdarg.h>
#include <string.h>

#include "conf/ranges.h"

#define PROTOCOL_ICMP  1
#define PROTOCOL_TCP   6
#define PROTOCOL_UDP   17
#define PROTOCOL_ICMP6 58
#define TYPE_IPV4      0x0800
#define TYPE_IPV6      0x86dd

/* One rule that is being checked. */
struct check {
	struct conf_reader *reader;
	const struct conf_node *node;
	const struct config_rule *rule;
	size_t idx;
};

/* Complains of a key that the rule has; the key's value has the place. */
static void __attribute__((format(printf, 3, 4)))
refuse(const struct check *check, const char *key, const char *format, ...)
{
	const struct conf_node *at = conf_node_find(check->node, key);
	char path[CONF_OBJECT_BYTES], object[CONF_OBJECT_BYTES], text[256];
	va_list arguments;

	conf_rule_path(path, check->node, check->idx);
	snprintf(object, sizeof(object), "%.100s.%s", path, key);
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	conf_error(check->reader->messages, at->place, object, "%s", text);
}

static void hint(const struct check *check, const char *text)
{
	conf_hint(check->reader->messages, "%s", text);
}

static bool has(const struct check *check, const char *key)
{
	return conf_node_find(check->node, key) != NULL;
}

/* ---- protocols and what only some of them have ---- */

/* Whether proto names these two only (or this one, twice). */
static bool is_only(const struct config_ranges *ranges, uint16_t a, uint16_t b)
{
	for (size_t i = 0; i < ranges->count; i++) {
		uint16_t first = ranges->list[i].first;

		if (first != ranges->list[i].last || (first != a && first != b))
			return false;
	}
	return ranges->count > 0;
}

static void check_ports(const struct check *check)
{
	static const char *const keys[] = {"sport", "dport"};

	if (is_only(&check->rule->protocols, PROTOCOL_TCP, PROTOCOL_UDP))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!has(check, keys[i]))
			continue;
		refuse(check, keys[i],
		    "only TCP and UDP have ports, but proto is %s",
		    has(check, "proto") ? "something else" : "missing");
		hint(check, "proto = \"tcp\"; or proto = \"tcp,udp\";");
	}
}

static void check_tcp_flags(const struct check *check)
{
	if (!has(check, "tcp_flags") ||
	    is_only(&check->rule->protocols, PROTOCOL_TCP, PROTOCOL_TCP))
		return;
	refuse(check, "tcp_flags", "only TCP has flags, but proto is %s",
	    has(check, "proto") ? "something else" : "missing");
	hint(check, "proto = \"tcp\";");
}

/* ---- families ---- */

enum {
	IS_IPV4 = 1,
	IS_IPV6 = 2,
	IS_IP = IS_IPV4 | IS_IPV6
};

static const char *const family_names[] = {
    [0] = "no IP at all", [IS_IPV4] = "IPv4", [IS_IPV6] = "IPv6"};

static unsigned of_family(const struct config_rule *rule)
{
	static const unsigned families[] = {
	    [CONFIG_FAMILY_ANY] = IS_IP,
	    [CONFIG_FAMILY_IPV4] = IS_IPV4,
	    [CONFIG_FAMILY_IPV6] = IS_IPV6,
	};

	return families[rule->family];
}

static unsigned of_protocols(const struct config_rule *rule)
{
	if (is_only(&rule->protocols, PROTOCOL_ICMP, PROTOCOL_ICMP))
		return IS_IPV4;
	if (is_only(&rule->protocols, PROTOCOL_ICMP6, PROTOCOL_ICMP6))
		return IS_IPV6;
	return IS_IP;
}

/* A peer may send both. */
static unsigned of_ends(const struct config_ends *ends)
{
	unsigned families = 0;

	if (ends->peers_count || !ends->prefixes_count)
		return IS_IP;
	for (size_t i = 0; i < ends->prefixes_count; i++)
		families |= ends->prefixes[i].address.family == FAMILY_IPV4
				? IS_IPV4
				: IS_IPV6;
	return families;
}

static unsigned of_from(const struct config_rule *rule)
{
	return of_ends(&rule->from);
}

static unsigned of_to(const struct config_rule *rule)
{
	return of_ends(&rule->to);
}

static unsigned of_ethertype(const struct config_rule *rule)
{
	if (!rule->ethertype)
		return IS_IP;
	return rule->ethertype == TYPE_IPV4   ? IS_IPV4
	       : rule->ethertype == TYPE_IPV6 ? IS_IPV6
					      : 0;
}

static const struct {
	const char *key;
	unsigned (*families)(const struct config_rule *rule);
} constraints[] = {
    {"family", of_family},
    {"proto", of_protocols},
    {"from", of_from},
    {"to", of_to},
    {"ethertype", of_ethertype},
};

/* Two that exclude each other: the later one is told. */
static void check_families(const struct check *check)
{
	unsigned families = IS_IP;
	const char *narrowed = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(constraints); i++) {
		unsigned own = constraints[i].families(check->rule);

		if (narrowed && !(families & own)) {
			refuse(check, constraints[i].key,
			    "it is %s, but %s is %s", family_names[own],
			    narrowed, family_names[families]);
			hint(check, "no packet is both: make two rules of it, "
				    "or take one of the two away");
			return;
		}
		if ((families & own) != families)
			narrowed = constraints[i].key;
		families &= own;
	}
}

static const char *const ip_keys[] = {"proto", "state", "family"};

/* ARP has no protocol and no flow. */
static void check_ethertype(const struct check *check)
{
	if (of_ethertype(check->rule))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ip_keys); i++) {
		if (!has(check, ip_keys[i]))
			continue;
		refuse(check, ip_keys[i],
		    "only IP has it, but ethertype is no IP at all");
		hint(check, "take one of the two away");
		return;
	}
}

/* ---- hooks ---- */

/* Who is on that side of a hook when it is not known, or always this host. */
static const struct {
	const char *from, *to;
} far_ends[CONFIG_HOOKS] = {
    [CONFIG_HOOK_PREROUTING] = {.to = "nobody knows yet where they go"},
    [CONFIG_HOOK_INPUT] = {.to = "they go to this host"},
    [CONFIG_HOOK_OUTPUT] = {.from = "they come from this host"},
};

static void check_end(const struct check *check, const char *key,
    const struct config_ends *ends, const char *why)
{
	if (!why || !ends->peers_count || ends->prefixes_count)
		return;
	refuse(check, key, "no packet at %s has a peer there: %s",
	    config_hook_names.names[check->rule->hook], why);
	hint(check, "name a prefix, or the other side's peer");
}

static void check_ends(const struct check *check)
{
	const struct config_rule *rule = check->rule;

	check_end(check, "from", &rule->from, far_ends[rule->hook].from);
	check_end(check, "to", &rule->to, far_ends[rule->hook].to);
}

static void check_forward(const struct check *check)
{
	const struct config *config = check->reader->config;

	if (check->rule->hook != CONFIG_HOOK_FORWARD)
		return;
	if (config->device_type == CONFIG_DEVICE_TAP && !config->l2.is_hub) {
		refuse(
		    check, "hook", "no frame comes here, as l2.hub is false");
		hint(check, "l2 = { hub = true; };");
	} else if (config->device_type == CONFIG_DEVICE_TUN &&
		   config->forwarding == CONFIG_FORWARDING_KERNEL) {
		refuse(check, "hook",
		    "no packet comes here, as forwarding is \"kernel\"");
		hint(check, "forwarding = \"daemon\"; or make it a rule of "
			    "the hooks input and output");
	}
}

static void check_state(const struct check *check)
{
	if (!check->rule->states || check->reader->config->filter.is_stateful)
		return;
	refuse(check, "state", "there are no states with stateful = false");
	hint(check, "filter = { stateful = true; };");
}

/* ---- a whole rule ---- */

static const char *const tap_keys[] = {"ethertype", "smac", "dmac", "vlan"};

static void check_tun(const struct check *check)
{
	if (check->reader->config->device_type == CONFIG_DEVICE_TAP ||
	    !conf_is_type_known(check->reader))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(tap_keys); i++) {
		if (!has(check, tap_keys[i]))
			continue;
		refuse(check, tap_keys[i],
		    "only a tap device has it, but device.type is \"tun\"");
		hint(check, "device = { type = \"tap\"; };");
	}
}

static bool is_hook_known(const struct check *check)
{
	const struct conf_node *node = conf_node_find(check->node, "hook");

	return node && node->kind == CONF_STRING &&
	       config_names_find(&config_hook_names, node->string) >= 0;
}

static void check_rule(const struct check *check)
{
	check_ports(check);
	check_tcp_flags(check);
	check_families(check);
	check_ethertype(check);
	check_state(check);
	check_tun(check);
	if (!is_hook_known(check))
		return;
	check_ends(check);
	check_forward(check);
}

static void check_rules(
    struct conf_reader *reader, const struct conf_node *nodes)
{
	struct check check = {.reader = reader, .node = nodes->first};
	const struct config_filter *filter = &reader->config->filter;

	for (; check.idx < filter->rules_count; check.idx++) {
		check.rule = &filter->rules[check.idx];
		check_rule(&check);
		check.node = check.node->next;
	}
	/* With a wrong rule its conditions are not what was meant. */
	if (!reader->messages->errors)
		conf_check_shadows(reader, nodes);
}

/* ---- the rest ---- */

/* Left away, it is never more than there is. */
static void check_flows(struct conf_reader *reader)
{
	struct config_filter *filter = &reader->config->filter;
	const struct conf_node *node =
	    conf_find_in(reader, "filter", "max_flows_per_peer");

	if (filter->flows_per_peer <= filter->flows_max)
		return;
	if (node) {
		conf_error(reader->messages, node->place,
		    "filter.max_flows_per_peer",
		    "%u is more than filter.max_flows, which is %u",
		    filter->flows_per_peer, filter->flows_max);
		conf_hint(reader->messages,
		    "raise max_flows, or make this one smaller");
	}
	filter->flows_per_peer = filter->flows_max;
}

static const char *const tun_settings[] = {"sockets", "socket_order"};

static void refuse_on_tap(struct conf_reader *reader, const char *key)
{
	const struct conf_node *node = conf_node_find(reader->root, key);

	if (!node)
		return;
	conf_error(reader->messages, node->name_place, key,
	    "only a tun device has it, but device.type is \"tap\"");
	conf_hint(reader->messages,
	    "take it away: this host answers on the device itself");
}

static void check_tap(struct conf_reader *reader)
{
	for (size_t i = 0; i < ARRAY_SIZE(tun_settings); i++)
		refuse_on_tap(reader, tun_settings[i]);
	if (reader->config->forwarding == CONFIG_FORWARDING_KERNEL)
		return;
	conf_error(reader->messages,
	    conf_node_find(reader->root, "forwarding")->place, "forwarding",
	    "\"daemon\" is impossible on tap: frames are switched");
	conf_hint(reader->messages,
	    "l2 = { hub = true; }; lets frames go from one peer to another");
}

void conf_validate_filter(struct conf_reader *reader)
{
	const struct conf_node *rules = conf_find_in(reader, "filter", "rules");

	if (reader->config->device_type == CONFIG_DEVICE_TAP)
		check_tap(reader);
	check_flows(reader);
	if (rules && rules->kind == CONF_LIST)
		check_rules(reader, rules);
	conf_unique_report(&reader->rules, reader->messages);
	conf_unique_report(&reader->ports, reader->messages);
	conf_groups_clear(&reader->groups);
}
