/* SPDX-License-Identifier: ISC */
/* Tests of protocol/aead: each case runs on each back end. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "protocol/aead.h"
#include "protocol/hash.h"
#include "repeatable.h"
#include "unit.h"

const int unit_is_apart = 1;

#define LEN_MAX 2000
#define ROOM	(LEN_MAX + AEAD_TAG_BYTES)

static const uint8_t key_bytes[AEAD_KEY_BYTES] = "a key for tests";

static struct aead_key *key_new(const struct aead *aead)
{
	struct aead_key *key = aead->key_new(&memory_heap, key_bytes);

	ck_assert_ptr_nonnull(key);
	return key;
}

static void seal(const struct aead *aead, struct aead_key *key, uint8_t *dst,
    const uint8_t *src, size_t len, uint64_t counter)
{
	struct aead_job job = {
	    .dst = dst, .src = src, .len = len, .counter = counter};

	aead->seal_batch(key, &job, 1, NULL, NULL);
}

static bool open_one(const struct aead *aead, struct aead_key *key,
    uint8_t *dst, const uint8_t *src, size_t len, uint64_t counter)
{
	struct aead_job job = {
	    .dst = dst, .src = src, .len = len, .counter = counter};

	aead->open_batch(key, &job, 1);
	return job.is_authentic;
}

START_TEST(aead_backend_is_right)
{
	ck_assert(aead_is_right(aead_backends[_i], &memory_heap));
}
END_TEST

/* The linker puts these before the libraries' functions (--wrap). */
int __real_EVP_DecryptFinal_ex(EVP_CIPHER_CTX *ctx, uint8_t *out, int *len);
int __wrap_EVP_DecryptFinal_ex(EVP_CIPHER_CTX *ctx, uint8_t *out, int *len);
int __real_EVP_CipherInit_ex2(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
    const uint8_t *key, const uint8_t *iv, int enc, const OSSL_PARAM *params);
int __wrap_EVP_CipherInit_ex2(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
    const uint8_t *key, const uint8_t *iv, int enc, const OSSL_PARAM *params);

static bool takes_forgeries, has_another_nonce;

int __wrap_EVP_DecryptFinal_ex(EVP_CIPHER_CTX *ctx, uint8_t *out, int *len)
{
	int r = __real_EVP_DecryptFinal_ex(ctx, out, len);

	return takes_forgeries ? 1 : r;
}

/* Seals and opens its own, but nobody else's. */
int __wrap_EVP_CipherInit_ex2(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
    const uint8_t *key, const uint8_t *iv, int enc, const OSSL_PARAM *params)
{
	uint8_t other[12];

	if (has_another_nonce && iv) {
		memcpy(other, iv, sizeof(other));
		other[0] ^= 1;
		iv = other;
	}
	return __real_EVP_CipherInit_ex2(ctx, cipher, key, iv, enc, params);
}

static void check_notices_libcrypto(void)
{
	for (size_t i = 0; aead_backends[i]; i++)
		ck_assert_int_eq(aead_is_right(aead_backends[i], &memory_heap),
		    strcmp(aead_backends[i]->backend, "libcrypto") != 0);
}

START_TEST(a_backend_that_takes_forgeries_is_not_right)
{
	takes_forgeries = true;
	check_notices_libcrypto();
}
END_TEST

START_TEST(a_backend_with_another_nonce_is_not_right)
{
	has_another_nonce = true;
	check_notices_libcrypto();
}
END_TEST

START_TEST(aead_table_knows_its_ids_only)
{
	ck_assert_ptr_eq(
	    aead_find(AEAD_CHACHA20POLY1305), &aead_sodium_chacha20poly1305);
	ck_assert_ptr_eq(aead_find(AEAD_AES256GCM), &aead_libcrypto_aes256gcm);
	ck_assert_ptr_null(aead_find(0));
	ck_assert_ptr_null(aead_find(3));
}
END_TEST

START_TEST(aead_names_and_limits_are_those_of_the_protocol)
{
	const struct aead *chacha = aead_find(AEAD_CHACHA20POLY1305);
	const struct aead *gcm = aead_find(AEAD_AES256GCM);

	ck_assert_str_eq(chacha->name, "chacha20poly1305");
	ck_assert_str_eq(gcm->name, "aes256gcm");
	ck_assert_uint_eq(
	    chacha->rekey_after_messages, UINT64_C(0x1000000000000000));
	ck_assert_uint_eq(gcm->rekey_after_messages, UINT64_C(0x100000000));
}
END_TEST

