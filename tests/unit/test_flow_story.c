/* SPDX-License-Identifier: ISC */
/* Random histories of the flow table, beside an oracle. */
#include "unit.h"

#include "flow_story.h"
#include "seed.h"

#define STORIES	    400
#define STORY_BYTES 3000

START_TEST(flow_is_what_the_oracle_says)
{
	static uint8_t bytes[STORY_BYTES];
	struct flow_story_count count = {0};
	struct seed seed = seed_start();
	static const enum drop wanted[] = {DROP_NONE, DROP_VPN_CT_INVALID,
	    DROP_VPN_CT_FULL, DROP_VPN_FRAG_ORPHAN};

	for (int i = 0; i < STORIES; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)seed_next(&seed);
		flow_story_tell(bytes, sizeof(bytes), &count);
	}
	ck_assert_uint_gt(count.steps, 10000);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(count.drops[wanted[i]] > 100, "%s: %d times",
		    drop_name(wanted[i]), (int)count.drops[wanted[i]]);
	for (int state = 1; state <= 4; state++)
		ck_assert_msg(count.states[state] > 100, "state %d: %d times",
		    state, (int)count.states[state]);
	ck_assert_uint_gt(count.early_drops, 100);
	ck_assert_uint_gt(count.judged, 100);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("flow_story");
	TCase *tcase = tcase_create("flow_story");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, flow_is_what_the_oracle_says);
	suite_add_tcase(suite, tcase);
	return suite;
}
