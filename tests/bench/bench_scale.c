/* SPDX-License-Identifier: ISC */
/*
 * What a packet costs among many peers: from 1 to 10 000 of them, and from 1 to
 * 100 000 allowed IPs.
 *
 * How it works: addresses are looked up in random order, all of which are
 * there; "again" is the same one each time. A hub has sessions
 * (ChaCha20-Poly1305) with all peers, which one tunnel made in turn with the
 * private key of each; its packets of 64 bytes are opened, and sealed ones
 * made, in random order.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "protocol/allowedips.h"
#include "protocol/tunnel.h"

#define LOOKUPS	    200000
#define BYTES	    256
#define INNER_BYTES 64
#define OPENED	    4096 /* packets of one measurement */
#define JOIN_NS	    (10 * NS_PER_MS)

static uint64_t random_state = 42;

static uint32_t next_random(void)
{
	random_state =
	    random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(random_state >> 33);
}

/* ---- allowed IPs ---- */

static struct address address_of(uint32_t number)
{
	uint32_t n = number * 2654435761u;

	return (struct address){.family = FAMILY_IPV4,
	    .bytes = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
		(uint8_t)n}};
}

static double time_lookups(
    const struct allowedips *table, uint32_t count, bool again)
{
	double best = 1e9;

	for (int round = 0; round < BENCH_ROUNDS; round++) {
		double from = bench_now_ns();

		for (int i = 0; i < LOOKUPS; i++) {
			struct address address =
			    address_of(again ? 0 : next_random() % count);

			bench_sink +=
			    (uintptr_t)allowedips_lookup(table, &address);
		}
		from = (bench_now_ns() - from) / LOOKUPS;
		best = from < best ? from : best;
	}
	return best;
}

static void bench_allowed_ips(uint32_t count, double unit)
{
	struct allowedips table = {0};
	char what[64];

	for (uint32_t i = 0; i < count; i++) {
		struct prefix prefix = {address_of(i), 32};

		if (allowedips_insert(&table, &prefix, &table))
			abort();
	}
	snprintf(what, sizeof(what), "lookup, %u allowed IPs", count);
	bench_tell(what, time_lookups(&table, count, false), unit);
	snprintf(what, sizeof(what), "  again");
	bench_tell(what, time_lookups(&table, count, true), unit);
	allowedips_clear(&table);
}

/* ---- peers ---- */

struct lab {
	struct pool *pool;
	struct tunnel *hub, *crowd;
	struct peer *host; /* the hub, as the crowd knows it */
	struct peer **peers;
	uint32_t count;
	struct moment now;
	struct packet *sealed[OPENED];
};

static void private_key(uint8_t key[WIRE_KEY_BYTES], uint64_t number)
{
	crypto_generichash(key, WIRE_KEY_BYTES, (const uint8_t *)&number,
	    sizeof(number), NULL, 0);
}

static struct tunnel *make_tunnel(struct lab *lab, uint64_t number)
{
	struct tunnel_setup setup = {.pool = lab->pool,
	    .memory = &memory_heap,
	    .aeads = {{AEAD_CHACHA20POLY1305, 0}},
	    .aeads_count = 1,
	    .largest_frame = 200};
	uint8_t key[WIRE_KEY_BYTES];
	struct tunnel *tunnel;

	if (tunnel_new(&tunnel, &setup))
		abort();
	private_key(key, number);
	tunnel_set_private_key(tunnel, key, &lab->now);
	return tunnel;
}

static struct peer *add_peer(
    struct lab *lab, struct tunnel *tunnel, const uint8_t *public_key)
{
	struct tunnel_peer_setup setup = {
	    .name = "peer", .extension = EXTENSION_OFF};
	struct endpoint endpoint = {
	    .address = {FAMILY_IPV4, {192, 0, 2, 1}}, .port = 51820};
	struct peer *peer;

	memcpy(setup.public_key, public_key, WIRE_KEY_BYTES);
	if (tunnel_peer_add(tunnel, &peer, &setup, &lab->now))
		abort();
	tunnel_peer_set_endpoint(peer, &endpoint);
	return peer;
}

static void open_one(struct lab *lab, struct tunnel *to, struct packet *pkt)
{
	if (tunnel_receive(to, pkt, &lab->now))
		abort();
	if (pkt->is_data)
		tunnel_open(to, &pkt, 1, &lab->now);
	if (pkt->is_data && pkt->drop)
		abort();
	pool_put(lab->pool, pkt);
}

