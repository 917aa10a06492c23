/* SPDX-License-Identifier: ISC */
/* The switch against its oracle, with random stories. */
#include "unit.h"

#include <stdbool.h>

#include "seed.h"
#include "switch_story.h"

#define STORIES	    60
#define STORY_BYTES 2000

static void tell_random(struct seed *seed, struct story_count *count)
{
	uint8_t story[STORY_BYTES];

	for (size_t i = 0; i < sizeof(story); i++)
		story[i] = (uint8_t)seed_next(seed);
	/* room to learn, so that not all is a matter of quotas */
	story[1] |= 0x40;
	story[2] |= 0x08;
	story_tell(story, sizeof(story), count);
}

START_TEST(switch_does_what_its_oracle_does)
{
	static const enum drop wanted[] = {DROP_NONE, DROP_MAC_INVALID_SOURCE,
	    DROP_MAC_IEEE_MAC_CONTROL, DROP_BRIDGE_INGRESS_STP_STATE,
	    DROP_VPN_BPDU, DROP_VPN_STORM, DROP_VPN_MAC_QUOTA,
	    DROP_VPN_MAC_MOVE, DROP_VPN_MAC_LOCKED, DROP_VPN_SPLIT_HORIZON,
	    DROP_VPN_ISOLATED, DROP_VPN_VLAN};
	struct seed seed = seed_start();
	struct story_count count = {0};

	for (int i = 0; i < STORIES; i++)
		tell_random(&seed, &count);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(count.drops[wanted[i]] > 0, "never: %s",
		    drop_name(wanted[i]));
	ck_assert_uint_gt(count.floods, 0);
	ck_assert_uint_gt(count.static_refusals, 0);
}
END_TEST

/* Two ports and a few addresses, so that the loop guard has work. */
static void tell_moves(struct seed *seed, struct story_count *count)
{
	uint8_t story[STORY_BYTES] = {0, 200, 20, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	size_t at = 7;

	for (uint8_t port = 0; port < 2; port++) {
		const uint8_t add[] = {0, port, 0, 0};

		for (size_t i = 0; i < sizeof(add); i++)
			story[at++] = add[i];
	}
	while (at + 4 < sizeof(story)) {
		uint64_t word = seed_next(seed);
		const uint8_t frame[] = {31, word >> 8 & 1 ? 1 : 2,
		    (uint8_t)(0x80 | (word >> 16 & 1)), 0};
		const uint8_t pause[] = {6, 7, (uint8_t)(word >> 24) | 3};
		bool is_pause = word % 9 == 0;
		const uint8_t *step = is_pause ? pause : frame;

		for (size_t i = 0; i < (is_pause ? 3 : 4); i++)
			story[at++] = step[i];
	}
	story_tell(story, sizeof(story), count);
}

START_TEST(loop_guard_does_what_its_oracle_does)
{
	struct seed seed = seed_start();
	struct story_count count = {0};

	for (int i = 0; i < STORIES; i++)
		tell_moves(&seed, &count);
	ck_assert_uint_gt(count.alarms, STORIES);
	ck_assert_uint_gt(count.drops[DROP_BRIDGE_INGRESS_STP_STATE], STORIES);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("switch");
	TCase *tcase = tcase_create("stories");

	tcase_add_test(tcase, switch_does_what_its_oracle_does);
	tcase_add_test(tcase, loop_guard_does_what_its_oracle_does);
	suite_add_tcase(suite, tcase);
	return suite;
}
