/* SPDX-License-Identifier: ISC */
/* The data path's two directions: device to socket, socket to device. */
#include "daemon/data.h"

#include <string.h>

#include "io/tun.h"
#include "packet/ip.h"

/* Of one queue or the socket in one turn, so that the others get theirs; a turn
 * costs less than a packet, and each batch of others is waited for. */
#define BATCHES 1

/* In a turn: another thread may hold as much meanwhile as is released. */
#define RELEASES 8

/* A socket that holds less is slow: what it gets at once is kept short. */
#define SLOW_BYTES (512 * 1024)

static void count_lost(struct data *data, enum path_outside where,
    enum drop reason, uint64_t count)
{
	if (!count)
		return;
	threads_enter(data->threads);
	path_count_outside(core_path(data->core), where, reason, count);
	threads_leave(data->threads);
}

static void drop_outside(struct data *data, enum path_outside where,
    enum drop reason, struct packet *pkt)
{
	threads_enter(data->threads);
	path_drop_outside(core_path(data->core), where, reason, pkt);
	threads_leave(data->threads);
}

/* ---- what the core has made ---- */

static void write_packet(struct data *data, struct packet *pkt)
{
	enum tun_result result = TUN_GONE;

	if (data->device->fd >= 0)
		result = tun_write(data->device->fd, pkt);
	if (result == TUN_DONE) {
		pool_put(data->pool, pkt);
		return;
	}
	if (result == TUN_GONE) {
		data->is_device_gone = true;
		pkt->drop = DROP_DEV_READY;
	}
	drop_outside(data, PATH_OUTSIDE_TUN_WRITE, pkt->drop, pkt);
}

static void refuse_packet(void *context, struct packet *pkt)
{
	drop_outside(context, PATH_OUTSIDE_TUN_WRITE, pkt->drop, pkt);
}

void data_tell_path(struct data *data)
{
	const struct tun_batch *batch = data->batch;
	bool joins_tcp = batch && tun_batch_joins_tcp(batch);
	bool joins_udp = batch && tun_batch_joins_udp(batch);

	if (data->has_told && joins_tcp == data->joins_tcp &&
	    joins_udp == data->joins_udp)
		return;
	data->has_told = true;
	data->joins_tcp = joins_tcp;
	data->joins_udp = joins_udp;
	threads_enter(data->threads);
	path_set_partial(core_path(data->core), batch);
	path_set_joins(core_path(data->core), joins_tcp, joins_udp);
	threads_leave(data->threads);
}

/* TCP sends no more than comes through, and is best carried in one go. */
static void note_kind(struct data *data, const struct packet *pkt)
{
	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		data->tcp_segments += pkt->segments;
	else
		data->other_segments += pkt->segments;
}

static void write_batches(struct data *data, struct packet_list *list)
{
	const struct tun_writer writer = {
	    .failed = refuse_packet, .context = data};
	const struct queues *queues = &data->device->queues;
	struct packet_list lists[TUN_QUEUES] = {0};
	struct packet *pkt;

	while ((pkt = packet_list_pop(list))) {
		note_kind(data, pkt);
		packet_list_push(
		    &lists[queues_of(queues, pkt, data->moment->now)], pkt);
	}
	for (size_t i = 0; i < queues->count; i++) {
		if (!lists[i].first)
			continue;
		habit_note_written(&data->habits[i], data->moment->now);
		if (tun_batch_write(data->batch, queues->fds[i], &lists[i],
			&writer) == TUN_GONE)
			data->is_device_gone = true;
	}
}

static void write_packets(struct data *data, struct packet_list *list)
{
	struct packet *pkt;

	if (!list->first)
		return;
	if (data->batch && data->device->fd >= 0) {
		write_batches(data, list);
		data_tell_path(data);
		return;
	}
	while ((pkt = packet_list_pop(list)))
		write_packet(data, pkt);
}

