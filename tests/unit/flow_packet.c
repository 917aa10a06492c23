/* SPDX-License-Identifier: ISC */
/* Headers and checksums of the packets that tests of flows need. */
#include "flow_packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "packet/checksum.h"
#include "packet/ip.h"

#define L4_BYTES_MAX 400

static uint16_t or_else(uint16_t value, uint16_t otherwise)
{
	return value ? value : otherwise;
}

static struct address address_of(uint8_t family, uint8_t last)
{
	struct address address = {.family = (enum family)family};

	if (family == FAMILY_IPV6) {
		address.bytes[0] = 0xfd;
		address.bytes[1] = 9;
		address.bytes[15] = last;
	} else {
		address.bytes[0] = 10;
		address.bytes[1] = 9;
		address.bytes[3] = last;
	}
	return address;
}

struct ends {
	struct address source, destination;
	uint8_t family, protocol;
};

static struct ends ends_of(const struct flow_packet *like)
{
	uint8_t family = like->family ? like->family : FAMILY_IPV4;

	return (struct ends){
	    .source = address_of(family, (uint8_t)or_else(like->source, 7)),
	    .destination =
		address_of(family, (uint8_t)or_else(like->destination, 1)),
	    .family = family,
	    .protocol = (uint8_t)or_else(like->protocol, IP_PROTOCOL_UDP),
	};
}

static void write_ports(struct writer *w, const struct flow_packet *like)
{
	writer_be(w, or_else(like->source_port, 4000), 2);
	writer_be(w, or_else(like->destination_port, 53), 2);
}

static void write_tcp(struct writer *w, const struct flow_packet *like)
{
	write_ports(w, like);
	writer_be(w, like->sequence, 4);
	writer_be(w, like->acknowledgement, 4);
	writer_be(w, 0x50, 1);
	writer_be(w, like->tcp_flags ? like->tcp_flags : 2, 1);
	writer_be(w, 64000, 2);
	writer_zeros(w, 4);
}

static void write_udp(struct writer *w, const struct flow_packet *like)
{
	write_ports(w, like);
	writer_be(w, UDP_BYTES + like->payload, 2);
	writer_zeros(w, 2);
}

static void write_icmp(struct writer *w, const struct flow_packet *like)
{
	uint8_t quoted[FLOW_PACKET_BYTES];
	size_t len;

	writer_be(w, like->icmp_type, 1);
	writer_be(w, like->icmp_code, 1);
	writer_zeros(w, 2);
	writer_be(w, like->icmp_id, 2);
	writer_zeros(w, 2);
	if (!like->quote)
		return;
	len = flow_packet_write(quoted, like->quote);
	writer_bytes(w, quoted,
	    like->quote_bytes && like->quote_bytes < len ? like->quote_bytes
							 : len);
}

static size_t checksum_at(uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTOCOL_TCP:
		return TCP_CHECKSUM;
	case IP_PROTOCOL_UDP:
		return UDP_CHECKSUM;
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6:
		return 2;
	default:
		return 0;
	}
}

static void add_checksum(uint8_t *l4, size_t len, const struct ends *ends,
    const struct flow_packet *like)
{
	size_t at = checksum_at(ends->protocol);
	uint16_t sum = 0;

	if (!at)
		return;
	if (ends->protocol != IP_PROTOCOL_ICMP)
		sum = checksum_pseudo(
		    &ends->source, &ends->destination, ends->protocol, len);
	sum = checksum_finish(checksum_add(sum, l4, len));
	checksum_store(l4 + at, like->has_bad_checksum ? sum ^ 0x55 : sum);
}

static size_t write_l4(
    uint8_t *l4, const struct ends *ends, const struct flow_packet *like)
{
	struct writer w = writer_of(l4, L4_BYTES_MAX);
	size_t len;

	if (ends->protocol == IP_PROTOCOL_TCP)
		write_tcp(&w, like);
	else if (ends->protocol == IP_PROTOCOL_UDP)
		write_udp(&w, like);
	else if (checksum_at(ends->protocol))
		write_icmp(&w, like);
	writer_zeros(&w, like->payload);
	len = L4_BYTES_MAX - w.left;
	add_checksum(l4, len, ends, like);
	return like->cut && like->cut < len ? like->cut : len;
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static size_t write_ipv4(uint8_t *at, const struct ends *ends,
    const struct flow_packet *like, size_t payload)
{
	memset(at, 0, IPV4_BYTES);
	at[0] = 0x45;
	put16(at + 2, IPV4_BYTES + payload);
	put16(at + 4, like->fragment_id);
	put16(at + 6,
	    like->fragment_offset / 8u | (like->has_more ? 0x2000u : 0));
	at[8] = 64;
	at[9] = ends->protocol;
	memcpy(at + 12, ends->source.bytes, 4);
	memcpy(at + 16, ends->destination.bytes, 4);
	checksum_store(at + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, at, IPV4_BYTES)));
	return IPV4_BYTES;
}

static size_t write_ipv6(uint8_t *at, const struct ends *ends,
    const struct flow_packet *like, size_t payload)
{
	size_t header = like->fragment_id ? 8 : 0;
	uint8_t *fragment = at + IPV6_BYTES;

	memset(at, 0, IPV6_BYTES + 8);
	at[0] = 0x60;
	put16(at + 4, header + payload);
	at[6] = header ? IP_PROTOCOL_FRAGMENT : ends->protocol;
	at[7] = 64;
	memcpy(at + 8, ends->source.bytes, 16);
	memcpy(at + 24, ends->destination.bytes, 16);
	if (header) {
		fragment[0] = ends->protocol;
		put16(fragment + 2, like->fragment_offset | like->has_more);
		put16(fragment + 4, like->fragment_id >> 16);
		put16(fragment + 6, like->fragment_id);
	}
	return IPV6_BYTES + header;
}

size_t flow_packet_write(
    uint8_t bytes[FLOW_PACKET_BYTES], const struct flow_packet *like)
{
	struct ends ends = ends_of(like);
	uint8_t l4[L4_BYTES_MAX];
	size_t len = write_l4(l4, &ends, like), header;

	header = ends.family == FAMILY_IPV6
		     ? write_ipv6(bytes, &ends, like, len)
		     : write_ipv4(bytes, &ends, like, len);
	memcpy(bytes + header, l4, len);
	return header + len;
}

struct packet flow_packet_parse(uint8_t bytes[FLOW_PACKET_BYTES], size_t len)
{
	struct packet pkt = {
	    .buffer = bytes,
	    .buffer_bytes = FLOW_PACKET_BYTES,
	    .len = (uint32_t)len,
	    .segments = 1,
	};
	enum drop reason = packet_parse_ip(&pkt);

	if (reason) {
		printf("# not parsed: %s\n", drop_name(reason));
		abort();
	}
	return pkt;
}
