/* SPDX-License-Identifier: ISC */
/*
 * Packets that are not compared: where the two differ by design, or where the
 * kernel does not say enough. The table at the end names all of them; together
 * they are less than 2 % of the random packets, or receive_model fails.
 */
#include <string.h>

#include "base/attributes.h"
#include "packet/ip.h"
#include "receive_lab.h"

enum protocol {
	PROTOCOL_IGMP = 2,
	PROTOCOL_PIM = 103,
	PROTOCOL_UDP_LITE = 136,
};

enum option {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_RECORD_ROUTE = 7,
	OPTION_TIMESTAMP = 68,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_STRICT_ROUTE = 137,
};

static bool is_v4(const struct record *record)
{
	return record->packet.bytes[0] >> 4 == FAMILY_IPV4;
}

/* ---- sockets ---- */

static bool is_fragment_for_socket(const struct record *record)
{
	return record->ours.drop == DROP_VPN_FRAG_LOCAL;
}

static bool has_skipped_headers(const struct record *record)
{
	const struct packet *parsed = &record->ours.parsed;

	return (judge_is_of_socket(&record->ours) ||
		   record->ours.is_received) &&
	       parsed->family == FAMILY_IPV6 && parsed->l3_bytes > IPV6_BYTES;
}

static bool is_of_kernel_protocol(const struct record *record)
{
	if (!judge_is_of_socket(&record->ours))
		return false;
	switch (record->ours.parsed.l4_protocol) {
	case IP_PROTOCOL_ICMP:
	case PROTOCOL_IGMP:
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_ICMPV6:
	case PROTOCOL_PIM:
	case PROTOCOL_UDP_LITE:
		return true;
	default:
		return false;
	}
}

/* ---- headers and options ---- */

static bool has_opaque_headers(const struct record *record)
{
	return record->ours.drop == DROP_IPV6_BAD_EXTHDR;
}

static bool has_both_options(const struct record *record)
{
	const struct random_packet *packet = &record->packet;

	return packet->bytes[0] >> 4 == FAMILY_IPV6 &&
	       packet->len > IPV6_BYTES &&
	       packet->bytes[IPV6_NEXT_HEADER] == IP_PROTOCOL_HOP_BY_HOP &&
	       packet->bytes[IPV6_BYTES] == IP_PROTOCOL_OPTIONS;
}

/* The option of this kind, or the end of options. */
static const uint8_t *find_option(
    const struct random_packet *packet, uint8_t kind)
{
	const uint8_t *at = packet->bytes + IPV4_BYTES;
	const uint8_t *end = packet->bytes + (packet->bytes[0] & 15u) * 4;

	while (at < end && *at != OPTION_END && *at != kind)
		at += *at == OPTION_NOP || at[1] < 2 ? 1 : at[1];
	return at < end && *at == kind ? at : NULL;
}

/* The kernel wipes what is behind the end. */
static bool has_rest(const struct random_packet *packet)
{
	const uint8_t *end = packet->bytes + (packet->bytes[0] & 15u) * 4;
	const uint8_t *at = find_option(packet, OPTION_END);

	while (at && at < end)
		if (*at++)
			return true;
	return false;
}

static bool has_written_option(const struct record *record)
{
	const struct random_packet *packet = &record->packet;

	return is_v4(record) &&
	       (find_option(packet, OPTION_RECORD_ROUTE) ||
		   find_option(packet, OPTION_TIMESTAMP) || has_rest(packet));
}

static bool is_forwarded_with_options(const struct record *record)
{
	return !record->ours.drop && !record->ours.is_for_host &&
	       has_written_option(record);
}

/* ---- answers ---- */

/* Ours answers, the kernel does not. */
static bool is_silent(const struct record *record)
{
	struct result ours, kernel;

	judge_ours(record, &ours);
	judge_kernel(record, &kernel);
	return ours.answer[0] && !kernel.answer[0];
}

/* The other way round. */
static bool is_loud(const struct record *record)
{
	struct result ours, kernel;

	judge_ours(record, &ours);
	judge_kernel(record, &kernel);
	return !ours.answer[0] && kernel.answer[0];
}

