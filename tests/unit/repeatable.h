/* SPDX-License-Identifier: ISC */
/* Random numbers that can be had again: seeds, and libsodium's bytes. */
#ifndef REPEATABLE_H
#define REPEATABLE_H

#include <stddef.h>
#include <stdint.h>

/* Of the environment variable SEED, or UNIT_SEED, else of the clock; prints
 * it. */
uint64_t repeatable_seed(void);

/* The next number; `state` began as the seed. */
uint64_t repeatable_next(uint64_t *state);

void repeatable_fill(uint64_t *state, void *bytes, size_t len);

/* Words of two to nine letters, some of them again and again. */
void repeatable_words(uint64_t *state, uint8_t *bytes, size_t len);

/*
 * Makes libsodium's random bytes repeatable; before sodium_init. They are the
 * bytes fed last, then those of a fixed seed.
 */
void repeatable_install(void);
void repeatable_feed(const void *bytes, size_t len);

#endif
