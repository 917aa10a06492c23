/* SPDX-License-Identifier: ISC */
/* Later fragments share the fate of their first one. */
#include "unit.h"

#include <string.h>

#include "flow_packet.h"
#include "net/flow.h"
#include "net/fragment.h"

#define TINY   "VPN_FRAG_TINY"
#define ORPHAN "VPN_FRAG_ORPHAN"

static struct flows *flows;
static struct instant now;
static struct packet last;
static uint8_t bytes[FLOW_PACKET_BYTES];

static void set_up(void)
{
	const struct flows_limits limits = {FLOWS_DEFAULT, FLOWS_DEFAULT};
	uint8_t secret[FLOWS_SECRET_BYTES];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(i * 59 + 7);
	now = (struct instant){NS_PER_S};
	ck_assert_int_eq(flows_new(&flows, &limits, secret), 0);
	ck_assert_int_eq(flows_set_last_peer(flows, 4), 0);
}

static void tear_down(void)
{
	flows_free(flows);
}

static const char *track(const struct flow_packet *like, uint32_t from)
{
	last = flow_packet_parse(bytes, flow_packet_write(bytes, like));
	last.from_id = from;
	return drop_name(flows_track(flows, &last, now));
}

static const char *accept(const struct flow_packet *like, uint32_t from)
{
	const char *name = track(like, from);

	ck_assert_str_eq(name, "NONE");
	return drop_name(flows_confirm(flows, &last, now));
}

static const struct flow_packet first = {
    .fragment_id = 77, .has_more = true, .payload = 96};
static const struct flow_packet later = {
    .fragment_id = 77, .fragment_offset = 104, .payload = 8};

START_TEST(fragment_is_what_its_first_one_was)
{
	const struct flow_packet answer = {
	    .source = 1,
	    .destination = 7,
	    .source_port = 53,
	    .destination_port = 4000,
	    .fragment_id = 78,
	    .has_more = true,
	    .payload = 96,
	};
	const struct flow_packet answer_later = {
	    .source = 1,
	    .destination = 7,
	    .fragment_id = 78,
	    .fragment_offset = 104,
	};

	ck_assert_str_eq(accept(&first, 1), "NONE");
	ck_assert_str_eq(track(&later, 1), "NONE");
	ck_assert_int_eq(last.flow_state, FLOW_NEW);
	ck_assert(flows_is_accepted(flows, &last, true));
	ck_assert_int_eq(flows_confirm(flows, &last, now), DROP_NONE);
	ck_assert_str_eq(accept(&answer, 0), "NONE");
	ck_assert_str_eq(track(&answer_later, 0), "NONE");
	ck_assert_int_eq(last.flow_state, FLOW_ESTABLISHED);
	ck_assert(!flows_is_stale(flows, &last));
}
END_TEST

START_TEST(fragment_without_first_one_is_an_orphan)
{
	struct flows_status status;

	ck_assert_str_eq(track(&later, 1), ORPHAN);
	ck_assert(!flows_is_accepted(flows, &last, false));
	/* tracked, but a hook drops it */
	ck_assert_str_eq(track(&first, 1), "NONE");
	ck_assert_str_eq(accept(&later, 1), ORPHAN);
	flows_status(flows, &status);
	ck_assert_uint_eq(status.orphans, 2);
}
END_TEST

START_TEST(fragment_may_come_in_one_batch_with_its_first_one)
{
	struct packet one, two;
	uint8_t more[FLOW_PACKET_BYTES];

	ck_assert_str_eq(track(&first, 1), "NONE");
	one = last;
	two = flow_packet_parse(more, flow_packet_write(more, &later));
	two.from_id = 1;
	ck_assert_int_eq(flows_track(flows, &two, now), DROP_NONE);
	ck_assert(flows_is_accepted(flows, &two, true));
	one.to_id = two.to_id = 2;
	ck_assert_int_eq(flows_confirm(flows, &one, now), DROP_NONE);
	ck_assert_int_eq(flows_confirm(flows, &two, now), DROP_NONE);
	/* the first one once more: that it was accepted is known */
	ck_assert_str_eq(track(&first, 1), "NONE");
	ck_assert_int_eq(flows_confirm(flows, &two, now), DROP_NONE);
	/* nor may it go elsewhere */
	two.to_id = 3;
	ck_assert_int_eq(flows_confirm(flows, &two, now), DROP_VPN_FRAG_ORPHAN);
	two.is_dry = true;
	ck_assert_int_eq(flows_confirm(flows, &two, now), DROP_VPN_FRAG_ORPHAN);
}
END_TEST

START_TEST(fragment_of_another_packet_is_an_orphan)
{
	struct flow_packet other = later;

	ck_assert_str_eq(accept(&first, 1), "NONE");
	ck_assert_str_eq(track(&other, 2), ORPHAN);
	other.fragment_id = 78;
	ck_assert_str_eq(track(&other, 1), ORPHAN);
	other = later;
	other.protocol = 99;
	ck_assert_str_eq(track(&other, 1), ORPHAN);
	other = later;
	other.source = 8;
	ck_assert_str_eq(track(&other, 1), ORPHAN);
	other = later;
	other.destination = 8;
	ck_assert_str_eq(track(&other, 1), ORPHAN);
	last = flow_packet_parse(bytes, flow_packet_write(bytes, &later));
	last.from_id = 1;
	last.vlan = 9;
	ck_assert_int_eq(flows_track(flows, &last, now), DROP_VPN_FRAG_ORPHAN);
	ck_assert_str_eq(track(&later, 1), "NONE");
}
END_TEST

