/* SPDX-License-Identifier: ISC */
/* Tests of protocol/hash: published vectors. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/hash.h"
#include "unit.h"

/* The hex form of `bytes` is `text`. */
static void expect_hex(const uint8_t *bytes, size_t len, const char *text)
{
	char hex[2 * 64 + 1];

	sodium_bin2hex(hex, sizeof(hex), bytes, len);
	ck_assert_str_eq(hex, text);
}

START_TEST(blake2s_of_abc_is_that_of_rfc_7693)
{
	uint8_t hash[WIRE_HASH_BYTES];

	hash_blake2s(hash, "abc", 3, NULL, 0);
	expect_hex(hash, sizeof(hash),
	    "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
}
END_TEST

START_TEST(blake2s_joins_its_two_parts)
{
	uint8_t whole[WIRE_HASH_BYTES], parts[WIRE_HASH_BYTES];
	static const char text[] = "a text of more than sixty-four bytes, so "
				   "that it fills a block and more";

	hash_blake2s(whole, text, strlen(text), NULL, 0);
	for (size_t i = 0; i <= strlen(text); i++) {
		hash_blake2s(parts, text, i, text + i, strlen(text) - i);
		ck_assert_mem_eq(whole, parts, sizeof(whole));
	}
}
END_TEST

START_TEST(blake2s_may_overwrite_its_input)
{
	uint8_t bytes[WIRE_HASH_BYTES] = "abc";

	hash_blake2s(bytes, bytes, 3, NULL, 0);
	ck_assert_uint_eq(bytes[0], 0x50);
	ck_assert_uint_eq(bytes[31], 0x82);
}
END_TEST

/* Bytes that the RFC's self-test hashes: a Fibonacci generator. */
static void fill_rfc_7693(uint8_t *bytes, size_t len, uint32_t seed)
{
	uint32_t a = 0xDEAD4BAD * seed, b = 1;

	for (size_t i = 0; i < len; i++) {
		uint32_t t = a + b;

		a = b;
		b = t;
		bytes[i] = (uint8_t)(t >> 24);
	}
}

/*
 * RFC 7693, appendix E: the hash over hashes of many lengths, unkeyed and
 * keyed, is known. Ours has 32 (plain) and 16 (keyed) bytes of output only, so
 * the grand hash is python3 hashlib's, over the same inputs.
 */
START_TEST(blake2s_of_many_lengths_is_right)
{
	static const size_t lens[] = {0, 3, 64, 65, 255, 1024};
	uint8_t bytes[1024], key[32], hash[32], all[6 * (32 + 16)];
	size_t at = 0;

	for (size_t i = 0; i < 6; i++, at += 32) {
		fill_rfc_7693(bytes, lens[i], (uint32_t)lens[i]);
		hash_blake2s(all + at, bytes, lens[i], NULL, 0);
	}
	for (size_t i = 0; i < 6; i++, at += 16) {
		fill_rfc_7693(bytes, lens[i], (uint32_t)lens[i]);
		fill_rfc_7693(key, 1 + i * 6, 16);
		hash_mac(all + at, key, 1 + i * 6, bytes, lens[i]);
	}
	hash_blake2s(hash, all, sizeof(all), NULL, 0);
	expect_hex(hash, sizeof(hash),
	    "128ed5de8c856946867936bd38ba338924d5924f1cf9bf45623743553c9b496f");
}
END_TEST

START_TEST(mac_depends_on_each_byte_of_key_and_text)
{
	uint8_t key[32] = {0}, text[32] = {0};
	uint8_t right[WIRE_MAC_BYTES], wrong[WIRE_MAC_BYTES];

	hash_mac(right, key, sizeof(key), text, sizeof(text));
	for (size_t i = 0; i < 32; i++) {
		key[i] ^= 1;
		hash_mac(wrong, key, sizeof(key), text, sizeof(text));
		ck_assert_mem_ne(right, wrong, sizeof(right));
		key[i] ^= 1;
		text[i] ^= 1;
		hash_mac(wrong, key, sizeof(key), text, sizeof(text));
		ck_assert_mem_ne(right, wrong, sizeof(right));
		text[i] ^= 1;
	}
	hash_mac(wrong, key, sizeof(key) - 1, text, sizeof(text));
	ck_assert_mem_ne(right, wrong, sizeof(right));
	hash_mac(wrong, key, sizeof(key), text, sizeof(text));
	ck_assert_mem_eq(right, wrong, sizeof(right));
}
END_TEST

/* python3: hmac.new(key, text, hashlib.blake2s) */
START_TEST(hmac_is_that_of_python)
{
	static const char text[] = "what do ya want for nothing?";
	uint8_t mac[WIRE_HASH_BYTES], key[100];

	hash_hmac(mac, "Jefe", 4, text, strlen(text));
	expect_hex(mac, sizeof(mac),
	    "90b6281e2f3038c9056af0b4a7e763cae6fe5d9eb4386a0ec95237890c104ff0");
	memset(key, 0xaa, sizeof(key));
	hash_hmac(mac, key, sizeof(key), text, strlen(text));
	expect_hex(mac, sizeof(mac),
	    "b7a32e7e7c09ffd75b037f5d77c9e84c0bf646421e12a773251d41d955926fe1");
	hash_hmac(mac, NULL, 0, NULL, 0);
	expect_hex(mac, sizeof(mac),
	    "eaf4bb25938f4d20e72656bbbc7a9bf63c0c18537333c35bdb67db1402661acd");
}
END_TEST

START_TEST(kdf_outputs_are_chained_hmacs)
{
	uint8_t ck[WIRE_HASH_BYTES] = "chaining key";
	uint8_t prk[WIRE_HASH_BYTES], block[WIRE_HASH_BYTES + 1];
	uint8_t expected[3][WIRE_HASH_BYTES], got[3][WIRE_HASH_BYTES];

	hash_hmac(prk, ck, sizeof(ck), "input", 5);
	hash_hmac(expected[0], prk, sizeof(prk), "\1", 1);
	for (uint8_t i = 1; i < 3; i++) {
		memcpy(block, expected[i - 1], WIRE_HASH_BYTES);
		block[WIRE_HASH_BYTES] = i + 1;
		hash_hmac(expected[i], prk, sizeof(prk), block, sizeof(block));
	}
	hash_kdf(got[0], got[1], got[2], ck, "input", 5);
	ck_assert_mem_eq(got, expected, sizeof(got));
}
END_TEST

START_TEST(kdf_skips_outputs_and_may_overwrite_the_chaining_key)
{
	uint8_t ck[WIRE_HASH_BYTES] = "chaining key";
	uint8_t got[3][WIRE_HASH_BYTES], third[WIRE_HASH_BYTES];

	hash_kdf(got[0], got[1], got[2], ck, NULL, 0);
	hash_kdf(NULL, NULL, third, ck, NULL, 0);
	ck_assert_mem_eq(third, got[2], sizeof(third));
	hash_kdf(ck, NULL, NULL, ck, NULL, 0);
	ck_assert_mem_eq(ck, got[0], sizeof(ck));
}
END_TEST

START_TEST(init_may_be_called_again)
{
	ck_assert_int_eq(hash_init(), 0);
	ck_assert_int_eq(hash_init(), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("hash");
	TCase *tcase = tcase_create("hash");

	if (hash_init() < 0)
		abort();
	tcase_add_test(tcase, blake2s_of_abc_is_that_of_rfc_7693);
	tcase_add_test(tcase, blake2s_joins_its_two_parts);
	tcase_add_test(tcase, blake2s_may_overwrite_its_input);
	tcase_add_test(tcase, blake2s_of_many_lengths_is_right);
	tcase_add_test(tcase, mac_depends_on_each_byte_of_key_and_text);
	tcase_add_test(tcase, hmac_is_that_of_python);
	tcase_add_test(tcase, kdf_outputs_are_chained_hmacs);
	tcase_add_test(
	    tcase, kdf_skips_outputs_and_may_overwrite_the_chaining_key);
	tcase_add_test(tcase, init_may_be_called_again);
	suite_add_tcase(suite, tcase);
	return suite;
}
