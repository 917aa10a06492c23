/* SPDX-License-Identifier: ISC */
/*
 * Packet lists and the pool.
 *
 * Packets that were never handed out are not touched: a fresh one is only
 * taken when the free lists (last in, first out) are empty, so that a quiet
 * tunnel keeps to a few warm buffers of a large pool.
 *
 * Each thread has a free list of its own; only what it has too much of, or too
 * little, goes over the common one, many packets at a time.
 */
#include "base/packet.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE_BYTES 64
#define POISON		 0xdb
#define POISON_BYTES	 16 /* of the data: an IP version of 13 */

/* What a thread holds, at most two chunks, the others do without. */
#define CHUNK_PART 32 /* of the class */
#define CHUNK_MAX  64

enum state {
	STATE_FREE = 0,
	STATE_IN_USE = 1,
};

/* What one thread holds of a class. */
struct magazine {
	_Alignas(CACHE_LINE_BYTES) struct packet *free;
	size_t len;
	/* got less given back, which others may read; below zero when packets
	 * come from another thread */
	_Atomic long in_use;
};

/* Packets of one size. */
struct class
{
	struct packet *packets;
	uint8_t *states; /* enum state of each */
	uint8_t *buffers;
	size_t count, largest, stride;
	size_t chunk; /* at most that many go between magazine and class */
	atomic_flag is_locked; /* what follows, up to the magazines */
	size_t fresh;	       /* packets from here on were never handed out */
	struct packet *free;
	struct magazine magazines[POOL_THREADS];
};

struct pool {
	struct class ordinary, large;
};

static _Thread_local unsigned my_number;

void pool_set_thread(unsigned number)
{
	assert(number < POOL_THREADS);
	my_number = number;
}

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

void packet_take_apart(struct packet *chain, struct packet_list *to)
{
	struct packet_list rest = chain->rest;

	packet_forget_chain(chain);
	packet_list_push(to, chain);
	packet_list_append(to, &rest);
}

void packet_swap_buffers(struct packet *a, struct packet *b)
{
	uint8_t *buffer = a->buffer;

	assert(a->buffer_bytes == b->buffer_bytes);
	a->buffer = b->buffer;
	b->buffer = buffer;
}

/* ---- one class ---- */

static size_t in_use(const struct class *class)
{
	long sum = 0;

	for (size_t i = 0; i < POOL_THREADS; i++)
		sum += atomic_load_explicit(
		    &class->magazines[i].in_use, memory_order_relaxed);
	return sum > 0 ? (size_t)sum : 0;
}

static void class_clear(struct class *class)
{
	assert(in_use(class) == 0);
	free(class->buffers);
	free(class->states);
	free(class->packets);
	memset(class, 0, sizeof(*class));
}

/* 0 or -ENOMEM. */
static int class_init(struct class *class, size_t count, size_t largest)
{
	size_t bytes;

	class->count = count;
	class->largest = largest;
	class->stride = PACKET_HEAD_BYTES + largest + PACKET_TAIL_BYTES;
	class->stride += -class->stride % CACHE_LINE_BYTES;
	class->chunk =
	    count / CHUNK_PART < CHUNK_MAX ? count / CHUNK_PART : CHUNK_MAX;
	if (__builtin_mul_overflow(count, class->stride, &bytes))
		goto no_memory;
	class->packets = calloc(count, sizeof(*class->packets));
	class->states = calloc(count, sizeof(*class->states));
	class->buffers = aligned_alloc(CACHE_LINE_BYTES, bytes);
	if (!class->packets || !class->states || !class->buffers)
		goto no_memory;
	return 0;

no_memory:
	class_clear(class);
	return -ENOMEM;
}

static bool class_has(const struct class *class, const struct packet *pkt)
{
	return pkt >= class->packets && pkt < class->packets + class->count;
}

static void lock(struct class *class)
{
	while (atomic_flag_test_and_set_explicit(
	    &class->is_locked, memory_order_acquire))
		; /* held for a few dozen instructions */
}

static void unlock(struct class *class)
{
	atomic_flag_clear_explicit(&class->is_locked, memory_order_release);
}

static void push(struct packet **list, struct packet *pkt)
{
	pkt->next = *list;
	*list = pkt;
}

static struct packet *pop(struct packet **list)
{
	struct packet *pkt = *list;

	if (pkt)
		*list = pkt->next;
	return pkt;
}

static void put_fresh(struct class *class, struct magazine *mine)
{
	struct packet *pkt = &class->packets[class->fresh];

	pkt->buffer = class->buffers + class->fresh * class->stride;
	class->fresh++;
	push(&mine->free, pkt);
	mine->len++;
}

