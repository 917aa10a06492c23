/* SPDX-License-Identifier: ISC */
/*
 * Counts calls of the heap while a million packets go from one device to the
 * other: through both stage tables, compressed, sealed, opened, expanded. The
 * same with Ethernet frames, through a hub that switches and floods them.
 *
 * malloc and its family are replaced by functions that count and then call
 * glibc's own; so calls of the libraries are counted too. What happens before
 * the first packets came through (handshake, key schedules, HELLO) is allowed
 * to allocate.
 */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/bridge.h"
#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "path/path.h"
#include "protocol/tunnel.h"

#define PACKETS	    500000 /* for each cipher */
#define FRAMES	    100000
#define INNER_BYTES 200
#define SIDES	    3
#define EXPERIMENT  0x88b5 /* an ethertype for local experiments */
#define SELF	    "192.0.2.%u:51820"

extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *at, size_t len);
extern void *__libc_memalign(size_t alignment, size_t len);
extern void __libc_free(void *at);

static unsigned long heap_calls;

void *malloc(size_t len)
{
	heap_calls++;
	return __libc_malloc(len);
}

void *calloc(size_t count, size_t len)
{
	heap_calls++;
	return __libc_calloc(count, len);
}

void *realloc(void *at, size_t len)
{
	heap_calls++;
	return __libc_realloc(at, len);
}

void *aligned_alloc(size_t alignment, size_t len)
{
	heap_calls++;
	return __libc_memalign(alignment, len);
}

void free(void *at)
{
	heap_calls++;
	__libc_free(at);
}

struct side {
	struct tunnel *tunnel;
	struct peer *peer; /* the one that it met last */
	struct path *path;
	struct bridge *bridge; /* of tap */
	struct mac mac;
	struct endpoint self;
};

/* Each other side has a tunnel to the hub; c is there with tap only. */
struct world {
	struct pool *pool;
	struct moment now;
	struct side sides[SIDES];
	struct side *a, *hub, *c;
	bool is_tap;
	unsigned long delivered;
};

/* What is run: its batches, and what each of them delivers. */
struct run {
	const char *name;
	enum aead_id aead;
	bool is_tap;
	int packets;
	unsigned delivered;
};

/* Of four frames two are for the hub's host, one for c, one for both. */
static const struct run runs[] = {
    {"aes-256-gcm", AEAD_AES256GCM, false, PACKETS, PACKET_BATCH},
    {"chacha20-poly1305", AEAD_CHACHA20POLY1305, false, PACKETS, PACKET_BATCH},
    {"tap", AEAD_AES256GCM, true, FRAMES, PACKET_BATCH / 4 * 5},
};

static int number;

static void ok(bool is_good, const char *text, const char *cipher)
{
	printf("%sok %d - %s: %s\n", is_good ? "" : "not ", ++number, cipher,
	    text);
}

static void must(int result)
{
	if (!result)
		return;
	printf("Bail out! could not be set up: %s\n", strerror(-result));
	exit(1);
}

static void make_bridge(struct world *world, struct side *side)
{
	struct bridge_limits limits = {
	    .is_hub = true,
	    .ageing_ns = 3600 * NS_PER_S,
	    .macs_max = 64,
	    .macs_per_port = 16,
	};
	uint8_t secret[16];

	if (!world->is_tap)
		return;
	randombytes_buf(secret, sizeof(secret));
	must(bridge_new(&side->bridge, &limits, secret));
	bridge_set_host_mac(side->bridge, &side->mac);
}

static void make_side(struct world *world, unsigned idx, enum aead_id aead)
{
	struct side *side = &world->sides[idx];
	struct tunnel_setup setup = {
	    .pool = world->pool,
	    .memory = &memory_heap,
	    .aeads = {{aead, 0}},
	    .aeads_count = 1,
	    .has_order = true,
	    .largest_frame = 2048,
	    .mtu = 1420,
	    .link = world->is_tap ? WIRE_LINK_ETHERNET : WIRE_LINK_IP,
	};
	struct path_setup how = {.pool = world->pool};
	uint8_t key[WIRE_KEY_BYTES];
	char self[ENDPOINT_TEXT_BYTES];

	must(tunnel_new(&side->tunnel, &setup));
	randombytes_buf(key, sizeof(key));
	tunnel_set_private_key(side->tunnel, key, &world->now);
	side->mac = (struct mac){{2, 0, 0, 0, 0, (uint8_t)(idx + 1)}};
	make_bridge(world, side);
	how.tunnel = side->tunnel;
	how.bridge = side->bridge;
	must(path_new(&side->path, &how));
	snprintf(self, sizeof(self), SELF, idx + 1);
	must(endpoint_parse(&side->self, self));
}

