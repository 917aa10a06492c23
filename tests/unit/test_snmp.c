/* SPDX-License-Identifier: ISC */
/* The kernel's counters: which packet moves which. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "tap_lab.h"

static struct snmp before;

static void setup_snmp(void)
{
	setup();
	set_addresses();
	path_set_forwarding(path, true);
	path_set_mtu(path, 1000);
}

/* Lengthens a packet of udp() or udp6(). */
static struct packet *large(struct packet *pkt, uint8_t flags)
{
	uint8_t *at = packet_data(pkt);
	bool is_ipv4 = at[0] >> 4 == 4;
	uint8_t *field = at + (is_ipv4 ? 2 : 4);

	memset(at + pkt->len, 0, 1400 - pkt->len);
	pkt->len = 1400;
	field[0] = (uint8_t)((is_ipv4 ? 1400 : 1360) >> 8);
	field[1] = (uint8_t)(is_ipv4 ? 1400 : 1360);
	if (!is_ipv4)
		return pkt;
	at[6] = flags;
	header_finish(at, IPV4_BYTES);
	return pkt;
}

static struct packet *with(struct packet *pkt, size_t at, uint8_t byte)
{
	packet_data(pkt)[at] = byte;
	if (packet_data(pkt)[0] >> 4 == 4)
		header_finish(packet_data(pkt), IPV4_BYTES);
	return pkt;
}

static struct packet *cut(struct packet *pkt, uint32_t len)
{
	pkt->len = len;
	return pkt;
}

/* ---- packets, and what they move: "NAME=N" of all but octets ---- */

static struct packet *to_host4(void)
{
	return udp("10.9.0.7", "10.9.0.1", 53);
}

static struct packet *to_host6(void)
{
	return with(udp6("fd09::7", "fd09::1"), 7, 64);
}

static struct packet *marked4(void)
{
	return with(to_host4(), 1, 2);
}

static struct packet *marked6(void)
{
	return with(to_host6(), 1, 0x30);
}

static struct packet *bad_sum(void)
{
	struct packet *pkt = to_host4();

	packet_data(pkt)[IPV4_CHECKSUM] ^= 1;
	return pkt;
}

static struct packet *short_header4(void)
{
	return cut(to_host4(), 19);
}

static struct packet *short_header6(void)
{
	return cut(to_host6(), 39);
}

static struct packet *truncated4(void)
{
	return cut(to_host4(), INNER_BYTES - 1);
}

static struct packet *truncated6(void)
{
	return cut(to_host6(), IPV6_BYTES + 1);
}

static struct packet *spoofed(void)
{
	return udp("10.9.0.8", "10.9.0.1", 53);
}

static struct packet *martian(void)
{
	return udp("127.0.0.1", "10.9.0.1", 53);
}

static struct packet *group6(void)
{
	return with(udp6("fd09::7", "ff02::1"), 7, 64);
}

static struct packet *to_peer4(void)
{
	return udp("10.9.0.7", "10.9.0.8", 53);
}

static struct packet *to_peer6(void)
{
	return with(udp6("fd09::7", "fd09::8"), 7, 64);
}

static struct packet *last_hop4(void)
{
	return with(to_peer4(), 8, 1);
}

static struct packet *last_hop6(void)
{
	return with(to_peer6(), 7, 1);
}

static struct packet *large4(void)
{
	return large(to_peer4(), 0x40);
}

static struct packet *large6(void)
{
	path_set_mtu(path, 1300);
	return large(to_peer6(), 0);
}

static struct packet *divisible(void)
{
	return large(to_peer4(), 0);
}

static const struct {
	struct packet *(*make)(void);
	const char *moves; /* in the order of the list */
} inbound[] = {
    {to_host4, "IpInReceives=1 IpInDelivers=1 IpExtInNoECTPkts=1"},
    {to_host6, "Ip6InReceives=1 Ip6InDelivers=1 Ip6InNoECTPkts=1"},
    {marked4, "IpInReceives=1 IpInDelivers=1 IpExtInECT0Pkts=1"},
    {marked6, "Ip6InReceives=1 Ip6InDelivers=1 Ip6InCEPkts=1"},
    {bad_sum, "IpInReceives=1 IpInHdrErrors=1 IpExtInCsumErrors=1 "
	      "IpExtInNoECTPkts=1"},
    {short_header4, "IpInReceives=1 IpInHdrErrors=1"},
    {short_header6, "Ip6InReceives=1 Ip6InHdrErrors=1"},
    {truncated4, "IpInReceives=1 IpExtInTruncatedPkts=1 IpExtInNoECTPkts=1"},
    {truncated6, "Ip6InReceives=1 Ip6InTruncatedPkts=1 Ip6InNoECTPkts=1"},
    {spoofed, "IpInReceives=1 TcpExtIPReversePathFilter=1 "
	      "IpExtInNoECTPkts=1"},
    {martian, "IpInReceives=1 IpExtInNoECTPkts=1"},
    {group6, "Ip6InReceives=1 Ip6InDelivers=1 Ip6InMcastPkts=1 "
	     "Ip6InNoECTPkts=1"},
    {to_peer4, "IpInReceives=1 IpForwDatagrams=1 IpOutTransmits=1 "
	       "IpExtInNoECTPkts=1"},
    {to_peer6, "Ip6InReceives=1 Ip6OutForwDatagrams=1 Ip6InNoECTPkts=1 "
	       "Ip6OutTransmits=1"},
    {last_hop4, "IpInReceives=1 IpInHdrErrors=1 IpOutRequests=1 "
		"IpOutTransmits=1 IcmpOutMsgs=1 IcmpOutTimeExcds=1 "
		"IpExtInNoECTPkts=1"},
    {last_hop6, "Ip6InReceives=1 Ip6InHdrErrors=1 Ip6OutRequests=1 "
		"Ip6InNoECTPkts=1 Ip6OutTransmits=1 Icmp6OutMsgs=1 "
		"Icmp6OutTimeExcds=1"},
    {large4, "IpInReceives=1 IpForwDatagrams=1 IpOutRequests=1 IpFragFails=1 "
	     "IpOutTransmits=1 IcmpOutMsgs=1 IcmpOutDestUnreachs=1 "
	     "IpExtInNoECTPkts=1"},
    {large6, "Ip6InReceives=1 Ip6InTooBigErrors=1 Ip6OutForwDatagrams=1 "
	     "Ip6OutRequests=1 Ip6FragFails=1 Ip6InNoECTPkts=1 "
	     "Ip6OutTransmits=1 Icmp6OutMsgs=1 Icmp6OutPktTooBigs=1"},
    {divisible, "IpInReceives=1 IpForwDatagrams=1 IpFragOKs=1 IpFragCreates=2 "
		"IpOutTransmits=1 IpExtInNoECTPkts=1"},
};

