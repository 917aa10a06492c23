/* SPDX-License-Identifier: ISC */
/* Repeatable random numbers for tests: SEED=n in the environment (or
 * UNIT_SEED=n, which tests/run.sh sets for all), or a fresh one; printed. */
#ifndef SEED_H
#define SEED_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct seed {
	uint64_t state;
};

static inline struct seed seed_start(void)
{
	const char *text =
	    getenv("SEED") ? getenv("SEED") : getenv("UNIT_SEED");
	struct seed seed = {0};

	if (text)
		seed.state = strtoull(text, NULL, 0);
	else if (getentropy(&seed.state, sizeof(seed.state)))
		abort();
	printf("# SEED=%" PRIu64 "\n", seed.state);
	fflush(stdout);
	return seed;
}

/* SplitMix64: any seed is a good one. */
static inline uint64_t seed_next(struct seed *seed)
{
	uint64_t z = seed->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 .. below - 1 */
static inline uint64_t seed_below(struct seed *seed, uint64_t below)
{
	return seed_next(seed) % below;
}

#endif
