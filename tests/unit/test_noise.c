/* SPDX-License-Identifier: ISC */
/* Tests of protocol/noise: foreign vectors, and all that must not pass. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../vectors/noise_ikpsk2.h"
#include "base/attributes.h"
#include "protocol/hash.h"
#include "protocol/noise.h"
#include "repeatable.h"
#include "unit.h"

static void unhex(void *ret, size_t len, const char *hex)
{
	size_t written = 0;

	ck_assert_int_eq(
	    sodium_hex2bin(ret, len, hex, strlen(hex), NULL, &written, NULL),
	    0);
	ck_assert_uint_eq(written, len);
}

static void expect_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	uint8_t expected[WIRE_INITIATION_BYTES];

	unhex(expected, len, hex);
	ck_assert_mem_eq(bytes, expected, len);
}

static uint32_t index_in(const uint8_t *message, size_t offset)
{
	const uint8_t *at = message + offset;

	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/* Two sides and what they send each other. */
struct pair {
	struct noise_identity alice, bob;
	struct noise_handshake a, b;
	uint8_t timestamp[WIRE_TIMESTAMP_BYTES];
	uint8_t initiation[WIRE_INITIATION_BYTES];
	uint8_t response[WIRE_RESPONSE_BYTES];
};

static void pair_init(struct pair *pair)
{
	uint8_t key[WIRE_KEY_BYTES];

	*pair = (struct pair){0};
	randombytes_buf(key, sizeof(key));
	noise_identity_set(&pair->alice, key);
	randombytes_buf(key, sizeof(key));
	noise_identity_set(&pair->bob, key);
	memcpy(pair->a.remote_static, pair->bob.public_key, WIRE_KEY_BYTES);
	randombytes_buf(pair->a.preshared_key, WIRE_KEY_BYTES);
	memcpy(pair->b.preshared_key, pair->a.preshared_key, WIRE_KEY_BYTES);
	noise_timestamp(pair->timestamp, 1700000000, 999999999);
}

static void initiate(struct pair *pair)
{
	ck_assert(noise_initiation_create(&pair->a, &pair->alice,
	    pair->timestamp, 0x11223344, pair->initiation));
	ck_assert_int_eq(pair->a.state, NOISE_INITIATION_CREATED);
}

static enum drop consume_initiation(struct pair *pair)
{
	uint8_t timestamp[WIRE_TIMESTAMP_BYTES];
	enum drop drop;

	drop = noise_initiation_consume_static(
	    &pair->b, &pair->bob, pair->initiation);
	if (drop != DROP_NONE)
		return drop;
	drop = noise_initiation_consume_timestamp(
	    &pair->b, &pair->bob, pair->initiation, timestamp);
	if (drop == DROP_NONE)
		ck_assert_mem_eq(timestamp, pair->timestamp, sizeof(timestamp));
	return drop;
}

static void respond(struct pair *pair)
{
	ck_assert_int_eq(consume_initiation(pair), DROP_NONE);
	ck_assert_int_eq(pair->b.state, NOISE_INITIATION_CONSUMED);
	ck_assert(noise_response_create(&pair->b, 0x55667788, pair->response));
	ck_assert_int_eq(pair->b.state, NOISE_RESPONSE_CREATED);
}

static enum drop consume_response(struct pair *pair)
{
	return noise_response_consume(&pair->a, &pair->alice, pair->response);
}

static void expect_equal_keys(struct pair *pair)
{
	struct noise_keys a, b;

	noise_derive(&pair->a, &a);
	noise_derive(&pair->b, &b);
	ck_assert_mem_eq(a.send, b.receive, WIRE_KEY_BYTES);
	ck_assert_mem_eq(a.receive, b.send, WIRE_KEY_BYTES);
	ck_assert_mem_eq(a.send_aes256gcm, b.receive_aes256gcm, WIRE_KEY_BYTES);
	ck_assert_mem_eq(a.receive_aes256gcm, b.send_aes256gcm, WIRE_KEY_BYTES);
	ck_assert_mem_ne(a.send, a.receive, WIRE_KEY_BYTES);
	ck_assert_mem_ne(a.send, a.send_aes256gcm, WIRE_KEY_BYTES);
	ck_assert_mem_ne(a.send_aes256gcm, a.receive_aes256gcm, WIRE_KEY_BYTES);
}

