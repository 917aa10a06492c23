/* SPDX-License-Identifier: ISC */
/* Two tunnels without a wire between them. */
#include "tunnels.h"
#include "unit.h"

#include <sodium.h>
#include <string.h>

static void make_end(struct ends *ends, struct end *end, uint8_t number,
    enum wire_link link, uint32_t mtu)
{
	struct tunnel_setup setup = {
	    .pool = ends->pool,
	    .memory = &memory_heap,
	    .aeads = {{AEAD_AES256GCM, 0}, {AEAD_CHACHA20POLY1305, 0}},
	    .aeads_count = 2,
	    .largest_frame = 2048,
	    .link = link,
	    .mtu = mtu,
	};

	ck_assert_int_eq(tunnel_new(&end->tunnel, &setup), 0);
	end->self = (struct endpoint){
	    .address = {.family = FAMILY_IPV4, .bytes = {192, 0, 2, number}},
	    .port = 51820,
	};
	randombytes_buf(end->private_key, WIRE_KEY_BYTES);
	tunnel_set_private_key(end->tunnel, end->private_key, &ends->now);
}

static void meet(struct ends *ends, struct end *end, enum extension_mode mode,
    enum compressor_id compressor)
{
	struct tunnel_peer_setup setup = {
	    .name = "other",
	    .user = end,
	    .extension = mode,
	    .compressor = compressor,
	};
	struct end *other = ends_other(ends, end);

	memcpy(
	    setup.public_key, tunnel_public_key(other->tunnel), WIRE_KEY_BYTES);
	ck_assert_int_eq(
	    tunnel_peer_add(end->tunnel, &end->peer, &setup, &ends->now), 0);
	tunnel_peer_set_endpoint(end->peer, &other->self);
}

void ends_init(struct ends *ends, enum extension_mode a, enum extension_mode b,
    enum compressor_id compressor)
{
	ends_init_as(
	    ends, &(struct ends_setup){
		      .mode = {a, b}, .compressor = compressor, .mtu = 1420});
}

void ends_init_as(struct ends *ends, const struct ends_setup *setup)
{
	memset(ends, 0, sizeof(*ends));
	ck_assert_int_ge(sodium_init(), 0);
	ends->now.now.ns = 1000 * NS_PER_S;
	ends->now.wall_s = 1700000000;
	ck_assert_int_eq(pool_new(&ends->pool, 4096, 4096), 0);
	make_end(ends, &ends->a, 1, setup->link[0], setup->mtu);
	make_end(ends, &ends->b, 2, setup->link[1], setup->mtu);
	meet(ends, &ends->a, setup->mode[0], setup->compressor);
	meet(ends, &ends->b, setup->mode[1], setup->compressor);
}

void ends_clear(struct ends *ends)
{
	pool_put_list(ends->pool, &ends->a.outbox);
	pool_put_list(ends->pool, &ends->b.outbox);
	tunnel_free(ends->a.tunnel);
	tunnel_free(ends->b.tunnel);
	ck_assert_uint_eq(pool_available(ends->pool), pool_count(ends->pool));
	pool_free(ends->pool);
}

struct end *ends_other(struct ends *ends, struct end *end)
{
	return end == &ends->a ? &ends->b : &ends->a;
}

static void note_drop(struct end *end, enum drop reason)
{
	end->last_drop = reason;
	end->drops++;
}

static void seal_list(
    struct ends *ends, struct end *end, struct packet_list *list)
{
	struct packet *pkt;

	while ((pkt = packet_list_pop(list))) {
		tunnel_seal(end->tunnel, &pkt, 1, &ends->now);
		if (pkt->drop) {
			note_drop(end, pkt->drop);
			pool_put(ends->pool, pkt);
		} else {
			packet_list_push(&end->outbox, pkt);
		}
	}
}

static void take_events(struct end *end)
{
	struct tunnel_event event;

	while (tunnel_take_event(end->tunnel, &event)) {
		end->event = event;
		end->events[event.kind]++;
	}
}

static void seal_released(struct ends *ends, struct end *end)
{
	struct packet_list released = {0};
	struct packet *pkt;

	tunnel_take_released(end->tunnel, &released);
	for (pkt = released.first; pkt; pkt = pkt->next)
		tunnel_compress(end->tunnel, pkt, &ends->now);
	seal_list(ends, end, &released);
}

void end_flush(struct ends *ends, struct end *end)
{
	struct packet_list frames = {0}, dropped = {0};
	struct packet *pkt;

	tunnel_take_messages(end->tunnel, &end->outbox);
	seal_released(ends, end);
	tunnel_take_frames(end->tunnel, &frames);
	seal_list(ends, end, &frames);
	tunnel_take_dropped(end->tunnel, &dropped);
	while ((pkt = packet_list_pop(&dropped))) {
		note_drop(end, pkt->drop);
		pool_put(ends->pool, pkt);
	}
	take_events(end);
}

static enum drop open_one(struct ends *ends, struct end *to, struct packet *pkt)
{
	enum drop reason;

	tunnel_open(to->tunnel, &pkt, 1, &ends->now);
	if (pkt->drop)
		return pkt->drop;
	reason = tunnel_expand(to->tunnel, pkt, &ends->now);
	if (reason || pkt->len == 0)
		return reason;
	to->delivered++;
	to->last_frame = pkt->frame;
	to->last_checksum = pkt->checksum;
	to->last_plain_len = pkt->len;
	memcpy(to->last_plain, packet_data(pkt), pkt->len);
	return DROP_NONE;
}