/* One at least, if there is one. */
static void fetch(struct class *class, struct magazine *mine)
{
	lock(class);
	while (class->free && mine->len < class->chunk + 1) {
		push(&mine->free, pop(&class->free));
		mine->len++;
	}
	if (!mine->free && class->fresh < class->count)
		put_fresh(class, mine);
	unlock(class);
}

static void give_back(struct class *class, struct magazine *mine)
{
	lock(class);
	while (mine->len > class->chunk) {
		push(&class->free, pop(&mine->free));
		mine->len--;
	}
	unlock(class);
}

/* Nobody else writes it. */
static void count_in_use(struct magazine *mine, long more)
{
	long in_use = atomic_load_explicit(&mine->in_use, memory_order_relaxed);

	atomic_store_explicit(
	    &mine->in_use, in_use + more, memory_order_relaxed);
}

static struct packet *class_get(struct class *class)
{
	struct magazine *mine = &class->magazines[my_number];
	struct packet *pkt;
	size_t idx;

	if (!mine->free)
		fetch(class, mine);
	pkt = pop(&mine->free);
	if (!pkt)
		return NULL;
	mine->len--;
	idx = (size_t)(pkt - class->packets);
	assert(class->states[idx] == STATE_FREE);
	class->states[idx] = STATE_IN_USE;
	count_in_use(mine, 1);
	*pkt = (struct packet){
	    .buffer = pkt->buffer, /* packets may have swapped theirs */
	    .buffer_bytes = (uint32_t) class->stride,
	    .offset = PACKET_HEAD_BYTES,
	    .segments = 1,
	};
	return pkt;
}

static void class_put(struct class *class, struct packet *pkt)
{
	struct magazine *mine = &class->magazines[my_number];
	size_t idx = (size_t)(pkt - class->packets);

	assert(class->states[idx] == STATE_IN_USE);
	class->states[idx] = STATE_FREE;
	count_in_use(mine, -1);
	memset(pkt->buffer + PACKET_HEAD_BYTES, POISON, POISON_BYTES);
	pkt->peer = NULL;
	push(&mine->free, pkt);
	if (++mine->len > 2 * class->chunk)
		give_back(class, mine);
}

/* ---- the pool ---- */

int pool_new(struct pool **ret, size_t count, size_t largest)
{
	struct pool *pool = aligned_alloc(CACHE_LINE_BYTES, sizeof(*pool));
	int code;

	if (!pool)
		return -ENOMEM;
	memset(pool, 0, sizeof(*pool));
	code = class_init(&pool->ordinary, count, largest);
	if (code)
		free(pool);
	else
		*ret = pool;
	return code;
}

int pool_add_large(struct pool *pool, size_t count, size_t largest)
{
	assert(!pool->large.packets);
	return class_init(&pool->large, count, largest);
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	class_clear(&pool->ordinary);
	class_clear(&pool->large);
	free(pool);
}

struct packet *pool_get(struct pool *pool)
{
	return class_get(&pool->ordinary);
}

struct packet *pool_get_large(struct pool *pool)
{
	return class_get(&pool->large);
}

void pool_put(struct pool *pool, struct packet *pkt)
{
	if (!pkt)
		return;
	pool_put_list(pool, &pkt->rest);
	if (class_has(&pool->ordinary, pkt)) {
		class_put(&pool->ordinary, pkt);
		return;
	}
	assert(class_has(&pool->large, pkt));
	class_put(&pool->large, pkt);
}

void pool_put_list(struct pool *pool, struct packet_list *list)
{
	while (list->first)
		pool_put(pool, packet_list_pop(list));
}

void packet_copy_fields(struct packet *to, const struct packet *from)
{
	struct packet own = *to;

	*to = *from;
	to->next = own.next;
	to->buffer = own.buffer;
	to->buffer_bytes = own.buffer_bytes;
	to->offset = own.offset;
	to->len = own.len;
	packet_forget_chain(to);
}

struct packet *packet_copy(struct pool *pool, const struct packet *pkt)
{
	bool is_ordinary = pkt->len <= pool->ordinary.largest;
	struct packet *copy;

	if (!is_ordinary && pkt->len > pool->large.largest)
		return NULL;
	copy = is_ordinary ? pool_get(pool) : pool_get_large(pool);
	if (!copy)
		return NULL;
	copy->len = pkt->len;
	packet_copy_fields(copy, pkt);
	memcpy(packet_data(copy), packet_data(pkt), pkt->len);
	return copy;
}

size_t pool_available(const struct pool *pool)
{
	return pool->ordinary.count - in_use(&pool->ordinary);
}

size_t pool_count(const struct pool *pool)
{
	return pool->ordinary.count;
}

size_t pool_largest(const struct pool *pool)
{
	return pool->ordinary.largest;
}
