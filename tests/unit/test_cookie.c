/* SPDX-License-Identifier: ISC */
/* Tests of protocol/cookie: what a cookie is bound to, and for how long. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../vectors/noise_ikpsk2.h"
#include "base/attributes.h"
#include "protocol/cookie.h"
#include "protocol/hash.h"
#include "protocol/noise.h"
#include "repeatable.h"
#include "unit.h"

#define LEN WIRE_INITIATION_BYTES

static const struct instant start = {.ns = 1000 * NS_PER_S};

/* A responder, an initiator and a message between them. */
struct pair {
	struct cookie_checker checker;
	struct cookie_maker maker;
	uint8_t public_key[WIRE_KEY_BYTES];
	struct endpoint from;
	uint8_t message[WIRE_INITIATION_BYTES];
	uint8_t reply[WIRE_COOKIE_REPLY_BYTES];
};

static void pair_init(struct pair *pair)
{
	*pair = (struct pair){0};
	randombytes_buf(pair->public_key, sizeof(pair->public_key));
	randombytes_buf(pair->message, sizeof(pair->message));
	cookie_checker_init(&pair->checker, pair->public_key);
	cookie_maker_init(&pair->maker, pair->public_key);
	pair->from.address = (struct address){FAMILY_IPV4, {192, 0, 2, 1}};
	pair->from.port = 51820;
}

static enum cookie_verdict check(struct pair *pair, struct instant now)
{
	return cookie_check(
	    &pair->checker, pair->message, LEN, &pair->from, true, now);
}

static enum drop consume(struct pair *pair, struct instant now)
{
	return cookie_reply_consume(&pair->maker, pair->reply, now);
}

/* The initiator has a cookie made at `start` and stamped its message. */
static void exchange(struct pair *pair)
{
	cookie_stamp(&pair->maker, pair->message, LEN, start);
	cookie_reply_create(&pair->checker, pair->message, LEN, &pair->from,
	    start, pair->reply);
	ck_assert_int_eq(consume(pair, start), DROP_NONE);
	cookie_stamp(&pair->maker, pair->message, LEN, start);
}

static struct instant later(int64_t ns)
{
	return instant_after(start, ns);
}

static void unhex(void *ret, size_t len, const char *hex)
{
	ck_assert_int_eq(
	    sodium_hex2bin(ret, len, hex, strlen(hex), NULL, NULL, NULL), 0);
}

START_TEST(cookie_agrees_with_the_python_implementation)
{
	const struct noise_vector *vector = &noise_vectors[_i];
	uint8_t key[WIRE_KEY_BYTES], message[LEN], mac2[WIRE_MAC_BYTES];
	uint8_t random[WIRE_HASH_BYTES + WIRE_XNONCE_BYTES];
	uint8_t reply[WIRE_COOKIE_REPLY_BYTES];
	struct noise_identity responder;
	struct pair pair;

	pair_init(&pair);
	unhex(key, sizeof(key), vector->responder_private);
	noise_identity_set(&responder, key);
	cookie_checker_init(&pair.checker, responder.public_key);
	cookie_maker_init(&pair.maker, responder.public_key);
	unhex(message, LEN, vector->initiation);
	memcpy(pair.message, message, WIRE_INITIATION_MAC1);
	cookie_stamp(&pair.maker, pair.message, LEN, start);
	ck_assert_mem_eq(pair.message, message, LEN);

	unhex(random, WIRE_HASH_BYTES, vector->cookie_secret);
	unhex(
	    random + WIRE_HASH_BYTES, WIRE_XNONCE_BYTES, vector->cookie_nonce);
	repeatable_feed(random, sizeof(random));
	cookie_reply_create(
	    &pair.checker, pair.message, LEN, &pair.from, start, pair.reply);
	unhex(reply, sizeof(reply), vector->cookie_reply);
	ck_assert_mem_eq(pair.reply, reply, sizeof(reply));

	ck_assert_int_eq(consume(&pair, start), DROP_NONE);
	cookie_stamp(&pair.maker, pair.message, LEN, start);
	unhex(mac2, sizeof(mac2), vector->mac2);
	ck_assert_mem_eq(
	    pair.message + WIRE_INITIATION_MAC2, mac2, sizeof(mac2));
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC2_VALID);
}
END_TEST

START_TEST(cookie_mac1_of_another_key_is_wrong)
{
	struct pair pair, other;

	pair_init(&pair);
	pair_init(&other);
	cookie_stamp(&other.maker, pair.message, LEN, start);
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC1_WRONG);
}
END_TEST

