/* SPDX-License-Identifier: ISC */
/* Flows: what each packet is, how many there may be, and when they end. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "flow_script.h"
#include "net/flow_table.h"
#include "net/flow_tcp.h"

#define PEERS 9

static uint8_t secret[FLOWS_SECRET_BYTES];
static struct flows *flows;
static struct instant now;

static void begin(uint32_t room, uint32_t per_peer)
{
	const struct flows_limits limits = {room, per_peer};

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(i * 73 + 41);
	now = (struct instant){1000 * NS_PER_S};
	flows_free(flows); /* of the fixture */
	ck_assert_int_eq(flows_new(&flows, &limits, secret), 0);
	ck_assert_int_eq(flows_set_last_peer(flows, PEERS), 0);
}

static void set_up(void)
{
	begin(64, 48);
}

static void tear_down(void)
{
	flows_free(flows);
	flows = NULL;
}

static void pass_s(double seconds)
{
	now.ns += (int64_t)(seconds * (double)NS_PER_S);
}

static const char *state_name(const struct packet *pkt)
{
	static const char *const names[] = {
	    [FLOW_NONE] = "none",
	    [FLOW_NEW] = "new",
	    [FLOW_ESTABLISHED] = "established",
	    [FLOW_RELATED] = "related",
	    [FLOW_INVALID] = "invalid",
	    [FLOW_UNTRACKED] = "untracked",
	};

	return names[pkt->flow_state];
}

static struct packet last;
static uint8_t last_bytes[FLOW_PACKET_BYTES];

/* What it is, or why it was dropped. */
static const char *track_to(
    const struct flow_packet *like, uint32_t from, uint32_t to)
{
	enum drop reason;

	last =
	    flow_packet_parse(last_bytes, flow_packet_write(last_bytes, like));
	last.from_id = from;
	last.to_id = to;
	reason = flows_track(flows, &last, now);
	if (reason == DROP_VPN_CT_INVALID)
		ck_assert_int_eq(last.flow_state, FLOW_INVALID);
	else if (reason)
		return drop_name(reason);
	return state_name(&last);
}

static const char *track(const struct flow_packet *like, uint32_t from)
{
	return track_to(like, from, 0);
}

/* The same, and it passes the hooks. */
static const char *go(
    const struct flow_packet *like, uint32_t from, uint32_t to)
{
	const char *name = track_to(like, from, from ? 0 : to);
	enum drop reason = DROP_NONE;

	last.to_id = to;
	if (last.flow_state == FLOW_NEW || last.flow_state == FLOW_ESTABLISHED)
		reason = flows_confirm(flows, &last, now);
	return reason ? drop_name(reason) : name;
}

static const char *udp(uint32_t from, uint32_t to, uint16_t port)
{
	const struct flow_packet like = {.source_port = port};

	return go(&like, from, to);
}

static const char *udp_back(uint32_t from, uint32_t to, uint16_t port)
{
	const struct flow_packet like = {.source = 1,
	    .destination = 7,
	    .source_port = 53,
	    .destination_port = port};

	return go(&like, from, to);
}

static const char *tcp(uint32_t from, uint32_t to, uint16_t port, uint8_t flags)
{
	const struct flow_packet there = {
	    .protocol = 6, .source_port = port, .tcp_flags = flags};
	const struct flow_packet back = {.protocol = 6,
	    .source = 1,
	    .destination = 7,
	    .source_port = 53,
	    .destination_port = port,
	    .tcp_flags = flags};

	return go(from ? &there : &back, from, to);
}

static void open_tcp(uint16_t port)
{
	ck_assert_str_eq(tcp(1, 0, port, 2), "new");
	ck_assert_str_eq(tcp(0, 1, port, 0x12), "established");
	ck_assert_str_eq(tcp(1, 0, port, 0x10), "established");
}

static struct flows_status status(void)
{
	struct flows_status ret;

	flows_age(flows, now, SIZE_MAX);
	flows_status(flows, &ret);
	return ret;
}

