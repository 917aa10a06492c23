/* SPDX-License-Identifier: ISC */
/* The headers that build_ip writes, and the checksums. */
#include "packet/build.h"

#include <assert.h>

#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define DONT_FRAGMENT 0x4000

static uint8_t ttl(const struct build_ip *head)
{
	return head->ttl ? head->ttl : BUILD_TTL;
}

/* A packet that is never fragmented needs no identification (RFC 6864). */
static void write_ipv4(struct writer *w, const struct build_ip *head)
{
	uint8_t *header = w->at;

	writer_be(w, FAMILY_IPV4 << 4 | IPV4_BYTES / 4, 1);
	writer_be(w, head->traffic_class, 1);
	writer_be(w, IPV4_BYTES + head->l4_bytes, 2);
	writer_zeros(w, 2);
	writer_be(w, DONT_FRAGMENT, 2);
	writer_be(w, ttl(head), 1);
	writer_be(w, head->l4_protocol, 1);
	writer_zeros(w, 2);
	writer_bytes(w, head->source->bytes, 4);
	writer_bytes(w, head->destination->bytes, 4);
	checksum_store(header + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, header, IPV4_BYTES)));
}

static void write_ipv6(struct writer *w, const struct build_ip *head)
{
	writer_be(w, FAMILY_IPV6 << 28 | head->traffic_class << 20, 4);
	writer_be(w, head->l4_bytes, 2);
	writer_be(w, head->l4_protocol, 1);
	writer_be(w, ttl(head), 1);
	writer_bytes(w, head->source->bytes, 16);
	writer_bytes(w, head->destination->bytes, 16);
}

struct writer build_ip(struct packet *pkt, const struct build_ip *head)
{
	bool is_ipv4 = head->source->family == FAMILY_IPV4;
	size_t bytes = (is_ipv4 ? IPV4_BYTES : IPV6_BYTES) + head->l4_bytes;
	struct writer w;

	pkt->len = pkt->l2_bytes;
	assert(bytes <= packet_tail_room(pkt));
	w = writer_of(packet_l3(pkt), bytes);
	if (is_ipv4)
		write_ipv4(&w, head);
	else
		write_ipv6(&w, head);
	pkt->len += (uint32_t)bytes;
	return w;
}

void build_finish(struct packet *pkt, size_t field)
{
	enum drop reason = packet_parse_ip(pkt);
	uint16_t checksum;

	assert(!reason && field + 2 <= l4_len(pkt));
	checksum = checksum_finish(checksum_l4(pkt));
	if (!checksum && pkt->l4_protocol == IP_PROTOCOL_UDP)
		checksum = 0xffff; /* zero says "none" (RFC 768) */
	checksum_store(l4_data(pkt) + field, checksum);
	pkt->checksum = CHECKSUM_VERIFIED;
}
