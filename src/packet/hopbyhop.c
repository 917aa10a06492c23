/* SPDX-License-Identifier: ISC */
/*
 * IPv6 hop-by-hop options, which each router on the way looks at.
 *
 * As the kernel, and for its reasons: no more padding than aligns, and of
 * zeros (RFC 4942, 2.1.9.5); eight options at most; what is unknown is skipped
 * or not as its first two bits say (RFC 8200, 4.2).
 */
#include "base/cursor.h"
#include "packet/ip.h"

enum option {
	OPTION_PAD1 = 0x00,
	OPTION_PADN = 0x01,
	OPTION_ROUTER_ALERT = 0x05,
	OPTION_CALIPSO = 0x07,
	OPTION_IOAM = 0x31,
	OPTION_JUMBO = 0xc2,
};

#define OPTIONS_MAX	   8 /* without padding */
#define PADDING_BYTES_MAX  7
#define ROUTER_ALERT_BYTES 2
#define WORD_BYTES	   4

/* What to do with an unknown one. */
enum action {
	ACTION_BITS = 0xc0, /* none set: skip it, else drop the packet */
	ACTION_SAY = 0x80,
	ACTION_SAY_TO_ONE = 0xc0,
};

struct walk {
	struct cursor c;
	const uint8_t *destination;
	uint32_t offset;	   /* in the packet, of the option at hand */
	unsigned options, padding; /* padding: bytes in a row */
	struct option_fault fault;
};

static enum drop take_padding(struct walk *walk, uint8_t bytes)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < bytes; i++)
		sum |= cursor_u8(&walk->c);
	walk->padding += bytes + 2u;
	return sum || walk->padding > PADDING_BYTES_MAX ? DROP_IP_INHDR
							: DROP_NONE;
}

/* Of jumbograms, there are none here. */
static enum drop refuse_jumbo(struct walk *walk, uint8_t bytes)
{
	struct cursor c = walk->c;
	uint32_t payload = cursor_be32(&c);

	if (bytes != WORD_BYTES || walk->offset % WORD_BYTES != 2)
		return DROP_IP_INHDR;
	/* of the packet, whose header has a length, too */
	walk->fault.offset = walk->offset + (payload <= UINT16_MAX ? 2 : 0);
	return DROP_IP_INHDR;
}

static bool is_for_many(const struct walk *walk)
{
	return walk->destination[0] == 0xff;
}

static enum drop take_unknown(struct walk *walk, uint8_t kind)
{
	uint8_t action = kind & ACTION_BITS;

	if (!action)
		return DROP_NONE;
	if (action == ACTION_SAY ||
	    (action == ACTION_SAY_TO_ONE && !is_for_many(walk)))
		walk->fault =
		    (struct option_fault){walk->offset, .is_unknown = true};
	return DROP_UNHANDLED_PROTO;
}

static enum drop check_option(struct walk *walk, uint8_t kind, uint8_t bytes)
{
	switch (kind) {
	case OPTION_ROUTER_ALERT:
		return bytes == ROUTER_ALERT_BYTES ? DROP_NONE : DROP_IP_INHDR;
	case OPTION_IOAM:
		return walk->offset % WORD_BYTES ? DROP_IP_INHDR : DROP_NONE;
	case OPTION_CALIPSO: /* labels, of which this host knows none */
		return DROP_IP_INHDR;
	case OPTION_JUMBO:
		return refuse_jumbo(walk, bytes);
	default:
		return take_unknown(walk, kind);
	}
}

static enum drop take_option(struct walk *walk)
{
	uint8_t kind = cursor_u8(&walk->c), bytes;
	enum drop reason;

	if (kind == OPTION_PAD1)
		return ++walk->padding > PADDING_BYTES_MAX ? DROP_IP_INHDR
							   : DROP_NONE;
	bytes = cursor_u8(&walk->c);
	if (walk->c.has_failed || walk->c.left < bytes)
		return DROP_IP_INHDR;
	if (kind == OPTION_PADN)
		return take_padding(walk, bytes);
	walk->padding = 0;
	if (++walk->options > OPTIONS_MAX)
		return DROP_IP_INHDR;
	reason = check_option(walk, kind, bytes);
	cursor_skip(&walk->c, bytes);
	return reason;
}

enum drop packet_check_hop_by_hop(
    const struct packet *pkt, struct option_fault *ret_fault)
{
	const uint8_t *at = packet_l3(pkt);
	struct walk walk = {.destination = pkt->destination.bytes};
	enum drop reason = DROP_NONE;
	size_t bytes;

	*ret_fault = (struct option_fault){0};
	if (pkt->family != FAMILY_IPV6 ||
	    at[IPV6_NEXT_HEADER] != IP_PROTOCOL_HOP_BY_HOP)
		return DROP_NONE;
	/* the parser walked along it: it is whole */
	bytes = (at[IPV6_BYTES + 1] + 1u) * 8;
	walk.c = cursor_of(at + IPV6_BYTES + 2, bytes - 2);
	while (!reason && walk.c.left) {
		walk.offset = (uint32_t)(walk.c.at - at);
		reason = take_option(&walk);
	}
	*ret_fault = walk.fault;
	return reason;
}
