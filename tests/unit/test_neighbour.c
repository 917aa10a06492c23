/* SPDX-License-Identifier: ISC */
/* What ARP and ND claim, and what only routers and servers say. */
#include "unit.h"

#include <stdio.h>

#include "frame.h"
#include "header.h"
#include "packet/ethernet.h"
#include "packet/neighbour.h"
#include "seed.h"

#define MACS "02005e100001 02005e100002 "
#define ARP  MACS "0806 "
#define M3   "02005e100003 "

/* "0001 0800 06 04 0002": Ethernet, IPv4, reply */
#define ARP_IPV4     "0001080006040002 "
#define ARP_SENDER   M3 "0a090007 "
#define ARP_TARGET   "000000000000 0a090001 "
#define ARP_OF(head) ARP head ARP_SENDER ARP_TARGET

static const struct arp {
	const char *name, *hex;
	enum drop drop;
	const char *address; /* NULL: none is claimed */
	bool has_mac;
} arps[] = {
    {"request", ARP_OF("0001080006040001"), DROP_NONE, "10.9.0.7", true},
    {"reply", ARP_OF(ARP_IPV4), DROP_NONE, "10.9.0.7", true},
    {"with padding", ARP_OF(ARP_IPV4) "0000000000000000", DROP_NONE, "10.9.0.7",
	true},
    {"tagged", MACS "8100 0007 0806" ARP_IPV4 ARP_SENDER ARP_TARGET, DROP_NONE,
	"10.9.0.7", true},
    {"probe", ARP "0001080006040001" M3 "00000000" ARP_TARGET, DROP_NONE, NULL,
	true},
    {"gratuitous", ARP "0001080006040001" ARP_SENDER "000000000000 0a090007",
	DROP_NONE, "10.9.0.7", true},
    {"other hardware is taken by Linux", ARP_OF("0006080006040002"), DROP_NONE,
	"10.9.0.7", true},
    {"other operation", ARP_OF("0001080006040009"), DROP_NONE, "10.9.0.7",
	true},
    {"other protocol", ARP_OF("000186dd06100001"), DROP_NONE, NULL, false},
    {"other protocol and short", ARP "0001809b06040001", DROP_NONE, NULL,
	false},
    {"wrong length of MAC", ARP_OF("0001080008040001"), DROP_PKT_TOO_SMALL,
	NULL, false},
    {"wrong length of address", ARP_OF("0001080006060001"), DROP_PKT_TOO_SMALL,
	NULL, false},
    {"no lengths", ARP_OF("0001080000000001"), DROP_PKT_TOO_SMALL, NULL, false},
    {"nothing", ARP, DROP_PKT_TOO_SMALL, NULL, false},
    {"a byte short of the head", ARP "00010800060400", DROP_PKT_TOO_SMALL, NULL,
	false},
    {"no sender", ARP ARP_IPV4, DROP_PKT_TOO_SMALL, NULL, false},
    {"a byte short", ARP ARP_IPV4 ARP_SENDER "000000000000 0a0900",
	DROP_PKT_TOO_SMALL, NULL, false},
    {"no arp", MACS "88cc" ARP_IPV4 ARP_SENDER ARP_TARGET, DROP_NONE, NULL,
	false},
};

static enum drop parse(
    const char *hex, struct neighbour_claim *claim, struct held *held)
{
	frame_hold_hex(held, hex);
	ck_assert_int_eq(packet_parse_ethernet(&held->pkt), DROP_NONE);
	(void)!packet_parse_payload(&held->pkt);
	memset(claim, 0xee, sizeof(*claim));
	return packet_parse_neighbour(&held->pkt, claim);
}

static void check_claim(
    const struct neighbour_claim *claim, const char *address, bool has_mac)
{
	char text[ADDRESS_TEXT_BYTES];

	if (address)
		ck_assert_str_eq(
		    address_format(&claim->address, text, sizeof(text)),
		    address);
	else
		ck_assert_int_eq(claim->address.family, FAMILY_NONE);
	ck_assert_int_eq(claim->has_mac, has_mac);
	if (has_mac)
		ck_assert_mem_eq(claim->mac.bytes,
		    ((uint8_t[]){2, 0, 0x5e, 0x10, 0, 3}), MAC_BYTES);
}