static void make_port(struct world *world, struct side *side)
{
	struct bridge_port_setup setup = {.name = "other", .user = side->peer};
	struct bridge_port *port;

	if (!side->bridge)
		return;
	must(bridge_port_add(side->bridge, &port, &setup, world->now.now));
	tunnel_peer_set_port(side->peer, port);
}

static void meet(struct world *world, struct side *side,
    const struct side *other, const char *allowed)
{
	struct tunnel_peer_setup setup = {
	    .name = "other",
	    .extension = EXTENSION_REQUIRED,
	    .compressor = COMPRESSOR_LZ4,
	};
	struct prefix prefix;

	memcpy(
	    setup.public_key, tunnel_public_key(other->tunnel), WIRE_KEY_BYTES);
	must(tunnel_peer_add(side->tunnel, &side->peer, &setup, &world->now));
	tunnel_peer_set_endpoint(side->peer, &other->self);
	must(prefix_parse(&prefix, allowed));
	must(tunnel_peer_allow(side->tunnel, side->peer, &prefix));
	make_port(world, side);
}

static void init(struct world *world, const struct run *run)
{
	*world = (struct world){
	    .now = {.now = {1000 * NS_PER_S}, .wall_s = 1700000000},
	    .is_tap = run->is_tap};
	world->a = &world->sides[0];
	world->hub = &world->sides[1];
	world->c = &world->sides[2];
	must(pool_new(&world->pool, 1024, 2048));
	for (unsigned i = 0; i < SIDES; i++)
		make_side(world, i, run->aead);
	meet(world, world->a, world->hub, "10.0.0.2/31");
	meet(world, world->hub, world->a, "10.0.0.1/32");
	if (!run->is_tap)
		return;
	meet(world, world->c, world->hub, "10.0.0.0/30");
	meet(world, world->hub, world->c, "10.0.0.3/32");
	tunnel_peer_connect(world->c->tunnel, world->c->peer, &world->now);
}

static void clear(struct world *world)
{
	for (unsigned i = 0; i < SIDES; i++) {
		struct side *side = &world->sides[i];

		path_free(side->path);
		bridge_free(side->bridge);
		tunnel_free(side->tunnel);
	}
	pool_free(world->pool);
}

static struct side *side_of(struct world *world, const struct endpoint *self)
{
	for (unsigned i = 0; i < SIDES; i++)
		if (endpoint_is_equal(&world->sides[i].self, self))
			return &world->sides[i];
	abort();
}

/* Takes what the side has made to whom it is for. False: it was nothing. */
static bool carry(struct world *world, struct side *from)
{
	struct packet_list arriving[SIDES] = {0};
	bool has_any = path_to_wire(from->path)->first;
	struct packet *pkt;

	world->delivered += path_to_device(from->path)->len;
	pool_put_list(world->pool, path_to_device(from->path));
	while ((pkt = packet_list_pop(path_to_wire(from->path)))) {
		struct side *to = side_of(world, &pkt->endpoint);

		pkt->endpoint = from->self;
		pkt->peer = NULL;
		packet_list_push(&arriving[to - world->sides], pkt);
	}
	for (unsigned i = 0; i < SIDES; i++)
		path_run_inbound(
		    world->sides[i].path, &arriving[i], &world->now);
	return has_any;
}

static void settle(struct world *world)
{
	bool has_any;

	do {
		has_any = false;
		for (unsigned i = 0; i < SIDES; i++)
			has_any |= carry(world, &world->sides[i]);
	} while (has_any);
}

static void turn(struct world *world)
{
	for (unsigned i = 0; i < SIDES; i++) {
		struct side *side = &world->sides[i];

		tunnel_turn(side->tunnel, &world->now);
		path_run_emitted(side->path, &world->now);
	}
}

/* UDP that LZ4 makes smaller; `flow` is the low byte of its source port. */
static struct packet *make_packet(struct world *world, uint8_t flow)
{
	static const uint8_t head[] = {0x45, 0, 0, INNER_BYTES, 0, 0, 0, 0, 64,
	    IP_PROTOCOL_UDP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 15, 0, 0, 9, 0,
	    INNER_BYTES - IPV4_BYTES, 0, 0};
	struct packet *pkt = pool_get(world->pool);
	uint8_t *at;

