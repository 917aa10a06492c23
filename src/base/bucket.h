/* SPDX-License-Identifier: ISC */
/* A token bucket: `rate` tokens per second, at most `burst` saved up. */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include "base/attributes.h"
#include "base/instant.h"

struct bucket {
	struct instant last;
	int64_t tokens_ns; /* saved tokens, as nanoseconds of the rate */
};

struct bucket_rate {
	uint32_t rate;
	uint32_t burst;
};

/* Full, as of `now`. */
void bucket_init(struct bucket *bucket, const struct bucket_rate *rate,
    struct instant now);

/* Takes one token; false, and nothing taken, when there is none. */
must_check bool bucket_take(struct bucket *bucket,
    const struct bucket_rate *rate, struct instant now);

/* The same with `count` tokens. More than the bucket can hold may be taken
 * from a full one, which then owes the rest: so the rate is kept. */
must_check bool bucket_take_several(struct bucket *bucket,
    const struct bucket_rate *rate, uint32_t count, struct instant now);

#endif