START_TEST(each_arp_message_of_the_table_gets_its_claim)
{
	const struct arp *arp = &arps[_i];
	struct neighbour_claim claim;
	struct held held;
	enum drop drop = parse(arp->hex, &claim, &held);

	ck_assert_msg(drop == arp->drop, "%s: %s", arp->name, drop_name(drop));
	check_claim(&claim, arp->address, arp->has_mac);
	ck_assert(!packet_is_router_message(&held.pkt));
	ck_assert(!packet_is_dhcp_server_message(&held.pkt));
	frame_release(&held);
}
END_TEST

/* IPv6 in a frame: the length is put in by hold_ipv6. */
#define LINK_LOCAL "fe80 000000000000 00005efffe100003 "
#define ANY	   "0000000000000000 0000000000000000 "
#define TO	   "ff02000000000000 00000001ff000007 "
#define TARGET	   "fd09000000000000 0000000000000007 "
#define ICMPV6	   "3a"
#define FRAGMENTS  "2c"
#define OPTIONS	   "3c"
#define SLLA	   "0101" M3
#define TLLA	   "0201" M3
#define NS	   "8700000000000000" TARGET
#define NA	   "8800000060000000" TARGET
#define RS	   "8500000000000000"
#define RA	   "8600000040000708 0000000000000000"
#define REDIRECT   "8900000000000000" TARGET TARGET
#define MTU	   "0501 0000 000005dc "

static const struct nd {
	const char *name, *next, *source, *hex;
	enum drop drop;
	bool has_address, has_mac;
	bool is_router;
} nds[] = {
    {"ns", ICMPV6, LINK_LOCAL, NS SLLA, DROP_NONE, false, true, false},
    {"ns without option", ICMPV6, LINK_LOCAL, NS, DROP_NONE, false, false,
	false},
    {"dad", ICMPV6, ANY, NS, DROP_NONE, true, false, false},
    {"dad with nonce", ICMPV6, ANY, NS "0e01112233445566", DROP_NONE, true,
	false, false},
    {"na", ICMPV6, LINK_LOCAL, NA TLLA, DROP_NONE, true, true, false},
    {"na without option", ICMPV6, LINK_LOCAL, NA, DROP_NONE, true, false,
	false},
    {"na with the other option", ICMPV6, LINK_LOCAL, NA "010102005e100009",
	DROP_NONE, true, false, false},
    {"na with other options", ICMPV6, LINK_LOCAL, NA MTU TLLA MTU, DROP_NONE,
	true, true, false},
    {"the first of two", ICMPV6, LINK_LOCAL, NA TLLA "020102005e100009",
	DROP_NONE, true, true, false},
    {"na behind an extension", OPTIONS, LINK_LOCAL, "3a00010400000000" NA TLLA,
	DROP_NONE, true, true, false},
    {"na in an atomic fragment", FRAGMENTS, LINK_LOCAL,
	"3a00000000000005" NA TLLA, DROP_NONE, true, true, false},
    {"rs", ICMPV6, LINK_LOCAL, RS SLLA, DROP_NONE, false, true, false},
    {"ra", ICMPV6, LINK_LOCAL, RA SLLA MTU, DROP_NONE, false, true, true},
    {"redirect", ICMPV6, LINK_LOCAL, REDIRECT TLLA, DROP_NONE, false, true,
	true},
    {"short rs", ICMPV6, LINK_LOCAL, "85000000000000", DROP_PKT_TOO_SMALL,
	false, false, false},
    {"short ra", ICMPV6, LINK_LOCAL, "860000004000070800000000000000",
	DROP_PKT_TOO_SMALL, false, false, true},
    {"short ns", ICMPV6, LINK_LOCAL, "8700000000000000 fd09",
	DROP_PKT_TOO_SMALL, false, false, false},
    {"na of its type only", ICMPV6, LINK_LOCAL, "88", DROP_PKT_TOO_SMALL, false,
	false, false},
    {"ra of its type only", ICMPV6, LINK_LOCAL, "86", DROP_PKT_TOO_SMALL, false,
	false, true},
    {"short redirect", ICMPV6, LINK_LOCAL, "8900000000000000" TARGET,
	DROP_PKT_TOO_SMALL, false, false, true},
    {"option of length 0", ICMPV6, LINK_LOCAL, NA "020002005e100003",
	DROP_IPV6_NDISC_BAD_OPTIONS, false, false, false},
    {"option past the end", ICMPV6, LINK_LOCAL, NA "020202005e100003",
	DROP_IPV6_NDISC_BAD_OPTIONS, false, false, false},
    {"other option past the end", ICMPV6, LINK_LOCAL, NA TLLA "0502000005dc",
	DROP_IPV6_NDISC_BAD_OPTIONS, false, false, false},
    {"long address option", ICMPV6, LINK_LOCAL, NA "0202" M3 "0000000000000000",
	DROP_IPV6_NDISC_BAD_OPTIONS, false, false, false},
    {"half an option head", ICMPV6, LINK_LOCAL, NA "02",
	DROP_IPV6_NDISC_BAD_OPTIONS, false, false, false},
    {"address option cut", ICMPV6, LINK_LOCAL, NA "020102005e1000",
	DROP_IPV6_NDISC_BAD_OPTIONS, false, false, false},
    {"first fragment of an na", FRAGMENTS, LINK_LOCAL,
	"3a00000100000005" NA TLLA, DROP_IPV6_NDISC_BAD_OPTIONS, false, false,
	false},
    {"first fragment of an ra", FRAGMENTS, LINK_LOCAL, "3a00000100000005" RA,
	DROP_IPV6_NDISC_BAD_OPTIONS, false, false, true},
    {"first fragment without a type", FRAGMENTS, LINK_LOCAL, "3a00000100000005",
	DROP_IPV6_NDISC_BAD_OPTIONS, false, false, true},
    {"first fragment without its chain", FRAGMENTS, LINK_LOCAL,
	"3c000001000000053a", DROP_NONE, false, false, true},
    {"first fragment of an echo", FRAGMENTS, LINK_LOCAL,
	"3a00000100000005 80000000 00000000", DROP_NONE, false, false, false},
    {"later fragment like an ra", FRAGMENTS, LINK_LOCAL, "3a00001000000005" RA,
	DROP_NONE, false, false, false},
    {"echo", ICMPV6, LINK_LOCAL, "8000000000000000", DROP_NONE, false, false,
	false},
    {"icmpv6 without a byte", ICMPV6, LINK_LOCAL, "", DROP_NONE, false, false,
	false},
    {"udp like an ra", "11", LINK_LOCAL, RA, DROP_NONE, false, false, false},
    {"nine extensions before an ra", OPTIONS, LINK_LOCAL,
	"3c00010400000000 3c00010400000000 3c00010400000000"
	"3c00010400000000 3c00010400000000 3c00010400000000"
	"3c00010400000000 3c00010400000000 3a00010400000000" RA,
	DROP_NONE, false, false, true},
};

