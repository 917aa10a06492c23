/* SPDX-License-Identifier: ISC */
/* PROBE: do datagrams arrive that are sent as segments of one? */
#include <string.h>

#include "protocol/peer.h"
#include "tunnels.h"
#include "unit.h"

#define PROBE_DATAGRAM (16 + PROBE_BYTES + 16)
#define SECONDS_MAX    8

static struct ends ends;

/* What the way from a to b does to PROBEs. */
static struct {
	unsigned lose_segments, lose_singles; /* of each burst, the last ones */
	unsigned segments, singles;	      /* that a sent */
	unsigned in_burst;
} way;

static void init(enum extension_mode b)
{
	ends_init(&ends, EXTENSION_AUTO, b, COMPRESSOR_NONE);
	memset(&way, 0, sizeof(way));
	tunnel_set_segments(ends.a.tunnel, true);
}

static void init_both(void)
{
	init(EXTENSION_AUTO);
}

static void init_plain(void)
{
	init(EXTENSION_OFF);
}

static void clear(void)
{
	ends_clear(&ends);
}

static bool is_lost(const struct packet *pkt)
{
	unsigned lose = pkt->goes_alone ? way.lose_singles : way.lose_segments;

	if (pkt->len != PROBE_DATAGRAM)
		return false;
	pkt->goes_alone ? way.singles++ : way.segments++;
	return way.in_burst++ % PROBE_COUNT >= PROBE_COUNT - lose;
}

static bool carry(struct end *from)
{
	struct packet *pkt;
	bool has_moved = false;

	end_flush(&ends, from);
	while ((pkt = packet_list_pop(&from->outbox))) {
		has_moved = true;
		if (from == &ends.a && is_lost(pkt))
			pool_put(ends.pool, pkt);
		else
			end_receive(&ends, ends_other(&ends, from), pkt);
	}
	return has_moved;
}

static void settle(void)
{
	bool has_moved = true;

	while (has_moved) {
		has_moved = carry(&ends.a);
		has_moved |= carry(&ends.b);
	}
}

static void pass_seconds(unsigned seconds)
{
	while (seconds--) {
		settle();
		ends_advance(&ends, NS_PER_S);
		tunnel_turn(ends.a.tunnel, &ends.now);
		tunnel_turn(ends.b.tunnel, &ends.now);
		settle();
	}
}

static void begin_session(void)
{
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	pass_seconds(SECONDS_MAX);
	ck_assert(end_status(&ends, &ends.a).has_session);
}

/* A session later; the old one's end is not waited for. */
static void begin_another(void)
{
	way.segments = way.singles = way.in_burst = 0;
	ends_advance(&ends, 10 * NS_PER_S);
	handshake_initiate(ends.a.peer, &ends.now);
	pass_seconds(SECONDS_MAX);
}

static bool is_refused(void)
{
	return end_status(&ends, &ends.a).segments_refused;
}

static bool data_goes_alone(void)
{
	static const uint8_t packet[100] = {0x45};
	struct packet *pkt =
	    end_seal_plain(&ends, &ends.a, packet, sizeof(packet));
	bool goes_alone = pkt->goes_alone;

	pool_put(ends.pool, pkt);
	return goes_alone;
}

static void refuse_here(void)
{
	tunnel_peer_segments_refused(ends.a.peer, "no", &ends.now);
	ck_assert_str_eq(end_status(&ends, &ends.a).segments_refused, "no");
	ck_assert(data_goes_alone());
}

static void move_away(void)
{
	struct endpoint to = ends.a.peer->endpoint;

	to.port++;
	tunnel_peer_set_endpoint(ends.a.peer, &to);
}

START_TEST(a_burst_that_arrives_is_all)
{
	begin_session();
	ck_assert_uint_eq(way.segments, PROBE_COUNT);
	ck_assert_uint_eq(way.singles, 0);
	ck_assert(!is_refused());
	ck_assert(!data_goes_alone());
}
END_TEST

START_TEST(segments_that_do_not_arrive_are_given_up)
{
	way.lose_segments = PROBE_COUNT;
	begin_session();
	ck_assert_uint_eq(way.segments, 2 * PROBE_COUNT);
	ck_assert_uint_eq(way.singles, PROBE_COUNT);
	ck_assert(is_refused());
	ck_assert(data_goes_alone());
}
END_TEST

START_TEST(one_lost_datagram_is_chance)
{
	way.lose_segments = 1;
	begin_session();
	ck_assert(!is_refused());
	ck_assert_uint_eq(way.segments, PROBE_COUNT);
}
END_TEST

START_TEST(two_lost_datagrams_of_each_burst_are_not)
{
	way.lose_segments = 2;
	begin_session();
	ck_assert(is_refused());
}
END_TEST

