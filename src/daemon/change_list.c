/* SPDX-License-Identifier: ISC */
/*
 * Lists of changes, in the order in which they are applied.
 *
 * How it works: beside the list there are twice as many slots as it has room;
 * a change stands in the slot that its hash names or in the next free one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/change.h"

#define FIRST_ROOM 16

static uint32_t mix(uint32_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len--)
		hash = (hash ^ *at++) * 16777619u; /* FNV-1a */
	return hash;
}

/* Of what is_equal compares and what usually differs. */
static uint32_t hash_of(const struct change *change)
{
	const uint32_t numbers[] = {
	    change->kind, change->ifindex, change->number};
	const struct prefix *prefix = &change->prefix;
	uint32_t hash = mix(2166136261u, numbers, sizeof(numbers));

	if (change->kind == CHANGE_RULE)
		hash = mix(hash, &change->rule.priority,
		    sizeof(change->rule.priority));
	if (change_has_prefix(change))
		hash = mix(mix(hash, &prefix->bits, sizeof(prefix->bits)),
		    prefix->address.bytes, sizeof(prefix->address.bytes));
	return hash ^ hash >> 15;
}

static bool is_equal_rule(
    const struct netlink_rule *a, const struct netlink_rule *b)
{
	return a->family == b->family && a->priority == b->priority &&
	       a->table == b->table;
}

static bool is_equal(const struct change *a, const struct change *b)
{
	if (a->kind != b->kind || a->ifindex != b->ifindex ||
	    a->number != b->number)
		return false;
	if (a->kind == CHANGE_MAC)
		return mac_is_equal(&a->mac, &b->mac);
	if (a->kind == CHANGE_RULE)
		return is_equal_rule(&a->rule, &b->rule);
	return !change_has_prefix(a) || prefix_is_equal(&a->prefix, &b->prefix);
}

/* Where the change stands, or the free slot where it would. */
static uint32_t *slot_of(
    const struct change_list *list, const struct change *change)
{
	size_t mask = 2 * list->room - 1, at = hash_of(change) & mask;

	while (list->slots[at] &&
	       !is_equal(&list->changes[list->slots[at] - 1], change))
		at = (at + 1) & mask;
	return &list->slots[at];
}

static void index_all(struct change_list *list)
{
	memset(list->slots, 0, 2 * list->room * sizeof(*list->slots));
	for (size_t i = 0; i < list->count; i++)
		*slot_of(list, &list->changes[i]) = (uint32_t)i + 1;
}

static int grow(struct change_list *list)
{
	size_t room = list->room ? 2 * list->room : FIRST_ROOM;
	struct change *changes =
	    realloc(list->changes, room * sizeof(*changes));
	uint32_t *slots;

	if (!changes)
		return -ENOMEM;
	list->changes = changes;
	slots = realloc(list->slots, 2 * room * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	list->slots = slots;
	list->room = room;
	index_all(list);
	return 0;
}

int change_list_add(struct change_list *list, const struct change *change)
{
	int code = list->count == list->room ? grow(list) : 0;

	if (code)
		return code;
	*slot_of(list, change) = (uint32_t)list->count + 1;
	list->changes[list->count++] = *change;
	return 0;
}

struct change *change_list_find(
    const struct change_list *list, const struct change *change)
{
	uint32_t place = list->count ? *slot_of(list, change) : 0;

	return place ? &list->changes[place - 1] : NULL;
}

void change_list_filter(struct change_list *list,
    bool (*is_kept)(const struct change *change, const void *context),
    const void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (is_kept(&list->changes[i], context))
			list->changes[kept++] = list->changes[i];
	list->count = kept;
	if (list->room)
		index_all(list);
}

void change_list_clear(struct change_list *list)
{
	free(list->changes);
	free(list->slots);
	*list = (struct change_list){0};
}
