/* SPDX-License-Identifier: ISC */
/* The control law, in whole numbers. */
#include "net/codel.h"

/* A queue that stands again so soon goes on where it was (RFC 8289, 4.2). */
#define AGAIN_INTERVALS 16

struct codel_limits codel_limits_of(int64_t packet_ns)
{
	struct codel_limits limits = {CODEL_TARGET_NS, CODEL_INTERVAL_NS};

	if (limits.target_ns < packet_ns)
		limits.target_ns = packet_ns;
	if (limits.interval_ns < 2 * limits.target_ns)
		limits.interval_ns = 2 * limits.target_ns;
	return limits;
}

/* Digit by digit. */
static uint64_t square_root(uint64_t square)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= square)
			root += bit;
	return root;
}

/* interval / sqrt(count), with ten bits of the root behind the point. */
static struct instant after_notice(const struct codel *codel,
    const struct codel_limits *limits, struct instant from)
{
	uint64_t root = square_root((uint64_t)codel->count << 20);

	return instant_after(
	    from, (int64_t)(((uint64_t)limits->interval_ns << 10) / root));
}

/* Has it been above the target for a whole interval? */
static bool stands(struct codel *codel, const struct codel_limits *limits,
    int64_t waited_ns, size_t bytes_left, struct instant now)
{
	if (waited_ns < limits->target_ns || bytes_left <= CODEL_BYTES_MIN) {
		codel->is_above = false;
		return false;
	}
	if (!codel->is_above)
		codel->stands_at = instant_after(now, limits->interval_ns);
	codel->is_above = true;
	return instant_has_come(codel->stands_at, now);
}

static void begin(struct codel *codel, const struct codel_limits *limits,
    struct instant now)
{
	uint32_t grown = codel->count - codel->last_count;
	int64_t since_ns = instant_age_ns(codel->next, now);

	codel->gives_notice = true;
	if (grown > 1 && since_ns < AGAIN_INTERVALS * limits->interval_ns)
		codel->count = grown;
	else
		codel->count = 1;
	codel->last_count = codel->count;
	codel->next = after_notice(codel, limits, now);
}

bool codel_judge(struct codel *codel, const struct codel_limits *limits,
    int64_t waited_ns, size_t bytes_left, struct instant now)
{
	if (!stands(codel, limits, waited_ns, bytes_left, now)) {
		codel->gives_notice = false;
		return false;
	}
	if (!codel->gives_notice) {
		begin(codel, limits, now);
		return true;
	}
	if (!instant_has_come(codel->next, now))
		return false;
	if (codel->count < UINT32_MAX)
		codel->count++;
	codel->next = after_notice(codel, limits, codel->next);
	return true;
}

void codel_note_empty(struct codel *codel)
{
	codel->is_above = codel->gives_notice = false;
}