static void run_step(const struct flow_step *step, uint16_t number, int i)
{
	size_t len = flow_step_write(last_bytes, step, number);
	enum drop reason;

	last = flow_packet_parse(last_bytes, len);
	last.from_id = step->from;
	reason = flows_track(flows, &last, now);
	ck_assert_msg(!strcmp(state_name(&last), step->state),
	    "step %d: %s, not %s", i, state_name(&last), step->state);
	ck_assert_int_eq(reason,
	    last.flow_state == FLOW_INVALID ? DROP_VPN_CT_INVALID : DROP_NONE);
	last.to_id = step->from == SIDE_A ? SIDE_B : SIDE_A;
	if (!reason && !step->is_blocked)
		ck_assert_int_eq(flows_confirm(flows, &last, now), DROP_NONE);
}

START_TEST(flow_says_what_the_script_says)
{
	const struct flow_script *script = &flow_scripts[_i];

	for (int i = 0; script->steps[i].from; i++)
		run_step(&script->steps[i], (uint16_t)_i, i);
}
END_TEST

START_TEST(flow_is_of_the_peer_that_it_came_from)
{
	ck_assert_str_eq(udp(1, 0, 4000), "new");
	/* another peer's packet is of another flow */
	ck_assert_str_eq(udp(2, 0, 4000), "new");
	ck_assert_uint_eq(status().flows, 2);
	ck_assert_str_eq(udp_back(2, 0, 4000), "new");
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	ck_assert_str_eq(udp(1, 0, 4000), "established");
	ck_assert_uint_eq(last.flow_peer, 0);
}
END_TEST

START_TEST(flow_of_the_host_belongs_to_the_other_peer)
{
	ck_assert_str_eq(udp(0, 3, 4000), "new");
	ck_assert_uint_eq(flows_of_peer(flows, 3), 1);
	ck_assert_uint_eq(flows_of_peer(flows, 0), 0);
	ck_assert_uint_eq(flows_of_peer(flows, 999), 0);
	ck_assert_str_eq(udp_back(3, 0, 4000), "established");
	ck_assert_str_eq(udp_back(2, 0, 4000), "new");
}
END_TEST

START_TEST(flow_through_the_host_is_two_flows)
{
	ck_assert_str_eq(udp(1, 0, 4000), "new");
	ck_assert_str_eq(udp(0, 2, 4000), "new");
	ck_assert_str_eq(udp_back(2, 0, 4000), "established");
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	ck_assert_uint_eq(status().flows, 2);
}
END_TEST

START_TEST(flow_in_another_vlan_is_another_one)
{
	const struct flow_packet like = {.source_port = 4000};

	ck_assert_str_eq(udp(1, 0, 4000), "new");
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	last =
	    flow_packet_parse(last_bytes, flow_packet_write(last_bytes, &like));
	last.from_id = 1;
	last.vlan = 5;
	ck_assert_int_eq(flows_track(flows, &last, now), DROP_NONE);
	ck_assert_int_eq(last.flow_state, FLOW_NEW);
}
END_TEST

START_TEST(flow_has_nothing_to_say_of_a_frame_without_ip)
{
	struct packet arp = {.segments = 1};

	ck_assert_int_eq(flows_track(flows, &arp, now), DROP_NONE);
	ck_assert_int_eq(arp.flow_state, FLOW_UNTRACKED);
	ck_assert_int_eq(flows_confirm(flows, &arp, now), DROP_NONE);
	ck_assert(!flows_is_accepted(flows, &arp, false));
	ck_assert_uint_eq(status().flows, 0);
}
END_TEST

/* seconds that a packet keeps it, after so many of them */
static const struct ageing {
	const char *name;
	uint8_t protocol;
	const uint8_t *flags; /* of TCP, odd ones are answers; 0: the end */
	int answers;	      /* of the others */
	double seconds;
} ageings[] = {
    {"UDP", 17, NULL, 0, 30},
    {"UDP, answered", 17, NULL, 1, 120},
    {"another protocol", 99, NULL, 1, 600},
    {"SYN", 6, (const uint8_t[]){2, 0}, 0, 120},
    {"SYN, SYN-ACK", 6, (const uint8_t[]){2, 0x12, 0}, 0, 120},
    {"picked up", 6, (const uint8_t[]){0x10, 0}, 0, 120},
    {"established", 6, (const uint8_t[]){2, 0x12, 0x10, 0}, 0, 7200},
    {"one FIN", 6, (const uint8_t[]){2, 0x12, 0x10, 0x11, 0}, 0, 120},
    {"both", 6, (const uint8_t[]){2, 0x12, 0x11, 0x11, 0x10, 0}, 0, 120},
    {"reset", 6, (const uint8_t[]){2, 0x12, 0x10, 0x14, 0x10, 0}, 0, 10},
    {"refused", 6, (const uint8_t[]){2, 0x14, 0}, 0, 10},
};

