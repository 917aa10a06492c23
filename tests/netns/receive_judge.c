/* SPDX-License-Identifier: ISC */
/*
 * What of the kernel's doing is the same as ours.
 *
 * The kernel's functions up to where it gives a packet to its own sockets are
 * in the list below; what is dropped later was for the host. Reasons are
 * compared by name. Only NOT_SPECIFIED is mapped, by function.
 */
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "packet/ip.h"
#include "receive_lab.h"

/* ---- the map ---- */

static const char *const before_the_host[] = {
    "ip_rcv_core",
    "ip_rcv_finish_core",
    "ip_forward",
    "ip6_rcv_core",
    "ipv6_parse_hopopts",
    "ip6_forward",
};

/* What has no route, or is for a group that it is not in, is the host's to
 * decide on. */
static const char *const without_route[] = {
    "ip_error", "ip6_pkt_discard", "ip6_pkt_prohibit", "ip6_mc_input"};

/* NOT_SPECIFIED of these is ours of that name. */
static const struct {
	const char *function;
	enum drop drop;
} map[] = {
    {"ip_rcv_finish_core", DROP_IP_INHDR}, /* source route */
    {"ipv6_parse_hopopts", DROP_IP_INHDR}, /* longer than the packet */
    {"ipv6_hop_ra", DROP_IP_INHDR},
    {"ipv6_hop_ioam", DROP_IP_INHDR},
    {"ipv6_hop_calipso", DROP_IP_INHDR},
};

/* ---- the packets that came out ---- */

static bool has_same_addresses(
    const struct random_packet *packet, const uint8_t *bytes, size_t len)
{
	bool is_v4 = packet->bytes[0] >> 4 == FAMILY_IPV4;
	size_t at = is_v4 ? 12 : 8, count = is_v4 ? 8 : 32;

	return len >= at + count && packet->len >= at + count &&
	       bytes[0] >> 4 == packet->bytes[0] >> 4 &&
	       !memcmp(bytes + at, packet->bytes + at, count);
}

static void describe_answer(char text[32], const uint8_t *bytes, size_t len)
{
	bool is_v4 = bytes[0] >> 4 == FAMILY_IPV4;
	size_t header = is_v4 ? (bytes[0] & 15u) * 4 : IPV6_BYTES;
	uint8_t protocol = bytes[is_v4 ? 9 : 6];

	if ((protocol == IP_PROTOCOL_ICMP || protocol == IP_PROTOCOL_ICMPV6) &&
	    len >= header + 2)
		snprintf(
		    text, 32, "icmp %u/%u", bytes[header], bytes[header + 1]);
	else
		snprintf(text, 32, "protocol %u", protocol);
}

static void sort_packet(const struct record *record, struct result *result,
    const uint8_t *bytes, size_t len)
{
	size_t i = result->forwarded_count;

	if (!has_same_addresses(&record->packet, bytes, len)) {
		describe_answer(result->answer, bytes, len);
		return;
	}
	if (i == ARRAY_SIZE(result->forwarded))
		return;
	result->forwarded[i] = bytes;
	result->forwarded_len[i] = len;
	result->forwarded_count++;
}

static void sort_out(const struct record *record, struct result *result,
    const struct kernel_out *out)
{
	for (size_t i = 0; i < out->count; i++)
		sort_packet(
		    record, result, out->packets[i].bytes, out->packets[i].len);
}

/* ---- fates ---- */

static bool is_one_of(
    const char *function, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(function, names[i]))
			return true;
	return false;
}

static bool is_to_ipv4_group(const struct random_packet *packet)
{
	return packet->len >= IPV4_BYTES &&
	       packet->bytes[0] >> 4 == FAMILY_IPV4 &&
	       packet->bytes[16] >> 4 == 14;
}

static bool is_without_route(const struct record *record)
{
	const struct kernel_outcome *kernel = &record->kernel;

	return is_one_of(kernel->function, without_route,
		   ARRAY_SIZE(without_route)) ||
	       (!strcmp(kernel->function, "ip_rcv_finish_core") &&
		   !strcmp(kernel->reason, "NOT_SPECIFIED") &&
		   is_to_ipv4_group(&record->packet));
}

static bool has_hop_by_hop(const struct random_packet *packet)
{
	return packet->len > IPV6_NEXT_HEADER &&
	       packet->bytes[0] >> 4 == FAMILY_IPV6 &&
	       packet->bytes[IPV6_NEXT_HEADER] == IP_PROTOCOL_HOP_BY_HOP;
}

