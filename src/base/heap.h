/* SPDX-License-Identifier: ISC */
/*
 * Deadlines in order: a binary heap of embedded entries.
 *
 * An entry is in at most one heap; `at` is its place, 0 when it is in none. The
 * place repeats the deadline, so that comparing touches no other entry.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/instant.h"

struct heap_entry {
	struct instant when;
	size_t at;
};

struct heap_place {
	struct instant when;
	struct heap_entry *entry;
};

struct heap {
	struct heap_place *places; /* 1-based */
	size_t len, room;
};

void heap_init(struct heap *heap);
void heap_clear(struct heap *heap);

/* Makes room for `room` entries; 0 or -ENOMEM. */
must_check int heap_reserve(struct heap *heap, size_t room);

/* Puts the entry in, or moves it; INSTANT_NEVER takes it out. No allocation:
 * room for it must have been reserved. */
void heap_set(
    struct heap *heap, struct heap_entry *entry, struct instant when);

/* The earliest entry, or NULL. */
struct heap_entry *heap_first(const struct heap *heap);

#endif
