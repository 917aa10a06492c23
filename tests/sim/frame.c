/* SPDX-License-Identifier: ISC */
/* Ethernet around inner packets. */
#include "frame.h"

#include "base/cursor.h"
#include "inner.h"
#include "packet/ethernet.h"

#define HEAD_MAX (ETHERNET_BYTES + 2 * ETHERNET_TAG_BYTES)

struct mac frame_mac(uint8_t station)
{
	switch (station) {
	case FRAME_BROADCAST:
		return (struct mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	case FRAME_MULTICAST:
		return (struct mac){{0x01, 0, 0x5e, 0, 0, 0xfb}};
	default:
		return (struct mac){{0x02, 0x77, 0, 0, 0, station}};
	}
}

size_t frame_write(uint8_t *at, const struct inner_wish *wish)
{
	struct writer w = writer_of(at, HEAD_MAX);
	struct mac to = frame_mac(wish->destination);
	struct mac from = frame_mac(wish->source);

	writer_bytes(&w, to.bytes, MAC_BYTES);
	writer_bytes(&w, from.bytes, MAC_BYTES);
	for (unsigned i = 0; i < wish->tags; i++) {
		bool is_last = i + 1u == wish->tags;

		writer_be(&w, is_last ? ETHERTYPE_VLAN : ETHERTYPE_QINQ, 2);
		writer_be(&w, wish->vlan + i, 2);
	}
	writer_be(&w, wish->is_ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4, 2);
	return HEAD_MAX - w.left;
}

size_t frame_head(const uint8_t *at, size_t len)
{
	struct cursor c = cursor_of(at, len);
	uint16_t type;

	cursor_skip(&c, 2 * MAC_BYTES);
	type = cursor_be16(&c);
	while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) {
		cursor_skip(&c, 2);
		type = cursor_be16(&c);
	}
	if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6)
		return 0;
	return len - c.left;
}
