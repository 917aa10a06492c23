/* SPDX-License-Identifier: ISC */
/* Packets in one line, to bytes and back. */
#include "unit.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/print.h"
#include "packet/spec.h"

#define LARGEST 9000

static struct pool *pool;
static struct packet *pkt;
static struct spec_error error;

static void setup(void)
{
	ck_assert_int_eq(pool_new(&pool, 1, LARGEST), 0);
	pkt = pool_get(pool);
}

static void teardown(void)
{
	pool_put(pool, pkt);
	pool_free(pool);
}

static struct packet_spec parse(const char *line)
{
	struct packet_spec spec;
	int err = packet_spec_parse(&spec, line, &error);

	if (err)
		ck_abort_msg(
		    "%s: column %zu: %s", line, error.column, error.text);
	return spec;
}

static void build(const char *line, bool is_frame)
{
	struct packet_spec spec = parse(line);
	int err = packet_spec_build(&spec, is_frame, LARGEST, pkt, &error);

	if (err)
		ck_abort_msg("%s: %s", line, error.text);
	if (is_frame) {
		ck_assert_int_eq(packet_parse_ethernet(pkt), DROP_NONE);
		ck_assert_int_eq(packet_parse_payload(pkt), DROP_NONE);
	} else {
		ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	}
}

static const char *printed(void)
{
	static char text[PACKET_TEXT_BYTES];

	return packet_print(pkt, text, sizeof(text));
}

/* ---- what packet_print writes is read again ---- */

static const char *const packets[] = {
    "udp 10.9.0.7:4000 > 10.9.0.1:53 len 80",
    "udp [fd09::7]:4000 > [fd09::1]:53 len 80",
    "tcp 10.9.0.7:4000 > 10.9.0.1:22 len 40",
    "tcp [fd09::7]:4000 > [fd09::1]:22 len 1280",
    "icmp 10.9.0.7:77 > 10.9.0.1 len 84",
    "icmp6 [fd09::7]:77 > fd09::1 len 104",
    "esp 10.9.0.7 > 10.9.0.1 len 100",
    "ah 10.9.0.7 > 10.9.0.1 len 100",
    "proto 47 fd09::7 > fd09::1 len 100",
    "udp 10.9.0.7:4000 > 10.9.0.1:53 frag len 548",
    "udp [fd09::7]:4000 > [fd09::1]:53 frag len 548",
};

START_TEST(a_printed_packet_is_read_again)
{
	build(packets[_i], false);
	ck_assert_str_eq(printed(), packets[_i]);
	ck_assert_uint_eq(pkt->ttl, 64);
}
END_TEST

static const char *const frames[] = {
    "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ethertype 0x88cc len 60",
    "02:00:00:00:00:01 > 02:00:00:00:00:02 ethertype 0x88b5 len 64 vlan 7",
    "udp 10.9.0.7:4000 > 10.9.0.1:53 len 80 vlan 4094",
    "icmp6 [fd09::7]:1 > fd09::1 len 62",
};

START_TEST(a_printed_frame_is_read_again)
{
	build(frames[_i], true);
	ck_assert_str_eq(printed(), frames[_i]);
}
END_TEST

START_TEST(an_arp_request_is_made)
{
	build("arp 10.9.0.7 > 10.9.0.1 mac 02:00:00:00:00:01 > "
	      "ff:ff:ff:ff:ff:ff",
	    true);
	ck_assert_str_eq(
	    printed(), "arp 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff len 42");
	ck_assert_mem_eq(packet_l3(pkt) + 8,
	    "\x02\0\0\0\0\x01\x0a\x09\0\x07\0\0\0\0\0\0\x0a\x09\0\x01", 20);
}
END_TEST

/* ---- what lines say ---- */

