/* SPDX-License-Identifier: ISC */
/* The path as an object: making it, feeding it, reading its counters. */
#include "path/path.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/ip.h"
#include "packet/print.h"
#include "path/answer.h"
#include "path/gro.h"
#include "path/run.h"
#include "path/shape.h"
#include "path/train.h"
#include "path/watch.h"

int path_new(struct path **ret, const struct path_setup *setup)
{
	struct path *path = calloc(1, sizeof(*path));

	if (!path)
		return -ENOMEM;
	path->setup = *setup;
	path->tables[TABLE_IN] =
	    setup->bridge ? path_inbound_tap : path_inbound;
	path->tables[TABLE_INPUT] = path_input;
	path->tables[TABLE_SOCKET] = path_socket;
	path->tables[TABLE_FORWARD] =
	    setup->bridge ? path_forward_tap : path_forward;
	path->tables[TABLE_OUT] =
	    setup->bridge ? path_outbound_tap : path_outbound;
	path->lane = &path->lanes[0];
	if (shapes_init(path)) {
		free(path);
		return -ENOMEM;
	}
	path->mss_most = setup->bridge ? 0 : UINT16_MAX;
	*ret = path;
	return 0;
}

static void clear_lane(struct path *path, struct path_lane *lane)
{
	struct packet_list *lists = &lane->emitted[0][0];

	for (size_t i = 0; i < TABLE_COUNT * PATH_STAGES_MAX; i++)
		pool_put_list(path->setup.pool, &lists[i]);
	pool_put_list(path->setup.pool, &lane->to_wire);
	pool_put_list(path->setup.pool, &lane->to_device);
}

void path_free(struct path *path)
{
	if (!path)
		return;
	for (size_t i = 0; i < PATH_LANES; i++)
		clear_lane(path, &path->lanes[i]);
	path_clear_peers(path);
	shapes_clear(path);
	free(path->addresses);
	free(path);
}

void path_note_read(struct path *path, const struct packet *pkt)
{
	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		snmp_count(
		    path, pkt, SNMP_UdpInDatagrams, SNMP_Udp6InDatagrams);
}

/* It may have been another one before, which came from a peer. */
void path_send(struct path *path, struct packet *pkt)
{
	path_make_fresh(pkt);
	pkt->peer = pkt->to_peer = NULL;
	pkt->from_id = pkt->to_id = 0;
	pkt->flow_state = FLOW_NONE;
	pkt->flow_generation = pkt->flow_peer = 0;
	pkt->is_traced = false;
	pkt->drop = DROP_NONE;
	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		snmp_count(
		    path, pkt, SNMP_UdpOutDatagrams, SNMP_Udp6OutDatagrams);
	path->totals.tx_ours++;
	path_emit(path, TABLE_OUT, OUTBOUND_OURS, pkt);
}

void path_set_forwarding(struct path *path, bool is_on)
{
	path->is_forwarding = is_on;
}

void path_set_mtu(struct path *path, size_t mtu)
{
	path->mtu = mtu;
}

void path_set_mss(struct path *path, uint16_t most)
{
	path->mss_most = most;
}

void path_set_partial(struct path *path, bool takes_partial)
{
	path->takes_partial = takes_partial;
}

void path_set_device_down(struct path *path, bool is_down)
{
	path->is_device_down = is_down;
}

void path_set_joins(struct path *path, bool tcp, bool udp)
{
	path->gro.joins_tcp = tcp;
	path->gro.joins_udp = udp;
}

void path_set_port(struct path *path, uint16_t port)
{
	path->port = port;
}

void path_set_filter(
    struct path *path, struct ruleset *rules, struct flows *flows)
{
	path->rules = rules;
	path->flows = flows;
}

void path_run_inbound(
    struct path *path, struct packet_list *list, const struct moment *now)
{
	path->now = *now;
	path_run_from(path, TABLE_IN, INBOUND_OUTER, list);
	train_finish(path);
	gro_finish(path);
	path_run_emitted(path, now);
}

void path_run_outbound(
    struct path *path, struct packet_list *list, const struct moment *now)
{
	path->now = *now;
	path_run_from(path, TABLE_OUT, OUTBOUND_TUN_READ, list);
	path_run_emitted(path, now);
}

void path_turn(struct path *path, const struct moment *now)
{
	path->now = *now;
	shape_turn(path);
	path_run_emitted(path, now);
}

struct instant path_deadline(const struct path *path)
{
	return shape_deadline(path);
}

/* Handshake messages are datagrams already. */
static void send_messages(struct path *path)
{
	struct packet_list messages = {0};
	struct packet *pkt;

	tunnel_take_messages(path->setup.tunnel, &messages);
	path->totals.tx_ours += messages.len;
	while ((pkt = packet_list_pop(&messages))) {
		pkt->is_sealed = true;
		if (!shape_holds_ours(path, pkt))
			path_send_datagram(path, pkt);
	}
}

static void send_frames(struct path *path)
{
	struct packet_list frames = {0};
	struct packet *pkt;

	tunnel_take_frames(path->setup.tunnel, &frames);
	path->totals.tx_ours += frames.len;
	while ((pkt = packet_list_pop(&frames)))
		if (!shape_holds_ours(path, pkt))
			path_emit(path, TABLE_OUT, OUTBOUND_ENCAP, pkt);
}

