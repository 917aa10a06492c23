/* SPDX-License-Identifier: ISC */
/*
 * What a packet costs in each stage, and on the whole way out and in, without
 * the kernel: two tunnels in memory, one side's datagrams are the other's.
 *
 * Prints ns per packet, the ratio to a loop of multiplications (bench.h), and
 * what that makes in GB/s.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_path.h"
#include "path/path.h"
#include "protocol/tunnel.h"

#define BATCHES 64

struct side {
	struct tunnel *tunnel;
	struct peer *peer;
	struct path *path;
	struct endpoint self;
};

static struct {
	struct pool *pool;
	struct moment now;
	struct side a, b;
	size_t arrived; /* at b's device */
} world;

static void must(int result)
{
	if (result)
		abort();
}

static void make_side(struct side *side, const char *self,
    const struct aead *aead, uint8_t number)
{
	struct tunnel_setup setup = {.pool = world.pool,
	    .memory = &memory_heap,
	    .aeads = {{aead->id, 0}},
	    .aeads_count = 1,
	    .has_order = true,
	    .largest_frame = 2048,
	    .mtu = 1420,
	    .link = WIRE_LINK_IP};
	struct path_setup how = {.pool = world.pool};
	const uint8_t key[WIRE_KEY_BYTES] = {0, number};

	setup.backends[aead->id] = aead;
	must(tunnel_new(&side->tunnel, &setup));
	tunnel_set_private_key(side->tunnel, key, &world.now);
	how.tunnel = side->tunnel;
	must(path_new(&side->path, &how));
	path_set_partial(side->path, true);
	path_set_mtu(side->path, 1420);
	must(path_add_peer(side->path, 1));
	must(endpoint_parse(&side->self, self));
}

static void meet(
    struct side *side, const struct side *other, const char *allowed)
{
	struct tunnel_peer_setup setup = {
	    .name = "other", .extension = EXTENSION_AUTO};
	struct prefix prefix;

	memcpy(
	    setup.public_key, tunnel_public_key(other->tunnel), WIRE_KEY_BYTES);
	must(tunnel_peer_add(side->tunnel, &side->peer, &setup, &world.now));
	tunnel_peer_set_id(side->peer, 1);
	tunnel_peer_set_endpoint(side->peer, &other->self);
	must(prefix_parse(&prefix, allowed));
	must(tunnel_peer_allow(side->tunnel, side->peer, &prefix));
}

/* What `from` has made reaches `to`; ns that `to` took for it. */
static double carry(struct side *from, struct side *to)
{
	struct packet_list arriving = {0};
	double since;
	struct packet *pkt;

	while ((pkt = packet_list_pop(path_to_wire(from->path)))) {
		pkt->endpoint = from->self;
		pkt->peer = NULL;
		pkt->is_sealed = false;
		packet_list_push(&arriving, pkt);
	}
	since = bench_now_ns();
	path_run_inbound(to->path, &arriving, &world.now);
	return bench_now_ns() - since;
}

static void settle(void)
{
	do {
		tunnel_turn(world.a.tunnel, &world.now);
		tunnel_turn(world.b.tunnel, &world.now);
		path_run_emitted(world.a.path, &world.now);
		path_run_emitted(world.b.path, &world.now);
		(void)carry(&world.a, &world.b);
		(void)carry(&world.b, &world.a);
	} while (path_to_wire(world.a.path)->first ||
		 path_to_wire(world.b.path)->first);
	pool_put_list(world.pool, path_to_device(world.b.path));
}

static void begin(const struct aead *aead)
{
	world.now =
	    (struct moment){.now = {1000 * NS_PER_S}, .wall_s = 1700000000};
	must(pool_new(&world.pool, 1024, 2048));
	make_side(&world.a, "192.0.2.1:51820", aead, 1);
	make_side(&world.b, "192.0.2.2:51820", aead, 2);
	meet(&world.a, &world.b, "10.0.0.2/32");
	meet(&world.b, &world.a, "10.0.0.1/32");
	tunnel_peer_connect(world.a.tunnel, world.a.peer, &world.now);
	settle();
}

static void end(void)
{
	path_free(world.a.path);
	path_free(world.b.path);
	tunnel_free(world.a.tunnel);
	tunnel_free(world.b.tunnel);
	pool_free(world.pool);
}

/* A batch of packets of `len` bytes from a's device to b's: adds the ns of the
 * way out and in. */
static void cross(size_t len, double *out, double *in)
{
	struct packet_list list = {0};
	double since;

	for (unsigned i = 0; i < PACKET_BATCH; i++) {
		struct packet *pkt = pool_get(world.pool);

		if (!pkt)
			abort();
		bench_write_tcp(packet_data(pkt), len, i);
		pkt->len = (uint32_t)len;
		packet_list_push(&list, pkt);
	}
	since = bench_now_ns();
	path_run_outbound(world.a.path, &list, &world.now);
	*out += bench_now_ns() - since;
	*in += carry(&world.a, &world.b);
	world.arrived += path_to_device(world.b.path)->len;
	pool_put_list(world.pool, path_to_device(world.b.path));
}

static void time_way(const struct aead *aead, size_t len, double unit)
{
	double best_out = 1e18, best_in = 1e18;
	char what[64];

	for (int round = 0; round < BENCH_ROUNDS; round++) {
		double out = 0, in = 0;

		world.arrived = 0;
		for (unsigned i = 0; i < BATCHES; i++)
			cross(len, &out, &in);
		if (world.arrived == 0)
			abort();
		best_out = out < best_out ? out : best_out;
		best_in = in < best_in ? in : best_in;
	}
	snprintf(what, sizeof(what), "out %zu, %s %s", len, aead->backend,
	    aead->name);
	bench_tell_bytes(what, best_out / (BATCHES * PACKET_BATCH), len, unit);
	snprintf(what, sizeof(what), "in %zu, %s %s", len, aead->backend,
	    aead->name);
	bench_tell_bytes(what, best_in / (BATCHES * PACKET_BATCH), len, unit);
}

int main(void)
{
	double unit = bench_calibrate();

	if (sodium_init() < 0)
		return 1;
	bench_tell("calibration loop", unit, unit);
	bench_packets(unit);
	bench_seals(unit);
	bench_tables(unit);
	for (size_t i = 0; aead_backends[i]; i++) {
		if (!aead_is_right(aead_backends[i], &memory_heap))
			continue;
		begin(aead_backends[i]);
		time_way(aead_backends[i], 64, unit);
		time_way(aead_backends[i], 1400, unit);
		end();
	}
	return 0;
}
