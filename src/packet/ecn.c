/* SPDX-License-Identifier: ISC */
/* ECN decapsulation: RFC 6040, figure 4; and marks of our own. */
#include "packet/ecn.h"

#include "packet/checksum.h"
#include "packet/ip.h"

#define ECN_REFUSED 4

/* By inner mark, then by outer mark: the mark that goes on. */
static const uint8_t table[4][4] = {
    [ECN_NOT_ECT] = {[ECN_CE] = ECN_REFUSED},
    [ECN_ECT_1] = {ECN_ECT_1, ECN_ECT_1, ECN_ECT_1, ECN_CE},
    [ECN_ECT_0] =
	{
	    [ECN_NOT_ECT] = ECN_ECT_0,
	    [ECN_ECT_1] = ECN_ECT_1,
	    [ECN_ECT_0] = ECN_ECT_0,
	    [ECN_CE] = ECN_CE,
	},
    [ECN_CE] = {ECN_CE, ECN_CE, ECN_CE, ECN_CE},
};

static uint16_t get_word(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* The mark is in the low bits of the first word's low byte. */
static void set_ipv4(uint8_t *header, uint8_t ecn)
{
	uint16_t before = get_word(header);
	uint16_t after = (uint16_t)((before & ~3) | ecn);
	uint16_t checksum = get_word(header + IPV4_CHECKSUM);

	header[1] = (uint8_t)after;
	checksum_store(
	    header + IPV4_CHECKSUM, checksum_replace(checksum, before, after));
}

/* The traffic class lies across the first two bytes. */
static void set_ipv6(uint8_t *header, uint8_t ecn)
{
	header[1] = (uint8_t)((header[1] & ~0x30) | ecn << 4);
}

bool ecn_is_settled(const struct packet *pkt)
{
	return table[pkt->inner_ecn & 3][pkt->outer_ecn & 3] == pkt->inner_ecn;
}

static void set(struct packet *pkt, uint8_t ecn)
{
	if (pkt->family == FAMILY_IPV4)
		set_ipv4(packet_l3(pkt), ecn);
	else
		set_ipv6(packet_l3(pkt), ecn);
	pkt->inner_ecn = ecn;
}

bool ecn_mark(struct packet *pkt)
{
	if (pkt->family == FAMILY_NONE || pkt->inner_ecn == ECN_NOT_ECT)
		return false;
	for (struct packet *at = pkt; at; at = packet_behind(pkt, at))
		if (at->inner_ecn != ECN_CE)
			set(at, ECN_CE);
	return true;
}

enum drop ecn_decapsulate(struct packet *pkt)
{
	uint8_t ecn;

	if (pkt->family == FAMILY_NONE)
		return DROP_NONE;
	ecn = table[pkt->inner_ecn & 3][pkt->outer_ecn & 3];
	if (ecn == ECN_REFUSED)
		return DROP_VPN_ECN;
	if (ecn == pkt->inner_ecn)
		return DROP_NONE;
	set(pkt, ecn);
	return DROP_NONE;
}
