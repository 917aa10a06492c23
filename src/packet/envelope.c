/* SPDX-License-Identifier: ISC */
/* The headers of a datagram of ours, as they were on the wire. */
#include "packet/envelope.h"

#include "base/cursor.h"
#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/ip.h"

#define ECN_BITS     3
#define HOPS	     64
#define MAC_BYTES    6
#define IPV4_FIRST   0x45 /* version, header length */
#define IPV6_VERSION 6
#define LENGTH_MAX   65535

struct ends {
	struct address source, destination;
	uint16_t source_port, destination_port;
};

static struct ends ends_of(const struct envelope *envelope)
{
	const struct endpoint *endpoint = envelope->endpoint;
	struct address own = endpoint->source;

	if (own.family != endpoint->address.family)
		own = (struct address){.family = endpoint->address.family};
	if (envelope->is_outbound)
		return (struct ends){
		    own, endpoint->address, envelope->own_port, endpoint->port};
	return (struct ends){
	    endpoint->address, own, endpoint->port, envelope->own_port};
}

static void put_ethernet(struct writer *w, enum family family)
{
	writer_zeros(w, 2 * MAC_BYTES);
	writer_be(
	    w, family == FAMILY_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, 2);
}

static void put_ipv4(
    struct writer *w, const struct ends *ends, uint8_t ecn, uint32_t udp_len)
{
	uint8_t *header = w->at;

	writer_be(w, IPV4_FIRST, 1);
	writer_be(w, ecn & ECN_BITS, 1);
	writer_be(w, IPV4_BYTES + udp_len, 2);
	writer_zeros(w, 4); /* id, flags, fragment offset */
	writer_be(w, HOPS, 1);
	writer_be(w, IP_PROTOCOL_UDP, 1);
	writer_zeros(w, 2);
	writer_bytes(w, ends->source.bytes, 4);
	writer_bytes(w, ends->destination.bytes, 4);
	checksum_store(header + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, header, IPV4_BYTES)));
}

static void put_ipv6(
    struct writer *w, const struct ends *ends, uint8_t ecn, uint32_t udp_len)
{
	writer_be(w, (uint32_t)IPV6_VERSION << 28 | (ecn & ECN_BITS) << 20, 4);
	writer_be(w, udp_len, 2);
	writer_be(w, IP_PROTOCOL_UDP, 1);
	writer_be(w, HOPS, 1);
	writer_bytes(w, ends->source.bytes, 16);
	writer_bytes(w, ends->destination.bytes, 16);
}

/* IPv6 has to have one, which is never 0. */
static uint16_t udp_checksum(const struct envelope *envelope,
    const struct ends *ends, const uint8_t *header, uint32_t udp_len)
{
	uint16_t sum = checksum_pseudo(
	    &ends->source, &ends->destination, IP_PROTOCOL_UDP, udp_len);
	uint16_t checksum;

	sum = checksum_add(sum, header, UDP_BYTES);
	sum = checksum_add(sum, envelope->payload, envelope->len);
	checksum = checksum_finish(sum);
	return checksum ? checksum : UINT16_MAX;
}

static void put_udp(struct writer *w, const struct envelope *envelope,
    const struct ends *ends, uint32_t udp_len)
{
	uint8_t *header = w->at;

	writer_be(w, ends->source_port, 2);
	writer_be(w, ends->destination_port, 2);
	writer_be(w, udp_len, 2);
	writer_zeros(w, 2);
	if (ends->source.family == FAMILY_IPV6)
		checksum_store(header + UDP_CHECKSUM,
		    udp_checksum(envelope, ends, header, udp_len));
}

size_t envelope_write(
    uint8_t to[ENVELOPE_BYTES_MAX], const struct envelope *envelope)
{
	struct writer w = writer_of(to, ENVELOPE_BYTES_MAX);
	struct ends ends = ends_of(envelope);
	uint32_t udp_len = UDP_BYTES + envelope->len;

	if (ends.source.family == FAMILY_NONE ||
	    envelope->len > LENGTH_MAX - IPV4_BYTES - UDP_BYTES)
		return 0;
	if (envelope->is_ethernet)
		put_ethernet(&w, ends.source.family);
	if (ends.source.family == FAMILY_IPV4)
		put_ipv4(&w, &ends, envelope->ecn, udp_len);
	else
		put_ipv6(&w, &ends, envelope->ecn, udp_len);
	put_udp(&w, envelope, &ends, udp_len);
	return ENVELOPE_BYTES_MAX - w.left;
}