static void live_through(const struct ageing *age)
{
	struct flow_packet there = {.protocol = age->protocol, .payload = 8};
	struct flow_packet back = there;

	back.source = 1;
	back.destination = 7;
	back.source_port = 53;
	back.destination_port = 4000;
	go(&there, 1, 0);
	for (int i = 0; i < age->answers; i++)
		go(&back, 0, 1);
}

static void live_through_tcp(const struct ageing *age)
{
	for (int i = 0; age->flags[i]; i++)
		tcp(i % 2 ? 0 : 1, i % 2 ? 1 : 0, 4000, age->flags[i]);
}

START_TEST(flow_ends_when_its_time_is_over_and_not_before)
{
	const struct ageing *age = &ageings[_i];

	if (age->flags)
		live_through_tcp(age);
	else
		live_through(age);
	ck_assert_uint_eq(status().flows, 1);
	pass_s(age->seconds);
	ck_assert_uint_eq(status().flows, 1);
	pass_s(1.2);
	ck_assert_uint_eq(status().flows, 0);
}
END_TEST

START_TEST(flow_that_has_ended_is_not_found_even_if_it_is_still_there)
{
	ck_assert_str_eq(udp(1, 0, 4000), "new");
	pass_s(29);
	ck_assert_str_eq(udp(1, 0, 4000), "new");
	pass_s(30.2);
	ck_assert_str_eq(udp_back(0, 1, 4000), "new");
}
END_TEST

START_TEST(flow_lives_on_while_it_is_used)
{
	ck_assert_str_eq(udp(1, 0, 4000), "new");
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	for (int i = 0; i < 100; i++) {
		pass_s(119);
		ck_assert_uint_eq(status().flows, 1);
		ck_assert_str_eq(udp(1, 0, 4000), "established");
	}
	/* a pause of years does no harm */
	pass_s(3e8);
	ck_assert_uint_eq(status().flows, 0);
	ck_assert_str_eq(udp(1, 0, 4000), "new");
	pass_s(29);
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
}
END_TEST

START_TEST(flow_is_not_kept_by_errors)
{
	static const struct flow_packet about = {.source_port = 4000};
	const struct flow_packet error = {.protocol = 1,
	    .icmp_type = 3,
	    .source = 1,
	    .destination = 7,
	    .quote = &about};

	ck_assert_str_eq(udp(1, 0, 4000), "new");
	pass_s(29);
	ck_assert_str_eq(go(&error, 0, 1), "related");
	/* not from another peer */
	ck_assert_str_eq(track(&error, 2), "invalid");
	pass_s(2);
	ck_assert_str_eq(go(&error, 0, 1), "invalid");
}
END_TEST

START_TEST(flow_of_a_peer_that_has_too_many_pushes_out_its_oldest)
{
	for (uint16_t i = 0; i < 48; i++)
		ck_assert_str_eq(udp(1, 0, 4000 + i), "new");
	ck_assert_str_eq(udp(2, 0, 4000), "new");
	ck_assert_uint_eq(status().weak, 49);
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	ck_assert_uint_eq(status().weak, 48);
	ck_assert_str_eq(udp(1, 0, 5000), "new");
	ck_assert_uint_eq(status().early_drop, 1);
	ck_assert_uint_eq(flows_of_peer(flows, 1), 48);
	ck_assert_uint_eq(flows_of_peer(flows, 2), 1);
	/* not the answered one, but the one after it */
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	ck_assert_str_eq(udp_back(0, 1, 4002), "established");
	ck_assert_str_eq(track(&(struct flow_packet){.source = 1,
				   .destination = 7,
				   .source_port = 53,
				   .destination_port = 4001},
			     0),
	    "new");
}
END_TEST

START_TEST(flow_finds_no_room_when_none_of_the_peers_own_is_weak)
{
	for (uint16_t i = 0; i < 48; i++) {
		ck_assert_str_eq(udp(1, 0, 4000 + i), "new");
		ck_assert_str_eq(udp_back(0, 1, 4000 + i), "established");
	}
	ck_assert_str_eq(udp(1, 0, 5000), "VPN_CT_FULL");
	ck_assert_uint_eq(status().full, 1);
	ck_assert_str_eq(udp(2, 0, 5000), "new");
	/* known at confirm only: the host's flow is the peer's */
	ck_assert_str_eq(udp(0, 1, 6000), "VPN_CT_FULL");
	pass_s(121.1);
	ck_assert_str_eq(udp(1, 0, 5000), "new");
	ck_assert_uint_eq(status().early_drop, 0);
}
END_TEST

