/* SPDX-License-Identifier: ISC */
/* Does the way to a peer take datagrams that are sent as segments of one? */
#include "protocol/probe.h"

#include "protocol/peer.h"

#define KIND_SEGMENTS 1
#define KIND_SINGLES  2

/* ---- asking ---- */

static bool queue_probe(struct peer *peer, uint8_t number)
{
	struct packet *pkt = pool_get(peer->tunnel->pool);
	bool is_single = peer->probe.step == PROBE_SINGLES;
	struct writer w;

	if (!pkt)
		return false;
	w = writer_of(packet_data(pkt), PROBE_BYTES);
	writer_le(&w, WIRE_FRAME_PROBE, 1);
	writer_le(&w, is_single ? KIND_SINGLES : KIND_SEGMENTS, 1);
	writer_le(&w, peer->probe.id, 2);
	writer_le(&w, number, 1);
	writer_le(&w, PROBE_BYTES, 2);
	writer_zeros(&w, w.left);
	pkt->len = PROBE_BYTES;
	pkt->goes_alone = is_single;
	peer_queue_frame(peer, pkt, WIRE_FRAME_PROBE);
	return true;
}

static void send_probes(
    struct peer *peer, enum probe_step step, const struct moment *now)
{
	struct probe *probe = &peer->probe;

	probe->step = (uint8_t)step;
	probe->came = 0;
	probe->id++;
	for (uint8_t i = 0; i < PROBE_COUNT; i++)
		if (!queue_probe(peer, i))
			probe->step = PROBE_IDLE; /* no answer means nothing */
	if (probe->step != PROBE_IDLE)
		timers_arm(
		    peer, TIMER_PROBE, instant_after(now->now, PROBE_WAIT_NS));
}

static void finish(struct peer *peer)
{
	peer->probe.step = PROBE_IDLE;
	timers_disarm(peer, TIMER_PROBE);
}

static void decide(struct peer *peer, bool is_refused)
{
	struct probe *probe = &peer->probe;

	if (is_refused && !probe->is_refused)
		log_warning(peer->tunnel->log,
		    "peer %s: of %d datagrams that were sent as segments of "
		    "one, %d arrived: they go one by one from now on; see "
		    "listen.udp_gso in vpnd.conf(5)",
		    peer->name, PROBE_COUNT, probe->came);
	if (!is_refused && probe->is_refused)
		log_info(peer->tunnel->log,
		    "peer %s: segments arrive again: they are used from now on",
		    peer->name);
	probe->is_refused = is_refused;
	finish(peer);
}

static bool can_ask(const struct peer *peer)
{
	return peer->tunnel->sends_segments && peer->extension.is_known &&
	       peer->extension.features & WIRE_FEATURE_PROBE;
}

/* Only where a handshake has shown that who is there gets what we send: else
 * one datagram in somebody's name would send that one all of these. */
void probe_begin(struct peer *peer, const struct moment *now)
{
	struct probe *probe = &peer->probe;
	uint64_t generation = peer->extension.generation;

	if (!can_ask(peer) || probe->host_why ||
	    probe->generation == generation ||
	    probe->way_generation != generation)
		return;
	probe->generation = generation;
	send_probes(peer, PROBE_SEGMENTS, now);
}

void probe_timer(struct peer *peer, const struct moment *now)
{
	struct probe *probe = &peer->probe;
	bool has_enough = probe->came >= PROBE_ENOUGH;

	if (!peer_has_session(peer, now->now)) {
		finish(peer);
		return;
	}
	switch ((enum probe_step)probe->step) {
	case PROBE_IDLE:
		break;
	case PROBE_SEGMENTS:
		if (has_enough)
			decide(peer, false);
		else
			send_probes(peer, PROBE_SINGLES, now);
		break;
	case PROBE_SINGLES:
		/* a bad way: nothing can be said about segments */
		if (has_enough)
			send_probes(peer, PROBE_SEGMENTS_AGAIN, now);
		else
			finish(peer);
		break;
	case PROBE_SEGMENTS_AGAIN:
		decide(peer, !has_enough);
		break;
	}
}

