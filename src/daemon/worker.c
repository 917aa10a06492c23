/* SPDX-License-Identifier: ISC */
/* The second thread: what comes from the socket goes to the device. */
#include "daemon/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/busy_poll.h"
#include "daemon/slice.h"
#include "io/clock.h"
#include "io/tun_offload.h"

struct worker {
	struct threads *threads;
	struct data data;
	struct moment moment; /* of its turn */
	int wake_fd, news_fd;
	struct busy_poll busy_poll;
	int wait_ms;
	bool receives, is_over; /* written while the main thread is alone */
	struct slice slice;
	struct affinity affinity;
	enum affinity_place place; /* written likewise: to go to */
	bool is_running;
	pthread_t thread;
	sem_t has_begun;
	bool can_work; /* known, as its number is, when it has begun */
	pid_t tid;
};

int worker_new(struct worker **ret, struct threads *threads)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int code;

	if (!worker)
		return -ENOMEM;
	worker->threads = threads;
	worker->data.threads = threads;
	worker->data.moment = &worker->moment;
	worker->news_fd = -1;
	worker->wait_ms = -1;
	affinity_init(&worker->affinity);
	sem_init(&worker->has_begun, 0, 0);
	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->wake_fd >= 0)
		worker->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->news_fd < 0) {
		code = -errno;
		worker_free(worker);
		return code;
	}
	*ret = worker;
	return 0;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->data.pool)
		data_clear(&worker->data);
	if (worker->wake_fd >= 0)
		close(worker->wake_fd);
	if (worker->news_fd >= 0)
		close(worker->news_fd);
	sem_destroy(&worker->has_begun);
	free(worker);
}

struct data *worker_data(struct worker *worker)
{
	return &worker->data;
}

/* ---- its two bells ---- */

static void ring(int fd)
{
	const uint64_t one = 1;

	/* full, it is readable already */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

uint64_t worker_busy_polls(const struct worker *worker)
{
	return worker->busy_poll.turns;
}

int worker_news_fd(const struct worker *worker)
{
	return worker->news_fd;
}

static void hear(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

void worker_heard(struct worker *worker)
{
	hear(worker->news_fd);
}

/* What each of them has told the path of the device, the other does not know.
 */
static void learn_device(struct data *data, const struct data *other)
{
	data->has_told = false;
	if (data->batch && other->batch)
		tun_batch_learn(data->batch, other->batch);
}

static void take_over(struct data *data, const struct data *other)
{
	data->waiting = other->waiting;
	learn_device(data, other);
}

static void hand_over(struct data *data, struct data *other)
{
	other->waiting = data->waiting;
	learn_device(other, data);
	if (!data_is_blocked(other))
		other->blocked_since = other->moment->now;
	packet_list_append(&other->backlog, &data->backlog);
	other->is_releasing |= data->is_releasing;
	data->is_releasing = false;
	if (!data->has_told_blocked)
		return;
	data->has_told_blocked = false;
	core_set_lane(data->core, THREAD_WORKER);
	path_set_blocked(core_path(data->core), false, other->has_told_slow);
	core_set_lane(data->core, THREAD_MAIN);
}

void worker_receive(struct worker *worker, bool receives, struct data *other)
{
	worker->receives = receives;
	if (receives)
		take_over(&worker->data, other);
	else
		hand_over(&worker->data, other);
	ring(worker->wake_fd);
}

void worker_place(struct worker *worker, enum affinity_place place)
{
	worker->place = place;
	ring(worker->wake_fd);
}

int worker_cpu(const struct worker *worker)
{
	return worker->affinity.cpu;
}

bool worker_is_moving(const struct worker *worker)
{
	return worker->affinity.place != worker->place;
}

bool worker_is_placeable(const struct worker *worker)
{
	return affinity_is_possible(&worker->affinity) &&
	       affinity_count(worker->tid) == AFFINITY_CPUS;
}

bool worker_is_placed(const struct worker *worker)
{
	if (worker_is_moving(worker))
		return true;
	return worker->affinity.cpu >= 0 &&
	       affinity_is_kept(&worker->affinity, worker->tid);
}

bool worker_is_flooded(const struct worker *worker, struct instant now)
{
	return slice_is_flooded(&worker->slice, now);
}

/* ---- the thread ---- */

/* In a turn: what it waits for next. */
static void look_for(struct worker *worker, struct pollfd *socket)
{
	const struct config *config = core_config(worker->data.core);
	bool polls = worker->receives &&
		     busy_poll_goes_on(&worker->busy_poll,
			 config->busy_poll_us * NS_PER_US,
			 data_has_carried(&worker->data), worker->moment.now);

	worker->wait_ms = polls ? 0 : -1;
	socket->fd = worker->receives ? udp_fd(worker->data.udp) : -1;
	socket->events = POLLIN;
	if (data_is_blocked(&worker->data))
		socket->events |= POLLOUT;
}

/* False: it is over. */
static bool turn(struct worker *worker, struct pollfd *socket)
{
	short events = socket->revents;
	struct data *data = &worker->data;
	bool was_blocked, is_over, is_news, is_flooded;

	threads_turn_begin(worker->threads);
	was_blocked = data_is_blocked(data);
	is_over = worker->is_over;
	affinity_set(&worker->affinity, worker->place);
	if (worker->receives && !is_over) {
		worker->moment = clock_read();
		if (events & POLLOUT)
			data_flush(data);
		if (events & (POLLIN | POLLERR))
			data_from_wire(data);
	}
	look_for(worker, socket);
	is_news =
	    data->is_device_gone || (was_blocked && !data_is_blocked(data));
	is_flooded = slice_turn(
	    &worker->slice, data_is_flooded(data), worker->moment.now);
	if (threads_turn_end(worker->threads) || is_news)
		ring(worker->news_fd);
	if (is_flooded)
		sched_yield();
	return !is_over;
}

static void work(struct worker *worker)
{
	struct pollfd ready[] = {
	    {.fd = -1}, {.fd = worker->wake_fd, .events = POLLIN}};

	do {
		ready[0].revents = ready[1].revents = 0;
		if (!worker->wait_ms)
			sched_yield();
		(void)poll(ready, ARRAY_SIZE(ready), worker->wait_ms);
		if (ready[1].revents)
			hear(worker->wake_fd);
	} while (turn(worker, &ready[0]));
}

static void *thread_main(void *context)
{
	struct worker *worker = context;
	bool can_work = threads_begin_worker();

	worker->can_work = can_work;
	worker->tid = gettid();
	slice_begin(&worker->slice);
	sem_post(&worker->has_begun);
	if (can_work)
		work(worker);
	threads_end_worker();
	return NULL;
}

static int wait_for_begin(struct worker *worker)
{
	while (sem_wait(&worker->has_begun) && errno == EINTR)
		;
	if (worker->can_work)
		return 0;
	pthread_join(worker->thread, NULL);
	return -ENOMEM;
}

/* Signals are the main thread's. */
int worker_start(struct worker *worker)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	code = pthread_create(&worker->thread, NULL, thread_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code)
		return -code;
	code = wait_for_begin(worker);
	worker->is_running = code == 0;
	if (!code)
		(void)pthread_setname_np(worker->thread, "vpnd-in");
	return code;
}

void worker_stop(struct worker *worker)
{
	if (!worker || !worker->is_running)
		return;
	threads_alone(worker->threads);
	worker->is_over = true;
	threads_resume(worker->threads);
	ring(worker->wake_fd);
	pthread_join(worker->thread, NULL);
	worker->is_running = false;
	threads_alone(worker->threads);
}
