/* SPDX-License-Identifier: ISC */
/*
 * Which packets of each peer were dropped, by stage and reason.
 *
 * How it works: most peers never need more than a few entries, which are their
 * own; further ones come from a store that all peers share, and go back to it
 * with the peer.
 */
#ifndef PATH_TALLY_H
#define PATH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"

/* Pairs of stage and reason that one peer's packets meet; more, and those that
 * the store is too small for, share one whose reason is then NONE.
 * A peer that tries all it can meets about fifty. */
#define TALLY_ENTRIES 64
#define TALLY_OWN     4
#define TALLY_SHARED  4096

struct tally_entry {
	uint8_t table, idx; /* of the stage */
	uint16_t reason;
	uint64_t packets; /* 0: the entry is free */
};

struct tally {
	struct tally_entry own[TALLY_OWN];
	uint64_t rest;	/* of the others */
	uint16_t first; /* in the store, + 1; 0: none */
	uint16_t count; /* of entries */
};

/* Zero is the store with all its entries. */
struct tally_store {
	struct tally_entry entries[TALLY_SHARED];
	uint16_t next[TALLY_SHARED]; /* of the same peer, or free; + 1 */
	uint16_t first_free;	     /* given back; + 1 */
	uint16_t taken;		     /* entries that ever were */
};

void tally_count(struct tally *tally, struct tally_store *store,
    const struct tally_entry *drop);

/* The idx-th one, in the order in which their drops first happened, the shared
 * one last; false: there are no more. */
must_check bool tally_get(const struct tally *tally,
    const struct tally_store *store, size_t idx, struct tally_entry *ret);

/* Leaves it zero. */
void tally_clear(struct tally *tally, struct tally_store *store);

#endif
