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

/* Cursors of a fixed length: compilers drop their checks. */

static void read_tcp(struct packet *pkt, const uint8_t *at, size_t bytes)
{
	struct cursor c = cursor_of(at, TCP_BYTES);
	uint16_t source, destination;
	size_t header;

	if (bytes < TCP_BYTES)
		return;
	source = cursor_be16(&c);
	destination = cursor_be16(&c);
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
static void read_udp(struct packet *pkt, const uint8_t *at, size_t bytes)
{
	struct cursor c = cursor_of(at, UDP_BYTES);
	uint16_t source, destination;
	size_t len;

	if (bytes < UDP_BYTES)
		return;
	source = cursor_be16(&c);
	destination = cursor_be16(&c);
	len = cursor_be16(&c);
	if (len < UDP_BYTES || (len > bytes && !pkt->is_fragment))
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

static void read_icmp(struct packet *pkt, const uint8_t *at, size_t bytes)
{
	struct cursor c = cursor_of(at, ICMP_BYTES);

	if (bytes < ICMP_BYTES)
		return;
	pkt->has_l4 = true;
	pkt->icmp_type = cursor_u8(&c);
	pkt->icmp_code = cursor_u8(&c);
	cursor_skip(&c, 2);
	if (is_echo(pkt->family, pkt->icmp_type))
		pkt->source_port = cursor_be16(&c);
}

void l4_read_ports(struct packet *pkt)
{
	const uint8_t *at = l4_data(pkt);
	size_t bytes = l4_len(pkt);

	if (pkt->is_later_fragment)
		return;
	switch (pkt->l4_protocol) {
	case IP_PROTOCOL_TCP:
		read_tcp(pkt, at, bytes);
		break;
	case IP_PROTOCOL_UDP:
		read_udp(pkt, at, bytes);
		break;
	case IP_PROTOCOL_ICMP:
		if (pkt->family == FAMILY_IPV4)
			read_icmp(pkt, at, bytes);
		break;
	case IP_PROTOCOL_ICMPV6:
		if (pkt->family == FAMILY_IPV6)
			read_icmp(pkt, at, bytes);
		break;
	default:
		break;
	}
}

/* Odd constants of random bits. */
#define HASH_FACTOR	     UINT64_C(0x9fb21c651e98df25)
#define HASH_SOURCE	     UINT64_C(0xd6e8feb86659fd93)
#define HASH_SOURCE_LOW	     UINT64_C(0xc2b2ae3d27d4eb4f)
#define HASH_DESTINATION     UINT64_C(0x9e3779b97f4a7c15)
#define HASH_DESTINATION_LOW UINT64_C(0xa0761d6478bd642f)

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * HASH_FACTOR;
	return hash ^ hash >> 32;
}

static uint32_t fold(uint64_t hash)
{
	uint32_t folded = (uint32_t)hash;

	return folded ? folded : 1;
}

/* Products that do not wait for each other; then their high bits, which depend
 * on all, are spread over the low ones. */
uint32_t l4_flow_hash(const struct packet *pkt)
{
	uint64_t from[2], to[2], sum;

	memcpy(from, pkt->source.bytes, sizeof(from));
	memcpy(to, pkt->destination.bytes, sizeof(to));
	sum = (uint64_t)pkt->l4_protocol << 40 | (uint64_t)pkt->family << 32 |
	      (uint64_t)pkt->source_port << 16 | pkt->destination_port;
	sum += from[0] * HASH_SOURCE + from[1] * HASH_SOURCE_LOW +
	       to[0] * HASH_DESTINATION + to[1] * HASH_DESTINATION_LOW;
	return fold(mix(sum >> 32, sum));
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