START_TEST(fragment_is_waited_for_30_seconds)
{
	ck_assert_str_eq(accept(&first, 1), "NONE");
	now.ns += 30 * NS_PER_S - 1;
	ck_assert_str_eq(track(&later, 1), "NONE");
	now.ns += 1;
	ck_assert_str_eq(track(&later, 1), ORPHAN);
}
END_TEST

START_TEST(fragment_accepted_by_other_rules_is_an_orphan)
{
	ck_assert_str_eq(accept(&first, 1), "NONE");
	flows_set_generation(flows, 2);
	ck_assert_str_eq(track(&later, 1), ORPHAN);
	ck_assert_str_eq(accept(&first, 1), "NONE");
	ck_assert_str_eq(track(&later, 1), "NONE");
}
END_TEST

static const struct tiny {
	struct flow_packet packet;
	const char *drop;
} tinies[] = {
    {{.fragment_id = 5, .has_more = true, .cut = 7}, TINY},
    {{.fragment_id = 5, .has_more = true, .cut = 8}, "NONE"},
    {{.protocol = 6, .fragment_id = 5, .has_more = true, .cut = 8}, TINY},
    {{.protocol = 6, .fragment_id = 5, .has_more = true, .cut = 19}, TINY},
    {{.protocol = 6, .fragment_id = 5, .has_more = true}, "NONE"},
    {{.protocol = 1,
	 .icmp_type = 8,
	 .fragment_id = 5,
	 .has_more = true,
	 .cut = 7},
	TINY},
    {{.protocol = 1, .icmp_type = 8, .fragment_id = 5, .has_more = true},
	"NONE"},
    {{.protocol = 99, .fragment_id = 5, .has_more = true, .payload = 1},
	"NONE"},
    {{.protocol = 6, .fragment_id = 5, .fragment_offset = 8}, TINY},
    {{.protocol = 6, .fragment_id = 5, .fragment_offset = 16}, ORPHAN},
    {{.protocol = 17, .fragment_id = 5, .fragment_offset = 8}, ORPHAN},
    {{.family = 6, .fragment_id = 5, .has_more = true, .cut = 7}, TINY},
    {{.family = 6,
	 .protocol = 58,
	 .icmp_type = 128,
	 .fragment_id = 5,
	 .has_more = true,
	 .cut = 7},
	TINY},
    {{.family = 6, .protocol = 6, .fragment_id = 5, .fragment_offset = 8},
	TINY},
    {{.family = 6, .protocol = 1, .fragment_id = 5, .has_more = true, .cut = 1},
	"NONE"},
};

START_TEST(fragment_does_not_hide_its_ports)
{
	const struct tiny *tiny = &tinies[_i];
	struct flows_status status;

	ck_assert_str_eq(track(&tiny->packet, 1), tiny->drop);
	flows_status(flows, &status);
	ck_assert_uint_eq(status.tiny, strcmp(tiny->drop, TINY) == 0);
}
END_TEST

START_TEST(fragment_in_ipv6_is_known_by_its_identification)
{
	struct flow_packet one = first, two = later;

	one.family = two.family = 6;
	one.fragment_id = two.fragment_id = 0x12345678;
	ck_assert_str_eq(accept(&one, 1), "NONE");
	ck_assert_str_eq(track(&two, 1), "NONE");
	/* what is behind the fragment header may differ */
	two.protocol = 60;
	ck_assert_str_eq(track(&two, 1), "NONE");
	two.fragment_id++;
	ck_assert_str_eq(track(&two, 1), ORPHAN);
}
END_TEST

START_TEST(fragments_of_one_peer_do_not_push_out_anothers)
{
	struct flow_packet like = first;

	ck_assert_str_eq(accept(&first, 1), "NONE");
	for (uint32_t i = 0; i < 8 * FRAGMENTS_MAX; i++) {
		like.fragment_id = 1000 + i;
		now.ns++;
		ck_assert_str_eq(accept(&like, 2), "NONE");
	}
	ck_assert_str_eq(track(&later, 1), "NONE");
	like = later;
	like.fragment_id = 1000;
	ck_assert_str_eq(track(&like, 2), ORPHAN);
	like.fragment_id = 1000 + 8 * FRAGMENTS_MAX - 1;
	ck_assert_str_eq(track(&like, 2), "NONE");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("fragment");
	TCase *tcase = tcase_create("fragment");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, fragment_is_what_its_first_one_was);
	tcase_add_test(tcase, fragment_without_first_one_is_an_orphan);
	tcase_add_test(
	    tcase, fragment_may_come_in_one_batch_with_its_first_one);
	tcase_add_test(tcase, fragment_of_another_packet_is_an_orphan);
	tcase_add_test(tcase, fragment_is_waited_for_30_seconds);
	tcase_add_test(tcase, fragment_accepted_by_other_rules_is_an_orphan);
	tcase_add_loop_test(
	    tcase, fragment_does_not_hide_its_ports, 0, ARRAY_SIZE(tinies));
	tcase_add_test(tcase, fragment_in_ipv6_is_known_by_its_identification);
	tcase_add_test(tcase, fragments_of_one_peer_do_not_push_out_anothers);
	suite_add_tcase(suite, tcase);
	return suite;
}
