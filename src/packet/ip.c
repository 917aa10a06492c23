/* SPDX-License-Identifier: ISC */
/* The L3 half of the parser. */
#include "packet/ip.h"

#include <string.h>

#include "base/cursor.h"
#include "packet/checksum.h"
#include "packet/l4.h"

#define FRAGMENT_MORE_IPV4   0x2000
#define FRAGMENT_OFFSET_IPV4 0x1fff
#define FRAGMENT_MORE_IPV6   0x0001
#define FRAGMENT_OFFSET_IPV6 0xfff8

#define MULTICAST_IPV6	0xff
#define MULTICAST_SCOPE 0x0f
#define SCOPE_RESERVED	0
#define SCOPE_INTERFACE 1

/* Written in two words, as they will soon be read: what was written in parts
 * has to be in the cache before it can be read as a whole. */
static inline void read_address(
    struct cursor *c, struct address *address, enum family family)
{
	uint64_t words[2] = {0};

	cursor_copy(c, words, family == FAMILY_IPV4 ? 4 : 16);
	address->family = family;
	memcpy(address->bytes, words, sizeof(words));
}

static void read_ipv4_fragment(struct packet *pkt, uint16_t field)
{
	pkt->is_later_fragment = field & FRAGMENT_OFFSET_IPV4;
	pkt->is_fragment =
	    pkt->is_later_fragment || (field & FRAGMENT_MORE_IPV4);
	pkt->fragment_offset = (uint16_t)((field & FRAGMENT_OFFSET_IPV4) * 8);
}

/* Reads the fixed header; returns the total length it gives. */
static uint16_t read_ipv4(struct packet *pkt)
{
	struct cursor c = cursor_of(packet_l3(pkt), IPV4_BYTES);
	uint16_t total;

	cursor_skip(&c, 1);
	pkt->inner_ecn = cursor_u8(&c) & 3;
	total = cursor_be16(&c);
	pkt->fragment_id = cursor_be16(&c);
	read_ipv4_fragment(pkt, cursor_be16(&c));
	pkt->ttl = cursor_u8(&c);
	pkt->l4_protocol = cursor_u8(&c);
	cursor_skip(&c, 2);
	read_address(&c, &pkt->source, FAMILY_IPV4);
	read_address(&c, &pkt->destination, FAMILY_IPV4);
	return total;
}

/* What is behind the packet goes, but within a frame it stays. */
static void set_ip_bytes(struct packet *pkt, uint32_t bytes)
{
	pkt->ip_bytes = bytes;
	if (!pkt->l2_bytes)
		pkt->len = bytes;
}