static bool is_loud_to_others(const struct record *record)
{
	const struct address *source = &record->ours.parsed.source;
	bool is_broadcast = source->bytes[3] == 255;

	return is_v4(record) && record->ours.drop && is_loud(record) &&
	       (!ours_is_peers(source) || is_broadcast);
}

static bool is_silent_about_options(const struct record *record)
{
	const struct random_packet *packet = &record->packet;

	return is_v4(record) && is_silent(record) &&
	       (has_written_option(record) ||
		   find_option(packet, OPTION_LOOSE_ROUTE) ||
		   find_option(packet, OPTION_STRICT_ROUTE));
}

static bool is_silent_to_first_address(const struct record *record)
{
	static const uint8_t zeros[14];
	const struct random_packet *packet = &record->packet;

	return !is_v4(record) && packet->len >= IPV6_BYTES &&
	       !memcmp(packet->bytes + 10, zeros, sizeof(zeros)) &&
	       is_silent(record);
}

/* ---- sources ---- */

static bool is_of_source(enum drop drop)
{
	return drop == DROP_IP_RPFILTER || drop == DROP_IP_LOCAL_SOURCE ||
	       drop == DROP_IP_INVALID_SOURCE;
}

static bool is_for_others_group(const struct record *record)
{
	return record->ours.drop && judge_is_for_others_group(record);
}

static bool is_from_nobody(const struct record *record)
{
	static const uint8_t nobody[4];

	return is_v4(record) && record->ours.drop == DROP_IP_RPFILTER &&
	       !memcmp(record->packet.bytes + 12, nobody, sizeof(nobody));
}

/* Before rcv_finish an answer goes to a source that is not checked yet; ours
 * goes to the peer that has it, or nowhere. */
static bool is_spoofed_ipv6(const struct record *record)
{
	return !is_v4(record) && record->ours.drop &&
	       record->ours.parsed.l3_bytes &&
	       !ours_is_peers(&record->ours.parsed.source);
}

static bool is_source_of_ipv6(const struct record *record)
{
	return !is_v4(record) && is_of_source(record->ours.drop);
}

static const struct exclusion {
	const char *sentence;
	bool (*is_so)(const struct record *record);
} exclusions[] = {
    /* vpnd's sockets take no fragments, and look at no extension headers;
     * an address that is vpnd's alone has no TCP, ICMP and so on */
    {"a fragment for a socket of vpnd's", is_fragment_for_socket},
    {"headers that vpnd's sockets do not look at", has_skipped_headers},
    {"a protocol that only the kernel speaks", is_of_kernel_protocol},
    /* a router does not look behind hop-by-hop options; vpnd drops what no
     * rule could judge (IPV6_BAD_EXTHDR), and jumbograms */
    {"headers that no rule could judge", has_opaque_headers},
    /* hop-by-hop or for the destination: the same functions, and no word in
     * the trace of which */
    {"an option of one of two headers", has_both_options},
    /* the kernel drops what is for a group that it is not in before it looks
     * at options and source; vpnd leaves groups to the host */
    {"the kernel looks no further into groups of others", is_for_others_group},
    /* an ICMP error of the kernel repeats the options, filled in; where they
     * have no room for that, it says nothing */
    {"options that an answer can not repeat", is_silent_about_options},
    /* IPv6: to the kernel it is the anycast address of a network's routers
     * (RFC 4291, 2.6.1), but allowed_ips are no networks of links */
    {"an answer to the first address of a route", is_silent_to_first_address},
    /* of what has no route the kernel checks no source, and answers whoever
     * it seems to be from, be it a broadcast address */
    {"an answer to whom no packet is from", is_loud_to_others},
    /* record route, timestamp; vpnd has no address on the link to write */
    {"options that a router writes into", is_forwarded_with_options},
    /* allowed_ips are checked for IPv6 as for IPv4; and so are addresses that
     * are our own or IPv4-mapped */
    {"the kernel has no reverse path filter for IPv6", is_spoofed_ipv6},
    {"sources that the kernel takes of IPv6", is_source_of_ipv6},
    /* DHCP on a tun device: nobody's allowed_ips have it */
    {"0.0.0.0, which no peer has", is_from_nobody},
};

const char *judge_exclusion(const struct record *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(exclusions); i++)
		if (exclusions[i].is_so(record))
			return exclusions[i].sentence;
	return NULL;
}