START_TEST(a_bad_way_says_nothing_about_segments)
{
	way.lose_segments = way.lose_singles = 3;
	begin_session();
	ck_assert_uint_eq(way.segments, PROBE_COUNT);
	ck_assert_uint_eq(way.singles, PROBE_COUNT);
	ck_assert(!is_refused());
}
END_TEST

START_TEST(the_next_session_asks_again)
{
	way.lose_segments = PROBE_COUNT;
	begin_session();
	ck_assert(is_refused());
	way.lose_segments = 0;
	begin_another();
	ck_assert_uint_eq(way.segments, PROBE_COUNT);
	ck_assert(!is_refused());
	ck_assert(!data_goes_alone());
}
END_TEST

/* Its ids begin anew. */
START_TEST(what_came_before_the_peer_restarted_does_not_count)
{
	begin_session();
	ends.a.peer->probe = (struct probe){0};
	way.lose_segments = PROBE_COUNT - 1;
	begin_another();
	ck_assert(is_refused());
}
END_TEST

START_TEST(what_is_sent_alone_anyway_is_not_asked_about)
{
	tunnel_set_segments(ends.a.tunnel, false);
	begin_session();
	ck_assert_uint_eq(way.segments + way.singles, 0);
}
END_TEST

/* ---- this host takes no segments on the way there ---- */

START_TEST(a_way_that_takes_no_segments_is_spared_them)
{
	begin_session();
	refuse_here();
	begin_another();
	ck_assert_uint_eq(way.segments + way.singles, 0);
	ck_assert(data_goes_alone());
}
END_TEST

START_TEST(a_probe_leaves_alone_only_where_it_could_not_otherwise)
{
	struct packet *pkt;

	begin_session();
	ends.a.peer->probe.is_refused = true;
	pkt = pool_get(ends.pool);
	peer_queue_frame(ends.a.peer, pkt, WIRE_FRAME_PROBE);
	tunnel_seal(ends.a.tunnel, &pkt, 1, &ends.now);
	ck_assert(!pkt->goes_alone);
	packet_list_pop(&ends.a.tunnel->frames);
	pool_put(ends.pool, pkt);
	refuse_here();
	pkt = pool_get(ends.pool);
	peer_queue_frame(ends.a.peer, pkt, WIRE_FRAME_PROBE);
	tunnel_seal(ends.a.tunnel, &pkt, 1, &ends.now);
	ck_assert(pkt->goes_alone);
	packet_list_pop(&ends.a.tunnel->frames);
	pool_put(ends.pool, pkt);
}
END_TEST

START_TEST(another_endpoint_is_another_way)
{
	begin_session();
	refuse_here();
	tunnel_peer_set_endpoint(
	    ends.a.peer, tunnel_peer_endpoint(ends.a.peer));
	ck_assert(is_refused()); /* the same one */
	move_away();
	ck_assert(!is_refused());
	ck_assert(!data_goes_alone());
}
END_TEST

START_TEST(a_peer_that_moves_is_reached_another_way)
{
	struct endpoint from;

	begin_session();
	refuse_here();
	from = ends.a.peer->endpoint;
	peer_set_endpoint_from(ends.a.peer, &from, ends.now.now);
	ck_assert(is_refused());
	from.port++;
	peer_set_endpoint_from(ends.a.peer, &from, ends.now.now);
	ck_assert(!is_refused());
}
END_TEST

START_TEST(another_underlay_is_another_way)
{
	begin_session();
	refuse_here();
	tunnel_underlay_changed(ends.a.tunnel, &ends.now);
	ck_assert(!is_refused());
}
END_TEST

START_TEST(a_way_is_tried_again_after_an_hour)
{
	begin_session();
	refuse_here();
	ends_advance(&ends, PROBE_HOST_NS - 20 * NS_PER_S);
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	pass_seconds(SECONDS_MAX);
	ck_assert(is_refused());
	ends_advance(&ends, 20 * NS_PER_S);
	begin_another();
	ck_assert(!is_refused());
	ck_assert_uint_eq(way.segments, PROBE_COUNT);
}
END_TEST

/* It can say no more whether they arrive. */
START_TEST(what_an_older_peer_was_known_for_ends_with_the_way)
{
	way.lose_segments = PROBE_COUNT;
	begin_session();
	move_away();
	ck_assert(is_refused()); /* until it is asked again */
	ends.a.peer->extension.features &= ~(uint32_t)WIRE_FEATURE_PROBE;
	ck_assert(is_refused());
	move_away();
	ck_assert(!is_refused());
}
END_TEST

/* b is hostile, and knows how: a handshake from where it is, or from where it
 * is not, and then a HELLO in somebody else's name. */
