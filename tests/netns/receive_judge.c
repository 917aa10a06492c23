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
#include "path/martian.h"
#include "receive_lab.h"

/* ---- the map ---- */

static const char *const before_the_host[] = {
    "ip_rcv_core",
    "ip_rcv_finish_core",
    "ip_error",
    "ip_forward",
    "ip6_rcv_core",
    "ipv6_parse_hopopts",
    "ip6_pkt_discard",
    "ip6_forward",
};

/* NOT_SPECIFIED of these is ours of that name. */
static const struct {
	const char *function;
	enum drop drop;
} map[] = {
    {"ip_rcv_finish_core", DROP_IP_INHDR},  /* source route */
    {"ipv6_parse_hopopts", DROP_IP_INHDR},  /* longer than the packet */
    {"__udp4_lib_rcv", DROP_PKT_TOO_SMALL}, /* less than a header */
    {"__udp6_lib_rcv", DROP_PKT_TOO_SMALL},
    {"dst_discard_out", DROP_IP_NOPROTO}, /* no next header */
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

bool judge_is_for_others_group(const struct record *record)
{
	const struct kernel_outcome *kernel = &record->kernel;
	const struct random_packet *packet = &record->packet;

	return !strcmp(kernel->function, "ip_rcv_finish_core") &&
	       !strcmp(kernel->reason, "NOT_SPECIFIED") &&
	       packet->bytes[0] >> 4 == FAMILY_IPV4 &&
	       packet->bytes[16] >> 4 == 14;
}

/* Whether a link-local or unspecified address is anywhere, the host knows. */
static bool is_for_no_network(const struct record *record)
{
	return !strcmp(record->kernel.function, "ip6_pkt_discard") &&
	       !martian_is_routable(&record->ours.parsed.destination);
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
		   !judge_is_for_others_group(record) &&
		   !is_for_no_network(record));
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
	if (ours->is_received)
		result->fate = FATE_SOCKET;
	else if (ours->drop)
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

/* Of the host there, of vpnd here; but what the kernel's reader refuses had
 * been in the queue. */
static const char *difference_of_sockets(const struct record *record,
    const struct result *ours, const struct result *kernel)
{
	const struct kernel_outcome *theirs = &record->kernel;

	if (kernel->fate != FATE_HOST ||
	    theirs->is_received != record->ours.is_received)
		return "fate";
	if (theirs->is_received)
		return theirs->received == record->ours.received
			   ? NULL
			   : "what was received";
	if (strcmp(ours->reason, theirs->reason) != 0 && !is_mapped(record))
		return "reason";
	return strcmp(ours->answer, kernel->answer) != 0 ? "answer" : NULL;
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

bool judge_is_of_socket(const struct our_outcome *ours)
{
	static const char *const stages[] = {"udp_rcv", "lookup", "sock_queue"};

	return ours->drop && is_one_of(ours->stage, stages, ARRAY_SIZE(stages));
}

/* For want of a route the kernel answers a source five times at once, then once
 * a second. */
static bool is_limited(const struct record *record, const struct result *kernel)
{
	return !strcmp(record->kernel.function, "ip_error") &&
	       !kernel->answer[0];
}

const char *judge_difference(const struct record *record)
{
	struct result ours, kernel;

	judge_ours(record, &ours);
	judge_kernel(record, &kernel);
	if (ours.fate == FATE_SOCKET || judge_is_of_socket(&record->ours))
		return difference_of_sockets(record, &ours, &kernel);
	if (ours.fate != kernel.fate)
		return "fate";
	if (ours.fate == FATE_DROPPED &&
	    strcmp(ours.reason, kernel.reason) != 0 && !is_mapped(record))
		return "reason";
	if (!is_same_forwarded(&ours, &kernel))
		return "what was forwarded";
	if (ours.fate != FATE_HOST && strcmp(ours.answer, kernel.answer) != 0 &&
	    !is_limited(record, &kernel))
		return "answer";
	return NULL;
}

static const char *const fates[] = {
    [FATE_DROPPED] = "dropped",
    [FATE_HOST] = "host",
    [FATE_SOCKET] = "socket",
    [FATE_FORWARDED] = "forward",
};

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
		snprintf(text, room, "%s", fates[ours.fate]);
}

static void describe(
    const struct result *result, const char *where, char *text, size_t room)
{
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
