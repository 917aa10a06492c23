/* SPDX-License-Identifier: ISC */
/* How fast this machine seals with each AEAD. */
#include "daemon/measure.h"

#include "io/clock.h"

#define PACKET_BYTES 1400
#define JOBS	     16
#define MEASURE_NS   (2 * NS_PER_MS)
#define BATCHES_MIN  8

/* In place, again and again: what is sealed does not matter. */
static int64_t seal_once_ns(const struct aead *aead, struct aead_key *key,
    uint8_t bytes[JOBS][PACKET_BYTES + AEAD_TAG_BYTES])
{
	struct instant began = clock_read().now;
	struct aead_job jobs[JOBS];

	for (size_t i = 0; i < JOBS; i++)
		jobs[i] = (struct aead_job){.dst = bytes[i],
		    .src = bytes[i],
		    .len = PACKET_BYTES,
		    .counter = i};
	aead->seal_batch(key, jobs, JOBS, NULL, NULL);
	return instant_age_ns(began, clock_read().now);
}

/* The best batch counts: on a busy machine the others were interrupted. */
static uint16_t measure(const struct memory *memory, const struct aead *aead)
{
	static const uint8_t zeros[AEAD_KEY_BYTES];
	uint8_t bytes[JOBS][PACKET_BYTES + AEAD_TAG_BYTES] = {{0}};
	struct aead_key *key = aead->key_new(memory, zeros);
	struct instant began = clock_read().now;
	int64_t best_ns = INT64_MAX, speed;

	if (!key)
		return 0;
	for (int i = 0; i < BATCHES_MIN ||
			instant_age_ns(began, clock_read().now) < MEASURE_NS;
	     i++) {
		int64_t ns = seal_once_ns(aead, key, bytes);

		if (ns > 0 && ns < best_ns)
			best_ns = ns;
	}
	aead->key_free(memory, key);
	speed = INT64_C(1000) * JOBS * PACKET_BYTES / best_ns; /* MB/s */
	return speed > UINT16_MAX ? UINT16_MAX : (uint16_t)speed;
}

void measure_aeads(const struct memory *memory, const struct log *log,
    struct measured ret[AEAD_IDS + 1])
{
	for (unsigned id = 0; id <= AEAD_IDS; id++)
		ret[id] = (struct measured){0};
	for (size_t i = 0; aead_backends[i]; i++) {
		const struct aead *aead = aead_backends[i];
		struct measured *best = &ret[aead->id];
		uint16_t speed;

		if (!aead_is_right(aead, memory)) {
			log_warning(log,
			    "%s: %s gives no right answers here and is not used",
			    aead->name, aead->backend);
			continue;
		}
		speed = measure(memory, aead);
		if (!best->backend || speed > best->speed)
			*best = (struct measured){aead, speed};
	}
}