static void hold_ipv6(struct held *held, const char *next, const char *source,
    const char *payload)
{
	uint8_t bytes[FRAME_BYTES_MAX];
	size_t len;

	len = frame_unhex(bytes, MACS "86dd 60000000 0000");
	len += frame_unhex(bytes + len, next);
	bytes[len++] = 255;
	len += frame_unhex(bytes + len, source);
	len += frame_unhex(bytes + len, TO);
	ck_assert_uint_eq(len, ETHERNET_BYTES + IPV6_BYTES);
	len += frame_unhex(bytes + len, payload);
	checksum_store(bytes + ETHERNET_BYTES + 4,
	    (uint16_t)(len - ETHERNET_BYTES - IPV6_BYTES));
	frame_hold(held, bytes, len);
	ck_assert_int_eq(packet_parse_ethernet(&held->pkt), DROP_NONE);
	(void)!packet_parse_payload(&held->pkt);
}

START_TEST(each_nd_message_of_the_table_gets_its_claim)
{
	const struct nd *nd = &nds[_i];
	struct neighbour_claim claim;
	struct held held;
	enum drop drop;

	hold_ipv6(&held, nd->next, nd->source, nd->hex);
	drop = packet_parse_neighbour(&held.pkt, &claim);
	ck_assert_msg(drop == nd->drop, "%s: %s", nd->name, drop_name(drop));
	check_claim(&claim, nd->has_address ? "fd09::7" : NULL, nd->has_mac);
	ck_assert_msg(packet_is_router_message(&held.pkt) == nd->is_router,
	    "%s", nd->name);
	frame_release(&held);
}
END_TEST

