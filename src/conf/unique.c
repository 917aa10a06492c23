/* SPDX-License-Identifier: ISC */
/* Things that a file may have only once: sorted, then compared in pairs. */
#include "conf/unique.h"

#include <stdlib.h>
#include <string.h>

bool conf_unique_add(struct conf_unique *unique, const char *text,
    const char *object, struct config_place place)
{
	size_t count = unique->count;
	struct conf_unique_item *items = unique->items;

	if (!(count & (count - 1)))
		items =
		    reallocarray(items, count ? 2 * count : 1, sizeof(*items));
	if (!items)
		return false;
	unique->items = items;
	items += unique->count++;
	snprintf(items->text, sizeof(items->text), "%s", text);
	snprintf(items->object, sizeof(items->object), "%s", object);
	items->place = place;
	return true;
}

static int compare_items(const void *a, const void *b)
{
	const struct conf_unique_item *left = a, *right = b;
	int order = strcmp(left->text, right->text);

	if (order)
		return order;
	if (left->place.line != right->place.line)
		return left->place.line < right->place.line ? -1 : 1;
	return left->place.column < right->place.column ? -1 : 1;
}

void conf_unique_report(
    struct conf_unique *unique, struct conf_messages *messages)
{
	const struct conf_unique_item *item = unique->items, *first = item;

	if (unique->count)
		qsort(
		    unique->items, unique->count, sizeof(*item), compare_items);
	for (size_t i = 1; i < unique->count; i++) {
		item = &unique->items[i];
		if (strcmp(item->text, first->text))
			first = item;
		else
			conf_error(messages, item->place, item->object,
			    "%s is given twice, first in line %u as %s",
			    item->text, first->place.line, first->object);
	}
	free(unique->items);
	*unique = (struct conf_unique){0};
}
