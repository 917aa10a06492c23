/* SPDX-License-Identifier: ISC */
/* Tests of protocol/ratelimit: burst, refill, who shares, a full table. */
#include <stdlib.h>

#include "protocol/hash.h"
#include "protocol/ratelimit.h"
#include "repeatable.h"
#include "unit.h"

static const struct instant start = {.ns = 1000 * NS_PER_S};
static const struct address alice = {FAMILY_IPV4, {192, 0, 2, 1}};
static const struct address bob = {FAMILY_IPV4, {192, 0, 2, 2}};

static struct ratelimit *limit;

static void setup(void)
{
	limit = ratelimit_new(1024);
	ck_assert_ptr_nonnull(limit);
}

static void teardown(void)
{
	ratelimit_free(limit);
}

static int allowed(const struct address *address, struct instant now, int tries)
{
	int ret = 0;

	for (int i = 0; i < tries; i++)
		ret += ratelimit_allows(limit, address, now);
	return ret;
}

START_TEST(ratelimit_lets_a_burst_of_five_through)
{
	ck_assert_int_eq(allowed(&alice, start, 100), RATELIMIT_BURST);
}
END_TEST

START_TEST(ratelimit_refills_twenty_a_second)
{
	int64_t token_ns = NS_PER_S / RATELIMIT_PER_SECOND;
	struct instant now = start;

	ck_assert_int_eq(allowed(&alice, now, 100), RATELIMIT_BURST);
	for (int i = 0; i < 40; i++) {
		now = instant_after(now, token_ns - 1);
		ck_assert_int_eq(allowed(&alice, now, 3), 0);
		now = instant_after(now, 1);
		ck_assert_int_eq(allowed(&alice, now, 3), 1);
	}
}
END_TEST

START_TEST(ratelimit_saves_no_more_than_a_burst)
{
	ck_assert_int_eq(allowed(&alice, start, 100), RATELIMIT_BURST);
	ck_assert_int_eq(
	    allowed(&alice, instant_after(start, 3600 * NS_PER_S), 100),
	    RATELIMIT_BURST);
}
END_TEST

START_TEST(ratelimit_of_one_address_does_not_touch_another)
{
	ck_assert_int_eq(allowed(&alice, start, 100), RATELIMIT_BURST);
	ck_assert_int_eq(allowed(&bob, start, 100), RATELIMIT_BURST);
}
END_TEST

START_TEST(ratelimit_is_shared_by_an_ipv6_64)
{
	struct address first = {FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8}};
	struct address second = first, elsewhere = first;

	second.bytes[8] = 1;
	second.bytes[15] = 1;
	elsewhere.bytes[7] = 1;
	ck_assert_int_eq(allowed(&first, start, 100), RATELIMIT_BURST);
	ck_assert_int_eq(allowed(&second, start, 100), 0);
	ck_assert_int_eq(allowed(&elsewhere, start, 100), RATELIMIT_BURST);
}
END_TEST

START_TEST(ratelimit_keeps_families_apart)
{
	struct address six = alice;

	/* Even in one set of the table. */
	ratelimit_free(limit);
	limit = ratelimit_new(1);
	ck_assert_ptr_nonnull(limit);
	six.family = FAMILY_IPV6;
	ck_assert_int_eq(allowed(&alice, start, 100), RATELIMIT_BURST);
	ck_assert_int_eq(allowed(&six, start, 100), RATELIMIT_BURST);
}
END_TEST

/* Tries once from each of 65536 addresses; how many were let through? */
static int flood(uint8_t network, struct instant now)
{
	struct address address = {FAMILY_IPV4, {10, network}};
	int ret = 0;

	for (int i = 0; i < 65536; i++) {
		address.bytes[2] = (uint8_t)(i >> 8);
		address.bytes[3] = (uint8_t)i;
		ret += ratelimit_allows(limit, &address, now);
	}
	return ret;
}

START_TEST(ratelimit_refuses_strangers_when_full_and_remembers_the_rest)
{
	ck_assert_int_eq(allowed(&alice, start, 100), RATELIMIT_BURST);
	ck_assert_int_le(flood(1, start), 1024);
	/* A flood from many addresses does not give alice new tokens. */
	ck_assert_int_eq(allowed(&alice, start, 100), 0);
	ck_assert_int_eq(
	    allowed(&alice,
		instant_after(start, NS_PER_S / RATELIMIT_PER_SECOND), 100),
	    1);
}
END_TEST

START_TEST(ratelimit_has_room_again_once_others_are_idle)
{
	int64_t idle_ns = NS_PER_S * RATELIMIT_BURST / RATELIMIT_PER_SECOND;

	ck_assert_int_eq(flood(1, start), 1024);
	ck_assert_int_eq(flood(2, instant_after(start, idle_ns - 1)), 0);
	ck_assert_int_eq(flood(3, instant_after(start, idle_ns)), 1024);
}
END_TEST

START_TEST(ratelimit_never_gives_more_than_rate_and_burst)
{
	uint64_t state = repeatable_seed();
	struct instant now = start;
	int passed = 0, most;

	for (int i = 0; i < 20000; i++) {
		now = instant_after(
		    now, (int64_t)(repeatable_next(&state) % 20000000));
		passed += ratelimit_allows(limit, &alice, now);
		most = RATELIMIT_BURST + (int)((now.ns - start.ns) *
					       RATELIMIT_PER_SECOND / NS_PER_S);
		ck_assert_int_le(passed, most);
	}
	/* 100 tries a second on average are far more than the rate. */
	ck_assert_int_ge(passed, most - 2 * RATELIMIT_BURST);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ratelimit");
	TCase *tcase = tcase_create("ratelimit");

	if (hash_init() < 0)
		abort();
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, ratelimit_lets_a_burst_of_five_through);
	tcase_add_test(tcase, ratelimit_refills_twenty_a_second);
	tcase_add_test(tcase, ratelimit_saves_no_more_than_a_burst);
	tcase_add_test(tcase, ratelimit_of_one_address_does_not_touch_another);
	tcase_add_test(tcase, ratelimit_is_shared_by_an_ipv6_64);
	tcase_add_test(tcase, ratelimit_keeps_families_apart);
	tcase_add_test(tcase,
	    ratelimit_refuses_strangers_when_full_and_remembers_the_rest);
	tcase_add_test(tcase, ratelimit_has_room_again_once_others_are_idle);
	tcase_add_test(tcase, ratelimit_never_gives_more_than_rate_and_burst);
	suite_add_tcase(suite, tcase);
	return suite;
}
