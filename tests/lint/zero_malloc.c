/* SPDX-License-Identifier: ISC */
/*
 * Counts calls of the heap while a million packets go from one device to the
 * other: through both stage tables, compressed, sealed, opened, expanded.
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

#include "packet/checksum.h"
#include "packet/ip.h"
#include "path/path.h"
#include "protocol/tunnel.h"

#define PACKETS	    500000 /* for each cipher */
#define BATCHES	    (PACKETS / PACKET_BATCH + 1)
#define INNER_BYTES 200

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
	struct peer *peer;
	struct path *path;
	struct endpoint self;
};

struct world {
	struct pool *pool;
	struct moment now;
	struct side a, b;
	unsigned long delivered;
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

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint;

	must(endpoint_parse(&endpoint, text));
	return endpoint;
}

static void make_side(
    struct world *world, struct side *side, enum aead_id aead, const char *self)
{
	struct tunnel_setup setup = {
	    .pool = world->pool,
	    .memory = &memory_heap,
	    .aeads = {{aead, 0}},
	    .aeads_count = 1,
	    .has_order = true,
	    .largest_frame = 2048,
	    .mtu = 1420,
	};
	struct path_setup how = {.pool = world->pool};
	uint8_t key[WIRE_KEY_BYTES];

	must(tunnel_new(&side->tunnel, &setup));
	randombytes_buf(key, sizeof(key));
	tunnel_set_private_key(side->tunnel, key, &world->now);
	how.tunnel = side->tunnel;
	must(path_new(&side->path, &how));
	side->self = endpoint_of(self);
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
}

static void init(struct world *world, enum aead_id aead)
{
	*world = (struct world){
	    .now = {.now = {1000 * NS_PER_S}, .wall_s = 1700000000}};
	must(pool_new(&world->pool, 1024, 2048));
	make_side(world, &world->a, aead, "192.0.2.1:51820");
	make_side(world, &world->b, aead, "192.0.2.2:51820");
	meet(world, &world->a, &world->b, "10.0.0.2/32");
	meet(world, &world->b, &world->a, "10.0.0.1/32");
}

static void clear(struct world *world)
{
	path_free(world->a.path);
	path_free(world->b.path);
	tunnel_free(world->a.tunnel);
	tunnel_free(world->b.tunnel);
	pool_free(world->pool);
}

static bool carry(struct world *world, struct side *from, struct side *to)
{
	struct packet_list *wire = path_to_wire(from->path), arriving = {0};
	bool has_any = wire->first;
	struct packet *pkt;

	packet_list_append(&arriving, wire);
	for (pkt = arriving.first; pkt; pkt = pkt->next) {
		pkt->endpoint = from->self;
		pkt->peer = NULL;
	}
	path_run_inbound(to->path, &arriving, &world->now);
	world->delivered += path_to_device(to->path)->len;
	pool_put_list(world->pool, path_to_device(to->path));
	return has_any;
}

static void settle(struct world *world)
{
	while (carry(world, &world->a, &world->b) ||
	       carry(world, &world->b, &world->a))
		;
}

static void turn(struct world *world, struct side *side)
{
	tunnel_turn(side->tunnel, &world->now);
	path_run_emitted(side->path, &world->now);
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

static void send_batch(struct world *world)
{
	struct packet_list list = {0};

	world->now.now = instant_after(world->now.now, NS_PER_MS);
	for (uint8_t i = 0; i < PACKET_BATCH; i++)
		packet_list_push(&list, make_packet(world, i % 8));
	path_run_outbound(world->a.path, &list, &world->now);
	settle(world);
	turn(world, &world->a);
	turn(world, &world->b);
	settle(world);
}

static void check(struct world *world, enum aead_id aead)
{
	const char *name = aead_find(aead)->name;
	struct tunnel_peer_status status;
	struct path_totals in;
	unsigned long calls;

	for (int i = 0; i < 4; i++)
		send_batch(world);
	world->delivered = 0;
	calls = heap_calls;
	for (int i = 0; i < BATCHES; i++)
		send_batch(world);
	calls = heap_calls - calls;
	printf("# %lu delivered, %lu heap calls\n", world->delivered, calls);
	ok(calls == 0, "the heap was not called", name);
	ok(world->delivered == (unsigned long)BATCHES * PACKET_BATCH,
	    "all packets arrived", name);
	path_totals(world->b.path, &in);
	ok(in.rx_dropped == 0, "none was dropped", name);
	tunnel_peer_status(world->a.peer, world->now.now, &status);
	ok(status.send_aead && status.send_aead->id == aead,
	    "they were sealed with this cipher", name);
	ok(status.compressed_packets >= (uint64_t)BATCHES * PACKET_BATCH,
	    "they were compressed", name);
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

static const enum aead_id aeads[] = {
    AEAD_AES256GCM,
    AEAD_CHACHA20POLY1305,
};

int main(void)
{
	if (sodium_init() < 0)
		must(-1);
	check_counter();
	for (size_t i = 0; i < ARRAY_SIZE(aeads); i++) {
		struct world world;

		init(&world, aeads[i]);
		check(&world, aeads[i]);
		clear(&world);
	}
	printf("1..%d\n", number);
	return 0;
}
