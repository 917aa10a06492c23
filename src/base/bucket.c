/* SPDX-License-Identifier: ISC */
/* A token bucket that counts in nanoseconds: no rounding, no division of time.
 */
#include "base/bucket.h"

/* With 32 bits each the product has less than 63. */
static int64_t tokens_ns(const struct bucket_rate *rate, uint32_t count)
{
	return NS_PER_S * count / rate->rate;
}

static int64_t full_ns(const struct bucket_rate *rate)
{
	return rate->rate ? tokens_ns(rate, rate->burst) : 0;
}

void bucket_init(
    struct bucket *bucket, const struct bucket_rate *rate, struct instant now)
{
	bucket->last = now;
	bucket->tokens_ns = full_ns(rate);
}

static void refill(
    struct bucket *bucket, const struct bucket_rate *rate, struct instant now)
{
	int64_t full = full_ns(rate), missing = full - bucket->tokens_ns;
	int64_t passed = instant_age_ns(bucket->last, now);

	bucket->last = now;
	if (passed >= missing)
		bucket->tokens_ns = full;
	else if (passed > 0)
		bucket->tokens_ns += passed;
}

bool bucket_take(
    struct bucket *bucket, const struct bucket_rate *rate, struct instant now)
{
	return bucket_take_several(bucket, rate, 1, now);
}

bool bucket_take_several(struct bucket *bucket, const struct bucket_rate *rate,
    uint32_t count, struct instant now)
{
	uint32_t needed = count < rate->burst ? count : rate->burst;

	if (!rate->rate)
		return false;
	refill(bucket, rate, now);
	if (bucket->tokens_ns < tokens_ns(rate, needed))
		return false;
	bucket->tokens_ns -= tokens_ns(rate, count);
	return true;
}