/* Nonces differ in each byte of the counter: python3-cryptography's tags of
 * the empty text under the key and counter 0x0807060504030201. */
START_TEST(aead_nonce_is_the_little_endian_counter)
{
	static const uint8_t tags[][AEAD_TAG_BYTES] = {
	    [AEAD_CHACHA20POLY1305] = {0xee, 0xec, 0xa6, 0xa4, 0xd2, 0x52, 0xf6,
		0xf3, 0x12, 0xab, 0xe2, 0x4c, 0xf1, 0xf0, 0xbe, 0x9d},
	    [AEAD_AES256GCM] = {0x0d, 0x43, 0xb3, 0xce, 0xab, 0xef, 0xf3, 0xfc,
		0xd1, 0x19, 0x91, 0xd5, 0xdf, 0x44, 0xec, 0x20},
	};
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t tag[AEAD_TAG_BYTES];

	seal(aead, key, tag, NULL, 0, UINT64_C(0x0807060504030201));
	ck_assert_mem_eq(tag, tags[aead->id], sizeof(tag));
	aead->key_free(&memory_heap, key);
}
END_TEST

START_TEST(aead_opens_what_it_sealed_at_any_length)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t text[LEN_MAX], sealed[ROOM + 1], opened[LEN_MAX + 1];
	uint64_t state = repeatable_seed();

	repeatable_fill(&state, text, sizeof(text));
	for (size_t len = 0; len <= LEN_MAX; len += len < 80 ? 1 : 97) {
		sealed[len + AEAD_TAG_BYTES] = 0xa5;
		opened[len] = 0x5a;
		seal(aead, key, sealed, text, len, len);
		ck_assert_uint_eq(sealed[len + AEAD_TAG_BYTES], 0xa5);
		ck_assert(open_one(
		    aead, key, opened, sealed, len + AEAD_TAG_BYTES, len));
		ck_assert_uint_eq(opened[len], 0x5a);
		if (len > 0)
			ck_assert_mem_eq(opened, text, len);
	}
	aead->key_free(&memory_heap, key);
}
END_TEST

START_TEST(aead_works_in_place)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t text[1400], apart[1400 + AEAD_TAG_BYTES];
	uint8_t bytes[1400 + AEAD_TAG_BYTES];
	uint64_t state = 7;

	repeatable_fill(&state, text, sizeof(text));
	memcpy(bytes, text, sizeof(text));
	seal(aead, key, apart, text, sizeof(text), 9);
	seal(aead, key, bytes, bytes, sizeof(text), 9);
	ck_assert_mem_eq(bytes, apart, sizeof(bytes));
	ck_assert(open_one(aead, key, bytes, bytes, sizeof(bytes), 9));
	ck_assert_mem_eq(bytes, text, sizeof(text));
	aead->key_free(&memory_heap, key);
}
END_TEST

START_TEST(aead_backend_seals_as_the_first_of_its_kind)
{
	const struct aead *aead = aead_backends[_i];
	const struct aead *first = aead_find(aead->id);
	struct aead_key *key = key_new(aead), *first_key = key_new(first);
	uint8_t text[LEN_MAX], ours[ROOM], wanted[ROOM];
	uint64_t state = repeatable_seed();

	repeatable_fill(&state, text, sizeof(text));
	for (size_t len = 0; len <= LEN_MAX; len += len < 300 ? 1 : 53) {
		seal(aead, key, ours, text, len, len);
		seal(first, first_key, wanted, text, len, len);
		ck_assert_mem_eq(ours, wanted, len + AEAD_TAG_BYTES);
	}
	aead->key_free(&memory_heap, key);
	first->key_free(&memory_heap, first_key);
}
END_TEST