/* The sum of all words is -0, in any byte order. */
static bool has_right_checksum(const uint8_t *header, size_t bytes)
{
	uint64_t sum = 0;
	uint32_t word;

	for (size_t i = 0; i < IPV4_BYTES; i += sizeof(word)) {
		memcpy(&word, header + i, sizeof(word));
		sum += word;
	}
	for (size_t i = IPV4_BYTES; i < bytes; i += sizeof(word)) {
		memcpy(&word, header + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

static enum drop parse_ipv4(struct packet *pkt)
{
	const uint8_t *at = packet_l3(pkt);
	uint32_t header = (at[0] & 15u) * 4, len = packet_l3_len(pkt);
	uint16_t total;

	if (len < IPV4_BYTES || header < IPV4_BYTES || len < header)
		return DROP_IP_INHDR;
	if (!has_right_checksum(at, header))
		return DROP_IP_CSUM;
	total = read_ipv4(pkt);
	pkt->family = FAMILY_IPV4;
	if (len < total)
		return DROP_PKT_TOO_SMALL;
	if (total < header)
		return DROP_IP_INHDR;
	pkt->l3_bytes = (uint16_t)header;
	set_ip_bytes(pkt, total);
	return DROP_NONE;
}

static bool is_ipv6_loopback(const struct address *address)
{
	static const uint8_t loopback[16] = {[15] = 1};

	return !memcmp(address->bytes, loopback, sizeof(loopback));
}

/* What ip6_rcv_core does not let in from outside. */
static bool has_ipv6_martian(const struct packet *pkt)
{
	const uint8_t *to = pkt->destination.bytes;

	if (is_ipv6_loopback(&pkt->source) ||
	    is_ipv6_loopback(&pkt->destination))
		return true;
	if (to[0] == MULTICAST_IPV6 &&
	    (to[1] & MULTICAST_SCOPE) <= SCOPE_INTERFACE)
		return true;
	return pkt->source.bytes[0] == MULTICAST_IPV6;
}

static bool is_extension(uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTOCOL_HOP_BY_HOP:
	case IP_PROTOCOL_ROUTING:
	case IP_PROTOCOL_FRAGMENT:
	case IP_PROTOCOL_AH:
	case IP_PROTOCOL_OPTIONS:
		return true;
	default:
		return false;
	}
}

/* Where the walk along the extension headers is. */
struct walk {
	struct cursor c;
	uint8_t protocol; /* of the header at c */
	unsigned headers;
	bool had_fragment;
};

/* Skips a header of which 2 bytes were read; `units` of 8 or 4 bytes each. */
static void skip_extension(struct walk *walk, uint8_t kind, uint8_t units)
{
	size_t bytes =
	    kind == IP_PROTOCOL_AH ? (units + 2u) * 4 : (units + 1u) * 8;

	cursor_skip(&walk->c, bytes - 2);
}

static void read_ipv6_fragment(struct packet *pkt, struct walk *walk)
{
	uint16_t field = cursor_be16(&walk->c);

	if (walk->had_fragment)
		walk->c.has_failed = true;
	walk->had_fragment = true;
	pkt->is_later_fragment = field & FRAGMENT_OFFSET_IPV6;
	pkt->is_fragment =
	    pkt->is_later_fragment || (field & FRAGMENT_MORE_IPV6);
	pkt->fragment_offset = field & FRAGMENT_OFFSET_IPV6;
	pkt->fragment_id = cursor_be32(&walk->c);
}

static void step(struct packet *pkt, struct walk *walk)
{
	uint8_t kind = walk->protocol, units;

	/* hop-by-hop options come first or not at all (RFC 8200, 4.1) */
	if (kind == IP_PROTOCOL_HOP_BY_HOP && walk->headers)
		walk->c.has_failed = true;
	walk->headers++;
	walk->protocol = cursor_u8(&walk->c);
	units = cursor_u8(&walk->c);
	if (kind == IP_PROTOCOL_FRAGMENT)
		read_ipv6_fragment(pkt, walk);
	else
		skip_extension(walk, kind, units);
}

/* A later fragment ends the walk: behind it is payload. */
static enum drop walk_extensions(struct packet *pkt, uint8_t protocol)
{
	size_t left = pkt->ip_bytes - IPV6_BYTES, walked = 0;
	struct walk walk = {
	    .c = cursor_of(packet_l3(pkt) + IPV6_BYTES, left),
	    .protocol = protocol,
	};

	while (is_extension(walk.protocol) && !pkt->is_later_fragment) {
		step(pkt, &walk);
		walked = left - walk.c.left;
		if (walk.c.has_failed || walk.headers > IPV6_EXTENSIONS_MAX ||
		    walked > IPV6_EXTENSION_BYTES_MAX)
			return DROP_IPV6_BAD_EXTHDR;
	}
	pkt->l4_protocol = walk.protocol;
	pkt->l3_bytes = (uint16_t)(IPV6_BYTES + walked);
	return DROP_NONE;
}

static enum drop parse_ipv6(struct packet *pkt)
{
	struct cursor c = cursor_of(packet_l3(pkt), packet_l3_len(pkt));
	uint32_t first, payload;
	uint8_t protocol;

	if (c.left < IPV6_BYTES)
		return DROP_IP_INHDR;
	first = cursor_be32(&c);
	payload = cursor_be16(&c);
	protocol = cursor_u8(&c);
	pkt->ttl = cursor_u8(&c);
	pkt->inner_ecn = first >> 20 & 3;
	read_address(&c, &pkt->source, FAMILY_IPV6);
	read_address(&c, &pkt->destination, FAMILY_IPV6);
	pkt->family = FAMILY_IPV6;
	if (has_ipv6_martian(pkt))
		return DROP_IP_INHDR;
	/* a jumbogram (RFC 2675) */
	if (!payload && protocol == IP_PROTOCOL_HOP_BY_HOP)
		return DROP_IPV6_BAD_EXTHDR;
	if (payload > c.left)
		return DROP_PKT_TOO_SMALL;
	set_ip_bytes(pkt, IPV6_BYTES + payload);
	return walk_extensions(pkt, protocol);
}

void packet_forget_ip(struct packet *pkt)
{
	pkt->family = FAMILY_NONE;
	pkt->l4_protocol = 0;
	pkt->inner_ecn = 0;
	pkt->is_fragment = pkt->is_later_fragment = false;
	pkt->l3_bytes = 0;
	pkt->ip_bytes = 0;
	pkt->has_l4 = false;
	pkt->ttl = pkt->tcp_flags = 0;
	pkt->icmp_type = pkt->icmp_code = 0;
	pkt->fragment_offset = 0;
	pkt->fragment_id = 0;
	pkt->source_port = pkt->destination_port = 0;
	pkt->flow_hash = 0;
}

enum drop packet_parse_ip(struct packet *pkt)
{
	uint8_t version = packet_l3_len(pkt) ? packet_l3(pkt)[0] >> 4 : 0;
	enum drop reason = DROP_UNHANDLED_PROTO;

	packet_forget_ip(pkt);
	if (version == FAMILY_IPV4)
		reason = parse_ipv4(pkt);
	else if (version == FAMILY_IPV6)
		reason = parse_ipv6(pkt);
	if (reason)
		return reason;
	l4_read_ports(pkt);
	pkt->flow_hash = l4_flow_hash(pkt);
	return DROP_NONE;
}
