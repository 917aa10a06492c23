/* SPDX-License-Identifier: ISC */
/*
 * Packet lists and the pool.
 *
 * Packets that were never handed out are not touched: a fresh one is only
 * taken when the free list (last in, first out) is empty, so that a quiet
 * tunnel keeps to a few warm buffers of a large pool.
 */
#include "base/packet.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE_BYTES 64
#define POISON		 0xdb
#define POISON_BYTES	 16 /* of the data: an IP version of 13 */

enum state {
	STATE_FREE = 0,
	STATE_IN_USE = 1,
};

struct pool {
	struct packet *packets;
	uint8_t *states; /* enum state of each */
	uint8_t *buffers;
	size_t count, largest, stride;
	size_t fresh; /* packets from here on were never handed out */
	size_t in_use;
	struct packet *free;
};

void packet_list_push(struct packet_list *list, struct packet *pkt)
{
	pkt->next = NULL;
	if (list->last)
		list->last->next = pkt;
	else
		list->first = pkt;
	list->last = pkt;
	list->len++;
}

struct packet *packet_list_pop(struct packet_list *list)
{
	struct packet *pkt = list->first;

	if (!pkt)
		return NULL;
	list->first = pkt->next;
	if (!list->first)
		list->last = NULL;
	list->len--;
	pkt->next = NULL;
	return pkt;
}

void packet_list_append(struct packet_list *to, struct packet_list *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->len += from->len;
	*from = (struct packet_list){0};
}

void packet_swap_buffers(struct packet *a, struct packet *b)
{
	uint8_t *buffer = a->buffer;

	a->buffer = b->buffer;
	b->buffer = buffer;
}

int pool_new(struct pool **ret, size_t count, size_t largest)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	size_t bytes;

	if (!pool)
		return -ENOMEM;
	pool->count = count;
	pool->largest = largest;
	pool->stride = PACKET_HEAD_BYTES + largest + PACKET_TAIL_BYTES;
	pool->stride += -pool->stride % CACHE_LINE_BYTES;
	if (__builtin_mul_overflow(count, pool->stride, &bytes))
		goto no_memory;
	pool->packets = calloc(count, sizeof(*pool->packets));
	pool->states = calloc(count, sizeof(*pool->states));
	pool->buffers = aligned_alloc(CACHE_LINE_BYTES, bytes);
	if (!pool->packets || !pool->states || !pool->buffers)
		goto no_memory;
	*ret = pool;
	return 0;

no_memory:
	pool_free(pool);
	return -ENOMEM;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	assert(pool->in_use == 0);
	free(pool->buffers);
	free(pool->states);
	free(pool->packets);
	free(pool);
}

static struct packet *take(struct pool *pool)
{
	struct packet *pkt = pool->free;

	if (pkt) {
		pool->free = pkt->next;
	} else if (pool->fresh < pool->count) {
		pkt = &pool->packets[pool->fresh];
		pkt->buffer = pool->buffers + pool->fresh * pool->stride;
		pool->fresh++;
	}
	return pkt;
}

struct packet *pool_get(struct pool *pool)
{
	struct packet *pkt = take(pool);
	size_t idx;

	if (!pkt)
		return NULL;
	idx = (size_t)(pkt - pool->packets);
	assert(pool->states[idx] == STATE_FREE);
	pool->states[idx] = STATE_IN_USE;
	pool->in_use++;
	*pkt = (struct packet){
	    .buffer = pkt->buffer, /* packets may have swapped theirs */
	    .buffer_bytes = (uint32_t)pool->stride,
	    .offset = PACKET_HEAD_BYTES,
	    .segments = 1,
	};
	return pkt;
}

void pool_put(struct pool *pool, struct packet *pkt)
{
	size_t idx;

	if (!pkt)
		return;
	assert(pkt >= pool->packets && pkt < pool->packets + pool->count);
	idx = (size_t)(pkt - pool->packets);
	assert(pool->states[idx] == STATE_IN_USE);
	pool->states[idx] = STATE_FREE;
	pool->in_use--;
	memset(pkt->buffer + PACKET_HEAD_BYTES, POISON, POISON_BYTES);
	pkt->peer = NULL;
	pkt->next = pool->free;
	pool->free = pkt;
}

void pool_put_list(struct pool *pool, struct packet_list *list)
{
	while (list->first)
		pool_put(pool, packet_list_pop(list));
}

/* What is the copy's own: its buffer, and where the bytes lie in it. */
struct packet *packet_copy(struct pool *pool, const struct packet *pkt)
{
	struct packet *copy, fresh;

	if (pkt->len > pool->largest)
		return NULL;
	copy = pool_get(pool);
	if (!copy)
		return NULL;
	fresh = *copy;
	*copy = *pkt;
	copy->next = NULL;
	copy->buffer = fresh.buffer;
	copy->buffer_bytes = fresh.buffer_bytes;
	copy->offset = fresh.offset;
	memcpy(packet_data(copy), packet_data(pkt), pkt->len);
	return copy;
}

size_t pool_available(const struct pool *pool)
{
	return pool->count - pool->in_use;
}

size_t pool_count(const struct pool *pool)
{
	return pool->count;
}

size_t pool_largest(const struct pool *pool)
{
	return pool->largest;
}