START_TEST(flow_of_a_small_peer_is_safe_from_a_big_one)
{
	begin(64, 60);
	ck_assert_str_eq(udp(2, 0, 4000), "new");
	for (uint16_t i = 0; i < 200; i++)
		ck_assert_str_eq(udp(1, 0, 5000 + i), "new");
	for (uint16_t i = 0; i < 200; i++)
		ck_assert_str_eq(udp(3, 0, 6000 + i), "new");
	ck_assert_uint_eq(flows_of_peer(flows, 2), 1);
	ck_assert_str_eq(udp_back(0, 2, 4000), "established");
	/* and it gets what it wants when all is taken */
	for (uint16_t i = 0; i < 20; i++)
		ck_assert_str_eq(udp(2, 0, 7000 + i), "new");
	ck_assert_uint_eq(flows_of_peer(flows, 2), 21);
	ck_assert_uint_eq(status().flows, 64);
	ck_assert_uint_eq(
	    flows_of_peer(flows, 1) + flows_of_peer(flows, 3), 43);
}
END_TEST

START_TEST(flow_finds_no_room_when_nothing_is_weak)
{
	for (uint16_t i = 0; i < 64; i++) {
		ck_assert_str_eq(udp(1 + i % 4u, 0, 4000 + i), "new");
		ck_assert_str_eq(
		    udp_back(0, 1 + i % 4u, 4000 + i), "established");
	}
	ck_assert_str_eq(udp(5, 0, 5000), "VPN_CT_FULL");
	ck_assert_str_eq(udp(0, 5, 5000), "VPN_CT_FULL");
	for (uint16_t i = 0; i < 64; i++)
		ck_assert_str_eq(udp(1 + i % 4u, 0, 4000 + i), "established");
	ck_assert_uint_eq(status().full, 2);
}
END_TEST

START_TEST(flow_that_is_closed_makes_room_first)
{
	for (uint16_t i = 0; i < 46; i++)
		ck_assert_str_eq(udp(1, 0, 4000 + i), "new");
	open_tcp(5000);
	open_tcp(5001);
	ck_assert_str_eq(tcp(1, 0, 5000, 0x11), "established");
	ck_assert_str_eq(tcp(0, 1, 5000, 0x11), "established");
	ck_assert_str_eq(udp(1, 0, 4100), "new");
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	ck_assert_str_eq(tcp(0, 1, 5001, 0x10), "established");
	ck_assert_str_eq(tcp(1, 0, 5000, 0x11), "invalid");
}
END_TEST

START_TEST(flow_of_a_second_packet_is_the_first_ones)
{
	struct packet first, second;
	uint8_t bytes[FLOW_PACKET_BYTES];
	const struct flow_packet like = {.source_port = 4000};
	size_t len = flow_packet_write(bytes, &like);

	/* both are judged before either is confirmed */
	first = flow_packet_parse(bytes, len);
	second = first;
	first.from_id = second.from_id = 1;
	ck_assert_int_eq(flows_track(flows, &first, now), DROP_NONE);
	ck_assert_int_eq(flows_track(flows, &second, now), DROP_NONE);
	ck_assert_int_eq(flows_confirm(flows, &first, now), DROP_NONE);
	ck_assert_int_eq(flows_confirm(flows, &second, now), DROP_NONE);
	ck_assert_uint_eq(status().flows, 1);
	ck_assert_uint_eq(status().confirmed, 1);
}
END_TEST

