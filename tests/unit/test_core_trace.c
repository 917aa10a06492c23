/* SPDX-License-Identifier: ISC */
/* The verb trace, over real tunnels: what it says, and what it leaves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lan.h"
#include "unit.h"

static struct pair pair;
static struct lan lan;
static struct core_answer answer;

#define STATE_BYTES 16384

/* All that may be asked about a core. */
static void describe(struct pair *of, char text[STATE_BYTES])
{
	static const char *const verbs[] = {"status", "drops", "fdb"};
	struct core *core = of->ends[0].core;

	snprintf(text, STATE_BYTES, "%zu %zu %zu %lld\n",
	    pool_available(of->ends[0].pool), core_to_wire(core)->len,
	    core_to_device(core)->len, (long long)core_deadline(core).ns);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		size_t used = strlen(text);
		struct core_answer ignored;
		char *reply = pair_ask(
		    of, 0, CONTROL_RIGHTS_ALL, &ignored, verbs[i], NULL);

		snprintf(text + used, STATE_BYTES - used, "%s", reply);
		free(reply);
	}
}

/* Traces, and checks that nothing else has changed. */
static char *trace(
    struct pair *of, const char *from, const char *how, const char *packet)
{
	static char before[STATE_BYTES], after[STATE_BYTES];
	char *reply;

	describe(of, before);
	reply = pair_ask(of, 0, CONTROL_RIGHTS_ALL, &answer, "trace", from, how,
	    packet, NULL);
	describe(of, after);
	ck_assert_str_eq(before, after);
	return reply;
}

static void check(const char *reply, const char *name, const char *value)
{
	ck_assert_str_eq(pair_value(reply, name), value);
}

static void says(const char *reply, const char *part)
{
	ck_assert_msg(strstr(reply, part), "no \"%s\" in \"%s\"", part, reply);
}

static void setup_pair(void)
{
	pair_start_both(&pair);
	pair_connect(&pair);
}

static void teardown_pair(void)
{
	pair_clear(&pair);
}

/* ---- tun ---- */

START_TEST(a_packet_of_a_peer_is_delivered)
{
	char *reply = trace(
	    &pair, "right", "line", "udp 10.0.0.2:4000 > 10.0.0.1:53 len 80");

	ck_assert_int_eq(answer.exit, CONTROL_OK);
	check(reply, "schema", "vpnd.trace/1");
	check(reply, "from", "right");
	check(reply, "packet", "udp 10.0.0.2:4000 > 10.0.0.1:53 len 80");
	says(reply, "s\tverdict\tdelivered\nb\tdropped\tfalse\n");
	says(reply, "s\tstage\tip_rcv\ns\tkernel_function\tip_rcv_core\n"
		    "s\tverdict\tok\n"
		    "s\twhy\tIPv4 ihl 5 ttl 64 checksum ok\n");
	says(reply, "10.0.0.2 in right's 10.0.0.2/32; ");
	free(reply);
}
END_TEST

START_TEST(a_spoofed_packet_is_dropped)
{
	char *reply =
	    trace(&pair, "right", "line", "udp 10.0.0.9:4000 > 10.0.0.1:53");

	ck_assert_int_eq(answer.exit, CONTROL_OK);
	says(reply, "s\tverdict\tDROP\ns\twhy\t10.0.0.9 not in right's "
		    "10.0.0.2/32\n");
	says(reply, "s\tverdict\tdropped\nb\tdropped\ttrue\ns\treason\t"
		    "IP_RPFILTER\n");
	free(reply);
}
END_TEST

START_TEST(a_drop_without_words_has_those_of_its_reason)
{
	char *reply = trace(&pair, "right", "ip", "45 00 00 00");

	says(reply, "s\tverdict\tDROP\ns\twhy\tbad IP header\n");
	check(reply, "reason", "IP_INHDR");
	check(reply, "packet", "len 4");
	free(reply);
}
END_TEST

START_TEST(a_packet_of_the_host_is_sent)
{
	char *reply = trace(&pair, "", "line", "tcp 10.0.0.1:1 > 10.0.0.2:22");

	says(reply, "b\thost\ttrue\n");
	says(reply, "s\tverdict\tsent\n");
	check(reply, "to", "right");
	free(reply);
}
END_TEST

START_TEST(a_packet_without_a_session_begins_no_handshake)
{
	struct pair fresh;
	char *reply;

	pair_start_both(&fresh);
	reply = trace(&fresh, "", "line", "icmp 10.0.0.1 > 10.0.0.2");
	says(reply, "s\tverdict\tqueued\n");
	says(reply, "no session with right: waits for a handshake");
	pair_carry(&fresh);
	ck_assert_uint_eq(fresh.ends[0].sent, 0);
	free(reply);
	pair_clear(&fresh);
}
END_TEST

/* From the address 10.0.0.9 to 10.0.0.1. */
#define IP_HEX                                                                 \
	"45000020000000004011"                                                 \
	"66c4"                                                                 \
	"0a0000090a000001"                                                     \
	"0fa00035000c0000"                                                     \
	"01020304"

START_TEST(a_packet_in_bytes_is_the_same)
{
	char *reply = trace(&pair, "right", "ip", IP_HEX);

	check(reply, "packet", "udp 10.0.0.9:4000 > 10.0.0.1:53 len 32");
	check(reply, "reason", "IP_RPFILTER");
	free(reply);
	reply = trace(&pair, "right", "ethernet",
	    "ff:ff:ff:ff:ff:ff 02:00:00:00:00:01 0800 " IP_HEX);
	check(reply, "packet", "udp 10.0.0.9:4000 > 10.0.0.1:53 len 32");
	free(reply);
}
END_TEST

