/* SPDX-License-Identifier: ISC */
/* IPv4 options: whole, and no source routes. */
#include "base/cursor.h"
#include "packet/ip.h"

#define OPTION_END	    0
#define OPTION_NOP	    1
#define OPTION_LOOSE_ROUTE  131
#define OPTION_STRICT_ROUTE 137
#define OPTION_HEADER_BYTES 2

/* False: damaged, or not to be let in. */
static bool take_option(struct cursor *c, uint8_t kind)
{
	uint8_t bytes;

	if (kind == OPTION_NOP)
		return true;
	if (kind == OPTION_LOOSE_ROUTE || kind == OPTION_STRICT_ROUTE)
		return false;
	bytes = cursor_u8(c);
	if (bytes < OPTION_HEADER_BYTES)
		return false;
	cursor_skip(c, bytes - OPTION_HEADER_BYTES);
	return !c->has_failed;
}

enum drop packet_check_options(const struct packet *pkt)
{
	struct cursor c;

	if (pkt->family != FAMILY_IPV4)
		return DROP_NONE;
	c = cursor_of(packet_l3(pkt) + IPV4_BYTES, pkt->l3_bytes - IPV4_BYTES);
	while (c.left) {
		uint8_t kind = cursor_u8(&c);

		if (kind == OPTION_END)
			break;
		if (!take_option(&c, kind))
			return DROP_IP_INHDR;
	}
	return DROP_NONE;
}