static void note_failed(void *context, enum drop reason, struct packet *pkt)
{
	struct data *data = context;

	threads_enter(data->threads);
	path_note_outside(
	    core_path(data->core), PATH_OUTSIDE_ENCAP, reason, pkt);
	threads_leave(data->threads);
}

static void forget_source(void *context, const struct packet *pkt)
{
	struct data *data = context;

	if (!pkt->peer)
		return;
	threads_enter(data->threads);
	tunnel_peer_send_failed(pkt->peer);
	threads_leave(data->threads);
}

static void note_refused(void *context, int error, const struct packet *pkt)
{
	struct data *data = context;

	if (!pkt->peer)
		return;
	threads_enter(data->threads);
	/* else it is somewhere else by now, and so is our way there */
	if (endpoint_is_equal(tunnel_peer_endpoint(pkt->peer), &pkt->endpoint))
		tunnel_peer_segments_refused(
		    pkt->peer, strerrordesc_np(error), data->moment);
	threads_leave(data->threads);
}

/* What would come back through our own device does not leave. */
static void queue_packet(struct data *data, struct packet *pkt)
{
	note_kind(data, pkt);
	if (underlay_way_to(data->underlay, &pkt->endpoint.address,
		data->moment->now) == UNDERLAY_OWN)
		path_drop_outside(core_path(data->core), PATH_OUTSIDE_ENCAP,
		    DROP_RECURSION_LIMIT, pkt);
	else
		packet_list_push(&data->backlog, pkt);
}

/* -EAGAIN leaves the rest on the backlog (data_is_blocked): until it leaves,
 * its peers may be removed. */
static void forget_peers(struct packet_list *backlog)
{
	for (struct packet *pkt = backlog->first; pkt; pkt = pkt->next)
		pkt->peer = NULL;
}

/* In the lock. */
static void take_results(struct data *data)
{
	struct packet *pkt;

	packet_list_append(&data->received, core_to_device(data->core));
	while ((pkt = packet_list_pop(core_to_wire(data->core))))
		queue_packet(data, pkt);
}

static void write_results(struct data *data)
{
	const struct udp_sender sender = {.failed = note_failed,
	    .source_failed = forget_source,
	    .segments_refused = note_refused,
	    .context = data};

	write_packets(data, &data->received);
	if (data->backlog.first &&
	    udp_send(data->udp, &data->backlog, &sender) != 0)
		forget_peers(&data->backlog);
}

static bool has_backlog(const struct data *data)
{
	return data->backlog.first;
}

/* The kernel says that there is room when half of what was sent has left. */
static void limit_sending(struct data *data, bool had_backlog)
{
	struct instant now = data->moment->now;

	if (has_backlog(data) && !had_backlog)
		data->blocked_since = now;
	if (!data->is_leading || !had_backlog || has_backlog(data))
		return;
	if (backlog_note(
		&data->sending, instant_age_ns(data->blocked_since, now), now))
		udp_limit_send_buffer(data->udp, data->sending.bytes);
	atomic_store(&data->device->sending_bytes, data->sending.bytes);
}

static size_t sending_bytes(const struct data *data)
{
	return atomic_load(&data->device->sending_bytes);
}

/* In the lock. */
static void tell_blocked(struct data *data, bool is_blocked)
{
	bool is_slow = sending_bytes(data) < SLOW_BYTES;

	data->has_told_blocked = is_blocked;
	data->has_told_slow = is_slow;
	path_set_blocked(core_path(data->core), is_blocked, is_slow);
}

/* The last one is told at once: what another thread had to hold after it would
 * be released by nobody. */
static bool release(struct data *data)
{
	bool has_released;

	threads_enter(data->threads);
	has_released =
	    core_release(data->core, sending_bytes(data) / 2, data->moment);
	if (!has_released)
		tell_blocked(data, false);
	take_results(data);
	threads_leave(data->threads);
	return has_released;
}

