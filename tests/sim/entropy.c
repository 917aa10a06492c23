/* SPDX-License-Identifier: ISC */
/* Repeatable chance (splitmix64, S. Vigna; any fair mixer would do). */
#include "entropy.h"

#include <sodium.h>
#include <string.h>

/* libsodium's interface has no context: this is the one global. */
static struct entropy ruled;

uint64_t entropy_next(struct entropy *entropy)
{
	uint64_t z = entropy->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t entropy_below(struct entropy *entropy, uint64_t limit)
{
	return entropy_next(entropy) % limit;
}

bool entropy_chance(struct entropy *entropy, unsigned per_mille)
{
	return entropy_below(entropy, 1000) < per_mille;
}

void entropy_bytes(struct entropy *entropy, void *to, size_t len)
{
	uint8_t *at = to;

	while (len > 0) {
		uint64_t word = entropy_next(entropy);
		size_t part = len < sizeof(word) ? len : sizeof(word);

		memcpy(at, &word, part);
		at += part;
		len -= part;
	}
}

static const char *ruled_name(void)
{
	return "sim";
}

static uint32_t ruled_random(void)
{
	return (uint32_t)entropy_next(&ruled);
}

static void ruled_buf(void *const to, const size_t len)
{
	entropy_bytes(&ruled, to, len);
}

static struct randombytes_implementation ruled_implementation = {
    .implementation_name = ruled_name,
    .random = ruled_random,
    .buf = ruled_buf,
};

void entropy_rule_libsodium(uint64_t seed)
{
	ruled.state = seed ^ UINT64_C(0x5eed5eed5eed5eed);
	randombytes_set_implementation(&ruled_implementation);
}