static void vector_init(struct pair *pair, const struct noise_vector *vector)
{
	uint8_t key[WIRE_KEY_BYTES];

	*pair = (struct pair){0};
	unhex(key, sizeof(key), vector->initiator_private);
	noise_identity_set(&pair->alice, key);
	unhex(key, sizeof(key), vector->responder_private);
	noise_identity_set(&pair->bob, key);
	memcpy(pair->a.remote_static, pair->bob.public_key, WIRE_KEY_BYTES);
	unhex(pair->a.preshared_key, WIRE_KEY_BYTES, vector->preshared_key);
	noise_timestamp(pair->timestamp, vector->wall_s, vector->wall_ns);
}

START_TEST(noise_agrees_with_the_python_implementation)
{
	const struct noise_vector *vector = &noise_vectors[_i];
	uint8_t ephemeral[WIRE_KEY_BYTES], initiation[WIRE_INITIATION_BYTES];
	uint8_t response[WIRE_RESPONSE_BYTES];
	struct noise_keys keys;
	struct pair pair;

	vector_init(&pair, vector);
	unhex(initiation, sizeof(initiation), vector->initiation);
	unhex(response, sizeof(response), vector->response);
	expect_hex(pair.timestamp, sizeof(pair.timestamp), vector->timestamp);

	unhex(ephemeral, sizeof(ephemeral), vector->initiator_ephemeral);
	repeatable_feed(ephemeral, sizeof(ephemeral));
	ck_assert(noise_initiation_create(&pair.a, &pair.alice, pair.timestamp,
	    index_in(initiation, WIRE_INITIATION_SENDER), pair.initiation));
	ck_assert_mem_eq(pair.initiation, initiation, WIRE_INITIATION_MAC1);

	ck_assert_int_eq(consume_initiation(&pair), DROP_NONE);
	ck_assert_mem_eq(
	    pair.b.remote_static, pair.alice.public_key, WIRE_KEY_BYTES);
	memcpy(pair.b.preshared_key, pair.a.preshared_key, WIRE_KEY_BYTES);
	unhex(ephemeral, sizeof(ephemeral), vector->responder_ephemeral);
	repeatable_feed(ephemeral, sizeof(ephemeral));
	ck_assert(noise_response_create(
	    &pair.b, index_in(response, WIRE_RESPONSE_SENDER), pair.response));
	ck_assert_mem_eq(pair.response, response, WIRE_RESPONSE_MAC1);

	ck_assert_int_eq(consume_response(&pair), DROP_NONE);
	noise_derive(&pair.a, &keys);
	expect_hex(keys.send, WIRE_KEY_BYTES, vector->i2r);
	expect_hex(keys.receive, WIRE_KEY_BYTES, vector->r2i);
	expect_hex(keys.send_aes256gcm, WIRE_KEY_BYTES, vector->i2r_aes256gcm);
	expect_hex(
	    keys.receive_aes256gcm, WIRE_KEY_BYTES, vector->r2i_aes256gcm);
}
END_TEST

START_TEST(noise_handshake_gives_both_sides_the_same_keys)
{
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	respond(&pair);
	ck_assert_uint_eq(pair.b.remote_index, 0x11223344);
	ck_assert_int_eq(consume_response(&pair), DROP_NONE);
	ck_assert_int_eq(pair.a.state, NOISE_RESPONSE_CONSUMED);
	ck_assert_uint_eq(pair.a.remote_index, 0x55667788);
	expect_equal_keys(&pair);
}
END_TEST

START_TEST(noise_derive_keeps_only_what_the_next_handshake_needs)
{
	struct noise_handshake expected = {0};
	struct noise_keys keys;
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	respond(&pair);
	ck_assert_int_eq(consume_response(&pair), DROP_NONE);
	memcpy(expected.remote_static, pair.bob.public_key, WIRE_KEY_BYTES);
	memcpy(expected.preshared_key, pair.a.preshared_key, WIRE_KEY_BYTES);
	noise_derive(&pair.a, &keys);
	ck_assert_mem_eq(&pair.a, &expected, sizeof(expected));
}
END_TEST

