/* SPDX-License-Identifier: ISC */
/* Random IPv6 packets before they are changed. */
#include <stdbool.h>

#include "base/attributes.h"
#include "packet/ip.h"
#include "receive_packets.h"

static const char *const good_sources[] = {
    "fd09::7", "fd09::8", "fd21::3", "fd09::7", "fd09::7"};
static const char *const bad_sources[] = {"fd08::7", "2001:db8::1", "fd20::9",
    "fd09::1", "ff02::1", "::", "::", "::", "::", "::1", "::ffff:10.9.0.7",
    "fe80::7", "fd09::", "::10.9.0.7"};
static const char *const our_own[] = {
    "fd09::1", "fd09::1", "fd09::1", "fd09::1", "fd08::1", "fd09::2"};
static const char *const beyond[] = {
    "fd08::9", "fd20:1::2", "fd08::2", "fd20::ffff"};
static const char *const odd_destinations[] = {"fd30::1", "fd31::1", "fd32::1",
    "2001:db8::9", "fd09::9", "fd21::5", "ff02::1", "ff01::1", "ff00::1",
    "ff05::2", "ff02::1:ff00:1", "ff0e::1234", "ff02::2", "::", "::1",
    "::ffff:10.9.0.1", "fe80::1", "fd09::", "fec0::1", "ff02::16"};

#define ADD_ONE_OF(seed, packet, table)                                        \
	packets_add_address(seed, packet, table, ARRAY_SIZE(table))

static void add_source(struct seed *seed, struct random_packet *packet)
{
	if (seed_below(seed, 50))
		ADD_ONE_OF(seed, packet, good_sources);
	else
		ADD_ONE_OF(seed, packet, bad_sources);
}

static void add_destination(struct seed *seed, struct random_packet *packet)
{
	uint64_t dice = seed_below(seed, 10);

	if (dice < 5)
		ADD_ONE_OF(seed, packet, our_own);
	else if (dice < 8)
		ADD_ONE_OF(seed, packet, beyond);
	else
		ADD_ONE_OF(seed, packet, odd_destinations);
}

/* The first byte is filled in by what follows. */
static const struct extension {
	uint8_t kind, len, bytes[24];
} extensions[] = {
    {IP_PROTOCOL_HOP_BY_HOP, 8, {0, 0, 1, 4}},
    {IP_PROTOCOL_HOP_BY_HOP, 8, {0, 0, 5, 2, 0, 0, 1, 0}},
    {IP_PROTOCOL_HOP_BY_HOP, 8, {0, 0, 0x3e, 4, 1, 2, 3, 4}},
    {IP_PROTOCOL_HOP_BY_HOP, 8, {0, 0, 0x7e, 4, 1, 2, 3, 4}},
    {IP_PROTOCOL_HOP_BY_HOP, 8, {0, 0, 0xbe, 4, 1, 2, 3, 4}},
    {IP_PROTOCOL_HOP_BY_HOP, 8, {0, 0, 0xfe, 4, 1, 2, 3, 4}},
    {IP_PROTOCOL_HOP_BY_HOP, 8, {0, 0, 0xc2, 4, 0, 1, 0, 0}},
    {IP_PROTOCOL_HOP_BY_HOP, 8, {0, 0, 0, 0, 0, 0, 0, 0}},
    {IP_PROTOCOL_HOP_BY_HOP, 16, {0, 1, 7, 8, 0, 0, 0, 1, 1, 2, 0, 0}},
    {IP_PROTOCOL_OPTIONS, 8, {0, 0, 1, 4}},
    {IP_PROTOCOL_OPTIONS, 8, {0, 0, 0x3e, 4, 1, 2, 3, 4}},
    {IP_PROTOCOL_OPTIONS, 8, {0, 0, 0xbe, 4, 1, 2, 3, 4}},
    {IP_PROTOCOL_OPTIONS, 24, {0, 2, 1, 4, 0, 0, 0, 0, 0x1e, 14}},
    {IP_PROTOCOL_ROUTING, 8, {0, 0, 0, 0}},
    {IP_PROTOCOL_ROUTING, 24, {0, 2, 0, 1}},
    {IP_PROTOCOL_ROUTING, 24, {0, 2, 2, 1}},
    {IP_PROTOCOL_ROUTING, 24, {0, 2, 4, 0}},
    {IP_PROTOCOL_FRAGMENT, 8, {0, 0, 0, 0, 1, 2, 3, 4}},
    {IP_PROTOCOL_FRAGMENT, 8, {0, 0, 0, 1, 1, 2, 3, 4}},
    {IP_PROTOCOL_FRAGMENT, 8, {0, 0, 0, 9, 1, 2, 3, 4}},
    {IP_PROTOCOL_FRAGMENT, 8, {0, 0, 0, 8, 1, 2, 3, 4}},
    {IP_PROTOCOL_AH, 24, {0, 4, 0, 0, 1, 2, 3, 4}},
};

