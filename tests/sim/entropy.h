/* SPDX-License-Identifier: ISC */
/* Repeatable chance: one stream for the schedule, one under libsodium. */
#ifndef SIM_ENTROPY_H
#define SIM_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entropy {
	uint64_t state;
};

uint64_t entropy_next(struct entropy *entropy);
/* 0 .. limit - 1; limit must not be 0. */
uint64_t entropy_below(struct entropy *entropy, uint64_t limit);
bool entropy_chance(struct entropy *entropy, unsigned per_mille);
void entropy_bytes(struct entropy *entropy, void *to, size_t len);

/* From now on libsodium's random bytes are a function of the seed: keys,
 * ephemerals, indices and hash secrets repeat. */
void entropy_rule_libsodium(uint64_t seed);

#endif