START_TEST(noise_never_uses_an_ephemeral_twice)
{
	uint8_t first[WIRE_INITIATION_BYTES];
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	memcpy(first, pair.initiation, sizeof(first));
	initiate(&pair);
	ck_assert_mem_ne(first + WIRE_INITIATION_EPHEMERAL,
	    pair.initiation + WIRE_INITIATION_EPHEMERAL, WIRE_KEY_BYTES);
	ck_assert_mem_ne(first + WIRE_INITIATION_STATIC,
	    pair.initiation + WIRE_INITIATION_STATIC, WIRE_KEY_BYTES);
}
END_TEST

START_TEST(noise_wrong_preshared_key_fails_and_the_right_one_still_works)
{
	struct noise_handshake before;
	uint8_t right[WIRE_KEY_BYTES];
	struct pair pair;
	struct noise_handshake b;

	pair_init(&pair);
	initiate(&pair);
	ck_assert_int_eq(consume_initiation(&pair), DROP_NONE);
	b = pair.b;
	memcpy(right, pair.b.preshared_key, sizeof(right));
	pair.b.preshared_key[31] ^= 1;
	ck_assert(noise_response_create(&pair.b, 1, pair.response));
	before = pair.a;
	ck_assert_int_eq(consume_response(&pair), DROP_VPN_HANDSHAKE);
	ck_assert_mem_eq(&before, &pair.a, sizeof(before));

	pair.b = b;
	ck_assert(noise_response_create(&pair.b, 2, pair.response));
	ck_assert_int_eq(consume_response(&pair), DROP_NONE);
	expect_equal_keys(&pair);
}
END_TEST

START_TEST(noise_initiation_with_any_bit_flipped_fails)
{
	static const struct noise_handshake zero;
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	/* Type and index are covered by MAC1 only. */
	for (size_t i = WIRE_INITIATION_EPHEMERAL; i < WIRE_INITIATION_MAC1;
	     i++) {
		/* X25519 ignores bit 255, the hash does not. */
		uint8_t bit = i % 8 == 7 ? 0x80 : 0x01;

		pair.initiation[i] ^= bit;
		ck_assert_int_eq(consume_initiation(&pair), DROP_VPN_HANDSHAKE);
		ck_assert_mem_eq(&pair.b, &zero, sizeof(zero));
		pair.initiation[i] ^= bit;
	}
	ck_assert_int_eq(consume_initiation(&pair), DROP_NONE);
}
END_TEST

START_TEST(noise_response_with_any_bit_flipped_fails_and_is_no_harm)
{
	struct noise_handshake before;
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	respond(&pair);
	before = pair.a;
	for (size_t i = WIRE_RESPONSE_RECEIVER; i < WIRE_RESPONSE_MAC1; i++) {
		uint8_t bit = i % 8 == 3 ? 0x80 : 0x01;

		pair.response[i] ^= bit;
		ck_assert_int_eq(consume_response(&pair),
		    i < WIRE_RESPONSE_EPHEMERAL ? DROP_VPN_UNEXPECTED
						: DROP_VPN_HANDSHAKE);
		ck_assert_mem_eq(&before, &pair.a, sizeof(before));
		pair.response[i] ^= bit;
	}
	ck_assert_int_eq(consume_response(&pair), DROP_NONE);
	expect_equal_keys(&pair);
}
END_TEST

START_TEST(noise_response_is_taken_once)
{
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	respond(&pair);
	ck_assert_int_eq(consume_response(&pair), DROP_NONE);
	ck_assert_int_eq(consume_response(&pair), DROP_VPN_UNEXPECTED);
}
END_TEST

START_TEST(noise_response_to_an_older_initiation_fails)
{
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	respond(&pair);
	initiate(&pair);
	ck_assert_int_eq(consume_response(&pair), DROP_VPN_HANDSHAKE);
}
END_TEST

START_TEST(noise_response_needs_a_consumed_initiation)
{
	struct pair pair;

	pair_init(&pair);
	ck_assert(!noise_response_create(&pair.b, 1, pair.response));
	ck_assert_int_eq(noise_initiation_consume_static(
			     &pair.b, &pair.bob, pair.initiation),
	    DROP_VPN_HANDSHAKE);
	ck_assert(!noise_response_create(&pair.b, 1, pair.response));
	initiate(&pair);
	ck_assert_int_eq(noise_initiation_consume_static(
			     &pair.b, &pair.bob, pair.initiation),
	    DROP_NONE);
	ck_assert(!noise_response_create(&pair.b, 1, pair.response));
}
END_TEST

