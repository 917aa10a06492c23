/* SPDX-License-Identifier: ISC */
/* UDP and ICMP echo as vpnd itself takes and makes them. */
#include "packet/udp.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define UDP_LENGTH	    4  /* offset of the field */
#define UDP_SMALL_BYTES	    76 /* the kernel's CHECKSUM_BREAK */
#define ICMP_CHECKSUM	    2
#define ICMP_ECHO_REPLY	    0
#define ICMP_ECHO_REQUEST   8
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY   129

#define IPV4_FIRST	   0x45 /* version 4, 5 words of header */
#define IPV4_DONT_FRAGMENT 0x4000
#define IPV6_FIRST	   0x60000000

/* ---- checks ---- */

static uint32_t field_len(const struct packet *pkt)
{
	const uint8_t *at = l4_data(pkt) + UDP_LENGTH;

	return (uint32_t)at[0] << 8 | at[1];
}

static void trim(struct packet *pkt, uint32_t l4_bytes)
{
	pkt->ip_bytes = pkt->l3_bytes + l4_bytes;
	if (!pkt->l2_bytes)
		pkt->len = pkt->ip_bytes;
}

static void read_ports(struct packet *pkt)
{
	struct cursor c = cursor_of(l4_data(pkt), UDP_BYTES);

	pkt->source_port = cursor_be16(&c);
	pkt->destination_port = cursor_be16(&c);
}

/* In IPv6 a length of 0 says that there is nothing behind the datagram. */
static enum drop check_lengths(struct packet *pkt)
{
	uint32_t held = l4_len(pkt), whole;

	if (held < UDP_BYTES)
		return DROP_PKT_TOO_SMALL;
	whole = field_len(pkt);
	if (!whole && pkt->family == FAMILY_IPV6)
		whole = held;
	if (whole < UDP_BYTES || whole > held)
		return DROP_PKT_TOO_SMALL;
	read_ports(pkt);
	trim(pkt, whole);
	return DROP_NONE;
}

enum drop packet_check_udp(struct packet *pkt)
{
	enum drop reason = check_lengths(pkt);

	if (!reason && l4_len(pkt) <= UDP_SMALL_BYTES && !packet_verify_l4(pkt))
		reason = DROP_UDP_CSUM;
	return reason;
}

bool packet_is_echo_request(const struct packet *pkt)
{
	if (pkt->is_fragment || l4_len(pkt) < ICMP_BYTES)
		return false;
	if (pkt->family == FAMILY_IPV4)
		return pkt->l4_protocol == IP_PROTOCOL_ICMP &&
		       l4_data(pkt)[0] == ICMP_ECHO_REQUEST;
	return pkt->l4_protocol == IP_PROTOCOL_ICMPV6 &&
	       l4_data(pkt)[0] == ICMPV6_ECHO_REQUEST;
}

static uint16_t sum_l4(const struct packet *pkt)
{
	uint16_t sum = 0;

	if (pkt->l4_protocol != IP_PROTOCOL_ICMP)
		sum = checksum_pseudo(&pkt->source, &pkt->destination,
		    pkt->l4_protocol, l4_len(pkt));
	return checksum_add(sum, l4_data(pkt), l4_len(pkt));
}

static bool has_no_udp_checksum(const struct packet *pkt)
{
	const uint8_t *field = l4_data(pkt) + UDP_CHECKSUM;

	return pkt->l4_protocol == IP_PROTOCOL_UDP && !field[0] && !field[1];
}

bool packet_verify_l4(struct packet *pkt)
{
	bool is_right;

	if (pkt->checksum != CHECKSUM_FULL)
		return true;
	if (has_no_udp_checksum(pkt))
		is_right = pkt->family == FAMILY_IPV4;
	else
		is_right = !checksum_finish(sum_l4(pkt));
	if (is_right)
		pkt->checksum = CHECKSUM_VERIFIED;
	return is_right;
}

/* ---- a datagram's parts ---- */

uint8_t *packet_udp_payload(const struct packet *pkt)
{
	return l4_data(pkt) + UDP_BYTES;
}

uint32_t packet_udp_payload_len(const struct packet *pkt)
{
	return l4_len(pkt) - UDP_BYTES;
}

uint32_t packet_udp_whole_len(const struct packet *pkt)
{
	uint32_t whole = field_len(pkt);

	return whole ? whole - UDP_BYTES : packet_udp_payload_len(pkt);
}

/* ---- making ---- */

