/* SPDX-License-Identifier: ISC */
/* Parts a string at its commas. */
#include "conf/items.h"

#include <string.h>

struct conf_items conf_items_of(const struct conf_node *node)
{
	return (struct conf_items){
	    .node = node, .at = node->string, .place = node->place};
}

/* A backslash in the file makes the text shorter than what is written. */
static bool is_as_written(const struct conf_node *node)
{
	return node->raw_len == strlen(node->string) + 2;
}

bool conf_items_next(struct conf_items *items)
{
	const char *start = items->at;
	size_t len;

	if (!start)
		return false;
	len = strcspn(start, ",");
	items->at = start[len] ? start + len + 1 : NULL;
	while (len && *start == ' ')
		start++, len--;
	while (len && start[len - 1] == ' ')
		len--;
	snprintf(items->text, sizeof(items->text), "%.*s", (int)len, start);
	if (is_as_written(items->node))
		items->place.column = items->node->place.column + 1 +
				      (uint32_t)(start - items->node->string);
	return true;
}
