/* SPDX-License-Identifier: ISC */
/* How fast this machine seals with each AEAD. */
#include "daemon/measure.h"

#include "io/clock.h"

#define PACKET_BYTES 1400
#define JOBS	     16
#define MEASURE_NS   (2 * NS_PER_MS)

/* In place, again and again: what is sealed does not matter. */
static uint16_t measure(const struct memory *memory, const struct aead *aead)
{
	static const uint8_t zeros[AEAD_KEY_BYTES];
	uint8_t bytes[JOBS][PACKET_BYTES + AEAD_TAG_BYTES] = {{0}};
	struct aead_key *key = aead->key_new(memory, zeros);
	struct instant began = clock_read().now;
	int64_t age_ns = 0, sealed = 0;

	while (key && age_ns < MEASURE_NS) {
		struct aead_job jobs[JOBS];

		for (size_t i = 0; i < JOBS; i++)
			jobs[i] = (struct aead_job){.dst = bytes[i],
			    .src = bytes[i],
			    .len = PACKET_BYTES,
			    .counter = i};
		aead->seal_batch(key, jobs, JOBS, NULL, NULL);
		sealed += JOBS * PACKET_BYTES;
		age_ns = instant_age_ns(began, clock_read().now);
	}
	aead->key_free(memory, key);
	if (!age_ns)
		return 0;
	sealed = sealed * 1000 / age_ns; /* bytes/ns = 1000 MB/s */
	return sealed > UINT16_MAX ? UINT16_MAX : (uint16_t)sealed;
}

void measure_aeads(const struct memory *memory, uint16_t ret[TUNNEL_AEADS + 1])
{
	ret[0] = 0;
	for (unsigned id = 1; id <= TUNNEL_AEADS; id++) {
		const struct aead *aead = aead_find((enum aead_id)id);

		ret[id] = aead ? measure(memory, aead) : 0;
	}
}
