/* SPDX-License-Identifier: ISC */
/* The loop: readiness, one timer, signals. */
#include "daemon/loop.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/instant.h"

static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
/* Their default would end us for nothing. */
static const int ignored[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM};

struct loop {
	struct ev_loop *ev;
	struct loop_hooks hooks;
	ev_prepare prepare;
	ev_check check;
	ev_timer timer;
	struct instant now;   /* of the turn */
	struct instant rings; /* the timer, while it is active */
	ev_signal signals[ARRAY_SIZE(signals)];
};

struct loop_watch {
	ev_io io;
	struct loop *loop;
	loop_fn *ready;
	void *context;
	bool is_beside;
};

static void timer_came(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)timer;
	(void)events;
}

static void check_came(struct ev_loop *ev, ev_check *check, int events)
{
	struct loop *loop = check->data;

	(void)ev;
	(void)events;
	loop->now = loop->hooks.turn_began(loop->hooks.context);
}

static void set_timer(struct loop *loop, struct instant when)
{
	int64_t wait_ns = instant_age_ns(loop->now, when);

	ev_timer_stop(loop->ev, &loop->timer);
	ev_now_update(loop->ev);
	ev_timer_set(&loop->timer, (double)wait_ns / (double)NS_PER_S, 0.0);
	ev_timer_start(loop->ev, &loop->timer);
	loop->rings = when;
}

/* Mostly the next turn may come later than was said before: then the timer
 * stays, and at worst there is a turn for nothing. */
static void prepare_came(struct ev_loop *ev, ev_prepare *prepare, int events)
{
	struct loop *loop = prepare->data;
	struct instant until = loop->hooks.turn_ended(loop->hooks.context);

	(void)ev;
	(void)events;
	if (!ev_is_active(&loop->timer) ||
	    instant_is_before(until, loop->rings))
		set_timer(loop, until);
}

static void be_alone(const struct loop *loop)
{
	if (loop->hooks.alone)
		loop->hooks.alone(loop->hooks.context);
}

static void signal_came(struct ev_loop *ev, ev_signal *signal, int events)
{
	struct loop *loop = signal->data;

	(void)ev;
	(void)events;
	be_alone(loop);
	loop->hooks.signalled(loop->hooks.context, signal->signum);
}

static void watch_signals(struct loop *loop)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		ev_signal_init(&loop->signals[i], signal_came, signals[i]);
		loop->signals[i].data = loop;
		ev_signal_start(loop->ev, &loop->signals[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
}

int loop_new(struct loop **ret, const struct loop_hooks *hooks)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!loop->ev) {
		free(loop);
		return -ENOMEM;
	}
	loop->hooks = *hooks;
	loop->prepare.data = loop->check.data = loop;
	ev_init(&loop->timer, timer_came);
	ev_prepare_init(&loop->prepare, prepare_came);
	ev_check_init(&loop->check, check_came);
	/* before what is ready, so that all of it sees the turn's clock */
	ev_set_priority(&loop->check, EV_MAXPRI);
	ev_prepare_start(loop->ev, &loop->prepare);
	ev_check_start(loop->ev, &loop->check);
	watch_signals(loop);
	*ret = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	ev_loop_destroy(loop->ev);
	free(loop);
}

static void io_came(struct ev_loop *ev, ev_io *io, int events)
{
	struct loop_watch *watch = io->data;
	unsigned what = 0;

	(void)ev;
	if (events & EV_READ)
		what |= LOOP_READ;
	if (events & EV_WRITE)
		what |= LOOP_WRITE;
	if (!watch->is_beside)
		be_alone(watch->loop);
	watch->ready(watch->context, what);
}

static int ev_events(unsigned events)
{
	return (events & LOOP_READ ? EV_READ : 0) |
	       (events & LOOP_WRITE ? EV_WRITE : 0);
}

struct loop_watch *loop_watch(
    struct loop *loop, int fd, unsigned events, loop_fn *ready, void *context)
{
	struct loop_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->loop = loop;
	watch->ready = ready;
	watch->context = context;
	ev_io_init(&watch->io, io_came, fd, ev_events(events));
	watch->io.data = watch;
	if (events)
		ev_io_start(loop->ev, &watch->io);
	return watch;
}

struct loop_watch *loop_watch_beside(
    struct loop *loop, int fd, unsigned events, loop_fn *ready, void *context)
{
	struct loop_watch *watch = loop_watch(loop, fd, events, ready, context);

	if (watch)
		watch->is_beside = true;
	return watch;
}

void loop_change(struct loop_watch *watch, unsigned events)
{
	int wanted = ev_events(events);
	int is_active = ev_is_active(&watch->io);

	if (is_active && (watch->io.events & (EV_READ | EV_WRITE)) == wanted)
		return;
	ev_io_stop(watch->loop->ev, &watch->io);
	ev_io_set(&watch->io, watch->io.fd, wanted);
	if (wanted)
		ev_io_start(watch->loop->ev, &watch->io);
}

void loop_unwatch(struct loop_watch *watch)
{
	if (!watch)
		return;
	ev_io_stop(watch->loop->ev, &watch->io);
	free(watch);
}

void loop_run(struct loop *loop)
{
	/* libev's first turn ends what no check has begun */
	loop->now = loop->hooks.turn_began(loop->hooks.context);
	ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}