/* The same functions read the options for the destination, which is the host
 * then; they have no parent in the trace. */
static bool is_of_options(const struct record *record)
{
	static const char *const names[] = {"ip6_parse_tlv",
	    "ip6_tlvopt_unknown", "ipv6_hop_ra", "ipv6_hop_jumbo",
	    "ipv6_hop_ioam", "ipv6_hop_calipso"};

	return is_one_of(record->kernel.function, names, ARRAY_SIZE(names)) &&
	       has_hop_by_hop(&record->packet);
}

static bool is_before_the_host(const struct record *record)
{
	return is_of_options(record) ||
	       (is_one_of(record->kernel.function, before_the_host,
		    ARRAY_SIZE(before_the_host)) &&
		   !is_without_route(record));
}

void judge_kernel(const struct record *record, struct result *result)
{
	const struct kernel_outcome *kernel = &record->kernel;

	memset(result, 0, sizeof(*result));
	sort_out(record, result, &kernel->answers);
	sort_out(record, result, &kernel->forwarded);
	/* neither IPv4 nor IPv6: the device does not take it */
	if (kernel->error) {
		snprintf(
		    result->reason, sizeof(result->reason), "UNHANDLED_PROTO");
		return;
	}
	if (is_before_the_host(record))
		snprintf(result->reason, sizeof(result->reason), "%s",
		    kernel->reason);
	else
		result->fate =
		    result->forwarded_count ? FATE_FORWARDED : FATE_HOST;
}

void judge_ours(const struct record *record, struct result *result)
{
	const struct our_outcome *ours = &record->ours;

	memset(result, 0, sizeof(*result));
	for (size_t i = 0; i < ours->count; i++)
		sort_packet(record, result, ours->packets[i].bytes,
		    ours->packets[i].len);
	if (ours->drop)
		snprintf(result->reason, sizeof(result->reason), "%s",
		    drop_name(ours->drop));
	else
		result->fate = ours->is_for_host ? FATE_HOST : FATE_FORWARDED;
}

/* ---- comparing ---- */

