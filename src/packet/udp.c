/* SPDX-License-Identifier: ISC */
/* UDP and ICMP echo as vpnd itself takes and makes them. */
#include "packet/udp.h"

#include <string.h>

#include "base/cursor.h"
#include "packet/build.h"
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

	if (!reason && l4_len(pkt) <= UDP_SMALL_BYTES &&
	    !packet_lacks_checksum(pkt) && !packet_verify_l4(pkt))
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

static bool has_no_udp_checksum(const struct packet *pkt)
{
	const uint8_t *field = l4_data(pkt) + UDP_CHECKSUM;

	return pkt->l4_protocol == IP_PROTOCOL_UDP && !field[0] && !field[1];
}

bool packet_lacks_checksum(const struct packet *pkt)
{
	return pkt->family == FAMILY_IPV6 && has_no_udp_checksum(pkt);
}

bool packet_verify_l4(struct packet *pkt)
{
	bool is_right;

	if (pkt->checksum != CHECKSUM_FULL)
		return true;
	if (has_no_udp_checksum(pkt))
		is_right = pkt->family == FAMILY_IPV4;
	else
		is_right = !checksum_finish(checksum_l4(pkt));
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

uint8_t *packet_udp_room(struct packet *pkt, enum family family)
{
	pkt->l2_bytes = 0;
	return packet_data(pkt) + header_bytes(family) + UDP_BYTES;
}

void packet_build_udp(
    struct packet *pkt, const struct udp_ends *ends, uint32_t payload_len)
{
	struct build_ip head = {.source = &ends->source,
	    .destination = &ends->destination,
	    .l4_protocol = IP_PROTOCOL_UDP,
	    .ttl = ends->ttl,
	    .l4_bytes = UDP_BYTES + payload_len};
	struct writer w = build_ip(pkt, &head);

	writer_be(&w, ends->source_port, 2);
	writer_be(&w, ends->destination_port, 2);
	writer_be(&w, UDP_BYTES + payload_len, 2);
	writer_be(&w, 0, 2);
	build_finish(pkt, UDP_CHECKSUM);
}

void packet_readdress_udp(struct packet *pkt, const struct udp_ends *ends)
{
	uint32_t len = packet_udp_payload_len(pkt);
	const uint8_t *payload = packet_udp_payload(pkt);

	memmove(packet_udp_room(pkt, ends->source.family), payload, len);
	packet_build_udp(pkt, ends, len);
}

/* Moves the message to where it has to be behind a header without options;
 * its addresses, which the parser reads again, are copied before. */
void packet_answer_echo(struct packet *pkt)
{
	struct address source = pkt->destination, destination = pkt->source;
	const uint8_t *message = l4_data(pkt);
	bool is_ipv4 = pkt->family == FAMILY_IPV4;
	struct build_ip head = {.source = &source,
	    .destination = &destination,
	    .l4_protocol = pkt->l4_protocol,
	    .l4_bytes = l4_len(pkt)};
	struct writer w;

	pkt->l2_bytes = 0;
	memmove(packet_data(pkt) + header_bytes(source.family), message,
	    head.l4_bytes);
	w = build_ip(pkt, &head);
	writer_be(&w, is_ipv4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY, 1);
	writer_be(&w, 0, 1);
	writer_be(&w, 0, 2);
	build_finish(pkt, ICMP_CHECKSUM);
}