/* All messages, and frames sealed, to the other end. */
static void carry(struct lab *lab, struct tunnel *from, struct tunnel *to)
{
	struct packet_list list = {0};
	struct packet *pkt;

	tunnel_take_messages(from, &list);
	while ((pkt = packet_list_pop(&list)))
		open_one(lab, to, pkt);
	tunnel_take_frames(from, &list);
	while ((pkt = packet_list_pop(&list))) {
		tunnel_seal(from, &pkt, 1, &lab->now);
		open_one(lab, to, pkt);
	}
}

static struct packet *inner_packet(struct lab *lab, struct peer *peer)
{
	struct packet *pkt = pool_get(lab->pool);

	if (!pkt)
		abort();
	memset(packet_data(pkt), 0, INNER_BYTES);
	packet_data(pkt)[0] = 0x45;
	pkt->len = INNER_BYTES;
	pkt->peer = peer;
	return pkt;
}

static void join(struct lab *lab, uint32_t number)
{
	uint8_t key[WIRE_KEY_BYTES];
	struct packet *pkt;

	private_key(key, number);
	lab->now.now.ns += JOIN_NS;
	lab->now.wall_s++;
	tunnel_set_private_key(lab->crowd, key, &lab->now);
	lab->peers[number] =
	    add_peer(lab, lab->hub, tunnel_public_key(lab->crowd));
	carry(lab, lab->crowd, lab->hub);
	carry(lab, lab->hub, lab->crowd);
	carry(lab, lab->crowd, lab->hub);
	for (uint32_t i = number; i < OPENED; i += lab->count) {
		pkt = inner_packet(lab, lab->host);
		tunnel_seal(lab->crowd, &pkt, 1, &lab->now);
		lab->sealed[i] = pkt;
	}
}

static void shuffle(struct packet **pkts, size_t count)
{
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = next_random() % (i + 1);
		struct packet *other = pkts[j];

		pkts[j] = pkts[i];
		pkts[i] = other;
	}
}

/* Batches as the path gives them; each is opened once only. */
static double time_open(struct lab *lab)
{
	double from;

	shuffle(lab->sealed, OPENED);
	from = bench_now_ns();
	for (size_t i = 0; i < OPENED; i += PACKET_BATCH)
		tunnel_open(lab->hub, &lab->sealed[i], PACKET_BATCH, &lab->now);
	from = (bench_now_ns() - from) / OPENED;
	for (size_t i = 0; i < OPENED; i++) {
		if (lab->sealed[i]->drop)
			abort();
		pool_put(lab->pool, lab->sealed[i]);
	}
	return from;
}

static double time_seal(struct lab *lab)
{
	struct packet *pkts[PACKET_BATCH];
	double sum = 0;

	for (int round = 0; round < OPENED / PACKET_BATCH; round++) {
		for (size_t i = 0; i < PACKET_BATCH; i++)
			pkts[i] = inner_packet(
			    lab, lab->peers[next_random() % lab->count]);
		sum -= bench_now_ns();
		tunnel_seal(lab->hub, pkts, PACKET_BATCH, &lab->now);
		sum += bench_now_ns();
		for (size_t i = 0; i < PACKET_BATCH; i++) {
			if (pkts[i]->drop)
				abort();
			pool_put(lab->pool, pkts[i]);
		}
	}
	return sum / OPENED;
}

static void bench_peers(uint32_t count, double unit)
{
	struct lab lab = {.count = count, .now = {.now = {NS_PER_S}}};
	char what[64];

	lab.peers = calloc(count, sizeof(*lab.peers));
	if (!lab.peers || pool_new(&lab.pool, 2 * OPENED, BYTES))
		abort();
	lab.hub = make_tunnel(&lab, UINT32_MAX);
	lab.crowd = make_tunnel(&lab, 0);
	lab.host = add_peer(&lab, lab.crowd, tunnel_public_key(lab.hub));
	for (uint32_t i = 0; i < count; i++)
		join(&lab, i);
	snprintf(what, sizeof(what), "open 64 bytes, %u peers", lab.count);
	bench_tell(what, time_open(&lab), unit);
	snprintf(what, sizeof(what), "seal 64 bytes, %u peers", lab.count);
	bench_tell(what, time_seal(&lab), unit);
	tunnel_free(lab.crowd);
	tunnel_free(lab.hub);
	pool_free(lab.pool);
	free(lab.peers);
}

int main(void)
{
	double unit = bench_calibrate();

	if (sodium_init() < 0)
		return 1;
	bench_tell("calibration loop", unit, unit);
	for (uint32_t count = 1; count <= 100000; count *= 10)
		bench_allowed_ips(count, unit);
	for (uint32_t count = 1; count <= 10000; count *= 10)
		bench_peers(count, unit);
	return 0;
}
