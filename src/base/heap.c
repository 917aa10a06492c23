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
		heap->places[i].entry->at = 0;
	free(heap->places);
	heap_init(heap);
}

int heap_reserve(struct heap *heap, size_t room)
{
	struct heap_place *places;

	if (room <= heap->room)
		return 0;
	if (room < 2 * heap->room)
		room = 2 * heap->room;
	places = reallocarray(heap->places, room + 1, sizeof(*places));
	if (!places)
		return -ENOMEM;
	heap->places = places;
	heap->room = room;
	return 0;
}

static void put(struct heap *heap, struct heap_place place, size_t at)
{
	heap->places[at] = place;
	place.entry->at = at;
}

/* Returns where it came to be. */
static size_t sift_up(struct heap *heap, struct heap_place place, size_t at)
{
	while (at > 1 &&
	       instant_is_before(place.when, heap->places[at / 2].when)) {
		put(heap, heap->places[at / 2], at);
		at /= 2;
	}
	put(heap, place, at);
	return at;
}

static size_t earlier_child(const struct heap *heap, size_t at)
{
	size_t child = 2 * at;

	if (child < heap->len &&
	    instant_is_before(
		heap->places[child + 1].when, heap->places[child].when))
		child++;
	return child;
}

static void sift_down(struct heap *heap, struct heap_place place, size_t at)
{
	for (;;) {
		size_t child = earlier_child(heap, at);

		if (child > heap->len ||
		    !instant_is_before(heap->places[child].when, place.when))
			break;
		put(heap, heap->places[child], at);
		at = child;
	}
	put(heap, place, at);
}

static void settle(struct heap *heap, struct heap_place place, size_t at)
{
	sift_down(heap, place, sift_up(heap, place, at));
}

static void take_out(struct heap *heap, struct heap_entry *entry)
{
	size_t at = entry->at;
	struct heap_place last = heap->places[heap->len--];

	entry->at = 0;
	if (last.entry != entry)
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
		entry->at = ++heap->len;
	}
	settle(heap, (struct heap_place){when, entry}, entry->at);
}

struct heap_entry *heap_first(const struct heap *heap)
{
	return heap->len ? heap->places[1].entry : NULL;
}