static uint32_t header_bytes(enum family family)
{
	return family == FAMILY_IPV4 ? IPV4_BYTES : IPV6_BYTES;
}

static void write_addresses(struct writer *w, const struct udp_ends *ends)
{
	size_t bytes = address_bits(ends->source.family) / 8;

	writer_bytes(w, ends->source.bytes, bytes);
	writer_bytes(w, ends->destination.bytes, bytes);
}

/* Whole packets need no identification (RFC 6864). */
static void write_ipv4(uint8_t *at, const struct udp_ends *ends,
    uint8_t protocol, uint32_t l4_bytes)
{
	struct writer w = writer_of(at, IPV4_BYTES);

	writer_be(&w, IPV4_FIRST, 1);
	writer_be(&w, 0, 1);
	writer_be(&w, IPV4_BYTES + l4_bytes, 2);
	writer_be(&w, 0, 2);
	writer_be(&w, IPV4_DONT_FRAGMENT, 2);
	writer_be(&w, ends->ttl, 1);
	writer_be(&w, protocol, 1);
	writer_be(&w, 0, 2);
	write_addresses(&w, ends);
	checksum_store(at + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, at, IPV4_BYTES)));
}

static void write_ipv6(uint8_t *at, const struct udp_ends *ends,
    uint8_t protocol, uint32_t l4_bytes)
{
	struct writer w = writer_of(at, IPV6_BYTES);

	writer_be(&w, IPV6_FIRST, 4);
	writer_be(&w, l4_bytes, 2);
	writer_be(&w, protocol, 1);
	writer_be(&w, ends->ttl, 1);
	write_addresses(&w, ends);
}

/* The L4 part is there already, its checksum field is zero. */
static void finish(struct packet *pkt, const struct udp_ends *ends,
    uint8_t protocol, uint32_t l4_bytes)
{
	uint32_t header = header_bytes(ends->source.family);
	uint8_t *at = packet_data(pkt);
	size_t field =
	    protocol == IP_PROTOCOL_UDP ? UDP_CHECKSUM : ICMP_CHECKSUM;
	uint16_t checksum;
	enum drop reason;

	pkt->l2_bytes = 0;
	pkt->len = header + l4_bytes;
	if (ends->source.family == FAMILY_IPV4)
		write_ipv4(at, ends, protocol, l4_bytes);
	else
		write_ipv6(at, ends, protocol, l4_bytes);
	reason = packet_parse_ip(pkt);
	assert(!reason);
	checksum = checksum_finish(sum_l4(pkt));
	if (!checksum && protocol == IP_PROTOCOL_UDP)
		checksum = 0xffff; /* zero says "none" (RFC 768) */
	checksum_store(at + header + field, checksum);
	pkt->checksum = CHECKSUM_VERIFIED;
}

uint8_t *packet_udp_room(struct packet *pkt, enum family family)
{
	return packet_data(pkt) + header_bytes(family) + UDP_BYTES;
}

void packet_build_udp(
    struct packet *pkt, const struct udp_ends *ends, uint32_t payload_len)
{
	uint8_t *at = packet_data(pkt) + header_bytes(ends->source.family);
	struct writer w = writer_of(at, UDP_BYTES);

	writer_be(&w, ends->source_port, 2);
	writer_be(&w, ends->destination_port, 2);
	writer_be(&w, UDP_BYTES + payload_len, 2);
	writer_be(&w, 0, 2);
	finish(pkt, ends, IP_PROTOCOL_UDP, UDP_BYTES + payload_len);
}

void packet_readdress_udp(struct packet *pkt, const struct udp_ends *ends)
{
	uint32_t len = packet_udp_payload_len(pkt);
	const uint8_t *payload = packet_udp_payload(pkt);

	memmove(packet_udp_room(pkt, ends->source.family), payload, len);
	packet_build_udp(pkt, ends, len);
}

void packet_answer_echo(struct packet *pkt)
{
	struct udp_ends ends = {.source = pkt->destination,
	    .destination = pkt->source,
	    .ttl = UDP_TTL};
	uint8_t *at = packet_data(pkt) + header_bytes(pkt->source.family);
	uint32_t len = l4_len(pkt);
	bool is_ipv4 = pkt->family == FAMILY_IPV4;

	memmove(at, l4_data(pkt), len);
	at[0] = is_ipv4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY;
	at[1] = 0;
	checksum_store(at + ICMP_CHECKSUM, 0);
	finish(
	    pkt, &ends, is_ipv4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6, len);
}