START_TEST(cookie_mac1_covers_each_byte)
{
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	for (size_t i = 0; i < WIRE_INITIATION_MAC2; i++) {
		pair.message[i] ^= 0x10;
		ck_assert_int_eq(check(&pair, start), COOKIE_MAC1_WRONG);
		pair.message[i] ^= 0x10;
	}
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC2_VALID);
}
END_TEST

START_TEST(cookie_mac2_with_any_byte_changed_is_not_valid)
{
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	for (size_t i = WIRE_INITIATION_MAC2; i < LEN; i++) {
		pair.message[i] ^= 0x80;
		ck_assert_int_eq(check(&pair, start), COOKIE_MAC1_ONLY);
		pair.message[i] ^= 0x80;
	}
}
END_TEST

START_TEST(cookie_mac2_is_zero_without_a_cookie)
{
	static const uint8_t zero[WIRE_MAC_BYTES];
	struct pair pair;

	pair_init(&pair);
	cookie_stamp(&pair.maker, pair.message, LEN, start);
	ck_assert_mem_eq(
	    pair.message + WIRE_INITIATION_MAC2, zero, sizeof(zero));
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC1_ONLY);
}
END_TEST

START_TEST(cookie_mac2_is_not_looked_at_without_load)
{
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	ck_assert_int_eq(cookie_check(&pair.checker, pair.message, LEN,
			     &pair.from, false, start),
	    COOKIE_MAC1_ONLY);
}
END_TEST

START_TEST(cookie_works_for_responses_too)
{
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	cookie_stamp(&pair.maker, pair.message, WIRE_RESPONSE_BYTES, start);
	ck_assert_int_eq(cookie_check(&pair.checker, pair.message,
			     WIRE_RESPONSE_BYTES, &pair.from, true, start),
	    COOKIE_MAC2_VALID);
}
END_TEST

START_TEST(cookie_is_bound_to_the_port)
{
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	pair.from.port ^= 0x0100;
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC1_ONLY);
	pair.from.port ^= 0x0101;
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC1_ONLY);
	pair.from.port ^= 0x0001;
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC2_VALID);
}
END_TEST

START_TEST(cookie_is_bound_to_each_byte_of_the_address)
{
	unsigned bytes = _i == FAMILY_IPV4 ? 4 : 16;
	struct pair pair;

	pair_init(&pair);
	pair.from.address.family =
	    _i == FAMILY_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;
	exchange(&pair);
	for (size_t i = 0; i < bytes; i++) {
		pair.from.address.bytes[i] ^= 1;
		ck_assert_int_eq(check(&pair, start), COOKIE_MAC1_ONLY);
		pair.from.address.bytes[i] ^= 1;
	}
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC2_VALID);
}
END_TEST

START_TEST(cookie_of_one_family_is_not_one_of_the_other)
{
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	pair.from.address.family = FAMILY_IPV6;
	ck_assert_int_eq(check(&pair, start), COOKIE_MAC1_ONLY);
}
END_TEST

START_TEST(cookie_secret_is_replaced_after_two_minutes)
{
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	ck_assert_int_eq(
	    check(&pair, later(120 * NS_PER_S - 1)), COOKIE_MAC2_VALID);
	ck_assert_int_eq(check(&pair, later(120 * NS_PER_S)), COOKIE_MAC1_ONLY);
	/* and not only for a moment */
	ck_assert_int_eq(check(&pair, later(121 * NS_PER_S)), COOKIE_MAC1_ONLY);
}
END_TEST

START_TEST(cookie_is_not_used_after_115_seconds)
{
	static const uint8_t zero[WIRE_MAC_BYTES];
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	cookie_stamp(&pair.maker, pair.message, LEN, later(115 * NS_PER_S - 1));
	ck_assert_mem_ne(
	    pair.message + WIRE_INITIATION_MAC2, zero, sizeof(zero));
	cookie_stamp(&pair.maker, pair.message, LEN, later(115 * NS_PER_S));
	ck_assert_mem_eq(
	    pair.message + WIRE_INITIATION_MAC2, zero, sizeof(zero));
}
END_TEST

START_TEST(cookie_reply_is_accepted_once_after_each_message)
{
	struct pair pair;

	pair_init(&pair);
	exchange(&pair);
	cookie_reply_create(
	    &pair.checker, pair.message, LEN, &pair.from, start, pair.reply);
	ck_assert_int_eq(consume(&pair, start), DROP_NONE);
	ck_assert_int_eq(consume(&pair, start), DROP_VPN_UNEXPECTED);
	cookie_stamp(&pair.maker, pair.message, LEN, start);
	cookie_reply_create(
	    &pair.checker, pair.message, LEN, &pair.from, start, pair.reply);
	ck_assert_int_eq(consume(&pair, start), DROP_NONE);
}
END_TEST