START_TEST(options_end_with_the_packet_and_not_with_the_frame)
{
	struct neighbour_claim claim;
	struct held held;
	uint8_t bytes[FRAME_BYTES_MAX];
	size_t len = frame_unhex(bytes,
	    MACS "86dd 60000000 0018 3a ff" LINK_LOCAL TO NA TLLA "0000");

	frame_hold(&held, bytes, len);
	ck_assert_int_eq(packet_parse_ethernet(&held.pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_payload(&held.pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_neighbour(&held.pkt, &claim), DROP_NONE);
	check_claim(&claim, "fd09::7", false);
	frame_release(&held);
}
END_TEST

static const struct served {
	const char *name, *next, *payload; /* next NULL: IPv4 */
	uint8_t protocol;
	uint16_t fragment;
	bool is_server, is_router;
} serveds[] = {
    {"server to client", NULL, "0043004400080000", 17, 0, true, false},
    {"client to server", NULL, "0044004300080000", 17, 0, false, false},
    {"relay to server", NULL, "0043004300080000", 17, 0, true, false},
    {"other port to client", NULL, "1234004400080000", 17, 0, true, false},
    {"dns", NULL, "0035123400080000", 17, 0, false, false},
    {"tcp", NULL, "0043004400080000", 6, 0, false, false},
    {"v6 ports in v4", NULL, "0223022200080000", 17, 0, false, false},
    {"length 0", NULL, "0043004400000000", 17, 0, true, false},
    {"first fragment", NULL, "0043004400080000", 17, 0x2000, true, false},
    {"first fragment of a client", NULL, "0044004300080000", 17, 0x2000, false,
	false},
    {"first fragment without ports", NULL, "004300", 17, 0x2000, true, false},
    {"whole without ports", NULL, "004300", 17, 0, false, false},
    {"later fragment", NULL, "0043004400080000", 17, 8, false, false},
    {"icmp redirect", NULL, "0501000000000000", 1, 0, false, true},
    {"icmp router advertisement", NULL, "0900000000000000", 1, 0, false, true},
    {"icmp echo", NULL, "0800000000000000", 1, 0, false, false},
    {"icmp later fragment", NULL, "0500000000000000", 1, 8, false, false},
    {"icmp fragment of nothing", NULL, "", 1, 0x2000, false, true},
    {"icmp of nothing", NULL, "", 1, 0, false, false},
    {"icmp like an ra", NULL, "8600000000000000", 1, 0, false, false},
    {"icmpv6 in v4", NULL, "8600000000000000", 58, 0, false, false},
    {"server6 to client", "11", "0223022200080000", 0, 0, true, false},
    {"client to server6", "11", "0222022300080000", 0, 0, false, false},
    {"other port to client6", "11", "1234022200080000", 0, 0, true, false},
    {"server6 of length 0", "11", "0223022200000000", 0, 0, true, false},
    {"v4 ports in v6", "11", "0043004400080000", 0, 0, false, false},
    {"server6 behind an extension", OPTIONS,
	"1100010400000000 0223022200080000", 0, 0, true, false},
    {"first fragment of server6", FRAGMENTS,
	"1100000100000005 0223022200080000", 0, 0, true, false},
    {"fragment6 without ports", FRAGMENTS, "1100000100000005", 0, 0, true,
	false},
    {"fragment6 without its chain", FRAGMENTS, "3c00000100000005", 0, 0, true,
	true},
    {"later fragment of server6", FRAGMENTS,
	"1100000800000005 0223022200080000", 0, 0, false, false},
    {"icmp in v6", "01", "0501000000000000", 0, 0, false, false},
};

static void hold_ipv4(struct held *held, const struct served *served)
{
	uint8_t bytes[FRAME_BYTES_MAX], *ip = bytes + ETHERNET_BYTES;
	size_t len = frame_unhex(
	    bytes, MACS "0800 4500000000070000 40000000 0a090007 0a090001");

	len += frame_unhex(bytes + len, served->payload);
	checksum_store(ip + 2, (uint16_t)(len - ETHERNET_BYTES));
	checksum_store(ip + 6, served->fragment);
	ip[9] = served->protocol;
	header_finish(ip, IPV4_BYTES);
	frame_hold(held, bytes, len);
	ck_assert_int_eq(packet_parse_ethernet(&held->pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_payload(&held->pkt), DROP_NONE);
}

START_TEST(only_servers_and_routers_send_these)
{
	const struct served *served = &serveds[_i];
	struct neighbour_claim claim;
	struct held held;

	if (served->next)
		hold_ipv6(&held, served->next, LINK_LOCAL, served->payload);
	else
		hold_ipv4(&held, served);
	ck_assert_msg(
	    packet_is_dhcp_server_message(&held.pkt) == served->is_server, "%s",
	    served->name);
	ck_assert_msg(packet_is_router_message(&held.pkt) == served->is_router,
	    "%s", served->name);
	ck_assert_int_eq(packet_parse_neighbour(&held.pkt, &claim), DROP_NONE);
	check_claim(&claim, NULL, false);
	frame_release(&held);
}
END_TEST

static const struct {
	const char *hex;
	bool is_opaque;
} wrapped[] = {
    {MACS "8100 0000 8100 0000 8100 0000 8100 0000 8100 0000 86dd", true},
    {MACS "0040 aaaa03 000000 86dd 60", true},
    {MACS "0040 aaaa03 000000 0800 45", true},
    {MACS "0040 aaaa03 00000c 2000", false},
    {MACS "88cc", false},
    {MACS "86dd", false},
    {MACS "86dd 4500000000070000400000000a0900070a090001"
	  "0000000000000000000000000000000000000000",
	false},
    {MACS "0800 45000000", false},
};

START_TEST(what_the_parser_does_not_see_can_be_anything)
{
	struct neighbour_claim claim;
	struct held held;

	ck_assert_int_eq(parse(wrapped[_i].hex, &claim, &held), DROP_NONE);
	ck_assert_int_eq(
	    packet_is_router_message(&held.pkt), wrapped[_i].is_opaque);
	ck_assert_int_eq(
	    packet_is_dhcp_server_message(&held.pkt), wrapped[_i].is_opaque);
	frame_release(&held);
}
END_TEST

/* Whatever is cut off or changed, no byte beyond is read. */
START_TEST(random_messages_are_read_within_their_bounds)
{
	struct seed seed = seed_start();

	for (int i = 0; i < 30000; i++) {
		const struct nd *nd = &nds[seed_below(&seed, ARRAY_SIZE(nds))];
		struct neighbour_claim claim;
		struct held whole, held;
		size_t cut;

		hold_ipv6(&whole, nd->next, nd->source, nd->hex);
		cut = seed_below(&seed, whole.pkt.len + 1);
		whole.bytes[seed_below(&seed, whole.pkt.len)] =
		    (uint8_t)seed_next(&seed);
		frame_hold(&held, whole.bytes, cut);
		/* or nearly no cut packet would be whole */
		if (cut >= ETHERNET_BYTES + IPV6_BYTES)
			checksum_store(held.bytes + ETHERNET_BYTES + 4,
			    (uint16_t)(cut - ETHERNET_BYTES - IPV6_BYTES));
		if (!packet_parse_ethernet(&held.pkt)) {
			(void)!packet_parse_payload(&held.pkt);
			if (packet_parse_neighbour(&held.pkt, &claim))
				check_claim(&claim, NULL, false);
			(void)!packet_is_router_message(&held.pkt);
			(void)!packet_is_dhcp_server_message(&held.pkt);
		}
		frame_release(&whole);
		frame_release(&held);
	}
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("neighbour");
	TCase *tcase = tcase_create("neighbour");

	suite_add_tcase(suite, tcase);
	EACH(tcase, each_arp_message_of_the_table_gets_its_claim, arps);
	EACH(tcase, each_nd_message_of_the_table_gets_its_claim, nds);
	tcase_add_test(
	    tcase, options_end_with_the_packet_and_not_with_the_frame);
	EACH(tcase, only_servers_and_routers_send_these, serveds);
	EACH(tcase, what_the_parser_does_not_see_can_be_anything, wrapped);
	tcase_add_test(tcase, random_messages_are_read_within_their_bounds);
	return suite;
}