static bool is_mapped(const struct record *record)
{
	if (strcmp(record->kernel.reason, "NOT_SPECIFIED") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (!strcmp(map[i].function, record->kernel.function) &&
		    map[i].drop == record->ours.drop)
			return true;
	return false;
}

static bool is_same_forwarded(const struct result *a, const struct result *b)
{
	if (a->forwarded_count != b->forwarded_count)
		return false;
	for (size_t i = 0; i < a->forwarded_count; i++)
		if (a->forwarded_len[i] != b->forwarded_len[i] ||
		    memcmp(a->forwarded[i], b->forwarded[i],
			a->forwarded_len[i]) != 0)
			return false;
	return true;
}

static bool is_of_source(enum drop drop)
{
	return drop == DROP_IP_RPFILTER || drop == DROP_IP_LOCAL_SOURCE ||
	       drop == DROP_IP_INVALID_SOURCE;
}

static bool is_from_nobody(const struct random_packet *packet)
{
	static const uint8_t nobody[4];

	return !memcmp(packet->bytes + 12, nobody, sizeof(nobody));
}

/* For all routers, for the destination: the trace does not tell them apart. */
static bool has_both_options(const struct random_packet *packet)
{
	return has_hop_by_hop(packet) && packet->len > IPV6_BYTES &&
	       packet->bytes[IPV6_BYTES] == IP_PROTOCOL_OPTIONS;
}

enum {
	OPTION_RECORD_ROUTE = 7,
	OPTION_TIMESTAMP = 68,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_STRICT_ROUTE = 137,
};

/* The option of this kind, or the end of options (0). */
static const uint8_t *find_option(
    const struct random_packet *packet, uint8_t kind)
{
	const uint8_t *at = packet->bytes + IPV4_BYTES;
	const uint8_t *end = packet->bytes + (packet->bytes[0] & 15u) * 4;

	if (packet->bytes[0] >> 4 != FAMILY_IPV4)
		return NULL;
	while (at < end && *at && *at != kind)
		at += *at == 1 || at[1] < 2 ? 1 : at[1];
	return at < end && *at == kind ? at : NULL;
}

static bool has_option(const struct random_packet *packet, uint8_t kind)
{
	return find_option(packet, kind);
}

/* The kernel wipes what is behind the end. */
static bool has_rest(const struct random_packet *packet)
{
	const uint8_t *end = packet->bytes + (packet->bytes[0] & 15u) * 4;
	const uint8_t *at = find_option(packet, 0);

	while (at && at < end)
		if (*at++)
			return true;
	return false;
}

static bool has_written_option(const struct random_packet *packet)
{
	return has_option(packet, OPTION_RECORD_ROUTE) ||
	       has_option(packet, OPTION_TIMESTAMP) || has_rest(packet);
}

/* An answer of the kernel has them too, filled in, or there is none. */
static bool has_repeated_option(const struct random_packet *packet)
{
	return has_written_option(packet) ||
	       has_option(packet, OPTION_LOOSE_ROUTE) ||
	       has_option(packet, OPTION_STRICT_ROUTE);
}

/* Of IPv6, where it is the routers' (RFC 4291, 2.6.1). */
static bool is_from_first(const struct random_packet *packet)
{
	static const uint8_t zeros[14];

	return packet->bytes[0] >> 4 == FAMILY_IPV6 &&
	       packet->len >= IPV6_BYTES &&
	       !memcmp(packet->bytes + 10, zeros, sizeof(zeros));
}

/* Ours answers, the kernel does not. */
static bool is_silent(const struct record *record)
{
	struct result ours, kernel;

	judge_ours(record, &ours);
	judge_kernel(record, &kernel);
	return ours.answer[0] && !kernel.answer[0];
}

const char *judge_exclusion(const struct record *record)
{
	bool is_v6 = record->packet.bytes[0] >> 4 == FAMILY_IPV6;
	enum drop drop = record->ours.drop;

	if (drop == DROP_IPV6_BAD_EXTHDR)
		return "headers that no rule could judge";
	if (has_both_options(&record->packet))
		return "an option of one of two headers";
	if (drop && is_without_route(record) &&
	    is_to_ipv4_group(&record->packet))
		return "the kernel looks no further into groups of others";
	if (is_silent(record) && has_repeated_option(&record->packet))
		return "options that an answer can not repeat";
	if (is_silent(record) && is_from_first(&record->packet))
		return "an answer to the first address of a route";
	if (!drop && !record->ours.is_for_host &&
	    has_written_option(&record->packet))
		return "options that a router writes into";
	if (is_v6 && drop && record->ours.parsed.l3_bytes &&
	    !ours_is_peers(&record->ours.parsed.source))
		return "the kernel has no reverse path filter for IPv6";
	if (!is_of_source(drop))
		return NULL;
	if (is_v6)
		return "sources that the kernel takes of IPv6";
	if (!ours_has_route(&record->ours.parsed.destination))
		return "the kernel checks no source without a route";
	if (drop == DROP_IP_RPFILTER && is_from_nobody(&record->packet))
		return "0.0.0.0, which no peer has";
	return NULL;
}

const char *judge_difference(const struct record *record)
{
	struct result ours, kernel;

	judge_ours(record, &ours);
	judge_kernel(record, &kernel);
	if (ours.fate != kernel.fate)
		return "fate";
	if (ours.fate == FATE_DROPPED &&
	    strcmp(ours.reason, kernel.reason) != 0 && !is_mapped(record))
		return "reason";
	if (!is_same_forwarded(&ours, &kernel))
		return "what was forwarded";
	if (ours.fate != FATE_HOST && strcmp(ours.answer, kernel.answer) != 0)
		return "answer";
	return NULL;
}

void judge_verdict(const struct record *record, char *text, size_t room)
{
	struct result ours;
	const char *comma = "";

	judge_ours(record, &ours);
	if (ours.fate != FATE_HOST && ours.answer[0])
		comma = ", ";
	if (ours.fate == FATE_DROPPED)
		snprintf(text, room, "%s %s%s%s", ours.reason,
		    record->ours.stage, comma, *comma ? ours.answer : "");
	else
		snprintf(text, room, "%s",
		    ours.fate == FATE_HOST ? "host" : "forward");
}

static void describe(
    const struct result *result, const char *where, char *text, size_t room)
{
	static const char *const fates[] = {"dropped", "host", "forwarded"};

	snprintf(text, room, "%s %s@%s%s%s", fates[result->fate],
	    result->reason, where, result->answer[0] ? " <- " : "",
	    result->answer);
}

void judge_describe_ours(const struct record *record, char *text, size_t room)
{
	struct result result;

	judge_ours(record, &result);
	describe(&result, record->ours.stage, text, room);
}

void judge_describe_kernel(const struct record *record, char *text, size_t room)
{
	struct result result;

	judge_kernel(record, &result);
	describe(&result, record->kernel.function, text, room);
}
