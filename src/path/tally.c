/* SPDX-License-Identifier: ISC */
/* Entries are taken in the order in which their drops first happen. */
#include "path/tally.h"

static bool is_for(const struct tally_entry *entry, uint8_t table, uint8_t idx,
    enum drop reason)
{
	return !entry->packets || (entry->table == table && entry->idx == idx &&
				      entry->reason == reason);
}

static struct tally_entry *find(
    struct tally *tally, uint8_t table, uint8_t idx, enum drop reason)
{
	for (size_t i = 0; i < TALLY_ENTRIES - 1; i++)
		if (is_for(&tally->entries[i], table, idx, reason))
			return &tally->entries[i];
	return NULL;
}

void tally_count(struct tally *tally, uint8_t table, uint8_t idx,
    enum drop reason, uint64_t packets)
{
	struct tally_entry *entry = find(tally, table, idx, reason);

	if (entry)
		*entry = (struct tally_entry){
		    table, idx, (uint16_t)reason, entry->packets + packets};
	else
		tally->entries[TALLY_ENTRIES - 1].packets += packets;
}
