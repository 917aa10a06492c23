/* SPDX-License-Identifier: ISC */
/* L4, mutations and checksums of random packets. */
#include "receive_packets.h"

#include <stdbool.h>
#include <string.h>

#include "base/attributes.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"

/* ---- building ---- */

void packets_add(struct random_packet *packet, const void *bytes, size_t count)
{
	if (count > sizeof(packet->bytes) - packet->len)
		abort();
	memcpy(packet->bytes + packet->len, bytes, count);
	packet->len += count;
}

void packets_add_random(
    struct seed *seed, struct random_packet *packet, size_t count)
{
	uint64_t filler = seed_next(seed);
	uint8_t bytes[PACKET_BYTES_MAX];

	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)(filler >> 8 * (i % 8)) ^ (uint8_t)(i / 8);
	packets_add(packet, bytes, count);
}

void packets_pad(struct seed *seed, struct random_packet *packet, size_t len)
{
	if (packet->len < len)
		packets_add_random(seed, packet, len - packet->len);
}

void packets_add_address(struct seed *seed, struct random_packet *packet,
    const char *const *table, size_t count)
{
	struct address address;

	if (address_parse(&address, table[seed_below(seed, count)]))
		abort();
	packets_add(
	    packet, address.bytes, (size_t)address_bits(address.family) / 8);
}

static size_t random_size(struct seed *seed)
{
	static const size_t sizes[] = {0, 1, 4, 12, 40, 68, 69, 100, 400};

	return sizes[seed_below(seed, ARRAY_SIZE(sizes))];
}

static void add_udp(
    struct seed *seed, enum l4_use use, struct random_packet *packet)
{
	static const uint16_t ports[] = {7, 7, 7, 8, 8, 9, 9, 10, 10, 53};
	uint16_t random = ports[seed_below(seed, ARRAY_SIZE(ports))];
	uint16_t port = use == L4_HOST ? 53 : random;
	size_t len = random_size(seed);
	uint8_t header[UDP_BYTES] = {0x0f, 0xa0, (uint8_t)(port >> 8),
	    (uint8_t)port, (uint8_t)((len + UDP_BYTES) >> 8),
	    (uint8_t)(len + UDP_BYTES)};

	packets_add(packet, header, sizeof(header));
	packets_add_random(seed, packet, len);
}

static void add_tcp(struct seed *seed, struct random_packet *packet)
{
	static const uint8_t flags[] = {0x02, 0x10, 0x12, 0x04, 0x11, 0x18, 0};
	uint8_t header[TCP_BYTES] = {0x0f, 0xa0, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8,
	    0x50, flags[seed_below(seed, ARRAY_SIZE(flags))], 0x20};

	packets_add(packet, header, sizeof(header));
	packets_add_random(seed, packet, seed_below(seed, 3) * 10);
}

/* Errors are about a packet that nobody sent. */
static void add_icmp(
    struct seed *seed, int family, struct random_packet *packet)
{
	static const uint8_t v4[] = {8, 8, 8, 0, 3, 11, 12, 13, 17, 200};
	static const uint8_t v6[] = {128, 128, 128, 129, 1, 3, 4, 127, 200};
	bool is_v4 = family == FAMILY_IPV4;
	uint8_t header[ICMP_BYTES] = {is_v4 ? v4[seed_below(seed, sizeof(v4))]
					    : v6[seed_below(seed, sizeof(v6))],
	    (uint8_t)seed_below(seed, 3), 0, 0, 1, 2, 3, 4};

	packets_add(packet, header, sizeof(header));
	packets_add_random(seed, packet, random_size(seed));
}

uint8_t packets_add_l4(struct seed *seed, int family, enum l4_use use,
    struct random_packet *packet)
{
	uint64_t dice = seed_below(seed, 20);

	if (dice < 12 || (use == L4_ALONE && dice < 19)) {
		add_udp(seed, use, packet);
		return IP_PROTOCOL_UDP;
	}
	if (dice < 15) {
		add_tcp(seed, packet);
		return IP_PROTOCOL_TCP;
	}
	if (dice < 19) {
		add_icmp(seed, family, packet);
		return family == FAMILY_IPV4 ? IP_PROTOCOL_ICMP
					     : IP_PROTOCOL_ICMPV6;
	}
	packets_add_random(seed, packet, random_size(seed));
	return (uint8_t)(200 + seed_below(seed, 50));
}

