/* SPDX-License-Identifier: ISC */
/* Reads what else rules and sockets have: names, flags, rates, expressions. */
#include "conf/reader.h"

#include <stdlib.h>
#include <string.h>

#include "api/value.h"
#include "base/nearest.h"
#include "conf/items.h"
#include "conf/program.h"

#define COMPILE_SECONDS 5 /* for all expressions of a file */

static void *field_in(const struct conf_setting *setting, void *object)
{
	return (char *)object + setting->offset;
}

void conf_read_rule_name(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	const char *problem = value_name_problem(node->string);

	if (problem) {
		complain(reader, node, "\"%s\" %s", node->string, problem);
		return;
	}
	strcpy(field_in(setting, object), node->string);
	if (!conf_unique_add(
		&reader->rules, node->string, reader->object, node->place))
		reader->has_no_memory = true;
}

/* ---- sets of names ---- */

static const char *name_of(const void *context, size_t idx)
{
	const struct config_names *names = context;

	return names->names[idx];
}

/* The name's value, or -1 and a complaint. */
static int find_name(struct conf_reader *reader,
    const struct config_names *names, const struct conf_items *items,
    const char *text)
{
	int value = config_names_find(names, text);
	char all[128] = "";
	const char *near;

	if (value >= 0)
		return value;
	for (size_t i = 0, len = 0; i < names->count && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len,
		    "%s\"%s\"", i ? ", " : "", names->names[i]);
	conf_error(reader->messages, items->place, reader->object,
	    "\"%s\" is not known; there is %s", text, all);
	near = nearest_find(text, name_of, names, names->count);
	if (near)
		conf_hint(reader->messages, "did you mean \"%s\"?", near);
	return -1;
}

void conf_read_states(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct conf_items items = conf_items_of(node);
	uint32_t *states = field_in(setting, object);
	int state;

	while (conf_items_next(&items)) {
		state = find_name(reader, setting->names, &items, items.text);
		if (state >= 0)
			*states |= UINT32_C(1) << state;
	}
}

/* In the order of their bits, RFC 9293, section 3.1. */
static const char *const tcp_flag_names[] = {
    "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};
static const struct config_names tcp_flags = {
    tcp_flag_names, ARRAY_SIZE(tcp_flag_names)};

void conf_read_tcp_flags(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct conf_items items = conf_items_of(node);
	struct config_rule *rule = object;

	(void)setting;
	while (conf_items_next(&items)) {
		bool is_unset = *items.text == '!';
		int flag = find_name(
		    reader, &tcp_flags, &items, items.text + is_unset);
		uint32_t bit = flag < 0 ? 0 : UINT32_C(1) << flag;

		if (rule->tcp_flags_mask & bit)
			conf_error(reader->messages, items.place,
			    reader->object, "\"%s\" is given twice",
			    tcp_flag_names[flag]);
		rule->tcp_flags_mask |= bit;
		rule->tcp_flags_value |= is_unset ? 0 : bit;
	}
}

/* ---- rates ---- */

/* The next word of *text, which moves behind it; "" at the end. */
static const char *take_word(char word[32], const char **text)
{
	size_t len;

	*text += strspn(*text, " ");
	len = strcspn(*text, " ");
	snprintf(word, 32, "%.*s", (int)len, *text);
	*text += len;
	return word;
}

/* Of rates, and of what may come at once; per second where `is_rate`. */
static const struct unit {
	const char *name;
	uint32_t tokens; /* packets, or bytes */
	bool is_of_bytes, is_rate;
} units[] = {
    {"", 1, false, false},
    {"/s", 1, false, true},
    {"byte", 1, true, false},
    {"kbyte", 1000, true, false},
    {"mbyte", 1000000, true, false},
    {"byte/s", 1, true, true},
    {"kbyte/s", 1000, true, true},
    {"mbyte/s", 1000000, true, true},
    {"kbit", 125, true, true}, /* as a peer's rate is written */
    {"mbit", 125000, true, true},
    {"gbit", 125000000, true, true},
};

static const struct unit *find_unit(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(units[i].name, name))
			return &units[i];
	return NULL;
}

/* "200/s", "10mbit" */
static const struct unit *parse_amount(uint32_t *ret, const char *word)
{
	size_t len = strspn(word, "0123456789");
	const struct unit *unit = find_unit(word + len);
	char digits[32];
	uint32_t number;

	snprintf(digits, sizeof(digits), "%.*s", (int)len, word);
	if (!unit ||
	    !value_digits(&number, digits, CONFIG_RATE_MAX / unit->tokens) ||
	    !number)
		return NULL;
	*ret = number * unit->tokens;
	return unit;
}

static bool parse_burst(struct config_rule *rule, const char *word)
{
	const struct unit *unit = parse_amount(&rule->burst, word);

	return unit && !unit->is_rate &&
	       unit->is_of_bytes == rule->is_rate_of_bytes;
}

