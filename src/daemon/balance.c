/* SPDX-License-Identifier: ISC */
/* Whether the second thread is of use. */
#include "daemon/balance.h"

#define PART_NS	     (10 * NS_PER_MS)
#define PART_BUSY_NS (100 * NS_PER_MS)
/* So many parts in a row, and of one processor's time, in hundredths. */
#define BUSY_PARTS  5
#define QUIET_PARTS 3
#define BUSY	    92
#define QUIET	    65
/* The same where each thread has a processor. */
#define BUSY_OF_TWO  35
#define QUIET_OF_TWO 20

void balance_init(struct balance *balance, struct instant now, int64_t used_ns)
{
	*balance = (struct balance){.since = now, .used_ns = used_ns};
}

static int64_t part_ns(const struct balance *balance)
{
	return balance->is_busy ? PART_BUSY_NS : PART_NS;
}

bool balance_is_due(const struct balance *balance, struct instant now)
{
	return instant_age_ns(balance->since, now) >= part_ns(balance);
}

bool balance_is_busy(const struct balance *balance)
{
	return balance->share >= BUSY_OF_TWO && !balance->was_idle;
}

struct instant balance_part_end(const struct balance *balance)
{
	return instant_after(balance->since, part_ns(balance));
}

static bool speaks_for_change(const struct balance *balance, bool has_two)
{
	int64_t share = balance->share;

	if (balance->is_busy)
		return share < (has_two ? QUIET_OF_TWO : QUIET);
	return share >= (has_two ? BUSY_OF_TWO : BUSY) && !balance->has_idled;
}

/* What was of use on two processors may not be on those that are shared. */
static bool is_over(const struct balance *balance, bool has_two)
{
	return balance->is_busy && balance->has_two && !has_two &&
	       balance->share < BUSY;
}

bool balance_note(
    struct balance *balance, struct instant now, int64_t used_ns, bool has_two)
{
	int64_t passed_ns = instant_age_ns(balance->since, now);
	unsigned enough = balance->is_busy ? QUIET_PARTS : BUSY_PARTS;

	if (!balance_is_due(balance, now))
		return false;
	balance->share = (used_ns - balance->used_ns) * 100 / passed_ns;
	if (speaks_for_change(balance, has_two))
		balance->parts++;
	else
		balance->parts = 0;
	balance->since = now;
	balance->used_ns = used_ns;
	balance->was_idle = balance->has_idled;
	balance->has_idled = false;
	if (is_over(balance, has_two))
		balance->parts = enough;
	balance->has_two = has_two;
	if (balance->parts < enough)
		return false;
	balance->parts = 0;
	balance->is_busy = !balance->is_busy;
	return true;
}