START_TEST(flow_to_another_peer_is_another_flow)
{
	ck_assert_str_eq(udp(0, 1, 4000), "new");
	ck_assert_str_eq(udp_back(1, 0, 4000), "established");
	ck_assert_str_eq(udp(0, 1, 4000), "established");
	ck_assert(flows_is_accepted(flows, &last, true));
	/* the address is another peer's now */
	last.to_id = 2;
	ck_assert(flows_is_accepted(flows, &last, false));
	ck_assert(!flows_is_accepted(flows, &last, true));
	flows_follow_route(flows, &last, now);
	ck_assert_int_eq(last.flow_state, FLOW_NEW);
	ck_assert_int_eq(flows_confirm(flows, &last, now), DROP_NONE);
	ck_assert_str_eq(udp_back(2, 0, 4000), "established");
	/* the newer one is found first; the route finds the other one */
	ck_assert_str_eq(track(&(struct flow_packet){.source_port = 4000}, 0),
	    "established");
	last.to_id = 1;
	flows_follow_route(flows, &last, now);
	ck_assert_int_eq(last.flow_state, FLOW_ESTABLISHED);
	ck_assert(flows_is_accepted(flows, &last, true));
}
END_TEST

START_TEST(flow_with_one_key_is_kept_for_few_peers)
{
	for (uint32_t to = 1; to <= PEERS; to++)
		ck_assert_str_eq(udp(0, to, 4000), "new");
	ck_assert_uint_eq(status().flows, 4);
	ck_assert_str_eq(udp_back(PEERS, 0, 4000), "established");
	ck_assert_str_eq(udp_back(1, 0, 4000), "new");
}
END_TEST

START_TEST(flow_is_accepted_under_the_rules_that_accepted_it)
{
	struct flow_report report;

	ck_assert_str_eq(udp(1, 0, 4000), "new");
	ck_assert(!flows_is_accepted(flows, &last, true));
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	ck_assert(flows_is_accepted(flows, &last, true));
	flows_set_generation(flows, 2);
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	ck_assert(!flows_is_accepted(flows, &last, true));
	ck_assert(flows_is_stale(flows, &last));
	/* the rules are asked about the flow as it began */
	ck_assert(flows_find(flows, &last, now, &report));
	ck_assert_uint_eq(report.from_id, 1);
	ck_assert_uint_eq(report.to_id, 0);
	ck_assert_uint_eq(report.source_port, 4000);
	ck_assert_uint_eq(report.destination.bytes[3], 1);
	ck_assert(!report.is_accepted);
	ck_assert_int_eq(flows_judged(flows, &last, now, true), DROP_NONE);
	ck_assert(flows_is_accepted(flows, &last, true));
	ck_assert_str_eq(udp(1, 0, 4000), "established");
	ck_assert(flows_is_accepted(flows, &last, true));
	ck_assert(!flows_is_stale(flows, &last));
}
END_TEST

START_TEST(flow_that_new_rules_refuse_is_forgotten)
{
	static const struct flow_packet about = {.source_port = 4000};
	const struct flow_packet error = {.protocol = 1,
	    .icmp_type = 3,
	    .source = 1,
	    .destination = 7,
	    .quote = &about};

	ck_assert_str_eq(udp(1, 0, 4000), "new");
	ck_assert_str_eq(udp_back(0, 1, 4000), "established");
	flows_set_generation(flows, 2);
	ck_assert_str_eq(track(&error, 0), "related");
	ck_assert(flows_is_stale(flows, &last));
	last.is_dry = true;
	ck_assert_int_eq(
	    flows_judged(flows, &last, now, false), DROP_VPN_CT_INVALID);
	ck_assert_str_eq(udp(1, 0, 4000), "established");
	ck_assert(flows_is_stale(flows, &last));
	ck_assert_int_eq(flows_judged(flows, &last, now, false), DROP_NONE);
	ck_assert_int_eq(last.flow_state, FLOW_NEW);
	ck_assert_uint_eq(status().flows, 0);
	ck_assert_str_eq(track(&error, 0), "invalid");
}
END_TEST

static enum drop refuse_tcp(uint32_t from, uint32_t to, uint8_t flags)
{
	ck_assert_str_eq(tcp(from, to, 4000, flags), "established");
	ck_assert(flows_is_stale(flows, &last));
	return flows_judged(flows, &last, now, false);
}

START_TEST(flow_of_tcp_that_is_refused_is_not_picked_up_by_its_other_end)
{
	open_tcp(4000);
	flows_set_generation(flows, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(refuse_tcp(0, 1, 0x10), DROP_VPN_CT_INVALID);
		ck_assert_int_eq(last.flow_state, FLOW_INVALID);
		/* who began it may have that said by the rules */
		ck_assert_int_eq(refuse_tcp(1, 0, 0x10), DROP_NONE);
		ck_assert_int_eq(last.flow_state, FLOW_NEW);
		ck_assert_uint_eq(status().flows, 1);
		ck_assert_uint_eq(status().invalid, (uint64_t)i + 1);
	}
	/* and when they let that packet pass, it goes on */
	ck_assert_int_eq(flows_confirm(flows, &last, now), DROP_NONE);
	ck_assert_str_eq(tcp(0, 1, 4000, 0x10), "established");
	ck_assert(flows_is_accepted(flows, &last, true));
}
END_TEST

