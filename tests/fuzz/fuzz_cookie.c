/* SPDX-License-Identifier: ISC */
/* F3: a cookie reply is taken when it is the right one, and only once. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/entropy.h"
#include "lab.h"
#include "protocol/cookie.h"
#include "protocol/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct endpoint from = {
	    .address = {.family = FAMILY_IPV4, .bytes = {192, 0, 2, 1}},
	    .port = 1};
	struct cookie_checker checker = {0};
	struct cookie_maker maker = {0};
	struct instant now = {.ns = NS_PER_S};
	uint8_t key[WIRE_KEY_BYTES];
	uint8_t message[WIRE_INITIATION_BYTES] = {WIRE_INITIATION};
	uint8_t right[WIRE_COOKIE_REPLY_BYTES] = {0};
	uint8_t wrong[WIRE_COOKIE_REPLY_BYTES];

	entropy_rule_libsodium(len);
	if (hash_init())
		abort();
	/* a key of its own for each length: with one for all, the fuzzer learns
	 * the right reply to another length, which is none that is wrong */
	randombytes_buf(key, sizeof(key));
	cookie_checker_init(&checker, key);
	cookie_maker_init(&maker, key);
	cookie_stamp(&maker, message, sizeof(message), now);
	cookie_reply_create(
	    &checker, message, sizeof(message), &from, now, right);
	memcpy(wrong, right, sizeof(wrong));
	for (size_t i = WIRE_COOKIE_NONCE; i < len && i < sizeof(wrong); i++)
		wrong[i] ^= data[i];
	if (memcmp(wrong, right, sizeof(wrong)) != 0)
		assert(cookie_reply_consume(&maker, wrong, now));
	assert(!cookie_reply_consume(&maker, right, now));
	assert(cookie_reply_consume(&maker, right, now));
	return 0;
}