void end_receive(struct ends *ends, struct end *to, struct packet *pkt)
{
	struct end *from = ends_other(ends, to);
	enum drop reason;

	if (packet_data(pkt)[0] < ARRAY_SIZE(from->sent))
		from->sent[packet_data(pkt)[0]]++;
	pkt->endpoint = from->self;
	pkt->peer = NULL;
	reason = tunnel_receive(to->tunnel, pkt, &ends->now);
	if (!reason && pkt->is_data)
		reason = open_one(ends, to, pkt);
	if (reason)
		note_drop(to, reason);
	pool_put(ends->pool, pkt);
	take_events(to);
}

static bool carry(
    struct ends *ends, struct end *from, const struct end *mute, bool all_mute)
{
	struct packet *pkt;
	bool moved = false;

	end_flush(ends, from);
	while ((pkt = packet_list_pop(&from->outbox))) {
		moved = true;
		if (from == mute || all_mute) {
			from->sent[packet_data(pkt)[0]]++;
			pool_put(ends->pool, pkt);
		} else {
			end_receive(ends, ends_other(ends, from), pkt);
		}
	}
	return moved;
}

static void settle(struct ends *ends, const struct end *mute, bool all_mute)
{
	bool moved = true;

	while (moved) {
		moved = carry(ends, &ends->a, mute, all_mute);
		moved |= carry(ends, &ends->b, mute, all_mute);
	}
}

void ends_settle(struct ends *ends)
{
	settle(ends, NULL, false);
}

void ends_advance(struct ends *ends, int64_t ns)
{
	int64_t wall_ns = ends->now.wall_ns + ns % NS_PER_S;

	ends->now.now = instant_after(ends->now.now, ns);
	ends->now.wall_s += ns / NS_PER_S + wall_ns / NS_PER_S;
	ends->now.wall_ns = (uint32_t)(wall_ns % NS_PER_S);
}

static void pass(struct ends *ends, int64_t ns, struct end *mute, bool all_mute)
{
	struct instant end = instant_after(ends->now.now, ns);

	for (;;) {
		struct instant next =
		    instant_earlier(tunnel_deadline(ends->a.tunnel),
			tunnel_deadline(ends->b.tunnel));

		settle(ends, mute, all_mute);
		next = instant_earlier(
		    instant_earlier(tunnel_deadline(ends->a.tunnel),
			tunnel_deadline(ends->b.tunnel)),
		    end);
		if (instant_is_before(ends->now.now, next))
			ends_advance(ends, instant_age_ns(ends->now.now, next));
		tunnel_turn(ends->a.tunnel, &ends->now);
		tunnel_turn(ends->b.tunnel, &ends->now);
		settle(ends, mute, all_mute);
		if (!instant_is_before(ends->now.now, end))
			return;
	}
}

void ends_pass(struct ends *ends, int64_t ns)
{
	pass(ends, ns, NULL, false);
}

void ends_pass_lossy(struct ends *ends, int64_t ns, struct end *mute)
{
	pass(ends, ns, mute, mute == NULL);
}

static struct packet *plain_packet(
    struct ends *ends, struct end *from, const uint8_t *bytes, size_t len)
{
	struct packet *pkt = pool_get(ends->pool);

	ck_assert_ptr_nonnull(pkt);
	memcpy(packet_data(pkt), bytes, len);
	pkt->len = (uint32_t)len;
	pkt->peer = from->peer;
	pkt->flow_hash = 7;
	pkt->checksum = from->checksum;
	return pkt;
}

void end_send(
    struct ends *ends, struct end *from, const uint8_t *bytes, size_t len)
{
	struct packet *pkt = plain_packet(ends, from, bytes, len);
	struct packet_list list = {0};
	bool is_taken;
	enum drop reason =
	    tunnel_neigh(from->tunnel, pkt, &ends->now, &is_taken);

	if (is_taken)
		return;
	if (reason) {
		note_drop(from, reason);
		pool_put(ends->pool, pkt);
		return;
	}
	tunnel_compress(from->tunnel, pkt, &ends->now);
	packet_list_push(&list, pkt);
	seal_list(ends, from, &list);
}

void end_send_text(struct ends *ends, struct end *from, size_t len)
{
	static const char words[] = "never loses a packet without saying why ";
	uint8_t bytes[4096] = {0x45};

	ck_assert_uint_le(len, sizeof(bytes));
	for (size_t i = 1; i < len; i++)
		bytes[i] = (uint8_t)words[i % (sizeof(words) - 1)];
	end_send(ends, from, bytes, len);
}

struct packet *end_seal_plain(
    struct ends *ends, struct end *from, const uint8_t *plain, size_t len)
{
	struct packet *pkt = plain_packet(ends, from, plain, len);

	tunnel_seal(from->tunnel, &pkt, 1, &ends->now);
	ck_assert_int_eq(pkt->drop, DROP_NONE);
	return pkt;
}

struct tunnel_peer_status end_status(struct ends *ends, struct end *end)
{
	struct tunnel_peer_status status;

	tunnel_peer_status(end->peer, ends->now.now, &status);
	return status;
}

void ends_count_line(void *context, enum log_level level, const char *line)
{
	unsigned *lines = context;

	(void)level;
	(void)line;
	++*lines;
}