START_TEST(noise_initiation_to_another_key_fails)
{
	struct noise_identity bob;
	struct pair pair;

	pair_init(&pair);
	bob = pair.bob;
	pair_init(&pair);
	initiate(&pair);
	pair.bob = bob;
	ck_assert_int_eq(consume_initiation(&pair), DROP_VPN_HANDSHAKE);
}
END_TEST

START_TEST(noise_initiator_that_changed_its_key_can_not_take_the_response)
{
	struct pair pair, other;

	pair_init(&pair);
	pair_init(&other);
	initiate(&pair);
	respond(&pair);
	ck_assert_int_eq(
	    noise_response_consume(&pair.a, &other.alice, pair.response),
	    DROP_VPN_HANDSHAKE);
	ck_assert_int_eq(consume_response(&pair), DROP_NONE);
}
END_TEST

/* The seven encodings of points of low order below 2^255 (D. J. Bernstein's
 * list at https://cr.yp.to/ecdh.html#validate), little-endian. */
static const char *const low_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

/* Each of them, the second time with bit 255. */
#define LOW_ORDER_CASES (2 * (int)ARRAY_SIZE(low_order))

static void get_low_order(uint8_t ret[WIRE_KEY_BYTES], int which)
{
	unhex(ret, WIRE_KEY_BYTES, low_order[which / 2]);
	if (which % 2)
		ret[31] |= 0x80;
}

START_TEST(noise_sends_nothing_to_a_low_order_key)
{
	static const uint8_t zero[WIRE_KEY_BYTES];
	struct pair pair;

	pair_init(&pair);
	get_low_order(pair.a.remote_static, _i);
	ck_assert(!noise_initiation_create(
	    &pair.a, &pair.alice, pair.timestamp, 1, pair.initiation));
	ck_assert_int_eq(pair.a.state, NOISE_ZERO);
	ck_assert_mem_eq(pair.a.ephemeral_private, zero, sizeof(zero));
}
END_TEST

START_TEST(noise_refuses_low_order_ephemerals)
{
	struct noise_handshake before;
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	respond(&pair);
	before = pair.a;
	get_low_order(pair.initiation + WIRE_INITIATION_EPHEMERAL, _i);
	ck_assert_int_eq(consume_initiation(&pair), DROP_VPN_HANDSHAKE);
	get_low_order(pair.response + WIRE_RESPONSE_EPHEMERAL, _i);
	ck_assert_int_eq(consume_response(&pair), DROP_VPN_HANDSHAKE);
	ck_assert_mem_eq(&before, &pair.a, sizeof(before));
}
END_TEST

/* An attacker can seal any static key under an honest es secret. */
START_TEST(noise_refuses_low_order_static_keys)
{
	struct noise_identity forged;
	struct pair pair;

	pair_init(&pair);
	forged = pair.alice;
	get_low_order(forged.public_key, _i);
	ck_assert(noise_initiation_create(
	    &pair.a, &forged, pair.timestamp, 1, pair.initiation));
	ck_assert_int_eq(noise_initiation_consume_static(
			     &pair.b, &pair.bob, pair.initiation),
	    DROP_NONE);
	ck_assert_int_eq(consume_initiation(&pair), DROP_VPN_HANDSHAKE);
}
END_TEST

START_TEST(noise_response_to_a_low_order_ephemeral_is_not_made)
{
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	ck_assert_int_eq(consume_initiation(&pair), DROP_NONE);
	get_low_order(pair.b.remote_ephemeral, _i);
	ck_assert(!noise_response_create(&pair.b, 1, pair.response));
	ck_assert_int_eq(pair.b.state, NOISE_ZERO);
}
END_TEST

START_TEST(noise_public_key_alone_does_not_pass_as_its_owner)
{
	struct noise_identity forged;
	struct pair pair;

	/* Mallory claims alice's public key without her private one. */
	pair_init(&pair);
	forged = pair.alice;
	forged.private_key[7] ^= 0xff;
	ck_assert(noise_initiation_create(
	    &pair.a, &forged, pair.timestamp, 1, pair.initiation));
	ck_assert_int_eq(consume_initiation(&pair), DROP_VPN_HANDSHAKE);
}
END_TEST