START_TEST(flow_of_tcp_that_is_refused_gives_way_to_a_new_one)
{
	open_tcp(4000);
	flows_set_generation(flows, 2);
	ck_assert_int_eq(refuse_tcp(0, 1, 2), DROP_NONE);
	ck_assert_int_eq(last.flow_state, FLOW_NEW);
	/* which has not passed the hooks yet */
	ck_assert_int_eq(refuse_tcp(0, 1, 0x10), DROP_VPN_CT_INVALID);
	ck_assert_int_eq(refuse_tcp(0, 1, 2), DROP_NONE);
	last.to_id = 1;
	ck_assert_int_eq(flows_confirm(flows, &last, now), DROP_NONE);
	ck_assert_uint_eq(status().flows, 1);
	ck_assert_str_eq(tcp(1, 0, 4000, 0x12), "established");
	ck_assert(flows_is_accepted(flows, &last, true));
}
END_TEST

START_TEST(flow_of_a_peer_that_is_gone_is_gone)
{
	static const struct flow_packet first = {
	    .fragment_id = 77, .has_more = true, .payload = 100};
	static const struct flow_packet later = {
	    .fragment_id = 77, .fragment_offset = 104, .payload = 8};

	udp(1, 0, 4000);
	udp(0, 1, 4001);
	udp(2, 1, 4002);
	udp(2, 0, 4003);
	ck_assert_str_eq(go(&first, 1, 0), "new");
	ck_assert_str_eq(track(&later, 1), "new");
	flows_remove_peer(flows, 1);
	ck_assert_uint_eq(status().flows, 1);
	ck_assert_uint_eq(flows_of_peer(flows, 1), 0);
	ck_assert_uint_eq(flows_of_peer(flows, 2), 1);
	ck_assert_str_eq(track(&later, 1), "VPN_FRAG_ORPHAN");
}
END_TEST

static void move_to(uint32_t room, uint32_t per_peer)
{
	const struct flows_limits limits = {room, per_peer};
	struct flows *next;

	secret[5]++;
	ck_assert_int_eq(flows_new(&next, &limits, secret), 0);
	ck_assert_int_eq(flows_set_last_peer(next, PEERS), 0);
	flows_inherit(next, flows, now);
	flows_free(flows);
	flows = next;
}

START_TEST(flow_goes_on_in_a_table_of_another_size)
{
	for (uint16_t i = 0; i < 20; i++)
		ck_assert_str_eq(udp(1, 0, 4000 + i), "new");
	for (uint16_t i = 15; i < 20; i++)
		ck_assert_str_eq(udp_back(0, 1, 4000 + i), "established");
	open_tcp(5000);
	move_to(1000, 1000);
	ck_assert_uint_eq(status().flows, 21);
	ck_assert_uint_eq(status().weak, 15);
	ck_assert_uint_eq(status().confirmed, 21);
	ck_assert_str_eq(udp(1, 0, 4001), "new");
	ck_assert_str_eq(udp(1, 0, 4016), "established");
	ck_assert(flows_is_accepted(flows, &last, true));
	/* those that were answered first */
	move_to(64, 10);
	ck_assert_uint_eq(status().flows, 10);
	ck_assert_uint_eq(status().weak, 4);
	for (uint16_t i = 15; i < 20; i++)
		ck_assert_str_eq(udp(1, 0, 4000 + i), "established");
	ck_assert_str_eq(tcp(0, 1, 5000, 0x10), "established");
	move_to(3, 10);
	ck_assert_uint_eq(status().flows, 3);
	pass_s(7201);
	move_to(64, 10);
	ck_assert_uint_eq(status().flows, 0);
}
END_TEST

START_TEST(flow_counts_segments)
{
	const struct flow_packet stray = {
	    .protocol = 6, .tcp_flags = 4, .source_port = 4000};

	last = flow_packet_parse(
	    last_bytes, flow_packet_write(last_bytes, &stray));
	last.segments = 44;
	ck_assert_int_eq(flows_track(flows, &last, now), DROP_VPN_CT_INVALID);
	ck_assert_uint_eq(status().invalid, 44);
}
END_TEST