START_TEST(fields_are_where_they_belong)
{
	build("tcp 10.9.0.7:4000 > 10.9.0.1:22 flags syn,ack ttl 3 df id 77 "
	      "len 41",
	    false);
	ck_assert_uint_eq(pkt->tcp_flags, 0x12);
	ck_assert_uint_eq(pkt->ttl, 3);
	ck_assert_uint_eq(pkt->fragment_id, 77);
	ck_assert_uint_eq(packet_data(pkt)[6], 0x40);
	build("tcp 10.9.0.7:4000 > 10.9.0.1:22", false);
	ck_assert_uint_eq(pkt->tcp_flags, 0x02);
	build("tcp 10.9.0.7:4000 > 10.9.0.1:22 flags none", false);
	ck_assert_uint_eq(pkt->tcp_flags, 0);
	build("icmp 10.9.0.7 > 10.9.0.1 type 3 code 13", false);
	ck_assert_uint_eq(pkt->icmp_type, 3);
	ck_assert_uint_eq(pkt->icmp_code, 13);
	build("icmp6 fd09::7 > fd09::1", false);
	ck_assert_uint_eq(pkt->icmp_type, 128);
	build("  udp\t10.9.0.7:1  >  10.9.0.1:2  ttl 0xff ", false);
	ck_assert_uint_eq(pkt->ttl, 255);
	ck_assert_uint_eq(pkt->len, IPV4_BYTES + UDP_BYTES);
}
END_TEST

static const char *const later[] = {
    "udp 10.9.0.7 > 10.9.0.1 frag 1480 id 9",
    "udp fd09::7 > fd09::1 frag 1480 id 9",
};

START_TEST(a_later_fragment_has_no_ports)
{
	build(later[_i], false);
	ck_assert(pkt->is_later_fragment);
	ck_assert_uint_eq(pkt->fragment_offset, 1480);
	ck_assert_uint_eq(pkt->fragment_id, 9);
	ck_assert_uint_eq(pkt->l4_protocol, IP_PROTOCOL_UDP);
	ck_assert(!pkt->has_l4);
}
END_TEST

static uint16_t l4_sum(void)
{
	uint16_t sum = 0;

	if (pkt->l4_protocol != IP_PROTOCOL_ICMP)
		sum = checksum_pseudo(&pkt->source, &pkt->destination,
		    pkt->l4_protocol, l4_len(pkt));
	return checksum_finish(checksum_add(sum, l4_data(pkt), l4_len(pkt)));
}

#define WITH_CHECKSUM 6 /* the first ones of `packets` */

START_TEST(checksums_are_right)
{
	build(packets[_i], false);
	ck_assert_uint_eq(l4_sum(), 0);
}
END_TEST

/* ---- refused ---- */

static const struct {
	const char *line;
	size_t column;
	const char *text;
} refused[] = {
    {"", 1,
	"a packet begins with udp, tcp, icmp, icmp6, esp, ah, proto N, arp or "
	"a MAC address"},
    {"upd 1.1.1.1:1 > 2.2.2.2:2", 1,
	"a packet begins with udp, tcp, icmp, icmp6, esp, ah, proto N, arp or "
	"a MAC address"},
    {"udp", 4,
	"an address is wanted, as 10.9.0.7, 10.9.0.7:4000 or [fd09::7]:4000"},
    {"udp 10.9.0:1 > 2.2.2.2:2", 5,
	"an address is wanted, as 10.9.0.7, 10.9.0.7:4000 or [fd09::7]:4000"},
    {"udp 1.1.1.1:1 2.2.2.2:2", 15, "\">\" is wanted between the two ends"},
    {"udp 1.1.1.1:1 > [fd09::1]:2", 17, "both ends must be IPv4, or both IPv6"},
    {"udp 1.1.1.1 > 2.2.2.2:2", 1, "both ends need a port, as 10.9.0.7:4000"},
    {"esp 1.1.1.1:7 > 2.2.2.2", 5, "only the address is wanted here"},
    {"icmp fd09::7 > fd09::1", 1, "icmp is of IPv4, icmp6 of IPv6"},
    {"icmp6 1.1.1.1 > 2.2.2.2", 1, "icmp is of IPv4, icmp6 of IPv6"},
    {"arp fd09::7 > fd09::1", 22,
	"arp is about IPv4 addresses; of IPv6 see icmp6"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 lenn 80", 27,
	"unknown word \"lenn\"; did you mean \"len\"?"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 please", 27,
	"unknown word \"please\"; len, ttl, flags, type, code, frag, df, id, "
	"mac, vlan or ethertype may follow"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 len", 30,
	"len: a number from 0 to 65535 is wanted"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 len 65536", 31,
	"len: a number from 0 to 65535 is wanted"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 len 8a", 31,
	"len: a number from 0 to 65535 is wanted"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 ttl 256", 31,
	"ttl: a number from 0 to 255 is wanted"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 flags syn", 27, "flags: not of this protocol"},
    {"tcp 1.1.1.1:1 > 2.2.2.2:2 flags syn,akc", 33,
	"flags: none, or some of fin,syn,rst,psh,ack,urg,ece,cwr are wanted"},
    {"tcp 1.1.1.1:1 > 2.2.2.2:2 type 8", 27, "type: not of this protocol"},
    {"udp 1.1.1.1 > 2.2.2.2 frag 7", 28,
	"frag: a multiple of 8 up to 65528 is wanted, or nothing"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 vlan 4096", 32,
	"vlan: a number from 0 to 4095 is wanted"},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 mac 02:00", 31,
	"a MAC address is wanted, as 02:00:00:00:00:01"},
    {"proto 256 1.1.1.1 > 2.2.2.2", 7,
	"proto: a number from 0 to 255 is wanted"},
    {"02:00:00:00:00:01 > 02:00:00:00:00:02", 38,
	"a frame without IP needs its ethertype"},
};

