/* SPDX-License-Identifier: ISC */
/*
 * The parser of a packet in one line.
 *
 * How it works: the line is cut into words by blanks. The first word says the
 * kind of packet, then come two ends with ">" between them, then keywords from
 * one table, each of which takes what follows it.
 */
#include "packet/spec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "packet/ethernet.h"
#include "packet/ip.h"

#define WORD_BYTES  72 /* with NUL: ENDPOINT_TEXT_BYTES */
#define TTL_DEFAULT 64
#define TCP_SYN	    0x02

struct parser {
	struct packet_spec *spec;
	struct spec_error *error;
	const char *line;
	size_t at;	       /* behind the word */
	size_t column;	       /* of the word */
	char word[WORD_BYTES]; /* "" at the end */
};

/* ---- words ---- */

__attribute__((format(printf, 2, 3))) static int fail(
    const struct parser *p, const char *format, ...)
{
	va_list arguments;

	p->error->column = p->column;
	va_start(arguments, format);
	vsnprintf(p->error->text, sizeof(p->error->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* A word that is cut is none that anything is written as. */
static void next(struct parser *p)
{
	size_t len;

	p->at += strspn(p->line + p->at, " \t");
	p->column = p->at + 1;
	len = strcspn(p->line + p->at, " \t");
	p->at += len;
	if (len >= WORD_BYTES)
		len = WORD_BYTES - 1;
	memcpy(p->word, p->line + p->column - 1, len);
	p->word[len] = '\0';
}

static bool is_word(const struct parser *p, const char *word)
{
	return strcmp(p->word, word) == 0;
}

/* A number up to `most`, decimal or 0x with hexadecimal digits. */
static bool read_number(const char *text, uint32_t most, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
	uint64_t value = 0;

	text += base == 16 ? 2 : 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		const char *digit = strchr(digits, *text);

		if (!digit || (uint32_t)(digit - digits) >= base)
			return false;
		value = value * base + (uint32_t)(digit - digits);
		if (value > most)
			return false;
	}
	*ret = (uint32_t)value;
	return true;
}

/* Takes the word as a number. */
static int take_number(
    struct parser *p, const char *what, uint32_t most, uint32_t *ret)
{
	if (!read_number(p->word, most, ret))
		return fail(
		    p, "%s: a number from 0 to %u is wanted", what, most);
	next(p);
	return 0;
}

/* ---- ends ---- */

static bool has_ports(const struct packet_spec *spec)
{
	return spec->protocol == IP_PROTOCOL_UDP ||
	       spec->protocol == IP_PROTOCOL_TCP ||
	       spec->protocol == IP_PROTOCOL_ICMP ||
	       spec->protocol == IP_PROTOCOL_ICMPV6;
}

static int take_end(struct parser *p, struct address *address, uint16_t *port)
{
	struct endpoint end;

	*port = 0;
	if (!address_parse(address, p->word)) {
		next(p);
		return 0;
	}
	if (endpoint_parse(&end, p->word))
		return fail(p,
		    "an address is wanted, as 10.9.0.7, 10.9.0.7:4000 or "
		    "[fd09::7]:4000");
	if (end.scope_id || !has_ports(p->spec))
		return fail(p, "only the address is wanted here");
	*address = end.address;
	*port = end.port;
	next(p);
	return 0;
}

static int take_arrow(struct parser *p)
{
	if (!is_word(p, ">"))
		return fail(p, "\">\" is wanted between the two ends");
	next(p);
	return 0;
}

static int take_ends(struct parser *p)
{
	struct packet_spec *spec = p->spec;
	int err = take_end(p, &spec->source, &spec->source_port);
	size_t column;

	if (!err)
		err = take_arrow(p);
	column = p->column;
	if (!err)
		err = take_end(p, &spec->destination, &spec->destination_port);
	if (err || spec->source.family == spec->destination.family)
		return err;
	p->column = column;
	return fail(p, "both ends must be IPv4, or both IPv6");
}

static int take_macs(struct parser *p)
{
	static const char wanted[] =
	    "a MAC address is wanted, as 02:00:00:00:00:01";

	if (mac_parse(&p->spec->source_mac, p->word))
		return fail(p, "%s", wanted);
	next(p);
	if (take_arrow(p))
		return -EINVAL;
	if (mac_parse(&p->spec->destination_mac, p->word))
		return fail(p, "%s", wanted);
	next(p);
	p->spec->has_macs = true;
	return 0;
}

/* ---- keywords ---- */

static int take_len(struct parser *p)
{
	return take_number(p, "len", UINT16_MAX, &p->spec->len);
}

static int take_ttl(struct parser *p)
{
	uint32_t value;

	if (take_number(p, "ttl", UINT8_MAX, &value))
		return -EINVAL;
	p->spec->ttl = (uint8_t)value;
	return 0;
}

static int take_type(struct parser *p)
{
	uint32_t value;

	if (take_number(p, "type", UINT8_MAX, &value))
		return -EINVAL;
	p->spec->has_icmp_type = true;
	p->spec->icmp_type = (uint8_t)value;
	return 0;
}

static int take_code(struct parser *p)
{
	uint32_t value;

	if (take_number(p, "code", UINT8_MAX, &value))
		return -EINVAL;
	p->spec->icmp_code = (uint8_t)value;
	return 0;
}

static int take_id(struct parser *p)
{
	uint32_t value;

	if (take_number(p, "id", UINT16_MAX, &value))
		return -EINVAL;
	p->spec->fragment_id = (uint16_t)value;
	return 0;
}

static int take_vlan(struct parser *p)
{
	uint32_t value;

	if (take_number(p, "vlan", VLAN_COUNT - 1, &value))
		return -EINVAL;
	p->spec->vlan = (uint16_t)value;
	return 0;
}

static int take_ethertype(struct parser *p)
{
	uint32_t value;

	if (take_number(p, "ethertype", UINT16_MAX, &value))
		return -EINVAL;
	p->spec->ethertype = (uint16_t)value;
	return 0;
}

static int take_df(struct parser *p)
{
	p->spec->has_df = true;
	return 0;
}

/* Alone: a first fragment, as packet_print does not say where it begins. */
static int take_frag(struct parser *p)
{
	uint32_t value;

	p->spec->is_fragment = true;
	if (!*p->word || strchr("0123456789", *p->word) == NULL)
		return 0;
	if (!read_number(p->word, 8 * 0x1fff, &value) || value % 8)
		return fail(p,
		    "frag: a multiple of 8 up to 65528 is wanted, or nothing");
	p->spec->fragment_offset = (uint16_t)value;
	next(p);
	return 0;
}

static const char *const flag_names[] = {
    "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

static bool find_flag(const char *name, size_t len, uint8_t *ret)
{
	for (unsigned i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (strlen(flag_names[i]) == len &&
		    strncmp(flag_names[i], name, len) == 0) {
			*ret = (uint8_t)(1u << i);
			return true;
		}
	return false;
}

static int take_flags(struct parser *p)
{
	const char *at = p->word;
	uint8_t flags = 0, flag = 0;

	while (!is_word(p, "none")) {
		size_t len = strcspn(at, ",");

		if (!find_flag(at, len, &flag))
			return fail(p,
			    "flags: none, or some of fin,syn,rst,psh,ack,urg,"
			    "ece,cwr are wanted");
		flags |= flag;
		at += len;
		if (!*at++)
			break;
	}
	p->spec->tcp_flags = flags;
	next(p);
	return 0;
}

static const struct keyword {
	const char *name;
	int (*take)(struct parser *p);
	uint8_t protocol, other; /* it is for; 0: for all */
} keywords[] = {
    {"len", take_len, 0, 0},
    {"ttl", take_ttl, 0, 0},
    {"flags", take_flags, IP_PROTOCOL_TCP, IP_PROTOCOL_TCP},
    {"type", take_type, IP_PROTOCOL_ICMP, IP_PROTOCOL_ICMPV6},
    {"code", take_code, IP_PROTOCOL_ICMP, IP_PROTOCOL_ICMPV6},
    {"frag", take_frag, 0, 0},
    {"df", take_df, 0, 0},
    {"id", take_id, 0, 0},
    {"mac", take_macs, 0, 0},
    {"vlan", take_vlan, 0, 0},
    {"ethertype", take_ethertype, 0, 0},
};

static const char *keyword_name(const void *context, size_t idx)
{
	(void)context;
	return keywords[idx].name;
}

static int fail_keyword(const struct parser *p)
{
	const char *guess =
	    nearest_find(p->word, keyword_name, NULL, ARRAY_SIZE(keywords));

	if (guess)
		return fail(p, "unknown word \"%s\"; did you mean \"%s\"?",
		    p->word, guess);
	return fail(p,
	    "unknown word \"%s\"; len, ttl, flags, type, code, frag, df, id, "
	    "mac, vlan or ethertype may follow",
	    p->word);
}

static int take_keyword(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		const struct keyword *keyword = &keywords[i];

		if (!is_word(p, keyword->name))
			continue;
		if (keyword->protocol &&
		    p->spec->protocol != keyword->protocol &&
		    p->spec->protocol != keyword->other)
			return fail(p, "%s: not of this protocol", p->word);
		next(p);
		return keyword->take(p);
	}
	return fail_keyword(p);
}

/* ---- kinds ---- */

static const struct {
	const char *name;
	uint8_t protocol;
} protocols[] = {
    {"udp", IP_PROTOCOL_UDP},
    {"tcp", IP_PROTOCOL_TCP},
    {"icmp", IP_PROTOCOL_ICMP},
    {"icmp6", IP_PROTOCOL_ICMPV6},
    {"esp", IP_PROTOCOL_ESP},
    {"ah", IP_PROTOCOL_AH},
};

static bool find_protocol(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (is_word(p, protocols[i].name)) {
			p->spec->protocol = protocols[i].protocol;
			return true;
		}
	return false;
}

static int take_protocol_number(struct parser *p)
{
	uint32_t value;

	next(p);
	if (take_number(p, "proto", UINT8_MAX, &value))
		return -EINVAL;
	p->spec->protocol = (uint8_t)value;
	return take_ends(p);
}

static int take_arp(struct parser *p)
{
	p->spec->kind = SPEC_ARP;
	p->spec->ethertype = ETHERTYPE_ARP;
	next(p);
	if (take_ends(p))
		return -EINVAL;
	if (p->spec->source.family == FAMILY_IPV4)
		return 0;
	return fail(p, "arp is about IPv4 addresses; of IPv6 see icmp6");
}

static int take_kind(struct parser *p)
{
	struct mac mac;

	if (find_protocol(p)) {
		next(p);
		return take_ends(p);
	}
	if (is_word(p, "proto"))
		return take_protocol_number(p);
	if (is_word(p, "arp"))
		return take_arp(p);
	if (mac_parse(&mac, p->word))
		return fail(p,
		    "a packet begins with udp, tcp, icmp, icmp6, esp, ah, "
		    "proto N, arp or a MAC address");
	p->spec->kind = SPEC_FRAME;
	return take_macs(p);
}

static bool is_icmp_of_other_family(const struct packet_spec *spec)
{
	return (spec->protocol == IP_PROTOCOL_ICMP &&
		   spec->source.family == FAMILY_IPV6) ||
	       (spec->protocol == IP_PROTOCOL_ICMPV6 &&
		   spec->source.family == FAMILY_IPV4);
}

/* Of a word that is missing, the column is behind the line. */
static int check(struct parser *p)
{
	const struct packet_spec *spec = p->spec;
	bool has_l4 = spec->kind == SPEC_IP && !spec->fragment_offset;

	if (has_l4 && is_icmp_of_other_family(spec)) {
		p->column = 1;
		return fail(p, "icmp is of IPv4, icmp6 of IPv6");
	}
	if (has_l4 &&
	    (spec->protocol == IP_PROTOCOL_UDP ||
		spec->protocol == IP_PROTOCOL_TCP) &&
	    (!spec->source_port || !spec->destination_port)) {
		p->column = 1;
		return fail(p, "both ends need a port, as 10.9.0.7:4000");
	}
	if (spec->kind == SPEC_FRAME && !spec->ethertype)
		return fail(p, "a frame without IP needs its ethertype");
	return 0;
}

int packet_spec_parse(
    struct packet_spec *ret, const char *line, struct spec_error *error)
{
	struct parser p = {.spec = ret, .error = error, .line = line};
	int err;

	*ret = (struct packet_spec){.ttl = TTL_DEFAULT, .tcp_flags = TCP_SYN};
	next(&p);
	err = take_kind(&p);
	while (!err && *p.word)
		err = take_keyword(&p);
	return err ? err : check(&p);
}
