/* SPDX-License-Identifier: ISC */
/* F30: datagrams that come as a train do what they do one by one, whatever is in
 * them: the same packets come out, and the same is counted. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/segment.h"

#define DATAGRAMS   24
#define PACKETS	    (4 * DATAGRAMS)
#define INNER_MIN   288
#define INNER_STEPS 64 /* of 16 bytes */
#define LARGE	    16
#define LARGE_BYTES (65535 + 64)
#define OUT_BYTES   2048
#define HEADERS	    40 /* IPv4 and TCP */

/* What is told of each datagram. */
enum act {
	ACT_NONE,
	ACT_PUSH,
	ACT_FIN,
	ACT_SEQUENCE,
	ACT_ACKNOWLEDGE,
	ACT_WINDOW,
	ACT_CE,
	ACT_TTL,
	ACT_NUMBER,
	ACT_FRAGMENT,
	ACT_SHORT,
	ACT_LONG,
	ACT_BAD_CHECKSUM,
	ACT_BAD_HEADER,
	ACT_TELLS_VERIFIED,
	ACT_TELLS_PARTIAL,
	ACT_FRAME,
	ACT_PORT,
	ACT_LOST,
	ACT_TWICE,
	ACT_FORGED,
	ACT_TYPE,
	ACT_SOURCE,
	ACTS,
};

struct story {
	size_t count, inner, last;
	bool is_udp, tells;
	uint8_t acts[DATAGRAMS], values[DATAGRAMS];
};

struct sealed {
	size_t count, len, last;
	uint8_t bytes[2 * DATAGRAMS][OUT_BYTES];
};

/* What came of it. */
struct outcome {
	size_t count, answers;
	size_t lens[PACKETS];
	uint8_t bytes[PACKETS][OUT_BYTES];
	struct path_totals totals;
	struct tunnel_peer_status status;
	char drops[4096];
};

static struct world *worlds[2];
static struct sealed sealed[2];
static struct outcome outcomes[2];

/* ---- the worlds ---- */

static struct world *begin(void)
{
	struct world_setup setup = {.seed = 1, .hosts = 2};
	struct world *world = world_new(&setup);

	for (size_t i = 0; i < 2; i++)
		host_start(&world->hosts[i], false);
	world_run(world, 5 * SIM_S);
	assert(!world->has_failed);
	if (pool_add_large(world->hosts[1].pool, LARGE, LARGE_BYTES))
		abort();
	path_set_joins(core_path(world->hosts[1].core), true, true);
	path_set_partial(core_path(world->hosts[1].core), true);
	return world;
}

static bool are_usable(void)
{
	for (size_t i = 0; i < 2; i++) {
		struct tunnel_peer_status a, b;

		if (!worlds[i])
			return false;
		a = host_peer_status(&worlds[i]->hosts[0], 1);
		b = host_peer_status(&worlds[i]->hosts[1], 0);
		if (!a.has_session || !b.has_session || !a.knows_features ||
		    a.is_refused || b.is_refused ||
		    worlds[i]->now.ns > 1060 * SIM_S)
			return false;
	}
	return true;
}

static void renew(void)
{
	if (are_usable())
		return;
	for (size_t i = 0; i < 2; i++) {
		if (worlds[i])
			world_free(worlds[i]);
		worlds[i] = NULL;
	}
	for (size_t i = 0; i < 2; i++)
		worlds[i] = begin();
}

/* ---- the story ---- */

