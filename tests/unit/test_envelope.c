/* SPDX-License-Identifier: ISC */
/* The headers that a datagram had: as the parser of packets finds them. */
#include "unit.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/envelope.h"
#include "packet/ethernet.h"
#include "packet/ip.h"

#define PAYLOAD "0123456789abcde"
#define LEN	15

static uint8_t bytes[ENVELOPE_BYTES_MAX + LEN];
static struct endpoint endpoint;
static struct packet pkt;

static void make(const char *far, const char *own)
{
	memset(bytes, 0xee, sizeof(bytes));
	endpoint = (struct endpoint){0};
	ck_assert_int_eq(endpoint_parse(&endpoint, far), 0);
	if (own)
		ck_assert_int_eq(address_parse(&endpoint.source, own), 0);
}

static size_t write_envelope(bool is_outbound, bool is_ethernet)
{
	const struct envelope envelope = {.endpoint = &endpoint,
	    .own_port = 51820,
	    .is_outbound = is_outbound,
	    .is_ethernet = is_ethernet,
	    .ecn = 2,
	    .payload = (const uint8_t *)PAYLOAD,
	    .len = LEN};
	size_t head = envelope_write(bytes, &envelope);

	memcpy(bytes + head, PAYLOAD, LEN);
	pkt = (struct packet){.buffer = bytes,
	    .buffer_bytes = sizeof(bytes),
	    .len = (uint32_t)head + LEN};
	return head;
}

static void expect_ends(
    const char *source, uint16_t from, const char *destination, uint16_t to)
{
	char text[ADDRESS_TEXT_BYTES];

	ck_assert_str_eq(
	    address_format(&pkt.source, text, sizeof(text)), source);
	ck_assert_str_eq(
	    address_format(&pkt.destination, text, sizeof(text)), destination);
	ck_assert_uint_eq(pkt.source_port, from);
	ck_assert_uint_eq(pkt.destination_port, to);
	ck_assert_uint_eq(pkt.l4_protocol, IP_PROTOCOL_UDP);
	ck_assert_uint_eq(pkt.inner_ecn, 2);
	ck_assert_uint_eq(pkt.ttl, 64);
}

START_TEST(an_outbound_datagram_goes_to_the_far_end)
{
	make("192.0.2.7:4000", "10.99.0.1");
	ck_assert_uint_eq(write_envelope(true, false), 28);
	ck_assert_int_eq(packet_parse_ip(&pkt), DROP_NONE);
	expect_ends("10.99.0.1", 51820, "192.0.2.7", 4000);
	ck_assert_uint_eq(pkt.ip_bytes, 28 + LEN);
}
END_TEST

START_TEST(an_inbound_datagram_comes_from_there)
{
	make("192.0.2.7:4000", "10.99.0.1");
	ck_assert_uint_eq(write_envelope(false, false), 28);
	ck_assert_int_eq(packet_parse_ip(&pkt), DROP_NONE);
	expect_ends("192.0.2.7", 4000, "10.99.0.1", 51820);
}
END_TEST

START_TEST(ipv6_has_its_checksum)
{
	uint16_t sum;

	make("[2001:db8::7]:4000", "2001:db8::1");
	ck_assert_uint_eq(write_envelope(true, false), 48);
	ck_assert_int_eq(packet_parse_ip(&pkt), DROP_NONE);
	expect_ends("2001:db8::1", 51820, "2001:db8::7", 4000);
	sum = checksum_pseudo(
	    &pkt.source, &pkt.destination, IP_PROTOCOL_UDP, 8 + LEN);
	ck_assert_uint_eq(
	    checksum_finish(checksum_add(sum, bytes + IPV6_BYTES, 8 + LEN)), 0);
}
END_TEST

START_TEST(an_end_that_is_not_known_is_unspecified)
{
	make("192.0.2.7:4000", NULL);
	ck_assert_uint_eq(write_envelope(true, false), 28);
	ck_assert_int_eq(packet_parse_ip(&pkt), DROP_NONE);
	expect_ends("0.0.0.0", 51820, "192.0.2.7", 4000);
	make("192.0.2.7:4000", "2001:db8::1");
	ck_assert_uint_eq(write_envelope(true, false), 28);
	ck_assert_int_eq(packet_parse_ip(&pkt), DROP_NONE);
	expect_ends("0.0.0.0", 51820, "192.0.2.7", 4000);
}
END_TEST

START_TEST(a_tap_gets_frames)
{
	make("[2001:db8::7]:4000", "2001:db8::1");
	ck_assert_uint_eq(write_envelope(true, true), ENVELOPE_BYTES_MAX);
	ck_assert_int_eq(packet_parse_ethernet(&pkt), DROP_NONE);
	ck_assert_uint_eq(pkt.ethertype, ETHERTYPE_IPV6);
	ck_assert_int_eq(packet_parse_payload(&pkt), DROP_NONE);
	expect_ends("2001:db8::1", 51820, "2001:db8::7", 4000);
	make("192.0.2.7:4000", "10.99.0.1");
	ck_assert_uint_eq(write_envelope(true, true), 42);
	ck_assert_int_eq(packet_parse_ethernet(&pkt), DROP_NONE);
	ck_assert_uint_eq(pkt.ethertype, ETHERTYPE_IPV4);
}
END_TEST

START_TEST(without_an_address_there_is_no_envelope)
{
	make("192.0.2.7:4000", "10.99.0.1");
	endpoint.address.family = FAMILY_NONE;
	ck_assert_uint_eq(write_envelope(true, false), 0);
}
END_TEST

START_TEST(what_is_too_long_for_ip_has_none)
{
	static uint8_t payload[65536];
	struct envelope envelope = {.endpoint = &endpoint, .payload = payload};

	make("[2001:db8::7]:4000", "2001:db8::1");
	envelope.len = 65535 - 28 + 1;
	ck_assert_uint_eq(envelope_write(bytes, &envelope), 0);
	envelope.len--;
	ck_assert_uint_eq(envelope_write(bytes, &envelope), 48);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("envelope");
	TCase *tcase = tcase_create("headers");

	tcase_add_test(tcase, an_outbound_datagram_goes_to_the_far_end);
	tcase_add_test(tcase, an_inbound_datagram_comes_from_there);
	tcase_add_test(tcase, ipv6_has_its_checksum);
	tcase_add_test(tcase, an_end_that_is_not_known_is_unspecified);
	tcase_add_test(tcase, a_tap_gets_frames);
	tcase_add_test(tcase, without_an_address_there_is_no_envelope);
	tcase_add_test(tcase, what_is_too_long_for_ip_has_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
