/* SPDX-License-Identifier: ISC */
/* The schema of the filter and of sockets. See vpnd.conf(5). */
#include "conf/schema.h"

/* clang-format off */
#define RULE_AT(member)	  .offset = offsetof(struct config_rule, member)
#define SOCKET_AT(member) .offset = offsetof(struct config_socket, member)
#define POLICY(hook)                                                          \
	STRING, .read = conf_read_policy, CONFIG_AT(filter.policy[hook]),     \
	.place_offset = offsetof(struct config, filter.policy_places[hook]),  \
	.names = &config_policy_names

static const struct conf_setting policy_settings[] = {
	{.key = "prerouting", POLICY(CONFIG_HOOK_PREROUTING),
	 .preset = "accept", .example = "\"accept\""},
	{.key = "input", POLICY(CONFIG_HOOK_INPUT), .is_required = true,
	 .example = "\"reject\""},
	{.key = "forward", POLICY(CONFIG_HOOK_FORWARD), .is_required = true,
	 .example = "\"drop\""},
	{.key = "output", POLICY(CONFIG_HOOK_OUTPUT),
	 .preset = "accept", .example = "\"accept\""},
	{.key = "postrouting", POLICY(CONFIG_HOOK_POSTROUTING),
	 .preset = "accept", .example = "\"accept\""},
};

/* Types of ICMP depend on proto. */
static const struct conf_setting rule_settings[] = {
	{.key = "name", STRING, .read = conf_read_rule_name, RULE_AT(name),
	 .is_required = true, .values = "1 to 63 of A-Z a-z 0-9 _ . -",
	 .example = "\"ssh\""},
	{.key = "hook", STRING, .read = conf_read_choice, RULE_AT(hook),
	 .names = &config_hook_names, .is_required = true,
	 .example = "\"input\""},
	{.key = "action", STRING, .read = conf_read_choice, RULE_AT(action),
	 .names = &config_action_names, .is_required = true,
	 .example = "\"accept\""},
	{.key = "log", FLAG, RULE_AT(is_logged), .values = "true, false",
	 .preset = "false", .example = "true"},
	{.key = "family", STRING, .read = conf_read_choice, RULE_AT(family),
	 .names = &config_family_names, .preset = "any",
	 .example = "\"ipv4\""},
	{.key = "from", STRING, .read = conf_read_ends, RULE_AT(from),
	 .values = "groups, peers, prefixes", .preset = "all",
	 .example = "\"@admins\""},
	{.key = "to", STRING, .read = conf_read_ends, RULE_AT(to),
	 .values = "groups, peers, prefixes", .preset = "all",
	 .example = "\"10.9.0.0/24\""},
	{.key = "proto", STRING, .read = conf_read_protocols,
	 RULE_AT(protocols), .values = "names or numbers 0..255",
	 .preset = "all", .example = "\"tcp,udp\""},
	{.key = "sport", STRING, .read = conf_read_ports, RULE_AT(sports),
	 .values = "numbers and ranges 0..65535", .preset = "all",
	 .example = "\"1024-65535\""},
	{.key = "dport", STRING, .read = conf_read_ports, RULE_AT(dports),
	 .values = "numbers and ranges 0..65535", .preset = "all",
	 .example = "\"22,80,443\""},
	{.key = "icmp_type", STRING, .read = conf_read_icmp_types,
	 .values = "names or numbers 0..255, with /code", .preset = "all",
	 .example = "\"echo-request\""},
	{.key = "tcp_flags", STRING, .read = conf_read_tcp_flags,
	 .values = "names, with ! for unset", .preset = "all",
	 .example = "\"syn,!ack\""},
	{.key = "state", STRING, .read = conf_read_states, RULE_AT(states),
	 .names = &config_state_names, .preset = "all",
	 .example = "\"new\""},
	{.key = "match", STRING, .read = conf_read_expression,
	 RULE_AT(match), .values = "expression of pcap-filter(7)",
	 .preset = "all", .example = "\"greater 1400\""},
	{.key = "rate", STRING, .read = conf_read_rate,
	 .values = "N/s or N kbit, with burst N, per peer",
	 .preset = "none",
	 .example = "\"200/s burst 400\""},
	{.key = "ethertype", STRING, .read = conf_read_ethertype,
	 RULE_AT(ethertype), .values = "name or number 0x600..0xffff",
	 .preset = "all", .example = "\"arp\""},
	{.key = "smac", STRING, .read = conf_read_rule_mac, RULE_AT(smac),
	 .values = "MAC address", .preset = "all",
	 .example = "\"02:00:5e:10:00:02\""},
	{.key = "dmac", STRING, .read = conf_read_rule_mac, RULE_AT(dmac),
	 .values = "MAC address", .preset = "all",
	 .example = "\"ff:ff:ff:ff:ff:ff\""},
	{.key = "vlan", STRING, .read = conf_read_rule_vlans,
	 .values = "list of 0..4094 and ranges", .preset = "all",
	 .example = "\"0,10-20\""},
};