/* "200/s", then "burst 400" and "per peer" in this order, if at all. */
static bool parse_rate(struct config_rule *rule, const char *text)
{
	const struct unit *unit;
	char word[32];

	unit = parse_amount(&rule->rate, take_word(word, &text));
	if (!unit || !unit->is_rate)
		return false;
	rule->is_rate_of_bytes = unit->is_of_bytes;
	rule->burst = rule->rate;
	if (!strcmp(take_word(word, &text), "burst")) {
		if (!parse_burst(rule, take_word(word, &text)))
			return false;
		take_word(word, &text);
	}
	if (!strcmp(word, "per")) {
		rule->is_rate_per_peer = true;
		return !strcmp(take_word(word, &text), "peer") &&
		       !*take_word(word, &text);
	}
	return !*word;
}

void conf_read_rate(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	(void)setting;
	if (parse_rate(object, node->string))
		return;
	complain(reader, node, "\"%s\" is no rate", node->string);
	conf_hint(reader->messages,
	    "packets per second, as in \"200/s\", \"200/s burst 400\" and "
	    "\"10/s burst 20 per peer\", or bits or bytes, as in \"2mbit burst "
	    "64kbyte\" and \"250kbyte/s\"; up to %d packets or bytes",
	    CONFIG_RATE_MAX);
}

void conf_read_peer_rate(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	if (value_peer_rate(field_in(setting, object), node->string))
		return;
	complain(reader, node,
	    "\"%s\" is no rate between \"1kbit\" and \"1000gbit\", nor \"off\"",
	    node->string);
	conf_hint(reader->messages,
	    "a number and its unit: kbit, mbit or gbit, each per second, as "
	    "in %s",
	    setting->example);
}

/* ---- expressions ---- */

/* Expressions that are short enough one by one may be too many. */
static bool has_time(struct conf_reader *reader, const struct conf_node *node)
{
	if (reader->compiling < COMPILE_SECONDS * CLOCKS_PER_SEC)
		return true;
	complain(reader, node,
	    "the expressions up to here took longer than %d seconds to "
	    "compile",
	    COMPILE_SECONDS);
	conf_hint(reader->messages,
	    "write rules with from, to, proto and dport instead: they need no "
	    "compiler, and are faster");
	return false;
}

void conf_read_expression(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	char why[CONF_PROGRAM_WHY_BYTES];
	clock_t start = clock();
	bool is_sound;

	if (!has_time(reader, node))
		return;
	is_sound = conf_program_compile(field_in(setting, object), node->string,
	    reader->config->device_type, why);
	reader->compiling += clock() - start;
	if (is_sound)
		return;
	if (*why)
		complain(reader, node, "\"%.60s%s\" is no expression: %s",
		    node->string, strlen(node->string) > 60 ? "..." : "", why);
	else
		reader->has_no_memory = true;
	conf_hint(reader->messages,
	    "as tcpdump takes it, see pcap-filter(7); for example %s",
	    setting->example);
}

/* ---- Ethernet ---- */

void conf_read_rule_mac(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_rule *rule = object;
	struct mac *mac = field_in(setting, object);
	bool is_source = mac == &rule->smac;
	const char *problem = NULL;

	if (mac_parse(mac, node->string))
		problem = "is no MAC address";
	else if (is_source)
		problem = value_mac_problem(mac);
	if (problem) {
		complain(reader, node, "\"%s\" %s", node->string, problem);
		conf_hint(reader->messages, "for example %s", setting->example);
		return;
	}
	rule->has_smac |= is_source;
	rule->has_dmac |= !is_source;
}

void conf_read_rule_vlans(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_rule *rule = object;
	const char *problem = value_vlans(&rule->vlans, node->string);

	rule->has_vlans = !problem;
	if (!problem)
		return;
	complain(reader, node, "\"%s\" %s", node->string, problem);
	conf_hint(
	    reader->messages, "as in %s = %s;", setting->key, setting->example);
}

/* ---- sockets ---- */

static bool is_of_a_host(const struct address *address)
{
	static const struct prefix others[] = {
	    {{FAMILY_IPV4, {0}}, 8},
	    {{FAMILY_IPV4, {127}}, 8},
	    {{FAMILY_IPV4, {224}}, 3},
	    {{FAMILY_IPV6, {0}}, 127}, /* unspecified, loopback */
	    {{FAMILY_IPV6, {0xfe, 0x80}}, 10},
	    {{FAMILY_IPV6, {0xff}}, 8},
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (prefix_has(&others[i], address))
			return false;
	return true;
}

void conf_read_socket_address(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_socket *socket = object;
	struct address address;

	(void)setting;
	socket->has_address = true;
	if (address_parse(&address, node->string)) {
		complain(reader, node, "\"%s\" is no address", node->string);
		return;
	}
	socket->address = address;
	if (is_of_a_host(&address))
		return;
	complain(reader, node, "\"%s\" is not the address of one host",
	    node->string);
	conf_hint(reader->messages,
	    "take it away, and the socket has those of the device");
}