/* ---- a dry packet ---- */

/* All that the table is, in one piece. */
struct image {
	uint8_t *bytes;
	size_t len;
};

static void append(struct image *image, const void *bytes, size_t len)
{
	image->bytes = realloc(image->bytes, image->len + len);
	memcpy(image->bytes + image->len, bytes, len);
	image->len += len;
}

static struct image take_image(void)
{
	struct image image = {0};

	append(&image, flows, sizeof(*flows));
	append(&image, flows->entries, 65 * sizeof(*flows->entries));
	append(&image, flows->links, 65 * sizeof(*flows->links));
	append(
	    &image, flows->chains, sizeof(*flows->chains) << flows->chain_bits);
	append(&image, flows->owners, (PEERS + 1) * sizeof(*flows->owners));
	return image;
}

static void make_history(void)
{
	for (uint16_t i = 0; i < 48; i++)
		udp(1, 0, 4000 + i);
	udp_back(0, 1, 4001);
	open_tcp(5000);
	pass_s(31);
}

static const struct flow_packet drys[] = {
    {.source_port = 4001},
    {.source_port = 4002},
    {.source_port = 6000},
    {.source = 1,
	.destination = 7,
	.source_port = 53,
	.destination_port = 4003},
    {.protocol = 6, .source_port = 5000, .tcp_flags = 0x14},
    {.protocol = 6, .source_port = 5000, .tcp_flags = 0x11},
    {.protocol = 6, .source_port = 5001, .tcp_flags = 0x11},
    {.fragment_id = 5, .has_more = true, .payload = 80},
    {.fragment_id = 5, .fragment_offset = 88, .payload = 80},
    {.fragment_id = 5, .has_more = true, .cut = 7},
};

START_TEST(flow_is_not_changed_by_a_dry_packet)
{
	struct image before, after;

	make_history();
	before = take_image();
	last = flow_packet_parse(
	    last_bytes, flow_packet_write(last_bytes, &drys[_i]));
	last.from_id = drys[_i].source ? 0 : 1;
	last.is_dry = true;
	if (!flows_track(flows, &last, now))
		ck_assert_int_eq(flows_confirm(flows, &last, now), DROP_NONE);
	after = take_image();
	ck_assert_mem_eq(before.bytes, after.bytes, before.len);
	free(before.bytes);
	free(after.bytes);
}
END_TEST

START_TEST(flow_says_the_same_of_a_dry_packet)
{
	enum drop dry, wet;
	enum flow_state state;

	make_history();
	last = flow_packet_parse(
	    last_bytes, flow_packet_write(last_bytes, &drys[_i]));
	last.from_id = drys[_i].source ? 0 : 1;
	last.is_dry = true;
	dry = flows_track(flows, &last, now);
	state = last.flow_state;
	last.is_dry = false;
	wet = flows_track(flows, &last, now);
	ck_assert_int_eq(dry, wet);
	ck_assert_int_eq(state, last.flow_state);
}
END_TEST

/* ---- what is shown ---- */

static size_t shown;
static struct flow_report shown_last;

static void show(void *context, const struct flow_report *report)
{
	ck_assert_ptr_null(context);
	shown++;
	shown_last = *report;
}

START_TEST(flow_is_shown_as_it_began)
{
	const struct flow_packet ping = {
	    .protocol = 1, .icmp_type = 8, .icmp_id = 77};

	shown = 0;
	flows_each(flows, now, show, NULL);
	ck_assert_uint_eq(shown, 0);
	open_tcp(4000);
	flows_each(flows, now, show, NULL);
	ck_assert_uint_eq(shown, 1);
	ck_assert_uint_eq(shown_last.from_id, 1);
	ck_assert_uint_eq(shown_last.source.bytes[3], 7);
	ck_assert_uint_eq(shown_last.source_port, 4000);
	ck_assert_uint_eq(shown_last.destination_port, 53);
	ck_assert_str_eq(shown_last.state, "established");
	ck_assert(shown_last.is_answered && shown_last.is_accepted);
	ck_assert_int_ge(shown_last.left_ns, 7200 * NS_PER_S);
	pass_s(7201);
	ck_assert_str_eq(go(&ping, 0, 3), "new");
	flows_each(flows, now, show, NULL);
	ck_assert_uint_eq(shown, 2);
	ck_assert_uint_eq(shown_last.source_port, 77);
	ck_assert_uint_eq(shown_last.destination_port, 8 << 8);
	ck_assert_str_eq(shown_last.state, "new");
	ck_assert(flows_find(flows, &last, now, &shown_last));
	ck_assert_uint_eq(shown_last.to_id, 3);
}
END_TEST

