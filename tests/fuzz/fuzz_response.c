/* SPDX-License-Identifier: ISC */
/* F3: a damaged response is refused and leaves the right one acceptable. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/entropy.h"
#include "lab.h"
#include "protocol/hash.h"
#include "protocol/noise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t stamp[WIRE_TIMESTAMP_BYTES] = {1};
	struct noise_identity a = {0}, b = {0};
	struct noise_handshake ours = {0}, theirs = {0};
	uint8_t initiation[WIRE_INITIATION_BYTES] = {WIRE_INITIATION};
	uint8_t right[WIRE_RESPONSE_BYTES] = {WIRE_RESPONSE};
	uint8_t wrong[WIRE_RESPONSE_BYTES], read[WIRE_TIMESTAMP_BYTES];

	entropy_rule_libsodium(len);
	if (hash_init())
		abort();
	noise_identity_set(&a, (const uint8_t[WIRE_KEY_BYTES]){1, 2});
	noise_identity_set(&b, (const uint8_t[WIRE_KEY_BYTES]){3, 4});
	memcpy(ours.remote_static, b.public_key, WIRE_KEY_BYTES);
	if (!noise_initiation_create(&ours, &a, stamp, 7, initiation) ||
	    noise_initiation_consume_static(&theirs, &b, initiation) ||
	    noise_initiation_consume_timestamp(&theirs, &b, initiation, read) ||
	    !noise_response_create(&theirs, 8, right))
		abort();
	memcpy(wrong, right, sizeof(wrong));
	for (size_t i = 0; i < len && i < WIRE_RESPONSE_MAC1; i++)
		wrong[i] ^= data[i];
	/* type, sender and receiver are not this function's */
	if (memcmp(wrong + WIRE_RESPONSE_EPHEMERAL,
		right + WIRE_RESPONSE_EPHEMERAL,
		WIRE_RESPONSE_MAC1 - WIRE_RESPONSE_EPHEMERAL) != 0)
		assert(noise_response_consume(&ours, &a, wrong));
	assert(!noise_response_consume(&ours, &a, right));
	return 0;
}
