/* SPDX-License-Identifier: ISC */
/* The memory for keys: locked, wiped, and OpenSSL's as well. */
#include <cap-ng.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/attributes.h"
#include "base/sanitized.h"
#include "daemon/keymem.h"
#include "unit.h"

const int unit_is_apart = 1;

static size_t locked_bytes(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long kib = 0;
	char line[256];

	ck_assert_ptr_nonnull(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmLck: %lu kB", &kib) == 1)
			break;
	fclose(status);
	/* there mlock does nothing, and nothing can be seen of it */
	if (IS_SANITIZED)
		return keymem_bytes();
	return kib * 1024;
}

static void init(void)
{
	char error[256] = "";

	ck_assert_msg(keymem_init(error, sizeof(error)) == 0, "%s", error);
}

START_TEST(keymem_is_locked)
{
	size_t before = locked_bytes();

	init();
	ck_assert_uint_ge(locked_bytes(), before + keymem_bytes());
	ck_assert_uint_gt(keymem_bytes(), 0);
}
END_TEST

START_TEST(keymem_forbids_dumps)
{
	struct rlimit limit;

	init();
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_max, 0);
}
END_TEST

START_TEST(keymem_locks_each_chunk_as_it_grows)
{
	void *pieces[64];
	size_t before;

	init();
	before = keymem_bytes();
	for (size_t i = 0; i < 64; i++) {
		pieces[i] = memory_alloc(&keymem, 16384);
		ck_assert_ptr_nonnull(pieces[i]);
	}
	ck_assert_uint_ge(keymem_bytes(), before + 3 * 256 * 1024);
	ck_assert_uint_ge(locked_bytes(), keymem_bytes());
	for (size_t i = 0; i < 64; i++)
		memory_release(&keymem, pieces[i], 16384);
}
END_TEST

START_TEST(keymem_gives_zeros_and_wipes)
{
	uint8_t *first, *second;

	init();
	first = memory_alloc(&keymem, 100);
	memset(first, 0xaa, 100);
	memory_release(&keymem, first, 100);
	/* behind the link of the list nothing is left */
	for (size_t i = sizeof(void *); i < 100; i++)
		ck_assert_uint_eq(first[i], 0);
	second = memory_alloc(&keymem, 100);
	ck_assert_ptr_eq(second, first);
	for (size_t i = 0; i < 100; i++)
		ck_assert_uint_eq(second[i], 0);
	memory_release(&keymem, second, 100);
	memory_release(&keymem, NULL, 100);
}
END_TEST

START_TEST(keymem_takes_pieces_larger_than_a_chunk)
{
	size_t before;
	uint8_t *at;

	init();
	before = keymem_bytes();
	at = memory_alloc(&keymem, 1 << 20);
	ck_assert_ptr_nonnull(at);
	at[(1 << 20) - 1] = 1;
	memory_release(&keymem, at, 1 << 20);
	ck_assert_uint_eq(keymem_bytes(), before);
	ck_assert_ptr_null(memory_alloc(&keymem, SIZE_MAX - 5));
}
END_TEST

START_TEST(keymem_aligns_for_any_type)
{
	init();
	for (size_t len = 1; len < 300; len += 7) {
		void *at = memory_alloc(&keymem, len);

		ck_assert_uint_eq((uintptr_t)at % 16, 0);
		memory_release(&keymem, at, len);
	}
}
END_TEST

/* A piece of 1100 bytes in room for 2048 would cost a thousand peers a MiB. */
START_TEST(keymem_wastes_little)
{
	size_t before;

	init();
	before = keymem_bytes();
	for (size_t i = 0; i < 1000; i++)
		ck_assert_ptr_nonnull(memory_alloc(&keymem, 1100));
	ck_assert_uint_le(keymem_bytes() - before, 1000 * 1200 + 256 * 1024);
}
END_TEST

/* Each size comes back to who asks for the same, and to nobody else. */
START_TEST(keymem_keeps_pieces_of_all_sizes_apart)
{
	static const size_t sizes[] = {
	    1, 16, 17, 32, 1008, 4080, 4096, 4097, 8192, 8193, 65536, 131072};
	uint8_t *pieces[ARRAY_SIZE(sizes)];

	init();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		pieces[i] = memory_alloc(&keymem, sizes[i]);
		ck_assert_ptr_nonnull(pieces[i]);
		memset(pieces[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t at = 0; at < sizes[i]; at++)
			ck_assert_uint_eq(pieces[i][at], i + 1);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		memory_release(&keymem, pieces[i], sizes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint8_t *again = memory_alloc(&keymem, sizes[i]);

		for (size_t at = 0; at < sizes[i]; at++)
			ck_assert_uint_eq(again[at], 0);
		memset(again, 0xff, sizes[i]);
	}
}
END_TEST

/* The power to lock goes with the capabilities, the lifted limit stays. */
START_TEST(keymem_grows_without_capabilities)
{
	const struct rlimit little = {1 << 20, 8 << 20};

	if (IS_SANITIZED)
		return;
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &little), 0);
	init();
	capng_clear(CAPNG_SELECT_BOTH);
	ck_assert_int_eq(capng_apply(CAPNG_SELECT_CAPS), 0);
	for (size_t i = 0; i < 40; i++)
		ck_assert_ptr_nonnull(memory_alloc(&keymem, 100000));
}
END_TEST

START_TEST(keymem_serves_openssl)
{
	static const uint8_t key[32] = {1}, nonce[12] = {0};
	EVP_CIPHER_CTX *context;
	size_t before;

	init();
	before = keymem_bytes();
	context = EVP_CIPHER_CTX_new();
	ck_assert_ptr_nonnull(context);
	ck_assert_int_eq(
	    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce),
	    1);
	for (size_t i = 0; i < 2000; i++)
		OPENSSL_free(OPENSSL_malloc(500));
	EVP_CIPHER_CTX_free(context);
	ck_assert_uint_ge(keymem_bytes(), before);
	ck_assert_uint_le(keymem_bytes(), before + (4 << 20));
}
END_TEST

START_TEST(keymem_refuses_to_start_without_locked_memory)
{
	static const struct rlimit none;
	char error[256] = "";

	if (IS_SANITIZED)
		return;
	/* CAP_IPC_LOCK would override the limit */
	capng_clear(CAPNG_SELECT_BOTH);
	ck_assert_int_eq(capng_apply(CAPNG_SELECT_CAPS), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	ck_assert_int_lt(keymem_init(error, sizeof(error)), 0);
	ck_assert_ptr_nonnull(strstr(error, "LimitMEMLOCK"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/keymem");
	TCase *tcase = tcase_create("keymem");

	tcase_add_test(tcase, keymem_is_locked);
	tcase_add_test(tcase, keymem_forbids_dumps);
	tcase_add_test(tcase, keymem_locks_each_chunk_as_it_grows);
	tcase_add_test(tcase, keymem_gives_zeros_and_wipes);
	tcase_add_test(tcase, keymem_takes_pieces_larger_than_a_chunk);
	tcase_add_test(tcase, keymem_aligns_for_any_type);
	tcase_add_test(tcase, keymem_wastes_little);
	tcase_add_test(tcase, keymem_keeps_pieces_of_all_sizes_apart);
	tcase_add_test(tcase, keymem_grows_without_capabilities);
	tcase_add_test(tcase, keymem_serves_openssl);
	tcase_add_test(tcase, keymem_refuses_to_start_without_locked_memory);
	suite_add_tcase(suite, tcase);
	return suite;
}