START_TEST(who_was_only_named_gets_no_probes)
{
	way.lose_segments = PROBE_COUNT;
	way.lose_singles = PROBE_COUNT;
	tunnel_peer_connect(ends.b.tunnel, ends.b.peer, &ends.now);
	ck_assert(carry(&ends.b));
	ck_assert(carry(&ends.a));
	ends.b.self.port++;
	pass_seconds(SECONDS_MAX);
	ck_assert(end_status(&ends, &ends.a).has_session);
	ck_assert_uint_eq(way.segments + way.singles, 0);
}
END_TEST

START_TEST(who_answers_in_anothers_name_brings_it_no_probes)
{
	way.lose_segments = PROBE_COUNT;
	way.lose_singles = PROBE_COUNT;
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends.b.self.port++;
	pass_seconds(SECONDS_MAX);
	ck_assert(end_status(&ends, &ends.a).has_session);
	ck_assert_uint_eq(way.segments + way.singles, 0);
}
END_TEST

START_TEST(a_plain_peer_is_not_asked)
{
	begin_session();
	ck_assert_uint_eq(way.segments + way.singles, 0);
	ck_assert(!is_refused());
}
END_TEST

START_TEST(damaged_probes_are_refused)
{
	static const struct {
		uint8_t bytes[7];
		size_t len;
	} cases[] = {
	    {{WIRE_FRAME_PROBE}, 1},
	    {{WIRE_FRAME_PROBE, 1, 1, 0, 0, 0}, 6},
	    {{WIRE_FRAME_PROBE_ACK}, 1},
	    {{WIRE_FRAME_PROBE_ACK, 1, 1, 0, 8, 0}, 6},
	};

	begin_session();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct packet *pkt = pool_get(ends.pool);

		memcpy(packet_data(pkt), cases[i].bytes, cases[i].len);
		pkt->len = (uint32_t)cases[i].len;
		pkt->peer = ends.a.peer;
		ck_assert_int_eq(tunnel_expand(ends.a.tunnel, pkt, &ends.now),
		    DROP_VPN_FRAME);
		pool_put(ends.pool, pkt);
	}
}
END_TEST

START_TEST(an_answer_to_nothing_changes_nothing)
{
	static const uint8_t ack[] = {WIRE_FRAME_PROBE_ACK, 1, 9, 9, 0, 0, 2};
	struct packet *pkt;

	begin_session();
	pkt = pool_get(ends.pool);
	memcpy(packet_data(pkt), ack, sizeof(ack));
	pkt->len = sizeof(ack);
	pkt->peer = ends.a.peer;
	ck_assert_int_eq(
	    tunnel_expand(ends.a.tunnel, pkt, &ends.now), DROP_NONE);
	ck_assert_uint_eq(pkt->len, 0);
	ck_assert(!is_refused());
	pool_put(ends.pool, pkt);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("probe");
	TCase *tc = tcase_create("probe");
	TCase *plain = tcase_create("plain peer");

	tcase_add_checked_fixture(tc, init_both, clear);
	tcase_add_test(tc, a_burst_that_arrives_is_all);
	tcase_add_test(tc, segments_that_do_not_arrive_are_given_up);
	tcase_add_test(tc, one_lost_datagram_is_chance);
	tcase_add_test(tc, two_lost_datagrams_of_each_burst_are_not);
	tcase_add_test(tc, a_bad_way_says_nothing_about_segments);
	tcase_add_test(tc, the_next_session_asks_again);
	tcase_add_test(tc, what_came_before_the_peer_restarted_does_not_count);
	tcase_add_test(tc, what_is_sent_alone_anyway_is_not_asked_about);
	tcase_add_test(tc, a_way_that_takes_no_segments_is_spared_them);
	tcase_add_test(
	    tc, a_probe_leaves_alone_only_where_it_could_not_otherwise);
	tcase_add_test(tc, another_endpoint_is_another_way);
	tcase_add_test(tc, a_peer_that_moves_is_reached_another_way);
	tcase_add_test(tc, another_underlay_is_another_way);
	tcase_add_test(tc, a_way_is_tried_again_after_an_hour);
	tcase_add_test(tc, what_an_older_peer_was_known_for_ends_with_the_way);
	tcase_add_test(tc, who_was_only_named_gets_no_probes);
	tcase_add_test(tc, who_answers_in_anothers_name_brings_it_no_probes);
	tcase_add_test(tc, damaged_probes_are_refused);
	tcase_add_test(tc, an_answer_to_nothing_changes_nothing);
	tcase_add_checked_fixture(plain, init_plain, clear);
	tcase_add_test(plain, a_plain_peer_is_not_asked);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, plain);
	return suite;
}
