/* SPDX-License-Identifier: ISC */
/* What a tunnel carries, and how its plaintext says so. */
#include "protocol/link.h"

#include "base/cursor.h"

/* ---- IP packets: no byte of their own ---- */

struct nibble {
	uint8_t wire, plain;
	enum checksum_state state;
};

static const struct nibble nibbles[] = {
    {WIRE_NIBBLE_IPV4, WIRE_NIBBLE_IPV4, CHECKSUM_FULL},
    {WIRE_NIBBLE_IPV6, WIRE_NIBBLE_IPV6, CHECKSUM_FULL},
    {WIRE_NIBBLE_IPV4_PARTIAL, WIRE_NIBBLE_IPV4, CHECKSUM_PARTIAL},
    {WIRE_NIBBLE_IPV4_VERIFIED, WIRE_NIBBLE_IPV4, CHECKSUM_VERIFIED},
    {WIRE_NIBBLE_IPV6_PARTIAL, WIRE_NIBBLE_IPV6, CHECKSUM_PARTIAL},
    {WIRE_NIBBLE_IPV6_VERIFIED, WIRE_NIBBLE_IPV6, CHECKSUM_VERIFIED},
};

static const struct nibble *nibble_of(uint8_t first)
{
	for (size_t i = 0; i < ARRAY_SIZE(nibbles); i++)
		if (first >> 4 == nibbles[i].wire)
			return &nibbles[i];
	return NULL;
}

static enum drop restore_ip(struct packet *pkt)
{
	uint8_t *first = packet_data(pkt);
	const struct nibble *nibble = nibble_of(*first);

	if (!nibble)
		return DROP_VPN_LINK;
	*first = (uint8_t)(nibble->plain << 4 | (*first & 0x0f));
	pkt->checksum = nibble->state;
	pkt->frame = WIRE_FRAME_IP;
	return DROP_NONE;
}

void link_write_state(uint8_t *first, enum checksum_state state)
{
	for (size_t i = 0; i < ARRAY_SIZE(nibbles); i++)
		if (*first >> 4 == nibbles[i].plain &&
		    state == nibbles[i].state) {
			*first =
			    (uint8_t)(nibbles[i].wire << 4 | (*first & 0x0f));
			return;
		}
}

void link_tell_state(struct packet *pkt)
{
	link_write_state(packet_data(pkt), pkt->checksum);
}

/* ---- Ethernet frames ---- */

static const uint8_t ethernet_frames[] = {
    [CHECKSUM_FULL] = WIRE_FRAME_ETHERNET,
    [CHECKSUM_PARTIAL] = WIRE_FRAME_ETHERNET_PARTIAL,
    [CHECKSUM_VERIFIED] = WIRE_FRAME_ETHERNET_VERIFIED,
};

/* The checksum state that it tells; below zero: no ETHERNET. */
static int state_of(uint8_t first)
{
	for (size_t i = 0; i < ARRAY_SIZE(ethernet_frames); i++)
		if (first == ethernet_frames[i])
			return (int)i;
	return -1;
}

bool link_is_ethernet(uint8_t first)
{
	return state_of(first) >= 0;
}

static enum drop restore_ethernet(struct packet *pkt)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);
	uint8_t frame = cursor_u8(&c);
	uint8_t padding = cursor_u8(&c);
	int state = state_of(frame);

	if (state < 0)
		return DROP_VPN_LINK;
	if (c.has_failed || padding >= c.left)
		return DROP_VPN_FRAME;
	pkt->frame = frame;
	pkt->checksum = (enum checksum_state)state;
	pkt->offset += WIRE_ETHERNET_HEAD;
	pkt->len = (uint32_t)c.left - padding;
	return DROP_NONE;
}

static void write_head(uint8_t *to, uint8_t frame, uint32_t padding)
{
	struct writer w = writer_of(to, WIRE_ETHERNET_HEAD);

	writer_le(&w, frame, 1);
	writer_le(&w, padding, 1);
}

void link_put_head(struct packet *pkt)
{
	pkt->frame = ethernet_frames[pkt->checksum];
	pkt->offset -= WIRE_ETHERNET_HEAD;
	pkt->len += WIRE_ETHERNET_HEAD;
	link_tell_padding(pkt, 0);
}

void link_tell_padding(struct packet *pkt, uint32_t padding)
{
	write_head(packet_data(pkt), pkt->frame, padding);
}

void link_write_head(uint8_t *to, enum checksum_state state, uint32_t padding)
{
	write_head(to, ethernet_frames[state], padding);
}

/* ---- both ---- */

bool link_is_payload(uint8_t first)
{
	return nibble_of(first) || link_is_ethernet(first);
}

enum drop link_restore(enum wire_link link, struct packet *pkt)
{
	return link == WIRE_LINK_ETHERNET ? restore_ethernet(pkt)
					  : restore_ip(pkt);
}