static const struct {
	const char *from, *how, *packet, *message;
	enum control_exit exit;
} refused[] = {
    {"right", "line", "upd 10.0.0.2:1 > 10.0.0.1:2",
	"packet, column 1: a packet begins with udp, tcp, icmp, icmp6, esp, "
	"ah, proto N, arp or a MAC address",
	CONTROL_USAGE},
    {"right", "line", "udp 10.0.0.2:1 > 10.0.0.1:2 len 5",
	"packet: len: the headers alone are 28 bytes", CONTROL_USAGE},
    {"right", "ip", "450",
	"-x, column 3: two hexadecimal digits for each byte are wanted",
	CONTROL_USAGE},
    {"right", "ip", "45 zz",
	"-x, column 4: two hexadecimal digits for each byte are wanted",
	CONTROL_USAGE},
    {"right", "ip", "", "a packet of 1 to 1600 bytes is wanted", CONTROL_USAGE},
    {"right", "ethernet", "ffffffffffff02000000000188b5",
	"the tunnel has a tun device, and this frame carries no IP",
	CONTROL_USAGE},
    {"right", "ethernet", "ffff",
	"the tunnel has a tun device, and this frame carries no IP",
	CONTROL_USAGE},
    {"rigth", "line", "udp 10.0.0.2:1 > 10.0.0.1:2",
	"there is no peer \"rigth\"; did you mean \"right\"?",
	CONTROL_NO_OBJECT},
    {"right", "smoke", "signal", "\"smoke\" is no way to give a packet",
	CONTROL_USAGE},
};

START_TEST(what_is_no_packet_is_refused)
{
	char *reply =
	    trace(&pair, refused[_i].from, refused[_i].how, refused[_i].packet);

	ck_assert_str_eq(answer.message, refused[_i].message);
	ck_assert_int_eq(answer.exit, refused[_i].exit);
	ck_assert_str_eq(reply, "");
	free(reply);
}
END_TEST

START_TEST(who_may_only_read_may_not_trace)
{
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_READ, &answer, "trace", "right",
	    "line", "udp 10.0.0.2:1 > 10.0.0.1:2", NULL));
	ck_assert_int_eq(answer.exit, CONTROL_NOT_PERMITTED);
}
END_TEST

START_TEST(without_a_buffer_nothing_is_traced)
{
	struct packet_list all = {0};
	struct pool *pool = pair.ends[0].pool;

	while (pool_available(pool))
		packet_list_push(&all, pool_get(pool));
	free(trace(&pair, "", "line", "icmp 10.0.0.1 > 10.0.0.2"));
	ck_assert_str_eq(answer.message, "no packet buffer is free for it");
	pool_put_list(pool, &all);
}
END_TEST

/* ---- tap ---- */

START_TEST(a_frame_gets_addresses_that_the_switch_knows)
{
	char *reply;

	lan_start(&lan, NULL);
	lan_expect(&lan, 1, 1, LAN_ALL, 1 << 0 | 1 << 2);
	reply = trace(
	    &lan.pair, "right", "line", "udp 10.0.0.2:1 > 10.0.0.1:2 vlan 7");
	says(reply, "02:00:00:00:00:01 > ");
	says(reply, " ethertype 0x0800 vlan 7\n");
	free(reply);
	reply = trace(&lan.pair, "third", "ip", IP_HEX);
	says(reply, "02:00:00:00:00:01 > ");
	says(reply, " ethertype 0x0800\n");
	free(reply);
	lan_clear(&lan);
}
END_TEST

START_TEST(a_flooded_frame_names_who_gets_it)
{
	char *reply;

	lan_start(&lan, NULL);
	reply = trace(&lan.pair, "right", "line",
	    "02:00:00:00:00:09 > ff:ff:ff:ff:ff:ff ethertype 0x88b5 len 60");
	says(reply, "s\tverdict\tdelivered\n");
	says(reply, "[\tcopies\ns\t\tthird\n]\nu\tcopies_count\t1\n");
	free(reply);
	reply = trace(&lan.pair, "", "line", "arp 10.0.0.1 > 10.0.0.2");
	says(reply, "s\tverdict\tsent\n");
	says(reply, " > ff:ff:ff:ff:ff:ff ethertype 0x0806\n");
	says(reply, "u\tcopies_count\t1\n");
	free(reply);
	lan_clear(&lan);
}
END_TEST

static TCase *tun_cases(void)
{
	TCase *tcase = tcase_create("tun");

	tcase_add_checked_fixture(tcase, setup_pair, teardown_pair);
	tcase_add_test(tcase, a_packet_of_a_peer_is_delivered);
	tcase_add_test(tcase, a_spoofed_packet_is_dropped);
	tcase_add_test(tcase, a_drop_without_words_has_those_of_its_reason);
	tcase_add_test(tcase, a_packet_of_the_host_is_sent);
	tcase_add_test(tcase, a_packet_without_a_session_begins_no_handshake);
	tcase_add_test(tcase, a_packet_in_bytes_is_the_same);
	tcase_add_loop_test(
	    tcase, what_is_no_packet_is_refused, 0, (int)ARRAY_SIZE(refused));
	tcase_add_test(tcase, who_may_only_read_may_not_trace);
	tcase_add_test(tcase, without_a_buffer_nothing_is_traced);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_trace");
	TCase *tap = tcase_create("tap");

	suite_add_tcase(suite, tun_cases());
	tcase_add_test(tap, a_frame_gets_addresses_that_the_switch_knows);
	tcase_add_test(tap, a_flooded_frame_names_who_gets_it);
	suite_add_tcase(suite, tap);
	return suite;
}
