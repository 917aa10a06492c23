/* SPDX-License-Identifier: ISC */
/* The data path's two directions: device to socket, socket to device. */
#include "daemon/data_results.h"

#include "io/tun.h"

/* Of one queue or the socket in one turn, so that the others get theirs; a turn
 * costs less than a packet, and each batch of others is waited for. */
#define BATCHES 1

static void run(struct data *data, core_from_fn *from, struct packet_list *list)
{
	bool had_backlog = data_has_backlog(data);
	uint64_t before = data->tcp_segments;

	threads_enter(data->threads);
	from(data->core, list, data->moment);
	data_take_results(data);
	data->holds = path_holds(core_path(data->core));
	threads_leave(data->threads);
	data_finish(data, had_backlog);
	queues_note_tcp(&data->device->queues, data->tcp_segments - before,
	    data->moment->now);
}

bool data_wants_more(struct data *data)
{
	bool is_full;

	if (!data_is_blocked(data) && !data->holds)
		return true;
	threads_enter(data->threads);
	is_full = path_is_full(core_path(data->core));
	data->holds = path_holds(core_path(data->core));
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
		data_count_lost(data, PATH_OUTSIDE_TUN_READ, DROP_NOMEM,
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
		data_drop_outside(data, PATH_OUTSIDE_TUN_READ, pkt->drop, pkt);
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
	data_count_lost(data, PATH_OUTSIDE_TUN_READ, DROP_NOMEM, taken.lost);
	data_count_lost(data, PATH_OUTSIDE_TUN_READ, taken.drop, taken.refused);
	if (result == TUN_GONE)
		data->is_device_gone = true;
	return result == TUN_DONE;
}

static bool read_some(struct data *data, struct packet_list *list)
{
	return data->batch ? read_batch(data, list) : read_packet(data, list);
}

/* Of what a read put behind `last`, the list's last one before; NULL: it was
 * empty. What is refused is read, too, but is not on the list. */
static size_t bytes_behind(
    const struct packet *last, const struct packet_list *list)
{
	const struct packet *pkt = last ? last->next : list->first;
	size_t bytes = 0;

	for (; pkt; pkt = pkt->next)
		bytes += pkt->len;
	return bytes;
}

/* True: it was a full batch. */
static bool read_list(struct data *data, struct packet_list *list)
{
	const struct queues_budget budget = queues_budget(
	    &data->device->queues, data->queue, data->moment->now);
	struct habit *habit = &data->habits[data->queue];
	bool is_one = habit_is_one(habit, data->moment->now), is_full = false;
	const struct packet *last = list->last;
	size_t bytes = 0, reads = 0;

	while (!is_full && !(is_one && reads) && read_some(data, list)) {
		bytes += bytes_behind(last, list);
		last = list->last;
		reads++;
		is_full = list->len >= budget.packets ||
			  bytes >= budget.bytes || reads >= budget.packets;
	}
	habit_note_read(habit, reads, data->moment->now);
	data->out_bytes += bytes;
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

static uint64_t bytes_of(const struct packet_list *list)
{
	uint64_t bytes = 0;

	for (const struct packet *pkt = list->first; pkt; pkt = pkt->next)
		bytes += pkt->len;
	return bytes;
}

static bool carry_from_wire(struct data *data)
{
	struct packet_list list = {0};
	struct udp_received received;

	if (habit_is_one(&data->wire, data->moment->now))
		udp_receive_one(data->udp, &list, &received);
	else
		udp_receive(data->udp, &list, &received);
	habit_note_read(&data->wire, received.count, data->moment->now);
	limit_waiting(data, &received);
	data_count_lost(
	    data, PATH_OUTSIDE_OUTER, DROP_SOCKET_RCVBUFF, received.overflow);
	if (received.is_starved)
		received.lost += udp_discard(data->udp, PACKET_BATCH);
	data_count_lost(data, PATH_OUTSIDE_OUTER, DROP_NOMEM, received.lost);
	data->has_carried |= list.len > 0;
	data->in_bytes += bytes_of(&list);
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