static void read_story(struct story *story, const uint8_t *data, size_t len)
{
	*story = (struct story){.count = 2};
	if (len < 4)
		return;
	story->count = 2 + data[0] % (DATAGRAMS - 1);
	story->inner = INNER_MIN + data[1] % INNER_STEPS * 16;
	story->is_udp = data[2] & 1;
	story->tells = data[2] & 2;
	story->last = data[3] % 4 ? story->inner : INNER_MIN;
	for (size_t i = 0; i < story->count && 5 + 2 * i < len; i++) {
		story->acts[i] =
		    data[4 + 2 * i] < 128 ? ACT_NONE : data[4 + 2 * i] % ACTS;
		story->values[i] = data[5 + 2 * i];
	}
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, size_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static void write_l4(
    const struct story *story, uint8_t *l4, size_t l4_bytes, size_t idx)
{
	enum act act = story->acts[idx];
	size_t payload = story->inner - HEADERS;

	put16(l4, 4000 + (act == ACT_PORT));
	put16(l4 + 2, 443);
	if (story->is_udp) {
		put16(l4 + 4, l4_bytes);
		return;
	}
	put32(l4 + 4, 0xfffff000 + idx * payload + (act == ACT_SEQUENCE));
	put32(l4 + 8, 77 + (act == ACT_ACKNOWLEDGE));
	l4[12] = 0x50;
	l4[13] = (uint8_t)(0x10 | (act == ACT_PUSH) << 3 | (act == ACT_FIN) |
			   (act == ACT_PUSH && story->values[idx] & 1) << 6);
	put16(l4 + 14, 1000 + (act == ACT_WINDOW));
}

static void write_checksum(
    const struct story *story, uint8_t *bytes, size_t len, enum act act)
{
	struct packet pkt = {.buffer = bytes,
	    .buffer_bytes = OUT_BYTES,
	    .len = (uint32_t)len,
	    .segments = 1};
	uint8_t *field = bytes + 20 + (story->is_udp ? 6 : 16);

	if (packet_parse_ip(&pkt))
		return;
	if (act == ACT_TELLS_PARTIAL) {
		checksum_store(field,
		    checksum_pseudo(&pkt.source, &pkt.destination,
			pkt.l4_protocol, len - 20));
		return;
	}
	checksum_store(field, checksum_finish(checksum_l4(&pkt)));
	field[1] ^= act == ACT_BAD_CHECKSUM;
}

static void write_ip(const struct story *story, uint8_t *bytes, size_t idx)
{
	enum act act = story->acts[idx];
	size_t inner = idx + 1 < story->count ? story->inner : story->last;
	size_t len = act == ACT_SHORT ? inner - 1 - story->values[idx] % 200
				      : inner;

	memset(bytes, 0, inner);
	for (size_t i = HEADERS; i < len; i++)
		bytes[i] = (uint8_t)(idx * 31 + i);
	bytes[0] = 0x45;
	bytes[1] = act == ACT_CE ? 3 : 2;
	put16(bytes + 2,
	    len + (act == ACT_LONG ? 1 + story->values[idx] % 16 : 0));
	put16(bytes + 4, 0xfffa + idx + (act == ACT_NUMBER));
	put16(bytes + 6, act == ACT_FRAGMENT ? 0x2000 : 0x4000);
	bytes[8] = act == ACT_TTL ? 63 : 64;
	bytes[9] = story->is_udp ? 17 : 6;
	memcpy(bytes + 12, "\x0a\x4d\0\1\x0a\x4d\0\2", 8);
	bytes[15] = act == ACT_SOURCE ? 99 : 1;
	checksum_store(
	    bytes + 10, checksum_finish(checksum_add(0, bytes, 20)));
	write_l4(story, bytes + 20, len - 20, idx);
	write_checksum(story, bytes, len, act);
	bytes[11] ^= act == ACT_BAD_HEADER;
	if (act == ACT_TELLS_VERIFIED || (story->tells && (!act || act == ACT_LONG)))
		bytes[0] = WIRE_NIBBLE_IPV4_VERIFIED << 4 | 5;
	if (act == ACT_TELLS_PARTIAL)
		bytes[0] = WIRE_NIBBLE_IPV4_PARTIAL << 4 | 5;
	/* a lie about its checksum is made good only where it is put together */
	if (act == ACT_FRAME &&
	    story->values[idx] >> 4 != WIRE_NIBBLE_IPV4_PARTIAL)
		bytes[0] = story->values[idx];
}

static void seal(struct host *from, const struct story *story, size_t idx,
    struct sealed *to)
{
	struct moment now = world_moment(from->world, from);
	struct packet *pkt = pool_get(from->pool);
	uint8_t *bytes = to->bytes[to->count];
	enum act act = story->acts[idx];

	assert(pkt);
	pkt->len = (uint32_t)(idx + 1 < story->count ? story->inner
						     : story->last);
	write_ip(story, packet_data(pkt), idx);
	pkt->peer = host_peer(from, 1);
	pkt->is_ours = true;
	pkt->frame = WIRE_FRAME_IP;
	tunnel_seal(core_tunnel(from->core), &pkt, 1, &now);
	assert(!pkt->drop);
	memcpy(bytes, packet_data(pkt), pkt->len);
	bytes[act == ACT_FORGED ? pkt->len - 1 - story->values[idx] % 200 : 0] ^=
	    act == ACT_FORGED ? 1 : 0;
	if (act == ACT_TYPE)
		bytes[story->values[idx] % 8] ^= 1; /* no counter: AUTH or REPLAY */
	to->last = pkt->len;
	if (!to->count)
		to->len = pkt->len;
	to->count += act != ACT_LOST;
	if (act == ACT_TWICE && idx + 1 < story->count) {
		memcpy(to->bytes[to->count], bytes, pkt->len);
		to->count++;
	}
	pool_put(from->pool, pkt);
}

static void seal_all(
    struct world *world, const struct story *story, struct sealed *to)
{
	struct host *from = &world->hosts[0];

	to->count = 0;
	to->len = to->last = 0;
	for (size_t i = 0; i < story->count; i++)
		seal(from, story, i, to);
	assert(core_to_wire(from->core)->len <= 1);
	pool_put_list(from->pool, core_to_wire(from->core));
	/* the last one alone may be shorter */
	if (story->acts[story->count - 1] == ACT_LOST)
		to->last = to->len;
}

/* ---- how they come ---- */

static struct packet *leave(
    struct host *host, const uint8_t *bytes, size_t len)
{
	struct packet *pkt = pool_get(host->pool);

	assert(pkt);
	pkt->endpoint = host->world->hosts[0].own;
	packet_leave(pkt, bytes, (uint32_t)len);
	return pkt;
}

static size_t len_of(const struct sealed *from, size_t idx)
{
	return idx + 1 < from->count ? from->len : from->last;
}

static void deliver(struct host *host, const struct sealed *from, bool is_train)
{
	struct moment now = world_moment(host->world, host);
	size_t all = (from->count - 1) * from->len + from->last;
	struct packet_list list = {0};
	uint8_t *bytes = malloc(all);
	struct packet *pkt;

	assert(bytes);
	for (size_t i = 0; i < from->count; i++)
		memcpy(bytes + i * from->len, from->bytes[i], len_of(from, i));
	for (size_t i = 0; !is_train && i < from->count; i++) {
		pkt = leave(host, bytes + i * from->len, len_of(from, i));
		packet_list_push(&list, pkt);
	}
	if (is_train) {
		pkt = leave(host, bytes, all);
		pkt->segments = (uint16_t)from->count;
		pkt->segment_bytes = (uint16_t)from->len;
		packet_list_push(&list, pkt);
	}
	core_from_wire(host->core, &list, &now);
	free(bytes);
}

/* ---- what came of it ---- */

static void note(struct outcome *outcome, struct packet *pkt)
{
	assert(outcome->count < PACKETS && pkt->len <= OUT_BYTES);
	if (packet_parse_ip(pkt) == DROP_NONE &&
	    pkt->checksum == CHECKSUM_PARTIAL)
		checksum_complete(pkt);
	outcome->lens[outcome->count] = pkt->len;
	memcpy(outcome->bytes[outcome->count++], packet_data(pkt), pkt->len);
}

static void note_whole(
    struct host *host, struct outcome *outcome, const struct packet *whole)
{
	struct segments segments;

	segments_of(&segments, whole);
	assert(segments.count == whole->segments);
	for (uint32_t i = 0; i < segments.count; i++) {
		struct packet *pkt = pool_get(host->pool);

		assert(pkt && !segments_write(&segments, i, pkt));
		note(outcome, pkt);
		pool_put(host->pool, pkt);
	}
}

static void note_drop(void *context, const struct path_drop *drop)
{
	struct outcome *outcome = context;
	size_t used = strlen(outcome->drops);

	snprintf(outcome->drops + used, sizeof(outcome->drops) - used,
	    "%s %s %s %llu\n", drop->direction, drop->stage,
	    drop_name(drop->reason), (unsigned long long)drop->packets);
}

static void collect(struct host *host, struct outcome *outcome)
{
	struct packet_list apart;
	struct packet *pkt, *one;

	outcome->count = 0;
	outcome->drops[0] = '\0';
	outcome->answers = core_to_wire(host->core)->len;
	pool_put_list(host->pool, core_to_wire(host->core));
	while ((pkt = packet_list_pop(core_to_device(host->core)))) {
		if (pkt->segments > 1 && !pkt->rest.first) {
			note_whole(host, outcome, pkt);
			pool_put(host->pool, pkt);
			continue;
		}
		apart = (struct packet_list){0};
		packet_take_apart(pkt, &apart);
		while ((one = packet_list_pop(&apart))) {
			note(outcome, one);
			pool_put(host->pool, one);
		}
	}
	path_totals(core_path(host->core), &outcome->totals);
	outcome->status = host_peer_status(host, 0);
	path_each_drop(core_path(host->core), note_drop, outcome);
	assert(pool_available(host->pool) == pool_count(host->pool));
}

static unsigned key_of(const struct outcome *outcome, size_t idx)
{
	return outcome->bytes[idx][20] << 8 | outcome->bytes[idx][21];
}

/* The next one of the flow from `at` on; count: none. */
static size_t next_of(const struct outcome *outcome, size_t at, unsigned key)
{
	while (at < outcome->count && key_of(outcome, at) != key)
		at++;
	return at;
}

static void compare_flow(unsigned key)
{
	const struct outcome *a = &outcomes[0], *b = &outcomes[1];
	size_t i = 0, j = 0;

	for (;; i++, j++) {
		i = next_of(a, i, key);
		j = next_of(b, j, key);
		assert((i < a->count) == (j < b->count));
		if (i == a->count)
			return;
		assert(a->lens[i] == b->lens[j]);
		assert(memcmp(a->bytes[i], b->bytes[j], a->lens[i]) == 0);
	}
}

static void compare(void)
{
	const struct outcome *a = &outcomes[0], *b = &outcomes[1];

	assert(a->count == b->count && a->answers == b->answers);
	for (size_t i = 0; i < a->count; i++)
		compare_flow(key_of(a, i));
	assert(memcmp(&a->totals, &b->totals, sizeof(a->totals)) == 0);
	assert(strcmp(a->drops, b->drops) == 0);
	assert(a->status.rx_packets == b->status.rx_packets);
	assert(a->status.rx_bytes == b->status.rx_bytes);
	assert(a->status.rx_inner_bytes == b->status.rx_inner_bytes);
	assert(a->status.drops == b->status.drops);
	assert(a->status.unknown_frames == b->status.unknown_frames);
}

/* Count, length, kind, the last one's length; then of each datagram what is the
 * matter with it, and a value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct story story;

	read_story(&story, data, len);
	if (!story.inner)
		return 0;
	renew();
	for (size_t i = 0; i < 2; i++) {
		worlds[i]->now.ns += SIM_MS;
		seal_all(worlds[i], &story, &sealed[i]);
		if (sealed[i].count < 2)
			continue;
		deliver(&worlds[i]->hosts[1], &sealed[i], i == 1);
		collect(&worlds[i]->hosts[1], &outcomes[i]);
	}
	if (sealed[0].count >= 2)
		compare();
	return 0;
}