static void tell_change(struct data *data)
{
	bool is_slow = sending_bytes(data) < SLOW_BYTES;
	bool is_blocked = data_is_blocked(data);

	if (is_blocked == data->has_told_blocked &&
	    is_slow == data->has_told_slow)
		return;
	threads_enter(data->threads);
	tell_blocked(data, is_blocked);
	threads_leave(data->threads);
}

/* Those whom the socket has room for again come after what was there before. */
static void finish(struct data *data, bool had_backlog)
{
	bool do_wait = had_backlog || data->is_releasing;

	write_results(data);
	limit_sending(data, had_backlog);
	for (int i = 0; i < RELEASES && do_wait && !has_backlog(data); i++) {
		do_wait = release(data);
		write_results(data);
		limit_sending(data, false);
	}
	data->is_releasing = do_wait && !has_backlog(data);
	tell_change(data);
}

static void run(struct data *data, core_from_fn *from, struct packet_list *list)
{
	bool had_backlog = has_backlog(data);
	uint64_t before = data->tcp_segments;

	threads_enter(data->threads);
	from(data->core, list, data->moment);
	take_results(data);
	threads_leave(data->threads);
	finish(data, had_backlog);
	queues_note_tcp(&data->device->queues, data->tcp_segments - before,
	    data->moment->now);
}

void data_flush(struct data *data)
{
	bool had_backlog = has_backlog(data);

	threads_enter(data->threads);
	take_results(data);
	threads_leave(data->threads);
	finish(data, had_backlog);
}

bool data_is_blocked(const struct data *data)
{
	return has_backlog(data) || data->is_releasing;
}

bool data_wants_more(const struct data *data)
{
	bool is_full;

	if (!data_is_blocked(data))
		return true;
	threads_enter(data->threads);
	is_full = path_is_full(core_path(data->core));
	threads_leave(data->threads);
	return !is_full;
}

/* ---- device to socket ---- */

static int queue_fd(const struct data *data)
{
	return data->device->queues.fds[data->queue];
}

/* Without buffers the device is still emptied, or it would call for ever; but
 * not before what has been read is gone, too. */
static void discard_from_device(
    struct data *data, const struct packet_list *list)
{
	if (!list->first)
		count_lost(data, PATH_OUTSIDE_TUN_READ, DROP_NOMEM,
		    tun_discard(queue_fd(data), PACKET_BATCH));
}

/* False: there is nothing more to read now, or no buffer: the last ones may be
 * in another thread's list. */
static bool read_packet(struct data *data, struct packet_list *list)
{
	struct packet *pkt = pool_get(data->pool);

	if (!pkt) {
		discard_from_device(data, list);
		return false;
	}
	switch (tun_read(queue_fd(data), pkt)) {
	case TUN_DONE:
		packet_list_push(list, pkt);
		return true;
	case TUN_DROPPED:
		drop_outside(data, PATH_OUTSIDE_TUN_READ, pkt->drop, pkt);
		return true;
	case TUN_GONE:
		data->is_device_gone = true;
		break;
	case TUN_EMPTY:
		break;
	}
	pool_put(data->pool, pkt);
	return false;
}

/* The same with offloads: one read may bring many packets. */
static bool read_batch(struct data *data, struct packet_list *list)
{
	struct tun_taken taken;
	enum tun_result result;

	if (!pool_available(data->pool)) {
		discard_from_device(data, list);
		return false;
	}
	result = tun_batch_read(data->batch, queue_fd(data), list, &taken);
	count_lost(data, PATH_OUTSIDE_TUN_READ, DROP_NOMEM, taken.lost);
	count_lost(data, PATH_OUTSIDE_TUN_READ, taken.drop, taken.refused);
	if (result == TUN_GONE)
		data->is_device_gone = true;
	return result == TUN_DONE;
}

static bool read_some(struct data *data, struct packet_list *list)
{
	return data->batch ? read_batch(data, list) : read_packet(data, list);
}