START_TEST(aead_refuses_any_flipped_bit)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t text[48] = "a text", sealed[64], opened[48];

	seal(aead, key, sealed, text, sizeof(text), 1);
	for (size_t i = 0; i < 8 * sizeof(sealed); i++) {
		sealed[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert(
		    !open_one(aead, key, opened, sealed, sizeof(sealed), 1));
		sealed[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ck_assert(open_one(aead, key, opened, sealed, sizeof(sealed), 1));
	aead->key_free(&memory_heap, key);
}
END_TEST

START_TEST(aead_refuses_another_counter)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t text[48] = "a text", sealed[64], opened[48];

	seal(aead, key, sealed, text, sizeof(text), 1);
	for (unsigned bit = 0; bit < 64; bit++)
		ck_assert(!open_one(aead, key, opened, sealed, sizeof(sealed),
		    1 ^ UINT64_C(1) << bit));
	aead->key_free(&memory_heap, key);
}
END_TEST

START_TEST(aead_refuses_another_key)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead), *other;
	uint8_t bytes[AEAD_KEY_BYTES], sealed[32], opened[16];

	memcpy(bytes, key_bytes, sizeof(bytes));
	bytes[31] ^= 1;
	other = aead->key_new(&memory_heap, bytes);
	seal(aead, key, sealed, (const uint8_t *)"sixteen letters.", 16, 1);
	ck_assert(!open_one(aead, other, opened, sealed, sizeof(sealed), 1));
	ck_assert(open_one(aead, key, opened, sealed, sizeof(sealed), 1));
	aead->key_free(&memory_heap, key);
	aead->key_free(&memory_heap, other);
}
END_TEST

START_TEST(aead_refuses_what_is_shorter_than_a_tag)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t sealed[AEAD_TAG_BYTES], opened[1] = {0x5a};

	seal(aead, key, sealed, NULL, 0, 1);
	ck_assert(open_one(aead, key, opened, sealed, sizeof(sealed), 1));
	for (size_t len = 0; len < sizeof(sealed); len++)
		ck_assert(!open_one(aead, key, opened, sealed, len, 1));
	ck_assert_uint_eq(opened[0], 0x5a);
	aead->key_free(&memory_heap, key);
}
END_TEST

START_TEST(aead_forgery_leaves_no_plaintext)
{
	static const uint8_t text[48] = "a secret that nobody may see";
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t sealed[64];

	seal(aead, key, sealed, text, sizeof(text), 1);
	sealed[63] ^= 1;
	ck_assert(!open_one(aead, key, sealed, sealed, sizeof(sealed), 1));
	ck_assert_mem_ne(sealed, text, sizeof(text));
	ck_assert_mem_ne(sealed, text, 8);
	aead->key_free(&memory_heap, key);
}
END_TEST

START_TEST(aead_failed_open_does_not_disturb_the_next)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t sealed[3][32], opened[3][16];
	struct aead_job jobs[3];

	for (uint64_t i = 0; i < 3; i++) {
		seal(aead, key, sealed[i], (const uint8_t *)"sixteen letters.",
		    16, i);
		jobs[i] = (struct aead_job){.dst = opened[i],
		    .src = sealed[i],
		    .len = sizeof(sealed[i]),
		    .counter = i};
	}
	sealed[1][20] ^= 4;
	aead->open_batch(key, jobs, 3);
	ck_assert(jobs[0].is_authentic);
	ck_assert(!jobs[1].is_authentic);
	ck_assert(jobs[2].is_authentic);
	ck_assert_mem_eq(opened[2], "sixteen letters.", 16);
	aead->key_free(&memory_heap, key);
}
END_TEST

/* Segments as protocol/tunnel seals them: each one's header is written over
 * the end of the payload before it, which is sealed by then. */
#define SEGMENTS      8
#define SEGMENT_BYTES 100
#define HEADER_BYTES  20

struct stamping {
	uint8_t *buffer;
	size_t calls;
};

static void stamp(void *context, struct aead_job *job, size_t idx)
{
	struct stamping *stamping = context;

	ck_assert_uint_eq(idx, stamping->calls);
	stamping->calls++;
	ck_assert_ptr_eq(job->src, stamping->buffer + idx * SEGMENT_BYTES);
	memset(stamping->buffer + idx * SEGMENT_BYTES, (int)(0xe0 + idx),
	    HEADER_BYTES);
}

