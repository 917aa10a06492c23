/* SPDX-License-Identifier: ISC */
/* Reads sets of numbers and names: ports, protocols, types. */
#include "conf/reader.h"

#include <stdlib.h>
#include <string.h>

#include "api/value.h"
#include "base/nearest.h"
#include "conf/items.h"
#include "conf/ranges.h"

struct word {
	const char *name;
	uint16_t value;
};

struct words {
	const struct word *list;
	size_t count;
};

#define WORDS(list)                                                            \
	{                                                                      \
		list, ARRAY_SIZE(list)                                         \
	}

static const struct word protocol_list[] = {
    {"icmp", 1},
    {"igmp", 2},
    {"ipip", 4},
    {"tcp", 6},
    {"udp", 17},
    {"ipv6", 41},
    {"gre", 47},
    {"esp", 50},
    {"ah", 51},
    {"icmp6", 58},
    {"ospf", 89},
    {"sctp", 132},
    {"udplite", 136},
};
static const struct words protocols = WORDS(protocol_list);

/* RFC 792, RFC 1122 */
static const struct word icmp_list[] = {
    {"echo-reply", 0},
    {"unreachable", 3},
    {"redirect", 5},
    {"echo-request", 8},
    {"time-exceeded", 11},
    {"parameter-problem", 12},
    {"timestamp-request", 13},
    {"timestamp-reply", 14},
};
static const struct words icmp_types = WORDS(icmp_list);

/* RFC 4443, RFC 4861 */
static const struct word icmp6_list[] = {
    {"unreachable", 1},
    {"packet-too-big", 2},
    {"time-exceeded", 3},
    {"parameter-problem", 4},
    {"echo-request", 128},
    {"echo-reply", 129},
    {"router-solicit", 133},
    {"router-advert", 134},
    {"neighbour-solicit", 135},
    {"neighbour-advert", 136},
    {"redirect", 137},
};
static const struct words icmp6_types = WORDS(icmp6_list);

static const struct word ethertype_list[] = {
    {"ipv4", 0x0800},
    {"arp", 0x0806},
    {"ipv6", 0x86dd},
    {"pppoe-discovery", 0x8863},
    {"pppoe-session", 0x8864},
    {"eapol", 0x888e},
    {"lldp", 0x88cc},
};
static const struct words ethertypes = WORDS(ethertype_list);

static const char *word_at(const void *context, size_t idx)
{
	const struct words *words = context;

	return words->list[idx].name;
}

static bool find_word(
    const struct words *words, const char *text, uint32_t *ret)
{
	for (size_t i = 0; i < words->count; i++)
		if (!strcmp(words->list[i].name, text)) {
			*ret = words->list[i].value;
			return true;
		}
	return false;
}

/* A number, decimal or 0x..., or a name. */
static bool find_value(
    const struct words *words, const char *text, uint32_t most, uint32_t *ret)
{
	char *end;
	unsigned long value;

	if (value_digits(ret, text, most) || find_word(words, text, ret))
		return true;
	if (strncmp(text, "0x", 2) ||
	    strspn(text, "0123456789abcdefABCDEFx") != strlen(text))
		return false;
	value = strtoul(text, &end, 16);
	*ret = (uint32_t)value;
	return !*end && value <= most;
}

static void complain_item(struct conf_reader *reader,
    const struct conf_items *items, const char *what)
{
	conf_error(reader->messages, items->place, reader->object,
	    "\"%s\" is no %s", items->text, what);
}

static void hint_word(struct conf_reader *reader, const struct words *words,
    const struct conf_items *items, const char *otherwise)
{
	const char *near =
	    nearest_find(items->text, word_at, words, words->count);

	if (near)
		conf_hint(reader->messages, "did you mean \"%s\"?", near);
	else
		conf_hint(reader->messages, "%s", otherwise);
}

static void add(struct conf_reader *reader, const struct conf_items *items,
    struct config_ranges *ranges, uint32_t first, uint32_t last)
{
	if (conf_ranges_add(ranges, (uint16_t)first, (uint16_t)last))
		return;
	conf_error(reader->messages, items->place, reader->object,
	    "there are more than %d numbers and ranges", CONFIG_RANGES_MAX);
	conf_hint(reader->messages, "put the others into a second rule");
}

void conf_read_protocols(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct conf_items items = conf_items_of(node);
	struct config_ranges *ranges =
	    (void *)((char *)object + setting->offset);
	uint32_t value;

	while (conf_items_next(&items)) {
		if (find_value(&protocols, items.text, UINT8_MAX, &value)) {
			add(reader, &items, ranges, value, value);
			continue;
		}
		complain_item(reader, &items, "protocol");
		hint_word(reader, &protocols, &items,
		    "a name like \"tcp\", \"udp\", \"icmp\" and \"icmp6\", or "
		    "a number up to 255");
	}
}

/* "22" or "8000-8080" */
static bool read_range(
    const char *text, uint32_t most, uint32_t *first, uint32_t *last)
{
	size_t len = strcspn(text, "-");
	char start[CONF_ITEM_BYTES];

	snprintf(start, sizeof(start), "%.*s", (int)len, text);
	if (!value_digits(first, start, most))
		return false;
	*last = *first;
	return !text[len] || (value_digits(last, text + len + 1, most) &&
				 *first <= *last);
}

