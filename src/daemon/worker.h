/* SPDX-License-Identifier: ISC */
/*
 * The second thread: what comes from the socket goes to the device.
 *
 * How it works: it waits for the socket, and works in turns (daemon/threads.h),
 * between which the main thread may stop it. At the end of a turn it wakes the
 * main thread if there is something for it to do. While one thread is enough
 * (daemon/balance.h) it only sleeps, and the main thread, which is alone all
 * the time, does its work.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/affinity.h"
#include "daemon/data.h"

struct worker;

/* Is not running yet. Its threads, socket and device stay the caller's. 0 or
 * negative errno. */
must_check int worker_new(struct worker **ret, struct threads *threads);
/* Its part of the data path, which the caller sets up, and looks at while it is
 * alone. */
struct data *worker_data(struct worker *worker);
/* How often it has found no reason to sleep; the caller is alone. */
uint64_t worker_busy_polls(const struct worker *worker);
/* Readable when the main thread is woken; worker_heard makes it unreadable. */
int worker_news_fd(const struct worker *worker);
void worker_heard(struct worker *worker);

/* From now on it receives, or the main thread does, which is alone, with what
 * `other` is. Takes over from that, or hands over to it, what waits to be sent
 * and what is known of what waits to be received. */
void worker_receive(struct worker *worker, bool receives, struct data *other);

/* Where it goes at once, and stays; the caller is alone, as for the others. */
void worker_place(struct worker *worker, enum affinity_place place);
/* The CPU it stays on; -1: the kernel chooses. */
int worker_cpu(const struct worker *worker);
/* It has been told where to go, and did not have a turn since. */
must_check bool worker_is_moving(const struct worker *worker);
/* It may use two CPUs, and is put on one of them, unless it still has to go
 * there. */
must_check bool worker_is_placeable(const struct worker *worker);
must_check bool worker_is_placed(const struct worker *worker);
/* Whether its last turns were a flood. */
must_check bool worker_is_flooded(
    const struct worker *worker, struct instant now);

/* 0 or negative errno. */
must_check int worker_start(struct worker *worker);
/* Ends it; the main thread is alone then. */
void worker_stop(struct worker *worker);
/* Drops what waits; NULL is fine. */
void worker_free(struct worker *worker);

#endif