/* Hop-by-hop options come first. Options for the destination do not come right
 * after them, as the trace does not tell one from the other. */
static bool may_follow(uint8_t before, uint8_t kind)
{
	return before == IP_PROTOCOL_NONE ||
	       (kind != IP_PROTOCOL_HOP_BY_HOP &&
		   (before != IP_PROTOCOL_HOP_BY_HOP ||
		       kind != IP_PROTOCOL_OPTIONS));
}

/* Returns where the number of the next header goes. */
static size_t add_extension(
    struct seed *seed, struct random_packet *packet, size_t next)
{
	uint8_t before = next == IPV6_NEXT_HEADER
			     ? IP_PROTOCOL_NONE
			     : packet->bytes[IPV6_NEXT_HEADER];
	const struct extension *extension;
	size_t at = packet->len;

	do
		extension =
		    &extensions[seed_below(seed, ARRAY_SIZE(extensions))];
	while (!may_follow(before, extension->kind));

	packet->bytes[next] = extension->kind;
	packets_add(packet, extension->bytes, extension->len);
	return at;
}

static uint8_t random_hop_limit(struct seed *seed)
{
	uint64_t dice = seed_below(seed, 12);

	return dice < 3 ? (uint8_t)dice : 64;
}

static size_t add_extensions(struct seed *seed, struct random_packet *packet)
{
	size_t next = IPV6_NEXT_HEADER;

	if (seed_below(seed, 4))
		return next;
	for (uint64_t n = 1 + seed_below(seed, 2); n-- > 0;)
		next = add_extension(seed, packet, next);
	return next;
}

/* fd09::2 */
static bool is_vpnds_alone(const struct random_packet *packet)
{
	static const uint8_t alone[16] = {0xfd, 9, [15] = 2};

	return !memcmp(packet->bytes + 24, alone, sizeof(alone));
}

void packets_make_ipv6(struct seed *seed, struct random_packet *packet)
{
	uint8_t start[8] = {0x60, (uint8_t)(seed_below(seed, 8) ? 0 : 0x20), 0,
	    0, 0, 0, 0, random_hop_limit(seed)};
	uint8_t *header = packet->bytes;
	enum l4_use use = L4_ANY;
	size_t next, payload;

	packets_add(packet, start, sizeof(start));
	add_source(seed, packet);
	add_destination(seed, packet);
	if (is_vpnds_alone(packet)) {
		use = L4_ALONE;
		next = IPV6_NEXT_HEADER;
	} else {
		next = add_extensions(seed, packet);
		if (next > IPV6_NEXT_HEADER)
			use = L4_HOST;
	}
	header[next] = packets_add_l4(seed, FAMILY_IPV6, use, packet);
	if (use != L4_HOST && !seed_below(seed, 40))
		header[next] = IP_PROTOCOL_NONE;
	if (!seed_below(seed, 12))
		packets_pad(seed, packet, 1200 + seed_below(seed, 300));
	payload = packet->len - IPV6_BYTES;
	header[4] = (uint8_t)(payload >> 8);
	header[5] = (uint8_t)payload;
}
