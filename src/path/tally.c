/* SPDX-License-Identifier: ISC */
/* Entries are taken in the order in which their drops first happen. */
#include "path/tally.h"

#include <string.h>

static bool is_of(
    const struct tally_entry *entry, const struct tally_entry *drop)
{
	return entry->table == drop->table && entry->idx == drop->idx &&
	       entry->reason == drop->reason;
}

static uint16_t take(struct tally_store *store)
{
	uint16_t place = store->first_free;

	if (place)
		store->first_free = store->next[place - 1];
	else if (store->taken < TALLY_SHARED)
		place = ++store->taken;
	if (place)
		store->next[place - 1] = 0;
	return place;
}

/* A new entry at the end, or NULL: it is one too many. */
static struct tally_entry *add(struct tally *tally, struct tally_store *store)
{
	uint16_t *link = &tally->first;

	if (tally->count < TALLY_OWN)
		return &tally->own[tally->count++];
	if (tally->count == TALLY_ENTRIES - 1)
		return NULL;
	while (*link)
		link = &store->next[*link - 1];
	*link = take(store);
	if (!*link)
		return NULL;
	tally->count++;
	return &store->entries[*link - 1];
}

static struct tally_entry *find(struct tally *tally, struct tally_store *store,
    const struct tally_entry *drop)
{
	for (size_t i = 0; i < TALLY_OWN && i < tally->count; i++)
		if (is_of(&tally->own[i], drop))
			return &tally->own[i];
	for (uint16_t at = tally->first; at; at = store->next[at - 1])
		if (is_of(&store->entries[at - 1], drop))
			return &store->entries[at - 1];
	return NULL;
}

void tally_count(struct tally *tally, struct tally_store *store,
    const struct tally_entry *drop)
{
	struct tally_entry *entry = find(tally, store, drop);

	if (entry) {
		entry->packets += drop->packets;
		return;
	}
	entry = add(tally, store);
	if (entry)
		*entry = *drop;
	else
		tally->rest += drop->packets;
}

bool tally_get(const struct tally *tally, const struct tally_store *store,
    size_t idx, struct tally_entry *ret)
{
	uint16_t at = tally->first;

	if (idx > tally->count || (idx == tally->count && !tally->rest))
		return false;
	*ret = (struct tally_entry){.packets = tally->rest};
	if (idx == tally->count)
		return true;
	for (size_t i = TALLY_OWN; i < idx; i++)
		at = store->next[at - 1];
	*ret = idx < TALLY_OWN ? tally->own[idx] : store->entries[at - 1];
	return true;
}

void tally_clear(struct tally *tally, struct tally_store *store)
{
	while (tally->first) {
		uint16_t place = tally->first;

		tally->first = store->next[place - 1];
		store->next[place - 1] = store->first_free;
		store->first_free = place;
	}
	memset(tally, 0, sizeof(*tally));
}
