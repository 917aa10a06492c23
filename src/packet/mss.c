/* SPDX-License-Identifier: ISC */
/* The option, found and lowered. */
#include "packet/mss.h"

#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define TCP_SYN 0x02
#define TCP_RST 0x04

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define MSS_BYTES  4 /* kind, length, value */

static bool is_syn(const struct packet *pkt)
{
	return pkt->has_l4 && pkt->l4_protocol == IP_PROTOCOL_TCP &&
	       !pkt->is_fragment &&
	       (pkt->tcp_flags & (TCP_SYN | TCP_RST)) == TCP_SYN;
}

/* Offset of the option's value in the header, or 0. */
static size_t find(const uint8_t *tcp, size_t bytes)
{
	size_t at = TCP_BYTES;

	while (at + MSS_BYTES <= bytes && tcp[at] != OPTION_END) {
		if (tcp[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (tcp[at] == OPTION_MSS)
			return tcp[at + 1] == MSS_BYTES ? at + 2 : 0;
		if (tcp[at + 1] < 2)
			return 0;
		at += tcp[at + 1];
	}
	return 0;
}

static uint16_t word_at(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint16_t swapped(uint16_t word)
{
	return (uint16_t)(word << 8 | word >> 8);
}

/* At an odd offset its bytes are in the other halves of two words. */
static void put(uint8_t *tcp, size_t at, uint16_t mss, bool has_checksum)
{
	uint16_t before = word_at(tcp + at), after = mss;
	uint16_t checksum = word_at(tcp + TCP_CHECKSUM);

	tcp[at] = (uint8_t)(mss >> 8);
	tcp[at + 1] = (uint8_t)mss;
	if (!has_checksum)
		return;
	if (at % 2) {
		before = swapped(before);
		after = swapped(after);
	}
	checksum_store(
	    tcp + TCP_CHECKSUM, checksum_replace(checksum, before, after));
}

bool mss_clamp(struct packet *pkt, size_t mtu, size_t most)
{
	size_t headers = TCP_BYTES;
	size_t at, largest;
	uint8_t *tcp;

	if (!is_syn(pkt))
		return false;
	headers += pkt->family == FAMILY_IPV4 ? IPV4_BYTES : IPV6_BYTES;
	largest = mtu - headers < most ? mtu - headers : most;
	tcp = l4_data(pkt);
	at = find(tcp, (tcp[12] >> 4) * 4u);
	if (!at || word_at(tcp + at) <= largest)
		return false;
	put(tcp, at, (uint16_t)largest, pkt->checksum != CHECKSUM_PARTIAL);
	return true;
}
