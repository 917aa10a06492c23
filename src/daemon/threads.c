/* SPDX-License-Identifier: ISC */
/* Two threads on one core: who may do what, and when. */
#include "daemon/threads.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "protocol/aead.h"

#define CACHE_LINE_BYTES 64

struct threads {
	struct core *core;
	struct gate gate;
	bool is_alone; /* the main thread's own */

	/* the core's lock */
	_Alignas(CACHE_LINE_BYTES) pthread_mutex_t lock;
	struct instant due; /* the main thread comes back */
	_Atomic uint64_t waits;
	_Alignas(CACHE_LINE_BYTES) atomic_bool is_sealing; /* main, aside */

	/* turns */
	_Alignas(CACHE_LINE_BYTES) pthread_mutex_t turns;
	pthread_cond_t has_changed;
	bool is_turning; /* the worker */
	bool is_held;	 /* for the main thread */
};

static _Thread_local enum thread me; /* at first THREAD_MAIN */

static bool has_no_lock(const struct threads *threads)
{
	return me == THREAD_MAIN && threads->is_alone;
}

/* ---- the core's lock ---- */

uint64_t threads_waits(const struct threads *threads)
{
	return threads
		   ? atomic_load_explicit(&threads->waits, memory_order_relaxed)
		   : 0;
}

static void take_lock(struct threads *threads)
{
	if (pthread_mutex_trylock(&threads->lock) == 0)
		return;
	atomic_fetch_add_explicit(&threads->waits, 1, memory_order_relaxed);
	pthread_mutex_lock(&threads->lock);
	core_note_lock_waits(threads->core, threads_waits(threads));
}

void threads_enter(struct threads *threads)
{
	if (!threads || has_no_lock(threads))
		return;
	take_lock(threads);
	core_set_lane(threads->core, me);
}

void threads_leave(struct threads *threads)
{
	if (threads && !has_no_lock(threads))
		pthread_mutex_unlock(&threads->lock);
}

/* ---- the gate ---- */

/* Without the lock the main thread seals, and the worker opens. What the worker
 * seals, answers and what goes from peer to peer, is sealed in the lock: two
 * threads do not use a key at once. */
static bool is_aside(const struct threads *threads, enum gate_work work)
{
	return me == THREAD_MAIN ? work == GATE_SEAL && !threads->is_alone
				 : work == GATE_OPEN;
}

/* At most a batch of the main thread's is sealed meanwhile; it needs no lock to
 * get to the end of it. */
static void settle(void *context)
{
	struct threads *threads = context;

	assert(me == THREAD_WORKER || threads->is_alone);
	while (me == THREAD_WORKER &&
	       atomic_load_explicit(&threads->is_sealing, memory_order_acquire))
		sched_yield();
}

static void begin(void *context, enum gate_work work)
{
	struct threads *threads = context;

	if (me == THREAD_WORKER && work == GATE_SEAL)
		settle(threads);
	if (!is_aside(threads, work))
		return;
	if (work == GATE_SEAL)
		atomic_store_explicit(
		    &threads->is_sealing, true, memory_order_relaxed);
	pthread_mutex_unlock(&threads->lock);
}

static void end(void *context, enum gate_work work)
{
	struct threads *threads = context;

	if (!is_aside(threads, work))
		return;
	if (work == GATE_SEAL)
		atomic_store_explicit(
		    &threads->is_sealing, false, memory_order_release);
	take_lock(threads);
	core_set_lane(threads->core, me);
}

/* ---- making ---- */

int threads_new(struct threads **ret, struct core *core)
{
	struct threads *threads =
	    aligned_alloc(CACHE_LINE_BYTES, sizeof(*threads));

	if (!threads)
		return -ENOMEM;
	*threads = (struct threads){.core = core,
	    .gate = {begin, end, settle, threads},
	    .is_alone = true,
	    .is_held = true,
	    .due = INSTANT_NEVER};
	pthread_mutex_init(&threads->lock, NULL);
	pthread_mutex_init(&threads->turns, NULL);
	pthread_cond_init(&threads->has_changed, NULL);
	core_set_gate(core, &threads->gate);
	*ret = threads;
	return 0;
}

void threads_free(struct threads *threads)
{
	if (!threads)
		return;
	core_set_gate(threads->core, NULL);
	core_set_lane(threads->core, THREAD_MAIN);
	pthread_cond_destroy(&threads->has_changed);
	pthread_mutex_destroy(&threads->turns);
	pthread_mutex_destroy(&threads->lock);
	free(threads);
}

bool threads_begin_worker(void)
{
	me = THREAD_WORKER;
	pool_set_thread(THREAD_WORKER);
	return aead_begin_thread();
}

void threads_end_worker(void)
{
	aead_end_thread();
}

/* ---- of the main thread ---- */

void threads_alone(struct threads *threads)
{
	if (!threads || threads->is_alone)
		return;
	pthread_mutex_lock(&threads->turns);
	threads->is_held = true;
	while (threads->is_turning)
		pthread_cond_wait(&threads->has_changed, &threads->turns);
	pthread_mutex_unlock(&threads->turns);
	threads->is_alone = true;
	core_set_lane(threads->core, THREAD_MAIN);
}

bool threads_is_alone(const struct threads *threads)
{
	return !threads || threads->is_alone;
}

void threads_resume(struct threads *threads)
{
	if (!threads || !threads->is_alone)
		return;
	threads->is_alone = false;
	pthread_mutex_lock(&threads->turns);
	threads->is_held = false;
	pthread_cond_broadcast(&threads->has_changed);
	pthread_mutex_unlock(&threads->turns);
}

void threads_set_due(struct threads *threads, struct instant when)
{
	if (threads)
		threads->due = when;
}

/* ---- of the worker ---- */

void threads_turn_begin(struct threads *threads)
{
	pthread_mutex_lock(&threads->turns);
	while (threads->is_held)
		pthread_cond_wait(&threads->has_changed, &threads->turns);
	threads->is_turning = true;
	pthread_mutex_unlock(&threads->turns);
}

bool threads_turn_end(struct threads *threads)
{
	bool is_news;

	threads_enter(threads);
	is_news = core_has_news(threads->core) ||
		  instant_is_before(core_deadline(threads->core), threads->due);
	threads_leave(threads);
	pthread_mutex_lock(&threads->turns);
	threads->is_turning = false;
	if (threads->is_held)
		pthread_cond_broadcast(&threads->has_changed);
	pthread_mutex_unlock(&threads->turns);
	return is_news;
}
