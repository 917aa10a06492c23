/* SPDX-License-Identifier: ISC */
/* Whether the second thread is of use. */
#include "daemon/balance.h"

#define PART_NS	      (10 * NS_PER_MS)
#define PART_SPLIT_NS (100 * NS_PER_MS)
/* Of one processor's time, in hundredths, and so many parts in a row. */
#define BUSY	    92
#define BUSY_PARTS  5
#define QUIET	    65
#define QUIET_PARTS 3

void balance_init(struct balance *balance, struct instant now, int64_t used_ns)
{
	*balance = (struct balance){.since = now, .used_ns = used_ns};
}

static int64_t part_ns(const struct balance *balance)
{
	return balance->is_split ? PART_SPLIT_NS : PART_NS;
}

bool balance_is_due(const struct balance *balance, struct instant now)
{
	return instant_age_ns(balance->since, now) >= part_ns(balance);
}

struct instant balance_deadline(const struct balance *balance)
{
	return balance->is_split
		   ? instant_after(balance->since, part_ns(balance))
		   : INSTANT_NEVER;
}

static bool speaks_for_change(
    const struct balance *balance, int64_t used_ns, int64_t passed_ns)
{
	int64_t share = used_ns * 100 / passed_ns;

	if (balance->is_split)
		return share < QUIET;
	return share >= BUSY && !balance->has_idled;
}

bool balance_note(struct balance *balance, struct instant now, int64_t used_ns)
{
	int64_t passed_ns = instant_age_ns(balance->since, now);
	unsigned enough = balance->is_split ? QUIET_PARTS : BUSY_PARTS;

	if (!balance_is_due(balance, now))
		return false;
	if (speaks_for_change(balance, used_ns - balance->used_ns, passed_ns))
		balance->parts++;
	else
		balance->parts = 0;
	balance->since = now;
	balance->used_ns = used_ns;
	balance->has_idled = false;
	if (balance->parts < enough)
		return false;
	balance->parts = 0;
	balance->is_split = !balance->is_split;
	return true;
}
