/* SPDX-License-Identifier: ISC */
/* Deadlines in order: a binary heap, 1-based so that place 0 means "not in". */
#include "base/heap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void heap_init(struct heap *heap)
{
	*heap = (struct heap){0};
}

void heap_clear(struct heap *heap)
{
	for (size_t i = 1; i <= heap->len; i++)
		heap->entries[i]->at = 0;
	free(heap->entries);
	heap_init(heap);
}

int heap_reserve(struct heap *heap, size_t room)
{
	struct heap_entry **entries;

	if (room <= heap->room)
		return 0;
	if (room < 2 * heap->room)
		room = 2 * heap->room;
	entries = reallocarray(heap->entries, room + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	heap->entries = entries;
	heap->room = room;
	return 0;
}

static void place(struct heap *heap, struct heap_entry *entry, size_t at)
{
	heap->entries[at] = entry;
	entry->at = at;
}

static void sift_up(struct heap *heap, struct heap_entry *entry, size_t at)
{
	while (at > 1 &&
	       instant_is_before(entry->when, heap->entries[at / 2]->when)) {
		place(heap, heap->entries[at / 2], at);
		at /= 2;
	}
	place(heap, entry, at);
}

static size_t earlier_child(const struct heap *heap, size_t at)
{
	size_t child = 2 * at;

	if (child < heap->len &&
	    instant_is_before(
		heap->entries[child + 1]->when, heap->entries[child]->when))
		child++;
	return child;
}

static void sift_down(struct heap *heap, struct heap_entry *entry, size_t at)
{
	for (;;) {
		size_t child = earlier_child(heap, at);

		if (child > heap->len ||
		    !instant_is_before(heap->entries[child]->when, entry->when))
			break;
		place(heap, heap->entries[child], at);
		at = child;
	}
	place(heap, entry, at);
}

static void settle(struct heap *heap, struct heap_entry *entry, size_t at)
{
	sift_up(heap, entry, at);
	sift_down(heap, entry, entry->at);
}

static void take_out(struct heap *heap, struct heap_entry *entry)
{
	size_t at = entry->at;
	struct heap_entry *last = heap->entries[heap->len--];

	entry->at = 0;
	if (last != entry)
		settle(heap, last, at);
}

void heap_set(struct heap *heap, struct heap_entry *entry, struct instant when)
{
	entry->when = when;
	assert(entry->at <= heap->len);
	if (instant_is_never(when)) {
		if (entry->at)
			take_out(heap, entry);
		return;
	}
	if (!entry->at) {
		assert(heap->len < heap->room);
		heap->len++;
		place(heap, entry, heap->len);
	}
	settle(heap, entry, entry->at);
}

struct heap_entry *heap_first(const struct heap *heap)
{
	return heap->len ? heap->entries[1] : NULL;
}
