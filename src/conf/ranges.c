/* SPDX-License-Identifier: ISC */
/* Sets of numbers as few sorted ranges. */
#include "conf/ranges.h"

#include <string.h>

/* As numbers that do not wrap at 65535. */
static bool touch(uint32_t first, uint32_t last, const struct config_range *b)
{
	return first <= (uint32_t)b->last + 1 && b->first <= last + 1;
}

bool conf_ranges_add(
    struct config_ranges *ranges, uint16_t first, uint16_t last)
{
	struct config_range *list = ranges->list, whole = {first, last};
	size_t kept = 0, at;

	for (size_t i = 0; i < ranges->count; i++) {
		if (!touch(whole.first, whole.last, &list[i])) {
			list[kept++] = list[i];
			continue;
		}
		if (list[i].first < whole.first)
			whole.first = list[i].first;
		if (list[i].last > whole.last)
			whole.last = list[i].last;
	}
	ranges->count = kept;
	if (kept == CONFIG_RANGES_MAX)
		return false;
	for (at = kept; at && list[at - 1].first > whole.first; at--)
		list[at] = list[at - 1];
	list[at] = whole;
	ranges->count++;
	return true;
}

static bool covers_range(
    const struct config_ranges *ranges, const struct config_range *range)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (ranges->list[i].first <= range->first &&
		    ranges->list[i].last >= range->last)
			return true;
	return false;
}

bool conf_ranges_cover(
    const struct config_ranges *a, const struct config_ranges *b)
{
	if (!a->count)
		return true;
	for (size_t i = 0; i < b->count; i++)
		if (!covers_range(a, &b->list[i]))
			return false;
	return b->count > 0;
}

bool conf_ranges_have(const struct config_ranges *ranges, uint16_t number)
{
	struct config_range range = {number, number};

	return covers_range(ranges, &range);
}
