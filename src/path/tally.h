/* SPDX-License-Identifier: ISC */
/* Which packets of each peer were dropped, by stage and reason. */
#ifndef PATH_TALLY_H
#define PATH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"

/* Pairs of stage and reason that one peer's packets meet; more share the last
 * entry, whose reason is then NONE. */
#define TALLY_ENTRIES 24

struct tally_entry {
	uint8_t table, idx; /* of the stage */
	uint16_t reason;
	uint64_t packets; /* 0: the entry is free */
};

struct tally {
	struct tally_entry entries[TALLY_ENTRIES];
};

void tally_count(struct tally *tally, uint8_t table, uint8_t idx,
    enum drop reason, uint64_t packets);

#endif
