/* SPDX-License-Identifier: ISC */
/*
 * The loop: readiness, one timer, signals. Its .c is the only user of libev.
 *
 * A turn: wait, turn_began, what is ready, turn_ended; the latter says when
 * the next turn has to come at the latest.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "base/attributes.h"
#include "base/instant.h"

struct loop;
struct loop_watch;

enum loop_event {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
};

typedef void loop_fn(void *context, unsigned events);

struct loop_hooks {
	/* Returns what time it is. */
	struct instant (*turn_began)(void *context);
	/* Returns until when the loop may wait at most. */
	struct instant (*turn_ended)(void *context);
	void (*signalled)(void *context, int number);
	/* Before anything is called back but what loop_watch_beside has; may
	 * be NULL. */
	void (*alone)(void *context);
	void *context;
};

/* Takes SIGTERM, SIGINT and SIGHUP; ignores SIGPIPE and SIGUSR1/2. 0 or
 * -ENOMEM. */
must_check int loop_new(struct loop **ret, const struct loop_hooks *hooks);
void loop_free(struct loop *loop); /* NULL is fine */

/* Calls back when fd is ready; `events` 0: not for now. NULL: no memory. */
struct loop_watch *loop_watch(
    struct loop *loop, int fd, unsigned events, loop_fn *ready, void *context);
/* The same; what it calls runs beside another thread. */
struct loop_watch *loop_watch_beside(
    struct loop *loop, int fd, unsigned events, loop_fn *ready, void *context);
void loop_change(struct loop_watch *watch, unsigned events);
void loop_unwatch(struct loop_watch *watch); /* NULL is fine */

void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