/* Rules name groups, so they come last. */
static const struct conf_setting filter_settings[] = {
	{.key = "stateful", FLAG, CONFIG_AT(filter.is_stateful),
	 .values = "true, false", .preset = "true", .example = "true"},
	{.key = "max_flows", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(filter.flows_max), .least = CONFIG_FLOWS_MIN,
	 .most = CONFIG_FLOWS_MAX, .preset = "65536", .example = "65536"},
	{.key = "max_flows_per_peer", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(filter.flows_per_peer), .least = CONFIG_FLOWS_MIN,
	 .most = CONFIG_FLOWS_MAX, .preset = "8192", .example = "8192"},
	{.key = "policy", GROUP(policy_settings), .is_required = true,
	 .example = "{ input = \"reject\"; forward = \"drop\"; }"},
	{.key = "groups", .kinds = CONF_IS(CONF_GROUP),
	 .read = conf_read_groups, .values = "lists of peers and prefixes",
	 .example = "{ admins = ( \"alice\", \"bob\" ); }"},
	{.key = "rules", LISTS(rule_settings), .read = conf_read_rules,
	 .example = "( { name = \"ssh\"; hook = \"input\"; proto = \"tcp\"; "
		    "dport = \"22\"; action = \"accept\"; } )"},
};

static const struct conf_setting socket_settings[] = {
	{.key = "type", STRING, .read = conf_read_choice, SOCKET_AT(type),
	 .names = &config_socket_type_names, .is_required = true,
	 .example = "\"echo\""},
	{.key = "address", STRING, .read = conf_read_socket_address,
	 .values = "address of a host", .preset = "those of the device",
	 .example = "\"10.9.0.1\""},
	{.key = "port", NUMBER, .read = conf_read_u16, SOCKET_AT(port),
	 .least = 1, .most = UINT16_MAX,
	 .preset = "required, but for ping", .example = "7"},
	{.key = "rcvbuf", NUMBER, .read = conf_read_u32, SOCKET_AT(rcvbuf),
	 .least = CONFIG_RCVBUF_MIN, .most = CONFIG_RCVBUF_MAX,
	 .preset = "212992", .example = "212992"},
	{.key = "filter", STRING, .read = conf_read_expression,
	 SOCKET_AT(filter), .values = "expression of pcap-filter(7)",
	 .preset = "all", .example = "\"udp and less 600\""},
	{.key = "from", STRING, .read = conf_read_ends, SOCKET_AT(from),
	 .values = "groups, peers, prefixes", .preset = "all",
	 .example = "\"@admins\""},
};
/* clang-format on */

const struct conf_group conf_filter_group = {
    filter_settings, ARRAY_SIZE(filter_settings)};
const struct conf_group conf_socket_group = {
    socket_settings, ARRAY_SIZE(socket_settings)};