/* ---- what this host says ---- */

void tunnel_peer_segments_refused(
    struct peer *peer, const char *why, const struct moment *now)
{
	struct probe *probe = &peer->probe;

	probe->host_why = why;
	probe->host_since = now->now;
	if (probe->have_told_host)
		return;
	probe->have_told_host = true;
	log_warning(peer->tunnel->log,
	    "peer %s: the way there takes no UDP segments (%s): datagrams go "
	    "one by one from now on; see listen.udp_gso in vpnd.conf(5)",
	    peer->name, why);
}

void probe_session_began(struct peer *peer, const struct moment *now)
{
	struct probe *probe = &peer->probe;

	probe->way_generation =
	    probe->is_way_asked ? peer->tunnel->generation : 0;
	if (probe->host_why &&
	    instant_age_ns(probe->host_since, now->now) >= PROBE_HOST_NS)
		probe->host_why = NULL;
}

void probe_way_asked(struct peer *peer)
{
	peer->probe.is_way_asked = true;
}

/* Who can be asked is, in the next session; of another one it is not kept for
 * ever, as it may have been another way's fault. */
void probe_way_changed(struct peer *peer)
{
	peer->probe.is_way_asked = false;
	peer->probe.way_generation = 0;
	finish(peer);
	peer->probe.host_why = NULL;
	if (!can_ask(peer))
		peer->probe.is_refused = false;
}

const char *probe_refusal(const struct peer *peer)
{
	if (peer->probe.host_why)
		return peer->probe.host_why;
	return peer->probe.is_refused ? "segments do not arrive" : NULL;
}

/* ---- what the peer says ---- */

static void answer(struct peer *peer, uint8_t kind, uint16_t id, uint16_t len)
{
	struct packet *pkt = pool_get(peer->tunnel->pool);
	struct writer w;

	if (!pkt)
		return;
	w = writer_of(packet_data(pkt), WIRE_PROBE_ACK_BYTES);
	writer_le(&w, WIRE_FRAME_PROBE_ACK, 1);
	writer_le(&w, kind, 1);
	writer_le(&w, id, 2);
	writer_le(&w, peer->probe.their_count, 1);
	writer_le(&w, len, 2);
	pkt->len = WIRE_PROBE_ACK_BYTES;
	peer_queue_frame(peer, pkt, WIRE_FRAME_PROBE_ACK);
}

enum drop probe_consume(struct peer *peer, struct packet *pkt, struct cursor *c,
    const struct moment *now)
{
	struct probe *probe = &peer->probe;
	uint8_t kind = cursor_u8(c);
	uint16_t id = cursor_le16(c);
	uint16_t len;

	(void)now;
	cursor_skip(c, 1); /* the number: the window lets none in twice */
	len = cursor_le16(c);
	if (c->has_failed)
		return DROP_VPN_FRAME;
	if (probe->their_id != id || probe->their_generation != pkt->generation)
		probe->their_count = 0;
	probe->their_id = id;
	probe->their_generation = pkt->generation;
	if (probe->their_count < UINT8_MAX)
		probe->their_count++;
	answer(peer, kind, id, len);
	pkt->len = 0;
	return DROP_NONE;
}

enum drop probe_consume_ack(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	struct probe *probe = &peer->probe;
	uint16_t id;
	uint8_t count;

	cursor_skip(c, 1);
	id = cursor_le16(c);
	count = cursor_u8(c);
	cursor_skip(c, 2);
	if (c->has_failed)
		return DROP_VPN_FRAME;
	pkt->len = 0;
	if (probe->step == PROBE_IDLE || id != probe->id)
		return DROP_NONE;
	if (count > probe->came)
		probe->came = count;
	if (probe->came >= PROBE_COUNT)
		probe_timer(peer, now);
	return DROP_NONE;
}
