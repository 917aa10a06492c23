/* SPDX-License-Identifier: ISC */
/* Ports of whole TCP, UDP and ICMP echo headers, and what they tell. */
#include "packet/l4.h"

#include <stdbool.h>
#include <string.h>

#include "base/cursor.h"
#include "packet/ip.h"

#define TCP_BEFORE_OFFSET 8 /* sequence and acknowledgement numbers */

#define ICMP_ECHO_REPLY	    0
#define ICMP_ECHO_REQUEST   8
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY   129

static void read_tcp(struct packet *pkt, struct cursor c)
{
	size_t bytes = c.left, header;
	uint16_t source = cursor_be16(&c), destination = cursor_be16(&c);

	cursor_skip(&c, TCP_BEFORE_OFFSET);
	header = (cursor_u8(&c) >> 4) * 4u;
	if (header < TCP_BYTES || header > bytes)
		return;
	pkt->has_l4 = true;
	pkt->tcp_flags = cursor_u8(&c);
	pkt->source_port = source;
	pkt->destination_port = destination;
}

/* The first fragment's length is that of the whole datagram. */
static void read_udp(struct packet *pkt, struct cursor c)
{
	size_t bytes = c.left, len;
	uint16_t source = cursor_be16(&c), destination = cursor_be16(&c);

	len = cursor_be16(&c);
	if (bytes < UDP_BYTES || len < UDP_BYTES ||
	    (len > bytes && !pkt->is_fragment))
		return;
	pkt->has_l4 = true;
	pkt->source_port = source;
	pkt->destination_port = destination;
}

static bool is_echo(uint8_t family, uint8_t type)
{
	if (family == FAMILY_IPV6)
		return type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY;
	return type == ICMP_ECHO_REQUEST || type == ICMP_ECHO_REPLY;
}

static void read_icmp(struct packet *pkt, struct cursor c)
{
	if (c.left < ICMP_BYTES)
		return;
	pkt->has_l4 = true;
	pkt->icmp_type = cursor_u8(&c);
	pkt->icmp_code = cursor_u8(&c);
	cursor_skip(&c, 2);
	if (is_echo(pkt->family, pkt->icmp_type))
		pkt->source_port = cursor_be16(&c);
}

static const struct l4 {
	uint8_t family; /* 0: both */
	uint8_t protocol;
	void (*read)(struct packet *pkt, struct cursor c);
} protocols[] = {
    {0, IP_PROTOCOL_TCP, read_tcp},
    {0, IP_PROTOCOL_UDP, read_udp},
    {FAMILY_IPV4, IP_PROTOCOL_ICMP, read_icmp},
    {FAMILY_IPV6, IP_PROTOCOL_ICMPV6, read_icmp},
};

static const struct l4 *find(const struct packet *pkt)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		const struct l4 *l4 = &protocols[i];

		if (l4->protocol == pkt->l4_protocol &&
		    (!l4->family || l4->family == pkt->family))
			return l4;
	}
	return NULL;
}

void l4_read_ports(struct packet *pkt)
{
	const struct l4 *l4 = pkt->is_later_fragment ? NULL : find(pkt);

	if (l4)
		l4->read(pkt, cursor_of(l4_data(pkt), l4_len(pkt)));
}

/* An odd constant of random bits: multiply and shift spreads each word. */
#define HASH_FACTOR UINT64_C(0x9fb21c651e98df25)

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * HASH_FACTOR;
	return hash ^ hash >> 32;
}

static uint64_t mix_address(uint64_t hash, const struct address *address)
{
	uint64_t words[2];

	memcpy(words, address->bytes, sizeof(words));
	return mix(mix(hash, words[0]), words[1]);
}

static uint32_t fold(uint64_t hash)
{
	uint32_t folded = (uint32_t)hash;

	return folded ? folded : 1;
}

uint32_t l4_flow_hash(const struct packet *pkt)
{
	uint64_t hash = (uint64_t)pkt->l4_protocol << 32 |
			(uint64_t)pkt->source_port << 16 |
			pkt->destination_port;

	hash = mix_address(mix(pkt->family, hash), &pkt->source);
	return fold(mix_address(hash, &pkt->destination));
}

static uint64_t mix_mac(uint64_t hash, const struct mac *mac)
{
	uint64_t word = 0;

	memcpy(&word, mac->bytes, MAC_BYTES);
	return mix(hash, word);
}

uint32_t l4_frame_hash(const struct packet *pkt)
{
	uint64_t hash = mix_mac(pkt->ethertype, &pkt->source_mac);

	return fold(mix_mac(hash, &pkt->destination_mac));
}

/* Whatever uses these is encrypted nearly always. */
static const struct well_known {
	uint8_t protocol;
	uint16_t port; /* 0: any */
} encrypted[] = {
    {IP_PROTOCOL_TCP, 443},   /* TLS */
    {IP_PROTOCOL_UDP, 443},   /* QUIC */
    {IP_PROTOCOL_TCP, 22},    /* SSH */
    {IP_PROTOCOL_UDP, 51820}, /* WireGuard */
    {IP_PROTOCOL_UDP, 4500},  /* IPsec through NAT */
    {IP_PROTOCOL_ESP, 0},
};

bool packet_is_encrypted(const struct packet *pkt)
{
	for (size_t i = 0; i < ARRAY_SIZE(encrypted); i++) {
		const struct well_known *known = &encrypted[i];

		if (known->protocol == pkt->l4_protocol &&
		    (!known->port || known->port == pkt->source_port ||
			known->port == pkt->destination_port))
			return true;
	}
	return false;
}