/* ---- changing ---- */

static uint8_t interesting(struct seed *seed, uint8_t before)
{
	static const uint8_t values[] = {
	    0, 1, 2, 4, 7, 17, 0x7f, 0x80, 0xe0, 0xfe, 0xff};
	uint64_t dice = seed_below(seed, 4);

	if (dice == 0)
		return values[seed_below(seed, sizeof(values))];
	if (dice == 1)
		return before ^ (uint8_t)(1 << seed_below(seed, 8));
	if (dice == 2)
		return (uint8_t)(before + 1 - 2 * seed_below(seed, 2));
	return (uint8_t)seed_next(seed);
}

static bool is_ip(uint8_t first)
{
	return first >> 4 == FAMILY_IPV4 || first >> 4 == FAMILY_IPV6;
}

/* Of the bytes that decide: the headers. The family stays. */
static void mutate(struct seed *seed, struct random_packet *packet)
{
	size_t headers = packet->bytes[0] >> 4 == FAMILY_IPV6 ? 80 : 48;
	size_t within = packet->len < headers ? packet->len : headers;
	uint8_t first = packet->bytes[0];

	for (uint64_t n = seed_below(seed, 4); n-- > 0;) {
		uint8_t *at = packet->bytes + seed_below(seed, within);

		*at = interesting(seed, *at);
	}
	if (is_ip(packet->bytes[0]) && (first ^ packet->bytes[0]) & 0xf0)
		packet->bytes[0] = first;
}

static void resize(struct seed *seed, struct random_packet *packet)
{
	uint64_t dice = seed_below(seed, 100);

	if (dice < 8)
		packet->len = 1 + seed_below(seed, packet->len);
	else if (dice < 11 && packet->len + 8 < sizeof(packet->bytes))
		packets_add_random(seed, packet, 1 + seed_below(seed, 8));
}

static void fix_header(struct random_packet *packet)
{
	size_t header = (packet->bytes[0] & 15u) * 4;

	if (packet->bytes[0] >> 4 != FAMILY_IPV4 || header < IPV4_BYTES ||
	    header > packet->len)
		return;
	checksum_store(packet->bytes + IPV4_CHECKSUM, 0);
	checksum_store(packet->bytes + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, packet->bytes, header)));
}

/* Where the checksum is within the L4 header; 0: there is none. */
static size_t checksum_at(const struct packet *pkt)
{
	switch (pkt->l4_protocol) {
	case IP_PROTOCOL_UDP:
		return UDP_CHECKSUM;
	case IP_PROTOCOL_TCP:
		return TCP_CHECKSUM;
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6:
		return 2;
	default:
		return 0;
	}
}

/* Some UDP has none. */
static void fix_l4(struct seed *seed, struct random_packet *packet)
{
	struct packet pkt = {.buffer = packet->bytes,
	    .buffer_bytes = sizeof(packet->bytes),
	    .len = (uint32_t)packet->len};
	size_t at;
	uint16_t sum = 0;

	if (packet_parse_ip(&pkt) || pkt.is_fragment)
		return;
	at = checksum_at(&pkt);
	if (!at || l4_len(&pkt) < at + 2)
		return;
	checksum_store(l4_data(&pkt) + at, 0);
	if (pkt.l4_protocol != IP_PROTOCOL_ICMP)
		sum = checksum_pseudo(&pkt.source, &pkt.destination,
		    pkt.l4_protocol, l4_len(&pkt));
	sum = checksum_finish(checksum_add(sum, l4_data(&pkt), l4_len(&pkt)));
	sum = sum ? sum : 0xffff;
	if (pkt.l4_protocol == IP_PROTOCOL_UDP && !seed_below(seed, 50))
		sum = 0;
	checksum_store(l4_data(&pkt) + at, sum);
}

void packets_make(struct seed *seed, int family, struct random_packet *packet)
{
	bool fixes_l4 = seed_below(seed, 100) < 60;

	packet->len = 0;
	if (family == FAMILY_IPV4)
		packets_make_ipv4(seed, packet);
	else
		packets_make_ipv6(seed, packet);
	fix_header(packet);
	fix_l4(seed, packet);
	mutate(seed, packet);
	resize(seed, packet);
	if (seed_below(seed, 100) < 75)
		fix_header(packet);
	if (fixes_l4)
		fix_l4(seed, packet);
}