START_TEST(a_wrong_line_is_refused_with_its_column)
{
	struct packet_spec spec;

	ck_assert_int_ne(packet_spec_parse(&spec, refused[_i].line, &error), 0);
	ck_assert_str_eq(error.text, refused[_i].text);
	ck_assert_uint_eq(error.column, refused[_i].column);
}
END_TEST

static const struct {
	const char *line, *text;
	bool is_frame;
} unbuilt[] = {
    {"udp 1.1.1.1:1 > 2.2.2.2:2 len 27", "len: the headers alone are 28 bytes",
	false},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 len 9001",
	"len: the tunnel carries at most 9000 bytes", false},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 len 41", "len: the headers alone are 42 bytes",
	true},
    {"arp 1.1.1.1 > 2.2.2.2",
	"MAC addresses, vlan, ethertype and arp are for tap tunnels, and this "
	"one has a tun device",
	false},
    {"udp 1.1.1.1:1 > 2.2.2.2:2 vlan 7",
	"MAC addresses, vlan, ethertype and arp are for tap tunnels, and this "
	"one has a tun device",
	false},
};

START_TEST(what_can_not_be_made_is_refused)
{
	struct packet_spec spec = parse(unbuilt[_i].line);

	ck_assert_int_ne(packet_spec_build(
			     &spec, unbuilt[_i].is_frame, LARGEST, pkt, &error),
	    0);
	ck_assert_str_eq(error.text, unbuilt[_i].text);
	ck_assert_uint_eq(error.column, 0);
	ck_assert_uint_eq(pkt->len, 0);
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, (int)ARRAY_SIZE(table))

static TCase *spec_cases(void)
{
	TCase *tcase = tcase_create("spec");

	tcase_add_checked_fixture(tcase, setup, teardown);
	EACH(tcase, a_printed_packet_is_read_again, packets);
	EACH(tcase, a_printed_frame_is_read_again, frames);
	tcase_add_test(tcase, an_arp_request_is_made);
	tcase_add_test(tcase, fields_are_where_they_belong);
	EACH(tcase, a_later_fragment_has_no_ports, later);
	tcase_add_loop_test(tcase, checksums_are_right, 0, WITH_CHECKSUM);
	EACH(tcase, a_wrong_line_is_refused_with_its_column, refused);
	EACH(tcase, what_can_not_be_made_is_refused, unbuilt);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("spec");

	suite_add_tcase(suite, spec_cases());
	return suite;
}