START_TEST(aead_batch_stamps_each_job_right_before_sealing_it)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);
	uint8_t buffer[SEGMENTS * SEGMENT_BYTES + HEADER_BYTES];
	uint8_t sealed[SEGMENTS][200], opened[200];
	struct stamping stamping = {.buffer = buffer};
	struct aead_job jobs[SEGMENTS];

	for (size_t i = 0; i < sizeof(buffer); i++)
		buffer[i] = (uint8_t)(i / SEGMENT_BYTES);
	for (size_t i = 0; i < SEGMENTS; i++)
		jobs[i] = (struct aead_job){.dst = sealed[i],
		    .src = buffer + i * SEGMENT_BYTES,
		    .len = HEADER_BYTES + SEGMENT_BYTES,
		    .counter = i};
	aead->seal_batch(key, jobs, SEGMENTS, stamp, &stamping);
	ck_assert_uint_eq(stamping.calls, SEGMENTS);
	for (size_t i = 0; i < SEGMENTS; i++) {
		ck_assert(open_one(aead, key, opened, sealed[i],
		    HEADER_BYTES + SEGMENT_BYTES + AEAD_TAG_BYTES, i));
		ck_assert_uint_eq(opened[0], 0xe0 + i);
		ck_assert_uint_eq(opened[HEADER_BYTES - 1], 0xe0 + i);
		ck_assert_uint_eq(opened[HEADER_BYTES], i);
		/* The next header was not there yet. */
		ck_assert_uint_eq(opened[SEGMENT_BYTES], i + 1);
	}
	aead->key_free(&memory_heap, key);
}
END_TEST

START_TEST(aead_empty_batch_is_fine)
{
	const struct aead *aead = aead_backends[_i];
	struct aead_key *key = key_new(aead);

	aead->seal_batch(key, NULL, 0, NULL, NULL);
	aead->open_batch(key, NULL, 0);
	aead->key_free(&memory_heap, key);
	aead->key_free(&memory_heap, NULL);
}
END_TEST

static void *alloc_nothing(void *context, size_t len)
{
	(void)context;
	(void)len;
	return NULL;
}

static void release_nothing(void *context, void *at, size_t len)
{
	(void)context;
	(void)len;
	ck_assert_ptr_null(at);
}

START_TEST(aead_without_memory_gives_no_key)
{
	const struct memory none = {alloc_nothing, release_nothing, NULL};

	ck_assert_ptr_null(aead_backends[_i]->key_new(&none, key_bytes));
	ck_assert(!aead_is_right(aead_backends[_i], &none));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("aead");
	TCase *tcase = tcase_create("aead");
	int count = 0;

	if (hash_init() < 0)
		abort();
	while (aead_backends[count])
		count++;
	tcase_add_loop_test(tcase, aead_backend_is_right, 0, count);
	tcase_add_test(tcase, a_backend_that_takes_forgeries_is_not_right);
	tcase_add_test(tcase, a_backend_with_another_nonce_is_not_right);
	tcase_add_loop_test(
	    tcase, aead_backend_seals_as_the_first_of_its_kind, 0, count);
	tcase_add_test(tcase, aead_table_knows_its_ids_only);
	tcase_add_test(tcase, aead_names_and_limits_are_those_of_the_protocol);
	tcase_add_loop_test(
	    tcase, aead_nonce_is_the_little_endian_counter, 0, count);
	tcase_add_loop_test(
	    tcase, aead_opens_what_it_sealed_at_any_length, 0, count);
	tcase_add_loop_test(tcase, aead_works_in_place, 0, count);
	tcase_add_loop_test(tcase, aead_refuses_any_flipped_bit, 0, count);
	tcase_add_loop_test(tcase, aead_refuses_another_counter, 0, count);
	tcase_add_loop_test(tcase, aead_refuses_another_key, 0, count);
	tcase_add_loop_test(
	    tcase, aead_refuses_what_is_shorter_than_a_tag, 0, count);
	tcase_add_loop_test(tcase, aead_forgery_leaves_no_plaintext, 0, count);
	tcase_add_loop_test(
	    tcase, aead_failed_open_does_not_disturb_the_next, 0, count);
	tcase_add_loop_test(tcase,
	    aead_batch_stamps_each_job_right_before_sealing_it, 0, count);
	tcase_add_loop_test(tcase, aead_empty_batch_is_fine, 0, count);
	tcase_add_loop_test(tcase, aead_without_memory_gives_no_key, 0, count);
	suite_add_tcase(suite, tcase);
	return suite;
}