START_TEST(noise_without_identity_does_nothing)
{
	static const uint8_t zero[WIRE_KEY_BYTES];
	struct pair pair;

	pair_init(&pair);
	initiate(&pair);
	respond(&pair);
	noise_identity_set(&pair.bob, zero);
	ck_assert(!pair.bob.is_set);
	ck_assert_int_eq(consume_initiation(&pair), DROP_VPN_HANDSHAKE);
	noise_identity_set(&pair.alice, zero);
	ck_assert_int_eq(consume_response(&pair), DROP_VPN_HANDSHAKE);
	ck_assert(!noise_initiation_create(
	    &pair.a, &pair.alice, pair.timestamp, 1, pair.initiation));
}
END_TEST

START_TEST(noise_identity_is_clamped)
{
	struct noise_identity identity;
	uint8_t key[WIRE_KEY_BYTES];

	memset(key, 0xff, sizeof(key));
	noise_identity_set(&identity, key);
	ck_assert(identity.is_set);
	ck_assert_uint_eq(identity.private_key[0], 0xf8);
	ck_assert_uint_eq(identity.private_key[31], 0x7f);
}
END_TEST

START_TEST(noise_timestamp_is_tai64n_without_its_low_bits)
{
	uint8_t stamp[WIRE_TIMESTAMP_BYTES], next[WIRE_TIMESTAMP_BYTES];

	noise_timestamp(stamp, 0, 0);
	expect_hex(stamp, sizeof(stamp), "400000000000000a00000000");
	noise_timestamp(stamp, 1700000000, 999999999);
	expect_hex(stamp, sizeof(stamp), "400000006553f10a3b000000");
	noise_timestamp(stamp, 5, (1u << 24) - 1);
	expect_hex(stamp, sizeof(stamp), "400000000000000f00000000");
	noise_timestamp(next, 5, 1u << 24);
	ck_assert_int_lt(memcmp(stamp, next, sizeof(stamp)), 0);
	noise_timestamp(stamp, 6, 0);
	ck_assert_int_lt(memcmp(next, stamp, sizeof(stamp)), 0);
	noise_timestamp(next, -11, 0);
	ck_assert_int_lt(memcmp(next, stamp, sizeof(stamp)), 0);
}
END_TEST

static void add_low_order(TCase *tcase)
{
	tcase_add_loop_test(
	    tcase, noise_sends_nothing_to_a_low_order_key, 0, LOW_ORDER_CASES);
	tcase_add_loop_test(
	    tcase, noise_refuses_low_order_ephemerals, 0, LOW_ORDER_CASES);
	tcase_add_loop_test(
	    tcase, noise_refuses_low_order_static_keys, 0, LOW_ORDER_CASES);
	tcase_add_loop_test(tcase,
	    noise_response_to_a_low_order_ephemeral_is_not_made, 0,
	    LOW_ORDER_CASES);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("noise");
	TCase *tcase = tcase_create("noise");

	repeatable_install();
	if (hash_init() < 0)
		abort();
	tcase_add_loop_test(tcase, noise_agrees_with_the_python_implementation,
	    0, ARRAY_SIZE(noise_vectors));
	tcase_add_test(tcase, noise_handshake_gives_both_sides_the_same_keys);
	tcase_add_test(
	    tcase, noise_derive_keeps_only_what_the_next_handshake_needs);
	tcase_add_test(tcase, noise_never_uses_an_ephemeral_twice);
	tcase_add_test(tcase,
	    noise_wrong_preshared_key_fails_and_the_right_one_still_works);
	tcase_add_test(tcase, noise_initiation_with_any_bit_flipped_fails);
	tcase_add_test(
	    tcase, noise_response_with_any_bit_flipped_fails_and_is_no_harm);
	tcase_add_test(tcase, noise_response_is_taken_once);
	tcase_add_test(tcase, noise_response_to_an_older_initiation_fails);
	tcase_add_test(tcase, noise_response_needs_a_consumed_initiation);
	tcase_add_test(tcase, noise_initiation_to_another_key_fails);
	tcase_add_test(tcase,
	    noise_initiator_that_changed_its_key_can_not_take_the_response);
	tcase_add_test(
	    tcase, noise_public_key_alone_does_not_pass_as_its_owner);
	tcase_add_test(tcase, noise_without_identity_does_nothing);
	tcase_add_test(tcase, noise_identity_is_clamped);
	tcase_add_test(tcase, noise_timestamp_is_tai64n_without_its_low_bits);
	add_low_order(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