START_TEST(cookie_reply_that_nobody_asked_for_is_refused)
{
	struct pair pair;

	pair_init(&pair);
	cookie_reply_create(
	    &pair.checker, pair.message, LEN, &pair.from, start, pair.reply);
	ck_assert_int_eq(consume(&pair, start), DROP_VPN_UNEXPECTED);
	ck_assert(instant_is_never(pair.maker.cookie_born));
}
END_TEST

START_TEST(cookie_reply_to_an_older_message_is_refused)
{
	struct pair pair;

	pair_init(&pair);
	cookie_stamp(&pair.maker, pair.message, LEN, start);
	cookie_reply_create(
	    &pair.checker, pair.message, LEN, &pair.from, start, pair.reply);
	pair.message[8] ^= 1;
	cookie_stamp(&pair.maker, pair.message, LEN, start);
	ck_assert_int_eq(consume(&pair, start), DROP_VPN_HANDSHAKE);
}
END_TEST

START_TEST(cookie_forged_reply_is_no_harm)
{
	struct cookie_maker before;
	struct pair pair;

	pair_init(&pair);
	cookie_stamp(&pair.maker, pair.message, LEN, start);
	cookie_reply_create(
	    &pair.checker, pair.message, LEN, &pair.from, start, pair.reply);
	before = pair.maker;
	for (size_t i = WIRE_COOKIE_NONCE; i < sizeof(pair.reply); i++) {
		pair.reply[i] ^= 1;
		ck_assert_int_eq(consume(&pair, start), DROP_VPN_HANDSHAKE);
		ck_assert_mem_eq(&before, &pair.maker, sizeof(before));
		pair.reply[i] ^= 1;
	}
	ck_assert_int_eq(consume(&pair, start), DROP_NONE);
}
END_TEST

START_TEST(cookie_reply_tells_type_and_index_of_the_asker)
{
	struct pair pair;

	pair_init(&pair);
	cookie_reply_create(
	    &pair.checker, pair.message, LEN, &pair.from, start, pair.reply);
	ck_assert_mem_eq(pair.reply, "\3\0\0\0", 4);
	ck_assert_mem_eq(pair.reply + WIRE_COOKIE_RECEIVER,
	    pair.message + WIRE_INITIATION_SENDER, 4);
}
END_TEST

static void add_bindings(TCase *tcase)
{
	tcase_add_test(tcase, cookie_is_bound_to_the_port);
	tcase_add_loop_test(tcase, cookie_is_bound_to_each_byte_of_the_address,
	    FAMILY_IPV4, FAMILY_IPV6 + 1);
	tcase_add_test(tcase, cookie_of_one_family_is_not_one_of_the_other);
	tcase_add_test(tcase, cookie_secret_is_replaced_after_two_minutes);
	tcase_add_test(tcase, cookie_is_not_used_after_115_seconds);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("cookie");
	TCase *tcase = tcase_create("cookie");

	repeatable_install();
	if (hash_init() < 0)
		abort();
	tcase_add_loop_test(tcase, cookie_agrees_with_the_python_implementation,
	    0, ARRAY_SIZE(noise_vectors));
	tcase_add_test(tcase, cookie_mac1_of_another_key_is_wrong);
	tcase_add_test(tcase, cookie_mac1_covers_each_byte);
	tcase_add_test(tcase, cookie_mac2_with_any_byte_changed_is_not_valid);
	tcase_add_test(tcase, cookie_mac2_is_zero_without_a_cookie);
	tcase_add_test(tcase, cookie_mac2_is_not_looked_at_without_load);
	tcase_add_test(tcase, cookie_works_for_responses_too);
	add_bindings(tcase);
	tcase_add_test(tcase, cookie_reply_is_accepted_once_after_each_message);
	tcase_add_test(tcase, cookie_reply_that_nobody_asked_for_is_refused);
	tcase_add_test(tcase, cookie_reply_to_an_older_message_is_refused);
	tcase_add_test(tcase, cookie_forged_reply_is_no_harm);
	tcase_add_test(tcase, cookie_reply_tells_type_and_index_of_the_asker);
	suite_add_tcase(suite, tcase);
	return suite;
}
