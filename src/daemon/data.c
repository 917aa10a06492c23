/* SPDX-License-Identifier: ISC */
/* The data path's two directions: device to socket, socket to device. */
#include "daemon/data.h"

#include "io/tun.h"

/* Of one direction in one turn, so that the other, and control, get theirs. */
#define BATCHES 4
/* Of one batch from the device, beside PACKET_BATCH packets: what is read is
 * still in the cache when it is sealed. */
#define BATCH_BYTES (128 * 1024)

/* ---- device to socket ---- */

/* False: there is nothing more to read now. */
static bool read_packet(struct data *data, struct packet_list *list)
{
	struct path *path = core_path(data->core);
	struct packet *pkt = pool_get(data->pool);

	if (!pkt)
		return false;
	switch (tun_read(data->tun_fd, pkt)) {
	case TUN_DONE:
		packet_list_push(list, pkt);
		return true;
	case TUN_DROPPED:
		path_drop_outside(path, PATH_OUTSIDE_TUN_READ, pkt->drop, pkt);
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
	struct path *path = core_path(data->core);
	struct tun_taken taken;
	enum tun_result result;

	if (!pool_available(data->pool))
		return false;
	result = tun_batch_read(data->batch, data->tun_fd, list, &taken);
	if (taken.lost)
		path_count_outside(
		    path, PATH_OUTSIDE_TUN_READ, DROP_NOMEM, taken.lost);
	if (taken.refused)
		path_count_outside(
		    path, PATH_OUTSIDE_TUN_READ, taken.drop, taken.refused);
	if (result == TUN_GONE)
		data->is_device_gone = true;
	return result == TUN_DONE;
}

static bool read_some(struct data *data, struct packet_list *list)
{
	return data->batch ? read_batch(data, list) : read_packet(data, list);
}

/* Without buffers the device is still emptied, or it would call for ever. */
static void discard_from_device(struct data *data)
{
	uint64_t count = tun_discard(data->tun_fd, PACKET_BATCH);

	path_count_outside(
	    core_path(data->core), PATH_OUTSIDE_TUN_READ, DROP_NOMEM, count);
}

/* True: it was a full batch, so there may be more. */
static bool carry_from_device(struct data *data)
{
	struct packet_list list = {0};
	bool is_full = false;
	size_t bytes = 0;

	while (!is_full && read_some(data, &list)) {
		bytes += list.last ? list.last->len : 0;
		is_full = list.len >= PACKET_BATCH || bytes >= BATCH_BYTES;
	}
	if (list.len)
		core_from_device(data->core, &list, data->moment);
	data_flush(data);
	return is_full && !data_is_blocked(data);
}

void data_from_device(struct data *data)
{
	int batches = BATCHES;

	if (data->tun_fd < 0)
		return;
	if (!pool_available(data->pool))
		discard_from_device(data);
	while (batches-- && carry_from_device(data))
		;
}

/* ---- socket to device ---- */

static bool carry_from_wire(struct data *data)
{
	struct path *path = core_path(data->core);
	struct packet_list list = {0};
	struct udp_received received;

	udp_receive(data->udp, &list, &received);
	if (received.overflow)
		path_count_outside(path, PATH_OUTSIDE_OUTER,
		    DROP_SOCKET_RCVBUFF, received.overflow);
	if (received.is_starved)
		path_count_outside(path, PATH_OUTSIDE_OUTER, DROP_NOMEM,
		    udp_discard(data->udp, PACKET_BATCH));
	if (received.lost)
		path_count_outside(
		    path, PATH_OUTSIDE_OUTER, DROP_NOMEM, received.lost);
	if (list.len)
		core_from_wire(data->core, &list, data->moment);
	data_flush(data);
	return received.has_more;
}

void data_from_wire(struct data *data)
{
	int batches = BATCHES;

	while (batches-- && carry_from_wire(data))
		;
}

/* ---- what the core has made ---- */

static void write_packet(struct data *data, struct packet *pkt)
{
	enum tun_result result = TUN_GONE;

	if (data->tun_fd >= 0)
		result = tun_write(data->tun_fd, pkt);
	if (result == TUN_DONE) {
		pool_put(data->pool, pkt);
		return;
	}
	if (result == TUN_GONE) {
		data->is_device_gone = true;
		pkt->drop = DROP_DEV_READY;
	}
	path_drop_outside(
	    core_path(data->core), PATH_OUTSIDE_TUN_WRITE, pkt->drop, pkt);
}

static void refuse_packet(void *context, struct packet *pkt)
{
	struct data *data = context;

	path_drop_outside(
	    core_path(data->core), PATH_OUTSIDE_TUN_WRITE, pkt->drop, pkt);
}

void data_tell_path(struct data *data)
{
	const struct tun_batch *batch = data->batch;

	path_set_partial(core_path(data->core), batch);
	path_set_joins(core_path(data->core),
	    batch && tun_batch_joins_tcp(batch),
	    batch && tun_batch_joins_udp(batch));
}

static void write_packets(struct data *data, struct packet_list *list)
{
	const struct tun_writer writer = {
	    .failed = refuse_packet, .context = data};
	struct packet *pkt;

	if (!list->first)
		return;
	if (data->batch && data->tun_fd >= 0) {
		if (tun_batch_write(data->batch, data->tun_fd, list, &writer) ==
		    TUN_GONE)
			data->is_device_gone = true;
		data_tell_path(data);
		return;
	}
	while ((pkt = packet_list_pop(list)))
		write_packet(data, pkt);
}

static void note_failed(void *context, enum drop reason, struct packet *pkt)
{
	struct data *data = context;

	path_note_outside(
	    core_path(data->core), PATH_OUTSIDE_ENCAP, reason, pkt);
}

static void forget_source(void *context, const struct packet *pkt)
{
	(void)context;
	if (pkt->peer)
		tunnel_peer_send_failed(pkt->peer);
}

/* What would come back through our own device does not leave. */
static void queue_packet(struct data *data, struct packet *pkt)
{
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

void data_flush(struct data *data)
{
	const struct udp_sender sender = {.failed = note_failed,
	    .source_failed = forget_source,
	    .context = data};
	struct packet *pkt;

	write_packets(data, core_to_device(data->core));
	while ((pkt = packet_list_pop(core_to_wire(data->core))))
		queue_packet(data, pkt);
	if (data->backlog.first &&
	    udp_send(data->udp, &data->backlog, &sender) != 0)
		forget_peers(&data->backlog);
}

bool data_is_blocked(const struct data *data)
{
	return data->backlog.first != NULL;
}

void data_clear(struct data *data)
{
	pool_put_list(data->pool, &data->backlog);
}