void conf_read_ports(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct conf_items items = conf_items_of(node);
	struct config_ranges *ranges =
	    (void *)((char *)object + setting->offset);
	uint32_t first, last;

	while (conf_items_next(&items)) {
		if (read_range(items.text, UINT16_MAX, &first, &last)) {
			add(reader, &items, ranges, first, last);
			continue;
		}
		complain_item(reader, &items, "port, nor a range of ports");
		conf_hint(reader->messages,
		    "numbers up to 65535 and ranges, as in "
		    "\"22,80,8000-8080\"");
	}
}

/* ---- types of ICMP: those of proto ---- */

enum icmp_kind {
	ICMP_NONE = 0,
	ICMP_4 = 1,
	ICMP_6 = 2,
	ICMP_BOTH = ICMP_4 | ICMP_6,
};

/* What the rule's proto is; NONE: there is something else. */
static enum icmp_kind icmp_kind_of(const struct config_rule *rule)
{
	unsigned kind = ICMP_NONE;

	for (size_t i = 0; i < rule->protocols.count; i++) {
		const struct config_range *range = &rule->protocols.list[i];

		if (range->first != range->last ||
		    (range->first != 1 && range->first != 58))
			return ICMP_NONE;
		kind |= range->first == 1 ? ICMP_4 : ICMP_6;
	}
	return (enum icmp_kind)kind;
}

#define CODES 256 /* of a type: its number is type * CODES + code */

/* "echo-request", "3/4" or "unreachable/0-3" */
static bool read_icmp_type(
    const struct words *words, const char *text, struct config_range *ret)
{
	size_t len = strcspn(text, "/");
	char name[CONF_ITEM_BYTES];
	uint32_t type, first = 0, last = CODES - 1;

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	if (!find_value(words, name, UINT8_MAX, &type))
		return false;
	if (text[len] &&
	    !read_range(text + len + 1, UINT8_MAX, &first, &last))
		return false;
	ret->first = (uint16_t)(type * CODES + first);
	ret->last = (uint16_t)(type * CODES + last);
	return true;
}

/* A name has a number in each family, a number or a code only with one. */
static bool add_icmp_type(struct conf_reader *reader,
    const struct conf_items *items, struct config_rule *rule,
    enum icmp_kind kind)
{
	const char *text = items->text;
	struct config_range type = {0}, type6 = {0};
	bool is_4 = kind & ICMP_4, is_6 = kind & ICMP_6;

	if (kind == ICMP_BOTH && (strchr(text, '/') ||
				     strspn(text, "0123456789") == strlen(text)))
		return false;
	if (is_4 && !read_icmp_type(&icmp_types, text, &type))
		return false;
	if (is_6 && !read_icmp_type(&icmp6_types, text, &type6))
		return false;
	if (is_4)
		add(reader, items, &rule->icmp_types, type.first, type.last);
	if (is_6)
		add(reader, items, &rule->icmp6_types, type6.first, type6.last);
	return true;
}

static const struct {
	const char *what, *otherwise;
	const struct words *words;
} icmp_kinds[] = {
    [ICMP_4] = {"type of ICMP",
	"a number up to 255, or a name like \"echo-request\"; with a code as in "
	"\"unreachable/4\" and \"3/0-3\"", &icmp_types},
    [ICMP_6] = {"type of ICMPv6",
	"a number up to 255, or a name like \"echo-request\"; with a code as in "
	"\"unreachable/4\" and \"1/0-3\"", &icmp6_types},
    [ICMP_BOTH] = {"type of both ICMP and ICMPv6",
	"a name that both have, like \"echo-request\"; for another one make a "
	"rule each for proto = \"icmp\" and proto = \"icmp6\"",
	&icmp_types},
};

void conf_read_icmp_types(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct conf_items items = conf_items_of(node);
	struct config_rule *rule = object;
	enum icmp_kind kind = icmp_kind_of(rule);

	(void)setting;
	if (kind == ICMP_NONE) {
		complain(reader, node, "only ICMP has types, but proto is %s",
		    rule->protocols.count ? "something else" : "missing");
		conf_hint(reader->messages,
		    "proto = \"icmp\";, proto = \"icmp6\"; or proto = "
		    "\"icmp,icmp6\";");
		return;
	}
	while (conf_items_next(&items)) {
		if (add_icmp_type(reader, &items, rule, kind))
			continue;
		complain_item(reader, &items, icmp_kinds[kind].what);
		if (kind == ICMP_BOTH)
			conf_hint(
			    reader->messages, "%s", icmp_kinds[kind].otherwise);
		else
			hint_word(reader, icmp_kinds[kind].words, &items,
			    icmp_kinds[kind].otherwise);
	}
}

void conf_read_ethertype(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct conf_items items = conf_items_of(node);
	uint16_t *ethertype = (void *)((char *)object + setting->offset);
	uint32_t value;

	(void)conf_items_next(&items);
	if (!items.at &&
	    find_value(&ethertypes, items.text, UINT16_MAX, &value) &&
	    value >= CONFIG_ETHERTYPE_MIN) {
		*ethertype = (uint16_t)value;
		return;
	}
	complain(reader, node, "\"%s\" is no ethertype", node->string);
	hint_word(reader, &ethertypes, &items,
	    "a name like \"arp\", or a number like \"0x88cc\" from 0x600 to "
	    "0xffff");
}