START_TEST(flow_keys_spread_over_the_chains)
{
	uint32_t longest = 0, lengths[1 << 8] = {0};
	const struct flow_packet like = {0};
	struct packet pkt =
	    flow_packet_parse(last_bytes, flow_packet_write(last_bytes, &like));

	begin(64, 64);
	ck_assert_uint_eq(flows->chain_bits, 8);
	for (uint32_t i = 0; i < 65536; i++) {
		struct flow_key key;
		struct flow_tuple tuple = {.source = &pkt.source,
		    .destination = &pkt.destination,
		    .source_port = (uint16_t)i,
		    .destination_port = 53,
		    .family = 4,
		    .protocol = 17};
		uint32_t chain;

		(void)flow_key_make(&key, &tuple);
		chain = flow_key_hash(&key, &flows->secret, 8);
		if (++lengths[chain] > longest)
			longest = lengths[chain];
	}
	/* 256 on average */
	ck_assert_uint_lt(longest, 512);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("flow");
	TCase *tcase = tcase_create("flow");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
	    tcase, flow_says_what_the_script_says, 0, (int)flow_scripts_count);
	tcase_add_test(tcase, flow_is_of_the_peer_that_it_came_from);
	tcase_add_test(tcase, flow_of_the_host_belongs_to_the_other_peer);
	tcase_add_test(tcase, flow_through_the_host_is_two_flows);
	tcase_add_test(tcase, flow_in_another_vlan_is_another_one);
	tcase_add_test(tcase, flow_has_nothing_to_say_of_a_frame_without_ip);
	tcase_add_loop_test(tcase,
	    flow_ends_when_its_time_is_over_and_not_before, 0,
	    ARRAY_SIZE(ageings));
	tcase_add_test(
	    tcase, flow_that_has_ended_is_not_found_even_if_it_is_still_there);
	tcase_add_test(tcase, flow_lives_on_while_it_is_used);
	tcase_add_test(tcase, flow_is_not_kept_by_errors);
	tcase_add_test(
	    tcase, flow_of_a_peer_that_has_too_many_pushes_out_its_oldest);
	tcase_add_test(
	    tcase, flow_finds_no_room_when_none_of_the_peers_own_is_weak);
	tcase_add_test(tcase, flow_of_a_small_peer_is_safe_from_a_big_one);
	tcase_add_test(tcase, flow_finds_no_room_when_nothing_is_weak);
	tcase_add_test(tcase, flow_that_is_closed_makes_room_first);
	tcase_add_test(tcase, flow_of_a_second_packet_is_the_first_ones);
	tcase_add_test(tcase, flow_to_another_peer_is_another_flow);
	tcase_add_test(tcase, flow_with_one_key_is_kept_for_few_peers);
	tcase_add_test(
	    tcase, flow_is_accepted_under_the_rules_that_accepted_it);
	tcase_add_test(tcase, flow_that_new_rules_refuse_is_forgotten);
	tcase_add_test(tcase,
	    flow_of_tcp_that_is_refused_is_not_picked_up_by_its_other_end);
	tcase_add_test(
	    tcase, flow_of_tcp_that_is_refused_gives_way_to_a_new_one);
	tcase_add_test(tcase, flow_of_a_peer_that_is_gone_is_gone);
	tcase_add_test(tcase, flow_goes_on_in_a_table_of_another_size);
	tcase_add_test(tcase, flow_counts_segments);
	tcase_add_loop_test(
	    tcase, flow_is_not_changed_by_a_dry_packet, 0, ARRAY_SIZE(drys));
	tcase_add_loop_test(
	    tcase, flow_says_the_same_of_a_dry_packet, 0, ARRAY_SIZE(drys));
	tcase_add_test(tcase, flow_is_shown_as_it_began);
	tcase_add_test(tcase, flow_keys_spread_over_the_chains);
	suite_add_tcase(suite, tcase);
	return suite;
}
