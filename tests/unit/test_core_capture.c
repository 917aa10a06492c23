/* SPDX-License-Identifier: ISC */
/* The verb capture between two cores: its words, and whose packets they are. */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "core/capture.h"
#include "packet/bpf_text.h"
#include "lan.h"
#include "unit.h"

static struct lan lan;
static struct pair *const pair = &lan.pair;
static struct core_answer answer;
static uint8_t part[65536];

static void start(void)
{
	pair_start_both(pair);
	pair_connect(pair);
}

static void end(void)
{
	pair_clear(pair);
}

static void start_lan(void)
{
	lan_start(&lan, NULL);
}

static void end_lan(void)
{
	lan_clear(&lan);
}

/* A packet from left to right, and one back. */
static void exchange(void)
{
	pair_send(pair, 0, "10.0.0.2");
	pair_carry(pair);
	pair_send(pair, 1, "10.0.0.1");
	pair_carry(pair);
}

static struct capture *begin(const char *const *words)
{
	struct control_request request = {.verb = "capture"};

	while (words[request.arguments_count]) {
		request.arguments[request.arguments_count] =
		    words[request.arguments_count];
		request.arguments_count++;
	}
	return core_capture(pair->ends[0].core, &request, &answer);
}

#define BEGIN(...) begin((const char *const[]){__VA_ARGS__, NULL})

/* Returns 4096. */
#define ACCEPT	  "0006000000001000"
#define NO_RETURN "0000000000000000"

static const struct {
	const char *words[4];
	enum control_exit exit;
	const char *message;
} refusals[] = {
    {{"inside"}, CONTROL_USAGE, "\"inside\" is not understood"},
    {{"inner", "peer"}, CONTROL_USAGE, "\"peer\" is not understood"},
    {{"count", "0"}, CONTROL_USAGE, "\"0\" is not understood"},
    {{"count", "-1"}, CONTROL_USAGE, "\"-1\" is not understood"},
    {{"snap", "65281"}, CONTROL_USAGE, "\"65281\" is not understood"},
    {{"peer", "righ"}, CONTROL_NO_OBJECT, "did you mean \"right\"?"},
    {{"program", ""}, CONTROL_USAGE, "is not understood"},
    {{"program", "0006"}, CONTROL_USAGE, "\"0006\" is not understood"},
    {{"program", NO_RETURN}, CONTROL_USAGE, "instruction 0 of the filter"},
};

START_TEST(what_is_wrong_is_refused)
{
	ck_assert_ptr_null(begin(refusals[_i].words));
	ck_assert_int_eq(answer.exit, refusals[_i].exit);
	ck_assert_msg(
	    strstr(answer.message, refusals[_i].message), "%s", answer.message);
}
END_TEST

START_TEST(a_program_is_there_once)
{
	ck_assert_ptr_null(BEGIN("program", ACCEPT, "program", ACCEPT));
	ck_assert_int_eq(answer.exit, CONTROL_USAGE);
}
END_TEST

START_TEST(a_fifth_capture_is_refused)
{
	struct capture *captures[CAPTURES_MAX];

	for (int i = 0; i < CAPTURES_MAX; i++)
		captures[i] = BEGIN("drops", "snap", "65280", "count", "1");
	ck_assert_ptr_nonnull(captures[CAPTURES_MAX - 1]);
	ck_assert_ptr_null(BEGIN("inner", "program", ACCEPT));
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	ck_assert_ptr_nonnull(strstr(answer.message, "4 captures at once"));
	capture_free(captures[0]); /* the others end with the core */
}
END_TEST

static size_t records(
    struct capture *capture, struct capture_record *ret, size_t room)
{
	struct cursor c =
	    cursor_of(part, capture_take(capture, part, sizeof(part)));
	size_t count = 0;

	while (count < room && capture_record_read(&ret[count], &c) == 1)
		count++;
	return count;
}

