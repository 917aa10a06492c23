/* SPDX-License-Identifier: ISC */
/* What the core has made goes to the device and to the socket. */
#include "daemon/data_results.h"

#include <string.h>

#include "io/tun.h"
#include "packet/ip.h"

/* In a turn: another thread may hold as much meanwhile as is released. */
#define RELEASES 8

/* A socket that holds less is slow: what it gets at once is kept short. */
#define SLOW_BYTES (512 * 1024)

void data_count_lost(struct data *data, enum path_outside where,
    enum drop reason, uint64_t count)
{
	if (!count)
		return;
	threads_enter(data->threads);
	path_count_outside(core_path(data->core), where, reason, count);
	threads_leave(data->threads);
}

void data_drop_outside(struct data *data, enum path_outside where,
    enum drop reason, struct packet *pkt)
{
	threads_enter(data->threads);
	path_drop_outside(core_path(data->core), where, reason, pkt);
	threads_leave(data->threads);
}

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
	data_drop_outside(data, PATH_OUTSIDE_TUN_WRITE, pkt->drop, pkt);
}

static void refuse_packet(void *context, struct packet *pkt)
{
	data_drop_outside(context, PATH_OUTSIDE_TUN_WRITE, pkt->drop, pkt);
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

void data_take_results(struct data *data)
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

/* The kernel says that there is room when half of what was sent has left. */
static void limit_sending(struct data *data, bool had_backlog)
{
	struct instant now = data->moment->now;

	if (data_has_backlog(data) && !had_backlog)
		data->blocked_since = now;
	if (!data->is_leading || !had_backlog || data_has_backlog(data))
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
	data_take_results(data);
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

void data_finish(struct data *data, bool had_backlog)
{
	bool do_wait = had_backlog || data->is_releasing;

	write_results(data);
	limit_sending(data, had_backlog);
	for (int i = 0; i < RELEASES && do_wait && !data_has_backlog(data);
	     i++) {
		do_wait = release(data);
		write_results(data);
		limit_sending(data, false);
	}
	data->is_releasing = do_wait && !data_has_backlog(data);
	tell_change(data);
}

void data_flush(struct data *data)
{
	bool had_backlog = data_has_backlog(data);

	threads_enter(data->threads);
	data_take_results(data);
	threads_leave(data->threads);
	data_finish(data, had_backlog);
}

bool data_is_blocked(const struct data *data)
{
	return data_has_backlog(data) || data->is_releasing;
}
