/* SPDX-License-Identifier: ISC */
/*
 * The internet checksum.
 *
 * The bytes are summed as words of the host's order, four at a time, and
 * swapped once at the end: the sum does not care (RFC 1071, section 2B).
 */
#include "packet/checksum.h"

#include <arpa/inet.h>
#include <string.h>

#include "packet/ip.h"
#include "packet/l4.h"

static uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t checksum_add(uint16_t sum, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t words = htons(sum);
	uint32_t word;

	for (; len >= sizeof(word); len -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		words += word;
	}
	word = 0;
	if (len)
		memcpy(&word, at, len);
	return ntohs(fold(words + word));
}

uint16_t checksum_pseudo(const struct address *source,
    const struct address *destination, uint8_t l4_protocol, size_t len)
{
	size_t bytes = address_bits(source->family) / 8;
	uint16_t sum = fold((uint64_t)l4_protocol + len);

	sum = checksum_add(sum, source->bytes, bytes);
	return checksum_add(sum, destination->bytes, bytes);
}

static bool has_pseudo_header(const struct packet *pkt)
{
	return pkt->family == FAMILY_IPV6 ||
	       pkt->l4_protocol == IP_PROTOCOL_TCP ||
	       pkt->l4_protocol == IP_PROTOCOL_UDP;
}

uint16_t checksum_l4(const struct packet *pkt)
{
	uint16_t sum = 0;

	if (has_pseudo_header(pkt))
		sum = checksum_pseudo(&pkt->source, &pkt->destination,
		    pkt->l4_protocol, l4_len(pkt));
	return checksum_add(sum, l4_data(pkt), l4_len(pkt));
}

uint16_t checksum_replace(uint16_t checksum, uint16_t before, uint16_t after)
{
	uint64_t sum = (uint16_t)~checksum;

	sum += (uint16_t)~before;
	return (uint16_t)~fold(sum + after);
}

/* Offset of the field in a header that is whole; 0 without one. */
static size_t field_offset(const struct packet *pkt, size_t l4_bytes)
{
	if (pkt->is_fragment)
		return 0;
	if (pkt->l4_protocol == IP_PROTOCOL_TCP && l4_bytes >= TCP_BYTES)
		return TCP_CHECKSUM;
	if (pkt->l4_protocol == IP_PROTOCOL_UDP && l4_bytes >= UDP_BYTES)
		return UDP_CHECKSUM;
	return 0;
}

size_t checksum_field(const struct packet *pkt)
{
	size_t field = pkt->has_l4 ? field_offset(pkt, l4_len(pkt)) : 0;

	return field ? pkt->l2_bytes + pkt->l3_bytes + field : 0;
}

void checksum_complete(struct packet *pkt)
{
	uint8_t *l4 = l4_data(pkt);
	size_t bytes = l4_len(pkt);
	size_t field = field_offset(pkt, bytes);
	uint16_t checksum;

	if (!field)
		return;
	checksum = checksum_finish(checksum_add(0, l4, bytes));
	if (!checksum && pkt->l4_protocol == IP_PROTOCOL_UDP)
		checksum = 0xffff; /* zero says "none" (RFC 768) */
	checksum_store(l4 + field, checksum);
	pkt->checksum = CHECKSUM_FULL;
}