START_TEST(inner_packets_have_the_peer_that_they_go_to_and_come_from)
{
	struct capture *capture = BEGIN("peer", "right", "program", ACCEPT);
	struct capture_record got[8];

	ck_assert_ptr_nonnull(capture);
	exchange();
	pair_send(pair, 0, "192.0.2.1"); /* nobody's */
	ck_assert_uint_eq(records(capture, got, 8), 3);
	ck_assert_int_eq(got[0].kind, CAPTURE_BEGIN);
	ck_assert_uint_eq(got[0].flags, 0);
	ck_assert_uint_eq(got[1].flags, CAPTURE_OUTBOUND);
	ck_assert_uint_eq(got[2].flags, 0);
	ck_assert_str_eq(got[1].peer, "right");
	ck_assert_str_eq(got[2].peer, "right");
	capture_free(capture);
}
END_TEST

static void take_events(struct core *core)
{
	struct core_event event;

	while (core_take_event(core, &event))
		;
}

START_TEST(each_record_is_news_once)
{
	struct core *core = pair->ends[0].core;
	struct capture *capture;

	take_events(core);
	ck_assert(!core_has_news(core));
	capture = BEGIN("inner");
	ck_assert(core_has_news(core)); /* how packets begin */
	core_streams_offered(core);
	ck_assert(!core_has_news(core));
	exchange();
	ck_assert(core_has_news(core));
	core_streams_offered(core);
	ck_assert(!core_has_news(core));
	capture_free(capture);
}
END_TEST

START_TEST(datagrams_have_the_peer_whose_session_they_name)
{
	struct capture *capture = BEGIN("outer");
	struct capture_record got[8];

	exchange();
	ck_assert_uint_eq(records(capture, got, 8), 3);
	ck_assert_uint_eq(got[1].flags, CAPTURE_OUTBOUND | CAPTURE_OUTER);
	ck_assert_uint_eq(got[2].flags, CAPTURE_OUTER);
	ck_assert_str_eq(got[1].peer, "right");
	ck_assert_str_eq(got[2].peer, "right");
	capture_free(capture);
}
END_TEST

START_TEST(a_strangers_datagram_has_none)
{
	struct capture *capture = BEGIN("drops");
	struct packet *pkt = pool_get(pair->ends[0].pool);
	struct packet_list list = {0};
	struct capture_record got[8];

	pkt->endpoint = pair->ends[1].where;
	memset(packet_data(pkt), 0, 64);
	packet_data(pkt)[0] = WIRE_DATA;
	pkt->len = 64;
	packet_list_push(&list, pkt);
	core_from_wire(pair->ends[0].core, &list, &pair->moment);
	ck_assert_uint_eq(records(capture, got, 8), 2);
	ck_assert_str_eq(got[1].peer, "");
	ck_assert_str_eq(got[1].stage, "decap");
	ck_assert_str_eq(got[1].reason, "VPN_NOSESSION");
	capture_free(capture);
}
END_TEST

START_TEST(frames_have_the_peer_that_the_switch_would_send_them_to)
{
	struct capture *capture;
	struct capture_record got[8];

	lan_send(&lan, 1, 5, LAN_ALL, 0);
	capture = BEGIN("inner");
	lan_send(&lan, 0, 1, 5, 0);
	lan_send(&lan, 0, 1, 99, 0); /* flooded */
	ck_assert_uint_eq(records(capture, got, 8), 3);
	ck_assert_uint_eq(got[0].flags, CAPTURE_ETHERNET);
	ck_assert_str_eq(got[1].peer, "right");
	ck_assert_str_eq(got[2].peer, "");
	capture_free(capture);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_capture");
	TCase *tcase = tcase_create("verb");

	tcase_add_checked_fixture(tcase, start, end);
	tcase_add_loop_test(tcase, what_is_wrong_is_refused, 0,
	    (int)(sizeof(refusals) / sizeof(*refusals)));
	tcase_add_test(tcase, a_program_is_there_once);
	tcase_add_test(tcase, each_record_is_news_once);
	tcase_add_test(tcase, a_fifth_capture_is_refused);
	tcase_add_test(
	    tcase, inner_packets_have_the_peer_that_they_go_to_and_come_from);
	tcase_add_test(tcase, datagrams_have_the_peer_whose_session_they_name);
	tcase_add_test(tcase, a_strangers_datagram_has_none);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("tap");
	tcase_add_checked_fixture(tcase, start_lan, end_lan);
	tcase_add_test(
	    tcase, frames_have_the_peer_that_the_switch_would_send_them_to);
	suite_add_tcase(suite, tcase);
	return suite;
}