	if (!pkt)
		abort();
	at = packet_data(pkt);
	memcpy(at, head, sizeof(head));
	memset(at + sizeof(head), 'x', INNER_BYTES - sizeof(head));
	at[IPV4_BYTES + 1] = flow;
	checksum_store(at + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, at, IPV4_BYTES)));
	pkt->len = INNER_BYTES;
	return pkt;
}

static void put_header(struct packet *pkt, const struct mac *destination,
    const struct mac *source, uint16_t ethertype)
{
	uint8_t *at;

	pkt->offset -= ETHERNET_BYTES;
	pkt->len += ETHERNET_BYTES;
	at = packet_data(pkt);
	memcpy(at, destination->bytes, MAC_BYTES);
	memcpy(at + MAC_BYTES, source->bytes, MAC_BYTES);
	at[2 * MAC_BYTES] = (uint8_t)(ethertype >> 8);
	at[2 * MAC_BYTES + 1] = (uint8_t)ethertype;
}

/* The number `idx` of a batch from a; see runs. */
static struct packet *make_any(struct world *world, uint8_t idx)
{
	static const struct mac all = {{255, 255, 255, 255, 255, 255}};
	struct packet *pkt = make_packet(world, idx % 8);
	const struct mac *const to[] = {
	    &world->hub->mac, &world->hub->mac, &world->c->mac, &all};

	if (world->is_tap)
		put_header(pkt, to[idx % 4], &world->a->mac, ETHERTYPE_IPV4);
	return pkt;
}

/* c says where it is. */
static void announce(struct world *world)
{
	struct packet_list list = {0};
	struct packet *pkt;

	if (!world->is_tap)
		return;
	pkt = make_packet(world, 0);
	put_header(pkt, &world->hub->mac, &world->c->mac, EXPERIMENT);
	packet_list_push(&list, pkt);
	path_run_outbound(world->c->path, &list, &world->now);
	settle(world);
}

static void send_batch(struct world *world)
{
	struct packet_list list = {0};

	world->now.now = instant_after(world->now.now, NS_PER_MS);
	for (uint8_t i = 0; i < PACKET_BATCH; i++)
		packet_list_push(&list, make_any(world, i));
	path_run_outbound(world->a->path, &list, &world->now);
	settle(world);
	turn(world);
	settle(world);
}

static void check(struct world *world, const struct run *run)
{
	int batches = run->packets / PACKET_BATCH + 1;
	struct tunnel_peer_status status;
	struct path_totals in;
	unsigned long calls;

	turn(world);
	settle(world);
	announce(world);
	for (int i = 0; i < 4; i++)
		send_batch(world);
	world->delivered = 0;
	calls = heap_calls;
	for (int i = 0; i < batches; i++)
		send_batch(world);
	calls = heap_calls - calls;
	printf("# %lu delivered, %lu heap calls\n", world->delivered, calls);
	ok(calls == 0, "the heap was not called", run->name);
	ok(world->delivered == (unsigned long)batches * run->delivered,
	    "all packets arrived", run->name);
	path_totals(world->hub->path, &in);
	ok(in.rx_dropped == 0 && in.tx_dropped == 0, "none was dropped",
	    run->name);
	tunnel_peer_status(world->a->peer, world->now.now, &status);
	ok(status.send_aead && status.send_aead->id == run->aead,
	    "they were sealed with the cipher", run->name);
	ok(status.compressed_packets >= (uint64_t)run->packets,
	    "they were compressed", run->name);
}

/* The counter works, or nothing here means anything. */
static void check_counter(void)
{
	unsigned long before = heap_calls;
	void *volatile at = malloc(1);

	free(at);
	ok(heap_calls == before + 2, "is seen", "a call of malloc and of free");
	before = heap_calls;
	EVP_MD_CTX_free(EVP_MD_CTX_new());
	ok(heap_calls > before, "is seen", "a call by a library");
}

int main(void)
{
	if (sodium_init() < 0)
		must(-1);
	check_counter();
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		struct world world;

		init(&world, &runs[i]);
		check(&world, &runs[i]);
		clear(&world);
	}
	printf("1..%d\n", number);
	return 0;
}