struct report {
	char text[512];
	size_t idx;
};

static void add(void *context, const struct snmp_counter *counter)
{
	struct report *report = context;
	uint64_t moved = counter->value - before.counts[++report->idx];
	size_t used = strlen(report->text);

	if (!moved || strstr(counter->name, "Octets"))
		return;
	snprintf(report->text + used, sizeof(report->text) - used,
	    "%s%s%s=%llu", used ? " " : "", counter->group, counter->name,
	    (unsigned long long)moved);
}

static void check_moved(const char *expected)
{
	struct report report = {.text = ""};

	path_each_snmp(path, add, &report);
	ck_assert_uint_eq(report.idx, SNMP_COUNT - 1);
	ck_assert_str_eq(report.text, expected);
	before = path->snmp;
}

START_TEST(a_packet_of_a_peer_moves_these)
{
	memset(&before, 0, sizeof(before));
	receive(inbound[_i].make());
	check_moved(inbound[_i].moves);
}
END_TEST

START_TEST(a_packet_of_the_host_moves_these)
{
	memset(&before, 0, sizeof(before));
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	check_moved("IpOutRequests=1 IpOutTransmits=1");
	transmit(udp6("fd09::1", "fd09::7"));
	check_moved("Ip6OutRequests=1 Ip6OutTransmits=1");
	transmit(large(udp("10.9.0.1", "10.9.0.7", 53), 0x40));
	check_moved("IpOutRequests=1 IpFragFails=1 IpOutTransmits=1 "
		    "IcmpOutMsgs=1 IcmpOutDestUnreachs=1");
	transmit(large(udp("10.9.0.1", "10.9.0.7", 53), 0));
	check_moved("IpOutRequests=1 IpFragOKs=1 IpFragCreates=2 "
		    "IpOutTransmits=1");
}
END_TEST

START_TEST(octets_are_those_of_the_packet)
{
	struct packet *pkt = to_host4();

	memset(packet_data(pkt) + pkt->len, 0, 8);
	pkt->len += 8; /* padding counts, as it does in the kernel */
	receive(pkt);
	ck_assert_uint_eq(
	    path->snmp.counts[SNMP_IpExtInOctets], INNER_BYTES + 8);
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpExtOutOctets], INNER_BYTES);
}
END_TEST

START_TEST(a_super_packet_counts_its_segments)
{
	struct packet *pkt = to_host4();

	pkt->segments = 44;
	receive(pkt);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpInReceives], 44);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpInDelivers], 44);
}
END_TEST

START_TEST(answers_that_are_too_many_are_counted)
{
	for (int i = 0; i < 60; i++)
		receive(last_hop4());
	ck_assert_uint_eq(path->snmp.counts[SNMP_IcmpOutTimeExcds], 50);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IcmpOutRateLimitGlobal], 10);
}
END_TEST

START_TEST(frames_move_none)
{
	memset(&before, 0, sizeof(before));
	receive(ip_frame(udp("10.9.0.7", "10.9.0.1", 53)));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	check_moved("");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("snmp");
	TCase *tcase = tcase_create("snmp");
	TCase *tap = tcase_create("tap");

	tcase_add_checked_fixture(tcase, setup_snmp, teardown);
	EACH(tcase, a_packet_of_a_peer_moves_these, inbound);
	tcase_add_test(tcase, a_packet_of_the_host_moves_these);
	tcase_add_test(tcase, octets_are_those_of_the_packet);
	tcase_add_test(tcase, a_super_packet_counts_its_segments);
	tcase_add_test(tcase, answers_that_are_too_many_are_counted);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tap, setup_tap, teardown_tap);
	tcase_add_test(tap, frames_move_none);
	suite_add_tcase(suite, tap);
	return suite;
}
