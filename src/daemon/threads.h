/* SPDX-License-Identifier: ISC */
/*
 * Two threads on one core: who may do what, and when.
 *
 * How it works: the main thread carries packets from the device to the socket
 * and does everything else; the worker (daemon/worker.h) carries them from the
 * socket to the device. Reading, writing and the ciphers take most of the time,
 * and happen side by side; for the rest there is one lock, held for a batch
 * (threads_enter), and given away while the holder seals or opens
 * (base/gate.h). Whatever is not about packets has the core for itself: the
 * main thread waits until the worker's turn ends, and holds back its next one
 * (threads_alone). So only the worker's own batches can end a session while
 * the main thread seals, and then they wait for it.
 *
 * NULL as `threads` means that there is one thread: nothing is locked.
 */
#ifndef DAEMON_THREADS_H
#define DAEMON_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/gate.h"
#include "core/core.h"

enum thread {
	THREAD_MAIN,
	THREAD_WORKER,
};

struct threads;

/* The main thread is alone at first. 0 or -ENOMEM. */
must_check int threads_new(struct threads **ret, struct core *core);
/* The worker has ended; NULL is fine. */
void threads_free(struct threads *threads);

/* The calling thread is the worker. False: no memory. */
must_check bool threads_begin_worker(void);
void threads_end_worker(void);

/* ---- the core's lock, around what is about packets ---- */
void threads_enter(struct threads *threads);
void threads_leave(struct threads *threads);

/* How often a thread had to wait for the lock. */
uint64_t threads_waits(const struct threads *threads);

/* ---- of the main thread ---- */

/* From here on the worker stands still, between two of its turns. May be called
 * again. */
void threads_alone(struct threads *threads);
bool threads_is_alone(const struct threads *threads);
/* The worker goes on. */
void threads_resume(struct threads *threads);

/* The main thread comes back by itself at `when`; in the lock. */
void threads_set_due(struct threads *threads, struct instant when);

/* ---- of the worker, around a turn ---- */

/* Waits while the main thread is alone. */
void threads_turn_begin(struct threads *threads);
/* True: the main thread is to be woken, as there is news for it, or something
 * is due before it comes back by itself. */
must_check bool threads_turn_end(struct threads *threads);

#endif
