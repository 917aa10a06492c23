/* SPDX-License-Identifier: ISC */
/* Random numbers that can be had again: seeds, and libsodium's bytes. */
#include "repeatable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

static const uint8_t *fed;
static size_t fed_len;
static uint64_t sodium_state = 1;

uint64_t repeatable_seed(void)
{
	const char *text =
	    getenv("SEED") ? getenv("SEED") : getenv("UNIT_SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (text)
		seed = strtoull(text, NULL, 0);
	printf("# SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	return seed;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t repeatable_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void repeatable_fill(uint64_t *state, void *bytes, size_t len)
{
	uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)repeatable_next(state);
}

#define WORDS 32

static size_t write_word(uint64_t word, uint8_t *bytes, size_t len)
{
	size_t letters = 2 + repeatable_next(&word) % 8, at = 0;

	for (; at < letters && at < len; at++)
		bytes[at] =
		    (uint8_t) "etaoinshrdlucmfw"[repeatable_next(&word) % 16];
	if (at < len)
		bytes[at++] = ' ';
	return at;
}

void repeatable_words(uint64_t *state, uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		uint64_t many = 1 + repeatable_next(state) % WORDS;

		at += write_word(
		    1 + repeatable_next(state) % many, bytes + at, len - at);
	}
}

static const char *implementation_name(void)
{
	return "repeatable";
}

static void implementation_buf(void *const bytes, const size_t len)
{
	size_t first = len < fed_len ? len : fed_len;

	if (first > 0)
		memcpy(bytes, fed, first);
	fed += first;
	fed_len -= first;
	repeatable_fill(&sodium_state, (uint8_t *)bytes + first, len - first);
}

static uint32_t implementation_random(void)
{
	uint32_t ret;

	implementation_buf(&ret, sizeof(ret));
	return ret;
}

static void implementation_stir(void)
{
}

void repeatable_install(void)
{
	static struct randombytes_implementation repeatable = {
	    .implementation_name = implementation_name,
	    .random = implementation_random,
	    .stir = implementation_stir,
	    .buf = implementation_buf,
	};

	randombytes_set_implementation(&repeatable);
}

void repeatable_feed(const void *bytes, size_t len)
{
	fed = bytes;
	fed_len = len;
}