void path_drop_given_up(struct path *path)
{
	struct packet_list dropped = {0};

	tunnel_take_dropped(path->setup.tunnel, &dropped);
	while (dropped.first) {
		struct packet *pkt = packet_list_pop(&dropped);

		if (pkt->drop == DROP_NEIGH_FAILED)
			answer_unreachable(path, pkt);
		path_drop_late(path, TABLE_OUT, OUTBOUND_NEIGH, pkt);
	}
}

/* Frames before released packets: a HELLO goes ahead of the data. */
static void collect(struct path *path)
{
	struct packet_list released = {0};

	if (!tunnel_has_made(path->setup.tunnel))
		return;
	send_messages(path);
	path_drop_given_up(path);
	send_frames(path);
	tunnel_take_released(path->setup.tunnel, &released);
	path_emit_list(path, TABLE_OUT, OUTBOUND_NEIGH, &released);
}

/* Runs what was emitted, later stages first; what these emit behind themselves
 * has its turn the next time. */
static void run_emitted(struct path *path, enum path_table table)
{
	uint32_t *at = &path->lane->emitted_at[table];
	uint32_t before = UINT32_MAX; /* the stages that are left */

	while (*at & before) {
		unsigned idx = 31 - (unsigned)__builtin_clz(*at & before);
		struct packet_list list = {0};

		before = (UINT32_C(1) << idx) - 1;
		*at &= ~(UINT32_C(1) << idx);
		packet_list_append(&list, &path->lane->emitted[table][idx]);
		path_run_from(path, table, idx, &list);
	}
}

void path_run_emitted(struct path *path, const struct moment *now)
{
	struct path_lane *lane = path->lane;

	path->now = *now;
	for (collect(path); lane->has_emitted; collect(path)) {
		lane->has_emitted = false;
		for (int table = 0; table < TABLE_COUNT; table++)
			run_emitted(path, (enum path_table)table);
	}
}

void path_set_lane(struct path *path, unsigned number)
{
	assert(number < PATH_LANES);
	path->lane = &path->lanes[number];
}

struct packet_list *path_to_wire(struct path *path)
{
	return &path->lane->to_wire;
}

struct packet_list *path_to_device(struct path *path)
{
	return &path->lane->to_device;
}

static const struct outside {
	enum path_table table;
	size_t idx;
	bool is_result; /* had been counted as sent or delivered */
} outsides[PATH_OUTSIDE_COUNT] = {
    [PATH_OUTSIDE_OUTER] = {TABLE_IN, INBOUND_OUTER, false},
    [PATH_OUTSIDE_TUN_READ] = {TABLE_OUT, OUTBOUND_TUN_READ, false},
    [PATH_OUTSIDE_TUN_WRITE] = {TABLE_INPUT, INPUT_TUN_WRITE, true},
    [PATH_OUTSIDE_ENCAP] = {TABLE_OUT, OUTBOUND_ENCAP, true},
};

/* A packet that was dropped on its way in or out was not seen before; one
 * that was dropped behind the tables has been counted as a result. */
static void move_totals(
    struct path *path, const struct outside *outside, uint64_t count)
{
	struct path_totals *totals = &path->totals;
	bool is_in = outside->table != TABLE_OUT;

	if (outside->is_result)
		*(is_in ? &totals->rx_delivered : &totals->tx_sent) -= count;
	else
		*(is_in ? &totals->rx_packets : &totals->tx_packets) += count;
}

void path_count_outside(struct path *path, enum path_outside where,
    enum drop reason, uint64_t count)
{
	const struct outside *outside = &outsides[where];

	if (!count)
		return;
	move_totals(path, outside, count);
	path_count(path, outside->table, outside->idx, reason, count);
}

void path_note_outside(struct path *path, enum path_outside where,
    enum drop reason, struct packet *pkt)
{
	const struct outside *outside = &outsides[where];

	pkt->drop = reason;
	move_totals(path, outside, pkt->segments);
	path_note_late(path, outside->table, outside->idx, pkt);
}

void path_drop_outside(struct path *path, enum path_outside where,
    enum drop reason, struct packet *pkt)
{
	path_note_outside(path, where, reason, pkt);
	pool_put(path->setup.pool, pkt);
}

static void report(const struct path_counter *counter, struct path_drop *drop,
    void (*found)(void *context, const struct path_drop *drop), void *context)
{
	drop->packets = counter->packets;
	drop->last = counter->last;
	drop->example[0] = '\0';
	drop->example_peer = counter->example_peer;
	if (counter->has_example)
		packet_print(
		    &counter->example, drop->example, sizeof(drop->example));
	found(context, drop);
}

static void each_of_stage(const struct path *path, enum path_table table,
    size_t idx, void (*found)(void *context, const struct path_drop *drop),
    void *context)
{
	struct path_drop drop = {
	    .direction = path_is_outbound(path, table) ? "out" : "in",
	    .stage = path->tables[table][idx].name,
	};

	for (drop.reason = DROP_NONE + 1; drop.reason < DROP_COUNT;
	     drop.reason++) {
		const struct path_counter *counter =
		    &path->counters[table][idx][drop.reason];

		if (counter->packets)
			report(counter, &drop, found, context);
	}
}

void path_each_drop(const struct path *path,
    void (*found)(void *context, const struct path_drop *drop), void *context)
{
	for (int i = 0; i < TABLE_COUNT; i++)
		for (size_t idx = 0; path->tables[i][idx].name; idx++)
			each_of_stage(
			    path, (enum path_table)i, idx, found, context);
}

void path_totals(const struct path *path, struct path_totals *ret)
{
	*ret = path->totals;
	ret->tx_waiting = path->shapes.waiting;
}
