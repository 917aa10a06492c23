/* SPDX-License-Identifier: ISC */
/* The parsers of frames, ARP and ND against a naive reading. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "naive_frame.h"
#include "packet/checksum.h"
#include "packet/ecn.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/neighbour.h"
#include "packet/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FIX_LENGTH   1
#define FIX_CHECKSUM 2

/* Most inputs would end at the IP header otherwise. */
static void fix(uint8_t *frame, size_t len, size_t l2, uint8_t what)
{
	uint8_t *ip = frame + l2;
	size_t room = len - l2, header = room ? (ip[0] & 15u) * 4 : 0;

	if (room >= 40 && ip[0] >> 4 == 6 && what & FIX_LENGTH)
		checksum_store(ip + 4, (uint16_t)(room - 40));
	if (room < 20 || header < 20 || room < header || ip[0] >> 4 != 4)
		return;
	if (what & FIX_LENGTH)
		checksum_store(ip + 2, (uint16_t)room);
	if (what & FIX_CHECKSUM) {
		checksum_store(ip + IPV4_CHECKSUM, 0);
		checksum_store(ip + IPV4_CHECKSUM,
		    checksum_finish(checksum_add(0, ip, header)));
	}
}

static void check_header(
    const struct packet *pkt, const struct naive_frame *naive)
{
	assert(pkt->l2_bytes == naive->l2 && pkt->vlan == naive->vlan);
	assert(pkt->ethertype == naive->ethertype);
	assert(!memcmp(pkt->destination_mac.bytes, pkt->buffer, MAC_BYTES));
	assert(!memcmp(pkt->source_mac.bytes, pkt->buffer + 6, MAC_BYTES));
}

static void check_payload(
    const struct packet *pkt, enum drop reason, const struct naive_frame *naive)
{
	assert(pkt->family == naive->version);
	assert(pkt->ip_bytes == naive->ip_bytes);
	assert(pkt->is_later_fragment == naive->is_later_fragment);
	assert(!reason || !naive->version);
	assert(reason || !naive->is_hidden);
	if (!naive->version)
		return;
	assert(pkt->l2_bytes + pkt->l3_bytes == naive->l4);
	assert(pkt->l4_protocol == naive->l4_protocol);
	assert(pkt->is_fragment ==
	       (naive->is_first_fragment || naive->is_later_fragment));
}

static void check_claim(
    const struct packet *pkt, const struct naive_frame *naive)
{
	struct neighbour_claim claim;
	enum drop reason = packet_parse_neighbour(pkt, &claim);
	size_t bytes = address_bits(claim.address.family) / 8;

	assert(!!reason == naive->is_damaged);
	assert(bytes == (naive->claimed ? naive->claimed_bytes : 0));
	assert(
	    !memcmp(claim.address.bytes, pkt->buffer + naive->claimed, bytes));
	assert(claim.has_mac == (naive->mac != 0));
	assert(!claim.has_mac ||
	       !memcmp(claim.mac.bytes, pkt->buffer + naive->mac, MAC_BYTES));
	assert(packet_is_router_message(pkt) == naive->is_router);
	assert(packet_is_dhcp_server_message(pkt) == naive->is_dhcp_server);
}

static void write_into(struct packet *pkt, uint8_t control)
{
	struct option_fault fault;
	uint32_t len = pkt->len;
	char text[PACKET_TEXT_BYTES];

	pkt->outer_ecn = control >> 4 & 3;
	(void)!packet_check_options(pkt, &fault);
	(void)!ecn_decapsulate(pkt);
	pkt->checksum = CHECKSUM_PARTIAL;
	checksum_complete(pkt);
	assert(pkt->len == len);
	packet_print(pkt, text, sizeof(text));
	assert(pkt->len > 99999 || strlen(text) < sizeof(text) - 1);
}

/* control u8, and the frame. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct packet pkt = {.segments = 1};
	struct naive_frame naive;
	enum drop reason;

	if (!len)
		return 0;
	/* the heap's edge is the frame's: reading past it is caught */
	pkt.len = pkt.buffer_bytes = (uint32_t)len - 1;
	pkt.buffer = malloc(len);
	assert(pkt.buffer);
	memcpy(pkt.buffer, data + 1, pkt.len);
	pkt.buffer = realloc(pkt.buffer, pkt.len ? pkt.len : 1);
	assert(pkt.buffer);
	naive = naive_read(pkt.buffer, pkt.len);
	if (!naive.is_cut)
		fix(pkt.buffer, pkt.len, naive.l2, data[0]);
	naive = naive_read(pkt.buffer, pkt.len);
	assert(!packet_parse_ethernet(&pkt) == !naive.is_cut);
	if (!naive.is_cut) {
		check_header(&pkt, &naive);
		reason = packet_parse_payload(&pkt);
		assert(pkt.flow_hash);
		check_payload(&pkt, reason, &naive);
		check_claim(&pkt, &naive);
		write_into(&pkt, data[0]);
	}
	free(pkt.buffer);
	return 0;
}
