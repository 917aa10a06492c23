/* SPDX-License-Identifier: ISC */
/* What a packet costs in protocol/: sealing, compressing, replay, routes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_path.h"
#include "protocol/aead.h"
#include "protocol/allowedips.h"
#include "protocol/compress.h"
#include "protocol/replay.h"

#define JOBS	64
#define LARGEST 1500
#define MANY	65536

static struct {
	const struct aead *aead;
	struct aead_key *key;
	size_t len;
	uint64_t counter;
	uint8_t plain[JOBS][LARGEST], sealed[JOBS][LARGEST + AEAD_TAG_BYTES];
	struct aead_job seals[JOBS], opens[JOBS];
} lab;

static void make_jobs(void)
{
	for (unsigned i = 0; i < JOBS; i++) {
		lab.seals[i] = (struct aead_job){.dst = lab.sealed[i],
		    .src = lab.plain[i],
		    .len = lab.len,
		    .counter = i};
		lab.opens[i] = (struct aead_job){.dst = lab.plain[i],
		    .src = lab.sealed[i],
		    .len = lab.len + AEAD_TAG_BYTES,
		    .counter = i};
	}
}

static void seal(void *context)
{
	(void)context;
	lab.aead->seal_batch(lab.key, lab.seals, JOBS, NULL, NULL);
}

static void open(void *context)
{
	(void)context;
	lab.aead->open_batch(lab.key, lab.opens, JOBS);
	for (unsigned i = 0; i < JOBS; i++)
		if (!lab.opens[i].is_authentic)
			abort();
}

static void time_aead(const struct aead *aead, size_t len, double unit)
{
	char what[64];

	lab.aead = aead;
	lab.len = len;
	make_jobs();
	snprintf(what, sizeof(what), "seal %zu, %s %s", len, aead->backend,
	    aead->name);
	bench_tell_bytes(what, bench_time(seal, NULL, JOBS), len, unit);
	snprintf(what, sizeof(what), "open %zu, %s %s", len, aead->backend,
	    aead->name);
	bench_tell_bytes(what, bench_time(open, NULL, JOBS), len, unit);
}

static void time_aeads(double unit)
{
	static const size_t lens[] = {64, 576, 1424};
	static const uint8_t key[AEAD_KEY_BYTES] = {7};

	for (size_t i = 0; aead_backends[i]; i++) {
		const struct aead *aead = aead_backends[i];

		lab.key = aead->key_new(&memory_heap, key);
		if (!lab.key || !aead_is_right(aead, &memory_heap)) {
			printf("%s %s can not be used here\n", aead->backend,
			    aead->name);
			continue;
		}
		for (size_t k = 0; k < ARRAY_SIZE(lens); k++)
			time_aead(aead, lens[k], unit);
		aead->key_free(&memory_heap, lab.key);
	}
}

/* ---- compression ---- */

static struct {
	const struct compressor *compressor;
	compress_fn *way;
	struct compressor_state *state;
	uint8_t text[LARGEST], small[LARGEST], again[LARGEST];
	size_t small_len;
} press;

static void squeeze(void *context)
{
	(void)context;
	for (unsigned i = 0; i < JOBS; i++)
		press.small_len = press.way(press.state, press.small,
		    sizeof(press.small), press.text, 1400);
}

static void expand(void *context)
{
	(void)context;
	for (unsigned i = 0; i < JOBS; i++)
		if (!press.compressor->expand(press.state, press.again, 1400,
			press.small, press.small_len))
			abort();
}

static void pretest(void *context)
{
	(void)context;
	for (unsigned i = 0; i < JOBS; i++)
		bench_sink += compress_looks_worth_it(press.text, 1400);
}

/* Words of a vocabulary, more and less frequent ones. */
static void write_text(void)
{
	static const char letters[] = "etaoinshrdlu ";
	uint32_t random = 1;

	for (size_t i = 0; i < sizeof(press.text); i++) {
		random = random * 1664525 + 1013904223;
		press.text[i] = (uint8_t)letters[(random >> 24) % 13];
		if (i > 64 && random >> 31)
			press.text[i] = press.text[i - 40];
	}
}

static void time_way(compress_fn *way, const char *suffix, double unit)
{
	char what[64];

	press.way = way;
	snprintf(what, sizeof(what), "compress 1400, %s%s",
	    press.compressor->name, suffix);
	bench_tell_bytes(what, bench_time(squeeze, NULL, JOBS), 1400, unit);
	snprintf(what, sizeof(what), "expand 1400, %s%s",
	    press.compressor->name, suffix);
	bench_tell_bytes(what, bench_time(expand, NULL, JOBS), 1400, unit);
}

static void time_compressors(double unit)
{
	static const struct compressor *const compressors[] = {
	    &compressor_lz4, &compressor_zstd};

	write_text();
	bench_tell("compress, pre-test", bench_time(pretest, NULL, JOBS), unit);
	for (size_t i = 0; i < ARRAY_SIZE(compressors); i++) {
		size_t room = compressors[i]->state_bytes;
		void *space = aligned_alloc(64, (room + 63) / 64 * 64);

		press.compressor = compressors[i];
		press.state = compressors[i]->state_init(space, room);
		if (!press.state)
			abort();
		time_way(compressors[i]->compress, "", unit);
		if (compressors[i]->compress_harder)
			time_way(
			    compressors[i]->compress_harder, ", harder", unit);
		free(space);
	}
}

/* ---- replay, routes ---- */

static void accept_all(void *context)
{
	struct replay *replay = context;

	for (unsigned i = 0; i < MANY; i++)
		if (!replay_accept(replay, lab.counter++))
			abort();
}

static struct allowedips table;

static void look_up(void *context)
{
	const unsigned *count = context;
	struct address address = {.family = FAMILY_IPV4, .bytes = {10}};
	uint32_t random = 1;

	for (unsigned i = 0; i < MANY; i++) {
		uint32_t which;

		random = random * 1664525 + 1013904223;
		which = (uint32_t)((uint64_t)random * *count >> 32);
		address.bytes[1] = (uint8_t)(which >> 16);
		address.bytes[2] = (uint8_t)(which >> 8);
		address.bytes[3] = (uint8_t)which;
		if (!allowedips_lookup(&table, &address))
			abort();
	}
}

static void time_routes(unsigned count, double unit)
{
	char what[64];

	for (unsigned i = 0; i < count; i++) {
		struct prefix prefix = {
		    {FAMILY_IPV4, {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
				      (uint8_t)i}},
		    32};

		if (allowedips_insert(&table, &prefix, &table))
			abort();
	}
	snprintf(what, sizeof(what), "allowed IPs, one of %u", count);
	bench_tell(what, bench_time(look_up, &count, MANY), unit);
	allowedips_clear(&table);
}

void bench_seals(double unit)
{
	static struct replay replay;

	time_aeads(unit);
	time_compressors(unit);
	bench_tell(
	    "replay, in order", bench_time(accept_all, &replay, MANY), unit);
	time_routes(1, unit);
	time_routes(1000, unit);
	time_routes(100000, unit);
}
