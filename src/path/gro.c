/* SPDX-License-Identifier: ISC */
/* What came in one turn is put in order and together, before the model. */
#include "path/gro.h"

#include "packet/ethernet.h"
#include "packet/ip.h"

/* Sorted at a time: more than a turn receives at full-sized packets. */
#define SORTED 512

enum verdict gro_take(struct path *path, struct packet *pkt)
{
	path_emit(path, TABLE_IN, INBOUND_CAPTURE, pkt);
	return VERDICT_TAKEN;
}

/* ---- in order ---- */

struct sorted {
	struct packet *pkts[SORTED];
	uint16_t before[SORTED]; /* the peer's place before; itself: none */
	uint16_t count;
};

static bool was_sealed_before(const struct packet *a, const struct packet *b)
{
	if (a->generation != b->generation)
		return a->generation < b->generation;
	return a->counter < b->counter;
}

/* Moves the last one to its place among its peer's. */
static void settle(struct sorted *sorted, uint16_t at)
{
	struct packet **pkts = sorted->pkts;

	while (sorted->before[at] != at) {
		uint16_t before = sorted->before[at];
		struct packet *pkt = pkts[at];

		if (!was_sealed_before(pkt, pkts[before]))
			return;
		pkts[at] = pkts[before];
		pkts[before] = pkt;
		at = before;
	}
}

static void add(struct path *path, struct sorted *sorted, struct packet *pkt)
{
	uint16_t at = sorted->count++, before = at;
	struct path_peer *peer;

	sorted->pkts[at] = pkt;
	if (pkt->from_id < path->peers_count) {
		peer = &path->peers[pkt->from_id];
		if (peer->gro_round == path->gro.round)
			before = peer->gro_last;
		peer->gro_round = path->gro.round;
		peer->gro_last = at;
	}
	sorted->before[at] = before;
	settle(sorted, at);
}

/* ---- together ---- */

/* False: broken, or not IP. The stages that follow say so. */
static bool parse(const struct path *path, struct packet *pkt)
{
	if (!path->setup.bridge)
		return !packet_parse_ip(pkt);
	return !packet_parse_ethernet(pkt) && !packet_parse_payload(pkt);
}

/* The length stays that of what came, padding and all, until the model looks
 * at it. */
static bool join(struct path *path, struct packet *pkt)
{
	struct gro *gro = &path->gro;
	uint32_t len = pkt->len;
	bool is_joined;

	if (!gro->joins_tcp && !gro->joins_udp)
		return false;
	pkt->is_parsed = parse(path, pkt);
	is_joined = pkt->is_parsed && coalescer_join(&gro->coalescer, pkt);
	pkt->len = len;
	return is_joined;
}

static void put_together(
    struct path *path, struct packet_list *from, struct packet_list *to)
{
	struct sorted sorted;

	path->gro.round++;
	sorted.count = 0;
	while (from->first && sorted.count < SORTED)
		add(path, &sorted, packet_list_pop(from));
	for (uint16_t i = 0; i < sorted.count; i++)
		if (!join(path, sorted.pkts[i]))
			packet_list_push(to, sorted.pkts[i]);
}

void gro_finish(struct path *path)
{
	struct packet_list *list = &path->lane->emitted[TABLE_IN][INBOUND_CAPTURE];
	struct packet_list came = {0};

	if (list->len < 2)
		return;
	packet_list_append(&came, list);
	coalescer_begin(
	    &path->gro.coalescer, path->gro.joins_tcp, path->gro.joins_udp);
	while (came.first)
		put_together(path, &came, list);
}

enum drop gro_parse_ip(struct packet *chain)
{
	if (!chain->is_parsed)
		return packet_parse_ip(chain);
	for (struct packet *pkt = chain; pkt; pkt = packet_behind(chain, pkt))
		pkt->len = pkt->ip_bytes;
	return DROP_NONE;
}

void gro_share(struct packet *chain)
{
	for (struct packet *pkt = chain->rest.first; pkt; pkt = pkt->next) {
		pkt->flow_state = chain->flow_state;
		pkt->flow_generation = chain->flow_generation;
		pkt->flow_peer = chain->flow_peer;
		pkt->to_peer = chain->to_peer;
		pkt->to_id = chain->to_id;
	}
}