/* True: it was a full batch. */
static bool read_list(struct data *data, struct packet_list *list)
{
	const struct queues_budget budget = queues_budget(
	    &data->device->queues, data->queue, data->moment->now);
	struct habit *habit = &data->habits[data->queue];
	bool is_one = habit_is_one(habit, data->moment->now), is_full = false;
	size_t bytes = 0, reads = 0;

	/* what is refused is read, too, but is not on the list */
	while (!is_full && !(is_one && reads) && read_some(data, list)) {
		bytes += list->last ? list->last->len : 0;
		reads++;
		is_full = list->len >= budget.packets ||
			  bytes >= budget.bytes || reads >= budget.packets;
	}
	habit_note_read(habit, reads, data->moment->now);
	return is_full;
}

/* True: it was a full batch, so there may be more. */
static bool carry_from_device(struct data *data)
{
	uint64_t tcp = data->tcp_segments, others = data->other_segments;
	struct packet_list list = {0};
	bool is_full = read_list(data, &list);

	data->has_carried |= list.len > 0;
	if (list.len)
		run(data, core_from_device, &list);
	tcp = data->tcp_segments - tcp;
	others = data->other_segments - others;
	if (is_full && others > tcp)
		queues_note_flood(
		    &data->device->queues, data->queue, data->moment->now);
	data->has_more |= is_full;
	return is_full && data_wants_more(data);
}

void data_from_device(struct data *data, size_t queue)
{
	int batches = BATCHES;

	/* its answers may have been read, and another queue's turn, just
	 * before, may have filled all */
	if (data->device->fd < 0 ||
	    habit_was_read(&data->habits[queue], data->moment->now) ||
	    !data_wants_more(data))
		return;
	data->queue = queue;
	while (batches-- && carry_from_device(data))
		;
}

void data_from_answering(struct data *data)
{
	for (size_t i = 0; i < data->device->queues.count; i++)
		if (habit_has_answer(&data->habits[i], data->moment->now))
			data_from_device(data, i);
}

/* ---- socket to device ---- */

static void limit_waiting(
    struct data *data, const struct udp_received *received)
{
	const struct moment *moment = data->moment;
	int64_t wall_ns = moment->wall_s * NS_PER_S + moment->wall_ns;
	int64_t waited_ns = 0;

	if (!received->came_ns)
		return;
	if (received->has_more)
		waited_ns = wall_ns - received->came_ns;
	if (backlog_note(&data->waiting, waited_ns, moment->now))
		udp_limit_receive_buffer(data->udp, data->waiting.bytes);
}

static bool carry_from_wire(struct data *data)
{
	struct packet_list list = {0};
	struct udp_received received;

	udp_receive(data->udp, &list, &received);
	limit_waiting(data, &received);
	count_lost(
	    data, PATH_OUTSIDE_OUTER, DROP_SOCKET_RCVBUFF, received.overflow);
	if (received.is_starved)
		received.lost += udp_discard(data->udp, PACKET_BATCH);
	count_lost(data, PATH_OUTSIDE_OUTER, DROP_NOMEM, received.lost);
	data->has_carried |= list.len > 0;
	if (list.len)
		run(data, core_from_wire, &list);
	data->has_more |= received.has_more;
	return received.has_more;
}

void data_from_wire(struct data *data)
{
	int batches = BATCHES;

	while (batches-- && carry_from_wire(data))
		;
}

bool data_has_carried(struct data *data)
{
	bool has_carried = data->has_carried;

	data->has_carried = false;
	return has_carried;
}

bool data_is_flooded(struct data *data)
{
	bool is_flooded =
	    data->has_more && data->other_segments > data->tcp_segments;

	data->has_more = false;
	data->tcp_segments = data->other_segments = 0;
	return is_flooded;
}

void data_clear(struct data *data)
{
	pool_put_list(data->pool, &data->backlog);
}
