/* SPDX-License-Identifier: ISC */
/* Random IPv4 packets before they are changed. */
#include <stdbool.h>
#include <string.h>

#include "base/attributes.h"
#include "packet/ip.h"
#include "receive_packets.h"

#define DONT_FRAGMENT  0x4000
#define MORE_FRAGMENTS 0x2000

static const char *const good_sources[] = {
    "10.9.0.7", "10.9.0.8", "10.21.3.4", "10.9.0.7", "10.9.0.7"};
static const char *const bad_sources[] = {"10.8.0.7", "192.0.2.1", "10.20.0.9",
    "10.9.0.1", "10.8.0.1", "10.9.0.255", "10.9.0.0", "224.0.0.1", "0.0.0.0",
    "0.0.0.0", "255.255.255.255", "127.0.0.1", "10.30.0.1", "10.31.0.1",
    "10.32.0.1", "240.0.0.1", "10.8.0.255", "0.1.2.3"};
static const char *const our_own[] = {
    "10.9.0.1", "10.9.0.1", "10.9.0.1", "10.9.0.1", "10.8.0.1", "10.9.0.2"};
static const char *const beyond[] = {
    "10.8.0.9", "10.20.1.2", "10.8.0.2", "10.20.255.255"};
static const char *const odd_destinations[] = {"10.30.0.1", "10.31.0.1",
    "10.32.0.1", "192.0.2.9", "198.51.100.1", "10.9.0.9", "10.21.0.5",
    "10.9.0.255", "10.8.0.255", "255.255.255.255", "0.0.0.0", "127.0.0.1",
    "224.0.0.1", "239.1.2.3", "224.0.0.251", "10.9.0.0", "240.0.0.1",
    "255.255.255.254", "0.0.0.1"};

#define ADD_ONE_OF(seed, packet, table)                                        \
	packets_add_address(seed, packet, table, ARRAY_SIZE(table))

/* Each from another address, as the kernel answers few to one. */
static void add_other_source(struct seed *seed, struct random_packet *packet)
{
	const uint8_t source[] = {
	    10, 21, (uint8_t)seed_next(seed), (uint8_t)seed_next(seed)};

	packets_add(packet, source, sizeof(source));
}

static void add_addresses(struct seed *seed, struct random_packet *packet)
{
	uint64_t dice = seed_below(seed, 16);

	if (!seed_below(seed, 10))
		ADD_ONE_OF(seed, packet, bad_sources);
	else if (dice >= 14)
		add_other_source(seed, packet);
	else
		ADD_ONE_OF(seed, packet, good_sources);
	if (dice < 8)
		ADD_ONE_OF(seed, packet, our_own);
	else if (dice < 14)
		ADD_ONE_OF(seed, packet, beyond);
	else
		ADD_ONE_OF(seed, packet, odd_destinations);
}

static const struct option {
	uint8_t len, bytes[12];
} options[] = {
    {1, {1}},
    {1, {0}},
    {4, {148, 4, 0, 0}},
    {3, {7, 3, 4}},
    {7, {7, 7, 4}},
    {11, {7, 11, 8}},
    {8, {68, 8, 5, 0}},
    {12, {68, 12, 5, 1}},
    {12, {68, 12, 5, 3, 10, 9, 0, 1}},
    {4, {68, 4, 5, 0xf0}},
    {7, {131, 7, 4, 10, 8, 0, 9}},
    {7, {137, 7, 4, 10, 8, 0, 9}},
    {6, {134, 6, 0, 0, 0, 1}},
    {4, {200, 4, 1, 2}},
    {2, {130, 2}},
};

static void add_options(struct seed *seed, struct random_packet *packet)
{
	for (uint64_t n = 1 + seed_below(seed, 3); n-- > 0;) {
		const struct option *option =
		    &options[seed_below(seed, ARRAY_SIZE(options))];

		packets_add(packet, option->bytes, option->len);
	}
	while (packet->len % 4)
		packets_add(packet, "\0", 1);
}

/* Flags and offset; most packets are no fragments. */
static uint16_t random_fragment(struct seed *seed)
{
	static const uint16_t fields[] = {MORE_FRAGMENTS, MORE_FRAGMENTS | 1, 1,
	    4, 185, 0x8000, MORE_FRAGMENTS | DONT_FRAGMENT};

	if (seed_below(seed, 10))
		return seed_below(seed, 2) ? DONT_FRAGMENT : 0;
	return fields[seed_below(seed, ARRAY_SIZE(fields))];
}

static uint8_t random_ttl(struct seed *seed)
{
	uint64_t dice = seed_below(seed, 12);

	return dice < 3 ? (uint8_t)dice : 64;
}

/* 10.9.0.2 */
static bool is_vpnds_alone(const struct random_packet *packet)
{
	static const uint8_t alone[] = {10, 9, 0, 2};

	return !memcmp(packet->bytes + 16, alone, sizeof(alone));
}

void packets_make_ipv4(struct seed *seed, struct random_packet *packet)
{
	uint16_t fragment = random_fragment(seed);
	enum l4_use use = L4_ANY;
	uint8_t *header = packet->bytes;
	uint8_t start[12] = {0x45, (uint8_t)(seed_below(seed, 8) ? 0 : 0x2e), 0,
	    0, (uint8_t)seed_next(seed), (uint8_t)seed_next(seed),
	    (uint8_t)(fragment >> 8), (uint8_t)fragment, random_ttl(seed)};

	packets_add(packet, start, sizeof(start));
	add_addresses(seed, packet);
	if (!seed_below(seed, 16))
		add_options(seed, packet);
	header[0] = (uint8_t)(0x40 | packet->len / 4);
	if (is_vpnds_alone(packet))
		use = L4_ALONE;
	else if (fragment & ~DONT_FRAGMENT)
		use = L4_HOST;
	if (use == L4_ALONE)
		header[6] = header[7] = 0;
	header[9] = packets_add_l4(seed, FAMILY_IPV4, use, packet);
	if (!seed_below(seed, 12))
		packets_pad(seed, packet, 1200 + seed_below(seed, 300));
	header[2] = (uint8_t)(packet->len >> 8);
	header[3] = (uint8_t)packet->len;
}
