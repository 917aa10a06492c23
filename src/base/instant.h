/* SPDX-License-Identifier: ISC */
/*
 * Time as an argument.
 *
 * The pure rooms never read a clock. Whoever calls them reads it once per
 * loop turn and passes a `struct moment`: `now` is CLOCK_BOOTTIME, so that key
 * ages count through suspend; the wall time is only for TAI64N.
 */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* A point of CLOCK_BOOTTIME. INSTANT_NEVER is later than each other one. */
struct instant {
	int64_t ns;
};

#define INSTANT_NEVER ((struct instant){.ns = INT64_MAX})

struct moment {
	struct instant now;
	int64_t wall_s; /* seconds since 1970, CLOCK_REALTIME */
	uint32_t wall_ns;
};

static inline struct instant instant_after(struct instant from, int64_t ns)
{
	if (from.ns > INT64_MAX - ns)
		return INSTANT_NEVER;
	return (struct instant){.ns = from.ns + ns};
}

static inline bool instant_is_before(struct instant a, struct instant b)
{
	return a.ns < b.ns;
}

static inline bool instant_has_come(struct instant when, struct instant now)
{
	return when.ns <= now.ns;
}

static inline bool instant_is_never(struct instant when)
{
	return when.ns == INT64_MAX;
}

static inline struct instant instant_earlier(struct instant a, struct instant b)
{
	return a.ns < b.ns ? a : b;
}

/* Nanoseconds from `then` to `now`; INT64_MAX when `then` is INSTANT_NEVER. */
static inline int64_t instant_age_ns(struct instant then, struct instant now)
{
	return instant_is_never(then) ? INT64_MAX : now.ns - then.ns;
}

#endif
