/* SPDX-License-Identifier: ISC */
/* The table of compressors, and what keeps them from useless work. */
#include "protocol/compress.h"

static const struct compressor *const compressors[] = {
    &compressor_lz4,
    &compressor_zstd,
};

const struct compressor *compressor_find(enum compressor_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(compressors); i++) {
		if (compressors[i]->id == id)
			return compressors[i];
	}
	return NULL;
}

#define SAMPLES 64
/* 64 random bytes have 56.7 different values on average, and 48 or fewer once
 * in 1000 times; English text has 20 to 25, base64 41. */
#define DISTINCT_MAX 48

bool compress_looks_worth_it(const uint8_t *bytes, size_t len)
{
	uint64_t seen[256 / 64] = {0};
	int distinct = 0;

	if (len < SAMPLES)
		return false;
	for (size_t i = 0; i < SAMPLES; i++) {
		uint8_t byte = bytes[i * len / SAMPLES];

		seen[byte / 64] |= UINT64_C(1) << (byte % 64);
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		distinct += __builtin_popcountll(seen[i]);
	return distinct <= DISTINCT_MAX;
}

/* 50 MB/s: the harder ways take 4 to 6 ns a byte here, and 12 (zstd), so up to
 * a third of one processor, or 0.6. Text for a link of 100 Mbit/s is 36 MB/s,
 * and 42. */
#define PACE_WINDOW_NS (100 * NS_PER_MS)
#define PACE_BYTES_MAX 5000000

bool compress_pace_is_slow(
    struct compress_pace *pace, size_t len, struct instant now)
{
	int64_t age = instant_age_ns(pace->since, now);

	if (age >= PACE_WINDOW_NS) {
		pace->bytes_before = age < 2 * PACE_WINDOW_NS ? pace->bytes : 0;
		pace->bytes = 0;
		pace->since = now;
	}
	pace->bytes += len;
	return pace->bytes <= PACE_BYTES_MAX &&
	       pace->bytes_before <= PACE_BYTES_MAX;
}

#define FAILURES_MAX  8
#define BACK_OFF_MIN  16
#define BACK_OFF_BITS 8 /* 16 << 8 = 4096 packets */

static struct compress_flow *find(
    struct compress_flows *flows, uint32_t flow_hash)
{
	return &flows->flows[flow_hash % COMPRESS_FLOWS];
}

bool compress_flow_may_try(
    struct compress_flows *flows, uint32_t flow_hash, uint32_t packets)
{
	struct compress_flow *flow = find(flows, flow_hash);

	if (flow->leave_out == 0)
		return true;
	flow->leave_out = flow->leave_out > packets
			      ? (uint16_t)(flow->leave_out - packets)
			      : 0;
	return false;
}

bool compress_flow_rests(const struct compress_flows *flows, uint32_t flow_hash)
{
	return flows->flows[flow_hash % COMPRESS_FLOWS].failures ==
	       FAILURES_MAX;
}

void compress_flow_succeeded(struct compress_flows *flows, uint32_t flow_hash)
{
	*find(flows, flow_hash) = (struct compress_flow){0};
}

/* Once in back-off, each further failure leads to a longer one. */
void compress_flow_failed(struct compress_flows *flows, uint32_t flow_hash)
{
	struct compress_flow *flow = find(flows, flow_hash);

	if (flow->failures < FAILURES_MAX)
		flow->failures++;
	if (flow->failures < FAILURES_MAX)
		return;
	flow->leave_out = (uint16_t)(BACK_OFF_MIN << flow->shift);
	if (flow->shift < BACK_OFF_BITS)
		flow->shift++;
}
