/* SPDX-License-Identifier: ISC */
/* Reads the quoted headers; lengths and checksums in them are not looked at. */
#include "packet/quote.h"

#include "base/cursor.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define FRAGMENT_OFFSET_IPV4 0x1fff
#define FRAGMENT_OFFSET_IPV6 0xfff8
#define IPV4_BEFORE_FRAGMENT 5

static void read_address(
    struct cursor *c, struct address *address, enum family family)
{
	*address = (struct address){.family = family};
	cursor_copy(c, address->bytes, address_bits(family) / 8);
}

static void read_ipv4(struct cursor *c, struct quote *quote)
{
	size_t header = (cursor_u8(c) & 15u) * 4;

	cursor_skip(c, IPV4_BEFORE_FRAGMENT);
	if (cursor_be16(c) & FRAGMENT_OFFSET_IPV4)
		c->has_failed = true;
	cursor_skip(c, 1);
	quote->protocol = cursor_u8(c);
	cursor_skip(c, 2);
	read_address(c, &quote->source, FAMILY_IPV4);
	read_address(c, &quote->destination, FAMILY_IPV4);
	if (header < IPV4_BYTES)
		c->has_failed = true;
	else
		cursor_skip(c, header - IPV4_BYTES);
}

/* Skips one extension header of that kind; returns the kind of the next. */
static uint8_t skip_extension(struct cursor *c, uint8_t kind)
{
	uint8_t next = cursor_u8(c), units = cursor_u8(c);

	if (kind == IP_PROTOCOL_FRAGMENT) {
		if (cursor_be16(c) & FRAGMENT_OFFSET_IPV6)
			c->has_failed = true;
		cursor_skip(c, 4);
	} else if (kind == IP_PROTOCOL_AH) {
		cursor_skip(c, (units + 2u) * 4 - 2);
	} else {
		cursor_skip(c, (units + 1u) * 8 - 2);
	}
	return next;
}

static bool is_extension(uint8_t protocol)
{
	return protocol == IP_PROTOCOL_HOP_BY_HOP ||
	       protocol == IP_PROTOCOL_ROUTING ||
	       protocol == IP_PROTOCOL_FRAGMENT || protocol == IP_PROTOCOL_AH ||
	       protocol == IP_PROTOCOL_OPTIONS;
}

static void read_ipv6(struct cursor *c, struct quote *quote)
{
	int headers = 0;

	cursor_skip(c, 6);
	quote->protocol = cursor_u8(c);
	cursor_skip(c, 1);
	read_address(c, &quote->source, FAMILY_IPV6);
	read_address(c, &quote->destination, FAMILY_IPV6);
	while (is_extension(quote->protocol) && !c->has_failed) {
		quote->protocol = skip_extension(c, quote->protocol);
		if (++headers > IPV6_EXTENSIONS_MAX)
			c->has_failed = true;
	}
}

static void read_icmp(struct cursor *c, struct quote *quote)
{
	quote->icmp_type = cursor_u8(c);
	quote->icmp_code = cursor_u8(c);
	cursor_skip(c, 2);
	quote->icmp_id = cursor_be16(c);
	cursor_skip(c, 2);
}

static void read_l4(struct cursor *c, struct quote *quote)
{
	switch (quote->protocol) {
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_UDP:
		quote->source_port = cursor_be16(c);
		quote->destination_port = cursor_be16(c);
		break;
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6:
		read_icmp(c, quote);
		break;
	}
}

bool quote_read(const struct packet *pkt, struct quote *ret)
{
	struct cursor c = cursor_of(l4_data(pkt), l4_len(pkt));

	*ret = (struct quote){.family = pkt->family};
	cursor_skip(&c, ICMP_BYTES);
	if (c.has_failed || !c.left || c.at[0] >> 4 != pkt->family)
		return false;
	if (pkt->family == FAMILY_IPV4)
		read_ipv4(&c, ret);
	else
		read_ipv6(&c, ret);
	read_l4(&c, ret);
	return !c.has_failed;
}
